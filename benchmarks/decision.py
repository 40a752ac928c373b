"""What does a decision cost, beside its floor? `python -m benchmarks.decision [ROUNDS]`: medians of interleaved rounds, one run.

In each round, on each engine, one after the other: a bare step of a `transitions` machine and the pure `decide` (a reply, a
date that passes); a manager's reply as the service acts on it, whole (who they are, what stands, decide, who is told, every
row); the rows which that reply wrote, as the driver's own statements in one transaction of a database that stood the same;
and a SQLModel session that commits five rows. Every transaction is durable: SQLite with synchronous=FULL, PostgreSQL as set up
at 127.0.0.1:5432, where two databases are made and removed. No threads, loopback only.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine, create_engine, event, text
from sqlmodel import Field, Session, SQLModel
from transitions import Machine

from api.assembly import SYSTEM_CHANCE, Service, assemble_service
from api.keys import make_missing_keys
from benchmarks.council import KEY, found
from drp.casework import access, load
from drp.casework.service import ActionResult
from drp.database.engine import Store
from drp.database.migrate import migrate_database
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
ADMIN = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
STEPS = 200
"""Pure steps and decisions are too short to time alone: so many at once."""

Write = tuple[str, Any, bool]
"""A statement that changed something, with its parameters, and whether they are many."""


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
    """The service on one engine, and the same database once more for the raw rows."""

    def __init__(self, url: str, twin: str, folder: Path, copied: Callable[[], None], items: int) -> None:
        settings = Settings(var=folder, database_url=url, heartbeat=False, mail="none")
        make_missing_keys(settings, SYSTEM_CHANCE)
        self.service: Service = assemble_service(settings, lambda: NOW)
        found(self.service, NOW)
        self.iro, self.manager = self._signed("iro0"), self._signed("tm0")
        self.waiting = [self._raised(n) for n in range(items)]
        with self.service.store.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")  # as a database that has run for a day
        self.service.store.close()
        copied()
        self.twin = Store(twin)
        self.twin_connection = self.twin.writer.raw_connection()
        self.writes: list[Write] = []
        event.listen(self.service.store.writer, "before_cursor_execute", self._note)
        SQLModel.metadata.create_all(self.twin.writer, tables=[BenchRow.__table__])  # type: ignore[attr-defined]

    def _note(self, _c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE") or "drp_take_out" in statement:
            self.writes.append((statement, parameters, many))

    def _signed(self, person: str) -> Principal:
        with self.service.store.read(KEY) as connection:
            words = self.service.casework.procedures.current(connection, KEY)[0].authority
            return tokens.principal_of(connection, words, UUID(str(person_by_key(connection, KEY, person))), NOW)

    def _raised(self, n: int) -> str:
        words = self._words()
        child = f"C-{n % 16 * 120:05}"  # a child of the first IRO, in the first manager's team
        said = Raised(ItemType.FORMAL, (words,), "The plan drifts.", "She waits.", "A plan.")
        answer = self.service.casework.raise_item(
            self.iro, child, said, NOW - timedelta(hours=3), lambda _, done: {"r": done.loaded.reference}
        )
        return str(answer["r"])

    def _words(self) -> str:
        with self.service.store.read(KEY) as connection:
            authority = self.service.casework.procedures.current(connection, KEY)[0].authority
        return next(reason.key for theme in authority.themes for reason in theme.reasons if not reason.needs_words)

    def act(self) -> ActionResult:
        """A manager's reply to the next item that waits for one."""
        done: list[ActionResult] = []

        def seen(_: Any, result: ActionResult) -> dict[str, Any]:
            done.append(result)
            return {}

        self.writes.clear()
        self.service.casework.act(self.manager, self.waiting.pop(), Responded("agrees", "We will."), NOW, seen)
        return done[0]

    def raw_rows(self) -> None:
        """What the last act wrote, once more, by the driver alone."""
        connection = self.twin_connection
        cursor = connection.cursor()
        if self.service.store.is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        else:
            cursor.execute("SELECT set_config('drp.authority', %s, true)", (KEY,))
        for statement, parameters, many in self.writes:
            if many:
                cursor.executemany(statement, parameters)
            else:
                cursor.execute(statement, parameters)
        if self.service.store.is_sqlite:
            cursor.execute("COMMIT")
        else:
            connection.commit()

    def five_rows(self) -> None:
        """A unit of work as a user of SQLModel would write it."""
        with Session(self.twin.writer) as session:
            for n in range(5):
                session.add(
                    BenchRow(id=uuid4(), reference="R", stage="1", words="We will.", due=NOW, at=NOW, is_open=True, number=n)
                )
            session.commit()

    def close(self) -> None:
        """Let every connection go."""
        self.twin_connection.close()
        self.twin.close()
        self.service.close()


def timed(ask: Callable[[], Any]) -> float:
    """How long it takes, in milliseconds."""
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


@contextmanager
def sqlite_side(items: int) -> Iterator[Side]:
    """On SQLite, two files of one folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "twin").mkdir()
        store = Store(f"sqlite:///{folder / 'drp.sqlite'}")
        migrate_database(store)
        store.close()

        def copied() -> None:
            (folder / "twin" / "drp.sqlite").write_bytes((folder / "drp.sqlite").read_bytes())

        side = Side(f"sqlite:///{folder / 'drp.sqlite'}", f"sqlite:///{folder / 'twin' / 'drp.sqlite'}", folder, copied, items)
        yield side
        side.close()


@contextmanager
def postgresql_side(items: int) -> Iterator[Side]:
    """On PostgreSQL, in two databases of its own."""
    admin: Engine = create_engine(ADMIN, isolation_level="AUTOCOMMIT")
    names = [f"drp_bench_{uuid4().hex[:8]}" for _ in range(2)]

    def run(statement: str) -> None:
        with admin.connect() as connection:
            connection.execute(text(statement))

    run(f"CREATE DATABASE {names[0]}")
    try:
        with tempfile.TemporaryDirectory() as folder:
            first, second = (ADMIN.rpartition("/")[0] + f"/{name}" for name in names)
            store = Store(first)
            migrate_database(store)
            store.close()
            side = Side(first, second, Path(folder), lambda: run(f"CREATE DATABASE {names[1]} TEMPLATE {names[0]}"), items)
            yield side
            side.close()
    finally:
        for name in names:
            run(f"DROP DATABASE IF EXISTS {name}")


def pure(side: Side) -> dict[str, Callable[[], Any]]:
    """The pure steps: a bare one, a reply, and a date that passes."""
    store, casework = side.service.store, side.service.casework
    with store.read(KEY) as connection:
        id_ = load.id_of_reference(connection, KEY, side.waiting[0])
        assert id_ is not None
        loaded = load.load_challenges(connection, KEY, [id_])[id_]
        rules = casework.procedures.rules(connection, KEY, loaded.challenge.ladder_hash, loaded.challenge.authority_hash)
        establishment = load.load_establishment(connection, KEY, loaded.abouts())
    actor = access.actor_on(loaded, rules, establishment, side.manager.person, local_date(NOW))
    challenge, desk = loaded.challenge, Desk()
    window = next(one for one in challenge.windows if one.is_open and one.key.kind is not WindowKind.JUDGEMENT)
    late = window.acts_at + timedelta(minutes=1)
    passed = WindowClosed(window.key.sequence, window.key.kind.value, window.key.n)
    stands = replace(challenge)
    return {
        "one step of a transitions machine": desk.step,  # type: ignore[attr-defined]
        "decide: a reply": lambda: decide(rules, stands, Act(Responded("agrees", "We will."), actor), NOW),
        "decide: a date that passes": lambda: decide(rules, stands, Act(passed, THE_SERVICE), late),
    }


def main(rounds: int) -> int:
    """Measure, and print each beside its floor."""
    with ExitStack() as held:
        sides = {"SQLite": held.enter_context(sqlite_side(rounds + 20))}
        sides["PostgreSQL"] = held.enter_context(postgresql_side(rounds + 20))
        steps = pure(sides["SQLite"])
        took: dict[tuple[str, str], list[float]] = {}
        for n in range(rounds + 10):
            for name, step in steps.items():
                many = timed(lambda step=step: [step() for _ in range(STEPS)]) / STEPS  # type: ignore[misc]
                took.setdefault(("", name), []).append(many)
            for engine, side in sides.items():
                took.setdefault((engine, "the service's whole act"), []).append(timed(side.act))
                took.setdefault((engine, "its own rows, raw"), []).append(timed(side.raw_rows))
                took.setdefault((engine, "five rows, SQLModel"), []).append(timed(side.five_rows))
            if n == 9:
                took.clear()  # the first rounds fill caches
        middle = {which: statistics.median(times) for which, times in took.items()}
        floors = {"": "one step of a transitions machine", "SQLite": "its own rows, raw", "PostgreSQL": "its own rows, raw"}
        print(f"{'':12}{'':36}{'median ms':>10}{'× floor':>9}")
        for (engine, what), ms in sorted(middle.items(), key=lambda one: (one[0][0], one[1])):
            print(f"{engine or 'pure':12}{what:36}{ms:10.4f}{ms / middle[engine, floors[engine]]:9.1f}")
        print(f"rows written by the act: {[(s.split()[0], len(p) if m else 1) for s, p, m in sides['SQLite'].writes]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
