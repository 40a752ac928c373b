"""One heartbeat of a service that serves many authorities, where nothing is due. `python -m benchmarks.heartbeats`."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from statistics import median

from sqlalchemy import update

from api.demo.scene import CAST, scene_procedures
from api.jobs.heartbeat import beat_once
from benchmarks.decision import NOW
from benchmarks.measuring import Goal, Table, timed
from benchmarks.sweep import empty_database, service_on
from drp.database.authority_tables import AuthorityRow

AUTHORITIES, BEATS = 150, 7


def tables() -> Iterator[Table]:
    """Each engine."""
    own = os.sched_getaffinity(0)
    took: dict[str, float] = {"one second": 1000.0}
    for engine in ("SQLite", "PostgreSQL"):
        with ExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
            service = service_on(held.enter_context(empty_database(engine, folder, "drp")), folder)
            held.callback(service.close)
            for n in range(AUTHORITIES):
                part = replace(CAST[0], key=f"council{n}", name=f"Council {n}")
                with service.store.write(part.key) as connection:
                    service.casework.procedures.seed(connection, scene_procedures(part), NOW - timedelta(days=1))
                    connection.execute(update(AuthorityRow).where(AuthorityRow.key == part.key).values(is_live=True))  # type: ignore[arg-type]
            held.callback(os.sched_setaffinity, 0, own)
            os.sched_setaffinity(0, {min(own)})
            took[engine] = median([timed(lambda service=service: beat_once(service)) for _ in range(BEATS + 1)][1:])
    yield Table(
        f"A heartbeat for {AUTHORITIES} authorities, nothing due",
        "For each authority in turn: what has closed, how the service is, whether a report is due, which mail waits, "
        "the day's signed head. The process is kept on one core; PostgreSQL is a process of its own.",
        took,
        "one second",
        tuple(Goal(engine, 1, "one second", ALL_IN_TURN) for engine in ("SQLite", "PostgreSQL")),
    )


ALL_IN_TURN = (
    "each authority costs 13 transactions, each of them four ways to the server: row level security lets one transaction see one "
    "authority, and each job asks for itself, so that one that hangs holds up no other"
)

if __name__ == "__main__":
    for table in tables():
        print(table.markdown(), flush=True)
