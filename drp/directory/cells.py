"""One row of a directory's file: cells that give values, or say what is wrong with them. Pure."""

import calendar
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_EMAIL = re.compile(rf"{_ATOM}(\.{_ATOM})*@([A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]+")
_UNSEEN = ("Cc", "Zl", "Zp")
_REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Marks that make text read otherwise than it is written."""


class CellRow:
    """One row. Every cell is asked for by what it should be; the first fault of a cell is kept, and `is_good` is then False."""

    def __init__(self, line: int, cells: Mapping[str, str], say: Callable[[int, str, str], None]) -> None:
        self.line, self._say = line, say
        self._cells: dict[str, str] = {}
        self._bad: set[str] = set()
        for column, cell in cells.items():
            is_plain = cell.isascii() and cell.isprintable()
            self._cells[column] = cell.strip() if is_plain else unicodedata.normalize("NFC", cell).strip()
            if not is_plain and any(unicodedata.category(mark) in _UNSEEN or mark in _REORDERING for mark in cell):
                self.fault(column, f"`{column}` holds a line break or a control character", "remove it")

    @property
    def is_good(self) -> bool:
        """Is no cell faulty, as far as they were asked for?"""
        return not self._bad

    @property
    def name(self) -> str:
        """What other rows would call this one."""
        return self._cells.get("key") or self._cells.get("number") or ""

    def fault(self, column: str, wrong: str, instead: str) -> None:
        """Note a fault of a cell, unless one of it is noted already."""
        if column not in self._bad:
            self._bad.add(column)
            self._say(self.line, wrong, instead)

    def _refuse(self, column: str, cell: str, instead: str) -> None:
        self.fault(column, f"`{column}` is `{show_cell(cell)}`" if cell else f"`{column}` is empty", instead)

    def text(self, column: str, most: int, needed: bool = True) -> str:
        """Text of at most so many characters."""
        cell = self._cells[column]
        if not cell and needed:
            self.fault(column, f"`{column}` is empty", f"write the {column}")
        if len(cell) > most:
            self.fault(column, f"`{column}` has {len(cell)} characters", f"write at most {most}")
        return cell

    def key(self, column: str, needed: bool = True, most: int = 64) -> str:
        """What a row is called by, here and in the other files."""
        cell = self.text(column, most, needed)
        if cell and not KEY.fullmatch(cell):
            self.fault(
                column,
                f"`{show_cell(cell)}` cannot be a {column}",
                "write letters, digits, dots, hyphens and underscores, beginning with a letter or digit",
            )
        return cell

    def email(self, column: str, needed: bool) -> str:
        """One plain address."""
        cell = self.text(column, 200, needed)
        if cell and not (_EMAIL.fullmatch(cell) and len(cell.partition("@")[0]) <= 64):
            self.fault(
                column, f"`{show_cell(cell)}` is not an e-mail address", "write it as name@council.example, and nothing else"
            )
        return cell

    def one_of(self, column: str, options: tuple[str, ...]) -> str:
        """One of a few words, in small letters or capitals."""
        cell = self._cells[column].lower()
        if cell not in options:
            self._refuse(column, cell, f"write one of {', '.join(options)}")
        return cell

    def day(self, column: str) -> date:
        """A date that must be there."""
        return self.day_or_none(column, needed=True) or date.min

    def day_or_none(self, column: str, needed: bool = False) -> date | None:
        """A date (Europe/London) as yyyy-mm-dd, or None for an empty cell."""
        cell = self._cells[column]
        if not cell:
            if needed:
                self.fault(column, f"`{column}` is empty", "write a date as 2026-04-01")
            return None
        found = _ISO.fullmatch(cell)
        if found is None:
            self.fault(column, f"`{column}` is `{show_cell(cell)}`, not a date as yyyy-mm-dd", _as_iso(cell))
            return None
        year, month, day = (int(part) for part in found.groups())
        try:
            value = date(year, month, day)
        except ValueError:
            self.fault(column, *_impossible(year, month, day, column))
            return None
        if not 1900 <= year <= 2200:
            self.fault(column, f"`{column}` is in the year {year}", "check the year")
        return value

    def span(self) -> tuple[date, date | None]:
        """From a day until a day; both count, and no end is None."""
        since, until = self.day("since"), self.day_or_none("until")
        if until is not None and not self._bad & {"since", "until"} and until < since:
            self.fault("until", f"it ends on {until}, before it begins on {since}", "write a later `until`, or leave it empty")
        return since, until

    def several(self, column: str) -> tuple[str, ...]:
        """Words with ; between them, in order of the alphabet."""
        found = [part.strip() for part in self._cells[column].split(";") if part.strip()]
        for twice in {part for part in found if found.count(part) > 1}:
            self.fault(column, f"`{column}` names `{show_cell(twice)}` twice", "name it once")
        if len(found) > 50:
            self.fault(column, f"`{column}` names {len(found)}", "name at most 50")
        return tuple(sorted(found))

    def number(self, column: str, most: int) -> int:
        """A whole number from 0."""
        cell = self._cells[column]
        if not re.fullmatch(r"[0-9]{1,9}", cell) or int(cell) > most:
            self._refuse(column, cell, f"write a whole number from 0 to {most:,}")
            return 0
        return int(cell)


def _as_iso(cell: str) -> str:
    found = _DAY_FIRST.fullmatch(cell)
    if found:
        day, month, year = (int(part) for part in found.groups())
        try:
            return f"write {date(year, month, day)} if {date(year, month, day):%-d %B %Y} is meant"
        except ValueError:
            pass
    return "write it as 2026-04-01"


def _impossible(year: int, month: int, day: int, column: str) -> tuple[str, str]:
    if year == 0 or not 1 <= month <= 12:
        return (
            f"`{column}` is {year:04}-{month:02}-{day:02}, and there is no such month",
            "write year, month and day as 2026-04-01",
        )
    last = calendar.monthrange(year, month)[1]
    return (
        f"`{column}` is {day} {calendar.month_name[month]} {year}, which does not exist",
        f"that month ends on {year:04}-{month:02}-{last:02}",
    )


def show_cell(text: str) -> str:
    """Somebody else's text, short and on one line, for a message."""
    plain = "".join(mark if mark.isprintable() else "?" for mark in text)
    return plain if len(plain) <= 60 else f"{plain[:57]}…"
