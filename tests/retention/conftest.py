"""The service's world, and a child whose record has come to its end."""

from tests.service.conftest import build, climbing, two, world
from tests.store.conftest import calendar, chance, octets, postgresql, sqlite_template, store

__all__ = ["build", "calendar", "chance", "climbing", "octets", "postgresql", "sqlite_template", "store", "two", "world"]
