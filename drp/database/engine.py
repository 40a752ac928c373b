"""The database: one engine to write, one to read, one transaction per decision, one authority in it at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import local
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from drp.database.json_values import from_json, to_json
from drp.database.sqlite_driver import journal_mode, sqlite3
from drp.database.turns import NoTurn, Turns
from drp.database.unavailable import Busy, DiskFull, Unavailable


class Conflict(Exception):
    """Somebody else's decision on the same challenge committed first: decide again."""


@dataclass(frozen=True)
class Waits:
    """How long a connection waits and is waited for, in seconds; 0: without end.

    Whoever holds a row that others want is ended before those who wait give up for good: a replica that was frozen or lost
    in the middle of a transaction keeps nobody from an item for longer than `idle`.
    """

    row: float = 2
    """For a row that somebody else has in hand; on SQLite for the one writer."""
    statement: float = 10
    """For one statement (PostgreSQL)."""
    idle: float = 10
    """Between two statements of a transaction (PostgreSQL)."""
    connection: float = 2
    """For a connection of this process, where all are in use."""


OF_AN_OPERATOR = Waits(row=10, statement=0, idle=300, connection=10)
"""How long a command at the machine waits: it may bring in a whole directory, or look every timeline through."""

PATIENT = Waits(row=30, statement=40)
"""How long a referral waits: longer than whoever holds its item can hold it."""

_LONG_READING = Waits(statement=600, idle=60)
"""How long one snapshot may be read: it holds no row that anybody waits for."""


READ_AT_ONCE = 2
"""Threads that read an SQLite file at once: more take the interpreter from each other at each row; with one, each would wait
for the longest."""


class Store:
    """Where everything is kept. `write` and `read` give a connection inside one transaction for one authority.

    `writer` and `reader` are the engines that they use. On PostgreSQL both share one pool.
    """

    def __init__(self, url: str, pool_size: int = 10, waits: Waits = Waits()) -> None:
        self.url, self.waits = url, waits
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.writer = _sqlite(url, "IMMEDIATE", pool_size, waits) if self.is_sqlite else _postgresql(url, pool_size, waits)
        # Readers on SQLite begin plainly, or they would queue for the one write lock.
        # On PostgreSQL one snapshot for the whole of it: a chain read beside a commit must not look cut short.
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self.reader = _sqlite(url, "DEFERRED", pool_size, waits) if self.is_sqlite else self.writer.execution_options(**snapshot)
        self._to_write, self._to_read, self._has_turn = Turns(1), Turns(READ_AT_ONCE), local()

    def close(self) -> None:
        """Let every connection go."""
        self.writer.dispose()
        self.reader.dispose()

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations and the operator's commands."""
        return self.writer

    @property
    def in_words(self) -> str:
        """Which database, and (SQLite) which journal keeps what was committed."""
        if not self.is_sqlite:
            return "PostgreSQL"
        journal = "write-ahead log" if journal_mode() == "WAL" else "rollback journal"
        return f"SQLite {sqlite3.sqlite_version}, {journal}"

    @contextmanager
    def write(self, authority: str, is_patient: bool = False) -> Iterator[Connection]:
        """One transaction that commits whole or not at all; `is_patient`: it waits for a row as long as a referral does, which
        is for what must not fail because somebody is in the way: a referral, and the word that a mail has left.

        Raises Busy where a row or a connection is not to be had in time, Unavailable where the database is not.
        """
        engine = self.writer.execution_options(is_patient=True) if is_patient else self.writer
        waits = PATIENT if is_patient else self.waits
        with _said_plainly(), self._in_turn(self._to_write, waits.row), engine.begin() as connection:
            self.choose_authority(connection, authority, PATIENT if is_patient else None)
            yield connection

    @contextmanager
    def read(self, authority: str) -> Iterator[Connection]:
        """One short reading transaction. Raises Busy, Unavailable."""
        with _said_plainly(), self._in_turn(self._to_read, self.waits.connection), self.reader.begin() as connection:
            self.choose_authority(connection, authority)
            yield connection

    @contextmanager
    def snapshot(self, authority: str) -> Iterator[Connection]:
        """One long reading transaction that sees everything as it stood when it began."""
        with _said_plainly(), self.reader.begin() as connection:
            if not self.is_sqlite:  # on SQLite every reading transaction is one
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            self.choose_authority(connection, authority, _LONG_READING)
            yield connection

    @contextmanager
    def _in_turn(self, turns: Turns, seconds: float) -> Iterator[None]:
        """On SQLite: in its turn, but for a thread that has one already, for which others may be waiting."""
        if not self.is_sqlite or getattr(self._has_turn, "now", False):
            yield
            return
        with turns.taken(seconds):
            self._has_turn.now = True
            try:
                yield
            finally:
                self._has_turn.now = False

    def choose_authority(self, connection: Connection, authority: str, waits: Waits | None = None) -> None:
        """Let a transaction see one authority only. Does nothing on SQLite, where nothing but the queries separates them.

        Local to the transaction: neither that nor how long it `waits` can outlive it into the pool's next borrower.
        """
        if self.is_sqlite:
            return
        if waits is None:
            connection.execute(text("SELECT set_config('drp.authority', :key, true)"), {"key": authority})
            return
        chosen = text(
            "SELECT set_config('drp.authority', :key, true), set_config('lock_timeout', :row, true), "
            "set_config('statement_timeout', :statement, true), set_config('idle_in_transaction_session_timeout', :idle, true)"
        )
        connection.execute(chosen, {"key": authority, **_in_milliseconds(waits)})

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """One short reading transaction of no authority: it sees the schema and the clock, and nobody's rows."""
        with _said_plainly(), self.reader.begin() as connection:
            yield connection

    def refresh_statistics(self) -> None:
        """Have the database look again at how its tables are filled, so that it finds rows by the index that is fit for them.

        SQLite looks by itself at nothing: without it, a child's items are looked for among all of an authority's. It takes
        samples of tables that grew much since. A connection knows what was found when it was opened: those of this process
        are opened anew, those of others within the hour. PostgreSQL does all that by itself. Raises Unavailable.
        """
        if self.is_sqlite:
            with _said_plainly(), self.writer.begin() as connection:
                connection.exec_driver_sql("PRAGMA optimize=0x10012")
            self.writer.dispose()
            self.reader.dispose()

    def authorities(self) -> tuple[str, ...]:
        """The authorities served. On PostgreSQL by the one function that may look across them."""
        query = "SELECT key FROM authority ORDER BY key" if self.is_sqlite else "SELECT * FROM drp_authorities()"
        with self.look() as connection:
            return tuple(connection.execute(text(query)).scalars())

    def now_in_database(self) -> Any:
        """The database's own clock (aware UTC), or None where it is this machine's own (SQLite)."""
        if self.is_sqlite:
            return None
        with self.look() as connection:
            return connection.execute(text("SELECT clock_timestamp()")).scalar_one()


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except NoTurn as error:
        raise Busy("others came first, and are not done yet") from error
    except NoConnectionFree as error:
        raise Busy("every connection is in use") from error
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", "") or ""
        said = str(error.orig)
        if state in _HELD_BY_ANOTHER or "database is locked" in said or "database table is locked" in said:
            raise Busy(said) from error
        if has_full_disk(error):
            raise DiskFull(said) from error
        if isinstance(error, OperationalError) or error.connection_invalidated or _is_full_or_read_only(state):
            raise Unavailable(said) from error
        raise


_HELD_BY_ANOTHER = ("55P03", "40001", "40P01")
"""PostgreSQL's states of a transaction that others were in the way of: lock not available, serialization, deadlock."""


def has_full_disk(error: BaseException) -> bool:
    """Was it refused because the database's disk is full?"""
    cause = getattr(error, "orig", error)
    return getattr(cause, "sqlstate", "") == "53100" or "disk is full" in str(cause)


def _is_full_or_read_only(state: str) -> bool:
    return state.startswith(("53", "57", "58", "08")) or state == "25006"


def _in_milliseconds(waits: Waits) -> dict[str, str]:
    return {name: f"{int(getattr(waits, name) * 1000)}" for name in ("row", "statement", "idle")}


def _sqlite(url: str, begin: str, pool_size: int, waits: Waits) -> Engine:
    database = make_url(url).database
    if database and database != ":memory:" and not database.startswith("file:"):
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        module=sqlite3,
        connect_args={"timeout": waits.row, "check_same_thread": False},
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=waits.connection,
        pool_use_lifo=True,  # the one used last: it has statements and pages at hand, and others need no room for them
        pool_reset_on_return="rollback",
        pool_recycle=3_600,
        hide_parameters=True,
        json_serializer=to_json,
        json_deserializer=from_json,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, record: object) -> None:
        # The driver's own transaction handling loses updates (measured); we begin ourselves.
        connection.isolation_level = None
        for pragma in (
            _busy(waits),
            f"journal_mode={journal_mode()}",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        if not connection.get_execution_options().get("is_patient"):
            connection.exec_driver_sql(f"BEGIN {begin}")
            return
        connection.exec_driver_sql(f"PRAGMA {_busy(PATIENT)}")
        try:
            connection.exec_driver_sql(f"BEGIN {begin}")
        finally:
            connection.exec_driver_sql(f"PRAGMA {_busy(waits)}")

    return engine


def _busy(waits: Waits) -> str:
    return f"busy_timeout={int(waits.row * 1000)}"


_KEEPALIVE = {"keepalives": "1", "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3"}
"""A database that is gone without a word is missed within some ten seconds; and, told to it as well, so are we."""


def _postgresql(url: str, pool_size: int, waits: Waits) -> Engine:
    given = make_url(url)
    waiting = dict(zip(("lock_timeout", "statement_timeout", _IDLE), _in_milliseconds(waits).values(), strict=True))
    kept = {f"tcp_{name}": seconds for name, seconds in _KEEPALIVE.items() if name != "keepalives"}
    options = " ".join(f"-c{name}={value}" for name, value in (waiting | kept).items())
    query = {"connect_timeout": "5", "tcp_user_timeout": "10000", **_KEEPALIVE, **given.query}
    query["options"] = f"{given.query.get('options', '')} {options}".strip()
    return create_engine(
        given.set(query=query),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        pool_timeout=waits.connection,
        pool_use_lifo=True,  # the one used last: it has statements and pages at hand, and others need no room for them
        # What somebody wrote must not reach a log by way of an error's text.
        hide_parameters=True,
        json_serializer=to_json,
        json_deserializer=from_json,
    )


_IDLE = "idle_in_transaction_session_timeout"
