"""The service's world, into which sheets of an earlier register are brought."""

import pytest

from tests.register.bringing import Office
from tests.service.conftest import build, climbing, two, world
from tests.service.world import World
from tests.store.conftest import calendar, octets, postgresql, sqlite_template, store

__all__ = ["build", "calendar", "climbing", "octets", "office", "postgresql", "sqlite_template", "store", "two", "world"]


@pytest.fixture
def office(world: World) -> Office:
    """Dunmoor on Wednesday 1 April 2026, with somebody who brings sheets."""
    return Office(world)
