"""The stores of tests/store, on both engines, and prepared databases that each round copies."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from drp.store import Store
from tests.store.conftest import APP, Postgresql, calendar, casework, chance, octets, postgresql, sqlite_template, store

__all__ = ["calendar", "casework", "chance", "copies", "octets", "postgresql", "sqlite_template", "store"]

Copies = Callable[[], AbstractContextManager[str]]
"""Gives the URL of a fresh copy of the database that was prepared."""


@pytest.fixture
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Store], Copies]:
    """From a store that was prepared (and is closed by this), a maker of copies of it."""

    def of(store: Store) -> Copies:
        store.close()
        made = 0

        @contextmanager
        def copy() -> Iterator[str]:
            nonlocal made
            made += 1
            if store.is_sqlite:
                path = tmp_path / f"copy{made}.sqlite"
                shutil.copy(str(store.engine.url.database), path)
                yield f"sqlite:///{path}"
                path.unlink()
                return
            server: Postgresql = request.getfixturevalue("postgresql")
            source = store.engine.url.database
            name = f"{source}_c{made}"
            with server._as_admin() as connection:
                connection.execute(f"CREATE DATABASE {name} OWNER drp_owner TEMPLATE {source}")
            try:
                yield server.url(APP, name)
            finally:
                with server._as_admin() as connection:
                    connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

        return copy

    return of
