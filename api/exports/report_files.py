"""A theme table as a file: CSV, XLSX, JSON, the drawing, or lines for a terminal."""

import json
from collections.abc import Callable, Mapping
from io import BytesIO

from api.assembly import Service
from api.exports import csv_text
from api.exports.workbooks import write_workbook
from api.presenters import bar_chart
from api.queries import report_query
from api.queries.report_query import AskedQuestion
from drp.reports import theme_tables
from drp.reports.display_labels import DisplayLabels, read_labels
from drp.reports.theme_tables import ThemeTable
from workflows.calendar.working_days import local_date
from workflows.model.refusals import Unfit


def csv_of(made: ThemeTable, its: DisplayLabels, asked: AskedQuestion) -> bytes:
    """For a spreadsheet: what it is of stands below the table, so that the first line is its head."""
    lines = [[str(cell) for cell in row] for row in report_query.table_rows(made)]
    about = [[line] for line in report_query.table_description(made, its, asked)]
    return csv_text.BOM + csv_text.csv_lines([report_query.table_headings(made, its), *lines, [], *about])


def xlsx_of(made: ThemeTable, its: DisplayLabels, asked: AskedQuestion) -> bytes:
    """The same as a workbook; what it is of has a sheet of its own."""
    about = ([line] for line in report_query.table_description(made, its, asked))
    file = BytesIO()
    write_workbook(
        [("Themes", report_query.table_headings(made, its), report_query.table_rows(made)), ("About", ["What this is"], about)],
        file,
    )
    return file.getvalue()


def json_of(made: ThemeTable, its: DisplayLabels, asked: AskedQuestion) -> bytes:
    """As the JSON interface gives it."""
    return json.dumps(report_query.table_as_values(made, its, asked), ensure_ascii=False, indent=1).encode()


def svg_of(made: ThemeTable, its: DisplayLabels, asked: AskedQuestion) -> bytes:
    """The drawing on its own, with nothing to open."""
    return bar_chart.draw_bar_chart(made, theme_tables.finding_in_words(made)).encode()


def table_of(made: ThemeTable, its: DisplayLabels, asked: AskedQuestion) -> bytes:
    """Lines for a terminal: what is counted, the table in columns, what is to be said of it."""
    lines = [report_query.table_headings(made, its), *([str(cell) for cell in row] for row in report_query.table_rows(made))]
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    shown = ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
    return "\n".join([*shown, "", *report_query.table_description(made, its, asked), ""]).encode()


FORMATS: Mapping[str, tuple[str, Callable[[ThemeTable, DisplayLabels, AskedQuestion], bytes]]] = {
    "csv": ("text/csv; charset=utf-8", csv_of),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_of),
    "json": ("application/json", json_of),
    "svg": ("image/svg+xml", svg_of),
    "table": ("text/plain; charset=utf-8", table_of),
}
"""Kinds of file, each with its media type and what makes it."""


def kind_of_file(kind: str) -> tuple[str, Callable[[ThemeTable, DisplayLabels, AskedQuestion], bytes]]:
    """The media type and maker of a kind of file. Raises Unfit for one that there is not."""
    if kind not in FORMATS:
        raise Unfit("There is no such file.", f"Ask for one of: {', '.join(FORMATS)}.", "format")
    return FORMATS[kind]


def written_as(service: Service, authority: str, query: Mapping[str, str], kind: str) -> bytes:
    """What an operator asks for, as a file. Figures by IRO are for supervision and not for an operator. Raises Unfit."""
    _, make = kind_of_file(kind)
    procedures, today = service.casework.procedures, local_date(service.clock())
    with service.store.read(authority) as connection:
        words = procedures.current(connection, authority)[0].authority
        asked = report_query.read_question(query, today, words.reporting.counts_practice, sees_iros=False)
        its = read_labels(connection, procedures, words, asked.question.together)
        made = report_query.as_of(theme_tables.read_table(connection, its, asked.question), asked, today)
    return make(made, its, asked)
