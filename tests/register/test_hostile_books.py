"""Workbooks made to fill the memory or to be misread: refused before they are held, or read as what they hold."""

import random
import tracemalloc
import zipfile
from io import BytesIO

import pytest

from drp.register_import import xlsx
from tests.register.books import MAIN, RELATIONS, book, sheet
from tests.register.test_reading import refused, rows_of


def pieces(most: int, element: str) -> str:
    """So many elements, each of another name or value where `element` says `#`."""
    return "".join(element.replace("#", f"{n:x}") for n in range(most))


def refused_within(most: int, data: bytes) -> str:
    """Why a workbook is refused, with so many bytes of memory at the most."""
    tracemalloc.start()
    try:
        said = refused(lambda: rows_of(data))
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()
    return said


IN_SHEET = {
    "cells": pieces(20_000, '<c t="str"><v>a</v></c>'),
    "names": pieces(2_000, "<n#/>"),
    "attributes": "<x" + pieces(2_000, " n#='1'") + "/>",
    "depth": "<g>" * 101 + "</g>" * 101,
    "one tag": f'<x y="{pieces(400_000, "#")}"/>',
    "one comment": f"<!--{pieces(400_000, '#')}-->",
    "one text": f'<c t="str"><v>{pieces(2_000_000, "#")}</v></c>',
    "one text in pieces": f'<c t="str"><v>{pieces(2_000_000, "#<!-- -->")}</v></c>',
}


@pytest.mark.parametrize("what", IN_SHEET)
def test_a_sheet_that_would_be_held_in_memory_is_refused_before_it_is(what: str) -> None:
    data = book({"S": sheet([["x"]]).replace("</row>", f"{IN_SHEET[what]}</row>")})
    said = refused_within(20 * 2**20, data)
    assert "a cell's place is" in said if what == "cells" else "holds more than a register needs" in said


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        ("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">{pieces(9, "<si><t>#</t></si>")}</sst>'),
        ("xl/styles.xml", f'<styleSheet xmlns="{MAIN}"><cellXfs>{pieces(9, "<xf/>")}</cellXfs></styleSheet>'),
        ("xl/styles.xml", f'<styleSheet xmlns="{MAIN}"><numFmts>{pieces(9, "<numFmt/>")}</numFmts></styleSheet>'),
        ("xl/workbook.xml", f'<workbook xmlns="{MAIN}"><sheets>{pieces(9, "<sheet/>")}</sheets></workbook>'),
        ("xl/_rels/workbook.xml.rels", f"<Relationships>{pieces(9, '<Relationship/>')}</Relationships>"),
        ("xl/worksheets/sheet1.xml", f'<worksheet xmlns="{MAIN}">{pieces(9, "<mergeCell/>")}</worksheet>'),
    ],
    ids=["texts", "styles", "formats", "sheets", "relations", "merged"],
)
def test_no_more_is_kept_of_a_part_than_a_register_needs(part: str, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_ELEMENTS", dict.fromkeys(xlsx.MOST_ELEMENTS, 8))
    data = book({"S": sheet([["x"]])}, extra={part: kept.encode()})
    assert f"its part {part} holds more than a register needs" in refused(lambda: rows_of(data))


TEXTS = {
    "very many": pieces(40_000, "<si><t>#</t></si>"),
    "in very many pieces": f"<si>{pieces(40_000, '<r><t>#</t></r>')}</si>",
    "empty": "<si/>" * 80_000,
    "with nothing that is kept": f"<si>{pieces(80_000, '<x/>')}</si>",
}


def of_texts(kept: str) -> bytes:
    """A workbook whose texts are these."""
    return book({"S": sheet([["x"]])}, extra={"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{kept}</sst>'.encode()})


@pytest.mark.parametrize("what", TEXTS)
def test_texts_cost_no_more_time_than_a_registers(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundredth of what is taken: reading stops there, and does not look at the rest."""
    monkeypatch.setattr(xlsx, "MOST_IN_TEXTS", xlsx.MOST_IN_TEXTS // 100)
    data = of_texts(TEXTS[what])
    assert "xl/sharedStrings.xml holds more than a register needs" in refused_within(8 * 2**20, data)


def test_texts_take_no_more_memory_than_a_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters that take four bytes each in memory, and few in the file."""
    monkeypatch.setattr(xlsx, "LARGEST_TEXTS", xlsx.LARGEST_TEXTS // 100)
    chance = random.Random(1)
    wide = "".join(f"<si><t>{chance.getrandbits(1_600):x}\U0001f600</t></si>" for _ in range(2_000))
    assert "its texts are more than a register has" in refused_within(8 * 2**20, of_texts(wide))


def test_cells_cost_no_more_time_than_a_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "MOST_IN_PART", xlsx.MOST_IN_PART // 1_000)
    cells = "".join(f'<row r="{row}"><c/><c/><c/></row>' for row in range(2, 5_000))
    data = book({"S": sheet([["x"]]).replace("</sheetData>", f"{cells}</sheetData>")})
    assert "holds more than a register needs" in refused_within(8 * 2**20, data)


def test_a_register_of_two_hundred_thousand_rows_is_within_every_bound() -> None:
    """By reckoning: each row with 14 cells of a text and a value, five texts of its own of 200 letters."""
    assert xlsx.MOST_IN_PART >= 200_000 * (1 + 14 * 2)
    assert xlsx.MOST_ELEMENTS["si"] >= 200_000 * 5
    assert xlsx.MOST_IN_TEXTS >= 200_000 * 5 * 2
    assert xlsx.LARGEST_TEXTS >= 200_000 * (200 * 2 + 80) + 800_000 * 80


@pytest.mark.parametrize("limit", ["MOST_IN_TEXTS", "LARGEST_TEXTS", "MOST_IN_PART"])
def test_planted_a_reader_without_such_a_bound(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tests = {
        "MOST_IN_TEXTS": lambda: test_texts_cost_no_more_time_than_a_registers("very many", monkeypatch),
        "LARGEST_TEXTS": lambda: test_texts_take_no_more_memory_than_a_registers(monkeypatch),
        "MOST_IN_PART": lambda: test_cells_cost_no_more_time_than_a_registers(monkeypatch),
    }
    monkeypatch.setattr(xlsx, limit, 10**12)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        tests[limit]()


def test_a_directory_of_very_many_parts_is_not_read() -> None:
    entry = b"PK\x01\x02" + bytes(24) + b"\x01\x00" + bytes(16) + b"a"
    end = b"PK\x05\x06" + bytes(4) + b"\x03\x00\x03\x00" + (len(entry) * 400_000).to_bytes(4, "little") + bytes(6)
    data = b"PK\x03\x04" + entry * 400_000 + end
    assert "more parts than a workbook has" in refused_within(2**20, data)


def test_a_part_that_is_longer_than_it_says_is_refused() -> None:
    whole = bytearray(book({"S": sheet([["x"], *([f"line {n}"] for n in range(2_000))])}))
    with zipfile.ZipFile(BytesIO(whole)) as archive:
        said = archive.getinfo("xl/worksheets/sheet1.xml").file_size.to_bytes(4, "little")
    assert whole.count(said) == 2
    lies = bytes(whole).replace(said, (100).to_bytes(4, "little"))
    assert "its part xl/worksheets/sheet1.xml is damaged" in refused(lambda: rows_of(lies))


def test_what_a_sheet_says_of_its_size_and_what_lies_outside_the_file_changes_nothing() -> None:
    far = '</row><row r="1048576"><c r="XFD1048576" t="str"><v>far</v></c></row>'
    made = sheet([["x"]]).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>').replace("</row>", far)
    assert rows_of(book({"S": made})) == [(1, {0: "x"}), (1_048_576, {16_383: "far"})]
    outside = f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" TargetMode="External" Target="file:///etc/passwd"/>'
    links = f"<Relationships>{outside}</Relationships>".encode()
    data = book({"S": sheet([["x"]])}, extra={"xl/_rels/workbook.xml.rels": links})
    assert "the workbook has 0 sheets" in refused(lambda: rows_of(data))


def test_texts_that_look_like_numbers_stay_texts_and_numbers_stay_as_exact_as_they_were() -> None:
    numbers = [("12345678901234567890", 0), ("1.10", 0), ("0.1", 0), ("-3.0", 0), ("1E-7", 0)]
    rows = rows_of(book({"S": sheet([["x"], ["007"], ["1e5"], *([one] for one in numbers)])}))
    found = [cells[0] for _, cells in rows[1:]]
    assert found == ["007", "1e5", "12345678901234567890", "1.10", "0.1", "-3", "1E-7"]


@pytest.mark.parametrize(
    ("limit", "what"),
    [("MOST_NAMES", "names"), ("DEEPEST", "depth"), ("LONGEST_PIECE", "one text"), ("MOST_COLUMNS", "cells")],
)
def test_planted_a_reader_without_such_a_limit(limit: str, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, limit, 10**9)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test_a_sheet_that_would_be_held_in_memory_is_refused_before_it_is(what)
