"""What a decision costs: the pure function beside a step of a `transitions` machine; a manager's reply, kept for good, beside its
own rows.

In each round, on each engine, one after the other: a reply as the service acts on it, whole (what stands, who they are, `decide`,
who is told, every row, the commit); the rows which that reply wrote, as the driver's own statements in one transaction of a
database that stood the same; those rows once more as a SQLModel session's objects; five rows as one; a workflow of one step by
DBOS, which keeps three rows of its own. Every transaction is durable: SQLite with synchronous=FULL, PostgreSQL as set up at
127.0.0.1:5432, where databases are made and removed.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Field, Session, SQLModel
from transitions import Machine

from api.assembly import SYSTEM_CHANCE, Service, assemble_service
from api.keys import make_missing_keys
from benchmarks.council import KEY, found
from benchmarks.measuring import Goal, Table, in_turn
from benchmarks.own_rows import Kind, OwnRows, RawWriter, Statement
from benchmarks.scratch import scratch_database
from drp.casework import access, load
from drp.casework.service import ActionResult
from drp.database.engine import Store
from drp.database.migrate import migrate_database
from drp.database.rows_together import ChangedRows
from drp.directory.lookup import person_by_key
from drp.identity import tokens
from drp.identity.principal import Principal
from drp.settings import Settings
from workflows.calendar.working_days import local_date
from workflows.decision.decide import decide
from workflows.model.actor import THE_SERVICE, Act
from workflows.model.challenge import WindowKind
from workflows.model.events import Raised, Responded, WindowClosed
from workflows.model.ladder import ItemType

NOW = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)
STEPS = 200
"""Pure steps and decisions are too short to time alone: so many at once."""


class BenchRow(SQLModel, table=True):
    """One of the five rows of a naive unit of work."""

    __tablename__ = "bench_row"
    id: UUID = Field(primary_key=True)
    reference: str
    stage: str
    words: str
    due: datetime
    at: datetime
    is_open: bool
    number: int


class Desk:
    """A machine of four states, shared by every model that steps through it."""

    def __init__(self) -> None:
        self.state = "asked"
        states, on = ["asked", "answered", "judged", "ended"], self
        self.machine = Machine(on, states=states, initial="asked", auto_transitions=False)
        for n, state in enumerate(states):
            self.machine.add_transition("step", state, states[(n + 1) % len(states)])


class Side:
    """The service on one engine, and two copies of its database: for raw rows, and for those of a session."""

    def __init__(self, url: str, folder: Path, copies: Callable[[], tuple[str, str]], items: int) -> None:
        settings = Settings(var=folder, database_url=url, heartbeat=False, mail="none")
        make_missing_keys(settings, SYSTEM_CHANCE)
        self.service: Service = assemble_service(settings, lambda: NOW)
        found(self.service, NOW)
        self.iro, self.manager = self._signed("iro0"), self._signed("tm0")
        self.waiting = [self._raised(n) for n in range(items)]
        with self.service.store.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")  # as a database that has run for a day
        self.service.store.close()
        self.raw, self.orm = (Store(copy) for copy in copies())
        self.raw_writer = RawWriter(self.raw, KEY)
        self.rows: list[tuple[Kind, list[Any]]] = []
        SQLModel.metadata.create_all(self.orm.writer, tables=[BenchRow.__table__])  # type: ignore[attr-defined]

    def _signed(self, person: str) -> Principal:
        with self.service.store.read(KEY) as connection:
            words = self.service.casework.procedures.current(connection, KEY)[0].authority
            return tokens.principal_of(connection, words, UUID(str(person_by_key(connection, KEY, person))), NOW)

    def _raised(self, n: int) -> str:
        child = f"C-{n % 16 * 120:05}"  # a child of the first IRO, in the first manager's team
        said = Raised(ItemType.FORMAL, (self._reason(),), "The plan drifts.", "She waits.", "A plan.")
        answer = self.service.casework.raise_item(
            self.iro, child, said, NOW - timedelta(hours=3), lambda _, done: {"r": done.loaded.reference}
        )
        return str(answer["r"])

    def _reason(self) -> str:
        with self.service.store.read(KEY) as connection:
            authority = self.service.casework.procedures.current(connection, KEY)[0].authority
        return next(reason.key for theme in authority.themes for reason in theme.reasons if not reason.needs_words)

    def act(self) -> ActionResult:
        """A manager's reply to the next item that waits for one."""
        done: list[ActionResult] = []

        def seen(_: Any, result: ActionResult) -> dict[str, Any]:
            done.append(result)
            return {}

        self.service.casework.act(self.manager, self.waiting.pop(), Responded("agrees", "We will."), NOW, seen)
        return done[0]

    def recorded(self) -> list[Statement]:
        """An act whose rows are remembered, for the ways that write the same; it is not timed. Gives them as statements."""
        rows = OwnRows()
        with rows.remembering():
            self.act()
        (self.rows,) = rows.batches
        return rows.statements(self.raw)[0]

    def same_rows(self) -> None:
        """The same rows, as a user of SQLModel would write them."""
        with Session(self.orm.writer) as session:
            for kind, rows in self.rows:
                if isinstance(kind, ChangedRows):
                    for row in rows:
                        known = session.get(kind.row, tuple(row[name] for name in kind.key))
                        self._put(known, {**row, kind.version: row[kind.version] + 1}, kind.key)
                    continue
                key = [column.name for column in kind.table.primary_key]
                for row in rows:
                    known = session.get(kind.row, tuple(row[name] for name in key)) if kind.renews else None
                    if known is None:
                        session.add(kind.row(**row))
                    else:
                        self._put(known, row, key)
                session.flush()  # without relationships a session does not know which table leans on which
            session.commit()

    def _put(self, known: Any, row: dict[str, Any], key: Any) -> None:
        for name, value in row.items():
            if name not in key:
                setattr(known, name, value)

    def five_rows(self) -> None:
        """A unit of work of five rows."""
        with Session(self.orm.writer) as session:
            for n in range(5):
                session.add(
                    BenchRow(id=uuid4(), reference="R", stage="1", words="We will.", due=NOW, at=NOW, is_open=True, number=n)
                )
            session.commit()

    def close(self) -> None:
        """Let every connection go."""
        self.raw_writer.close()
        for store in (self.raw, self.orm):
            store.close()
        self.service.close()


@contextmanager
def sqlite_side(items: int) -> Iterator[Side]:
    """On SQLite, three files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        here, *others = (folder / f"{which}.sqlite" for which in ("drp", "raw", "orm"))
        store = Store(f"sqlite:///{here}")
        migrate_database(store)
        store.close()

        def copies() -> tuple[str, str]:
            for other in others:
                other.write_bytes(here.read_bytes())
            return f"sqlite:///{others[0]}", f"sqlite:///{others[1]}"

        side = Side(f"sqlite:///{here}", folder, copies, items)
        try:
            yield side
        finally:
            side.close()


@contextmanager
def postgresql_side(items: int) -> Iterator[Side]:
    """On PostgreSQL, in three databases of its own."""
    with ExitStack() as held:
        first = held.enter_context(scratch_database())
        folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
        store = Store(first)
        migrate_database(store)
        store.close()

        def copies() -> tuple[str, str]:
            return held.enter_context(scratch_database(first)), held.enter_context(scratch_database(first))

        side = Side(first, folder, copies, items)
        try:
            yield side
        finally:
            side.close()


def pure_table(side: Side, rounds: int) -> Table:
    """A bare step of a shared machine, a reply, and a date that passes."""
    store, casework = side.service.store, side.service.casework
    with store.read(KEY) as connection:
        loaded = load.load_challenge(connection, KEY, side.waiting[0])
        assert loaded is not None
        rules = casework.procedures.rules(connection, KEY, loaded.challenge.ladder_hash, loaded.challenge.authority_hash)
        establishment = load.load_establishment(connection, KEY, loaded.abouts())
    actor = access.actor_on(loaded, rules, establishment, side.manager.person, local_date(NOW))
    challenge, desk = replace(loaded.challenge), Desk()
    window = next(one for one in challenge.windows if one.is_open and one.key.kind is not WindowKind.JUDGEMENT)
    late = window.acts_at + timedelta(minutes=1)
    passed = WindowClosed(window.key.sequence, window.key.kind.value, window.key.n)
    step, reply, escalation = "one step of a shared machine", "decide: a reply", "decide: a date that passes"
    ways = {
        step: desk.step,  # type: ignore[attr-defined]
        reply: lambda: decide(rules, challenge, Act(Responded("agrees", "We will."), actor), NOW),
        escalation: lambda: decide(rules, challenge, Act(passed, THE_SERVICE), late),
    }
    return Table(
        "A decision, in memory",
        "A step: a `transitions` machine of four states moves its model on. A decision: everything that the procedure says of "
        "the event, as a value: who may bring it, what it closes and opens, what is to be kept and who is to be told.",
        in_turn(ways, rounds, at_once=STEPS),
        step,
        (Goal(reply, 8, step, REPLY_IN_MEMORY), Goal(escalation, 10, step)),
    )


REPLY_IN_MEMORY = (
    "a reply puts six windows in their new place, opens two with promises counted on the calendar, and makes three entries and a "
    "message; each is a value of up to twenty fields, and to make one takes as long as a fifth of a step"
)


def durable_table(engine: str, side: Side, rounds: int) -> Table:
    """A reply that is kept for good, and its own rows."""
    whole, raw = "the service's whole act", "its own rows, raw"
    same, five = "its own rows, a SQLModel session", "five rows, a SQLModel session"
    made: list[list[Statement]] = []

    ways: dict[str, Callable[[], Any]] = {
        whole: side.act,
        "(its rows remembered)": lambda: made.append(side.recorded()),
        raw: lambda: side.raw_writer.write(made[-1]),
        same: side.same_rows,
        five: side.five_rows,
    }
    took = in_turn(ways, rounds)
    del took["(its rows remembered)"]
    rows = sum(len(rows) for _, rows in made[-1])
    return Table(
        f"A decision that is kept, {engine}",
        f"The act: read what stands and who they are, decide, find whom to tell, write {rows} rows in {len(made[-1])} statements "
        "(as many as tables), commit. Its own rows: the same ones written to a copy of the database by the driver, their cells "
        "made beforehand; or as objects of a session, which looks up those that change. Five rows: what a naive unit of work "
        "would keep.",
        took,
        raw,
        (
            Goal(whole, 2.5, raw, WHOLE_ACT), Goal(whole, 1, five, FEWER_ROWS), Goal(whole, 1 / 3, same, LESS_THAN_A_THIRD),
        ),
    )  # fmt: skip


WHOLE_ACT = (
    "before it writes, an act reads the item with its windows, its people and who has brought what, decides, and makes every row "
    "with its hashes: by profile some 0.4, 0.1 and 0.3 of the 1.8 ms that it takes alone on SQLite, and its commit 0.5"
)
FEWER_ROWS = (
    "five rows are neither read for nor decided, tell nobody and prove nothing; the act writes the fourteen that the promise "
    "needs, and reads first"
)
LESS_THAN_A_THIRD = (
    "a session that writes the same rows takes twice as long as the act, which reads, decides and proves besides; commit and "
    "cells cost both the same"
)


def tables(rounds: int = 200) -> Iterator[Table]:
    """All of it."""
    with ExitStack() as held:
        sides = {"SQLite": held.enter_context(sqlite_side(2 * rounds + 40))}
        sides["PostgreSQL"] = held.enter_context(postgresql_side(2 * rounds + 40))
        yield pure_table(sides["SQLite"], rounds)
        for engine, side in sides.items():
            yield durable_table(engine, side, rounds)


if __name__ == "__main__":
    for table in tables():
        print(table.markdown())
