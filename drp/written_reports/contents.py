"""What a report holds, as closed values: the page, the PDF and the Word file are made from these alone."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

HIDDEN = "not shown"
"""Stands for a number that is left out because it, or another beside it, is too small."""


class ReportValue(BaseModel):
    """Closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ReportFigure(ReportValue):
    """One figure. `behind`: what narrows the register to exactly its items; empty: it opens nothing."""

    shown: str
    number: int | None = None
    behind: dict[str, str] = Field(default_factory=dict)
    record: str = ""
    """What the record says, where the IRO manager changed the figure by hand; printed beside it."""
    why: str = ""


class ReportLine(ReportValue):
    """One line of a table: what it is called, and its figures in the order of the table's headings."""

    key: str
    label: str
    figures: list[ReportFigure]


class ReportTable(ReportValue):
    """A table. `headings` begin with that of the labels; `columns` are the keys of the columns of figures, by which a figure is
    known whichever columns there are. `drawn`: is its first column of figures drawn as bars as well?
    """

    key: str
    caption: str
    headings: list[str]
    columns: list[str]
    lines: list[ReportLine]
    notes: list[str] = Field(default_factory=list)
    drawn: bool = False


class ReportQuote(ReportValue):
    """Words that somebody agreed to, or an example that the child's IRO says the family would not know."""

    words: str
    of: str = ""
    """The team, or what it is an example of."""


class ReportPart(ReportValue):
    """One part: what the record says in sentences and tables, and what the IRO manager wrote."""

    key: str
    title: str
    written: str = ""
    sentences: list[str] = Field(default_factory=list)
    tables: list[ReportTable] = Field(default_factory=list)
    quotes: list[ReportQuote] = Field(default_factory=list)


class ReportContents(ReportValue):
    """A report as it was counted, or as it was released."""

    format: Literal["drp report 1"] = "drp report 1"
    authority: str
    kind: str
    title: str
    unit: str = ""
    """Of a team's page: the team."""
    first: str
    last: str
    """Its months, both included: 2026-07 to 2026-09."""
    period: str
    for_whom: str
    counted_at: datetime
    is_published: bool
    """May it be published? Then small numbers are left out; else they are true, and it says that it is not to be published."""
    parts: list[ReportPart]
    released_on: date | None = None
    released_by: str = ""
    edition: int = 1

    def part(self, key: str) -> ReportPart | None:
        """One part by its key."""
        return next((part for part in self.parts if part.key == key), None)


class HandFigure(ReportValue):
    """A figure that the IRO manager changed by hand, and why."""

    shown: str
    why: str


class ReportEdits(ReportValue):
    """What the IRO manager did to a draft. Figures by `figure_key`."""

    written: dict[str, str] = Field(default_factory=dict)
    figures: dict[str, HandFigure] = Field(default_factory=dict)


def figure_key(table: ReportTable, line: ReportLine, column: str) -> str:
    """How edits name a figure: by the keys of its table, line and column, which stay when it is counted again."""
    return f"{table.key}/{line.key}/{column}"


def figures_to_change(contents: ReportContents) -> dict[str, tuple[ReportTable, ReportLine, str, ReportFigure]]:
    """Every figure that may be changed by hand, by its key, with the heading above it: none of a table that leaves some out."""
    return {
        figure_key(table, line, column): (table, line, heading, figure)
        for part in contents.parts
        for table in part.tables
        if not leaves_some_out(table)
        for line in table.lines
        for column, heading, figure in zip(table.columns, table.headings[1:], line.figures, strict=True)
    }


def leaves_some_out(table: ReportTable) -> bool:
    """Is any number of a table not shown?"""
    return any(figure.shown == HIDDEN for line in table.lines for figure in line.figures)


def as_counted(part: ReportPart) -> ReportPart:
    """A part as the record had it, without what was written and changed by hand."""
    tables = [
        table.model_copy(update={"lines": [_counted_line(line) for line in table.lines]}) for table in part.tables
    ]  # fmt: skip
    return part.model_copy(update={"written": "", "tables": tables})


def _counted_line(line: ReportLine) -> ReportLine:
    figures = [
        one.model_copy(update={"shown": one.record, "record": "", "why": ""}) if one.record else one for one in line.figures
    ]
    return line.model_copy(update={"figures": figures})


def with_edits(contents: ReportContents, edits: ReportEdits) -> ReportContents:
    """A report as it is read: the manager's words in their parts, and figures changed by hand with the record's own beside."""
    return contents.model_copy(update={"parts": [_edited_part(part, edits) for part in contents.parts]})


def _edited_part(part: ReportPart, edits: ReportEdits) -> ReportPart:
    tables = [_edited_table(table, edits) for table in part.tables]
    return part.model_copy(update={"written": edits.written.get(part.key, part.written), "tables": tables})


def _changed(figure: ReportFigure, hand: HandFigure) -> ReportFigure:
    """A figure as it was changed by hand; what is drawn is what is printed."""
    plain = hand.shown.replace(",", "")
    number = int(plain) if plain.isdecimal() else None
    return figure.model_copy(update={"shown": hand.shown, "number": number, "record": figure.shown, "why": hand.why})


def _edited_table(table: ReportTable, edits: ReportEdits) -> ReportTable:
    lines = []
    for line in table.lines:
        figures = [
            _changed(figure, hand) if (hand := edits.figures.get(figure_key(table, line, column))) else figure
            for column, figure in zip(table.columns, line.figures, strict=True)
        ]
        lines.append(line.model_copy(update={"figures": figures}))
    return table.model_copy(update={"lines": lines})
