"""XLSX bytes to rows, row by row: a file that could not come from a spreadsheet is refused before it is unpacked. Pure.

A reader of its own because of what it must not do: run nothing, follow nothing outside the file, expand no entity, hold
no more than one row, and tell a formula, a merged cell and an error from a value.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from posixpath import join, normpath
from sys import getsizeof
from typing import Any
from xml.parsers import expat

from drp.register_import.faults import SheetFaults, column_letter
from drp.register_import.table import Cell, Cells, OddCell, SheetTable
from workflows.calendar.working_days import local_date

LARGEST_FILE = 64 * 2**20
LARGEST_WHOLE = 400 * 2**20
"""Bytes, unpacked: 200,000 rows of 14 columns are some 150 MiB."""

LARGEST_PART_SMALL = 2**20
MOST_TIMES = 200
"""How often larger a part above `LARGEST_PART_SMALL` may be than it is packed; real sheets are 5 to 40 times."""

MOST_PARTS = 5_000
MOST_COLUMNS = 16_384
MOST_ELEMENTS = {
    "si": 1_000_000, "mergeCell": 100_000, "xf": 200_000, "numFmt": 10_000, "sheet": 1_000, "Relationship": 10_000,
}  # fmt: skip
"""How many a part may have of the elements that are kept until its end. Of rows and cells, any number: they are not."""

MOST_IN_PART = 12_000_000
"""How many elements of any kind one part may have, which is what reading it costs: 200,000 rows of 14 columns have 6 million."""

MOST_IN_TEXTS = 3_000_000
"""How many the part of the texts may have: some for each text, which is kept once however often it stands in the sheet."""

LARGEST_TEXTS = 160 * 2**20
"""Bytes of memory that the texts may take: 200,000 concerns of 200 characters take some 50 MiB."""

MOST_NAMES = 1_000
"""Different names of elements and attributes in one part; the whole format has some hundreds, a part of it a few dozen."""

DEEPEST = 100
"""How deep elements may stand in each other."""

LONGEST_PIECE = 2**20
"""Bytes of one tag or comment, and about as many of one text: a cell holds 32,767 characters."""

EPOCH = date(1899, 12, 30)
"""From which spreadsheets count their days (from March 1900 on)."""

FORMULA = "f"
"""The element that tells a formula; the value beside it is what that came to when it was last worked out."""

_CHUNK = 1 << 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IN_DIRECTORY = b"PK\x01\x02"
"""How each entry of a zip's directory begins."""

_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NOT_OF_THE_DATE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HALF = re.compile("[\ud800-\udfff]")
_COUNTED = re.compile(r"[0-9]{1,7}")
_WHOLE = re.compile(r"-?[0-9]+")
_COLUMNS = {column_letter(column): column for column in range(MOST_COLUMNS)}
_STRINGS, _STYLES = "xl/sharedStrings.xml", "xl/styles.xml"

_DAMAGED = (
    expat.ExpatError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, LookupError, ValueError,
)  # fmt: skip
"""What unpacking and parsing raise; a part's encoding that nobody knows is a LookupError, NotImplementedError a RuntimeError."""

_AGAIN = "save it again as an Excel workbook (.xlsx)"
_ALONE = "copy the rows alone to a new workbook, and save that"

Element = tuple[str, str, dict[str, str], str]
"""An element's name and its parent's (without their namespaces), its attributes, and the text before its end."""


class _Refused(Exception):
    """The file as a whole cannot be read: its arguments are what is wrong, and what to do."""


def looks_like_one(data: bytes) -> bool:
    """Is this a workbook (or a password-protected or old one), by its first bytes?"""
    return data[:4] == b"PK\x03\x04" or data[:4] == b"PK\x05\x06" or data[:8] == _OLE


def read_xlsx(data: bytes, faults: SheetFaults, sheet: str, header: int) -> SheetTable:
    """Open a workbook's sheet: the one named, or the only one. Raises Unusable where the file as a whole is refused."""
    try:
        archive = _opened(data)
        faults.sheet, part, is_1904 = _sheet(archive, sheet)
        there = set(archive.namelist())
        meanings = _Meanings(
            _strings(archive) if _STRINGS in there else [],
            _date_styles(archive) if _STYLES in there else frozenset(),
            date(1904, 1, 1) if is_1904 else EPOCH,
        )
        return SheetTable(faults.sheet, _rows(archive, part, meanings, faults, header))
    except _Refused as refused:
        faults.add(0, "", *refused.args)
        faults.stop()
        raise


def _opened(data: bytes) -> zipfile.ZipFile:
    if data[:8] == _OLE:
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _Refused("the workbook is locked with a password", "save it without one, and bring that")
        raise _Refused("this is a workbook of Excel 97–2003 (.xls)", "save it as an Excel workbook (.xlsx), or as CSV UTF-8")
    if len(data) > LARGEST_FILE:
        raise _Refused(f"the file is larger than {LARGEST_FILE >> 20} MiB", "split it by years, and remove pictures")
    if data.count(_IN_DIRECTORY) > MOST_PARTS:  # counted before the directory is read, whatever its end says
        raise _Refused("the file has more parts than a workbook has", _AGAIN)
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except _DAMAGED as error:
        raise _Refused("the file is damaged, or no workbook", _AGAIN) from error
    parts = archive.infolist()
    if len({part.filename for part in parts}) < len(parts):
        raise _Refused("the file has more parts than a workbook has", _AGAIN)
    if any(part.flag_bits & 1 for part in parts):
        raise _Refused("the workbook is locked with a password", "save it without one, and bring that")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise _Refused("the file is packed as no spreadsheet packs it", _AGAIN)
    bombs = any(
        part.file_size > LARGEST_PART_SMALL and part.file_size > MOST_TIMES * max(part.compress_size, 1) for part in parts
    )
    if bombs or sum(part.file_size for part in parts) > LARGEST_WHOLE:
        raise _Refused("unpacked, the file would be far larger than a register is", _ALONE)
    return archive


def _elements(archive: zipfile.ZipFile, part: str, begins: str = "") -> Iterator[Element]:
    """Parse a part piece by piece: each element where it ends, and those called `begins` where they begin too, as `<name`.

    Raises _Refused for a part that is missing, damaged, or more than a spreadsheet writes; a DTD is refused.
    """
    found: list[Element] = []
    path: list[tuple[str, dict[str, str]]] = [("", {})]
    said: list[str] = []
    names: dict[str, str] = {}
    left, fed = dict(MOST_ELEMENTS), 0
    count, most = 0, MOST_IN_TEXTS if part == _STRINGS else MOST_IN_PART
    too_much = _Refused(f"its part {part} holds more than a register needs", _ALONE)
    parser = expat.ParserCreate(namespace_separator=" ", intern=names)
    parser.buffer_text = True

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal count
        local = name.rpartition(" ")[2]
        count += 1
        if count > most or len(path) > DEEPEST or left.get(local) == 0:
            raise too_much
        if local in left:
            left[local] -= 1
        if local == begins:
            found.append((f"<{local}", path[-1][0], given, ""))
        path.append((local, given))
        said.clear()

    def end(name: str) -> None:
        local, given = path.pop()
        found.append((local, path[-1][0], given, "".join(said)))
        said.clear()

    def text(piece: str) -> None:
        said.append(piece)
        if len(said) > LONGEST_PIECE // parser.buffer_size:
            raise too_much

    def dtd(*given: Any) -> None:
        raise _Refused(f"its part {part} declares a document type, which no spreadsheet writes", "save it again in Excel")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = dtd
    try:
        with archive.open(part) as opened:
            for chunk in iter(lambda: opened.read(_CHUNK), b""):
                parser.Parse(chunk, False)
                fed += len(chunk)
                if len(names) > MOST_NAMES or fed - parser.CurrentByteIndex > LONGEST_PIECE:
                    raise too_much
                yield from found
                found.clear()
        parser.Parse(b"", True)
        yield from found
    except KeyError as error:
        raise _Refused(f"its part {part} is missing", _AGAIN) from error
    except _DAMAGED as error:
        yield from found
        raise _Refused(f"its part {part} is damaged", _AGAIN) from error


def _sheet(archive: zipfile.ZipFile, wanted: str) -> tuple[str, str, bool]:
    """The name and part of the sheet, and whether the workbook counts its days from 1904."""
    sheets: dict[str, str] = {}
    is_1904 = False
    for name, _, given, _ in _elements(archive, "xl/workbook.xml"):
        if name == "sheet":
            sheets[given.get("name", "")] = next((value for label, value in given.items() if label.endswith(" id")), "")
        elif name == "workbookPr":
            is_1904 = is_1904 or given.get("date1904", "0") in ("1", "true")
    targets = {
        given.get("Id", ""): given.get("Target", "")
        for name, _, given, _ in _elements(archive, "xl/_rels/workbook.xml.rels")
        if name == "Relationship" and given.get("TargetMode", "") != "External" and "/worksheet" in given.get("Type", "")
    }
    found = {name: targets[key] for name, key in sheets.items() if key in targets}
    listed = ", ".join(f"“{name}”" for name in found) or "none"
    named = [name for name in found if not wanted or name.casefold() == wanted.casefold()]
    if wanted and not named:
        raise _Refused(f"there is no sheet “{wanted}” in the workbook", f"name one of: {listed}")
    if not wanted and len(named) != 1:
        raise _Refused(f"the workbook has {len(named)} sheets", f"say `sheet:` in the mapping, one of: {listed}")
    target = found[named[0]]
    return named[0], target.lstrip("/") if target.startswith("/") else normpath(join("xl", target)), is_1904


def _strings(archive: zipfile.ZipFile) -> list[str]:
    found: list[str] = []
    parts: list[str] = []
    taken = 0
    for name, parent, _, text in _elements(archive, _STRINGS):
        if name == "t" and parent != "rPh":
            parts.append(text)
            taken += getsizeof(text)
            if taken > LARGEST_TEXTS:
                raise _Refused("its texts are more than a register has", _ALONE)
        elif name == "si":
            found.append(_unescaped("".join(parts)))
            parts.clear()
    return found


def _date_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """The cell styles that show a number as a day."""
    shows_day = {str(number): True for number in _DATE_FORMATS}
    found: list[str] = []
    for name, parent, given, _ in _elements(archive, _STYLES):
        if name == "numFmt":
            shape = _NOT_OF_THE_DATE.sub("", given.get("formatCode", "")[:500].lower())
            shows_day[given.get("numFmtId", "")] = any(mark in shape for mark in "dmy") and "general" not in shape
        elif name == "xf" and parent == "cellXfs":
            found.append(given.get("numFmtId", "0"))
    return frozenset(str(number) for number, shown_as in enumerate(found) if shows_day.get(shown_as))


def _rows(
    archive: zipfile.ZipFile, part: str, meanings: "_Meanings", faults: SheetFaults, header: int
) -> Iterator[tuple[int, Cells]]:
    """Every row that says anything, in order; what was merged is told at the end. Raises Unusable where the file breaks off."""
    row, column, last, is_formula = 0, -1, 0, False
    cells: dict[int, Cell] = {}
    texts: list[str] = []
    merged: list[str] = []
    try:
        for name, parent, given, text in _elements(archive, part, begins="row"):
            if name == "<row":
                row, column, cells, texts, is_formula = _row_number(given.get("r", ""), row), -1, {}, [], False
            elif name == "v" or (name == "t" and parent != "rPh"):
                texts.append(text)
            elif name == FORMULA:
                is_formula = True
            elif name == "c":
                column = _column(given.get("r", "").rstrip("0123456789"), column)
                held = "".join(texts)
                if is_formula:
                    cells[column] = _odd(row, column, "a formula", "copy the column and paste it as values")
                elif held:
                    cell = meanings.cell(row, column, given, held)
                    if not isinstance(cell, str) or cell.strip():
                        cells[column] = cell
                texts, is_formula = [], False
            elif name == "row" and cells:
                last = row
                yield row, cells
            elif name == "mergeCell":
                merged.append(given.get("ref", "")[:40])
    except _Refused as refused:
        faults.add(row, "", *refused.args)
        faults.stop()
    for one in merged:
        rows = [int(found) for found in re.findall(r"[0-9]{1,7}", one)]
        if rows and max(rows) >= header and min(rows) <= last:
            wrong = f"the cells {one} are merged: which row they belong to cannot be told"
            faults.add(min(rows), "", wrong, "unmerge them, and write the value in every row that it is of")


def _row_number(said: str, before: int) -> int:
    if said and not _COUNTED.fullmatch(said):
        raise _Refused(f"the row after row {before} is numbered “{said[:10]}”", _AGAIN)
    row = int(said) if said else before + 1
    if row <= before:
        raise _Refused(f"its row {row} stands after row {before}", _AGAIN)
    return row


def _column(letters: str, before: int) -> int:
    """The column of a cell by its letters, from 0; without them the one that follows."""
    column = _COLUMNS.get(letters, MOST_COLUMNS) if letters else before + 1
    if column >= MOST_COLUMNS:
        raise _Refused(f"a cell's place is “{letters[:10]}”", _AGAIN)
    return column


@dataclass(frozen=True)
class _Meanings:
    """What cells refer to: the workbook's texts, the styles that show a number as a day, the day that it counts from."""

    strings: Sequence[str]
    dates: frozenset[str]
    epoch: date

    def cell(self, row: int, column: int, given: Mapping[str, str], text: str) -> Cell:
        """What a cell holds, that is no formula, by its attributes and text."""
        kind = given.get("t", "n")
        if kind == "s":
            number = int(text) if _COUNTED.fullmatch(text) else -1
            if not 0 <= number < len(self.strings):
                raise _Refused("a cell names a text that is not there", _AGAIN)
            return _whole(row, column, self.strings[number])
        if kind in ("str", "inlineStr"):
            return _whole(row, column, _unescaped(text))
        if kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if kind == "e":
            return _odd(row, column, f"the error {text[:20]}", "correct it, or empty it")
        if kind == "d":
            return london_day(text) or text
        return day_of_serial(text, self.epoch) if given.get("s", "") in self.dates else plain_number(text)


def _odd(row: int, column: int, held: str, instead: str) -> OddCell:
    return OddCell(f"the cell {column_letter(column)}{row} holds {held}", instead)


def _whole(row: int, column: int, text: str) -> Cell:
    """The text, unless an escape (`_xD800_`) left half a character in it, which can be neither kept nor printed."""
    if text.isascii() or not _HALF.search(text):
        return text
    return _odd(row, column, "half a character", "write the text anew")


def london_day(text: str) -> date | None:
    """The day in London of an ISO date or moment; without a zone (`Z`) it is a local one. None for what is no such moment."""
    try:
        found = datetime.fromisoformat(text)
        return local_date(found) if found.tzinfo else found.date()
    except (ValueError, OverflowError):
        return None


def day_of_serial(text: str, epoch: date = EPOCH) -> date | OddCell:
    """The day of a spreadsheet's serial number; its time of day is dropped."""
    try:
        number = float(text)
        if not 61 <= number < 2_958_466:
            raise ValueError
        # A formula's day may stand a hair under midnight: it is the day that the sheet shows, to the second.
        return epoch + timedelta(seconds=round(number * 86_400))
    except (ValueError, OverflowError):
        return OddCell(f"the number {text[:20]} is no day", "write the day as a date")


def plain_number(text: str) -> str:
    """A number as people read it: 12 and not 12.0."""
    if _WHOLE.fullmatch(text):
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else text


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
