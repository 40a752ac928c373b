"""The service's world, into which sheets of an earlier register are brought."""

import pytest

from tests.cast.world import World
from tests.register.bringing import Office


@pytest.fixture
def office(world: World) -> Office:
    """Dunmoor on Wednesday 1 April 2026, with somebody who brings sheets."""
    return Office(world)
