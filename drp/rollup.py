"""The rollup: every pair of values counted beforehand, quarter by quarter, and always equal to the lines.

What is asked is the cells, and with them what came and left since they were counted (`drp.register.MovedRow`), which every
decision writes with its lines; the heartbeat adds it to the cells. Where many lines come or go at once their quarters are
marked instead (`drp.register.touch`): such a quarter is asked of its lines until it is counted anew. Counting it takes away
the marks that were there before, and what came and left among the lines that it counted, and no other.
"""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, TextClause, bindparam, delete, insert, null, select, text, union_all
from sqlmodel import col

from drp import counting, register
from drp.counting import Asked, By, Counts, flag_of
from drp.register import CellRow, MovedRow, RegisterRow, TouchedRow
from workflows.periods import days_of, months_of, quarter_of_month

COUNTED = tuple(By(name) for name in register.COUNTED)
"""What cells are kept for: each alone, and each with each. Quarters and years follow from where the cells stand."""

KEPT: tuple[tuple[By, ...], ...] = (*((by,) for by in COUNTED), *combinations(sorted(COUNTED), 2))

_LOCK = 7_301_115
"""One counts an authority at a time (PostgreSQL advisory lock): an older count must not come after a newer one."""


def count(connection: Connection, authority: str, asked: Asked) -> Counts:
    """The same as `counting.live`, from the cells as far as they answer it: cells and marks as they stood at one moment."""
    if not answers(asked):
        return counting.live(connection, authority, asked)
    cells: Counter[tuple[str, str]] = Counter()
    marked: list[str] = []
    items = 0
    for what, value, other, number in connection.execute(_statement(asked.names), _asked(authority, asked)):
        if what == _MARK:
            marked.append(value)
        elif what == _ITEMS:
            items += number
        else:
            cells[value, other] = number
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
    "authority = :authority AND kind IN :kinds AND quarter >= :first AND quarter <= :last "
    "AND quarter NOT IN (SELECT quarter FROM touched WHERE authority = :authority)"
)


@cache
def _statement(names: tuple[By, ...]) -> TextClause:
    """One statement for all of it: cells with what came and left since, the marks, and (where cells cannot say it) the items.

    Written out, and not put together at each reading: that would take longer than the database does.
    """
    flag = flag_of(names)
    kept = f"SELECT {_values(names, is_cell=True)}, items FROM cell WHERE {_HERE} AND {_is_kept_as(_kept_as(names))}"
    moved = f"SELECT {_values(names, is_cell=False)}, items FROM moved WHERE {_HERE}" + (f" AND {flag}" if flag else "")
    parts = [
        f"SELECT {_CELL}, x, y, sum(items) FROM ({kept} UNION ALL {moved}) AS cells GROUP BY x, y HAVING sum(items) <> 0",
        f"SELECT {_MARK}, quarter, '', 0 FROM touched WHERE authority = :authority",
    ]
    if flag != "is_first":
        kept = f"SELECT items FROM cell WHERE {_HERE} AND {_is_kept_as((By.ITEM_TYPE,))}"
        moved = f"SELECT items FROM moved WHERE {_HERE} AND is_first"
        parts.append(f"SELECT {_ITEMS}, '', '', coalesce(sum(items), 0) FROM ({kept} UNION ALL {moved}) AS firsts")
    return text(" UNION ALL ".join(parts)).bindparams(bindparam("kinds", expanding=True))


def _kept_as(names: tuple[By, ...]) -> tuple[By, ...]:
    """The cells that hold what is asked: a quarter and a year stand beside them."""
    return tuple(sorted({by for by in names if by not in (By.QUARTER, By.YEAR)})) or (By.ITEM_TYPE,)


def _is_kept_as(kept: tuple[By, ...]) -> str:
    return f"a = '{kept[0]}' AND b = '{kept[1] if len(kept) > 1 else ''}'"


def _values(names: tuple[By, ...], is_cell: bool) -> str:
    """What is asked for, from the columns of `cell` or `moved` that hold it."""
    held = {By.QUARTER: "quarter", By.YEAR: "substr(quarter, 1, 4)"}
    for by, column in zip(_kept_as(names), ("value_a", "value_b"), strict=False):
        held[by] = column if is_cell else by.value
    return f"{held[names[0]]} AS x, {held[names[1]] if len(names) > 1 else repr('')} AS y"


def _asked(authority: str, asked: Asked) -> dict[str, Any]:
    first = quarter_of_month(asked.first) if asked.first else ""
    last = quarter_of_month(asked.last) if asked.last else "9999-Q4"
    return {"authority": authority, "kinds": list(asked.kinds), "first": first, "last": last}


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


def every_quarter(connection: Connection, authority: str) -> set[str]:
    """Every quarter that has lines, or cells."""
    found: set[str] = set()
    for table in (RegisterRow, CellRow):
        found |= set(connection.execute(select(col(table.quarter)).where(col(table.authority) == authority).distinct()).scalars())
    return found


def is_behind(connection: Connection, authority: str) -> bool:
    """Is there anything that came or left which is not yet added to the cells?"""
    return connection.execute(select(col(MovedRow.id)).where(col(MovedRow.authority) == authority).limit(1)).first() is not None


def add_up(connection: Connection, authority: str, most: int = 100) -> int:
    """Add to the cells what came and left since; gives how many rows it was. A short writing transaction of the caller's."""
    if not _is_alone(connection, authority):
        return 0
    names = ["id", "quarter", "items", "kind", "is_first", "is_first_of_theme", *register.COUNTED]
    rows = connection.execute(
        select(*(col(getattr(MovedRow, name)) for name in names)).where(col(MovedRow.authority) == authority).limit(most)
    ).all()
    added = Counter[tuple[Any, ...]]()
    for row in rows:
        values = row._mapping
        for kept in KEPT:
            flag = flag_of(kept)
            if not flag or values[flag]:
                added[*_two(kept), row.quarter, row.kind, *_two([values[by] for by in kept])] += row.items
    cells = [
        {
            "authority": authority,
            **dict(zip(("a", "b", "quarter", "kind", "value_a", "value_b"), key, strict=True)),
            "items": items,
        }
        for key, items in added.items()
        if items
    ]
    if cells:
        connection.execute(_ADD, cells)
    _take_away(connection, MovedRow, authority, [row.id for row in rows])
    return len(rows)


_KEY = "authority, a, b, quarter, kind, value_a, value_b"
_ADD = text(
    f"INSERT INTO cell ({_KEY}, items) VALUES (:authority, :a, :b, :quarter, :kind, :value_a, :value_b, :items) "
    f"ON CONFLICT ({_KEY}) DO UPDATE SET items = cell.items + excluded.items"
)


def recount(connection: Connection, authority: str, most: int = 8) -> list[str]:
    """Count some marked quarters anew, the oldest first; gives which. The caller's is a writing transaction, and short."""
    if not _is_alone(connection, authority):
        return []
    marks = connection.execute(
        select(col(TouchedRow.id), col(TouchedRow.quarter)).where(col(TouchedRow.authority) == authority)
    ).all()
    quarters = sorted({mark.quarter for mark in marks})[:most]
    for quarter in quarters:
        here = (col(CellRow.authority) == authority, col(CellRow.quarter) == quarter)
        connection.execute(delete(CellRow).where(*here))
        lines, moved = _lines(connection, authority, quarter)
        rows = _cells(authority, quarter, lines)
        if rows:
            connection.execute(insert(CellRow), rows)
        _take_away(connection, MovedRow, authority, moved)
    _take_away(connection, TouchedRow, authority, [mark.id for mark in marks if mark.quarter in quarters])
    return quarters


def _is_alone(connection: Connection, authority: str) -> bool:
    """Whoever is not first does nothing: another is counting, and what is marked stays marked."""
    if connection.dialect.name != "postgresql":
        return True
    lock = text("SELECT pg_try_advisory_xact_lock(:key, hashtext(:authority))")
    return bool(connection.execute(lock, {"key": _LOCK, "authority": authority}).scalar_one())


def _take_away(connection: Connection, table: type[MovedRow] | type[TouchedRow], authority: str, ids: Sequence[UUID]) -> None:
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        connection.execute(delete(table).where(col(table.authority) == authority, col(table.id).in_(some)))


def _lines(connection: Connection, authority: str, quarter: str) -> tuple[list[Any], list[UUID]]:
    """A quarter's rows, and what came and left among them: in one statement, so that both are of one moment."""
    first, last = days_of(quarter)
    line, moved = RegisterRow.__table__, MovedRow.__table__  # type: ignore[attr-defined]
    names = ["kind", "is_first", "is_first_of_theme", *register.COUNTED]
    rows = connection.execute(
        union_all(
            select(moved.c.id, *(moved.c[name] for name in names)).where(
                moved.c.authority == authority, moved.c.quarter == quarter
            ),
            select(null(), *(line.c[name] for name in names)).where(
                line.c.authority == authority, line.c.raised_on >= first, line.c.raised_on < last
            ),
        )
    ).all()
    return [row[1:] for row in rows if row[0] is None], [row[0] for row in rows if row[0] is not None]


def _cells(authority: str, quarter: str, lines: Sequence[Any]) -> list[dict[str, Any]]:
    made = []
    for kind in sorted({line[0] for line in lines}):
        # Column by column: each pair is then counted without a step of ours for each line.
        counted = {
            flag: dict(zip(COUNTED, list(zip(*some, strict=True))[3:], strict=True))
            for flag, some in _by_flag([line for line in lines if line[0] == kind]).items()
            if some
        }
        here = {"authority": authority, "quarter": quarter, "kind": kind}
        made += [
            here | {"a": a, "b": b, "value_a": x, "value_b": y, "items": items}
            for kept in KEPT
            if (columns := counted.get(flag_of(kept)))
            for (a, b) in (_two(kept),)
            for values, items in Counter(zip(*(columns[by] for by in kept), strict=True)).items()
            for (x, y) in (_two(values),)
        ]
    return made


def _two(some: Sequence[str]) -> tuple[str, str]:
    """A cell has two of everything: the second is empty where it counts one thing alone."""
    return some[0], some[1] if len(some) > 1 else ""


def _by_flag(lines: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """An item's rows that count: all of them, its first, the first of each of its themes."""
    return {"": lines, "is_first": [line for line in lines if line[1]], "is_first_of_theme": [line for line in lines if line[2]]}


def _is_within(quarter: str, asked: Asked) -> bool:
    after = not asked.first or quarter >= quarter_of_month(asked.first)
    return after and (not asked.last or quarter <= quarter_of_month(asked.last))
