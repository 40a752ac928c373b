"""Are themes counted fast enough at size? `python -m benchmarks.themes [CHALLENGES] [part ...]`; parts: live, rollup, writers.

live: every theme table from the lines against DuckDB's own table of the same rows (at most 6 times). rollup: what a dashboard
shows, from the cells against the same from the lines (at least 20 times faster). writers: commits beside a theme reader that
never pauses (at most 3 times as long). Needs `make .venv/.benchmarks` and a PostgreSQL at 127.0.0.1:5432. Ratios of the best of
some tries.
"""

import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
from sqlalchemy import make_url

from benchmarks.sizeable import FIRST_DAY, KEY, into_duckdb, into_postgresql, into_sqlite, write_csv
from drp import counting, register, rollup
from drp.chance import Chance
from drp.counting import Asked, By
from drp.migrate import migrate
from drp.register import Change, Entered
from drp.store import Store
from tests.store.conftest import APP, Postgresql
from workflows.ladder import ItemType
from workflows.line import CHALLENGE, Coded, Line

ADMIN = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
THREADS = 2
LIVE_AT_MOST, ROLLUP_AT_LEAST, WRITERS_AT_MOST = 6.0, 20.0, 3.0
FINE = (By.STAGE, By.REASON, By.THEME, By.TEAM, By.SERVICE, By.STATUS, By.ITEM_TYPE, By.OUTCOME, By.IMPACT)
PAIRS = [*combinations(FINE, 2), *((by, period) for by in FINE for period in counting.PERIODS)]
DASHBOARD = [
    Asked(by, period, first, last)
    for by in (By.REASON, By.THEME, By.STAGE, By.TEAM, By.IMPACT)
    for period, first, last in ((By.QUARTER, "2025-10", "2026-03"), (By.QUARTER, "2025-04", "2026-03"))
]
"""This quarter beside the last, and this year by quarter."""

DECISIONS = 50
"""What an authority of this size decides within a beat, and more."""


def best(times: int, ask: Callable[[], Any]) -> tuple[float, Any]:
    """The shortest of some tries in seconds, and what was answered."""
    took, answer = [], None
    for _ in range(times):
        began = time.perf_counter()
        answer = ask()
        took.append(time.perf_counter() - began)
    return min(took), answer


def by_duckdb(connection: duckdb.DuckDBPyConnection, a: By, b: By) -> tuple[dict[tuple[str, str], int], int]:
    """The same question: how many have each pair of values, and how many items there are."""
    flag = "true" if By.REASON in (a, b) else "is_first_of_theme" if By.THEME in (a, b) else "is_first"
    firsts = "count(*)" if flag == "is_first" else "count(*) FILTER (is_first)"
    rows = connection.execute(
        f"SELECT {a.value}, {b.value}, count(*), {firsts} FROM register "
        f"WHERE authority = '{KEY}' AND kind = '{CHALLENGE}' AND {flag} GROUP BY ALL"
    ).fetchall()
    return {(row[0], row[1]): row[2] for row in rows}, sum(row[3] for row in rows)


def live(stores: dict[str, Store], duck: duckdb.DuckDBPyConnection) -> float:
    """Every pair; gives the worst ratio."""
    ratios: dict[str, list[float]] = {name: [] for name in stores}
    for a, b in PAIRS:
        said = f"{a.value} by {b.value}"
        least, (cells, items) = best(5, lambda a=a, b=b: by_duckdb(duck, a, b))  # type: ignore[misc]
        line = f"{said:24} DuckDB {least * 1000:6.1f} ms"
        took = {}
        for name, store in stores.items():
            took[name], found = best(5, lambda store=store, a=a, b=b: _counted(store, Asked(a, b), counting.live))  # type: ignore[misc]
            assert (dict(found.cells), found.items) == (cells, items), said
        least = min(least, best(5, lambda a=a, b=b: by_duckdb(duck, a, b))[0])  # type: ignore[misc]
        for name in stores:
            ratios[name].append(took[name] / least)
            line += f"   {name} {ratios[name][-1]:5.2f}" + (" <-- more than it may" if ratios[name][-1] > LIVE_AT_MOST else "")
        print(line, flush=True)
    for name, found in ratios.items():
        over, middle = sum(one > LIVE_AT_MOST for one in found), statistics.median(found)
        print(f"live, {name}: worst {max(found):.2f}, median {middle:.2f} times DuckDB; {over} of {len(found)} above")
    return max(max(found) for found in ratios.values())


def _counted(store: Store, asked: Asked, how: Callable[..., counting.Counts]) -> counting.Counts:
    with store.read(KEY) as connection:
        return how(connection, KEY, asked)


def dashboard(name: str, store: Store, chance: Chance) -> float:
    """What is looked at daily: all added up; beside decisions not added yet; beside a quarter just brought in. The least ratio
    of the first two: the third is asked of the quarter's lines until the heartbeat counts it."""
    with store.write(KEY) as connection:
        register.touch(connection, chance, KEY, [f"{FIRST_DAY.year + n // 4}-Q{n % 4 + 1}" for n in range(40)])
    left = 1
    recounts = []
    while left:
        with store.write(KEY) as connection:
            began = time.perf_counter()
            left = rollup.recount(connection, KEY, most=1)
            recounts.append(time.perf_counter() - began)
    reading, _ = best(3, lambda: _counted(store, Asked(By.STAGE, By.TEAM), counting.live))
    print(f"rollup, {name}: counting a quarter anew {min(recounts[:-1]) / reading:.2f} times one live table of all quarters")
    least = 1e9
    for state in ("all added up", f"{DECISIONS} decisions since", "this quarter brought in"):
        with store.write(KEY) as connection:
            if state == "this quarter brought in":
                register.touch(connection, chance, KEY, ["2025-Q4"])
            elif state != "all added up":
                for _ in range(DECISIONS):
                    one = chance.identity()
                    here = Entered(one, f"D-{one}", _line("stage_2"), None, UUID(int=1))
                    register.write(connection, chance, KEY, [Change(one, None, here)])
                    register.write(connection, chance, KEY, [Change(one, here.line, replace(here, line=_line("informal")))])
        for asked in DASHBOARD:
            with store.read(KEY) as connection:  # as a page asks: several questions in one
                fast, cells = best(20, lambda c=connection, asked=asked: rollup.count(c, KEY, asked))  # type: ignore[misc]
                slow, lines = best(5, lambda c=connection, asked=asked: counting.live(c, KEY, asked))  # type: ignore[misc]
                ever = Asked(asked.by, asked.across)
                whole, _ = best(3, lambda c=connection, ever=ever: counting.live(c, KEY, ever))  # type: ignore[misc]
            assert cells == lines, asked
            said = f"{asked.by.value} by quarter from {asked.first}"
            print(
                f"rollup, {name}, {state:23} {said:30} {fast * 1000:5.2f} ms: {slow / fast:6.1f} times as fast as the same live, "
                f"{whole / fast:6.1f} as all years live",
                flush=True,
            )
            if state != "this quarter brought in":
                least = min(least, slow / fast)
    with store.write(KEY) as connection:
        rollup.recount(connection, KEY)
    return least


def writers(name: str, store: Store, chance: Chance) -> float:
    """The median of commits that each change one line, alone and beside a reader without a pause; gives the rollup's ratio."""
    alone = _commits(store, chance)
    ratio = 0.0
    for said, how in (("live", counting.live), ("rollup", rollup.count)):
        with _looping(store, how):
            beside = _commits(store, chance)
        ratio = beside / alone
        print(f"writers, {name}: the median commit beside a looping {said} reader takes {ratio:.2f} times as long", flush=True)
    return ratio


@contextmanager
def _looping(store: Store, how: Callable[..., counting.Counts]) -> Iterator[None]:
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            for asked in DASHBOARD:
                _counted(store, asked, how)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        stop.set()
        reader.join()


def _commits(store: Store, chance: Chance, times: int = 40) -> float:
    """The median of so many commits; the heartbeat adds them up between them, as it does."""
    took = []
    identity = chance.identity()
    before: Line | None = None
    for n in range(times):
        if n % 20 == 0:
            with store.write(KEY) as connection:
                rollup.add_up(connection, KEY)
        after = _line("stage_2" if n % 2 else "informal")
        began = time.perf_counter()
        with store.write(KEY) as connection:
            register.write(
                connection, chance, KEY, [Change(identity, before, Entered(identity, f"W-{identity}", after, None, UUID(int=1)))]
            )
        took.append(time.perf_counter() - began)
        before = after
    return statistics.median(took)


def _line(stage: str) -> Line:
    reasons = (Coded("permanence_plan_delayed", "practice"),)
    raised = FIRST_DAY.replace(year=2026, month=3)
    return Line(
        ItemType.FORMAL, raised, stage, reasons, "north_team_1", "north_service", "looked_after", False, "open", "", None
    )  # fmt: skip


def main(challenges: int = 1_000_000, parts: tuple[str, ...] = ("live", "rollup", "writers")) -> int:
    """Fill, measure, print; 1 if anything is slower than it may be."""
    chance = Chance(random.Random(7).randbytes)
    server = Postgresql(make_url(ADMIN))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.csv"
        print(f"{challenges:,} items, {write_csv(path, challenges):,} rows", flush=True)
        own = Store(f"sqlite:///{Path(folder) / 'drp.sqlite'}")
        stores = {"SQLite": own}
        missed = False
        try:
            migrate(own)
            into_sqlite(own, path, entries=True)
            server.prepare()
            into_postgresql(server, path, entries=True)
            stores["PostgreSQL"] = Store(server.url(APP))
            duck = into_duckdb(path, THREADS)
            if "live" in parts:
                missed |= live(stores, duck) > LIVE_AT_MOST
            for name, store in stores.items():
                if "rollup" in parts:
                    missed |= dashboard(name, store, chance) < ROLLUP_AT_LEAST
                if "writers" in parts:
                    missed |= writers(name, store, chance) > WRITERS_AT_MOST
        finally:
            for store in stores.values():
                store.close()
            server.clear()
    return int(missed)


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(int(given[0]) if given else 1_000_000, tuple(given[1:]) or ("live", "rollup", "writers")))
