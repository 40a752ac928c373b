"""Planting a bug in what the procedure says of one kind of event."""

from dataclasses import replace
from typing import Any

import pytest

from workflows.decision.event_rules import EVENT_RULES
from workflows.model.events import Event


def plant_rule(plant: pytest.MonkeyPatch, kind: type[Event], **wrong: Any) -> None:
    """Let an event's rule say something wrong: `may`, `does`, `move`, `needs` or `bars`."""
    plant.setitem(EVENT_RULES, kind, replace(EVENT_RULES[kind], **wrong))
