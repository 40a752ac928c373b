"""A theme table as a file: CSV, XLSX, JSON, the drawing, or lines for a terminal."""

from collections.abc import Callable, Mapping
from io import BytesIO

from api import charts, figures, spreadsheets
from api.assembly import Service
from api.figures import Wanted
from api.workbooks import workbook
from drp import themes
from drp.labels import Labels, labels
from drp.themes import Table
from workflows.refusals import Unfit
from workflows.working_days import local_date


def csv_of(made: Table, its: Labels, asked: Wanted) -> bytes:
    """For a spreadsheet: what it is of stands below the table, so that the first line is its head."""
    lines = [[str(cell) for cell in row] for row in figures.rows(made)]
    about = [[line] for line in figures.about(made, its, asked)]
    return spreadsheets.BOM + spreadsheets.lines([figures.headings(made, its), *lines, [], *about])


def xlsx_of(made: Table, its: Labels, asked: Wanted) -> bytes:
    """The same as a workbook; what it is of has a sheet of its own."""
    about = ([line] for line in figures.about(made, its, asked))
    file = BytesIO()
    workbook([("Themes", figures.headings(made, its), figures.rows(made)), ("About", ["What this is"], about)], file)
    return file.getvalue()


def json_of(made: Table, its: Labels, asked: Wanted) -> bytes:
    """As the JSON interface gives it."""
    return figures.as_json(made, its, asked).encode()


def svg_of(made: Table, its: Labels, asked: Wanted) -> bytes:
    """The drawing on its own, with nothing to open."""
    return charts.svg(made, themes.finding(made)).encode()


def table_of(made: Table, its: Labels, asked: Wanted) -> bytes:
    """Lines for a terminal: what is counted, the table in columns, what is to be said of it."""
    lines = [figures.headings(made, its), *([str(cell) for cell in row] for row in figures.rows(made))]
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    shown = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    return "\n".join([*shown, "", *figures.about(made, its, asked), ""]).encode()


FORMATS: Mapping[str, tuple[str, Callable[[Table, Labels, Wanted], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", csv_of),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_of),
    "json": ("application/json", json_of),
    "svg": ("image/svg+xml", svg_of),
    "table": ("text/plain; charset=utf-8", table_of),
}
"""Kinds of file, each with its media type and what makes it."""


def known(kind: str) -> tuple[str, Callable[[Table, Labels, Wanted], bytes]]:
    """The media type and maker of a kind of file. Raises Unfit for one that there is not."""
    if kind not in FORMATS:
        raise Unfit("There is no such file.", f"Ask for one of: {', '.join(FORMATS)}.", "format")
    return FORMATS[kind]


def written_as(service: Service, authority: str, query: Mapping[str, str], kind: str) -> bytes:
    """What an operator asks for, as a file. Figures by IRO are for supervision and not for an operator. Raises Unfit."""
    _, make = known(kind)
    procedures, today = service.casework.procedures, local_date(service.clock())
    with service.store.read(authority) as connection:
        words = procedures.current(connection, authority)[0].authority
        asked = figures.wanted(query, today, words.reporting.counts_practice, sees_iros=False)
        its = labels(connection, procedures, words, asked.question.together)
        made = figures.as_of(themes.table(connection, its, asked.question), asked, today)
    return make(made, its, asked)
