"""The world of the page tests: the service's world, and its people at browsers."""

from tests.service.conftest import build, climbing, two, world  # noqa: F401
from tests.store.conftest import calendar, chance, octets, postgresql, sqlite_template, store  # noqa: F401
