"""The rows that decisions wrote, remembered as they were written, to be written once more by the driver alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from drp.casework import save
from drp.database.engine import Store
from drp.database.rows_together import ChangedRows, NewRows, for_one_table, write_together
from drp.database.scope import core_table

Kind = NewRows | ChangedRows
Statement = tuple[str, list[tuple[Any, ...]]]
"""A statement with the parameters of each row that it writes."""


class OwnRows:
    """What was written while it was `remembering`: of each decision, or batch of them, the rows of each table."""

    def __init__(self) -> None:
        self.batches: list[list[tuple[Kind, list[Any]]]] = []

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Remember what is written until the block ends; each transaction begins with the items that it changes."""
        real = ChangedRows.write

        def noted(connection: Any, kinds: Any, rows: Any) -> None:
            if self.batches:
                self.batches[-1] += [(kind, list(rows[kind.table.name])) for kind in kinds if rows.get(kind.table.name)]
            write_together(connection, kinds, rows)

        def changing(kind: ChangedRows, connection: Any, rows: Any) -> int:
            self.batches.append([(kind, list(rows))])
            return real(kind, connection, rows)

        save.write_together, ChangedRows.write = noted, changing  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            save.write_together, ChangedRows.write = write_together, real  # type: ignore[method-assign]

    def statements(self, store: Store) -> list[list[Statement]]:
        """The same as statements for the driver of a store, their cells made: a list for each transaction."""
        return [[_statement(kind, rows, store) for kind, rows in batch] for batch in self.batches]


def _statement(kind: Kind, rows: list[Any], store: Store) -> Statement:
    if isinstance(kind, NewRows):
        table, columns = kind.table, kind.columns
        statement, cells = for_one_table(kind)
    else:
        table, columns = core_table(kind.row), (*kind.columns, *kind.key, kind.version)
        statement, cells = kind.for_each()
    if store.is_sqlite:
        return statement, [cells(row) for row in rows]
    dialect = store.writer.dialect
    keeps = [(name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in columns]
    return statement.replace("?", "%s"), [tuple(keep(row[name]) if keep else row[name] for name, keep in keeps) for row in rows]


class RawWriter:
    """A database to which statements are written by the driver alone, one transaction for each list of them."""

    def __init__(self, store: Store, authority: str) -> None:
        self._is_sqlite, self._authority = store.is_sqlite, authority
        self._connection = store.writer.raw_connection()

    def write(self, statements: list[Statement]) -> None:
        """Write them, and commit."""
        cursor = self._connection.cursor()
        if self._is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        else:
            cursor.execute("SELECT set_config('drp.authority', %s, true)", (self._authority,))
        for statement, rows in statements:
            cursor.executemany(statement, rows)
        self._connection.driver_connection.commit()  # type: ignore[union-attr]

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()
