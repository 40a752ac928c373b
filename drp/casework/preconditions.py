"""For what an event is meant: the stage and state that whoever brings it was looking at."""

from dataclasses import dataclass

from drp.casework.load import StoredChallenge
from workflows.decision.event_rules import NEEDS_PRECONDITION, NEVER_STALE
from workflows.model.events import Event


class StaleView(Exception):
    """The challenge is no longer at the stage and state that the person was looking at."""


class PreconditionMissing(Exception):
    """It was not said for which stage and stay an event is meant. `line`: the header that says it of what stands now."""

    def __init__(self, etag: str) -> None:
        self.line = f'If-Match: "{etag}"'
        super().__init__(self.line)


@dataclass(frozen=True)
class Precondition:
    """What whoever brings an event was looking at: an etag, or a stage's key and the number of the stay. Empty: not said."""

    etag: str = ""
    at: tuple[str, int] | None = None
    is_required: bool = False
    """Must it be said of events that climb, end, reopen, recall or extend?"""


NOT_SAID = Precondition()
ANYTHING = "*"
"""The etag that fits whatever stands there (RFC 9110, 13.1.1): not enough where it must be said what was looked at."""


def etag_of(loaded: StoredChallenge) -> str:
    """Covers stage and state, so that a reminder does not throw away an answer that somebody is typing."""
    challenge = loaded.challenge
    return f"{challenge.sequence}.{challenge.state}"


def check_meant(stands: StoredChallenge, event: Event, meant: Precondition) -> None:
    """Is an event meant for the item as it stands? Raises PreconditionMissing where that must be said, StaleView where not."""
    kind, etag = type(event), etag_of(stands)
    anything = meant.etag == ANYTHING
    if meant.is_required and kind in NEEDS_PRECONDITION and (anything or not (meant.etag or meant.at)):
        raise PreconditionMissing(etag)
    if kind in NEVER_STALE:
        return
    other_version = bool(meant.etag) and not anything and meant.etag != etag
    if other_version or (meant.at is not None and meant.at != (stands.challenge.stage, stands.challenge.sequence)):
        raise StaleView
