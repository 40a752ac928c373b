"""An empty store on both engines, and lines to count."""

from tests.service.conftest import build, world
from tests.store.conftest import calendar, casework, chance, octets, postgresql, sqlite_template, store

__all__ = ["build", "calendar", "casework", "chance", "octets", "postgresql", "sqlite_template", "store", "world"]
