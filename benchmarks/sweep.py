"""A thousand items whose date passes at one moment, among few and among very many that are open.

`python -m benchmarks.sweep`. The items are copies, in SQL, of some that were raised through the service itself and told of; each
thousand comes to its time a minute after the one before. What is open besides comes to its time in years.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import text

from api.assembly import SYSTEM_CHANCE, Service, assemble_service
from api.keys import make_missing_keys
from benchmarks.council import KEY, found, send
from benchmarks.decision import NOW
from benchmarks.measuring import Goal, Table, timed
from benchmarks.own_rows import OwnRows, RawWriter
from benchmarks.scratch import scratch_database
from drp.casework import load
from drp.casework.asks import load_asks
from drp.casework.outage_hold import decide_up_to
from drp.casework.sweep import sweep_authority
from drp.database.engine import Store
from drp.database.migrate import migrate_database
from drp.database.schema import metadata
from drp.database.statements import DUE
from drp.directory.lookup import person_by_key
from drp.identity import tokens
from drp.settings import Settings
from workflows.model.events import Raised
from workflows.model.ladder import ItemType

SOURCES, DUE_AT_ONCE, ROUNDS = 20, 1_000, 3
THOUSANDS = ROUNDS + 4
"""Those that are timed; one that warms up; one for a replica alone, one for two; one that is decided in memory."""

COPIED = ("challenge", "register", "window", "entry", "words", "involved", "notification", "delivery")
"""The tables of an item that is due. Of one that is only open: the item and its windows, which are all that a look could meet."""


class Filled:
    """A council with many open items, on one engine."""

    def __init__(self, url: str, folder: Path, still_open: int) -> None:
        self.url, self.folder = url, folder
        self.service = service_on(url, folder)
        found(self.service, NOW)
        self.moment = self._sources()
        self._fill(still_open)
        self.passed = 0

    def _sources(self) -> datetime:
        """Items that were raised and told of; gives when their date passes. What comes before it has been told."""
        casework = self.service.casework
        with self.service.store.read(KEY) as connection:
            words = casework.procedures.current(connection, KEY)[0].authority
            signed = tokens.principal_of(connection, words, UUID(str(person_by_key(connection, KEY, "iro0"))), NOW)
        reason = next(reason.key for theme in words.themes for reason in theme.reasons if not reason.needs_words)
        for n in range(SOURCES):
            said = Raised(ItemType.FORMAL, (reason,), "The plan drifts.", "She waits.", "A plan.")
            casework.raise_item(signed, f"C-{n * 40:05}", said, NOW, lambda _, done: {})
        send(self.service, NOW + timedelta(days=1))
        with self.service.store.read(KEY) as connection:
            asked = "SELECT DISTINCT acts_at FROM \"window\" WHERE kind = 'reply'"
            (passes,) = connection.execute(text(asked).columns(acts_at=metadata.tables["window"].c.acts_at.type)).scalars()
        sweep_authority(casework, KEY, passes - timedelta(seconds=30))
        return passes  # type: ignore[no-any-return]

    def _fill(self, still_open: int) -> None:
        lite = self.service.store.is_sqlite
        new = "lower(hex(randomblob(16)))" if lite else "gen_random_uuid()"
        with self._filling() as execute:
            series = (
                "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {}) SELECT n FROM s" if lite
                else "SELECT n FROM generate_series(1, {}) AS g(n)"
            )  # fmt: skip
            pairs = "FROM challenge c, ({}) s"
            # Made once, or each mention of it would make other keys.
            execute("CREATE TEMP TABLE source AS SELECT id FROM challenge")
            due, more = DUE_AT_ONCE * THOUSANDS // SOURCES, max(1, still_open // SOURCES)
            for name, times in (("due", due), ("besides", more)):
                made = pairs.format(series.format(times))
                execute(f"CREATE TEMP TABLE {name} AS SELECT c.id AS old, s.n, {new} AS id {made}")
                execute(f"CREATE INDEX {name}_old ON {name} (old)")
            thousand = f"((due.n - 1) * {SOURCES} / {DUE_AT_ONCE})"
            later = (
                f"strftime('%Y-%m-%d %H:%M:%f000', t.acts_at, '+' || {thousand} || ' minutes')" if lite
                else f"t.acts_at + {thousand} * interval '1 minute'"
            )  # fmt: skip
            far = "'2040-01-02 09:00:00.000000'" if lite else "'2040-01-02 09:00:00+00'"
            reply = f"CASE WHEN t.kind = 'reply' THEN {later} ELSE t.acts_at END"
            for table in COPIED:
                execute(_copied(table, "due", reply))
            for table in ("challenge", "window"):
                execute(_copied(table, "besides", far))
            execute(f'UPDATE "window" SET acts_at = {far} WHERE challenge IN (SELECT id FROM source)')  # they are no round's
        with self._filling() as execute:
            execute("ANALYZE")

    @contextmanager
    def _filling(self) -> Iterator[Callable[[str], object]]:
        """One transaction past what binds the service: PostgreSQL's triggers look at nothing meanwhile."""
        with self.service.store.writer.begin() as connection:
            if not self.service.store.is_sqlite:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
                connection.exec_driver_sql("SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0")
            yield connection.exec_driver_sql

    def next_moment(self) -> datetime:
        """When the next thousand is due."""
        self.passed += 1
        return self.moment + timedelta(minutes=self.passed - 1)

    def sweep(self, now: datetime) -> float:
        """Milliseconds of a look at that moment."""
        return timed(lambda: sweep_authority(self.service.casework, KEY, now))

    def close(self) -> None:
        """Let every connection go."""
        self.service.close()


def _copied(table: str, what: str, acts_at: str) -> str:
    """Insert an item's rows once more for each row of a table of pairs, `what`."""
    key = "id" if table in ("challenge", "register") else "challenge"
    changed = {key: f"{what}.id", "acts_at": acts_at}
    if key == "id":
        changed["reference"] = f"'{what[0].upper()}' || substr(replace(CAST({what}.id AS TEXT), '-', ''), 1, 15)"
    columns = [column.name for column in metadata.tables[table].columns]
    named, said = ", ".join(f'"{name}"' for name in columns), ", ".join(changed.get(name, f't."{name}"') for name in columns)
    still = " AND t.closed_at IS NULL" if (table, what) == ("window", "besides") else ""
    return f'INSERT INTO "{table}" ({named}) SELECT {said} FROM "{table}" t JOIN {what} ON {what}.old = t.{key}{still}'


def service_on(url: str, folder: Path, clock: datetime = NOW) -> Service:
    """The service on a database, its clock standing still."""
    settings = Settings(var=folder, database_url=url, heartbeat=False, mail="none")
    make_missing_keys(settings, SYSTEM_CHANCE)
    return assemble_service(settings, lambda: clock)


@contextmanager
def empty_database(engine: str, folder: Path, name: str) -> Iterator[str]:
    """A migrated database without a council; gone at the end."""
    if engine == "SQLite":
        url = f"sqlite:///{folder / name}.sqlite"
        yield _migrated(url)
        return
    with scratch_database() as url:
        yield _migrated(url)


def _migrated(url: str) -> str:
    store = Store(url)
    migrate_database(store)
    store.close()
    return url


@contextmanager
def twin_of(filled: Filled) -> Iterator[RawWriter]:
    """A copy of its database as it stands, for the driver alone."""
    filled.service.store.close()
    with ExitStack() as held:
        if filled.service.store.is_sqlite:
            path = filled.folder / "raw.sqlite"
            path.write_bytes(Path(filled.url.removeprefix("sqlite:///")).read_bytes())
            url = f"sqlite:///{path}"
        else:
            url = held.enter_context(scratch_database(filled.url))
        store = Store(url)
        held.callback(store.close)
        writer = RawWriter(store, KEY)
        held.callback(writer.close)
        yield writer


def decided_in_memory(filled: Filled, now: datetime) -> float:
    """Milliseconds to decide a thousand items that are due and in memory already; nothing of it is kept."""
    casework, store = filled.service.casework, filled.service.store
    with store.read(KEY) as connection:
        asked = {"authority": KEY, "now": now, "aside": [], "most": DUE_AT_ONCE}
        ids = [row.challenge for row in connection.execute(DUE, asked)]
        items = [one for n in range(0, len(ids), 100) for one in load.load_challenges(connection, KEY, ids[n : n + 100]).values()]
        asks = load_asks(connection, KEY, ids)
        kept = items[0].challenge
        rules = casework.procedures.rules(connection, KEY, kept.ladder_hash, kept.authority_hash)
    assert len(items) == DUE_AT_ONCE
    last, after = now - timedelta(minutes=1), casework.hold_after
    return timed(lambda: [decide_up_to(now, rules, one, last, after, lambda id_: asks.get(id_, ())) for one in items])


class RawLook:
    """The statements of a look that finds nothing, by the driver alone: what is due, and that it was looked; each later."""

    def __init__(self, filled: Filled, from_: datetime) -> None:
        self._is_sqlite, self._at = filled.service.store.is_sqlite, from_
        self._connection = filled.service.store.writer.raw_connection()

    def __call__(self) -> None:
        self._at += timedelta(milliseconds=1)
        now: Any = self._at.strftime("%Y-%m-%d %H:%M:%S.%f") if self._is_sqlite else self._at
        mark = "?" if self._is_sqlite else "%s"
        cursor = self._connection.cursor()
        if self._is_sqlite:
            cursor.execute("BEGIN IMMEDIATE")
        due = (
            f'WITH come AS MATERIALIZED (SELECT challenge, acts_at FROM "window" WHERE authority = {mark} AND closed_at IS NULL '
            f"AND held_since IS NULL AND acts_at <= {mark}) "
            "SELECT challenge, min(acts_at) AS first FROM come GROUP BY challenge ORDER BY first LIMIT 100"
        )
        assert not cursor.execute(due, (KEY, now)).fetchall()
        cursor.execute(f"UPDATE authority SET last_tick = {mark} WHERE key = {mark} AND last_tick < {mark}", (now, KEY, now))
        self._connection.driver_connection.commit()  # type: ignore[union-attr]

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()


FEW, MANY = 10_000, 1_000_000


def tables() -> Iterator[Table]:
    """Each engine, among few and among many."""
    for engine in ("SQLite", "PostgreSQL"):
        took: dict[str, float] = {}
        nothing: dict[str, float] = {}
        for still_open in (FEW, MANY):
            with ExitStack() as held:
                folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
                url = held.enter_context(empty_database(engine, folder, "drp"))
                filled = Filled(url, folder, still_open)
                held.callback(filled.close)
                took |= swept(filled, still_open)
                nothing |= nothing_due(filled, still_open)
                if engine == "PostgreSQL" and still_open == FEW:
                    yield replicas_table(filled)
        yield sweep_table(engine, took)
        yield nothing_table(engine, nothing)


def swept(filled: Filled, still_open: int) -> dict[str, float]:
    """The sweep of a thousand, some times; among few also its rows by the driver, and its decisions in memory."""
    whole, rows, took = f"swept among {still_open:,}", OwnRows(), list[float]()
    with ExitStack() as held:
        raw = held.enter_context(twin_of(filled)) if still_open == FEW else None
        for n in range(ROUNDS + 1):
            with rows.remembering():
                ms = filled.sweep(filled.next_moment())
            took += [ms] if n else []
        if raw is None:
            return {whole: median(took)}
        written = [timed(lambda batch=batch: raw.write(batch)) for batch in rows.statements(filled.service.store)]
        decided = decided_in_memory(filled, filled.next_moment())
        filled.sweep(filled.moment + timedelta(minutes=filled.passed - 1))
    return {whole: median(took), "its rows raw, and decided in memory": sum(written) / (ROUNDS + 1) + decided}


def nothing_due(filled: Filled, still_open: int) -> dict[str, float]:
    """A look that finds nothing, and its statements by the driver, in turn."""
    at, ours, theirs = filled.moment + timedelta(minutes=filled.passed - 1, seconds=10), list[float](), list[float]()
    raw = RawLook(filled, at)
    for n in range(60):
        theirs.append(timed(raw))
        ours.append(filled.sweep(at + timedelta(milliseconds=n + 1)))
    raw.close()
    return {f"a look among {still_open:,}": median(ours[10:]), f"its statements raw, among {still_open:,}": median(theirs[10:])}


def sweep_table(engine: str, took: dict[str, float]) -> Table:
    """A thousand that are due."""
    few, many, floor = f"swept among {FEW:,}", f"swept among {MANY:,}", "its rows raw, and decided in memory"
    return Table(
        f"A sweep of {DUE_AT_ONCE:,} items whose date passes, {engine}",
        "Swept: find what is due, a hundred at a time, read the items and their people, look whether those who were asked were "
        "reached, decide each, find whom to tell, write every row, commit. Its rows raw: the same rows by the driver in the same "
        "transactions, their cells made beforehand; with the time in which the same thousand are decided in memory.",
        took,
        floor,
        (Goal(few, 1.5, floor, SWEEP_WORK), Goal(many, 1.5, floor, SWEEP_WORK), Goal(many, 1.5, few)),
    )


def nothing_table(engine: str, took: dict[str, float]) -> Table:
    """A look that finds nothing."""
    raw = f"its statements raw, among {MANY:,}"
    return Table(
        f"A look that finds nothing, {engine}",
        "A look: ask what is due, note that it was looked, commit. Raw: the two statements by the driver, and the commit.",
        took,
        raw,
        tuple(Goal(f"a look among {n:,}", 5, f"its statements raw, among {n:,}") for n in (FEW, MANY)),
    )


SWEEP_WORK = (
    "an item is read (a seventh of the time by profile), its recipients are found (an eighth), and some thirty rows are made of "
    "values, each entry and each message with its hash (a third); only to write, to commit and to decide are in the floor"
)


# Replicas: processes of their own, which begin at a word.


def replicas_table(filled: Filled) -> Table:
    """One process sweeps a thousand; then two together sweep another."""
    took = {}
    for name, number in (("one replica", 1), ("two replicas", 2)):
        before = _entries(filled)
        now = filled.next_moment()
        command = [sys.executable, "-m", "benchmarks.sweep", filled.url, str(filled.folder), now.isoformat()]
        processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(number)]
        for one in processes:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        began = time.perf_counter()
        for one in processes:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        decided = sum(int(one.communicate()[0]) for one in processes)
        took[name] = (time.perf_counter() - began) * 1000
        assert decided == DUE_AT_ONCE, decided
        each = _entries(filled) - before
        if number == 1:
            alone = each
    assert each == alone, "something was decided twice"
    return Table(
        f"Replicas that sweep {DUE_AT_ONCE:,} items together, PostgreSQL",
        "Processes of their own, from the word to go until the last has ended. Between them they decided each item once, and "
        "wrote as many entries as one alone.",
        took,
        "one replica",
        (Goal("two replicas", 1.3, "one replica"),),
    )


def _entries(filled: Filled) -> int:
    with filled.service.store.read(KEY) as connection:
        return int(connection.execute(text("SELECT count(*) FROM entry")).scalar_one())


def replica(url: str, folder: str, now: datetime) -> None:
    """One replica: it says that it is ready, waits for the word, sweeps, and says how many it decided."""
    service = service_on(url, Path(folder), now)
    with service.store.read(KEY) as connection:
        service.casework.procedures.current(connection, KEY)
    print("ready", flush=True)
    sys.stdin.readline()
    print(sweep_authority(service.casework, KEY, now).decided, flush=True)
    service.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        replica(sys.argv[1], sys.argv[2], datetime.fromisoformat(sys.argv[3]))
    else:
        for table in tables():
            print(table.markdown(), flush=True)
