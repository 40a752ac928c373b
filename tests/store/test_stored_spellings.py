"""The states of messages are stored and shown by their spelling: what release 0.1 wrote is read for ever."""

from enum import StrEnum

import pytest

from drp.database.message_tables import MailState, NotificationState

OF_RELEASE_0_1: dict[type[StrEnum], tuple[str, ...]] = {
    MailState: ("accepted", "refused", "skipped", "waiting"),
    NotificationState: ("braked", "failed", "lapsed", "none", "sent", "waiting"),
}
"""Frozen: a release may add a spelling, and none may go."""


@pytest.mark.parametrize(("states", "spellings"), OF_RELEASE_0_1.items(), ids=lambda each: getattr(each, "__name__", ""))
def test_every_stored_spelling_of_a_messages_state_is_a_member(states, spellings):
    assert set(spellings) <= {state.value for state in states}
