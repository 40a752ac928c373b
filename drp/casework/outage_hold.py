"""What closed while nobody looked: a request and a sweep begin with the same step, so they cannot disagree."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from sqlalchemy import Connection

from drp.casework.load import StoredChallenge
from drp.database.statements import LAST_LOOK
from workflows.decision.decide import decide
from workflows.decision.decision_builder import Decision
from workflows.decision.reach import AskMessage, find_unreached
from workflows.decision.windows import next_due
from workflows.model.actor import THE_SERVICE, Act
from workflows.model.authority import Rules
from workflows.model.challenge import CLOSES_UNANSWERED, Challenge, Window, WindowKind
from workflows.model.events import AskNotReached, WindowClosed, WindowsHeld


@dataclass(frozen=True)
class PassedOver:
    """An item that was due at a look and in another's hand. Instants are aware UTC."""

    since: datetime | None
    """Until when it had been looked at; None: never."""
    found: datetime
    """When it was first found so, of the looks one after the other."""


@dataclass(frozen=True)
class LastLook:
    """When the service last looked for windows that had closed (aware UTC; None: never), and which items it passed over."""

    at: datetime | None
    passed_over: Mapping[UUID, PassedOver]

    def of(self, challenge: UUID) -> datetime | None:
        """When one item was last looked at: what another had in hand then is followed by itself."""
        passed = self.passed_over.get(challenge)
        return passed.since if passed else self.at

    def without(self, challenges: Iterable[UUID], now: datetime) -> dict[str, dict[str, str | None]]:
        """What a look at `now` (aware UTC) passed over, as it is kept: each since it was last looked at."""
        passed = {id_: self.passed_over.get(id_) or PassedOver(self.at, now) for id_ in challenges}
        return {
            str(id_): {"since": one.since.isoformat() if one.since else None, "found": one.found.isoformat()}
            for id_, one in passed.items()
        }


def read_last_look(connection: Connection, authority: str) -> LastLook:
    """Read when the service last looked for windows that had closed, and what it passed over."""
    row = connection.execute(LAST_LOOK, {"authority": authority}).one()
    return LastLook(row.last_tick, passed_over_from(row.passed_over))


def passed_over_from(kept: Mapping[str, Mapping[str, str | None]] | None) -> dict[UUID, PassedOver]:
    """What a look passed over, from what is kept of it."""
    return {
        UUID(id_): PassedOver(
            datetime.fromisoformat(one["since"]) if one["since"] else None, datetime.fromisoformat(one["found"] or "")
        )
        for id_, one in (kept or {}).items()
    }


def decide_up_to(
    now: datetime,
    rules: Rules,
    loaded: StoredChallenge,
    last: datetime | None,
    hold_after: timedelta,
    asks: Callable[[UUID], Sequence[AskMessage]],
) -> Decision | None:
    """Apply every window that had closed by `now` (aware UTC), each at its own moment. Returns None if there was none.

    After an outage longer than `hold_after` it first holds those that closed meanwhile. Before a reply or meeting window
    closes, and when a climb is announced, it looks whether those who still owe were reached; `asks` gives what became of the
    messages. A window opened by the closing before it has reached nobody yet, so each is looked at in its turn.
    Requests and sweeps both begin with it.
    """
    held = hold_closed_windows(rules, loaded, last, now) if last is not None and now - last > hold_after else None
    read = cache(lambda: asks(loaded.id))
    whole = held or Decision(loaded.challenge, loaded.challenge, (), ())
    while (due := next_due(whole.challenge, now)) is not None:
        event, moment = _closing(rules, whole.challenge, due, read)
        whole = whole.then(decide(rules, whole.challenge, Act(event, THE_SERVICE), moment))
    return None if whole.is_nothing else replace(whole, before=loaded.challenge)


def _closing(
    rules: Rules, challenge: Challenge, due: Window, asks: Callable[[], Sequence[AskMessage]]
) -> tuple[WindowClosed | AskNotReached, datetime]:
    """What closes first, and when: where several close at one moment, the one of which it is asked who was reached."""
    moment = max(due.acts_at, challenge.last_at or due.acts_at)
    for window in challenge.open_windows():
        if window.held_since is not None or window.acts_at > moment:
            continue
        asking = challenge.window(window.parent) if window.key.kind is WindowKind.WARNING and window.parent else window
        if asking is None or asking.key.kind not in CLOSES_UNANSWERED or not asking.is_open or asking.held_since:
            continue
        if unreached := find_unreached(asking, asks(), rules.calendar):
            key = unreached.window
            return AskNotReached(key.sequence, key.kind.value, key.n, unreached.roles, unreached.why), moment
    return WindowClosed(due.key.sequence, due.key.kind.value, due.key.n), moment


def hold_closed_windows(rules: Rules, loaded: StoredChallenge, since: datetime, until: datetime) -> Decision | None:
    """The decision to hold what closed while the service was away, or None if nothing did."""
    decision = decide(rules, loaded.challenge, Act(WindowsHeld(since, until), THE_SERVICE), until)
    return None if decision.is_nothing else decision
