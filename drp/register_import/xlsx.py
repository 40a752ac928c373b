"""XLSX bytes to rows, row by row: a file that could not come from a spreadsheet is refused before it is unpacked. Pure.

A reader of its own because of what it must not do: run nothing, follow nothing outside the file, expand no entity, hold
no more than one row, and tell a formula, a merged cell and an error from a value.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from io import BytesIO
from posixpath import join, normpath
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
EPOCH = date(1899, 12, 30)
"""From which spreadsheets count their days (from March 1900 on)."""

FORMULA = "f"
"""The element that tells a formula; the value beside it is what that came to when it was last worked out."""

_CHUNK = 1 << 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_NOT_OF_THE_DATE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_HALF = re.compile("[\ud800-\udfff]")
_COUNTED = re.compile(r"[0-9]{1,7}")
_WHOLE = re.compile(r"-?[0-9]+")

_DAMAGED = (
    expat.ExpatError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, LookupError, ValueError,
)  # fmt: skip
"""What unpacking and parsing raise; a part's encoding that nobody knows is a LookupError, NotImplementedError a RuntimeError."""

Started = Callable[[str, dict[str, str]], None]


class _Refused(Exception):
    """The file as a whole cannot be read: what is wrong, what to do."""

    def __init__(self, wrong: str, instead: str) -> None:
        self.wrong, self.instead = wrong, instead
        super().__init__(wrong)


def looks_like_one(data: bytes) -> bool:
    """Is this a workbook (or a password-protected or old one), by its first bytes?"""
    return data[:4] == b"PK\x03\x04" or data[:4] == b"PK\x05\x06" or data[:8] == _OLE


def read_xlsx(data: bytes, faults: SheetFaults, sheet: str, header: int) -> SheetTable:
    """Open a workbook's sheet: the one named, or the only one. Raises Unusable where the file as a whole is refused."""
    try:
        archive = _opened(data)
        name, part, is_1904 = _sheet(archive, sheet)
        faults.sheet = name
        return SheetTable(name, _Sheet(archive, part, faults, header, is_1904).rows())
    except _Refused as refused:
        faults.add(0, "", refused.wrong, refused.instead)
        faults.stop()
        raise


def _opened(data: bytes) -> zipfile.ZipFile:
    if data[:8] == _OLE:
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _Refused("the workbook is locked with a password", "save it without one, and bring that")
        raise _Refused("this is a workbook of Excel 97–2003 (.xls)", "save it as an Excel workbook (.xlsx), or as CSV UTF-8")
    if len(data) > LARGEST_FILE:
        raise _Refused(f"the file is larger than {LARGEST_FILE >> 20} MiB", "split it by years, and remove pictures")
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except _DAMAGED as error:
        raise _Refused("the file is damaged, or no workbook", "save it again as an Excel workbook (.xlsx)") from error
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or len({part.filename for part in parts}) < len(parts):
        raise _Refused("the file has more parts than a workbook has", "save it again as an Excel workbook (.xlsx)")
    if any(part.flag_bits & 1 for part in parts):
        raise _Refused("the workbook is locked with a password", "save it without one, and bring that")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise _Refused("the file is packed as no spreadsheet packs it", "save it again as an Excel workbook (.xlsx)")
    bombs = any(
        part.file_size > LARGEST_PART_SMALL and part.file_size > MOST_TIMES * max(part.compress_size, 1) for part in parts
    )
    if bombs or sum(part.file_size for part in parts) > LARGEST_WHOLE:
        wrong = "unpacked, the file would be far larger than a register is"
        raise _Refused(wrong, "copy the rows alone to a new workbook, and save that")
    return archive


def _read(archive: zipfile.ZipFile, part: str, start: Started, end: Callable[[str], None], text: Callable[[str], None]) -> None:
    for _ in _reading(archive, part, start, end, text):
        pass


def _reading(
    archive: zipfile.ZipFile, part: str, start: Started, end: Callable[[str], None], text: Callable[[str], None]
) -> Iterator[None]:
    """Parse a part, pausing after each piece of it. Names come without their namespace; a DTD is refused."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, given: start(name.rpartition(" ")[2], given)
    parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
    parser.CharacterDataHandler = text

    def dtd(*given: Any) -> None:
        raise _Refused(f"its part {part} declares a document type, which no spreadsheet writes", "save it again in Excel")

    parser.StartDoctypeDeclHandler = dtd
    parser.EntityDeclHandler = dtd
    try:
        with archive.open(part) as opened:
            while chunk := opened.read(_CHUNK):
                parser.Parse(chunk, False)
                yield
        parser.Parse(b"", True)
    except KeyError as error:
        raise _Refused(f"its part {part} is missing", "save it again as an Excel workbook (.xlsx)") from error
    except _DAMAGED as error:
        raise _Refused(f"its part {part} is damaged", "save it again as an Excel workbook (.xlsx)") from error


def _nothing(*given: Any) -> None:
    """For what is of no interest."""


def _sheet(archive: zipfile.ZipFile, wanted: str) -> tuple[str, str, bool]:
    """The name and part of the sheet, and whether the workbook counts its days from 1904."""
    sheets: dict[str, str] = {}
    targets: dict[str, str] = {}
    epochs: list[bool] = []

    def book(name: str, given: dict[str, str]) -> None:
        if name == "sheet":
            key = next((value for label, value in given.items() if label.endswith(" id")), "")
            sheets[given.get("name", "")] = key
        elif name == "workbookPr":
            epochs.append(given.get("date1904", "0") in ("1", "true"))

    def link(name: str, given: dict[str, str]) -> None:
        if name == "Relationship" and given.get("TargetMode", "") != "External" and "/worksheet" in given.get("Type", ""):
            targets[given.get("Id", "")] = given.get("Target", "")

    _read(archive, "xl/workbook.xml", book, _nothing, _nothing)
    _read(archive, "xl/_rels/workbook.xml.rels", link, _nothing, _nothing)
    found = {name: targets[key] for name, key in sheets.items() if key in targets}
    listed = ", ".join(f"“{name}”" for name in found) or "none"
    if wanted:
        named = [name for name in found if name.casefold() == wanted.casefold()]
        if not named:
            raise _Refused(f"there is no sheet “{wanted}” in the workbook", f"name one of: {listed}")
    else:
        named = list(found)
        if len(named) != 1:
            raise _Refused(f"the workbook has {len(named)} sheets", f"say `sheet:` in the mapping, one of: {listed}")
    target = found[named[0]]
    return named[0], target.lstrip("/") if target.startswith("/") else normpath(join("xl", target)), any(epochs)


class _Sheet:
    """One sheet while it is read: a row at a time, and what was merged told at its end."""

    def __init__(self, archive: zipfile.ZipFile, part: str, faults: SheetFaults, header: int, is_1904: bool) -> None:
        self._archive, self._part, self._faults, self._header = archive, part, faults, header
        self._epoch = date(1904, 1, 1) if is_1904 else EPOCH
        there = set(archive.namelist())
        self._strings = _strings(archive) if "xl/sharedStrings.xml" in there else []
        self._dates = _date_styles(archive) if "xl/styles.xml" in there else frozenset()
        self._done: list[tuple[int, Cells]] = []
        self._row, self._column, self._last = 0, -1, 0
        self._cells: dict[int, Cell] = {}
        self._kind = self._style = ""
        self._takes = self._is_formula = self._is_reading_aid = False
        self._text: list[str] = []
        self._letters: dict[str, int] = {}
        self._merged: list[str] = []

    def rows(self) -> Iterator[tuple[int, Cells]]:
        """Every row that says anything, in order. Raises Unusable where the file breaks off."""
        try:
            for _ in _reading(self._archive, self._part, self._start, self._end, self._said):
                yield from self._done
                self._done.clear()
        except _Refused as refused:
            self._faults.add(self._row, "", refused.wrong, refused.instead)
            self._faults.stop()
        yield from self._done
        for merged in self._merged:
            rows = [int(found) for found in re.findall(r"[0-9]{1,7}", merged)]
            if rows and max(rows) >= self._header and min(rows) <= self._last:
                wrong = f"the cells {merged} are merged: which row they belong to cannot be told"
                self._faults.add(min(rows), "", wrong, "unmerge them, and write the value in every row that it is of")

    def _start(self, name: str, given: dict[str, str]) -> None:
        if name == "c":
            self._open(given)
        elif name in ("v", "t"):
            self._takes = self._column >= 0 and not self._is_reading_aid
        elif name == FORMULA:
            self._is_formula = True
        elif name == "rPh":
            self._is_reading_aid = True
        elif name == "row":
            said = given.get("r", "")
            if said and not _COUNTED.fullmatch(said):
                wrong = f"the row after row {self._row} is numbered “{said[:10]}”"
                raise _Refused(wrong, "save it again as an Excel workbook (.xlsx)")
            row = int(said) if said else self._row + 1
            if row <= self._row:
                raise _Refused(f"its row {row} stands after row {self._row}", "save it again as an Excel workbook (.xlsx)")
            self._row, self._column, self._cells = row, -1, {}
        elif name == "mergeCell":
            self._merged.append(given.get("ref", "")[:40])

    def _open(self, given: dict[str, str]) -> None:
        place = given.get("r", "")
        letters = place.rstrip("0123456789")
        if not letters:
            self._column += 1
        else:
            if letters not in self._letters:
                self._letters[letters] = _number(letters)
            self._column = self._letters[letters]
        self._kind, self._style = given.get("t", "n"), given.get("s", "")
        self._text.clear()
        self._is_formula = self._takes = False

    def _said(self, text: str) -> None:
        if self._takes:
            self._text.append(text)

    def _end(self, name: str) -> None:
        if name in ("v", "t"):
            self._takes = False
        elif name == "rPh":
            self._is_reading_aid = False
        elif name == "c":
            if self._is_formula or self._text:
                cell = self._cell("".join(self._text))
                if cell and not (isinstance(cell, str) and cell.isspace()):
                    self._cells[self._column] = cell
        elif name == "row" and self._cells:
            self._last = self._row
            self._done.append((self._row, self._cells))

    def _cell(self, text: str) -> Cell | None:
        if self._is_formula:
            place = f"{column_letter(self._column)}{self._row}"
            return OddCell(f"the cell {place} holds a formula", "copy the column and paste it as values")
        kind = self._kind
        if kind == "s":
            number = int(text) if _COUNTED.fullmatch(text) else -1
            if not 0 <= number < len(self._strings):
                raise _Refused("a cell names a text that is not there", "save it again as an Excel workbook (.xlsx)")
            return self._whole(self._strings[number])
        if kind in ("str", "inlineStr"):
            return self._whole(_unescaped(text))
        if kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if kind == "e":
            return OddCell(
                f"the cell {column_letter(self._column)}{self._row} holds the error {text[:20]}", "correct it, or empty it"
            )
        if kind == "d":
            return london_day(text) or text
        return day_of_serial(text, self._epoch) if self._style in self._dates else plain_number(text)

    def _whole(self, text: str) -> Cell:
        """The text, unless an escape (`_xD800_`) left half a character in it, which can be neither kept nor printed."""
        if text.isascii() or not _HALF.search(text):
            return text
        return OddCell(f"the cell {column_letter(self._column)}{self._row} holds half a character", "write the text anew")


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
        return epoch + timedelta(days=int(number))
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


def _number(letters: str) -> int:
    found = 0
    for mark in letters:
        if not "A" <= mark <= "Z" or found > 16_384:
            raise _Refused(f"a cell's place is “{letters[:10]}”", "save it again as an Excel workbook (.xlsx)")
        found = found * 26 + ord(mark) - 64
    return found - 1


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def _strings(archive: zipfile.ZipFile) -> list[str]:
    found: list[str] = []
    parts: list[str] = []
    takes, phonetic = False, False

    def start(name: str, given: dict[str, str]) -> None:
        nonlocal takes, phonetic
        if name == "si":
            parts.clear()
        elif name == "rPh":
            phonetic = True
        elif name == "t":
            takes = not phonetic

    def end(name: str) -> None:
        nonlocal takes, phonetic
        if name == "si":
            found.append(_unescaped("".join(parts)))
        elif name == "rPh":
            phonetic = False
        elif name == "t":
            takes = False

    def text(said: str) -> None:
        if takes:
            parts.append(said)

    _read(archive, "xl/sharedStrings.xml", start, end, text)
    return found


def _date_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """The cell styles that show a number as a day."""
    custom: dict[str, bool] = {}
    found: list[str] = []
    within: list[bool] = [False]

    def start(name: str, given: dict[str, str]) -> None:
        if name == "numFmt":
            shape = _NOT_OF_THE_DATE.sub("", given.get("formatCode", "")[:500].lower())
            custom[given.get("numFmtId", "")] = any(mark in shape for mark in "dmy") and "general" not in shape
        elif name == "cellXfs":
            within[0] = True
        elif name == "xf" and within[0]:
            found.append(given.get("numFmtId", "0"))

    def end(name: str) -> None:
        if name == "cellXfs":
            within[0] = False

    _read(archive, "xl/styles.xml", start, end, _nothing)
    return frozenset(
        str(n) for n, key in enumerate(found) if custom.get(key, bool(_COUNTED.fullmatch(key)) and int(key) in _DATE_FORMATS)
    )
