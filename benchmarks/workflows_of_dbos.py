"""A decision that is kept, beside a workflow of DBOS that keeps five rows.

In each round, on each engine, one after the other: a manager's reply as the service acts on it, whole; a DBOS workflow of one
step, which writes five rows as the driver's own statement in one transaction; a DBOS workflow of one transaction of a DBOS
datasource, which keeps its checkpoint with the five rows; those five rows by the driver alone. DBOS has its tables in the copy of
the database where the five rows go. It says nothing, has no conductor and no telemetry, and is ended after each engine.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from dbos import DBOS, DBOSConfig, SQLAlchemyDatasource
from sqlalchemy import text

from benchmarks.decision import NOW, BenchRow, Side, postgresql_side, sqlite_side
from benchmarks.measuring import Goal, Table, in_turn
from drp.database.sqlite_driver import sqlite3

WHOLE, STEP, TRANSACTION = "the service's whole act", "a DBOS workflow of one step", "a DBOS workflow of one transaction"
RAW = "five rows, raw"
WARM = 10
COLUMNS = tuple(BenchRow.__table__.c.keys())  # type: ignore[attr-defined]


class Workflows:
    """DBOS on the copy of a side's database where sessions write: two workflows, each of which keeps five rows."""

    def __init__(self, side: Side) -> None:
        self.store = side.orm
        self.raw_connection = self.store.writer.raw_connection()
        config: DBOSConfig = {
            "name": "bench",
            "system_database_url": self.store.url,
            "db_engine_kwargs": self._of_the_driver,
            "log_level": "CRITICAL",
            "enable_otlp": False,
        }
        self.dbos = DBOS(config=config)
        source = SQLAlchemyDatasource.create(self.store.url, self._of_the_driver)
        level = "SERIALIZABLE" if self.store.is_sqlite else "READ COMMITTED"
        statement = f"INSERT INTO bench_row ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})"

        @source.transaction(isolation_level=level)  # type: ignore[call-overload, untyped-decorator, unused-ignore]
        def in_one_transaction() -> str:
            rows = [dict(zip(COLUMNS, cells, strict=True)) for cells in self._cells()]
            source.sql_session().execute(text(statement), rows)
            return "kept"

        @DBOS.step(name="five_rows")
        def in_one_step() -> str:
            return self.raw_rows()

        @DBOS.workflow(name="of_one_step")
        def of_one_step() -> str:
            return in_one_step()

        @DBOS.workflow(name="of_one_transaction")
        def of_one_transaction() -> str:
            return str(in_one_transaction())

        self.of_one_step, self.of_one_transaction = of_one_step, of_one_transaction
        DBOS.launch()
        self.durability = self._durability(source)

    @property
    def _of_the_driver(self) -> dict[str, Any]:
        return {"module": sqlite3} if self.store.is_sqlite else {}

    def _durability(self, source: SQLAlchemyDatasource) -> str:
        """What the connections of DBOS and of its datasource have. Raises AssertionError where it is less than the service's."""
        ask = "PRAGMA synchronous" if self.store.is_sqlite else "SHOW synchronous_commit"
        said = set()
        for engine in (self.dbos._sys_db.engine, source.engine):
            with engine.connect() as connection:
                said.add(str(connection.exec_driver_sql(ask).scalar_one()))
        assert said == ({"2"} if self.store.is_sqlite else {"on"}), said
        return "synchronous=FULL and a write-ahead log" if self.store.is_sqlite else "synchronous_commit=on"

    def _cells(self) -> list[tuple[Any, ...]]:
        at = NOW.isoformat(" ") if self.store.is_sqlite else NOW
        key: Callable[[], Any] = (lambda: uuid4().hex) if self.store.is_sqlite else uuid4
        return [(key(), "R", "1", "We will.", at, at, True, n) for n in range(5)]

    def raw_rows(self) -> str:
        """Five rows in one transaction, by the driver alone."""
        cursor, place = self.raw_connection.cursor(), "?" if self.store.is_sqlite else "%s"
        if self.store.is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        cursor.executemany(
            f"INSERT INTO bench_row ({', '.join(COLUMNS)}) VALUES ({', '.join(place for _ in COLUMNS)})", self._cells()
        )
        self.raw_connection.driver_connection.commit()  # type: ignore[union-attr]
        return "kept"

    def kept(self) -> dict[str, int]:
        """How many rows stand in the tables that it writes."""
        schema = "" if self.store.is_sqlite else "dbos."
        tables = {"bench_row": "", "workflow_status": schema, "operation_outputs": schema, "datasource_outputs": schema}
        with self.store.writer.connect() as connection:
            return {
                name: connection.execute(text(f"SELECT count(*) FROM {of}{name}")).scalar_one() for name, of in tables.items()
            }


@contextmanager
def workflows_on(side: Side) -> Iterator[Workflows]:
    """DBOS on a side's copy; it is ended whatever happens."""
    quiet = logging.getLogger("dbos")
    quiet.addHandler(logging.NullHandler())  # it makes a handler for the console where there is none
    quiet.propagate = False
    workflows = None
    try:
        workflows = Workflows(side)
        yield workflows
    finally:
        DBOS.destroy(destroy_registry=True)
        if workflows is not None:
            workflows.raw_connection.close()


def workflow_table(engine: str, side: Side, rounds: int) -> Table:
    """A reply that is kept for good, and workflows that keep five rows."""
    with workflows_on(side) as workflows:
        ways: dict[str, Callable[[], Any]] = {
            WHOLE: side.act, STEP: workflows.of_one_step, TRANSACTION: workflows.of_one_transaction, RAW: workflows.raw_rows,
        }  # fmt: skip
        written = side.recorded()
        rows = sum(len(rows) for _, rows in written)
        took = in_turn(ways, rounds, WARM)
        durability, kept = workflows.durability, workflows.kept()
    calls = rounds + WARM
    assert kept == {
        "bench_row": 15 * calls,
        "workflow_status": 2 * calls,
        "operation_outputs": 2 * calls,
        "datasource_outputs": 0,
    }, kept
    return Table(
        f"A decision beside a workflow of DBOS, {engine}",
        f"The act: read what stands and who they are, decide, find whom to tell, write {rows} rows, in one transaction. A DBOS "
        "workflow, called and waited for in the process: keep a row that it began, write five rows of set words, keep a row "
        "of what its step gave, change the first row, for it ended; it reads no case, asks nobody's right, decides nothing and "
        "tells nobody. Of one step: the driver writes the five rows in a transaction of their own, which a crash before the "
        "step's row is kept does twice. Of one transaction: DBOS's datasource keeps a checkpoint with the five rows, and takes "
        f"it away at the end. Raw: the five rows and no workflow. All with {durability}; DBOS with no conductor, no telemetry "
        "and no log, and with the threads that it starts by itself.",
        took,
        RAW,
        (Goal(WHOLE, 1, STEP, AS_MANY_STATEMENTS), Goal(WHOLE, 1, TRANSACTION)),
    )


AS_MANY_STATEMENTS = (
    "on PostgreSQL the act sends as many statements as the workflow sends for its own rows, seven, and half its time waits for "
    "them; what it saves are three commits of four, and what it has more is to read the case and to write its rows"
)


def tables(rounds: int = 200) -> Iterator[Table]:
    """On each engine, one after the other: there is one DBOS a process."""
    for engine, made in {"SQLite": sqlite_side, "PostgreSQL": postgresql_side}.items():
        with made(rounds + WARM + 1) as side:
            yield workflow_table(engine, side, rounds)


if __name__ == "__main__":
    for table in tables():
        print(table.markdown())
