"""The service's world, as a referral's tests have it."""

from tests.referral.conftest import build, calendar, chance, climbing, octets, postgresql, sqlite_template, store, two, world

__all__ = ["build", "calendar", "chance", "climbing", "octets", "postgresql", "sqlite_template", "store", "two", "world"]
