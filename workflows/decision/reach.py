"""Was the question that a window asks put to those who still owe its answer, in time to be answered? Pure.

Nobody is blamed who was not reached (docs/architecture.md rule 4): before a reply or meeting window closes, whoever carries
out decisions looks what became of its messages, and brings `AskNotReached` where they did not arrive. Nothing of it sticks:
it is asked at each date of what is so then.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from workflows.calendar.working_days import Calendar, LengthUnit, at_local, local_date, local_midnight_after
from workflows.decision.decision_builder import NotificationKind
from workflows.model.challenge import AskedParty, Party, Window, WindowKey
from workflows.model.ladder import Need

ASKS = frozenset(
    {
        NotificationKind.ASKED,
        NotificationKind.REDIRECTED,
        NotificationKind.EXTENDED,
        NotificationKind.EXTENSION_TAKEN_BACK,
        NotificationKind.POST_TAKEN_OVER,
        NotificationKind.REMINDER,
    }
)
"""Messages that put the question of a window to whoever is asked."""


class UnreachedWhy(StrEnum):
    """Why somebody was not reached. Stored, hashed and shown: a member may be renamed, its value never changes."""

    CAME_BACK = "came back"
    TOO_LATE = "came too late to be answered"
    NOT_LEFT = "did not leave"


@dataclass(frozen=True)
class AskMessage:
    """The copy of a message that asks, of a holder or cover of the party of a role. Moments are aware UTC."""

    window: WindowKey
    role: str
    accepted_at: datetime | None
    """When the relay took it; None: it has not left, or came back."""
    came_back: bool = False
    opened_at: datetime | None = None
    """When that person first opened the item itself."""
    person: str = ""
    is_cover: bool = False
    """Whose copy it is, and whether they have it because they cover or stand in."""

    def is_for(self, party: Party) -> bool:
        """Is it the copy of somebody who answers for a party: of its role and, where somebody was chosen by name, of them?"""
        return self.role == party.role and (not party.person or self.person == party.person or self.is_cover)


@dataclass(frozen=True)
class Unreached:
    """Of a window, the roles that still owe and were not reached, and why."""

    window: WindowKey
    roles: tuple[str, ...]
    why: UnreachedWhy


def reached_by(window: Window, calendar: Calendar) -> datetime:
    """Up to when (aware UTC) the question of a window is put in good time.

    The end of the last working day before its date; where that is the day of asking, noon of the date; of hours, when half
    of them has run.
    """
    promise = window.promise
    if promise.length is not None and promise.length.unit is LengthUnit.HOURS:
        since = promise.since or window.opened_at
        return since + (promise.closes_at - since) / 2
    last = calendar.working_day_on_or_before(promise.due - timedelta(days=1))
    if last > local_date(window.opened_at):
        return local_midnight_after(last)
    noon = at_local(promise.due, time(12))
    return noon if noon > window.opened_at else promise.closes_at


def find_unreached(window: Window, asks: Iterable[AskMessage], calendar: Calendar) -> Unreached | None:
    """Who still owes an answer within a window and was not reached in good time; None where as many were as are needed.

    `asks`: the copies of the messages that put its question. Of several any of whom may answer, one is enough.
    """
    asks = [ask for ask in asks if ask.window == window.key]
    latest = reached_by(window, calendar)
    owing = [asked for asked in window.asked if asked.answered_at is None]
    missed = [asked for asked in owing if not _is_reached(asked, asks, latest)]
    if not missed or (window.answer is Need.ANY and len(missed) < len(owing)):
        return None
    roles = tuple(dict.fromkeys(asked.party.role for asked in missed))
    return Unreached(window.key, roles, _why([ask for ask in asks if ask.role in roles]))


def _is_reached(asked: AskedParty, asks: Iterable[AskMessage], latest: datetime) -> bool:
    """Was it told otherwise, did it acknowledge, or did the message arrive or somebody open the item, in good time?"""
    if asked.told_on is not None and at_local(asked.told_on, time(0)) < latest:
        return True
    moments = [asked.acknowledged_at]
    for ask in asks:
        if ask.is_for(asked.party):
            moments += [ask.opened_at, None if ask.came_back else ask.accepted_at]
    return any(moment is not None and moment < latest for moment in moments)


def _why(asks: Collection[AskMessage]) -> UnreachedWhy:
    if any(ask.came_back for ask in asks):
        return UnreachedWhy.CAME_BACK
    if any(ask.accepted_at or ask.opened_at for ask in asks):
        return UnreachedWhy.TOO_LATE
    return UnreachedWhy.NOT_LEFT
