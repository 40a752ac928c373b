"""CSV bytes to rows: UTF-8, or what the mapping says; what is cut or glued wrongly is named by row. Pure."""

import csv
import io
from collections.abc import Collection, Iterator

from drp.register_import.faults import SheetFaults
from drp.register_import.table import Cells, SheetTable

SHOWN = {",": "a comma", ";": "a semicolon", "\t": "a tab"}


def read_csv(
    data: bytes, faults: SheetFaults, header: int, headings: Collection[str], encoding: str, delimiter: str
) -> SheetTable:
    """Open a CSV file. `headings` are those that are looked for: they tell which delimiter it has if none is declared.

    Raises Unusable where the bytes are no text.
    """
    text = _text(data, faults, encoding)
    return SheetTable("", _rows(text, faults, header, delimiter or _sniffed(text, header, headings)))


def _text(data: bytes, faults: SheetFaults, encoding: str) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (len(data) > 3 and (data[1] == 0 or data[0] == 0) and data[1:2] != data[:1]):
        faults.refuse(0, "the file is in UTF-16", "save it as CSV UTF-8 (in Excel: Save as, CSV UTF-8)")
    nul = data.find(b"\0")
    if nul >= 0:
        faults.refuse(_row_at(data, nul), "the file holds a NUL, which no text has", "export it again as CSV UTF-8")
    try:
        return data.decode("cp1252" if encoding == "windows-1252" else "utf-8-sig")
    except UnicodeDecodeError as error:
        faults.refuse(
            _row_at(data, error.start),
            f"the file is not in {encoding} (byte {data[error.start]:#04x})",
            "save it as CSV UTF-8, or, if it comes from an older Excel, say `encoding: windows-1252` in the mapping",
        )


def _row_at(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def _sniffed(text: str, header: int, headings: Collection[str]) -> str:
    """The delimiter with which the most headings are found, then the one that makes the most cells."""

    def score(delimiter: str) -> tuple[int, int]:
        cells: list[str] = []
        try:
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            for _ in range(header):
                cells = next(reader)
        except (StopIteration, csv.Error):
            return 0, 0
        wanted = {heading.casefold() for heading in headings}
        return sum(cell.strip().casefold() in wanted for cell in cells), len(cells)

    return max(SHOWN, key=score)


def _rows(text: str, faults: SheetFaults, header: int, delimiter: str) -> Iterator[tuple[int, Cells]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=delimiter)
    row, width, mark = 0, 0, SHOWN[delimiter]
    try:
        for row, cells in enumerate(reader, 1):
            found = {n: cell for n, cell in enumerate(cells) if cell and not cell.isspace()}
            last = max(found, default=-1) + 1
            if row == header:
                width = last
            elif row > header and found and (last > width or len(cells) < width):
                number = last if last > width else len(cells)
                faults.add(
                    row,
                    "",
                    f"this row has {number} cells, and the headings are {width} (cut at {mark})",
                    f'put text that holds {mark} in double quotes ("…")'
                    if last > width
                    else "keep empty cells: export the file again",
                )
                continue
            yield row, found
    except csv.Error as error:
        faults.add(
            row + 1,
            "",
            f"the row cannot be taken apart ({error}); nothing below it was read",
            'look for a double quote that is not closed; write one inside a cell as ""',
        )
