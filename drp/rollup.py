"""The rollup: every pair of values counted beforehand, quarter by quarter, and always equal to the lines.

Whoever changes a line marks its quarter in the same transaction (`drp.register.touch`). What is asked is read from the cells
where the quarter is not marked, and counted from the lines where it is; counting a quarter again takes away the marks that
were there before it was counted, and no other. A mark can therefore outlive its cause, and a cause never its mark.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text
from sqlmodel import col

from drp import counting
from drp.counting import Asked, By, Counts, days_of, months_of, quarter_of_month, value_of
from drp.register import CellRow, RegisterRow, TouchedRow

COUNTED = (
    By.MONTH, By.STAGE, By.REASON, By.THEME, By.TEAM, By.SERVICE, By.STATUS, By.ITEM_TYPE, By.OUTCOME, By.IMPACT,
)  # fmt: skip
"""What cells are kept for, each with each. Quarters and years follow from where the cells stand."""


PAIRS: tuple[tuple[By, By], ...] = tuple((By(a), By(b)) for a, b in map(sorted, combinations(COUNTED, 2)))

_LOCK = 7_301_115
"""One counts again at a time (PostgreSQL advisory lock): an older count must not come after a newer one."""


def count(connection: Connection, authority: str, asked: Asked) -> Counts:
    """The same as `counting.live`, from the cells as far as they answer it. One transaction sees both as they stood."""
    if not answers(asked):
        return counting.live(connection, authority, asked)
    marked = touched(connection, authority)
    quarters = [quarter for quarter in sorted(marked) if _is_within(quarter, asked)]
    cells: Counter[tuple[str, str]] = Counter()
    a, b = _pair(asked)
    table = CellRow.__table__  # type: ignore[attr-defined]
    query = select(table.c.quarter, table.c.value_a, table.c.value_b, table.c["items"]).where(
        table.c.authority == authority, table.c.a == a, table.c.b == b, table.c.kind.in_(asked.kinds), *_period(asked)
    )
    if marked:
        query = query.where(table.c.quarter.not_in(marked))
    for quarter, value_a, value_b, number in connection.execute(query):
        values = {a: value_a, b: value_b}
        key = tuple(_value(by, quarter, values) for by in asked.names)
        cells[key[0], key[1] if asked.across else ""] += number
    # Where an item stands in one cell only, the cells add up to the items.
    items = sum(cells.values()) if _flag(asked.names) == 0 else _items(connection, authority, asked, marked)
    for quarter in quarters:
        first, last = months_of(quarter)
        now = counting.live(connection, authority, Asked(asked.by, asked.across, first, last, (), asked.kinds))
        cells.update(dict(now.cells))
        items += now.items
    return Counts(dict(cells), items)


def answers(asked: Asked) -> bool:
    """Do the cells hold what is asked? Not by IRO, nor narrowed to values, nor for part of a quarter."""
    whole = all(
        not month or month in (months_of(quarter_of_month(month))[end],)
        for end, month in enumerate((asked.first, asked.last))
    )  # fmt: skip
    return whole and not asked.only and By.IRO not in asked.names


def touched(connection: Connection, authority: str) -> set[str]:
    """The quarters that are to be counted again."""
    marks = select(col(TouchedRow.quarter)).where(col(TouchedRow.authority) == authority).distinct()
    return set(connection.execute(marks).scalars())


def recount(connection: Connection, authority: str, most: int = 8) -> int:
    """Count some marked quarters again; gives how many. The caller's is a writing transaction, and short."""
    if connection.dialect.name == "postgresql":
        # Whoever is not first does nothing: another is counting, and what is marked stays marked.
        locked = connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _LOCK}).scalar_one()
        if not locked:
            return 0
    marks = connection.execute(
        select(col(TouchedRow.id), col(TouchedRow.quarter)).where(col(TouchedRow.authority) == authority)
    ).all()
    quarters = sorted({mark.quarter for mark in marks})[-most:]
    for quarter in quarters:
        here = (col(CellRow.authority) == authority, col(CellRow.quarter) == quarter)
        connection.execute(delete(CellRow).where(*here))
        rows = _cells(connection, authority, quarter)
        if rows:
            connection.execute(insert(CellRow), rows)
    done = [mark.id for mark in marks if mark.quarter in quarters]
    for start in range(0, len(done), 500):
        some = done[start : start + 500]
        connection.execute(delete(TouchedRow).where(col(TouchedRow.authority) == authority, col(TouchedRow.id).in_(some)))
    return len(quarters)


def _cells(connection: Connection, authority: str, quarter: str) -> list[dict[str, Any]]:
    first, last = days_of(quarter)
    table = RegisterRow.__table__  # type: ignore[attr-defined]
    names = [*(by.value for by in COUNTED), "kind", "is_first", "is_first_of_theme"]
    lines = connection.execute(
        select(*(table.c[name] for name in names), func.count())
        .where(table.c.authority == authority, table.c.raised_on >= first, table.c.raised_on < last)
        .group_by(*(table.c[name] for name in names))
    )
    pairs = [(a, b, COUNTED.index(a), COUNTED.index(b), _flag((a, b))) for a, b in PAIRS]
    found: Counter[tuple[str, str, str, str, str]] = Counter()
    flags = len(COUNTED) + 1
    for line in lines:
        number, kind = line[-1], line[len(COUNTED)]
        for a, b, at_a, at_b, flag in pairs:
            if flag is None or line[flags + flag]:
                found[a.value, b.value, kind, line[at_a] or "", line[at_b] or ""] += number
    return [
        {"authority": authority, "a": a, "b": b, "quarter": quarter, "kind": kind, "value_a": x, "value_b": y, "items": number}
        for (a, b, kind, x, y), number in found.items()
    ]


def _flag(names: Sequence[By]) -> int | None:
    """Which of an item's rows count: all (None), the first (0), or the first of each theme (1)."""
    return None if By.REASON in names else 1 if By.THEME in names else 0


def _pair(asked: Asked) -> tuple[By, By]:
    """The cells that hold what is asked: with the month where it is counted by one thing, or by a period."""
    fine = [By.MONTH if by in counting.PERIODS else by for by in asked.names]
    wanted = set(fine)
    if len(wanted) == 1:
        other = By.ITEM_TYPE if wanted == {By.MONTH} else By.MONTH
        wanted.add(other)
    a, b = sorted(wanted)
    return By(a), By(b)


def _value(by: By, quarter: str, values: dict[By, str]) -> str:
    if by is By.QUARTER:
        return quarter
    return value_of(by, values[By.MONTH] if by in counting.PERIODS else values[by])


def _items(connection: Connection, authority: str, asked: Asked, marked: set[str]) -> int:
    table = CellRow.__table__  # type: ignore[attr-defined]
    a, b = _pair(Asked(By.MONTH))
    query = select(func.coalesce(func.sum(table.c["items"]), 0)).where(
        table.c.authority == authority, table.c.a == a, table.c.b == b, table.c.kind.in_(asked.kinds), *_period(asked)
    )
    if marked:
        query = query.where(table.c.quarter.not_in(marked))
    return int(connection.execute(query).scalar_one())


def _period(asked: Asked) -> list[Any]:
    table = CellRow.__table__  # type: ignore[attr-defined]
    found = [table.c.quarter >= quarter_of_month(asked.first)] if asked.first else []
    return found + ([table.c.quarter <= quarter_of_month(asked.last)] if asked.last else [])


def _is_within(quarter: str, asked: Asked) -> bool:
    after = not asked.first or quarter >= quarter_of_month(asked.first)
    return after and (not asked.last or quarter <= quarter_of_month(asked.last))
