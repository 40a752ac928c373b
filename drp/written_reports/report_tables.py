"""The tables of a report: this period beside the one before, each figure with what it opens."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from drp.reports.aggregate import Dimension
from drp.reports.display_labels import DisplayLabels, TableHeading
from drp.reports.theme_tables import TableQuestion, ThemeTable, read_table
from drp.written_reports.contents import HIDDEN, ReportFigure, ReportLine, ReportTable
from drp.written_reports.suppression import TOTAL, CrossedTable, find_hidden
from workflows.calendar.report_periods import ReportPeriod
from workflows.calendar.working_days import local_date

ALL = "all"
"""The key of a table's last line."""


@dataclass(frozen=True)
class ReportCounting:
    """What a report is counted with: an authority's record as it stands at `now`, for one period, perhaps of one team."""

    connection: Connection
    labels: DisplayLabels
    period: ReportPeriod
    now: datetime
    team: str = ""
    is_published: bool = False
    only: tuple[tuple[Dimension, str], ...] = ()
    """What every challenge that is counted is narrowed to besides: such as one kind of item."""

    @property
    def authority(self) -> str:
        """The authority's key."""
        return self.labels.words.key

    @property
    def today(self) -> date:
        """The day in London."""
        return local_date(self.now)

    def narrowed(self) -> tuple[tuple[Dimension, str], ...]:
        """What every table is narrowed to."""
        return (*self.only, *(((Dimension.TEAM, self.team),) if self.team else ()))

    def question(self, by: Dimension, across: Dimension | None = None, period: ReportPeriod | None = None) -> TableQuestion:
        """A question about challenges raised in the period. Notices of excellent practice have a part of their own."""
        of = period or self.period
        return TableQuestion(by, across, of.first, of.last, self.narrowed())

    def behind(self, said: Mapping[Dimension, str] | None = None, period: ReportPeriod | None = None) -> dict[str, str]:
        """What narrows the register to the items of a figure, of a row or a column by its key."""
        of = period or self.period
        narrowed = {by.value: key for by, key in (*self.narrowed(), *(said or {}).items())}
        return {"since": of.first, "until": of.last, "practice": "0"} | narrowed


def compared_table(counting: ReportCounting, key: str, by: Dimension, caption: str, drawn: bool = False) -> ReportTable:
    """Counts by one thing: this period with its shares, the period before beside it, all of them last."""
    periods = (counting.period, counting.period.before())
    now, before = (read_table(counting.connection, counting.labels, counting.question(by, period=one)) for one in periods)
    headings = _joined(counting.labels, by, (now, before))
    lines = [
        ReportLine(
            key=heading.key or "-",
            label=heading.label,
            figures=[
                number_figure(now.cell(heading), counting.behind({by: heading.key})),
                ReportFigure(shown=now.share(heading) or "–"),
                number_figure(before.cell(heading), counting.behind({by: heading.key}, periods[1])),
            ],
        )
        for heading in headings
    ]
    total = [
        number_figure(now.items, counting.behind()),
        ReportFigure(shown="100.00%" if now.items else "–"),
        number_figure(before.items, counting.behind(period=periods[1])),
    ]
    return ReportTable(
        key=key,
        caption=caption,
        headings=[counting.labels.title(by), periods[0].in_short(), "Share", periods[1].in_short()],
        columns=["now", "share", "before"],
        lines=[*lines, ReportLine(key=ALL, label="All", figures=total)],
        notes=list(now.notes),
        drawn=drawn,
    )


def _joined(labels: DisplayLabels, by: Dimension, tables: Sequence[ThemeTable]) -> tuple[TableHeading, ...]:
    """The rows of either table, in their order."""
    kept = [value for table in tables for row in table.rows for value in row.kept]
    return labels.headings(by, kept)


def crossed_table(counting: ReportCounting, key: str, by: Dimension, across: Dimension, caption: str) -> ReportTable:
    """Counts by two things in the period. In what may be published small numbers are left out, and it says so."""
    if counting.is_published and Dimension.REASON in (by, across):
        raise ValueError("rows of a table by reason add up to more than its totals: the bounds of what is left out do not hold")
    made = read_table(counting.connection, counting.labels, counting.question(by, across))
    hidden: frozenset[tuple[str, str]] = frozenset()
    if counting.is_published:
        counts = {(row.key or "-", column.key or "-"): made.cell(row, column) for row in made.rows for column in made.columns}
        counts |= {(row.key or "-", TOTAL): made.cell(row) for row in made.rows}
        counts |= {(TOTAL, column.key or "-"): made.total(column) for column in made.columns} | {(TOTAL, TOTAL): made.items}
        rows, columns = ([one.key or "-" for one in side] for side in (made.rows, made.columns))
        # The authority's own totals by stage, outcome or reason always stand.
        hidden = find_hidden(CrossedTable(rows, columns, counts, {(TOTAL, column) for column in (*columns, TOTAL)}))

    def figure(row: TableHeading | None, column: TableHeading | None) -> ReportFigure:
        at = ((row.key or "-") if row else TOTAL, (column.key or "-") if column else TOTAL)
        if at in hidden:
            return ReportFigure(shown=HIDDEN)
        number = made.cell(row, column) if row else made.total(column)
        said = {side: one.key for side, one in ((by, row), (across, column)) if one}
        return number_figure(number, counting.behind(said))

    sides: list[TableHeading | None] = [*made.columns, None]
    lines = [
        ReportLine(key=row.key or "-", label=row.label, figures=[figure(row, column) for column in sides]) for row in made.rows
    ]
    total = ReportLine(key=ALL, label="All", figures=[figure(None, column) for column in sides])
    # What a table says of its own totals may be the very number that is left out.
    notes = [] if counting.is_published else list(made.notes)
    if hidden:
        notes.append("Numbers under five, and others from which they could be worked out, are not shown.")
    return ReportTable(
        key=key,
        caption=caption,
        headings=[counting.labels.title(by), *(column.label for column in made.columns), "All"],
        columns=[*(column.key or "-" for column in made.columns), ALL],
        lines=[*lines, total],
        notes=notes,
    )


def plain_table(
    key: str, caption: str, headings: Sequence[str], rows: Iterable[tuple[str, str, Sequence[ReportFigure]]]
) -> ReportTable:
    """A table of lines as they are given: key, label and figures. Its columns are always the same."""
    lines = [ReportLine(key=one, label=label, figures=list(figures)) for one, label, figures in rows]
    return ReportTable(key=key, caption=caption, headings=list(headings), columns=list(headings[1:]), lines=lines)


def number_figure(number: int, behind: Mapping[str, str] | None = None) -> ReportFigure:
    """A number that opens its items; nought opens nothing."""
    return ReportFigure(shown=f"{number:,}", number=number, behind=dict(behind or {}) if number else {})


def text_figure(text: str) -> ReportFigure:
    """A figure that is no count of items: a share, a median."""
    return ReportFigure(shown=text or "–")
