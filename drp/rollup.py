"""The rollup: every pair of values counted beforehand, quarter by quarter, and always equal to the lines.

Whoever changes a line marks its quarter in the same transaction (`drp.register.touch`). What is asked is read from the cells
where the quarter is not marked, and counted from the lines where it is; counting a quarter again takes away the marks that
were there before it was counted, and no other. A mark can therefore outlive its cause, and a cause never its mark.
"""

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, text
from sqlmodel import col

from drp import counting
from drp.counting import Asked, By, Counts, flag_of, value_of
from drp.register import CellRow, RegisterRow, TouchedRow
from workflows.periods import days_of, months_of, quarter_of_month

COUNTED = (
    By.MONTH, By.STAGE, By.REASON, By.THEME, By.TEAM, By.SERVICE, By.STATUS, By.ITEM_TYPE, By.OUTCOME, By.IMPACT,
)  # fmt: skip
"""What cells are kept for, each with each. Quarters and years follow from where the cells stand."""


PAIRS: tuple[tuple[By, By], ...] = tuple((By(a), By(b)) for a, b in map(sorted, combinations(COUNTED, 2)))

_LOCK = 7_301_115
"""One counts an authority again at a time (PostgreSQL advisory lock): an older count must not come after a newer one."""


def count(connection: Connection, authority: str, asked: Asked) -> Counts:
    """The same as `counting.live`, from the cells as far as they answer it: cells and marks as they stood at one moment."""
    if not answers(asked):
        return counting.live(connection, authority, asked)
    a, b = _pair(asked)
    cells: Counter[tuple[str, str]] = Counter()
    marked: list[str] = []
    items = 0
    for what, quarter, value_a, value_b, number in connection.execute(
        _STATEMENTS[flag_of(asked.names) != "is_first"], _asked(authority, asked, a, b)
    ):
        if what == _MARK:
            marked.append(quarter)
        elif what == _ITEMS:
            items += number
        else:
            values = {a: value_a, b: value_b}
            key = tuple(_value(by, quarter, values) for by in asked.names)
            cells[key[0], key[1] if asked.across else ""] += number
    if flag_of(asked.names) == "is_first":  # an item stands in one cell only: they add up to the items
        items = sum(cells.values())
    for quarter in sorted(set(marked)):
        if _is_within(quarter, asked):
            first, last = months_of(quarter)
            now = counting.live(connection, authority, Asked(asked.by, asked.across, first, last, (), asked.kinds))
            cells.update(dict(now.cells))
            items += now.items
    return Counts(dict(cells), items)


_CELL, _MARK, _ITEMS = 0, 1, 2


_HERE = (
    "FROM cell WHERE authority = :authority AND kind IN :kinds AND quarter >= :first AND quarter <= :last "
    "AND quarter NOT IN (SELECT quarter FROM touched WHERE authority = :authority)"
)
_CELLS = f"SELECT {_CELL}, quarter, value_a, value_b, items {_HERE} AND a = :a AND b = :b"
_MARKS = f"SELECT {_MARK}, quarter, '', '', 0 FROM touched WHERE authority = :authority"
_ALL_ITEMS = f"SELECT {_ITEMS}, '', '', '', coalesce(sum(items), 0) {_HERE} AND a = :item_type AND b = :month"
_KINDS: BindParameter[Any] = bindparam("kinds", expanding=True)
_STATEMENTS = {
    every: text(" UNION ALL ".join(parts)).bindparams(_KINDS)
    for every, parts in ((True, (_CELLS, _MARKS, _ALL_ITEMS)), (False, (_CELLS, _MARKS)))
}
"""One statement for all of it: the cells of what is not marked, the marks, and (where cells cannot say it) the items.

Written out, and not put together at each reading: that would take longer than the database does.
"""


def _asked(authority: str, asked: Asked, a: By, b: By) -> dict[str, Any]:
    first = quarter_of_month(asked.first) if asked.first else ""
    last = quarter_of_month(asked.last) if asked.last else "9999-Q4"
    said = {"authority": authority, "kinds": list(asked.kinds), "first": first, "last": last, "a": a.value, "b": b.value}
    return said if flag_of(asked.names) == "is_first" else said | {"item_type": By.ITEM_TYPE.value, "month": By.MONTH.value}


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


def recount(connection: Connection, authority: str, most: int = 8) -> list[str]:
    """Count some marked quarters again, the oldest first; gives which. The caller's is a writing transaction, and short."""
    if connection.dialect.name == "postgresql":
        # Whoever is not first does nothing: another is counting, and what is marked stays marked.
        locked = connection.execute(
            text("SELECT pg_try_advisory_xact_lock(:key, hashtext(:authority))"), {"key": _LOCK, "authority": authority}
        ).scalar_one()
        if not locked:
            return []
    marks = connection.execute(
        select(col(TouchedRow.id), col(TouchedRow.quarter)).where(col(TouchedRow.authority) == authority)
    ).all()
    quarters = sorted({mark.quarter for mark in marks})[:most]
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
    return quarters


def _cells(connection: Connection, authority: str, quarter: str) -> list[dict[str, Any]]:
    first, last = days_of(quarter)
    table = RegisterRow.__table__  # type: ignore[attr-defined]
    names = ["kind", "is_first", "is_first_of_theme", *(by.value for by in COUNTED)]
    lines = connection.execute(
        select(*(table.c[name] for name in names)).where(
            table.c.authority == authority, table.c.raised_on >= first, table.c.raised_on < last
        )
    ).all()
    made = []
    for kind in sorted({line[0] for line in lines}):
        # Column by column: each pair is then counted without a step of ours for each line.
        counted = {
            flag: dict(zip(COUNTED, list(zip(*some, strict=True))[3:], strict=True))
            for flag, some in _by_flag([line for line in lines if line[0] == kind]).items()
            if some
        }
        made += [
            {"authority": authority, "a": a.value, "b": b.value, "quarter": quarter, "kind": kind, "value_a": x, "value_b": y,
             "items": number}
            for a, b in PAIRS
            if (columns := counted.get(flag_of((a, b))))
            for (x, y), number in Counter(zip(columns[a], columns[b], strict=True)).items()
        ]  # fmt: skip
    return made


def _by_flag(lines: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """An item's rows that count: all of them, its first, the first of each of its themes."""
    return {"": lines, "is_first": [line for line in lines if line[1]], "is_first_of_theme": [line for line in lines if line[2]]}


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


def _is_within(quarter: str, asked: Asked) -> bool:
    after = not asked.first or quarter >= quarter_of_month(asked.first)
    return after and (not asked.last or quarter <= quarter_of_month(asked.last))
