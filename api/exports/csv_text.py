"""Tables for people to open in a spreadsheet: nothing that somebody wrote is ever run as a formula; times as London's clock."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO

from workflows.calendar.working_days import LONDON

BOM = "\ufeff".encode()
"""Without it spreadsheets take UTF-8 for something else."""

_BEGINS_A_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")


def text_cell(text: str) -> str:
    """A cell that stays text: with an apostrophe before whatever a spreadsheet could take for a formula, spaces aside."""
    begins = text.lstrip(" ")[:1] or text[:1]
    return f"'{text}" if begins in _BEGINS_A_FORMULA else text


def csv_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as CSV (RFC 4180), without the mark that begins a file."""
    made = StringIO()
    writer = csv.writer(made, lineterminator="\r\n")
    writer.writerows([text_cell(text) for text in row] for row in rows)
    return made.getvalue().encode()


def local_instant(at: datetime | None) -> str:
    """An instant as London's clock shows it, with its offset: 2026-04-01T10:00:00+01:00; empty where there is none."""
    return at.astimezone(LONDON).isoformat(timespec="seconds") if at else ""
