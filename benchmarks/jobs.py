"""What falls due at one moment: the service's sweep beside an APScheduler job for each deadline.

In each round, on each engine, each way has a copy of one database that a sweep looked through a minute before. Ours: one sweep at
the moment. Theirs: a scheduler with one persistent job an item, all due at that moment, its own threads, and a transaction for
each item, which does for it what the sweep does; it is let go when every job is kept. The jobs stand in a database of their own,
so that the job store and the items do not wait for each other's transactions. Both with the threads' turns and the collector of
circles as the served process has them.
"""

import logging
import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from uuid import UUID

from apscheduler.events import EVENT_JOB_REMOVED  # type: ignore[import-untyped]
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore  # type: ignore[import-untyped]
from apscheduler.schedulers.background import BackgroundScheduler  # type: ignore[import-untyped]
from sqlalchemy import func, select
from sqlmodel import col

from benchmarks.council import KEY
from benchmarks.decision import Side, postgresql_side, sqlite_side
from benchmarks.measuring import Goal, Table, as_served, timed
from drp.casework import load
from drp.casework.asks import is_to_be_asked, load_asks
from drp.casework.outage_hold import decide_up_to, read_last_look
from drp.casework.resolve_recipients import resolve_recipients
from drp.casework.save import DecisionToSave
from drp.casework.service import Casework
from drp.casework.sweep import sweep_authority
from drp.database.challenge_tables import ChallengeRow, EntryRow
from drp.database.engine import Conflict, Store
from drp.database.statements import CHALLENGES_TO_SWEEP
from drp.database.unavailable import Busy
from workflows.model.challenge import WindowKind

ITEMS = 200
SWEEP, JOBS = "one sweep", "a job for each item"
BARE = "a job for each item that does nothing"
MOST_SECONDS = 120


class Deadlines:
    """What the jobs of a round work on, found by them through the module: a job that is kept can carry no open database."""

    def __init__(self, casework: Casework, moment: datetime, items: int) -> None:
        self.casework, self.moment, self.items = casework, moment, items
        self.done, self.again, self.taken_out = 0, 0, 0
        self.all_done, self.all_out, self._lock = Event(), Event(), Lock()

    def note_done(self) -> None:
        """One item more is done."""
        with self._lock:
            self.done += 1
            if self.done == self.items:
                self.all_done.set()

    def note_taken_out(self, _: object) -> None:
        """One job more is no longer kept."""
        self.taken_out += 1
        if self.taken_out == self.items:
            self.all_out.set()

    def note_again(self) -> None:
        """One had to begin again."""
        with self._lock:
            self.again += 1


_of_round: list[Deadlines] = []


def act_on_one(challenge: str) -> None:
    """A job: what the sweep does for one item, in a transaction of its own, begun again where others were in its way."""
    deadlines = _of_round[-1]
    while True:
        try:
            decide_one(deadlines.casework, UUID(challenge), deadlines.moment)
        except (Busy, Conflict):
            deadlines.note_again()
            continue
        deadlines.note_done()
        return


def do_nothing(_: str) -> None:
    """A job that only says that it ran."""
    _of_round[-1].note_done()


def decide_one(casework: Casework, id_: UUID, now: datetime) -> None:
    """Load one item, decide what has closed, find whom to tell, keep it."""
    with casework.store.write(KEY) as connection:
        loaded = load.load_challenges(connection, KEY, [id_], CHALLENGES_TO_SWEEP)[id_]
        establishment = load.load_establishment(connection, KEY, loaded.abouts())
        look = read_last_look(connection, KEY)
        asks = load_asks(connection, KEY, [id_] if is_to_be_asked(loaded.challenge, now) else [])
        rules = casework.procedures.rules(connection, KEY, loaded.challenge.ladder_hash, loaded.challenge.authority_hash)
        decision = decide_up_to(now, rules, loaded, look.of(id_), casework.hold_after, lambda id_: asks.get(id_, ()))
        assert decision is not None
        decision, messages = resolve_recipients(connection, rules, establishment, loaded, decision, now)
        casework.keeper.keep(connection, KEY, [DecisionToSave(loaded, decision, messages, rules.authority)], now)


def with_store(casework: Casework, store: Store) -> Casework:
    """The same casework on a copy of its database."""
    return Casework(store, casework.procedures, casework.keeper, casework.chance, casework.hold_after)


def run_jobs(store: Store, deadlines: Deadlines, work: Callable[[str], None], ids: list[UUID]) -> float:
    """Keep a job for each item, all due at one moment; then give how long it takes from the moment when a scheduler looks at
    them until each has run and is kept no longer, in milliseconds."""
    _of_round.append(deadlines)
    kept, due = SQLAlchemyJobStore(engine=store.writer), datetime.now(UTC)
    scheduler = BackgroundScheduler(jobstores={"default": kept}, timezone=UTC)
    scheduler.add_listener(deadlines.note_taken_out, EVENT_JOB_REMOVED)
    scheduler.start(paused=True)
    for id_ in ids:
        scheduler.add_job(work, "date", args=[str(id_)], run_date=due, misfire_grace_time=None)

    def until_all_are_done() -> None:
        scheduler.resume()
        assert deadlines.all_done.wait(MOST_SECONDS), f"only {deadlines.done} of {deadlines.items} jobs ran"
        assert deadlines.all_out.wait(MOST_SECONDS), "a job is still kept"

    try:
        return timed(until_all_are_done)
    finally:
        scheduler.shutdown()
        _of_round.pop()


def entries(store: Store) -> int:
    """How many entries stand in the database."""
    with store.read(KEY) as connection:
        return int(connection.execute(select(func.count()).select_from(EntryRow)).scalar_one())


class Round:
    """One round: the sweep on the service's database, the jobs on its first copy, and the jobs themselves in its second."""

    def __init__(self, side: Side, items: int) -> None:
        self.side, self.items = side, items
        self.casework, self.theirs = side.service.casework, with_store(side.service.casework, side.raw)
        with side.service.store.read(KEY) as connection:
            self.ids = [UUID(str(id_)) for id_ in connection.execute(select(col(ChallengeRow.id))).scalars()]
            first = load.load_challenge(connection, KEY, side.waiting[0])
        assert first is not None
        assert len(self.ids) == items
        self.moment = next(one.acts_at for one in first.challenge.windows if one.key.kind is WindowKind.REPLY)
        for casework in (self.casework, self.theirs):
            sweep_authority(casework, KEY, self.moment - timedelta(minutes=1))

    def took(self) -> tuple[dict[str, float], int]:
        """What each way took, in milliseconds, and how often a job began again."""
        before = entries(self.side.raw)
        swept = [0]

        def sweep() -> None:
            swept[0] = sweep_authority(self.casework, KEY, self.moment).decided

        took = {SWEEP: timed(sweep)}
        assert swept[0] == self.items
        deadlines = Deadlines(self.theirs, self.moment, self.items)
        took[JOBS] = run_jobs(self.side.orm, deadlines, act_on_one, self.ids)
        assert before < entries(self.side.raw) == entries(self.side.service.store)
        idle = Deadlines(self.theirs, self.moment, self.items)
        took[BARE] = run_jobs(self.side.orm, idle, do_nothing, self.ids)
        return took, deadlines.again


def jobs_table(engine: str, made: Callable[[int], AbstractContextManager[Side]], rounds: int, items: int) -> Table:
    """One sweep, and a job for each item."""
    each: list[dict[str, float]] = []
    again = 0
    for _ in range(rounds):
        with made(items) as side:
            of_round = Round(side, items)
            with as_served():
                took, times = of_round.took()
            each.append(took)
            again += times
    return Table(
        f"{items} deadlines at one moment, {engine}",
        f"Both: {items} items to which nobody replied by one moment (no mail had left); each is loaded, decided, its "
        "recipients found, every row kept, durably; both leave as many entries. The sweep: asks what is due, and keeps "
        "the items in batches of a hundred, a transaction each. A job for each item: APScheduler as it comes, ten "
        "threads, jobs kept by its SQLAlchemyJobStore, on the same engine, durably, in a database of its own; from when "
        "the scheduler looks at its jobs until the last item is kept and the last job is taken out: it takes out each in "
        "a transaction, and each item has one. To keep the jobs beforehand, and to keep them in step where a deadline "
        "moves, is not counted; nor is the service's heartbeat. A job that does nothing: what APScheduler takes for "
        "itself. Items that began again because others were in the way: "
        f"{again} of {rounds * items}. Medians of {rounds} rounds.",
        {name: statistics.median(took[name] for took in each) for name in (SWEEP, JOBS, BARE)},
        SWEEP,
        (Goal(SWEEP, 0.1, JOBS, IN_ONE_PROCESS),),
    )


IN_ONE_PROCESS = (
    "both decide each item, find whom to tell, seal its entries and make its rows in one interpreter, which takes the sweep some "
    "1.5 ms an item, and on PostgreSQL 1 ms more while the server writes the rows; a job takes that too, and adds some 4 ms: "
    "statements of its own to read, a commit, and its row among the jobs. At ten times the sweep would have less than 1 ms "
    "an item, which is less than the work that both share"
)


def tables(rounds: int = 3, items: int = ITEMS) -> Iterator[Table]:
    """On each engine."""
    logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
    for engine, made in {"SQLite": sqlite_side, "PostgreSQL": postgresql_side}.items():
        yield jobs_table(engine, made, rounds, items)


if __name__ == "__main__":
    for table in tables():
        print(table.markdown())
