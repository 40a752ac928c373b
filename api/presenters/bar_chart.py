"""A theme table as a drawing: bars that can be opened, each with its number beside it; never by colour alone."""

import textwrap
from collections.abc import Callable, Sequence
from html import escape

from drp.reports.aggregate import PERIODS
from drp.reports.display_labels import TableHeading
from drp.reports.theme_tables import ThemeTable
from workflows.ladder_language.carried_text import on_one_line

_WIDE, _LABELS, _NUMBERS = 760, 250, 120
"""Widths in units of the drawing: all of it, what rows are called, the numbers at the bars' ends."""

_BAR, _GAP, _LINE = 18, 12, 17
MOST_ROWS = 25
MOST_COLUMNS, MOST_BARS = 7, 60
"""Beyond these the table alone says all; the drawing shows the most frequent rows, or totals."""

LONGEST_IN_LEGEND = (_WIDE - _LABELS - 30) // 8
"""Characters of a column's label for which the drawing has room; the table says it whole."""

FILLS = ("#0f5257", "url(#stripes)", "#e0a526", "url(#dots)", "#ffffff", "url(#hatched)", "#b1b4b6")
"""Of the columns, in order: plain and patterned by turns, so that they differ without colour."""

Address = Callable[[TableHeading, TableHeading | None], str]


def draw_bar_chart(made: ThemeTable, finding: str, address: Address | None = None) -> str:
    """The drawing. `address`: where a bar opens to; without it nothing is linked (a file on its own).

    Rows are groups of bars, one for each column (totals alone where there are too many).
    """
    rows = _shown(made)
    has_room = 0 < len(made.columns) <= MOST_COLUMNS and len(made.columns) * len(rows) <= MOST_BARS
    columns: Sequence[TableHeading | None] = made.columns if has_room else [None]
    # The newest period is plain, whichever place it has: it is what is read first.
    fills = dict(zip(reversed(columns) if made.question.across in PERIODS else columns, FILLS, strict=False))
    most = max([made.cell(row, column) for row in rows for column in columns] or [0]) or 1
    parts: list[str] = []
    y = 14
    if has_room:
        y = _legend(parts, [(column, fills[column]) for column in columns if column], y)
    broken = dict(made.breaks)
    for row in rows:
        if made.question.by in PERIODS and row.key in broken:
            y = _break(parts, y)
        y = _row(parts, made, row, [(column, fills[column]) for column in columns], most, y, address)
    title = _in_svg(f"{made.title}. {finding}")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE} {y + 6}" class="app-chart" role="group" '
        f'aria-label="{title}" font-family="Arial, Helvetica, sans-serif" font-size="14" fill="#0b0c0c">'
        f"<title>{title}</title>{_PATTERNS}"
    )
    return "\n".join([head, *parts, "</svg>"])


_PATTERNS = (
    '<defs><pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="#ffffff"/><rect width="3" height="6" fill="#0f5257"/></pattern>'
    '<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#ffffff"/>'
    '<circle cx="3" cy="3" r="2" fill="#505a5f"/></pattern>'
    '<pattern id="hatched" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" fill="#ffffff"/>'
    '<path d="M0 0L6 6M6 0L0 6" stroke="#0f5257"/></pattern></defs>'
)


def _in_svg(text: str) -> str:
    """A text as it stands in the drawing, whatever a label in force holds."""
    return escape(on_one_line(text))


def _shown(made: ThemeTable) -> list[TableHeading]:
    """All rows, or where they are many those with most in them, in the table's order."""
    if len(made.rows) <= MOST_ROWS:
        return list(made.rows)
    most = set(sorted(made.rows, key=lambda row: -made.cell(row))[:MOST_ROWS])
    return [row for row in made.rows if row in most]


def _legend(parts: list[str], columns: Sequence[tuple[TableHeading, str]], y: int) -> int:
    x = _LABELS
    for column, fill in columns:
        shown = column.label if len(column.label) <= LONGEST_IN_LEGEND else f"{column.label[: LONGEST_IN_LEGEND - 1]}…"
        if x > _LABELS and x + 30 + 8 * len(shown) > _WIDE:
            x, y = _LABELS, y + 22
        parts.append(f'<rect x="{x}" y="{y - 11}" width="14" height="14" fill="{fill}" stroke="#0b0c0c"/>')
        parts.append(f'<text x="{x + 20}" y="{y}">{_in_svg(shown)}</text>')
        x += 40 + 8 * len(shown)
    return y + 22


def _break(parts: list[str], y: int) -> int:
    parts.append(
        f'<line x1="0" x2="{_WIDE}" y1="{y + 4}" y2="{y + 4}" stroke="#b10e1e" stroke-width="2" stroke-dasharray="6 4"/>'
    )
    parts.append(f'<text x="{_LABELS}" y="{y + 20}" fill="#b10e1e" font-weight="bold">Recording changed here</text>')
    return y + 30


def _row(
    parts: list[str],
    made: ThemeTable,
    row: TableHeading,
    columns: Sequence[tuple[TableHeading | None, str]],
    most: int,
    y: int,
    address: Address | None,
) -> int:
    lines = _wrapped(row.label)
    for n, line in enumerate(lines):
        parts.append(f'<text x="{_LABELS - 10}" y="{y + 14 + n * _LINE}" text-anchor="end">{_in_svg(line)}</text>')
    for n, (column, fill) in enumerate(columns):
        number, share = made.cell(row, column), made.share(row, column)
        long = round((_WIDE - _LABELS - _NUMBERS) * number / most)
        top = y + n * (_BAR + 3)
        said = f"{number:,}" + (f" ({share})" if share else "")
        bar = f'<rect x="{_LABELS}" y="{top}" width="{max(long, 1)}" height="{_BAR}" fill="{fill}" stroke="#0b0c0c"/>'
        text = f'<text x="{_LABELS + long + 8}" y="{top + 14}">{said}</text>'
        if address and number:
            where = f"{row.label}, {column.label}" if column else row.label
            label = _in_svg(f"{where}: {said}. Open the items.")
            # The table below has the same links for the keyboard, each once.
            parts.append(
                f'<a href="{escape(address(row, column))}" aria-label="{label}" tabindex="-1">'
                f'<rect x="{_LABELS}" y="{top}" width="{_WIDE - _LABELS}" height="{_BAR}" fill="#ffffff" opacity="0"/>'
                f"{bar}{text}</a>"
            )
        else:
            parts += [bar, text]
    return y + max(len(columns) * (_BAR + 3), len(lines) * _LINE) + _GAP


def _wrapped(text: str, most: int = 32) -> list[str]:
    """A row's name in at most two lines."""
    if len(text) <= most:
        return [text]
    words = " ".join(text.split())
    first = textwrap.wrap(words, most, break_long_words=False, break_on_hyphens=False)[0][:most]
    rest = words[len(first) :].strip()
    return [first, rest if len(rest) <= most else f"{rest[: most - 1].rstrip()}…"]
