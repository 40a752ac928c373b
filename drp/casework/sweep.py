"""The sweep: a query narrows to what is due, the pure function judges each, many are kept in one transaction.

1. Ask which windows have come to their time (an indexed column).
2. Take those challenges; on PostgreSQL leave what another sweep has in hand.
3. If the service was away too long, hold what closed meanwhile; otherwise decide each as a closing window.
4. Keep the batch whole. One that cannot be decided is left aside and said; it does not stop the others.
5. When nothing is left, remember that we looked, and which items another still has in hand: each of those is followed by
   itself, and goes on from when it was last looked at. Whoever is frozen or lost with one holds up nothing but that.

A transaction is short by time as well as by count: nobody waits for a whole batch.

Sweeps may repeat, overlap, run on every replica, and be late: a window that closed names itself (docs/architecture.md rule 2).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection

from drp.casework import load
from drp.casework.asks import is_to_be_asked, load_asks
from drp.casework.outage_hold import decide_up_to, read_last_look
from drp.casework.resolve_recipients import resolve_recipients
from drp.casework.save import DecisionToSave
from drp.casework.service import Casework
from drp.database.engine import Conflict
from drp.database.statements import CHALLENGES_TO_SWEEP, DUE, LOOKED
from drp.database.unavailable import Busy

log = logging.getLogger("drp.sweep")

TRIES = 5
"""How often a transaction is begun again where others were in its way for as long as a request would wait."""

MOST_SECONDS = 0.5
"""How long the items of one transaction are decided; what is left has the next."""

LONG_LOCKED = timedelta(hours=1)
"""How long an item may be in another's hand at every look before it is said, by its reference."""


@dataclass
class SweepResult:
    """What one sweep did."""

    decided: int = 0
    held: int = 0
    failed: list[UUID] = field(default_factory=list)


Stopwatch = Callable[[], float]
"""Gives seconds from some moment on."""


def sweep_authority(
    casework: Casework, authority: str, now: datetime, batch: int = 100, stopwatch: Stopwatch = lambda: 0.0,
    stops: Callable[[], bool] = lambda: False,
) -> SweepResult:  # fmt: skip
    """Act on every window of an authority whose time has come by `now`. Raises Unavailable if the database is.

    Measured by `stopwatch`, a batch is cut where it takes long, and an item that takes far longer than the others has a
    transaction of its own next time. `stops`: is the service to end? Then what is left is another's, or the next start's.
    """
    swept = SweepResult()
    aside, elsewhere, took = set[UUID](), set[UUID](), dict[UUID, float]()
    while not stops():
        try:
            if not _insisting(lambda: _batch(casework, authority, now, batch, swept, aside, elsewhere, took, stopwatch)):
                break
        except Conflict:
            continue
    return swept


def _insisting(work: Callable[[], bool]) -> bool:
    """Do some work, a few times over where others are in the way: nobody waits at a page for a sweep. Raises Busy in the end."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except Busy:
            continue
    return work()


def _note_look(connection: Connection, authority: str, now: datetime, aside: set[UUID], elsewhere: set[UUID]) -> None:
    """Remember that we looked, and what others still have in hand."""
    still = elsewhere.intersection(_due(connection, authority, now, aside, len(elsewhere) + 1_000)) if elsewhere else set()
    look = read_last_look(connection, authority)
    connection.execute(LOOKED, {"b_authority": authority, "now": now, "passed_over": look.without(sorted(still), now) or None})
    locked = {id_ for id_ in still if id_ in look.passed_over and now - look.passed_over[id_].found > LONG_LOCKED}
    for reference in load.references_of(connection, authority, locked):
        said = "locked at every look for more than an hour, and not decided: %s"
        log.error(said, reference, extra={"authority": authority})


def _due(connection: Connection, authority: str, now: datetime, aside: set[UUID], most: int) -> list[UUID]:
    asked = {"authority": authority, "now": now, "aside": list(aside), "most": most}
    return [row.challenge for row in connection.execute(DUE, asked)]


def _batch(
    casework: Casework, authority: str, now: datetime, batch: int, swept: SweepResult, aside: set[UUID], elsewhere: set[UUID],
    took: dict[UUID, float], stopwatch: Stopwatch,
) -> bool:  # fmt: skip
    with casework.store.write(authority) as connection:
        ids = casework.dear_items.first_turn(_due(connection, authority, now, aside | elsewhere, batch))
        if not ids:
            _note_look(connection, authority, now, aside, elsewhere)
            return False
        found = load.load_challenges(connection, authority, ids, CHALLENGES_TO_SWEEP)
        # What another sweep has in hand is its own; do not wait for it, do not ask again.
        elsewhere.update(id_ for id_ in ids if id_ not in found)
        if not found:
            return True
        establishment = load.load_establishment(
            connection, authority, [about for one in found.values() for about in one.abouts()]
        )
        look = read_last_look(connection, authority)
        asks = load_asks(connection, authority, [one.id for one in found.values() if is_to_be_asked(one.challenge, now)])
        kept: list[DecisionToSave] = []
        started = stopwatch()
        for id_ in ids:
            if id_ not in found:
                continue
            loaded, began = found[id_], stopwatch()
            if kept and began - started > MOST_SECONDS:
                break
            try:
                rules = casework.procedures.rules(
                    connection, authority, loaded.challenge.ladder_hash, loaded.challenge.authority_hash
                )
                decision = decide_up_to(now, rules, loaded, look.of(id_), casework.hold_after, lambda id_: asks.get(id_, ()))
                if decision is None or decision.is_nothing:
                    aside.add(id_)
                    continue
                decision, messages = resolve_recipients(connection, rules, establishment, loaded, decision, now)
            except Exception:
                # A fault in one must not keep the others from their dates; it is said, and shows on the health page.
                log.exception("window not decided", extra={"authority": authority, "challenge": str(id_)})
                swept.failed.append(id_)
                aside.add(id_)
                continue
            took[id_] = stopwatch() - began
            kept.append(DecisionToSave(loaded, decision, messages, rules.authority))
        if kept:
            casework.keeper.keep(connection, authority, kept, now)
    # Only what is committed counts: a batch that others were in the way of is begun again.
    swept.decided += len(kept)
    swept.held += sum(any(entry.kind == "windows_held" for entry in one.decision.entries) for one in kept)
    casework.dear_items.note(took)
    return True
