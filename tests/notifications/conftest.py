"""The stores of tests/store, on both engines, and a council on them that writes to people."""

import pytest

from drp.casework.service import Casework
from tests.notifications.marsh import Marsh
from tests.store.conftest import calendar, casework, chance, octets, postgresql, sqlite_template, store

__all__ = ["calendar", "casework", "chance", "marsh", "octets", "postgresql", "sqlite_template", "store"]


@pytest.fixture
def marsh(casework: Casework) -> Marsh:
    """Marsh Council, its directory loaded on 2 March 2026."""
    return Marsh.founded(casework)
