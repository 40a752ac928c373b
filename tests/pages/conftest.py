"""The world of the page tests: the service's world, and its people at browsers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from drp.store import Store
from tests.pages.ground import Ground, made
from tests.service.conftest import build, climbing, two, world  # noqa: F401
from tests.store.conftest import calendar, chance, octets, on_engine, postgresql, sqlite_template  # noqa: F401
from workflows.working_days import Calendar


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store, on the engine that `pytest_generate_tests` gives."""
    yield from on_engine(request, tmp_path)


@pytest.fixture(scope="session")
def one_ground(tmp_path_factory: pytest.TempPathFactory, calendar: Calendar) -> Iterator[Ground]:  # noqa: F811
    """What the attacks are made on, made once for each process."""
    yield from made(tmp_path_factory.mktemp("ground"), calendar)


@pytest.fixture
def ground(one_ground: Ground) -> Iterator[Ground]:
    """What the attacks are made on, as it was made."""
    one_ground.restore()
    yield one_ground
    one_ground.restore()


ON_BOTH = (
    "test_item_pages", "test_raising_pages", "test_my_work", "test_search", "test_board", "test_sessions", "test_odd_bodies",
)  # fmt: skip
"""Rooms whose own SQL is wide, and what is asked of two instances on one PostgreSQL. The others stand on rooms that
tests/store and tests/service ask of both engines."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Pages are asked on SQLite, and where their queries are their own on PostgreSQL too."""
    named = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "store" in metafunc.fixturenames and "store" not in named:  # a test may say for itself
        on_both = metafunc.module.__name__.rpartition(".")[2] in ON_BOTH
        metafunc.parametrize("store", ["sqlite", "postgresql"] if on_both else ["sqlite"], indirect=True)
