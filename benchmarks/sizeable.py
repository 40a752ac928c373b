"""A register of any size in the service's own tables, on both engines, and the same rows as CSV.

One authority, ten years of quarters, 1.15 reasons an item, keys as people choose them, most items under a few of the values.
"""

import csv
import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

from sqlalchemy.engine import make_url

from benchmarks.scratch import ADMIN
from drp.database.engine import Store
from drp.database.migrate import migrate_database
from drp.database.register_tables import RegisterRow
from drp.database.sqlite_driver import sqlite3
from tests.cast.stores import APP, OWNER, Postgresql
from workflows.calendar.reporting_periods import month_of, quarter_of
from workflows.model.ladder import ItemType
from workflows.model.register_entry import kind_of

KEY = "dunmoor"
FIRST_DAY, DAYS = date(2016, 4, 1), 3652
THEMES = {
    "practice": (
        "permanence_plan_delayed", "permanence_no_progress", "final_plan_not_ratified", "report_not_available", "other_practice",
    ),
    "resources": ("worker_not_available", "placement_unregistered", "other_resources"),
    "process": ("review_arrangements", "iro_not_informed", "other_process"),
}  # fmt: skip
REASONS = [(reason, theme) for theme, reasons in THEMES.items() for reason in reasons]
STAGES = ["informal", *(f"stage_{n}" for n in range(1, 7)), "referral"]
TEAMS = [
    (f"{place}_team_{n + 1}", f"{place}_service")
    for place in ("north", "south", "east", "west", "coast", "care")
    for n in range(10)
]
STATUSES = ["looked_after", "child_protection", "child_in_need", "care_leaver", "none_recorded"]
OUTCOMES = ["resolved", "withdrawn", "overtaken", "ended_unresolved", "open"]
IMPACTS = ["", "better", "no change", "partly", "too early", "worse"]
ENTRIES_EACH = 5
COLUMNS = list(RegisterRow.__table__.columns.keys())  # type: ignore[attr-defined]


def _skewed(values: list[Any], by: float = 1.0) -> tuple[list[Any], list[float]]:
    """Values with weights that fall as their place does."""
    return values, list(accumulate(1 / (n + 1) ** by for n in range(len(values))))


def rows(number: int, seed: int = 20260401) -> Iterator[tuple[Any, ...]]:
    """The register's rows of so many items, in order of time, in the order of its columns (identities and days as text)."""
    chance = random.Random(seed)
    drawn = {
        "type": _skewed(list(ItemType)), "stage": _skewed(STAGES), "reason": _skewed(REASONS, 0.8),
        "team": _skewed(TEAMS, 0.5), "status": _skewed(STATUSES), "outcome": _skewed(OUTCOMES), "impact": _skewed(IMPACTS, 0.7),
    }  # fmt: skip

    def draw(name: str) -> Any:
        values, weights = drawn[name]
        return chance.choices(values, cum_weights=weights)[0]

    for n in range(number):
        raised = FIRST_DAY + timedelta(days=n * DAYS // number)
        item_type, outcome, (team, service) = draw("type"), draw("outcome"), draw("team")
        took = chance.randrange(60)
        ended = raised + timedelta(days=took) if outcome != "open" else None
        id_, raiser = f"{chance.getrandbits(128):032x}", f"{chance.randrange(40):032x}"
        stage, status, impact = draw("stage"), draw("status"), draw("impact") if ended else ""
        reasons = {draw("reason") for _ in range(chance.choices((1, 2, 3), cum_weights=(86, 97, 100))[0])}
        themes = set[str]()
        for place, (reason, theme) in enumerate(sorted(reasons)):
            yield (
                KEY, id_, place, f"R-{n:07}", "", kind_of(item_type), place == 0, theme not in themes, raised.isoformat(),
                month_of(raised), quarter_of(raised), item_type.value, stage, reason, theme, team, service, status,
                n % 9 == 0, outcome, impact, ended.isoformat() if ended else None, took if ended else None, None, "", "",
                raiser,
            )  # fmt: skip
            themes.add(theme)


def write_csv(path: Path, number: int) -> int:
    """The rows as CSV, a date that is not there as an empty cell; gives how many there are."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        count = 0
        for row in rows(number):
            # Two things that are empty differ: a word that nobody recorded, and no date. Only a word is quoted.
            writer.writerow(["" if value is None else value for value in row])
            count += 1
    return count


def read_csv(path: Path) -> Iterator[tuple[Any, ...]]:
    """The rows again, as SQLite keeps them."""
    nullable = {COLUMNS.index(name) for name in ("ended_on", "days_to_end", "child")}
    flags = {COLUMNS.index(name) for name in ("is_first", "is_first_of_theme", "is_dual")}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            yield tuple(
                value == "True" if at in flags else None if at in nullable and not value else value
                for at, value in enumerate(row)
            )


ENTRIES = """
INSERT INTO entry (authority, challenge, number, schema_version, kind, at, recorded_at, parts, stage, sequence, visible,
  facts, words, key_id, previous, hash)
SELECT authority, id, nth, 1, 'responded', '2026-04-01 10:00:00+00', '2026-04-01 10:00:00+00', '', stage, nth, 'all',
  '{"answer":"agrees","parts":[]}', '', 'main', %s AS previous, %s AS hash
FROM register, (%s) AS numbers WHERE n = 0 ORDER BY id, nth"""


def into_sqlite(store: Store, path: Path, entries: bool) -> None:
    """The rows in the service's own file. Filling is not what is measured: nothing here needs to survive a power cut."""
    store.close()  # what brought the tables in holds the file's journal
    connection = sqlite3.connect(str(make_url(store.url).database), isolation_level=None)
    for pragma in ("synchronous=OFF", "journal_mode=OFF", "cache_size=-2000000", "foreign_keys=OFF"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    connection.executemany(
        f"INSERT INTO register ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))})", read_csv(path)
    )
    numbers = " UNION ALL ".join(f"SELECT {n} AS nth" for n in range(1, ENTRIES_EACH + 1))
    if entries:
        connection.execute(
            ENTRIES % ("id || '-previous-hash-of-this-one-' || nth", "id || '-hash-of-this-one-' || number", numbers)
        )
    connection.execute("COMMIT")
    connection.close()


def into_postgresql(server: Postgresql, path: Path, entries: bool) -> None:
    """The rows in the scratch database, vacuumed as autovacuum would in time."""
    with server.connect_as_admin(server.name) as connection:
        # As shipped: a commit is on the disk.
        connection.execute(f"ALTER DATABASE {server.name} RESET synchronous_commit")
        connection.execute("SET session_replication_role = replica")
        nullable = "FORCE_NULL (ended_on, days_to_end, child), FORCE_NOT_NULL (sheet, impact, number, number_folded)"
        copying = f"COPY register ({', '.join(COLUMNS)}) FROM STDIN (FORMAT csv, {nullable})"
        with path.open("rb") as file, connection.cursor() as cursor, cursor.copy(copying) as copy:
            while block := file.read(1 << 20):
                copy.write(block)
        numbers = f"SELECT generate_series(1, {ENTRIES_EACH}) AS nth"
        if entries:
            connection.execute(
                ENTRIES % ("replace(id::text, '-', '') || '-previous-hash-of-this-one-' || nth",
                           "replace(id::text, '-', '') || '-hash-of-this-one-' || nth", numbers)
            )  # fmt: skip
        connection.execute("VACUUM ANALYZE")


@dataclass(frozen=True)
class FilledRegister:
    """A register on both engines."""

    path: Path
    """Its rows as CSV."""
    rows: int
    stores: dict[str, Store]
    """By the name of the engine; PostgreSQL as the service's own role."""
    owner: Store
    """PostgreSQL as the role that owns the tables."""


@contextmanager
def filled_register(number: int) -> Iterator[FilledRegister]:
    """So many items on each engine, until the block ends."""
    server = Postgresql(make_url(ADMIN))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register.csv"
        count = write_csv(path, number)
        own, owner, app = Store(f"sqlite:///{Path(folder) / 'drp.sqlite'}"), Store(server.url(OWNER)), Store(server.url(APP))
        try:
            migrate_database(own)
            into_sqlite(own, path, entries=True)
            server.prepare()
            into_postgresql(server, path, entries=True)
            yield FilledRegister(path, count, {"SQLite": own, "PostgreSQL": app}, owner)
        finally:
            for store in (own, app, owner):
                store.close()
            server.clear()
