"""Prepared stores that each round begins from anew."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from drp.database.engine import Store
from drp.database.schema import metadata
from tests.cast.stores import Postgresql

Copies = Callable[[], AbstractContextManager[str]]
"""Gives the URL of the database as it was prepared, whatever was done to it since."""


@pytest.fixture
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Store], Copies]]:
    """From a store that was prepared (and is closed by this), a maker of copies of it."""
    servers: list[Postgresql] = []

    def of(store: Store) -> Copies:
        store.close()
        if store.is_sqlite:
            return _files(Path(str(store.engine.url.database)), tmp_path)
        server: Postgresql = request.getfixturevalue("postgresql")
        servers.append(server)
        names = [table.name for table in metadata.sorted_tables]
        with server.connect_as_admin(server.name) as connection, connection.transaction():
            connection.execute("CREATE SCHEMA kept")
            for name in names:
                connection.execute(f'CREATE TABLE kept."{name}" AS TABLE public."{name}"')
        return _rows(server, names, store.url)

    yield of
    for server in servers:
        with server.connect_as_admin(server.name) as connection:
            connection.execute("DROP SCHEMA kept CASCADE")


def _files(prepared: Path, folder: Path) -> Copies:
    @contextmanager
    def copy() -> Iterator[str]:
        path = folder / "copy.sqlite"
        shutil.copy(prepared, path)
        yield f"sqlite:///{path}"
        path.unlink()

    return copy


def _rows(server: Postgresql, names: list[str], url: str) -> Copies:
    """Making and dropping databases costs seconds where the server is busy: the rows are put back instead."""

    @contextmanager
    def copy() -> Iterator[str]:
        server.empty()
        with server.connect_as_admin(server.name) as connection, connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            for name in names:
                connection.execute(f'INSERT INTO public."{name}" SELECT * FROM kept."{name}"')
        yield url

    return copy
