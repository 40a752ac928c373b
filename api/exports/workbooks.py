"""Tables as a workbook to open in a spreadsheet: written row by row, and nothing that somebody wrote is ever run as a formula."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import IO

import xlsxwriter  # type: ignore[import-untyped]

from api.exports.xml_text import text_for_xml
from workflows.model.refusals import Unfit

Cell = str | int | Decimal | date | None
"""What stands in a cell: text stays text, numbers and dates are numbers and dates; None is an empty cell."""

LONGEST = 32_767
"""Marks that a cell of a workbook holds; what is longer is cut, and says so."""

MOST_LINES = 1_048_575
"""Lines that a sheet of a workbook holds below its headings."""

CUT = " … (cut: longer than a cell holds)"

OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "default_date_format": "dd/mm/yyyy",
}
"""What the writer is told: above all, to take no text for a formula, a link or a number."""

_NO_NAME = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_FIRST_DAY = date(1900, 1, 1)


def write_workbook(sheets: Sequence[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]], file: IO[bytes]) -> None:
    """Write sheets (name, headings, rows) to a file, in order; no more than a row is held. Headings stay in sight.

    The file must be one that can be sought in. Raises OSError where it cannot be written, ValueError for a second sheet of
    the same name, Unfit for more rows than a sheet holds: what was written then is not whole, and nobody may be given it.
    """
    # Rows wait beside the file until it is put together: in a folder of their own, which goes whatever happens.
    with TemporaryDirectory() as folder, xlsxwriter.Workbook(file, {**OPTIONS, "tmpdir": folder}) as book:
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        for name, headings, rows in sheets:
            _sheet(book, bold, name, headings, rows)


def _sheet(book: xlsxwriter.Workbook, bold: object, name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    sheet = book.add_worksheet(_NO_NAME.sub(" ", name).strip("' ")[:31] or "Sheet")
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate(headings):
        sheet.set_column(column, column, min(max(len(heading) + 2, 12), 60))
        sheet.write_string(0, column, _text(heading), bold)
    for number, row in enumerate(rows, start=1):
        if number > MOST_LINES:
            # The writer itself would leave out every further row without a word.
            raise Unfit(f"A workbook holds {MOST_LINES:,} lines, and there are more.", "Narrow it, or take the CSV.", "format")
        for column, cell in enumerate(row):
            write_cell(sheet, number, column, cell)


def write_cell(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell) -> None:
    """Write a cell as what it is: a date, a number, or else as text, which is never run as a formula. Empty: nothing."""
    if cell is None or cell == "":
        return
    if isinstance(cell, date) and cell >= _FIRST_DAY:
        sheet.write_datetime(row, column, cell)
    elif isinstance(cell, int | Decimal):
        sheet.write_number(row, column, cell)
    else:
        sheet.write_string(row, column, _text(str(cell)))


def _text(text: str) -> str:
    """Text as a workbook can hold it: without marks that its format knows nothing of."""
    clean = text_for_xml(text)
    return clean if len(clean) <= LONGEST else clean[: LONGEST - len(CUT)] + CUT
