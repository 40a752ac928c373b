"""Counting the register: how many items have each value of one thing, or of two, straight from the lines.

A table is read off an index that holds all of its columns (`drp.register.COVERS`), in the order of that index: nothing is
sorted and no row of the table is visited. What is coarser (quarter, year, theme, service) is added up from what is finer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, false, func, literal, or_, select, true
from sqlmodel import col

from drp.register import COVERS, RegisterRow
from workflows.line import CHALLENGE
from workflows.periods import between, days_of, months_in, months_of, quarter_of_month


class By(StrEnum):
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


PERIODS = (By.YEAR, By.QUARTER, By.MONTH)

_COLUMN = {By.YEAR: "month", By.QUARTER: "month", By.IRO: "raiser"}


@dataclass(frozen=True)
class Asked:
    """What is counted. `first` and `last`: months of raising, both included (2026-04), or empty; `only`: these values alone."""

    by: By
    across: By | None = None
    first: str = ""
    last: str = ""
    only: tuple[tuple[By, tuple[str, ...]], ...] = ()
    kinds: tuple[str, ...] = (CHALLENGE,)

    @property
    def names(self) -> tuple[By, ...]:
        """What it is counted by: one thing or two."""
        return (self.by, self.across) if self.across else (self.by,)


@dataclass(frozen=True)
class Counts:
    """How many items have each pair of values (the second empty where it is counted by one thing), and how many there are.

    An item of two reasons stands under both and is one item: cells of a table by reason can add up to more than `items`.
    """

    cells: Mapping[tuple[str, str], int]
    items: int


def column_of(by: By) -> str:
    """The register's column from which something is counted."""
    return _COLUMN.get(by, by.value)


def value_of(by: By, kept: Any) -> str:
    """A value as it is counted, from its column: a month's quarter or year, an IRO's identity as text."""
    if by is By.QUARTER:
        return quarter_of_month(kept)
    if by is By.YEAR:
        return quarter_of_month(kept)[:4]
    return str(kept) if isinstance(kept, UUID) else kept or ""


def count_items(connection: Connection, authority: str, asked: Asked) -> Counts:
    """Count from the lines as they stand."""
    cells: dict[tuple[str, str], int] = {}
    there = 0
    for kind in asked.kinds:
        found, number = _grouped(connection, authority, kind, asked, asked.names)
        there += number
        for values, counted in found.items():
            key = (values[0], values[1] if asked.across else "")
            cells[key] = cells.get(key, 0) + counted
    return Counts(cells, there)


def items(connection: Connection, authority: str, asked: Asked) -> int:
    """How many items there are, each once."""
    return sum(_grouped(connection, authority, kind, asked, ())[1] for kind in asked.kinds)


def conditions(asked: Asked) -> list[Any]:
    """What narrows the lines that are counted: periods and values, as conditions on the register."""
    if not _is_a_quarter(asked):
        return [*_months(asked), *_values(asked)]
    # So few days are found by the day of raising; as months they would be looked for through a whole index.
    first, after = days_of(quarter_of_month(asked.first))
    return [col(RegisterRow.raised_on) >= first, col(RegisterRow.raised_on) < after, *_values(asked)]


def _months(asked: Asked) -> list[Any]:
    month = col(RegisterRow.month)
    return ([month >= asked.first] if asked.first else []) + ([month <= asked.last] if asked.last else [])


def _values(asked: Asked) -> list[Any]:
    found: list[Any] = []
    for by, values in asked.only:
        if by in (By.QUARTER, By.YEAR):
            months = [month for value in values for month in between(months_in(value))]
            found.append(col(RegisterRow.month).in_(months))
        elif by is By.IRO:
            raiser = col(RegisterRow.raiser)
            named = raiser.in_([UUID(value) for value in values if value])
            found.append(or_(named, raiser.is_(None)) if "" in values else named)
        else:
            column = col(getattr(RegisterRow, by.value))
            found.append(column == values[0] if len(values) == 1 else column.in_(values))
    return found


def _is_a_quarter(asked: Asked) -> bool:
    return bool(asked.first) and (asked.first, asked.last) == months_of(quarter_of_month(asked.first))


def _grouped(
    connection: Connection, authority: str, kind: str, asked: Asked, names: Sequence[By]
) -> tuple[dict[tuple[str, ...], int], int]:
    """How many items have each value, or values, and how many there are: one reading of the lines gives both."""
    made, grouped = query(connection, authority, kind, asked, names)
    places = [(by, grouped.index(column_of(by))) for by in names]
    known: dict[tuple[By, Any], str] = {}
    found: dict[tuple[str, ...], int] = {}
    there = further = 0
    for row in connection.execute(made):
        key = []
        for by, place in places:
            value = known.get((by, row[place]))
            if value is None:
                value = known[by, row[place]] = value_of(by, row[place])
            key.append(value)
        values = tuple(key)
        number = row[len(grouped)]
        found[values] = found.get(values, 0) + number
        there += number
        further = row[-1] if len(row) > len(grouped) + 1 else 0
    there -= further
    if is_narrowed_to_reasons(asked) and flag_of(names) != "is_first":
        there = _grouped(connection, authority, kind, asked, ())[1]
    return {values: number for values, number in found.items() if number}, there


def query(connection: Connection, authority: str, kind: str, asked: Asked, names: Sequence[By]) -> tuple[Any, list[str]]:
    """The counting query of one kind of item, and the columns that it groups by before its counts.

    Where an item can stand in it more than once, its last column says how many of the rows counted are not an item's first.
    """
    columns = list(dict.fromkeys(column_of(by) for by in names))
    table = RegisterRow.__table__  # type: ignore[attr-defined]
    # The indexes are of one kind, or of the others: they are known by the very words, which no parameter may hide.
    here = [table.c.authority == authority, table.c.kind == literal(kind, literal_execute=True)]
    if kind != CHALLENGE:
        here.append(table.c.kind != literal(CHALLENGE, literal_execute=True))
    grouped = columns
    if is_narrowed_to_reasons(asked):
        # Which of an item's rows is its first says nothing of those that are left: each is counted once by its identity.
        numbers = [func.count(table.c.id.distinct()).label("items")]
    else:
        numbers = [func.count().label("items")]
        flag = flag_of(names)
        if flag:
            here.append(table.c[flag].is_(true()))
        if flag != "is_first":
            further = select(func.count()).where(*here, table.c.is_first.is_(false()), *_months(asked), *_values(asked))
            numbers.append(further.correlate(None).scalar_subquery().label("further"))
        narrowed = [column_of(by) for by, _ in asked.only]
        needed = {*columns, *narrowed, *(("month",) if asked.first or asked.last else ())}
        ordered = connection.dialect.name == "sqlite" and not _is_a_quarter(asked)
        grouped = _in_order(columns, needed, flag) if ordered else columns
    made = select(*(table.c[name] for name in grouped), *numbers).where(*here, *conditions(asked))
    if grouped:
        made = made.group_by(*(table.c[name] for name in grouped))
    return made, grouped


def is_narrowed_to_reasons(asked: Asked) -> bool:
    """Any row of an item's may then be the one that counts, not its first alone."""
    return any(by in (By.REASON, By.THEME) for by, _ in asked.only)


def flag_of(names: Sequence[By]) -> str:
    """Which of an item's rows count: all of them by reason (empty), one of each theme by theme, else the first."""
    return "" if By.REASON in names else "is_first_of_theme" if By.THEME in names else "is_first"


def _in_order(columns: list[str], needed: set[str], flag: str) -> list[str]:
    """The columns to group by so that some index is read in its own order; as they came where none holds them all."""
    best: list[str] = []
    for cover in COVERS[flag].values():
        if not needed <= {*cover}:
            continue
        last = max((cover.index(name) for name in columns), default=-1)
        prefix = [*cover[: last + 1]]
        if not best or len(prefix) < len(best):
            best = prefix
    return best or columns
