"""A sheet's rows as lines of the register: every cell held against what is known, every bad row named, nothing written."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from drp.register.write import EntryToInsert
from drp.register_import.columns import SheetColumns
from drp.register_import.faults import SheetFaults
from drp.register_import.mapping import SheetMapping
from drp.register_import.table import MOST_ROWS, Cell, Cells, OddCell, SheetTable
from drp.register_import.vocabulary import Vocabulary, plain_words
from drp.register_import.xlsx import day_of_serial, london_day
from workflows.model.authority import Authority
from workflows.model.ladder import ItemType
from workflows.model.register_entry import APART, NOT_RECORDED, OPEN, RegisterEntry, code_reasons

EARLIEST = date(1990, 1, 1)
MOST_REASONS = 20
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(Z?))?")
_NUMBERS = re.compile(r"([0-9]{1,2})([/.-])([0-9]{1,2})\2([0-9]{4})")
_IN_WORDS = re.compile(r"([0-9]{1,2})[ -]([A-Za-z]{3,9})[ -]([0-9]{4})")
_SERIAL = re.compile(r"[0-9]{1,6}(\.[0-9]+)?")
_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_MONTHS = {word: n for n, name in enumerate(_NAMES, 1) for word in (name, name[:3])} | {"sept": 9}
_UNSEEN = ("Cc", "Cs", "Zl", "Zp")


@dataclass(frozen=True)
class SheetRowRead:
    """One row that may be brought in. `due`: by when an answer was wanted, `to`: of which role, if the sheet says."""

    row: int
    entered: EntryToInsert
    due: date | None
    to: str = ""

    @property
    def is_open(self) -> bool:
        """Does it run on?"""
        return self.entered.line.outcome == OPEN


def read_rows(
    table: SheetTable,
    mapping: SheetMapping,
    columns: SheetColumns,
    known: Vocabulary,
    authority: Authority,
    today: date,
    sheet: str,
    identity: Callable[[], UUID],
    faults: SheetFaults,
) -> Iterator[SheetRowRead]:
    """Each good row below the headings; what is wrong with the others is noted in `faults`. `sheet`: the file's hash."""
    checker = _Checker(mapping, columns, known, authority, today, faults)
    count = 0
    for row, cells in table.rows:
        if row <= mapping.header:
            continue
        count += 1
        if count > MOST_ROWS:
            faults.add(row, "", f"the sheet has more than {MOST_ROWS:,} rows", "split it by years, and bring each part in")
            return
        if read := checker.line(row, cells, sheet, identity):
            yield read


class _Checker:
    """Holds rows against what is known. What a word means is worked out once for each word of a column."""

    def __init__(
        self,
        mapping: SheetMapping,
        columns: SheetColumns,
        known: Vocabulary,
        authority: Authority,
        today: date,
        faults: SheetFaults,
    ) -> None:
        self._mapping, self._columns, self._known = mapping, columns, known
        self._authority, self._today, self._faults = authority, today, faults
        self._seen: dict[str, int] = {}
        self._meant: dict[tuple[str, str], str | OddCell] = {}
        self._days: dict[str, date | OddCell] = {}
        self._row, self._bad = 0, set[str]()
        self._knows_ends = "ended_on" in columns.at

    def line(self, row: int, cells: Cells, sheet: str, identity: Callable[[], UUID]) -> SheetRowRead | None:
        """The row's line, or None where anything is wrong with it."""
        self._row = row
        self._bad.clear()
        reference = self._reference(cells)
        raised, ended, due = self._day(cells, "raised_on"), self._day(cells, "ended_on"), self._day(cells, "due", coming=True)
        kind = self._word(cells, "item_type")
        reasons = self._reasons(cells)
        team, service = self._word(cells, "team"), self._word(cells, "service")
        stage, status, impact = self._word(cells, "stage"), self._word(cells, "status"), self._word(cells, "impact")
        outcome, number = self._word(cells, "outcome"), self._text(cells, "child", 32)
        iro, to = self._word(cells, "iro"), self._word(cells, "to")
        if not kind:
            self._fault("item_type", "it is not said what kind of item it is", "write it, or say `always: {item_type: formal}`")
        if raised is None and not self._columns.cell(cells, "raised_on"):
            self._fault("raised_on", "the day of raising is empty", "write it, or leave the row out")
        if raised and ended and ended < raised:
            self._fault("ended_on", f"it ended on {ended}, before it was raised on {raised}", "correct one of the two days")
        if ended and outcome == OPEN:
            self._fault("outcome", "it is open and has ended", "correct the outcome, or empty the day on which it ended")
        if self._bad or raised is None:
            return None
        item_type = ItemType(kind)
        if not outcome and not ended and item_type not in APART and self._knows_ends:
            outcome = OPEN
        line = RegisterEntry(
            item_type=item_type, raised_on=raised, stage=stage, reasons=code_reasons(reasons, self._authority), team=team,
            service=service or (self._known.services.get(team, "") if "service" not in self._columns.at else ""),
            status=status, is_dual=False, outcome=outcome or NOT_RECORDED, impact=impact, ended_on=ended,
        )  # fmt: skip
        entry = EntryToInsert(identity(), reference, line, self._known.child(number), UUID(iro) if iro else None, sheet, number)
        return SheetRowRead(row, entry, due, to)

    def _fault(self, field: str, wrong: str, instead: str) -> None:
        """Note a fault of a cell, unless one of it is noted already."""
        if field not in self._bad:
            self._bad.add(field)
            self._faults.add(self._row, self._columns.shown(field), wrong, instead)

    def _text(self, cells: Cells, field: str, most: int) -> str:
        """A cell's text: normalised, without what cannot be seen, no longer than it may be."""
        cell = self._cell(cells, field)
        if isinstance(cell, date):
            self._fault(
                field, f"the cell holds the day {cell}, where text is wanted", "format the column as text, and write it anew"
            )
            return ""
        if not (cell.isascii() and cell.isprintable()):
            cell = unicodedata.normalize("NFC", cell)
            if any(unicodedata.category(mark) in _UNSEEN for mark in cell.strip()):
                self._fault(field, "the cell holds a line break or a control character", "remove it")
                return ""
        cell = cell.strip()
        if len(cell) > most:
            self._fault(field, f"the cell has {len(cell):,} characters", f"write at most {most}")
            return ""
        return cell

    def _cell(self, cells: Cells, field: str) -> str | date:
        cell: Cell | None = self._columns.cell(cells, field)
        if isinstance(cell, OddCell):
            self._fault(field, cell.wrong, cell.instead)
            return ""
        return cell or ""

    def _reference(self, cells: Cells) -> str:
        reference = self._text(cells, "reference", 64)
        if not reference:
            self._fault("reference", "the reference is empty", "write one that no other row has")
            return ""
        key = reference.casefold()
        if key in self._known.references:
            self._fault(
                "reference", f"“{reference}” is in the register already", "leave the row out, or give it another reference"
            )
        elif self._seen.setdefault(key, self._row) != self._row:
            self._fault(
                "reference", f"“{reference}” stands in row {self._seen[key]} too", "leave one out, or correct one of them"
            )
        return reference

    def _day(self, cells: Cells, field: str, coming: bool = False) -> date | None:
        cell = self._cell(cells, field)
        if not cell:
            return None
        if isinstance(cell, str) and cell not in self._days:
            self._days[cell] = day_of(cell.strip(), self._mapping.dates)
        day = self._days[cell] if isinstance(cell, str) else cell
        if isinstance(day, OddCell):
            self._fault(field, day.wrong, day.instead)
        elif day < EARLIEST:
            self._fault(field, f"{day:%-d %B %Y} is before 1990", "check the year")
        elif day > self._today and not coming:
            self._fault(field, f"{day:%-d %B %Y} is still to come", "check the day and the year")
        else:
            return day
        return None

    def _word(self, cells: Cells, field: str) -> str:
        """What a cell means: a key, or empty for what is not recorded."""
        always = self._mapping.always.get(field)
        text = always if always is not None else self._text(cells, field, 200)
        return self._meaning(field, text) if text else ""

    def _meaning(self, field: str, text: str) -> str:
        found = self._meant.get((field, text))
        if found is None:
            found = self._meant[field, text] = meaning_of(field, text, self._mapping.values.get(field, {}), self._known)
        if isinstance(found, OddCell):
            self._fault(field, found.wrong, found.instead)
            return ""
        return found

    def _reasons(self, cells: Cells) -> tuple[str, ...]:
        text = self._mapping.always.get("reason") or self._text(cells, "reason", 2_000)
        if not text:
            return ()
        parts = [part.strip() for part in text.split(self._mapping.separator) if part.strip()]
        found = [key for part in parts if (key := self._meaning("reason", part))]
        if len(set(found)) < len(found):
            self._fault("reason", "a reason stands twice", "name each once")
        if len(found) > MOST_REASONS:
            self._fault("reason", f"it has {len(found)} reasons", f"name at most {MOST_REASONS}")
        return tuple(found)


def meaning_of(field: str, text: str, translated: Mapping[str, str], known: Vocabulary) -> str | OddCell:
    """What a word of a sheet means in a field: a key; empty for not recorded; OddCell where that cannot be told."""
    text = {plain_words(word): key for word, key in translated.items()}.get(plain_words(text), text)
    if not text:
        return ""
    words = known.words[field]
    meant = words.meanings.get(plain_words(text), ())
    if len(meant) == 1:
        return meant[0]
    shown = text if len(text) <= 60 else f"{text[:57]}…"
    if meant:
        several = "their keys in people.csv tell them apart" if field == "iro" else ", ".join(meant)
        return OddCell(f"“{shown}” could be several: {several}", f"say which under `values: {field}` in the mapping")
    if field == "iro":
        return OddCell(
            f"the directory knows nobody called “{shown}”", 'add them to people.csv, or map the name to "" (not recorded)'
        )
    listed = ", ".join(words.keys[:12]) + (", …" if len(words.keys) > 12 else "")
    return OddCell(
        f"“{shown}” is no {field.replace('_', ' ')} that is known",
        f"use one of {listed or 'none'}, or map it under `values: {field}`",
    )


def day_of(text: str, dates: str) -> date | OddCell:
    """A day as a sheet writes it: ISO always; else as the mapping declares. OddCell for what is no day, or could be two."""
    if found := _ISO.fullmatch(text):
        if found[4]:
            return london_day(text) or OddCell(f"“{text[:40]}” is a moment that does not exist", "check day, month and time")
        year, month, day = int(found[1]), int(found[2]), int(found[3])
    elif dates == "iso":
        return OddCell(f"“{text[:40]}” is no day as 2026-04-01", "write it so, or say under `dates:` how the sheet writes days")
    elif found := _IN_WORDS.fullmatch(text):
        if found[2].lower() not in _MONTHS:
            return OddCell(f"“{text[:40]}” names no month", "write the day as 2026-04-01")
        day, month, year = int(found[1]), _MONTHS[found[2].lower()], int(found[3])
    elif dates == "serial" and _SERIAL.fullmatch(text):
        return day_of_serial(text)
    elif found := _NUMBERS.fullmatch(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        month, day = (first, second) if dates == "month/day/year" else (second, first)
    elif _SERIAL.fullmatch(text):
        return OddCell(f"“{text}” is a number and not a day", "format the column as dates, or say `dates: serial` in the mapping")
    else:
        return OddCell(f"“{text[:40]}” is no day", "write it as 2026-04-01 or 01/04/2026, with the year in four figures")
    try:
        return date(year, month, day)
    except ValueError:
        return OddCell(f"“{text[:40]}” is a day that does not exist", "check day and month")


def count_by_year_and_stage(lines: Sequence[SheetRowRead], words: Callable[[str], str]) -> Iterator[tuple[str, dict[str, int]]]:
    """How many rows there are by year of raising, and by stage."""
    entries = [read.entered.line for read in lines]
    yield "by year of raising", dict(sorted(Counter(str(entry.raised_on.year) for entry in entries).items()))
    yield "by stage", dict(Counter(words(entry.stage) if entry.stage else "not recorded" for entry in entries))
