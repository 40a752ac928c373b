"""The world of the page tests: the service's world, and its people at browsers."""

from collections.abc import Iterator

import pytest

from tests.pages.ground import Ground, made


@pytest.fixture(scope="session")
def one_ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """What the attacks are made on, made once for each process."""
    yield from made(tmp_path_factory.mktemp("ground"))


@pytest.fixture
def ground(one_ground: Ground) -> Iterator[Ground]:
    """What the attacks are made on, as it was made."""
    one_ground.restore()
    yield one_ground
    one_ground.restore()
