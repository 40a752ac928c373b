"""The sweep: a query narrows to what is due, the pure function judges each, many are kept in one transaction.

1. Ask which windows have come to their time (an indexed column).
2. Take those challenges; on PostgreSQL leave what another sweep has in hand.
3. If the service was away too long, hold what closed meanwhile; otherwise decide each as a closing window.
4. Keep the batch whole. One that cannot be decided is left aside and said; it does not stop the others.
5. When nothing is left, remember that we looked.

Sweeps may repeat, overlap, run on every replica, and be late: a window that closed names itself (DESIGN.md rule 2).
"""

import logging
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import col

from drp import load
from drp.handle import Casework, addressed, hold, last_tick
from drp.keep import Kept
from drp.store import Conflict
from drp.tables import AuthorityRow, WindowRow
from workflows.decide import decide
from workflows.events import WindowClosed
from workflows.permits import THE_SERVICE, Act
from workflows.windows import next_due

log = logging.getLogger("drp.sweep")


@dataclass
class Swept:
    """What one sweep did."""

    decided: int = 0
    held: int = 0
    failed: list[UUID] = field(default_factory=list)


def sweep(casework: Casework, authority: str, now: datetime, batch: int = 100) -> Swept:
    """Act on every window of an authority whose time has come by `now`. Raises Unavailable if the database is."""
    swept = Swept()
    aside: set[UUID] = set()
    for _ in range(100_000):
        try:
            if not _batch(casework, authority, now, batch, swept, aside):
                break
        except Conflict:
            continue
    with casework.store.write(authority) as connection:
        here = col(AuthorityRow.key) == authority
        older = col(AuthorityRow.last_tick).is_(None) | (col(AuthorityRow.last_tick) < now)
        connection.execute(update(AuthorityRow).where(here, older).values(last_tick=now))
    return swept


def _batch(casework: Casework, authority: str, now: datetime, batch: int, swept: Swept, aside: set[UUID]) -> bool:
    with casework.store.write(authority) as connection:
        query = (
            select(col(WindowRow.challenge), func.min(col(WindowRow.acts_at)).label("first"))
            .where(
                col(WindowRow.authority) == authority,
                col(WindowRow.closed_at).is_(None),
                col(WindowRow.held_since).is_(None),
                col(WindowRow.acts_at) <= now,
            )
            .group_by(col(WindowRow.challenge))
            .order_by("first")
            .limit(batch)
        )
        if aside:
            query = query.where(col(WindowRow.challenge).not_in(aside))
        ids = [row.challenge for row in connection.execute(query)]
        if not ids:
            return False
        locking = not casework.store.is_sqlite
        found = load.challenges(connection, authority, ids, lock=locking, skip_locked=locking)
        # What another sweep has in hand is its own; do not wait for it, do not ask again.
        aside.update(id_ for id_ in ids if id_ not in found)
        if not found:
            return True
        establishment = load.establishment(connection, authority, [one.about() for one in found.values()])
        last = last_tick(connection, authority)
        away = last is not None and now - last > casework.hold_after
        kept: list[Kept] = []
        for id_ in ids:
            if id_ not in found:
                continue
            loaded = found[id_]
            try:
                rules = casework.procedures.rules(
                    connection, authority, loaded.challenge.ladder_hash, loaded.challenge.authority_hash
                )
                held = hold(rules, loaded, last, now) if away and last is not None else None
                before = held.challenge if held else loaded.challenge
                due = next_due(before, now)
                decision = held
                if due is not None:
                    event = WindowClosed(due.key.sequence, due.key.kind.value, due.key.n)
                    decided = decide(rules, before, Act(event, THE_SERVICE), now)
                    decision = replace(held.then(decided), before=loaded.challenge) if held else decided
                if decision is None or decision.is_nothing:
                    aside.add(id_)
                    continue
                decision, messages = addressed(rules, establishment, loaded, decision, now)
            except Exception:
                # A fault in one must not keep the others from their dates; it is said, and shows on the health page.
                log.exception("window not decided", extra={"authority": authority, "challenge": str(id_)})
                swept.failed.append(id_)
                aside.add(id_)
                continue
            kept.append(Kept(loaded, decision, messages))
            swept.held += held is not None
        if kept:
            casework.keeper.keep(connection, authority, kept, now)
            swept.decided += len(kept)
    return True
