"""The database: one engine to write, one to read, one transaction per decision, one authority in it at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, OperationalError

from drp.database.sqlite_driver import journal_mode, sqlite3


class Unavailable(Exception):
    """The database cannot be written or read now: nothing was done, and it may be tried again."""


class Conflict(Exception):
    """Somebody else's decision on the same challenge committed first: decide again."""


class Store:
    """Where everything is kept. `write` and `read` give a connection inside one transaction for one authority.

    `writer` and `reader` are the engines that they use. On PostgreSQL both share one pool.
    """

    def __init__(self, url: str, pool_size: int = 10) -> None:
        self.url = url
        self.is_sqlite = make_url(url).get_backend_name() == "sqlite"
        self.writer = _sqlite(url, "IMMEDIATE") if self.is_sqlite else _postgresql(url, pool_size)
        # Readers on SQLite begin plainly, or they would queue for the one write lock.
        # On PostgreSQL one snapshot for the whole of it: a chain read beside a commit must not look cut short.
        snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self.reader = _sqlite(url, "DEFERRED") if self.is_sqlite else self.writer.execution_options(**snapshot)

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
    def write(self, authority: str) -> Iterator[Connection]:
        """One transaction that commits whole or not at all. Raises Unavailable where the database cannot be had."""
        with _said_plainly(), self.writer.begin() as connection:
            self.choose_authority(connection, authority)
            yield connection

    @contextmanager
    def read(self, authority: str) -> Iterator[Connection]:
        """One short reading transaction."""
        with _said_plainly(), self.reader.begin() as connection:
            self.choose_authority(connection, authority)
            yield connection

    @contextmanager
    def snapshot(self, authority: str) -> Iterator[Connection]:
        """One long reading transaction that sees everything as it stood when it began."""
        with _said_plainly(), self.reader.begin() as connection:
            if not self.is_sqlite:  # on SQLite every reading transaction is one
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            self.choose_authority(connection, authority)
            yield connection

    def choose_authority(self, connection: Connection, authority: str) -> None:
        """Let a transaction see one authority only. Does nothing on SQLite, where nothing but the queries separates them."""
        if not self.is_sqlite:
            # Local to the transaction: it cannot outlive it into the pool's next borrower. Nobody waits longer for
            # another's lock than on SQLite: it is said (503), and may be tried again.
            chosen = text("SELECT set_config('drp.authority', :key, true), set_config('lock_timeout', '10s', true)")
            connection.execute(chosen, {"key": authority})

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
    except OperationalError as error:
        raise Unavailable(str(error.orig)) from error
    except DBAPIError as error:
        if error.connection_invalidated or _is_full_or_read_only(error.orig):
            raise Unavailable(str(error.orig)) from error
        raise


def _is_full_or_read_only(error: BaseException | None) -> bool:
    state = getattr(error, "sqlstate", "") or ""
    return state.startswith(("53", "57", "58", "08")) or state in ("25006", "40001", "40P01", "55P03")


def _sqlite(url: str, begin: str) -> Engine:
    database = make_url(url).database
    if database and database != ":memory:" and not database.startswith("file:"):
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        module=sqlite3,
        connect_args={"timeout": 10, "check_same_thread": False},
        pool_reset_on_return="rollback",
        pool_recycle=3_600,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, record: object) -> None:
        # The driver's own transaction handling loses updates (measured); we begin ourselves.
        connection.isolation_level = None
        for pragma in (
            "busy_timeout=10000",
            f"journal_mode={journal_mode()}",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {begin}")

    return engine


def _postgresql(url: str, pool_size: int) -> Engine:
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=5,
        pool_pre_ping=True,
        pool_timeout=10,
        # What somebody wrote must not reach a log by way of an error's text.
        hide_parameters=True,
    )
