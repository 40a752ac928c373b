"""How soon there was a reply, and why items climbed: from every stay at a stage, in the month in which it began.

Days are whole days between London dates, weekends counted; whether a reply was in time is by its own promised date.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, tuple_
from sqlmodel import col

from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.register_tables import RegisterRow, StayRow
from drp.database.scope import core_table, in_authority, select_of
from drp.database.statements import MESSAGE_OF_COPY
from drp.reports.aggregate import Dimension, conditions_of, is_narrowed_to_reasons
from drp.reports.display_labels import DisplayLabels, TableHeading
from drp.reports.percentages import percent_of
from drp.reports.theme_tables import TableQuestion, asked_of, ids_of_narrowed, kinds_of
from workflows.decision.reach import ASKS
from workflows.decision.recipients import ReachedHow
from workflows.model.challenge import EnteredHow
from workflows.model.register_entry import ReplyState, VisitCause

CAUSES = {
    VisitCause.NO_REPLY: "no reply",
    VisitCause.NOT_REACHED: "not reached",
    VisitCause.NEEDS_MORE: "the answer needed more",
    VisitCause.JUMP: "the IRO's jump",
    VisitCause.CHOSEN: "taken higher by the IRO",
    EnteredHow.SATISFIED.value: "sent on once agreed",
    EnteredHow.REOPENED.value: "opened again",
    EnteredHow.RECALLED.value: "a climb taken back",
}
"""Why an item came to a stage, as it is said. What was raised there did not climb."""

HIGHER = "any"
"""Whatever the cause for which an item climbed."""

REPLIES = {
    "asked": ("given, or closed without one", (ReplyState.IN_TIME, ReplyState.LATE, ReplyState.NONE)),
    "in time": ("in time", (ReplyState.IN_TIME,)),
    "late": ("late", (ReplyState.LATE,)),
    "none": ("none", (ReplyState.NONE,)),
    "not reached": ("not reached in time", (ReplyState.NOT_REACHED,)),
    "waiting": ("still awaited", (ReplyState.WAITING,)),
}
"""The reply at a stage, as it is asked for and said, and the words of it that lines keep."""


@dataclass(frozen=True)
class StageResponseTimes:
    """Replies at one stage. Medians in days; None where there was none.

    `waiting`, what was ended first and what never reached those asked in time have no share.
    """

    stage: TableHeading
    in_time: int
    late: int
    none: int
    not_reached: int
    waiting: int
    days_to_acknowledge: float | None
    days_to_answer: float | None

    @property
    def asked(self) -> int:
        """How often a reply was asked for and its date was met or passed."""
        return self.in_time + self.late + self.none

    @property
    def share_in_time(self) -> str:
        """Per cent of those asked whose reply came within the window."""
        return percent_of(self.in_time, self.asked)


def response_times_by_stage(
    connection: Connection, labels: DisplayLabels, question: TableQuestion, person: UUID | None = None
) -> tuple[StageResponseTimes, ...]:
    """Replies by stage, in the ladder's order.

    `person`: only where the stage asked this one, by a post of theirs. Whose they are sees them, and nobody else.
    """
    stay = core_table(StayRow)
    query = _narrowed(
        select(stay.c.stage, stay.c.reply, stay.c.days_to_answer, stay.c.days_to_acknowledge, func.count()), labels, question
    ).where(stay.c.reply != ReplyState.NOT_ASKED)
    query = query.where(tuple_(stay.c.id, stay.c.sequence).in_(_stays_that_asked(labels, person))) if person else query
    rows = connection.execute(query.group_by(stay.c.stage, stay.c.reply, stay.c.days_to_answer, stay.c.days_to_acknowledge)).all()
    replies: dict[str, Counter[str]] = defaultdict(Counter)
    answered: dict[str, Counter[int]] = defaultdict(Counter)
    acknowledged: dict[str, Counter[int]] = defaultdict(Counter)
    for stage, reply, to_answer, to_acknowledge, number in rows:
        key = labels.heading(Dimension.STAGE, stage).key
        replies[key][reply] += number
        if to_answer is not None:
            answered[key][to_answer] += number
        if to_acknowledge is not None:
            acknowledged[key][to_acknowledge] += number
    return tuple(
        StageResponseTimes(
            stage,
            replies[stage.key][ReplyState.IN_TIME],
            replies[stage.key][ReplyState.LATE],
            replies[stage.key][ReplyState.NONE],
            replies[stage.key][ReplyState.NOT_REACHED],
            replies[stage.key][ReplyState.WAITING],
            median_of(acknowledged[stage.key]),
            median_of(answered[stage.key]),
        )
        for stage in labels.headings(Dimension.STAGE, [row[0] for row in rows])
    )


@dataclass(frozen=True)
class VisitFilter:
    """Of which stays at a stage an item must have one: what stands behind a figure of replies, or of climbs.

    `stage`: a key of the labels; `reply`: one of `REPLIES`; `cause`: one of `CAUSES`, or `HIGHER`; `first` and `last`: months
    of coming there, both included. Empty: whichever.
    """

    stage: str = ""
    reply: str = ""
    cause: str = ""
    first: str = ""
    last: str = ""


def ids_of_visits(labels: DisplayLabels, wanted: VisitFilter, kinds: Sequence[str]) -> Any:
    """The items of some kinds that came so, as a query of their identities."""
    stay = core_table(StayRow)
    query = _within(select(stay.c.id), labels, kinds, wanted.first, wanted.last)
    if wanted.stage:
        query = query.where(stay.c.stage.in_(labels.kept(Dimension.STAGE, wanted.stage)))
    if wanted.reply:
        query = query.where(stay.c.reply.in_(REPLIES[wanted.reply][1]))
    if wanted.cause:
        query = query.where(stay.c.cause != VisitCause.RAISED if wanted.cause == HIGHER else stay.c.cause == wanted.cause)
    return query


@dataclass(frozen=True)
class TimeToEnd:
    """How long items took from raising to their end, by the highest stage that they reached. The median, in days."""

    stage: TableHeading
    items: int
    days: float | None


def to_the_end(connection: Connection, labels: DisplayLabels, question: TableQuestion) -> tuple[TimeToEnd, ...]:
    """Items that ended, in the ladder's order."""
    line = core_table(RegisterRow)
    asked = asked_of(labels, question, (Dimension.STAGE, None))
    here: list[Any] = [line.c.kind.in_(kinds_of(question)), line.c.days_to_end.is_not(None)]
    number = func.count(line.c.id.distinct())
    if not is_narrowed_to_reasons(asked):
        here, number = [*here, line.c.is_first], func.count()
    rows = connection.execute(
        select_of(RegisterRow, labels.words.key, line.c.stage, line.c.days_to_end, number)
        .where(*here, *conditions_of(asked))
        .group_by(line.c.stage, line.c.days_to_end)
    ).all()
    days: dict[str, Counter[int]] = defaultdict(Counter)
    for stage, taken, number in rows:
        days[labels.heading(Dimension.STAGE, stage).key][taken] += number
    headings = labels.headings(Dimension.STAGE, [row[0] for row in rows])
    return tuple(TimeToEnd(stage, days[stage.key].total(), median_of(days[stage.key])) for stage in headings)


@dataclass(frozen=True)
class EscalationCauses:
    """Why items came up to one stage: how many for each cause of `CAUSES`."""

    stage: TableHeading
    causes: Mapping[str, int]

    @property
    def items(self) -> int:
        """How many came up to it."""
        return sum(self.causes.values())


def escalation_causes(connection: Connection, labels: DisplayLabels, question: TableQuestion) -> tuple[EscalationCauses, ...]:
    """Why items climbed, by the stage that they came to."""
    stay = core_table(StayRow)
    rows = connection.execute(
        _narrowed(select(stay.c.stage, stay.c.cause, func.count()), labels, question)
        .where(stay.c.cause != VisitCause.RAISED)
        .group_by(stay.c.stage, stay.c.cause)
    ).all()
    causes: dict[str, Counter[str]] = defaultdict(Counter)
    for stage, cause, number in rows:
        causes[labels.heading(Dimension.STAGE, stage).key][cause] += number
    return tuple(
        EscalationCauses(stage, dict(causes[stage.key])) for stage in labels.headings(Dimension.STAGE, [row[0] for row in rows])
    )


def _stays_that_asked(labels: DisplayLabels, person: UUID) -> Any:
    """The stays whose question was put to somebody as the holder of a post, and not in a colleague's place."""
    return (
        select_of(DeliveryRow, labels.words.key, DeliveryRow.challenge, NotificationRow.sequence)
        .join(NotificationRow, MESSAGE_OF_COPY)
        .where(
            col(DeliveryRow.person) == person,
            col(DeliveryRow.as_to),
            col(DeliveryRow.how) == ReachedHow.HOLDER.value,
            col(NotificationRow.subject).in_(sorted(subject.value for subject in ASKS)),
        )
    )


def _narrowed(query: Any, labels: DisplayLabels, question: TableQuestion) -> Any:
    """Stays of the period, of the items that the question is narrowed to."""
    query = _within(query, labels, kinds_of(question), question.first, question.last)
    return query.where(core_table(StayRow).c.id.in_(ids_of_narrowed(labels, question))) if question.only else query


def _within(query: Any, labels: DisplayLabels, kinds: Sequence[str], first: str, last: str) -> Any:
    stay = core_table(StayRow)
    query = query.where(in_authority(StayRow, labels.words.key), stay.c.kind.in_(kinds))
    query = query.where(stay.c.month >= first) if first else query
    return query.where(stay.c.month <= last) if last else query


def median_of(counted: Mapping[int, int]) -> float | None:
    """The middle of numbers that are given with how often each occurs; None where there is none."""
    numbers, ends = sorted(counted), list(accumulate(counted[number] for number in sorted(counted)))
    if not ends or not ends[-1]:
        return None
    low, high = (numbers[bisect_right(ends, place)] for place in ((ends[-1] - 1) // 2, ends[-1] // 2))
    return (low + high) / 2
