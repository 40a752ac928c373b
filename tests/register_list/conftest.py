"""An empty store on both engines, and lines to count."""

from tests.service.conftest import build, world
from tests.store.conftest import calendar, chance, octets, postgresql, sqlite_template, store

__all__ = ["build", "calendar", "chance", "octets", "postgresql", "sqlite_template", "store", "world"]
