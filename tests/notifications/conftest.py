"""A council that writes to people."""

from datetime import timedelta

import pytest

from drp.casework.service import Casework
from tests.cast.marsh import Marsh


@pytest.fixture
def casework(casework: Casework) -> Casework:
    """Stories here leap from day to day: nothing is taken for an outage."""
    casework.hold_after = timedelta(days=400)
    return casework


@pytest.fixture
def marsh(casework: Casework) -> Marsh:
    """Marsh Council, its directory loaded on 2 March 2026."""
    return Marsh.founded(casework)
