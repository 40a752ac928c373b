"""What is getting more or less, beyond chance: a stretch of days beside an earlier one, by each thing that is counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, func
from sqlmodel import col

from drp.database.register_tables import RegisterRow
from drp.database.scope import select_of
from drp.reports.aggregate import Dimension
from drp.reports.chance import counts_differ
from drp.reports.display_labels import DisplayLabels, TableHeading
from workflows.calendar.report_periods import ReportPeriod
from workflows.calendar.reporting_periods import first_day, next_period
from workflows.model.register_entry import CHALLENGE


@dataclass(frozen=True)
class DayStretch:
    """Days of raising, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1


def stretch_of(period: ReportPeriod) -> DayStretch:
    """The days of a period."""
    return DayStretch(first_day(period.first), first_day(next_period(period.last)) - timedelta(days=1))


@dataclass(frozen=True)
class Movement:
    """One thing, counted in two stretches of days. `is_beyond_chance`: exact Poisson at 95 %, each of its own number of days."""

    heading: TableHeading
    now: int
    before: int
    is_beyond_chance: bool

    @property
    def is_more(self) -> bool:
        """Were there more, rather than fewer?"""
        return self.now > self.before


@dataclass(frozen=True)
class WhatMoved:
    """Every comparison that was made, of which those beyond chance are told; all items together first."""

    now: DayStretch
    before: DayStretch
    every: Movement
    by: Dimension
    compared: tuple[Movement, ...]
    broken: str = ""
    """Why recording changed between the two, so that nothing is compared; empty: it did not."""

    @property
    def told(self) -> tuple[Movement, ...]:
        """What moved beyond chance, the greatest difference first."""
        moved = [one for one in self.compared if one.is_beyond_chance]
        return tuple(sorted(moved, key=lambda one: (-abs(one.now - one.before), one.heading.label)))


def find_movements(
    connection: Connection,
    labels: DisplayLabels,
    by: Dimension,
    now: DayStretch,
    before: DayStretch,
    kinds: Iterable[str] = (CHALLENGE,),
) -> WhatMoved:
    """Compare two stretches of days, all items and by one thing. An item of two reasons stands under both."""
    kept = tuple(kinds)
    broken = next((one.why for one in labels.words.reporting.breaks if before.first < one.since <= now.first), "")
    counts = [_counts(connection, labels, by, stretch, kept) for stretch in (now, before)]
    wholes = [_items(connection, labels, stretch, kept) for stretch in (now, before)]

    def movement(heading: TableHeading, here: int, there: int) -> Movement:
        return Movement(heading, here, there, not broken and counts_differ(here, there, now.days, before.days))

    headings = labels.headings(by, {*counts[0], *counts[1]})
    sides = tuple(zip((now, before), counts, strict=True))
    compared = tuple(
        movement(heading, *(_under(connection, labels, by, heading, *side, kept) for side in sides))
        for heading in headings
        if heading.key and not broken
    )
    return WhatMoved(now, before, movement(TableHeading("", "all", ()), *wholes), by, compared, broken)


def _under(
    connection: Connection,
    labels: DisplayLabels,
    by: Dimension,
    heading: TableHeading,
    stretch: DayStretch,
    counts: Counter[str],
    kinds: tuple[str, ...],
) -> int:
    """How many items stand under a heading: one of two reasons that are counted as one by now stands there once."""
    if len(heading.kept) < 2:
        return counts[heading.kept[0]]
    number = func.count(col(RegisterRow.id).distinct())
    value = col(getattr(RegisterRow, by.value)).in_(heading.kept)
    asked = select_of(RegisterRow, labels.words.key, number).where(*_within(stretch, kinds), value)
    return int(connection.execute(asked).scalar_one())


def _within(stretch: DayStretch, kinds: tuple[str, ...]) -> tuple[Any, ...]:
    raised = col(RegisterRow.raised_on)
    return col(RegisterRow.kind).in_(kinds), raised >= stretch.first, raised <= stretch.last


def _counts(
    connection: Connection, labels: DisplayLabels, by: Dimension, stretch: DayStretch, kinds: tuple[str, ...]
) -> Counter[str]:
    value = col(getattr(RegisterRow, by.value))
    number = func.count(col(RegisterRow.id).distinct())
    rows = select_of(RegisterRow, labels.words.key, value, number).where(*_within(stretch, kinds)).group_by(value)
    return Counter({row[0]: row[1] for row in connection.execute(rows)})


def _items(connection: Connection, labels: DisplayLabels, stretch: DayStretch, kinds: tuple[str, ...]) -> int:
    rows = select_of(RegisterRow, labels.words.key, func.count()).where(*_within(stretch, kinds), col(RegisterRow.is_first))
    return int(connection.execute(rows).scalar_one())
