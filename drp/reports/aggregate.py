"""Counting the register: how many items have each value of one thing, or of two, straight from its rows as they stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, or_, select, true
from sqlmodel import col

from drp.database.register_tables import RegisterRow
from drp.database.scope import in_authority
from workflows.calendar.reporting_periods import first_day, months_in, next_period, periods_between
from workflows.model.register_entry import CHALLENGE


class Dimension(StrEnum):
    """What items can be counted by."""

    YEAR = "year"
    QUARTER = "quarter"
    MONTH = "month"
    STAGE = "stage"
    REASON = "reason"
    THEME = "theme"
    TEAM = "team"
    SERVICE = "service"
    STATUS = "status"
    ITEM_TYPE = "item_type"
    OUTCOME = "outcome"
    IMPACT = "impact"
    IRO = "iro"


PERIODS = (Dimension.YEAR, Dimension.QUARTER, Dimension.MONTH)


@dataclass(frozen=True)
class CountQuery:
    """What is counted. `first` and `last`: months of raising, both included (2026-04), or empty; `only`: these values alone."""

    by: Dimension
    across: Dimension | None = None
    first: str = ""
    last: str = ""
    only: tuple[tuple[Dimension, tuple[str, ...]], ...] = ()
    kinds: tuple[str, ...] = (CHALLENGE,)

    @property
    def names(self) -> tuple[Dimension, ...]:
        """What it is counted by: one thing or two."""
        return (self.by, self.across) if self.across else (self.by,)


@dataclass(frozen=True)
class CountedPairs:
    """How many items have each pair of values (the second empty where it is counted by one thing), and how many there are.

    An item of two reasons stands under both and is one item: cells of a table by reason can add up to more than `items`.
    """

    cells: Mapping[tuple[str, str], int]
    items: int


def count_items(connection: Connection, authority: str, asked: CountQuery) -> CountedPairs:
    """Count an authority's items, of every kind that is asked for together."""
    cells = {}
    items = 0
    for *values, number, firsts in connection.execute(counting_statement(authority, asked)):
        cells[_key(values[0]), _key(values[1]) if asked.across else ""] = number
        items += firsts
    if is_narrowed_to_reasons(asked) and _flag(asked.names) != "is_first":
        whole = select(func.count(col(RegisterRow.id).distinct())).where(*_held(authority, asked))
        items = connection.execute(whole).scalar_one()
    return CountedPairs(cells, items)


def counting_statement(authority: str, asked: CountQuery) -> Any:
    """The counting query. Its columns: the values, how many items have them, and how many of these are at their first row.

    Where only some reasons are asked for, an item's first row may not be among those that are left: each item is then counted
    once by its identity, and the last column adds up to the items only where an item has one value.
    """
    values = [_column(by).label(f"value_{n}") for n, by in enumerate(asked.names)]
    held, flag = _held(authority, asked), _flag(asked.names)
    number: Any = func.count()
    firsts: Any = number
    if is_narrowed_to_reasons(asked):
        number = firsts = func.count(col(RegisterRow.id).distinct())
    elif flag == "is_first":
        held.append(col(RegisterRow.is_first).is_(true()))
    else:
        firsts = number.filter(col(RegisterRow.is_first).is_(true()))
        held += [col(RegisterRow.is_first_of_theme).is_(true())] if flag else []
    return select(*values, number, firsts).where(*held).group_by(*(value.name for value in values))


def conditions_of(asked: CountQuery) -> list[Any]:
    """What narrows the rows that are counted: periods and values, as conditions on the register."""
    found: list[Any] = []
    # By the day: rows are found by it, and their months are not looked for.
    if asked.first:
        found.append(col(RegisterRow.raised_on) >= first_day(asked.first))
    if asked.last:
        found.append(col(RegisterRow.raised_on) < first_day(next_period(asked.last)))
    for by, values in asked.only:
        if by in (Dimension.QUARTER, Dimension.YEAR):
            months = [month for value in values for month in periods_between(months_in(value))]
            found.append(col(RegisterRow.month).in_(months))
        elif by is Dimension.IRO:
            raiser = col(RegisterRow.raiser)
            named = raiser.in_([UUID(value) for value in values if value])
            found.append(or_(named, raiser.is_(None)) if "" in values else named)
        else:
            column = col(getattr(RegisterRow, by.value))
            found.append(column == values[0] if len(values) == 1 else column.in_(values))
    return found


def is_narrowed_to_reasons(asked: CountQuery) -> bool:
    """Any row of an item's may then be the one that counts, not its first alone."""
    return any(by in (Dimension.REASON, Dimension.THEME) for by, _ in asked.only)


def _held(authority: str, asked: CountQuery) -> list[Any]:
    return [in_authority(RegisterRow, authority), col(RegisterRow.kind).in_(asked.kinds), *conditions_of(asked)]


def _column(by: Dimension) -> Any:
    if by is Dimension.YEAR:
        return func.substr(col(RegisterRow.quarter), 1, 4)
    return col(RegisterRow.raiser) if by is Dimension.IRO else col(getattr(RegisterRow, by.value))


def _key(value: Any) -> str:
    """A value as it is counted: an IRO's identity as text, empty where there is none."""
    return str(value) if isinstance(value, UUID) else value or ""


def _flag(names: Sequence[Dimension]) -> str:
    """Which of an item's rows count: all of them by reason (empty), one of each theme by theme, else the first."""
    return "" if Dimension.REASON in names else "is_first_of_theme" if Dimension.THEME in names else "is_first"
