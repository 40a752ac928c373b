"""Bringing 100,000 past challenges in from a sheet, against the database's own bulk insert of the very same rows.

.venv/bin/python -m benchmarks.register

On PostgreSQL (where 127.0.0.1:5432 answers) the bulk insert is COPY; on SQLite one executemany of the driver's own.
"""

import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Connection, make_url, text

from api.assembly import shipped_calendar
from drp.casework.procedures import Procedures
from drp.casework.save import DecisionWriter
from drp.casework.service import Casework
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.database.migrate import migrate_database
from drp.database.register_tables import RegisterRow
from drp.directory.importing import import_directory
from drp.register_import.import_file import GivenSheet, import_sheet
from drp.register_import.mapping import SheetMapping
from drp.timeline.chain import ChainKey
from tests.cast.councils import DUNMOOR, directory_files, procedures
from tests.cast.stores import OWNER, Postgresql
from tests.register.books import book, sheet

ROWS = 100_000
NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
HEAD = (
    "reference",
    "raised_on",
    "ended_on",
    "item_type",
    "stage",
    "reason",
    "status",
    "team",
    "outcome",
    "impact",
    "child",
    "iro",
)


def rows() -> list[tuple[str, ...]]:
    """Ten years of challenges, as a council's sheet has them."""
    chance = random.Random(11)
    reasons = [reason.key for theme in procedures(DUNMOOR).authority.themes for reason in theme.reasons]
    made = []
    for n in range(ROWS):
        raised = date(2016, 1, 1) + timedelta(days=chance.randrange(3_600))
        ended = raised + timedelta(days=chance.randrange(60))
        said = (("Stage 2", "Stage 3", "Stage 4"), reasons, ("looked_after", "child_protection"), ("North Team", "south"),
                ("resolved", "withdrawn"), ("better", "", "partly"))  # fmt: skip
        cells = (chance.choice(one) for one in said)
        child, iro = f"C-{chance.randrange(20_000)}", chance.choice(("irene", "Ivor"))
        made.append((f"R-{n}", raised.isoformat(), ended.isoformat(), "formal", *cells, child, iro))
    return made


def casework(store: Store) -> Casework:
    """An authority with its procedures and directory on an empty database."""
    chance = Randomness(random.Random(3).randbytes)
    made = Casework(
        store,
        Procedures(shipped_calendar()),
        DecisionWriter(ChainKey("k", b"k" * 32), chance),
        chance,
        timedelta(hours=2),
    )
    read = procedures(DUNMOOR)
    with store.write(DUNMOOR.key) as connection:
        made.procedures.seed(connection, read, NOW)
        import_directory(connection, read.authority, read.ladders, directory_files(DUNMOOR), date(2026, 3, 2), chance)
    return made


def brought(store: Store, data: bytes, name: str) -> float:
    """Seconds to check and bring the sheet in, committed."""
    office = casework(store)
    with store.read(DUNMOOR.key) as connection:
        rules = office.procedures.current(connection, DUNMOOR.key)
    began = time.perf_counter()
    with store.write(DUNMOOR.key) as connection:
        done = import_sheet(office, connection, rules, GivenSheet(name, data, SheetMapping()), NOW, takes_over=False)
    took = time.perf_counter() - began
    assert done.lines == ROWS
    return took


def values(connection: Connection) -> list[tuple[Any, ...]]:
    """The register's rows as they stand, to be put in again."""
    return [tuple(row) for row in connection.execute(text("SELECT * FROM register")).all()]


def bulk(store: Store) -> float:
    """Seconds to take the same rows out and put them in at once, by the driver itself; only the putting in is timed."""
    table = RegisterRow.__table__  # type: ignore[attr-defined]
    with store.write(DUNMOOR.key) as connection:
        listed = values(connection)
        connection.execute(text("DELETE FROM register"))
    names = ", ".join(column.name for column in table.columns)
    began = time.perf_counter()
    with store.write(DUNMOOR.key) as connection:
        raw: Any = connection.connection.dbapi_connection
        if store.is_sqlite:
            raw.executemany(f"INSERT INTO register ({names}) VALUES ({', '.join('?' * len(table.columns))})", listed)
        else:
            with raw.cursor() as cursor, cursor.copy(f"COPY register ({names}) FROM STDIN") as copy:
                for row in listed:
                    copy.write_row(row)
    return time.perf_counter() - began


@contextmanager
def sqlite() -> Iterator[Callable[[], Store]]:
    """Fresh SQLite databases."""
    with tempfile.TemporaryDirectory() as folder:
        count = iter(range(100))

        def fresh() -> Store:
            store = Store(f"sqlite:///{folder}/{next(count)}.db")
            migrate_database(store)
            return store

        yield fresh


@contextmanager
def postgresql() -> Iterator[Callable[[], Store]]:
    """One PostgreSQL database, emptied each time; COPY needs that its owner's row level security is lifted."""
    server = Postgresql(make_url("postgresql+psycopg://postgres@127.0.0.1:5432/postgres"))
    server.prepare()
    try:

        def fresh() -> Store:
            server.empty()
            store = Store(server.url(OWNER))
            with store.engine.begin() as connection:
                connection.execute(text("ALTER TABLE register NO FORCE ROW LEVEL SECURITY"))
            return store

        yield fresh
    finally:
        server.clear()


def main() -> None:
    """Print the ratio for each engine and kind of file."""
    listed = rows()
    csv = "\n".join(",".join(row) for row in (HEAD, *listed)).encode()
    files = {"past.csv": csv, "past.xlsx": book({"S": sheet([HEAD, *listed])})}
    for name, engine in (("SQLite", sqlite), ("PostgreSQL", postgresql)):
        try:
            with engine() as fresh:
                for file, data in files.items():
                    store = fresh()
                    took, own = brought(store, data, file), bulk(store)
                    store.close()
                    said = f"brought in in {took:.1f} s, bulk insert {own:.1f} s: {took / own:.2f} times"
                    print(f"{name}, {file}: {ROWS:,} rows {said}")
        except psycopg.OperationalError:
            print(f"{name}: nothing answers on 127.0.0.1:5432, not measured")


if __name__ == "__main__":
    main()
