"""What is followed between reviews, counted apart from challenges: decisions, tracked cases, mid-points, reviews' own paper."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, case, func
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.register_tables import RegisterRow
from drp.database.review_tables import ReviewDecisionRow, ReviewRow
from drp.database.scope import in_authority, select_of
from drp.reports.aggregate import CountQuery, Dimension, conditions_of, count_items
from drp.reports.display_labels import DisplayLabels, TableHeading
from drp.reports.response_times import median_of
from drp.reports.theme_tables import TableQuestion
from drp.reviews.review_register import paper_due
from workflows.calendar.reporting_periods import first_day, next_period
from workflows.calendar.working_days import Calendar
from workflows.model.challenge import Outcome, WindowKind
from workflows.model.ladder import ItemType
from workflows.model.register_entry import APART, OPEN

DECISION, MID_POINT = APART[ItemType.REVIEW_DECISION], APART[ItemType.MID_POINT]


@dataclass(frozen=True)
class FollowedFigures:
    """Decisions that are followed, under one heading. `days`: the median from being followed until seen to be done."""

    heading: TableHeading
    followed: int
    done: int
    ended: int
    """Ended without being done: among them those that are a challenge now."""
    otherwise: int
    """Overtaken by events, or withdrawn."""
    open: int
    past: int
    """Of those open, how many are past the day by which they were to be done."""
    days: float | None


def figures_of_decisions(
    connection: Connection, labels: DisplayLabels, question: TableQuestion, by: Dimension, today: date
) -> tuple[FollowedFigures, ...]:
    """Decisions followed in the question's months, by reason's theme or by team, with how each stands now."""
    asked = CountQuery(by, Dimension.OUTCOME, question.first, question.last, (), (DECISION,))
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for (kept, outcome), number in count_items(connection, labels.words.key, asked).cells.items():
        counted[labels.heading(by, kept).key][outcome] += number
    days = _days_until_done(connection, labels, asked, by)
    past = _past(connection, labels, asked, by, today)
    return tuple(
        FollowedFigures(
            heading, (one := counted[heading.key]).total(), one[Outcome.RESOLVED], one[Outcome.ENDED],
            one[Outcome.OVERTAKEN] + one[Outcome.WITHDRAWN], one[OPEN], past[heading.key], median_of(days[heading.key]),
        )
        for heading in labels.headings(by, counted)
    )  # fmt: skip


def _of_first_rows(asked: CountQuery) -> list[Any]:
    return [col(RegisterRow.kind).in_(asked.kinds), col(RegisterRow.is_first), *conditions_of(asked)]


def _days_until_done(
    connection: Connection, labels: DisplayLabels, asked: CountQuery, by: Dimension
) -> Mapping[str, Mapping[int, int]]:
    value = col(getattr(RegisterRow, by.value))
    rows = connection.execute(
        select_of(RegisterRow, labels.words.key, value, RegisterRow.days_to_end, func.count())
        .where(*_of_first_rows(asked), col(RegisterRow.outcome) == Outcome.RESOLVED.value)
        .group_by(value, col(RegisterRow.days_to_end))
    )
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for kept, taken, number in rows:
        found[labels.heading(by, kept).key][taken] += number
    return found


def _past(connection: Connection, labels: DisplayLabels, asked: CountQuery, by: Dimension, today: date) -> Counter[str]:
    value, here = col(getattr(RegisterRow, by.value)), labels.words.key
    rows = connection.execute(
        select_of(RegisterRow, here, value, func.count())
        .join(ReviewDecisionRow, in_authority(ReviewDecisionRow, here) & (col(ReviewDecisionRow.item) == col(RegisterRow.id)))
        .where(*_of_first_rows(asked), col(RegisterRow.outcome) == OPEN, col(ReviewDecisionRow.due) < today)
        .group_by(value)
    )
    found = Counter[str]()
    for kept, number in rows:
        found[labels.heading(by, kept).key] += number
    return found


@dataclass(frozen=True)
class TrackedFigures:
    """Tracked cases of one priority: how many are tracked now, and the updates whose date fell into the period."""

    priority: str
    now: int
    in_time: int
    late: int
    waiting: int
    """Not answered yet, and past the date."""


def figures_of_tracked(
    connection: Connection, labels: DisplayLabels, question: TableQuestion, priorities: Iterable[str], now: datetime
) -> tuple[TrackedFigures, ...]:
    """Tracked cases by priority, in the order of the procedure; a priority that it no longer has stands last."""
    here, tracked = labels.words.key, col(ChallengeRow.item_type) == ItemType.TRACKED_CASE.value
    standing = dict[str, int](
        connection.execute(
            select_of(ChallengeRow, here, ChallengeRow.priority, func.count())
            .where(tracked, col(ChallengeRow.is_open))
            .group_by(col(ChallengeRow.priority))
        ).all()
    )
    answered, closes = col(WindowRow.answered_at), col(WindowRow.closes_at)
    state = case((answered.is_(None), "waiting"), (answered <= closes, "in time"), else_="late").label("state")
    asked = select_of(WindowRow, here, ChallengeRow.priority, state, func.count()).join(
        ChallengeRow, in_authority(ChallengeRow, here) & (col(ChallengeRow.id) == col(WindowRow.challenge))
    )
    fell = col(WindowRow.closed_at).is_(None) & (closes <= now) | answered.is_not(None)
    within = [col(WindowRow.due) >= first_day(question.first)] if question.first else []
    within += [col(WindowRow.due) < first_day(next_period(question.last))] if question.last else []
    rows = connection.execute(
        asked.where(tracked, col(WindowRow.kind) == WindowKind.UPDATE.value, col(WindowRow.parent) == "", fell, *within)
        .group_by(col(ChallengeRow.priority), state)
    )  # fmt: skip
    updates: dict[str, Counter[str]] = defaultdict(Counter)
    for priority, said, number in rows:
        updates[priority][said] += number
    every = dict.fromkeys([*priorities, *sorted(standing.keys() | updates.keys())])
    return tuple(
        TrackedFigures(
            one, standing.get(one, 0), updates[one]["in time"], updates[one]["late"], updates[one]["waiting"]
        )
        for one in every if one or standing.get(one)
    )  # fmt: skip


@dataclass(frozen=True)
class MidPointFigures:
    """Mid-points that were asked in the period: how each stands now."""

    asked: int
    done: int
    overtaken: int
    """The next review was held first."""
    open: int

    @property
    def otherwise(self) -> int:
        """Withdrawn, or ended in another way."""
        return self.asked - self.done - self.overtaken - self.open


def figures_of_mid_points(connection: Connection, labels: DisplayLabels, question: TableQuestion) -> MidPointFigures:
    """How many mid-points were asked in the question's months, and how they stand."""
    asked = CountQuery(Dimension.OUTCOME, None, question.first, question.last, (), (MID_POINT,))
    counted = count_items(connection, labels.words.key, asked)
    cells = {key: number for (key, _), number in counted.cells.items()}
    done, overtaken = cells.get(Outcome.RESOLVED, 0), cells.get(Outcome.OVERTAKEN, 0)
    return MidPointFigures(counted.items, done, overtaken, cells.get(OPEN, 0))


@dataclass(frozen=True)
class PaperFigures:
    """The reviews' own paper: of the reviews held in the period, how many had it in time, late, or have none recorded."""

    reviews: int
    agreed_in_time: int
    agreed_late: int
    out_in_time: int
    out_late: int

    @property
    def agreed_unknown(self) -> int:
        """Of how many no day is recorded on which the decisions were agreed."""
        return self.reviews - self.agreed_in_time - self.agreed_late

    @property
    def out_unknown(self) -> int:
        """Of how many no day is recorded on which the record went out."""
        return self.reviews - self.out_in_time - self.out_late


def figures_of_paper(connection: Connection, labels: DisplayLabels, question: TableQuestion, calendar: Calendar) -> PaperFigures:
    """Decisions agreed within five working days of the review, and its record out within twenty, of reviews on the register."""
    held = col(ReviewRow.held_on)
    within = [held >= first_day(question.first)] if question.first else []
    within += [held < first_day(next_period(question.last))] if question.last else []
    days = (held, col(ReviewRow.decisions_agreed_on), col(ReviewRow.record_out_on))
    rows = connection.execute(select_of(ReviewRow, labels.words.key, *days, func.count()).where(*within).group_by(*days)).all()
    found = Counter[str]()
    for held_on, agreed, out, number in rows:
        found["reviews"] += number
        due = paper_due(calendar, held_on)
        for name, day, last in (("agreed", agreed, due["decisions_agreed_on"]), ("out", out, due["record_out_on"])):
            if day:
                found[f"{name}_{'in_time' if day <= last else 'late'}"] += number
    names = ("reviews", "agreed_in_time", "agreed_late", "out_in_time", "out_late")
    return PaperFigures(*(found[name] for name in names))
