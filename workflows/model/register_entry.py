"""A challenge as one line of the register: what themes count. Read off its value alone, so that it can always be made again."""

from dataclasses import dataclass, replace
from datetime import date

from workflows.calendar.reporting_periods import month_of
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority, Capacity
from workflows.model.challenge import (
    ASKS_RECIPIENTS,
    UNANSWERED,
    AskedParty,
    Challenge,
    ClosedAs,
    EnteredHow,
    Outcome,
    Window,
    WindowKind,
)
from workflows.model.ladder import ItemType, Need, Status

OPEN = "open"
"""The outcome of what has not ended."""

RESOLVED_BY_RAISER = "resolved_by_raiser"
"""The outcome where another than an IRO raised it about a child and says that it is resolved: never counted as the IRO's."""

NOT_RECORDED = ""
"""A value that nobody recorded. It stands in every table as a row of its own, so that totals account for it."""

APART = {
    ItemType.EXCELLENT_PRACTICE: "practice",
    ItemType.SENIOR_SCRUTINY: "scrutiny",
    ItemType.REVIEW_DECISION: "decision",
    ItemType.TRACKED_CASE: "tracked",
    ItemType.MID_POINT: "mid_point",
}
CHALLENGE = "challenge"


def kind_of(item_type: ItemType) -> str:
    """Whether an item is counted as a challenge, or apart: what is told once, and what is followed between reviews."""
    return APART.get(item_type, CHALLENGE)


class ReplyState:
    """How a stage's question stands: the words that lines keep."""

    NOT_ASKED, WAITING, IN_TIME, LATE, NONE, NOT_REACHED = "", "waiting", "in time", "late", "none", "not reached"


class VisitCause:
    """Why an item came to a stage: the words that lines keep."""

    RAISED, NO_REPLY, NEEDS_MORE, JUMP, CHOSEN = "raised", "no reply", "needs more", "jump", "chosen"
    NOT_REACHED = "not reached"


@dataclass(frozen=True)
class EntryVisit:
    """One stay at a stage. Days are whole days between London dates, weekends counted; None: it did not happen."""

    sequence: int
    stage: str
    cause: str
    entered_on: date
    reply: str = ReplyState.NOT_ASKED
    days_to_acknowledge: int | None = None
    days_to_answer: int | None = None


@dataclass(frozen=True)
class CodedReason:
    """One reason, with the theme that it belonged to when the item was raised."""

    reason: str
    theme: str


@dataclass(frozen=True)
class RegisterEntry:
    """One item of the register. `team`, `service` and `status` are as they were when it was raised: years must not move.

    A child of several statuses is counted under the first in the order of `Status`; `is_dual` says that there was another.
    """

    item_type: ItemType
    raised_on: date
    stage: str
    reasons: tuple[CodedReason, ...]
    team: str
    service: str
    status: str
    is_dual: bool
    outcome: str
    impact: str
    ended_on: date | None
    stays: tuple[EntryVisit, ...] = ()

    @property
    def days_to_end(self) -> int | None:
        """From the day it was raised to the day it ended."""
        return (self.ended_on - self.raised_on).days if self.ended_on else None

    @property
    def month(self) -> str:
        """The month of raising: 2026-04."""
        return month_of(self.raised_on)


def register_entry_of(challenge: Challenge, authority: Authority) -> RegisterEntry | None:
    """The line of a challenge; None for what was recorded in error, which is counted nowhere."""
    if challenge.is_sealed:
        return None
    facts = challenge.facts_at_raising
    status, is_dual = status_of(facts.statuses) if challenge.about_child else ("", False)
    return RegisterEntry(
        item_type=challenge.item_type,
        raised_on=challenge.counted_on,
        stage=challenge.highest_stage or challenge.stage,
        reasons=code_reasons(challenge.reasons, authority),
        team=facts.team,
        service=facts.service,
        status=status,
        is_dual=is_dual,
        outcome=_outcome(challenge, authority),
        impact=challenge.impact,
        ended_on=local_date(challenge.ended_at) if challenge.ended_at else None,
        stays=tuple(_stay(challenge, n) for n in range(len(challenge.visits))),
    )


def is_resolved_by_another(challenge: Challenge, authority: Authority) -> bool:
    """Is it resolved in the word of somebody else than an IRO, who raised it about a child?"""
    is_iros = challenge.raiser_role in authority.roles_acting_as(Capacity.IRO)
    return challenge.phase is Outcome.RESOLVED and challenge.about_child and not is_iros


def _outcome(challenge: Challenge, authority: Authority) -> str:
    if challenge.is_open:
        return OPEN
    return RESOLVED_BY_RAISER if is_resolved_by_another(challenge, authority) else challenge.phase.value


def code_reasons(reasons: tuple[str, ...], authority: Authority) -> tuple[CodedReason, ...]:
    """Reasons with their themes; one that the list no longer has keeps its key and no theme."""
    return tuple(CodedReason(key, authority.reason(key).theme if authority.has_reason(key) else "") for key in reasons)


def status_of(statuses: frozenset[Status]) -> tuple[str, bool]:
    """The one status under which a child is counted, and whether there was another."""
    found = [status for status in Status if status in statuses and status is not Status.NONE_RECORDED]
    return (found[0].value if found else Status.NONE_RECORDED.value, len(found) > 1)


def _stay(challenge: Challenge, n: int) -> EntryVisit:
    visit = challenge.visits[n]
    stay = EntryVisit(visit.sequence, visit.stage, _cause(challenge, n), local_date(visit.entered_at))
    asking = [w for w in challenge.windows if w.key.sequence == visit.sequence and w.key.kind in ASKS_RECIPIENTS]
    if not asking:
        return stay
    opened_on = local_date(asking[0].opened_at)
    acknowledged = [asked.acknowledged_at for window in asking for asked in window.asked if asked.acknowledged_at]
    answered = next((window for window in asking if window.is_answered()), None)
    decisive = _decisive(answered) if answered else None
    answered_at = decisive.answered_at if decisive else None
    return replace(
        stay,
        reply=_reply(asking, decisive),
        days_to_acknowledge=(local_date(min(acknowledged)) - opened_on).days if acknowledged else None,
        days_to_answer=(local_date(answered_at) - opened_on).days if answered_at else None,
    )


def _decisive(window: Window) -> AskedParty:
    """The answer with which a window was met: the first where any one may answer, else the last."""
    answers = sorted((asked for asked in window.asked if asked.answered_at), key=lambda asked: str(asked.answered_at))
    return answers[0] if window.answer is Need.ANY else answers[-1]


def _reply(asking: list[Window], decisive: AskedParty | None) -> str:
    if decisive:
        return ReplyState.LATE if decisive.late else ReplyState.IN_TIME
    last = asking[-1]
    if last.closed_as is ClosedAs.NOT_REACHED:
        return ReplyState.NOT_REACHED
    # Taken higher or ended before its date, nobody failed to reply.
    passed = last.closed_as in UNANSWERED or (last.closed_at and last.closed_at >= last.promise.closes_at)
    return ReplyState.WAITING if last.is_open else ReplyState.NONE if passed else ReplyState.NOT_ASKED


_CAUSES = {
    EnteredHow.RAISED: VisitCause.RAISED,
    EnteredHow.TALKED: VisitCause.RAISED,
    EnteredHow.NO_REPLY: VisitCause.NO_REPLY,
    EnteredHow.NOT_REACHED: VisitCause.NOT_REACHED,
    EnteredHow.JUMPED: VisitCause.JUMP,
}
"""Of the ways in which a stage is entered, those that lines keep under another word."""


def _cause(challenge: Challenge, n: int) -> str:
    how = challenge.visits[n].how
    if how is not EnteredHow.CLIMBED or n == 0:
        return _CAUSES.get(how, how.value)
    before = [window for window in challenge.windows if window.key.sequence == challenge.visits[n - 1].sequence]
    if any(window.key.kind is WindowKind.JUDGEMENT and window.closed_as is ClosedAs.NEEDS_MORE for window in before):
        return VisitCause.NEEDS_MORE
    if any(window.closed_as in UNANSWERED for window in before):
        return VisitCause.NO_REPLY
    return VisitCause.CHOSEN
