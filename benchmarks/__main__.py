"""Every benchmark, one after the other, into benchmarks/RESULTS.md. `make bench`, on a machine that does nothing else meanwhile.

`python -m benchmarks MODULE …` measures some of them only, and says what they gave.
"""

import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

import psycopg

from benchmarks.measuring import Table, tables_of
from benchmarks.scratch import ADMIN
from drp.database.sqlite_driver import journal_mode, sqlite3

MODULES = ("decision", "workflows_of_dbos", "web", "sweep", "jobs", "heartbeats", "documents", "process")
HERE = Path(__file__).parent
LIBRARIES = ("fastapi", "pydantic", "sqlalchemy", "sqlmodel", "psycopg", "transitions", "apscheduler", "dbos", "uvicorn")


def measure_each(modules: Sequence[str]) -> tuple[list[Table], list[str]]:
    """Each module in a process of its own, so that none pays for what another left; how long each took is said as it goes.

    Gives the tables, and the modules that could not be measured: one's fault does not lose what the others gave.
    """
    tables, unmeasured = list[Table](), list[str]()
    for n, module in enumerate(modules, 1):
        began = time.perf_counter()
        print(f"{n} of {len(modules)}: {module} …", end="", file=sys.stderr, flush=True)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            try:
                tables += pool.submit(tables_of, module).result()
            except Exception:
                # Whatever it was, it is said with where it happened, and the run ends without RESULTS.md.
                unmeasured.append(module)
                traceback.print_exc()
        print(f" {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    return tables, unmeasured


def machine() -> str:
    """On what it was measured."""
    cpus = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
    memory = Path("/proc/meminfo").read_text(encoding="utf-8").split()[1]
    with psycopg.connect(ADMIN.replace("+psycopg", "")) as connection:
        server = connection.info.server_version
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores ({cpus[0].partition(':')[2].strip() if cpus else platform.processor()}), "
        f"{int(memory) / 2**20:.0f} GiB; Python {platform.python_version()}; SQLite {sqlite3.sqlite_version} "
        f"({journal_mode()}, synchronous FULL); PostgreSQL {server // 10000}.{server % 10000}; {libraries}."
    )


def summary(tables: Sequence[Table]) -> str:
    """Every goal, with what was measured."""
    lines = ["| | goal | measured | |", "|---|---|---|---|"]
    for table in tables:
        for goal in table.goals:
            times = table.took[goal.of] / table.took[goal.than]
            held = "met" if times <= goal.most else "**missed**"
            lines.append(f"| {table.title}: {goal.of} | ≤ {goal.most:.3g} × {goal.than} | {times:.3g} × | {held} |")
    return "\n".join(lines)


def results(tables: Sequence[Table], seconds: float) -> str:
    """The whole of RESULTS.md."""
    at = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True)
    head = (
        f"# How fast it is\n\nMeasured by `make bench` on {datetime.now(UTC):%-d %B %Y}, commit {at.stdout.strip()}, in "
        f"{seconds / 60:.0f} minutes. Not written by hand: what stands below comes from `benchmarks/`.\n\n{machine()}\n\n"
        "Each table holds several ways of doing one thing, measured in turn in one run: what counts are the ratios. A goal that "
        "is missed says why beneath its table; what was tried, and what it gave, stands at the end.\n\n"
    )
    tried = (HERE / "TRIED.md").read_text(encoding="utf-8")
    return head + "\n".join([summary(tables), "", *(table.markdown() for table in tables), tried])


def main() -> None:
    """All of it, or some modules."""
    began = time.perf_counter()
    if some := sys.argv[1:]:
        tables, unmeasured = measure_each(some)
        print("\n".join(table.markdown() for table in tables))
        sys.exit(bool(unmeasured))
    tables, unmeasured = measure_each(MODULES)
    if unmeasured:
        print("\n".join(table.markdown() for table in tables))
        sys.exit(f"benchmarks/RESULTS.md was not written: {', '.join(unmeasured)} could not be measured. The rest stands above.")
    (HERE / "RESULTS.md").write_text(results(tables, time.perf_counter() - began), encoding="utf-8")
    missed = sum(len(table.missed) for table in tables)
    print(f"benchmarks/RESULTS.md: {sum(len(table.goals) for table in tables)} goals, {missed} missed.")


if __name__ == "__main__":
    main()
