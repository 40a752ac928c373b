"""The world of the service's tests, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drp.database.engine import Store
from tests.service.cast import CLIMBING, DUNMOOR, ELSEWHERE, Council
from tests.service.world import World
from tests.store.conftest import calendar, octets, postgresql, sqlite_template, store  # noqa: F401 -- the same engines, never skipped
from workflows.calendar.working_days import Calendar


@pytest.fixture
def build(store: Store, tmp_path: Path, calendar: Calendar) -> Iterator[Callable[..., World]]:  # noqa: F811
    """Makes a world for a council."""
    made: list[World] = []

    def one(council: Council = DUNMOOR, **more: int) -> World:
        made.append(World(store, tmp_path, calendar, council, **more))
        return made[-1]

    yield one
    for world in made:
        world.close()


@pytest.fixture
def world(build: Callable[..., World]) -> World:
    """Dunmoor, with Durham's procedure of 2016/17 as shipped, on Wednesday 1 April 2026."""
    return build()


@pytest.fixture
def climbing(build: Callable[..., World]) -> World:
    """Dunmoor, where every passed date climbs by itself."""
    return build(CLIMBING)


@pytest.fixture
def two(build: Callable[..., World]) -> World:
    """Dunmoor, and another authority in the same database."""
    made = build()
    made.found(ELSEWHERE)
    return made
