"""The operator's commands, as they are typed."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from api.cli import register_commands
from api.cli.main import app
from drp.database.engine import Store
from drp.database.register_tables import PopulationRow
from drp.register_import import import_file, review_sheet
from drp.register_import.register_rows import SheetRowRead
from tests.register.books import book, sheet
from tests.register.bringing import GOOD, HEAD, Office

Drp = Callable[..., str]
pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def drp(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drp:
    """Types a command; the clock is the machine's own."""
    world = office.world
    for name, value in {"DRP_DATABASE_URL": world.store.url, "DRP_VAR": str(world.settings.var), "DRP_MAIL": "none"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "past.csv").write_text(GOOD, encoding="utf-8")

    def typed(*said: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, said)
        assert done.exit_code == code, done.output
        return str(done.output)

    return typed


def test_a_register_is_tried_brought_in_once_and_taken_back(office: Office, drp: Drp) -> None:
    tried = drp("register", "import", "dunmoor", "past.csv", "--dry-run")
    assert "by year of raising: 2019 1, 2020 1, 2021 1" in tried
    assert "by stage: Stage 2 1, Stage 3 1, not recorded 1" in tried
    assert "open rows that are lines only (1; --take-over makes running items of them): 3" in tried
    assert "A dry run: nothing was changed." in tried
    assert office.lines() == []
    assert "3 rows came in as lines, 0 as running items" in drp("register", "import", "dunmoor", "past.csv")
    assert "was brought in on" in drp("register", "import", "dunmoor", "past.csv")
    assert len(office.lines()) == 4
    assert "No file came in as “other.csv”" in drp("register", "take-back", "dunmoor", "other.csv", code=1)
    assert "3 lines of past.csv were taken back" in drp("register", "take-back", "dunmoor", "past.csv")
    assert office.lines() == []
    assert "There is no authority nowhere" in drp("register", "import", "nowhere", "past.csv", code=1)
    assert "There is no file other.csv" in drp("register", "import", "dunmoor", "other.csv", code=1)


def others_write_while_it_is_checked(office: Office, drp: Drp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody writes at once, for each way of bringing a sheet, after its first row was checked."""
    written = list[str]()

    def somebody_writes(rows: Iterable[SheetRowRead]) -> Iterator[SheetRowRead]:
        for n, one in enumerate(rows):
            if n == 0:
                with office.world.store.write(office.key) as connection:
                    written.append(str(connection.execute(text("UPDATE child SET number = number")).rowcount))
            yield one

    monkeypatch.setattr(register_commands, "show_progress", somebody_writes)
    assert "A dry run: nothing was changed." in drp("register", "import", "dunmoor", "past.csv", "--dry-run")
    drp("register", "import", "dunmoor", "past.csv", "--dry-run", "--take-over")
    assert "3 rows came in" in drp("register", "import", "dunmoor", "past.csv")
    assert len(written) == 3


def test_while_a_sheet_is_checked_others_write(office: Office, drp: Drp, monkeypatch: pytest.MonkeyPatch) -> None:
    others_write_while_it_is_checked(office, drp, monkeypatch)


def test_planted_a_check_that_holds_the_lock(office: Office, drp: Drp, monkeypatch: pytest.MonkeyPatch) -> None:
    real, other = import_file.check_sheet, Store(office.world.store.url)

    def held(*given: Any) -> Any:
        with other.write(office.key):
            return real(*given)

    with office.world.store.write(office.key) as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
    monkeypatch.setattr(import_file, "check_sheet", held)
    with pytest.raises(AssertionError):
        others_write_while_it_is_checked(office, drp, monkeypatch)
    other.close()


def checked_again(office: Office, drp: Drp, monkeypatch: pytest.MonkeyPatch) -> None:
    def somebody_brings_the_same(rows: Iterable[SheetRowRead]) -> Iterator[SheetRowRead]:
        yield from rows
        office.brings(f"{HEAD}R-2,2020-01-01,,formal,,,,,,,,\n", "other.csv")

    monkeypatch.setattr(register_commands, "show_progress", somebody_brings_the_same)
    said = drp("register", "import", "dunmoor", "past.csv", code=1)
    assert "past.csv, row 3, column “reference” (A): “R-2” is in the register already" in said
    assert [one["reference"] for one in office.lines()] == ["R-2"]


def test_what_came_in_while_a_sheet_was_checked_is_seen_before_it_is_written(
    office: Office, drp: Drp, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked_again(office, drp, monkeypatch)


def test_planted_a_sheet_written_as_it_was_found_before(office: Office, drp: Drp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drp.register_import.vocabulary.Vocabulary.__eq__", lambda self, other: True)
    with pytest.raises(AssertionError):
        checked_again(office, drp, monkeypatch)


def test_what_is_wrong_with_a_sheet_or_its_mapping_is_said_and_nothing_comes_in(office: Office, drp: Drp, tmp_path: Path) -> None:
    (tmp_path / "past.csv").write_text(GOOD.replace("31/12/2020", "31/06/2020"), encoding="utf-8")
    said = drp("register", "import", "dunmoor", "past.csv", code=1)
    assert "past.csv, row 3, column “raised_on” (B): “31/06/2020” is a day that does not exist; check day and month." in said
    assert "Nothing was brought in." in said
    (tmp_path / "m.yaml").write_text("columns: {reference: Ref}\n", encoding="utf-8")
    assert "m.yaml:1: no column is named for `raised_on`" in drp(
        "register", "import", "dunmoor", "past.csv", "--mapping", "m.yaml", code=1
    )
    assert office.lines() == []


def test_open_rows_are_taken_over_by_choice(office: Office, drp: Drp, tmp_path: Path) -> None:
    head = GOOD.partition("\n")[0]
    (tmp_path / "past.csv").write_text(
        f"{head}\nR-9,2026-03-02,,formal,stage_2,report_not_available,,,,,T-1,\n", encoding="utf-8"
    )
    assert "row 2: R-9 would run as an item" in drp("register", "import", "dunmoor", "past.csv", "--take-over", "--dry-run")
    assert office.lines() == []
    assert "row 2: R-9 runs as an item, " in drp("register", "import", "dunmoor", "past.csv", "--take-over")
    assert "1 of its rows run as items, and go on" in drp("register", "take-back", "dunmoor", "past.csv")
    assert [one["sheet"] for one in office.lines()] == [""]


def standing(office: Office) -> dict[tuple[str, str], int]:
    table = PopulationRow.__table__  # type: ignore[attr-defined]
    return {(row.quarter, row.status): row.number for row in office.world.rows(select(table))}


def test_numbers_of_children_take_the_place_of_earlier_ones(office: Office, drp: Drp, tmp_path: Path) -> None:
    rows = [["quarter", "status", "number"], ["2016/17 Q1", "looked after", (1109, 0)], ["2016-Q2", "child_protection", "1,020"]]
    (tmp_path / "n.xlsx").write_bytes(book({"S": sheet(rows)}))
    assert "2 numbers would stand" in drp("population", "import", "dunmoor", "n.xlsx", "--dry-run")
    assert standing(office) == {}
    drp("population", "import", "dunmoor", "n.xlsx")
    assert standing(office) == {("2016-Q1", "looked_after"): 1109, ("2016-Q2", "child_protection"): 1020}
    (tmp_path / "n.csv").write_text("quarter,status,number\n2016-Q1,looked_after,1110\n", encoding="utf-8")
    drp("population", "import", "dunmoor", "n.csv")
    assert standing(office) == {("2016-Q1", "looked_after"): 1110, ("2016-Q2", "child_protection"): 1020}


def test_every_bad_number_of_children_is_named(office: Office, drp: Drp, tmp_path: Path) -> None:
    bad = (
        "2016/18 Q1,looked_after,1\n2016-Q5,looked_after,1\n2099-Q1,looked_after,1\n2016-Q1,teenagers,1\n"
        "2016-Q1,looked_after,-1\n2016-Q1,looked_after,many\n2016-Q1,,1\n2016-Q2,looked_after,1\n2016/17 Q2,looked_after,2\n"
    )
    (tmp_path / "n.csv").write_text(f"quarter,status,number\n{bad}", encoding="utf-8")
    said = drp("population", "import", "dunmoor", "n.csv", code=1)
    for row in (2, 3, 4, 5, 6, 7, 8, 10):
        assert f"n.csv, row {row}" in said
    assert "n.csv, row 9" not in said
    assert "2016-Q2 and looked_after stand in row 9 too" in said
    assert standing(office) == {}


DECIDED = [
    ["child", "held_on", "number", "words", "who", "due", "state"],
    ["T-1", "2025-11-04", "1", "Dental check.", "Social Worker", "2026-01-30", "done"],
    ["t-1", "2025-11-04", "2", "Passport applied for.", "Her aunt", "", ""],
    ["T-1", "2025-06-02", "", "A life story begun.", "", "", "not done"],
]


def test_what_reviews_decided_comes_in_once_and_tells_nobody(office: Office, drp: Drp, tmp_path: Path) -> None:
    (tmp_path / "d.xlsx").write_bytes(book({"S": sheet(DECIDED)}))
    irene = office.world.as_("irene")
    assert "decisions 3; reviews in the sheet 2, children 1" in drp("reviews", "import", "dunmoor", "d.xlsx", "--dry-run")
    assert irene.get("/reviews", child="T-1").json()["reviews"] == []
    assert "None of them is followed yet" in drp("reviews", "import", "dunmoor", "d.xlsx")
    latest, before = irene.get("/reviews", child="T-1").json()["reviews"]
    shown = [(one["number"], one["owner_role"], one["owner"], one["due"], one["state"]) for one in latest["decisions"]]
    assert shown == [("1", "social_worker", "", "2026-01-30", "done"), ("2", "", "Her aunt", None, "open")]
    assert [(one["words"], one["state"]) for one in before["decisions"]] == [("A life story begun.", "not done")]
    assert irene.get("/inbox").json()["messages"] == []
    said = drp("reviews", "import", "dunmoor", "d.xlsx")
    assert "decisions 0;" in said
    assert "there already, and stay as they are: 3" in said
    changes = office.world.as_("audrey").get("/audit/changes").json()
    assert [one["what"] for one in changes if "reviews" in one["what"]] == ["reviews brought in"] * 2


def test_every_bad_row_of_decisions_is_named_and_keeps_the_sheet_out(office: Office, drp: Drp, tmp_path: Path) -> None:
    bad = (
        "T-99,2025-11-04,1,W,,,\nT-1,2099-11-04,1,W,,,\nT-1,,1,W,,,\nT-1,2025-11-04,1,,,,\nT-1,2025-11-04,1,W,,,perhaps\n"
        "T-1,2025-11-04,1,W,,soon,\nT-1,2025-11-04,1,Good.,,,\n"
    )
    (tmp_path / "d.csv").write_text(f"{','.join(DECIDED[0])}\n{bad}", encoding="utf-8")
    said = drp("reviews", "import", "dunmoor", "d.csv", code=1)
    assert [f"d.csv, row {row}" in said for row in range(2, 9)] == [True] * 6 + [False]
    twice = "T-1,2025-11-04,1,One.,,,\nT-1,2025-11-04,1,Other.,,,\n"
    (tmp_path / "d.csv").write_text(f"{','.join(DECIDED[0])}\n{twice}", encoding="utf-8")
    assert "d.csv, row 3: Two decisions of this review have the number 1" in drp("reviews", "import", "dunmoor", "d.csv", code=1)
    assert office.world.as_("irene").get("/reviews", child="T-1").json()["reviews"] == []


def test_planted_a_sheet_of_decisions_that_comes_in_twice(
    office: Office, drp: Drp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blind = SimpleNamespace(**{**vars(review_sheet.review_register), "list_reviews": lambda *given: ()})
    monkeypatch.setattr(review_sheet, "review_register", blind)
    with pytest.raises(AssertionError, match="Two decisions of this review"):
        test_what_reviews_decided_comes_in_once_and_tells_nobody(office, drp, tmp_path)
