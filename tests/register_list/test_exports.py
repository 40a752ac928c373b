"""The register taken away: every line once, dates as dates, and never a formula, in small pieces however long it is."""

import csv
import random
import tempfile
import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO
from itertools import islice
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import openpyxl
import pytest

from api.exports import csv_text, register_export, workbooks
from api.exports.workbooks import Cell, write_workbook
from drp.register import write
from drp.register.write import EntryChange
from tests.cast.world import World
from tests.pages.browser import at_browser
from tests.pages.test_register_page import logged, raised
from tests.register_list.sheets import from_a_sheet
from tests.themes.lines import some_lines
from workflows.model.refusals import Unfit

HOSTILE = (
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=1", "＝1", "＋1", "－1", "＠A1", "'=1", '"=1+1"', '","=1', " =1",
    "=HYPERLINK(\"http://evil.example\")", "{=SUM(A1)}", "http://evil.example", "1e5", "\x00=1", "\ufeff=1",
)  # fmt: skip


def sheets_of(octets: bytes) -> dict[str, list[list[Any]]]:
    """A workbook read back: its cells by sheet."""
    book = openpyxl.load_workbook(BytesIO(octets))
    return {sheet.title: [list(row) for row in sheet.iter_rows()] for sheet in book}


def check_no_formula() -> None:
    file = BytesIO()
    write_workbook([("=cmd|' /C calc'!A1", HOSTILE, ([one] * 3 for one in HOSTILE))], file)
    (cells,) = sheets_of(file.getvalue()).values()
    for row in cells:
        for cell in row:
            assert cell.data_type in ("s", "n"), cell
            assert cell.data_type == "s" or cell.value is None
            assert cell.hyperlink is None
    with ZipFile(BytesIO(file.getvalue())) as parts:
        assert not any(b"<f>" in parts.read(name) or b"<f " in parts.read(name) for name in parts.namelist())


def test_nothing_in_a_workbook_is_a_formula_or_a_link_headings_and_names_of_sheets_included() -> None:
    check_no_formula()


def test_planted_a_workbook_that_takes_words_for_formulas_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "write_cell", lambda sheet, row, column, cell: sheet.write(row, column, cell))
    monkeypatch.setitem(workbooks.OPTIONS, "strings_to_formulas", True)
    with pytest.raises(AssertionError):
        check_no_formula()


def check_too_long(world: World) -> None:
    for _ in range(5):
        raised(world)
    # What stands on the sheet before the register, in four lines, fits.
    for most, code in ((5, 200), (4, 422)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(workbooks, "MOST_LINES", most)
            answer = at_browser(world, "mona").send("GET", "/register/export?format=xlsx")
        assert answer.status_code == code, most
        if code == 422:
            assert "A workbook holds 4 lines, and there are more." in answer.text
            assert "Narrow it, or take the CSV." in answer.text
            assert "attachment" not in str(answer.headers)
            assert not answer.content.startswith(b"PK")
    assert logged(world, "", "register taken away: 5 lines") == 1


def test_more_lines_than_a_workbook_holds_are_refused_and_nothing_is_handed_out(world: World) -> None:
    assert workbooks.MOST_LINES == 2**20 - 1
    check_too_long(world)
    assert len(lines_of(taken(world, "mona", "format=csv").content)[1]) == 5


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_a_workbook_that_ends_short_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def ends_short(sheets: Any, file: IO[bytes]) -> None:
        write_workbook([(name, headings, islice(rows, workbooks.MOST_LINES)) for name, headings, rows in sheets], file)

    monkeypatch.setattr(register_export, "write_workbook", ends_short)
    with pytest.raises(AssertionError):
        check_too_long(world)


def test_rows_that_wait_for_a_workbook_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    waited = list[int]()

    def rows(number: int) -> Iterator[list[Cell]]:
        for n in range(number):
            waited.append(len(list(tmp_path.iterdir())))
            yield [n]

    write_workbook([("One", ["a"], rows(3))], BytesIO())
    monkeypatch.setattr(workbooks, "MOST_LINES", 2)
    with pytest.raises(Unfit):
        write_workbook([("One", ["a"], rows(3))], BytesIO())
    assert set(waited) == {1}
    assert list(tmp_path.iterdir()) == []


def test_dates_and_numbers_are_dates_and_numbers_and_words_stay_words() -> None:
    file = BytesIO()
    rows: list[list[Cell]] = [[date(2026, 4, 1), 12, Decimal("1.5"), "12", "", None, "x" * 40_000]]
    write_workbook([("One", ["a"] * 7, rows), ("Two", ["b"], [])], file)
    found = sheets_of(file.getvalue())
    assert list(found) == ["One", "Two"]
    day, number, share, text, empty, none, long = found["One"][1]
    assert day.is_date
    assert day.value.date() == date(2026, 4, 1)
    assert (number.value, share.value, text.value, empty.value, none.value) == (12, 1.5, "12", None, None)
    assert long.value.endswith(workbooks.CUT)
    assert openpyxl.load_workbook(BytesIO(file.getvalue()))["One"].freeze_panes == "A2"


def lines_of(octets: bytes) -> tuple[list[list[str]], list[dict[str, str]]]:
    """A CSV read back: what stands on top, and its lines by heading."""
    assert octets.startswith(csv_text.BOM)
    rows = list(csv.reader(StringIO(octets.decode("utf-8-sig"), newline="")))
    head = rows.index([])
    return rows[:head], [dict(zip(rows[head + 1], row, strict=True)) for row in rows[head + 2 :]]


def taken(world: World, person: str, query: str) -> Any:
    answer = at_browser(world, person).send("GET", f"/register/export?{query}")
    assert answer.status_code == 200, answer.text
    return answer


def test_the_lines_that_are_shown_are_taken_away(world: World) -> None:
    north, south = raised(world), raised(world, "T-4", by="ivor")
    answer = taken(world, "mona", "format=csv&sort=raised_up&child=T-1")
    assert answer.headers["content-disposition"] == 'attachment; filename="register-2026-04-01.csv"'
    about, lines = lines_of(answer.content)
    assert [one["Reference"] for one in lines] == [north]
    assert lines[0]["Raised on"] == "2026-04-01"
    assert "about the child T-1" in about[1][0]
    assert "true and not suppressed" in about[3][0]
    _, lines = lines_of(taken(world, "mona", "format=csv").content)
    assert {one["Reference"]: one["Child's number"] for one in lines} == {north: "T-1", south: "T-4"}
    assert {one["IRO"] for one in lines} == {"Irene", "Ivor"}


def test_the_inspectors_list_says_in_category_and_in_words_what_changed_for_each_child(world: World) -> None:
    north, south = raised(world), raised(world, "T-4", by="ivor")
    world.as_("irene").brings(north, "resolved", what_changed="A plan at last.", found="better")
    world.as_("irene").brings(
        north, "impact_recorded", found="partly", what_changed="Sleeps again; school still waits.", childs_words="I have my room."
    )
    _, lines = lines_of(taken(world, "mona", "format=csv&since=2026-Q1&until=2026-Q1").content)
    said = {
        one["Reference"]: (one["What changed for the child"], one["What changed, in words"], one["In the child's own words"])
        for one in lines
    }
    assert said == {north: ("partly better", "Sleeps again; school still waits.", "I have my room."), south: ("", "", "")}
    _, lines = lines_of(taken(world, "hugo", "format=csv").content)
    assert "What changed, in words" not in lines[0]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("item_type=excellent_practice", "Excellent practice"),
        ("item_type=excellent_practice&kind=challenge", "Excellent practice"),
        ("item_type=formal", "Challenges"),
        ("practice=1", "Challenges"),
        ("kind=all", "These three together"),
        ("past=1", "Of every kind"),
    ],
)
def test_a_file_says_of_which_kind_its_lines_are(world: World, query: str, said: str) -> None:
    about, _ = lines_of(taken(world, "mona", f"format=csv&{query}").content)
    assert about[1][0].startswith(f"Lines: {said}")


def check_a_leaders_file(world: World) -> None:
    reference = raised(world)
    for kind in ("csv", "xlsx"):
        octets = taken(world, "hugo", f"format={kind}").content
        text = octets.decode() if kind == "csv" else str([[c.value for c in row] for row in sheets_of(octets)["Register"]])
        assert "Reference" in text
        for word in ("T-1", "KT", "Irene", "Child's number", "in words"):
            assert word not in text.replace(reference, ""), (kind, word)


def test_a_leaders_file_has_no_child_and_no_iro(world: World) -> None:
    check_a_leaders_file(world)


def test_planted_a_file_with_children_for_everybody_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_export.register_query, "sees_children", lambda asked: True)
    with pytest.raises(AssertionError):
        check_a_leaders_file(world)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_a_sheet_brought_in_is_no_formula_in_either_file(world: World, kind: str) -> None:
    lines = [from_a_sheet(f"{one[:40]}{n}", one[:32], reason=one[:60]) for n, one in enumerate(HOSTILE) if "\x00" not in one]
    with world.store.write(world.council.key) as connection:
        write.write_entries(connection, world.council.key, [EntryChange(line.id, None, line) for line in lines])
    octets = taken(world, "mona", f"format={kind}").content
    if kind == "xlsx":
        cells = sheets_of(octets)["Register"]
        assert len(cells) == len(lines) + 1
        assert all(cell.data_type in ("s", "n", "d") for row in cells for cell in row)
        return
    _, found = lines_of(octets)
    assert len(found) == len(lines)
    for one in found:
        for cell in one.values():
            assert not cell.lstrip(" ")[:1] or cell.lstrip(" ")[0] not in "=+-@\t\r\n＝＋－＠", cell


def test_that_it_was_taken_away_is_written_down_once_with_how_much(world: World) -> None:
    for _ in range(3):
        raised(world)
    taken(world, "hugo", "format=xlsx")
    assert logged(world, "", "register taken away: 3 lines") == 1


@pytest.mark.parametrize("query", ["format=pdf", "format=csv&year=x", "format=", "format=csv&kind=x"])
def test_a_file_that_there_is_not_is_refused(world: World, query: str) -> None:
    answer = at_browser(world, "mona").send("GET", f"/register/export?{query}")
    assert answer.status_code == 422
    assert "attachment" not in str(answer.headers)


@pytest.fixture
def thousands(world: World) -> Iterator[World]:
    """Six thousand lines."""
    lines = some_lines(random.Random(5), 6_000)
    with world.store.write(world.council.key) as connection:
        write.insert_entries(connection, world.council.key, lines)
    return world


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_thousands_of_lines_come_each_once_in_little_memory_and_never_in_one_long_reading(
    thousands: World, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings, rows = 0, 0
    whole = register_export.register_search.search_register

    def counted(*given: Any) -> Any:
        nonlocal readings
        readings += 1
        assert given[5] <= register_export.AT_ONCE
        return whole(*given)

    monkeypatch.setattr(register_export.register_search, "search_register", counted)
    octets = taken(thousands, "mona", f"format={kind}&kind=all").content
    references = (
        [row[0].value for row in sheets_of(octets)["Register"][1:]]
        if kind == "xlsx"
        else [one["Reference"] for one in lines_of(octets)[1]]
    )
    rows = len(references)
    assert rows == len(set(references)) == 6_000
    assert readings == 6


def test_a_workbook_holds_no_more_than_a_row_at_a_time(tmp_path: Any) -> None:
    def rows(number: int) -> Iterator[list[Cell]]:
        return ([f"line {n}" * 10, n, date(2026, 4, 1)] for n in range(number))

    def peak(number: int) -> int:
        file: IO[bytes]
        with (tmp_path / "out.xlsx").open("w+b") as file:
            tracemalloc.start()
            write_workbook([("Lines", ["a", "b", "c"], rows(number))], file)
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return most

    assert peak(20_000) < peak(2_000) + 2_000_000
