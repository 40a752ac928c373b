"""States are stored, hashed and shown by their spelling: what edition 1 of the rules wrote is read for ever."""

from enum import StrEnum

import pytest

from workflows.decision.recipients import ReachedHow
from workflows.model.challenge import ClosedAs, EnteredHow

OF_EDITION_1: dict[type[StrEnum], tuple[str, ...]] = {
    ClosedAs: (
        "", "answered", "answered late", "answered meanwhile", "date passed", "done", "ended", "endorsed", "endorsed meanwhile",
        "enough", "lapsed", "looked at", "needs more", "no reply", "not done", "not endorsed", "not recorded",
        "outcome recorded", "outcome recorded late", "part answered", "recalled", "recorded in error", "superseded", "told",
        "waits longer",
    ),
    EnteredHow: ("climbed", "jumped", "no_reply", "raised", "recalled", "reopened", "satisfied", "talked"),
    ReachedHow: ("IRO manager", "cover", "delegate", "holder", "stand-in"),
}  # fmt: skip
"""Frozen: a release may add a spelling, and none may go."""


@pytest.mark.parametrize(("states", "spellings"), OF_EDITION_1.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_every_stored_spelling_of_edition_1_is_a_member(states, spellings):
    assert set(spellings) <= {state.value for state in states}
