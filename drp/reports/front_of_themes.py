"""What a leader asks first: what gets better or worse beyond chance, what changed for children, where replies take longest."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import Connection

from drp.reports.aggregate import Dimension
from drp.reports.chance import shares_differ
from drp.reports.display_labels import DisplayLabels, TableHeading
from drp.reports.percentages import percent_of
from drp.reports.repeats_and_gaps import RepeatedConcern, repeated_concerns
from drp.reports.response_times import response_times_by_stage
from drp.reports.theme_tables import TableQuestion, ThemeTable, read_table
from drp.reports.what_changed import DayStretch, WhatMoved, find_movements, stretch_of
from workflows.calendar.report_periods import ReportEvery, ReportPeriod, period_holding
from workflows.calendar.reporting_periods import month_of, period_in_words, periods_between

FEWEST_REPLIES = 5
"""Of fewer replies no median is told."""
MOST_TOLD = 5


@dataclass(frozen=True)
class ShareMoved:
    """One share in two periods: what it is of, and whether it moved beyond chance (Wilson, 95 %). More of it is better."""

    label: str
    part: int
    whole: int
    part_before: int
    whole_before: int

    @property
    def now(self) -> str:
        """Per cent, one decimal."""
        return percent_of(self.part, self.whole, 1)

    @property
    def before(self) -> str:
        """The same of the period before."""
        return percent_of(self.part_before, self.whole_before, 1)

    @property
    def is_beyond_chance(self) -> bool:
        """Did it move by more than chance explains?"""
        return shares_differ(self.part, self.whole, self.part_before, self.whole_before)

    @property
    def is_better(self) -> bool:
        """Is there more of it than before?"""
        return self.part * self.whole_before > self.part_before * self.whole


@dataclass(frozen=True)
class SlowReplies:
    """Replies at one stage to one service: the median in days, weekends counted, of how many."""

    stage: TableHeading
    service: TableHeading
    days: float
    replies: int
    late_or_none: int


@dataclass(frozen=True)
class FrontOfThemes:
    """All of it, for one period up to today beside the same part of the one before."""

    period: ReportPeriod
    moved: WhatMoved
    shares: tuple[ShareMoved, ...]
    impact: ThemeTable
    slow: tuple[SlowReplies, ...]
    repeats: tuple[RepeatedConcern, ...]

    @property
    def compared(self) -> int:
        """How many comparisons were made: all items, each reason, and each share that there is in both periods."""
        if self.moved.broken:
            return 0
        return 1 + len(self.moved.compared) + sum(1 for one in self.shares if one.whole and one.whole_before)

    @property
    def worse(self) -> tuple[ShareMoved, ...]:
        """Shares that fell beyond chance."""
        return tuple(one for one in self.shares if one.is_beyond_chance and not one.is_better)

    @property
    def better(self) -> tuple[ShareMoved, ...]:
        """Shares that rose beyond chance."""
        return tuple(one for one in self.shares if one.is_beyond_chance and one.is_better)


def same_part(period: ReportPeriod, today: date) -> tuple[DayStretch, DayStretch]:
    """A period up to a day of it, and as many days from the beginning of the period before."""
    whole, earlier = stretch_of(period), stretch_of(period.before())
    now = DayStretch(whole.first, min(today, whole.last))
    return now, DayStretch(earlier.first, min(earlier.first + timedelta(days=now.days - 1), earlier.last))


def read_front(connection: Connection, labels: DisplayLabels, every: ReportEvery, today: date) -> FrontOfThemes:
    """Count the front page for the quarter or year that a day lies in. Challenges alone: notices are apart."""
    period = period_holding(month_of(today), every)
    now, before = same_part(period, today)
    question = TableQuestion(Dimension.STAGE, None, period.first, month_of(today))
    moved = find_movements(connection, labels, Dimension.REASON, now, before)
    return FrontOfThemes(
        period,
        moved,
        () if moved.broken else tuple(_shares(connection, labels, period, today)),
        read_table(connection, labels, replace(question, across=Dimension.IMPACT)),
        tuple(_slow(connection, labels, question)),
        repeated_concerns(connection, labels, question, MOST_TOLD),
    )


def _shares(connection: Connection, labels: DisplayLabels, period: ReportPeriod, today: date) -> list[ShareMoved]:
    """Replies in time, in the months of the period that are over, and in the same months before.

    Nothing of how items ended, or what changed for children, is compared so: what was raised earlier has had longer for both.
    """
    over = [month for month in periods_between([period.first, period.last]) if month < month_of(today)]
    if not over:
        return []
    parts = []
    for one in (period, period.before()):
        months = periods_between([one.first, one.last])[: len(over)]
        replies = response_times_by_stage(connection, labels, TableQuestion(Dimension.STAGE, None, months[0], months[-1]))
        parts.append((sum(one.in_time for one in replies), sum(one.asked for one in replies)))
    until = period_in_words(over[-1])
    return [ShareMoved(f"Replies in time, of those asked up to the end of {until}", *parts[0], *parts[1])]


def _slow(connection: Connection, labels: DisplayLabels, question: TableQuestion) -> list[SlowReplies]:
    found = []
    for service in labels.every(Dimension.SERVICE):
        narrowed = replace(question, only=((Dimension.SERVICE, service.key),))
        for one in response_times_by_stage(connection, labels, narrowed):
            given = one.in_time + one.late
            if one.days_to_answer is not None and given >= FEWEST_REPLIES:
                found.append(SlowReplies(one.stage, service, one.days_to_answer, given, one.late + one.none))
    return sorted(found, key=lambda one: (-one.days, one.stage.label, one.service.label))[:MOST_TOLD]
