"""Are themes counted fast enough? `python -m benchmarks.themes [ITEMS] [part ...]`; parts: tables, index, writers, reports.

tables: every theme table of the whole register, and beside DuckDB's own table of the same rows (10 ms at 20,000 items). index:
what tables and lists take with the register's one index, and without it. writers: commits beside a theme reader that never
pauses (at most 3 times as long). reports: the front of Themes, and the report to the management team, part by part. Needs
`make .venv/.benchmarks` and a PostgreSQL at 127.0.0.1:5432. The best of some tries.
"""

import random
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import duckdb
from sqlalchemy import Connection, text

from benchmarks.sizeable import COLUMNS, FIRST_DAY, KEY, filled_register
from benchmarks.theme_tables import ITEMS, TABLE_AT_MOST_MS, TRIES, best, count_pairs
from drp.database.engine import Store
from drp.database.ids import Randomness
from drp.register import write
from drp.register.write import EntryChange, EntryToInsert
from drp.reports import register_search
from drp.reports.aggregate import CountQuery, Dimension, count_items
from drp.reports.display_labels import DisplayLabels
from drp.reports.front_of_themes import read_front
from drp.reports.register_search import RegisterFilter
from drp.reports.theme_tables import TableQuestion
from drp.written_reports.report_kinds import KINDS
from drp.written_reports.report_parts import COUNTED
from drp.written_reports.report_tables import ReportCounting
from tests.cast.councils import DUNMOOR, procedures
from workflows.calendar.report_periods import ReportEvery, ReportPeriod
from workflows.model.ladder import ItemType
from workflows.model.register_entry import CHALLENGE, CodedReason, RegisterEntry
from workflows.model.reporting import ReportKind

THREADS = 2
WRITERS_AT_MOST = 3.0
DASHBOARD = [
    CountQuery(by, period, first, last)
    for by in (Dimension.REASON, Dimension.THEME, Dimension.STAGE, Dimension.TEAM, Dimension.IMPACT)
    for period, first, last in ((Dimension.QUARTER, "2025-10", "2026-03"), (Dimension.QUARTER, "2025-04", "2026-03"))
]
"""This quarter beside the last, and this year by quarter."""


def into_duckdb(path: Path, threads: int) -> duckdb.DuckDBPyConnection:
    """DuckDB's own table of the rows, in this process, with the year kept too."""
    connection = duckdb.connect(":memory:", config={"threads": threads})
    columns = ", ".join(f"{name} {'BOOLEAN' if name.startswith('is_') else 'VARCHAR'}" for name in COLUMNS)
    connection.execute(f"CREATE TABLE loaded ({columns})")
    connection.execute(f"COPY loaded FROM '{path}' (FORMAT csv, HEADER false, NULLSTR '\\N')")
    connection.execute("CREATE TABLE register AS SELECT *, quarter[:4] AS year FROM loaded")
    connection.execute("DROP TABLE loaded")
    return connection


def by_duckdb(connection: duckdb.DuckDBPyConnection, a: Dimension, b: Dimension) -> tuple[dict[tuple[str, str], int], int]:
    """The same question: how many have each pair of values, and how many items there are."""
    flag = "true" if Dimension.REASON in (a, b) else "is_first_of_theme" if Dimension.THEME in (a, b) else "is_first"
    firsts = "count(*)" if flag == "is_first" else "count(*) FILTER (is_first)"
    rows = connection.execute(
        f"SELECT {a.value}, {b.value}, count(*), {firsts} FROM register "
        f"WHERE authority = '{KEY}' AND kind = '{CHALLENGE}' AND {flag} GROUP BY ALL"
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}, sum(row[3] for row in rows)


def tables(stores: dict[str, Store], duck: duckdb.DuckDBPyConnection) -> float:
    """Every pair; gives the milliseconds of the slowest."""
    took: dict[str, list[float]] = {name: [] for name in ("DuckDB", *stores)}
    for asked, each in count_pairs(stores):
        by, across = asked.names
        least, (cells, items) = best(TRIES, lambda by=by, across=across: by_duckdb(duck, by, across))  # type: ignore[misc]
        took["DuckDB"].append(least * 1000)
        line = f"{by.value + ' by ' + across.value:24} DuckDB {least * 1000:6.1f} ms"
        for name, (one, found) in each.items():
            assert (dict(found.cells), found.items) == (cells, items), asked
            took[name].append(one * 1000)
            line += f"   {name} {one * 1000:6.1f} ms, {one / least:5.2f} times"
        print(line, flush=True)
    for name, found in took.items():
        ratios = [one / least for one, least in zip(found, took["DuckDB"], strict=True)]
        said = f"worst {max(found):.1f}, median {statistics.median(found):.1f} ms"
        print(f"tables, {name}: {said}; worst {max(ratios):.2f}, median {statistics.median(ratios):.2f} times DuckDB")
    return max(max(took[name]) for name in stores)


def index(stores: dict[str, Store], owner: Store) -> None:
    """What tables and lists take with the index by day, and without it."""
    within = [_work(store) for store in stores.values()]
    for engine in (store.engine if store.is_sqlite else owner.engine for store in stores.values()):
        with engine.begin() as connection:
            connection.execute(text("DROP INDEX ix_register_by_kind"))
    for (name, store), before in zip(stores.items(), within, strict=True):
        for said, one in _work(store).items():
            print(f"index, {name}, {said:32} {before[said]:6.1f} ms, without {one:6.1f} ms", flush=True)


def _work(store: Store) -> dict[str, float]:
    """Milliseconds of what pages ask of the register."""
    read = procedures(DUNMOOR)
    labels, now = DisplayLabels(replace(read.authority, key=KEY), read.ladders, {}, {}), datetime(2026, 4, 1, tzinfo=UTC)
    ever, quarter = TableQuestion(Dimension.STAGE), TableQuestion(Dimension.STAGE, None, "2017-04", "2017-06")
    team = replace(ever, only=((Dimension.TEAM, "care_team_10"), (Dimension.STAGE, "stage_4")))

    def listed(question: TableQuestion, sort: str = "raised") -> Callable[[Connection], object]:
        return lambda connection: register_search.search_register(connection, labels, RegisterFilter(question), now, sort)

    def counted(asked: CountQuery) -> Callable[[Connection], object]:
        return lambda connection: count_items(connection, KEY, asked)

    asks = {
        "table, all years": counted(CountQuery(Dimension.STAGE, Dimension.IMPACT)),
        "table, two quarters": counted(DASHBOARD[0]),
        "table of a reason, all years": counted(
            CountQuery(Dimension.STAGE, Dimension.TEAM, only=((Dimension.REASON, ("review_arrangements",)),))
        ),
        "list, newest first": listed(ever),
        "list, an old quarter": listed(quarter),
        "list, a team's at a stage": listed(team),
        "list, by reference": listed(ever, "reference"),
        "list, its length": lambda connection: register_search.count_register(connection, labels, RegisterFilter(ever), now),
    }
    with store.read(KEY) as connection:
        return {said: best(20, lambda ask=ask: ask(connection))[0] * 1000 for said, ask in asks.items()}  # type: ignore[misc]


def reports(stores: dict[str, Store]) -> None:
    """What the front of Themes takes, and the report to the management team."""
    read = procedures(DUNMOOR)
    labels, now = DisplayLabels(replace(read.authority, key=KEY), read.ladders, {}, {}), datetime(2026, 3, 31, 12, tzinfo=UTC)
    for name, store in stores.items():
        with store.read(KEY) as connection:
            front, _ = best(5, lambda c=connection: read_front(c, labels, ReportEvery.YEAR, now.date()))  # type: ignore[misc]
            counting = ReportCounting(connection, labels, ReportPeriod("2025-10", "2025-12"), now)
            took = {
                key: best(5, lambda key=key, asked=counting: COUNTED[key](asked))[0]  # type: ignore[misc]
                for key in KINDS[ReportKind.MANAGEMENT].parts
            }
        slowest = max(took, key=lambda key: took[key])
        said = f"{sum(took.values()) * 1000:.0f} ms, the slowest part ({slowest}) {took[slowest] * 1000:.0f} ms"
        print(f"reports, {name}: the front of Themes {front * 1000:.0f} ms; to the management team {said}", flush=True)


def writers(name: str, store: Store, chance: Randomness) -> float:
    """The median of commits that each change one line, alone and beside a reader without a pause; gives the ratio."""
    alone = _commits(store, chance)
    with _looping(store):
        beside = _commits(store, chance)
    said = f"alone {alone * 1000:.2f} ms, beside a looping reader {beside * 1000:.2f} ms"
    print(f"writers, {name}: the median commit takes {said}: {beside / alone:.2f} times", flush=True)
    return beside / alone


@contextmanager
def _looping(store: Store) -> Iterator[None]:
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            for asked in DASHBOARD:
                with store.read(KEY) as connection:
                    count_items(connection, KEY, asked)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        stop.set()
        reader.join()


def _commits(store: Store, chance: Randomness, times: int = 40) -> float:
    """The median of so many commits, in seconds."""
    took = []
    identity = chance.identity()
    before: RegisterEntry | None = None
    for n in range(times):
        after = _line("stage_2" if n % 2 else "informal")
        change = EntryChange(identity, before, EntryToInsert(identity, f"W-{identity}", after, None, UUID(int=1)))
        began = time.perf_counter()
        with store.write(KEY) as connection:
            write.write_entries(connection, KEY, [change])
        took.append(time.perf_counter() - began)
        before = after
    return statistics.median(took)


def _line(stage: str) -> RegisterEntry:
    reasons = (CodedReason("permanence_plan_delayed", "practice"),)
    raised = FIRST_DAY.replace(year=2026, month=3)
    return RegisterEntry(
        ItemType.FORMAL, raised, stage, reasons, "north_team_1", "north_service", "looked_after", False, "open", "", None
    )  # fmt: skip


def main(number: int = ITEMS, parts: tuple[str, ...] = ("tables", "writers", "reports", "index")) -> int:
    """Fill, measure, print; 1 if anything is slower than it may be."""
    chance = Randomness(random.Random(7).randbytes)
    missed = False
    with filled_register(number) as register:
        print(f"{number:,} items, {register.rows:,} rows", flush=True)
        if "tables" in parts:
            slowest = tables(register.stores, into_duckdb(register.path, THREADS))
            missed |= number == ITEMS and slowest > TABLE_AT_MOST_MS
        if "writers" in parts:
            missed |= max([writers(name, store, chance) for name, store in register.stores.items()]) > WRITERS_AT_MOST
        if "reports" in parts:
            reports(register.stores)
        if "index" in parts:
            index(register.stores, register.owner)
    return int(missed)


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(int(given[0]) if given else ITEMS, tuple(given[1:]) or ("tables", "writers", "reports", "index")))
