"""Services to ask, each on a store of its own. What a service is made of is imported when the first is made."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drp.database.engine import Store

if TYPE_CHECKING:
    from tests.cast.councils import Council
    from tests.cast.world import World


@pytest.fixture
def build(store: Store, tmp_path: Path) -> Iterator[Callable[..., "World"]]:
    """Makes a world for a council: Dunmoor, if no other is named."""
    from tests.cast.councils import DUNMOOR
    from tests.cast.world import World

    made: list[World] = []

    def one(council: "Council" = DUNMOOR, **more: int) -> World:
        made.append(World(store, tmp_path, council, **more))
        return made[-1]

    yield one
    for world in made:
        world.close()


@pytest.fixture
def world(build: Callable[..., "World"]) -> "World":
    """Dunmoor, with Durham's procedure of 2016/17 as shipped, on Wednesday 1 April 2026."""
    return build()


@pytest.fixture
def climbing(build: Callable[..., "World"]) -> "World":
    """Dunmoor, where every passed date climbs by itself."""
    from tests.cast.councils import CLIMBING

    return build(CLIMBING)


@pytest.fixture
def two(build: Callable[..., "World"]) -> "World":
    """Dunmoor, and another authority in the same database."""
    from tests.cast.councils import ELSEWHERE

    made = build()
    made.found(ELSEWHERE)
    return made
