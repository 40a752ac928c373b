"""Rows of one decision, or of many, written with few statements.

On PostgreSQL the rows of all tables go in one statement, as one JSON value: what a statement costs there is the way to the server
and a parameter for each cell. On SQLite, where there is no way to go and a statement writes one table, there is one a table.
The statements are the drivers' own, written once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import JSON, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from drp.database.json_values import to_json
from drp.database.scope import core_table

Rows = Sequence[Mapping[str, Any]]
Cells = Callable[[Mapping[str, Any]], tuple[Any, ...]]
"""Makes the parameters of a row, as SQLite keeps them."""

_SQLITE, _POSTGRESQL = sqlite.dialect(json_serializer=to_json), postgresql.dialect()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class NewRows:
    """Rows that are put into a table, each with a value for every column but those `without`.

    `renews`: where there is a row of its key, these columns of that are put anew; all: every column beside the key. `only_if`:
    and only where this column of the new row is true.
    """

    row: type[Any]
    renews: tuple[str, ...] = ()
    only_if: str = ""
    without: tuple[str, ...] = ()

    @property
    def table(self) -> Table:
        """The table that they are put into."""
        return core_table(self.row)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of which each row has a value."""
        return tuple(column.name for column in self.table.c if column.name not in self.without)

    def in_conflict(self) -> str:
        """What is done where there is a row of its key."""
        if not self.renews:
            return ""
        key = [column.name for column in self.table.primary_key]
        renewed = [name for name in self.columns if name not in key] if self.renews == ALL else self.renews
        put = ", ".join(f'"{name}" = excluded."{name}"' for name in renewed)
        only = f' WHERE excluded."{self.only_if}"' if self.only_if else ""
        return f" ON CONFLICT ({_listed(key)}) DO UPDATE SET {put}{only}"


ALL = ("*",)
"""Every column beside the key."""


def write_together(connection: Connection, kinds: Iterable[NewRows], rows: Mapping[str, Rows]) -> None:
    """Write rows of several tables, by the tables' names. `kinds`: in the order in which their rows lean on each other."""
    wanted = tuple(kind for kind in kinds if rows.get(kind.table.name))
    if not wanted:
        return
    if connection.dialect.name == "postgresql":
        given = {str(kind.table.name): rows[kind.table.name] for kind in wanted}
        connection.exec_driver_sql(_in_one_statement(wanted), (to_json(given),))
        return
    for kind in wanted:
        statement, cells = for_one_table(kind)
        connection.exec_driver_sql(statement, [cells(row) for row in rows[kind.table.name]])


@dataclass(frozen=True)
class ChangedRows:
    """Rows that are changed whole, each found by its key, and only where it has the `version` that it was read with.

    A row says that version; it has the next one then. `without`: columns that never change.
    """

    row: type[Any]
    key: tuple[str, ...]
    version: str
    without: tuple[str, ...] = ()

    def write(self, connection: Connection, rows: Rows) -> int:
        """Change them, and give how many there were: fewer than `rows`, where another changed one first."""
        if connection.dialect.name == "postgresql":
            return connection.exec_driver_sql(_changing_many(self), (to_json(rows),)).rowcount
        statement, cells = self.for_each()
        return connection.exec_driver_sql(statement, [cells(row) for row in rows]).rowcount

    @cache  # noqa: B019 -- there is one of these a table, for the life of the process
    def for_each(self) -> tuple[str, Cells]:
        """SQLite's statement that changes a row, and what makes its parameters."""
        table, found = core_table(self.row), (*self.key, self.version)
        put, same = (joint.join(f'"{name}" = ?' for name in names) for joint, names in ((", ", self.columns), (" AND ", found)))
        statement = f'UPDATE "{table.name}" SET "{self.version}" = "{self.version}" + 1, {put} WHERE {same}'
        return statement, cells_of(table, (*self.columns, *found))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are changed, beside the version."""
        kept = {*self.key, self.version, *self.without}
        return tuple(column.name for column in core_table(self.row).c if column.name not in kept)


@cache
def _in_one_statement(kinds: tuple[NewRows, ...]) -> str:
    """PostgreSQL's statement for rows of some tables: one parameter, the rows of each by the table's name."""
    parts = ["given AS (SELECT CAST(%s AS json) AS rows)"]
    for kind in kinds:
        name, columns = kind.table.name, _listed(kind.columns)
        records = _as_records(kind.table, kind.columns, f"given.rows -> '{name}'")
        put = f'INSERT INTO "{name}" ({columns}) SELECT {columns} FROM given, {records}{kind.in_conflict()}'
        parts.append(f"new_{name} AS ({put})")
    return f"WITH {', '.join(parts)} SELECT 1"


@cache
def _changing_many(kind: ChangedRows) -> str:
    """PostgreSQL's statement that changes rows: one parameter, the rows."""
    table, found = core_table(kind.row), (*kind.key, kind.version)
    put = ", ".join(f'"{name}" = r."{name}"' for name in kind.columns)
    same = " AND ".join(f't."{name}" = r."{name}"' for name in found)
    return (
        f'UPDATE "{table.name}" t SET "{kind.version}" = t."{kind.version}" + 1, {put} '
        f"FROM {_as_records(table, (*kind.columns, *found), 'CAST(%s AS json)')} WHERE {same}"
    )


def _as_records(table: Table, columns: Iterable[str], given: str) -> str:
    types = ", ".join(f'"{name}" {table.c[name].type.compile(dialect=_POSTGRESQL)}' for name in columns)
    return f"json_to_recordset({given}) AS r({types})"


@cache
def for_one_table(kind: NewRows) -> tuple[str, Cells]:
    """SQLite's statement for rows of one table, and what makes a row's parameters."""
    places = ", ".join("?" for _ in kind.columns)
    statement = f'INSERT INTO "{kind.table.name}" ({_listed(kind.columns)}) VALUES ({places}){kind.in_conflict()}'
    return statement, cells_of(kind.table, kind.columns)


def cells_of(table: Table, columns: tuple[str, ...]) -> Cells:
    """What makes a row's parameters: cells that SQLite does not keep as they are, such as instants, are put into its words."""
    processors = [table.c[name].type.dialect_impl(_SQLITE).bind_processor(_SQLITE) for name in columns]
    in_words = [
        # Of all but JSON the rows of a decision, and of those beside it, have the same: it is put into words once.
        (n, keep if isinstance(table.c[name].type, JSON) else lru_cache(maxsize=256)(keep))
        for n, (name, keep) in enumerate(zip(columns, processors, strict=True))
        if keep is not None
    ]
    pick = itemgetter(*columns)

    def cells(row: Mapping[str, Any]) -> tuple[Any, ...]:
        made = list(pick(row))
        for n, keep in in_words:
            made[n] = keep(made[n])
        return tuple(made)

    return cells


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
