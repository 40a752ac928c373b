"""What closed while nobody looked: a request and a sweep begin with the same step, so they cannot disagree."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from drp.casework.load import StoredChallenge
from drp.database.statements import LAST_TICK
from workflows.decision.decide import decide
from workflows.decision.decision_builder import Decision
from workflows.decision.windows import next_due
from workflows.model.actor import THE_SERVICE, Act
from workflows.model.authority import Rules
from workflows.model.events import WindowClosed, WindowsHeld


def last_tick(connection: Connection, authority: str) -> datetime | None:
    """When the service last looked for windows that closed (UTC)."""
    return connection.execute(LAST_TICK, {"authority": authority}).scalar()


def decide_up_to(
    now: datetime, rules: Rules, loaded: StoredChallenge, last: datetime | None, hold_after: timedelta
) -> Decision | None:
    """Apply every window that had closed by `now` (aware UTC). Returns None if there was none.

    After an outage longer than `hold_after` it first holds those that closed meanwhile. Requests and sweeps both begin with it.
    """
    held = hold_closed_windows(rules, loaded, last, now) if last is not None and now - last > hold_after else None
    before = held.challenge if held else loaded.challenge
    due = next_due(before, now)
    if due is None:
        return held
    event = WindowClosed(due.key.sequence, due.key.kind.value, due.key.n)
    decided = decide(rules, before, Act(event, THE_SERVICE), now)
    return replace(held.then(decided), before=loaded.challenge) if held else decided


def hold_closed_windows(rules: Rules, loaded: StoredChallenge, since: datetime, until: datetime) -> Decision | None:
    """The decision to hold what closed while the service was away, or None if nothing did."""
    decision = decide(rules, loaded.challenge, Act(WindowsHeld(since, until), THE_SERVICE), until)
    return None if decision.is_nothing else decision
