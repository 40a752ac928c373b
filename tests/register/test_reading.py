"""Files as they come: odd, broken and hostile ones are named for what they are, in bounded time and memory."""

import textwrap
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from drp.register_import import xlsx
from drp.register_import.csv_files import read_csv
from drp.register_import.faults import SheetFaults, Unusable
from drp.register_import.mapping import FIELDS, BadMapping, read_mapping
from drp.register_import.register_rows import day_of
from drp.register_import.table import OddCell
from drp.register_import.xlsx import read_xlsx
from tests.register.books import MAIN, STYLES, book, number, sheet

HEADINGS = ("reference", "raised_on")


def rows_of(data: bytes, header: int = 1, name: str = "") -> list[tuple[int, dict[int, object]]]:
    faults = SheetFaults("past.xlsx")
    found = [(row, dict(cells)) for row, cells in read_xlsx(data, faults, name, header).rows]
    faults.stop()
    return found


def refused(read: Callable[[], object]) -> str:
    with pytest.raises(Unusable) as said:
        read()
    return str(said.value)


def csv_rows(data: bytes, encoding: str = "utf-8", delimiter: str = "") -> list[tuple[int, dict[int, object]]]:
    faults = SheetFaults("past.csv")
    found = [(row, dict(cells)) for row, cells in read_csv(data, faults, 1, HEADINGS, encoding, delimiter).rows]
    faults.stop()
    return found


# CSV.


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_each_delimiter_is_found_by_the_headings(delimiter: str, mark: bytes) -> None:
    data = mark + "reference|raised_on|x\r\n\r\na,b|2020-01-01|\r\n".replace("a,b", '"a,b"').replace("|", delimiter).encode()
    assert csv_rows(data) == [
        (1, {0: "reference", 1: "raised_on", 2: "x"}), (2, {}), (3, {0: "a,b", 1: "2020-01-01"}),
    ]  # fmt: skip


def test_bytes_that_are_no_utf_8_are_named_by_row_and_read_only_if_declared() -> None:
    data = "reference,raised_on\nA,2020-01-01\nZoë,2020-01-01\n".encode("cp1252")
    assert "row 3: the file is not in utf-8 (byte 0xeb)" in refused(lambda: csv_rows(data))
    assert csv_rows(data, "windows-1252")[2][1][0] == "Zoë"
    undefined = b"reference,raised_on\n\x81,2020-01-01\n"
    assert "row 2: the file is not in windows-1252 (byte 0x81)" in refused(lambda: csv_rows(undefined, "windows-1252"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_recognised(encoding: str) -> None:
    assert "the file is in UTF-16; save it as CSV UTF-8" in refused(lambda: csv_rows("reference,raised_on\n".encode(encoding)))


def test_a_nul_a_glued_row_and_an_open_quote_are_named() -> None:
    assert "row 2: the file holds a NUL" in refused(lambda: csv_rows(b"reference,raised_on\nA\0,2020-01-01\n"))
    glued = b"reference,raised_on\nA,2020-01-01,B,2020-01-02\nC\n"
    said = refused(lambda: csv_rows(glued))
    assert "row 2: this row has 4 cells, and the headings are 2 (cut at a comma)" in said
    assert "row 3: this row has 1 cells" in said
    assert "row 2: the row cannot be taken apart" in refused(lambda: csv_rows(b'reference,raised_on\n"A,2020-01-01\n'))


def test_a_row_is_numbered_as_the_spreadsheet_shows_it() -> None:
    assert csv_rows(b'reference,raised_on\n"A\nB",2020-01-01\nC,2020-01-01\n')[2][0] == 3


# Workbooks.


def test_days_numbers_and_shared_texts_are_read_as_they_are_shown() -> None:
    strings = f'<sst xmlns="{MAIN}"><si><t>re</t><rPh><t>no</t></rPh><r><t>f</t></r></si><si><t>a_x000A_b</t></si></sst>'
    shared = {"A1": '<c r="A1" t="s"><v>0</v></c>', "B1": '<c r="B1" t="s"><v>1</v></c>', "C1": '<c r="C1" t="b"><v>1</v></c>'}
    data = book(
        {"S": sheet([["x", "y", "z"], [(43586, 1), (43586.75, 2), (43586, 0), (12.0, 0), ("1E+2", 3)]], more=shared)}, strings
    )
    assert rows_of(data) == [
        (1, {0: "ref", 1: "a\nb", 2: "TRUE"}),
        (2, {0: date(2019, 5, 1), 1: date(2019, 5, 1), 2: "43586", 3: "12", 4: "100"}),
    ]
    old = book({"S": sheet([["x"], [(42124, 1)]])}, is_1904=True)
    assert rows_of(old)[1][1][0] == date(2019, 5, 1)


def a_formula_is_refused() -> None:
    formula = {"B2": '<c r="B2" t="str"><f>A2&amp;"x"</f><v>kept from last time</v></c>'}
    (_, (_, cells)) = rows_of(book({"S": sheet([["x", "y"], ["a", "b"]], more=formula)}))
    assert cells[1] == OddCell("the cell B2 holds a formula", "copy the column and paste it as values")


def test_a_formula_is_no_value_whatever_it_came_to_last_time() -> None:
    a_formula_is_refused()


def test_planted_a_formulas_last_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "FORMULA", "no element")
    with pytest.raises(AssertionError):
        a_formula_is_refused()


def test_an_error_in_a_cell_is_named() -> None:
    data = book({"S": sheet([["x"], ["a"]], more={"A2": '<c r="A2" t="e"><v>#N/A</v></c>'})})
    assert rows_of(data)[1][1][0] == OddCell("the cell A2 holds the error #N/A", "correct it, or empty it")


def test_merged_cells_among_the_rows_are_named_and_above_them_are_nobodys_business() -> None:
    data = book({"S": sheet([["Title"], ["x", "y"], ["a", "b"], ["c", "d"]], merged=["A1:B1", "A3:A4"])})
    said = refused(lambda: rows_of(data, header=2))
    assert "past.xlsx, sheet S, row 3: the cells A3:A4 are merged" in said
    assert "A1:B1" not in said


def test_the_sheet_is_named_where_there_are_several() -> None:
    data = book({"One": sheet([["x"]]), "Two": sheet([["y"]])})
    assert "the workbook has 2 sheets; say `sheet:` in the mapping, one of: “One”, “Two”" in refused(lambda: rows_of(data))
    assert "there is no sheet “Three”" in refused(lambda: rows_of(data, name="Three"))
    assert rows_of(data, name="two")[0][1][0] == "y"


def test_locked_old_and_damaged_files_are_named_as_what_they_are() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    assert "locked with a password" in refused(lambda: rows_of(ole + bytes(600) + "EncryptedPackage".encode("utf-16-le")))
    assert "Excel 97–2003" in refused(lambda: rows_of(ole + bytes(600)))
    whole = book({"S": sheet([["x"]])})
    assert "damaged" in refused(lambda: rows_of(whole[: len(whole) // 2]))
    assert "damaged" in refused(lambda: rows_of(book({"S": sheet([["x"]])[:-20]})))
    assert "no workbook" in refused(lambda: rows_of(b"PK\x03\x04"))
    empty = BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert "its part xl/workbook.xml is missing" in refused(lambda: rows_of(empty.getvalue()))
    flagged = bytearray(whole)
    at = flagged.find(b"PK\x01\x02")
    flagged[at + 8] |= 1
    assert "locked with a password" in refused(lambda: rows_of(bytes(flagged)))


def an_entity_is_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    said = refused(lambda: rows_of(book({"S": sheet([["x"]], begin=bomb)})))
    assert "its part xl/worksheets/sheet1.xml declares a document type" in said


def test_a_part_that_declares_entities_is_refused() -> None:
    an_entity_is_not_expanded()


def test_planted_a_reader_that_takes_any_document_type(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deaf:
        """A parser that does not mind."""

        def __init__(self, parser: object) -> None:
            object.__setattr__(self, "parser", parser)

        def __setattr__(self, name: str, value: object) -> None:
            if name not in ("StartDoctypeDeclHandler", "EntityDeclHandler"):
                setattr(self.parser, name, value)

        def __getattr__(self, name: str) -> object:
            return getattr(object.__getattribute__(self, "parser"), name)

    real = xlsx.expat.ParserCreate

    class Expat:
        """The module with such parsers."""

        ExpatError = xlsx.expat.ExpatError

        @staticmethod
        def ParserCreate(**given: str) -> Deaf:
            return Deaf(real(**given))

    monkeypatch.setattr(xlsx, "expat", Expat)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        an_entity_is_not_expanded()


def test_a_zip_bomb_is_not_unpacked() -> None:
    tracemalloc.start()
    began = time.perf_counter()
    data = book({"S": sheet([["x"]])}, extra={"xl/media/image.png": bytes(60 * 2**20)})
    tracemalloc.reset_peak()
    assert "unpacked, the file would be far larger" in refused(lambda: rows_of(data))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20
    assert time.perf_counter() - began < 30


def test_a_million_empty_rows_after_the_last_take_little_memory() -> None:
    empty = "".join(f'<row r="{n}" spans="1:9" s="{n % 97}" ht="{n * 7919 % 10007}"/>' for n in range(3, 1_000_003))
    data = book({"S": sheet([["x"], ["a"]]).replace("</sheetData>", f"{empty}</sheetData>")})
    del empty
    tracemalloc.start()
    found = rows_of(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 2
    assert peak < 40 * 2**20


def test_rows_out_of_order_and_impossible_places_are_refused() -> None:
    twice = sheet([["x"], ["a"]]).replace('<row r="2">', '<row r="1">')
    assert "its row 1 stands after row 1" in refused(lambda: rows_of(book({"S": twice})))
    far = sheet([["x"]], more={"A1": number(1, "ÄÖ1")})
    assert "a cell's place is “ÄÖ”" in refused(lambda: rows_of(book({"S": far})))
    lost = sheet([["x"]], more={"A1": '<c r="A1" t="s"><v>7</v></c>'})
    assert "a cell names a text that is not there" in refused(lambda: rows_of(book({"S": lost})))


@pytest.mark.parametrize("said", ["²", "9" * 5_000, "-1", "1.5"], ids=["raised", "endless", "negative", "broken"])
def test_figures_that_are_no_numbers_are_refused_by_their_row(said: str) -> None:
    rows = [["x"], ["a"], ["b"]]
    odd = sheet(rows).replace('<row r="3">', f'<row r="{said}">')
    named = f"past.xlsx, sheet S, row 2: the row after row 2 is numbered “{said[:10]}”"
    assert named in refused(lambda: rows_of(book({"S": odd})))
    lost = sheet(rows, more={"A2": f'<c r="A2" t="s"><v>{said}</v></c>'})
    assert "past.xlsx, sheet S, row 2: a cell names a text that is not there" in refused(lambda: rows_of(book({"S": lost})))
    styled = STYLES.replace('numFmtId="14"', f'numFmtId="{said}"').encode()
    data = book({"S": sheet([["x"], [(43586, 1)]])}, extra={"xl/styles.xml": styled})
    assert rows_of(data)[1][1][0] == "43586", "a format that nobody knows shows no day"


def test_half_a_character_is_named_by_its_cell() -> None:
    half = OddCell("the cell A2 holds half a character", "write the text anew")
    assert rows_of(book({"S": sheet([["x"], ["a_xD800_"]])}))[1][1][0] == half
    shared = {"A2": '<c r="A2" t="s"><v>0</v></c>'}
    strings = f'<sst xmlns="{MAIN}"><si><t>_xDFFF_</t></si></sst>'
    assert rows_of(book({"S": sheet([["x"], ["a"]], more=shared)}, strings))[1][1][0] == half


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_file_packed_as_no_spreadsheet_packs_is_not_unpacked(packing: int) -> None:
    file = BytesIO()
    with zipfile.ZipFile(BytesIO(book({"S": sheet([["x"]])}))) as whole, zipfile.ZipFile(file, "w", packing) as other:
        for name in whole.namelist():
            other.writestr(name, whole.read(name))
    assert "packed as no spreadsheet packs it" in refused(lambda: rows_of(file.getvalue()))


def test_a_part_whose_octets_are_spoiled_or_in_an_unknown_encoding_is_named() -> None:
    whole = book({"S": sheet([["x"], *([f"line {n}"] for n in range(50))])})
    with zipfile.ZipFile(BytesIO(whole)) as parts:
        at = parts.getinfo("xl/worksheets/sheet1.xml").header_offset + 30 + len("xl/worksheets/sheet1.xml")
    spoiled = whole[:at] + b"\xff" * 20 + whole[at + 20 :]
    assert "past.xlsx, sheet S: its part xl/worksheets/sheet1.xml is damaged" in refused(lambda: rows_of(spoiled))
    strange = book({"S": sheet([["x"]], begin='<?xml version="1.0" encoding="none-such"?>')})
    assert "its part xl/worksheets/sheet1.xml is damaged" in refused(lambda: rows_of(strange))


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-03-31T23:30:00Z", date(2026, 4, 1)),
        ("2026-03-31 23:30Z", date(2026, 4, 1)),
        ("2026-03-31T22:59:59.999Z", date(2026, 3, 31)),
        ("2026-01-31T23:30:00Z", date(2026, 1, 31)),
        ("2026-03-31T23:30:00", date(2026, 3, 31)),
    ],
)
def test_a_moment_of_universal_time_is_the_day_that_it_was_in_london(said: str, day: date) -> None:
    assert day_of(said, "iso") == day
    data = book({"S": sheet([["x"], ["a"]], more={"A2": f'<c r="A2" t="d"><v>{said}</v></c>'})})
    assert rows_of(data)[1][1][0] == day
    assert isinstance(day_of("2026-03-31T25:30:00Z", "iso"), OddCell)


def test_a_month_is_its_name_or_the_names_first_three_letters() -> None:
    for word, month in (("March", 3), ("mar", 3), ("SEPT", 9), ("sep", 9), ("September", 9), ("may", 5)):
        assert day_of(f"1 {word} 2026", "day/month/year") == date(2026, month, 1)
    for word in ("marble", "marc", "janet", "septem", "mayor"):
        found = day_of(f"1 {word} 2026", "day/month/year")
        assert found == OddCell(f"“1 {word} 2026” names no month", "write the day as 2026-04-01")


# Mappings.


def test_every_fault_of_a_mapping_is_said_at_once_with_its_line() -> None:
    text = (
        "shet: Disputes\nheader: 0\ndates: american\ncolumns:\n  reference: Ref\n  raised: Day\n  status: Ref\n"
        "values:\n  raised_on: {a: b}\n  stage: words\nalways: {status: looked_after}\nseparator: 'abcd'\n"
    )
    with pytest.raises(BadMapping) as refused_:
        read_mapping(text, "m.yaml")
    said = str(refused_.value)
    for each in (
        "m.yaml:1: `shet` is not a key here; write `sheet`", "m.yaml:2: `header` is not the number of a row",
        "m.yaml:3: `dates` is `american`", "m.yaml:4: no column is named for `raised_on`",
        "m.yaml:6: `raised` is not a field here; write `raised_on`", "named for two fields",
        "m.yaml:9: `raised_on` has no fixed values", "m.yaml:10: `stage` holds no keys and values",
        "m.yaml:11: `status` has a column and a constant", "m.yaml:12: `separator`",
    ):  # fmt: skip
        assert each in said, each


def test_the_mapping_that_is_documented_is_one() -> None:
    running = (Path(__file__).parents[2] / "docs" / "running.md").read_text(encoding="utf-8")
    shown = running[running.index("    sheet: Disputes") : running.index("Besides keys")]
    read = read_mapping(textwrap.dedent(shown), "docs")
    assert (read.header, read.always, read.encoding) == (3, {"item_type": "formal"}, "windows-1252")
    assert read.values["reason"]["Misc"] == ""
    assert all(f"`{field}`" in running for field in FIELDS)


def test_a_mapping_that_is_none_is_refused() -> None:
    for text, said in (
        ("", "empty"),
        ("- a\n", "keys and values"),
        ("columns: 3\n", "holds no keys"),
        ("sheet: A\n", "`columns` is missing"),
    ):
        with pytest.raises(BadMapping, match=said):
            read_mapping(text, "m.yaml")
