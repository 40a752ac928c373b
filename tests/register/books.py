"""Workbooks made by hand: as a spreadsheet writes them, and as it never would."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

from drp.register_import.faults import column_letter

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/>'
    '<numFmt numFmtId="165" formatCode="&quot;day&quot;0"/></numFmts>'
    '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'
)


def text(said: str, place: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{escape(said)}</t></is></c>'


def number(said: object, place: str, style: int = 0) -> str:
    return f'<c r="{place}" s="{style}"><v>{said}</v></c>'


def sheet(
    rows: Sequence[Sequence[object]], merged: Sequence[str] = (), more: Mapping[str, str] | None = None, begin: str = ""
) -> str:
    """A sheet of rows: text; (number, style) pairs; `more` replaces cells by their place, whole."""
    made = []
    for n, row in enumerate(rows, 1):
        cells = []
        for column, value in enumerate(row):
            place = f"{column_letter(column)}{n}"
            if more and place in more:
                cells.append(more[place])
            elif isinstance(value, tuple):
                cells.append(number(value[0], place, value[1]))
            elif value != "":
                cells.append(text(str(value), place))
        made.append(f'<row r="{n}">{"".join(cells)}</row>')
    ranges = "".join(f'<mergeCell ref="{one}"/>' for one in merged)
    return f'{begin}<worksheet xmlns="{MAIN}"><sheetData>{"".join(made)}</sheetData><mergeCells>{ranges}</mergeCells></worksheet>'


def book(sheets: Mapping[str, str], strings: str = "", is_1904: bool = False, extra: Mapping[str, bytes] | None = None) -> bytes:
    """A workbook of named sheets."""
    listed = "".join(f'<sheet name={quoteattr(name)} sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1))
    related = "".join(
        f'<Relationship Id="r{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    parts: dict[str, bytes] = {
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><workbookPr date1904="{int(is_1904)}"/>'
            f"<sheets>{listed}</sheets></workbook>"
        ).encode(),
        "xl/_rels/workbook.xml.rels": f"<Relationships>{related}</Relationships>".encode(),
        "xl/styles.xml": STYLES.encode(),
        **{f"xl/worksheets/sheet{n}.xml": one.encode() for n, one in enumerate(sheets.values(), 1)},
        **(extra or {}),
    }
    if strings:
        parts["xl/sharedStrings.xml"] = strings.encode()
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, octets in parts.items():
            archive.writestr(name, octets)
    return made.getvalue()
