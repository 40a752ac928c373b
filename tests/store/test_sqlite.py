"""SQLite as the service opens it: with a write-ahead log only where that is safe, and with one SQLite in the process."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from api.jobs import heartbeat
from drp.database.engine import Store
from drp.database.schema import metadata
from drp.database.sqlite_driver import WAL_IS_SAFE_FROM, sqlite3
from tests.cast.world import World
from tests.house.test_house import modules


def as_opened(folder: Path) -> tuple[str, str]:
    """The journal of a new database, and what health says of it."""
    store = Store(f"sqlite:///{folder / 'drp.sqlite'}")
    with store.read("nowhere") as connection:
        journal = str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())
    store.close()
    return journal, store.in_words


def test_a_write_ahead_log_where_it_is_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", WAL_IS_SAFE_FROM)
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.51.3")
    assert as_opened(tmp_path) == ("wal", "SQLite 3.51.3, write-ahead log")


def test_each_commit_is_on_the_disk_before_it_is_said(tmp_path: Path) -> None:
    """In a process of its own: what the tests open is quicker (tests/quick_engines.py)."""
    asks = (
        "import sys; from drp.database.engine import Store; store = Store(f'sqlite:///{sys.argv[1]}')\n"
        "for opened in (store.read, store.write):\n"
        "    with opened('nowhere') as here: print(here.exec_driver_sql('PRAGMA synchronous').scalar_one())"
    )
    said = subprocess.run([sys.executable, "-c", asks, str(tmp_path / "drp.sqlite")], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["2", "2"], "FULL"


def test_a_rollback_journal_where_two_writers_could_corrupt_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 51, 2))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.51.2")
    assert as_opened(tmp_path) == ("delete", "SQLite 3.51.2, rollback journal")


def test_a_database_with_a_rollback_journal_is_taken_over(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "drp.sqlite") as made:
        made.execute("CREATE TABLE kept (n INTEGER)")
        made.execute("INSERT INTO kept VALUES (1)")
    made.close()
    store = Store(f"sqlite:///{tmp_path / 'drp.sqlite'}")
    with store.read("nowhere") as connection:
        assert connection.exec_driver_sql("SELECT n FROM kept").scalar_one() == 1
    store.close()


PLAN = "EXPLAIN QUERY PLAN SELECT id FROM child WHERE authority = 'dunmoor' AND number_folded = 't-1' ORDER BY number"


def rows_are_found_by_the_fit_index(world: World, day: str) -> None:
    names = [column.name for column in metadata.tables["child"].columns]
    changed = {"id": "lower(hex(randomblob(16)))", "number": "'C-' || n", "number_folded": "'c-' || n"}
    said = ", ".join(changed.get(name, name) for name in names)
    numbers = "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 5000)"
    with world.store.write(world.key) as connection:
        connection.exec_driver_sql(
            f"INSERT INTO child ({', '.join(names)}) {numbers} SELECT {said} FROM child, s WHERE number = 'T-1'"
        )
    world.at(day)
    heartbeat.tick_authority(world.service, world.key)
    with world.service.store.read(world.key) as connection:
        plan = str(connection.exec_driver_sql(PLAN).all())
    assert "ix_child_number_folded" in plan, plan


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_the_first_beat_of_a_day_looks_again_at_how_tables_are_filled(world: World) -> None:
    rows_are_found_by_the_fit_index(world, "Thu 2 April 2026, 05:00")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_a_database_that_never_looks_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "refresh_statistics", lambda self: None)
    with pytest.raises(AssertionError, match="sqlite_autoindex_child_2"):
        rows_are_found_by_the_fit_index(world, "Thu 2 April 2026, 05:00")


def opens_sqlite_by_itself(text: str) -> list[str]:
    """The modules of SQLite that a file imports."""
    named = []
    for node in ast.walk(ast.parse(text)):
        named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        named += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
    return [name for name in named if name.partition(".")[0] in ("sqlite3", "pysqlite3")]


def test_one_sqlite_in_the_process() -> None:
    """Two would each let go of the locks that the other holds on a file."""
    found = {
        str(path): names
        for path in modules("drp", "notifications", "api", "tests")
        if path.name != "sqlite_driver.py" and (names := opens_sqlite_by_itself(path.read_text(encoding="utf-8")))
    }
    assert not found, "take sqlite3 from drp.database.sqlite_driver"


def test_planted_second_sqlite_is_seen() -> None:
    assert opens_sqlite_by_itself("import sqlite3") == opens_sqlite_by_itself("from sqlite3 import connect") == ["sqlite3"]
