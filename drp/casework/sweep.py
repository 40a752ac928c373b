"""The sweep: a query narrows to what is due, the pure function judges each, many are kept in one transaction.

1. Ask which windows have come to their time (an indexed column).
2. Take those challenges; on PostgreSQL leave what another sweep has in hand.
3. If the service was away too long, hold what closed meanwhile; otherwise decide each as a closing window.
4. Keep the batch whole. One that cannot be decided is left aside and said; it does not stop the others.
5. When nothing is left, remember that we looked; while another sweep has some in hand, that is left to it.

Sweeps may repeat, overlap, run on every replica, and be late: a window that closed names itself (docs/architecture.md rule 2).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from drp.casework import load
from drp.casework.asks import is_to_be_asked, load_asks
from drp.casework.outage_hold import decide_up_to, last_tick
from drp.casework.resolve_recipients import resolve_recipients
from drp.casework.save import DecisionToSave
from drp.casework.service import Casework
from drp.database.engine import Conflict
from drp.database.statements import CHALLENGES_TO_SWEEP, DUE, LOOKED

log = logging.getLogger("drp.sweep")


@dataclass
class SweepResult:
    """What one sweep did."""

    decided: int = 0
    held: int = 0
    failed: list[UUID] = field(default_factory=list)


Stopwatch = Callable[[], float]
"""Gives seconds from some moment on."""


def sweep_authority(
    casework: Casework, authority: str, now: datetime, batch: int = 100, stopwatch: Stopwatch = lambda: 0.0
) -> SweepResult:
    """Act on every window of an authority whose time has come by `now`. Raises Unavailable if the database is.

    Measured by `stopwatch`, an item that takes far longer than the others of a batch has a transaction of its own next time.
    """
    swept = SweepResult()
    aside, elsewhere = set[UUID](), set[UUID]()
    for _ in range(100_000):
        try:
            if not _batch(casework, authority, now, batch, swept, aside, elsewhere, stopwatch):
                break
        except Conflict:
            continue
    with casework.store.write(authority) as connection:
        if elsewhere and _due(connection, authority, now, aside, 1):
            # Were this said now and that sweep to die, what it should have held after an outage would climb instead.
            return swept
        connection.execute(LOOKED, {"b_authority": authority, "now": now})
    return swept


def _due(connection: Connection, authority: str, now: datetime, aside: set[UUID], most: int) -> list[UUID]:
    asked = {"authority": authority, "now": now, "aside": list(aside), "most": most}
    return [row.challenge for row in connection.execute(DUE, asked)]


def _batch(
    casework: Casework, authority: str, now: datetime, batch: int, swept: SweepResult, aside: set[UUID], elsewhere: set[UUID],
    stopwatch: Stopwatch,
) -> bool:  # fmt: skip
    took: dict[UUID, float] = {}
    with casework.store.write(authority) as connection:
        ids = casework.dear_items.first_turn(_due(connection, authority, now, aside | elsewhere, batch))
        if not ids:
            return False
        found = load.load_challenges(connection, authority, ids, CHALLENGES_TO_SWEEP)
        # What another sweep has in hand is its own; do not wait for it, do not ask again.
        elsewhere.update(id_ for id_ in ids if id_ not in found)
        if not found:
            return True
        establishment = load.load_establishment(
            connection, authority, [about for one in found.values() for about in one.abouts()]
        )
        last = last_tick(connection, authority)
        asks = load_asks(connection, authority, [one.id for one in found.values() if is_to_be_asked(one.challenge, now)])
        kept: list[DecisionToSave] = []
        for id_ in ids:
            if id_ not in found:
                continue
            loaded, began = found[id_], stopwatch()
            try:
                rules = casework.procedures.rules(
                    connection, authority, loaded.challenge.ladder_hash, loaded.challenge.authority_hash
                )
                decision = decide_up_to(now, rules, loaded, last, casework.hold_after, lambda id_: asks.get(id_, ()))
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
            swept.held += any(entry.kind == "windows_held" for entry in decision.entries)
        if kept:
            casework.keeper.keep(connection, authority, kept, now)
            swept.decided += len(kept)
    casework.dear_items.note(took)
    return True
