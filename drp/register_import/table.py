"""A sheet as both kinds of file give it: its place, and its rows with their numbers and cells."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

MOST_ROWS = 200_000
"""Rows with something in them below the headings; a longer file is refused."""


@dataclass(frozen=True)
class OddCell:
    """A cell whose value cannot be taken: why, and what to do."""

    wrong: str
    instead: str


Cell = str | date | OddCell
"""Text (numbers too, as text), a day where a spreadsheet holds one as a day, or what cannot be taken."""

Cells = Mapping[int, Cell]
"""A row's cells by column, from 0; empty cells are not there."""


@dataclass(frozen=True)
class SheetTable:
    """A sheet opened: its name (empty for CSV), and its rows, from the first, with the numbers that spreadsheets show.

    `rows` is read once, and may raise Unusable as it goes.
    """

    sheet: str
    rows: Iterator[tuple[int, Cells]]
