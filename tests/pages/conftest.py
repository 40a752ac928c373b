"""The world of the page tests: the service's world, and its people at browsers."""

from collections.abc import Iterator

import pytest

from tests.pages.ground import Ground, made
from tests.service.conftest import build, climbing, two, world  # noqa: F401
from tests.store.conftest import calendar, chance, octets, postgresql, sqlite_template, store  # noqa: F401
from workflows.calendar.working_days import Calendar


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
