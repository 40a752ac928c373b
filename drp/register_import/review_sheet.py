"""What reviews decided before the service was there, from a sheet: one row for each decision, whole or not at all."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from drp.database.ids import Randomness
from drp.directory.lookup import children_of_number
from drp.register_import.columns import SheetColumns, read_columns
from drp.register_import.faults import SheetFaults
from drp.register_import.import_file import GivenSheet, open_sheet
from drp.register_import.mapping import REVIEW_FIELDS
from drp.register_import.register_rows import EARLIEST, day_of
from drp.register_import.table import MOST_ROWS, Cells, OddCell
from drp.register_import.vocabulary import plain_words
from drp.reviews import review_register
from drp.reviews.review_register import OPEN, STATES, DecisionLine
from workflows.model.authority import Authority
from workflows.model.refusals import Unfit


@dataclass(frozen=True)
class ReviewSheetRead:
    """What a sheet held: how many reviews of how many children, decisions new, and decisions that were there already."""

    children: int
    reviews: int
    new: int
    known: int
    left: tuple[str, ...]
    """Headings of columns that nothing was taken from."""


@dataclass(frozen=True)
class _Row:
    row: int
    child: UUID
    held_on: date
    line: DecisionLine
    state: str


def bring_reviews(
    connection: Connection, chance: Randomness, authority: Authority, sheet: GivenSheet, by: UUID, now: datetime, today: date
) -> ReviewSheetRead:
    """Put a sheet's decisions on the register of reviews, in the caller's transaction; nothing of them is followed, nobody told.

    A decision that is there already (its review, number and words) is left as it is. Raises Unusable with every fault.
    """
    faults = SheetFaults(sheet.name)
    table = open_sheet(sheet, REVIEW_FIELDS, faults)
    found = read_columns(table, sheet.mapping, REVIEW_FIELDS, REVIEW_FIELDS[:3], faults)
    reading = _Reading(connection, authority, sheet, found, today, faults)
    rows = [one for row, cells in table.rows if row > sheet.mapping.header and (one := reading.row(row, cells))]
    if not rows and not faults.count:
        faults.add(0, "", "the sheet has no rows below its headings", "bring the one that has them")
    if len(rows) > MOST_ROWS:
        faults.add(0, "", f"the sheet has more than {MOST_ROWS:,} rows", "split it")
    faults.stop()
    grouped: dict[tuple[UUID, date], list[_Row]] = defaultdict(list)
    for one in rows:
        grouped[one.child, one.held_on].append(one)
    kept = sum(_keep(connection, chance, authority, group, by, now, today, faults) for group in grouped.values())
    faults.stop()
    return ReviewSheetRead(len({child for child, _ in grouped}), len(grouped), kept, len(rows) - kept, found.left)


def _keep(
    connection: Connection,
    chance: Randomness,
    authority: Authority,
    rows: list[_Row],
    by: UUID,
    now: datetime,
    today: date,
    faults: SheetFaults,
) -> int:
    child, held_on = rows[0].child, rows[0].held_on
    reviews = review_register.list_reviews(connection, authority.key, child)
    there = {(one.line.number, one.line.words) for held in reviews if held.held_on == held_on for one in held.decisions}
    new = [one for one in rows if (one.line.number, one.line.words) not in there]
    review_register.note_review(connection, authority.key, child, held_on, by, now)
    try:
        lines = [one.line for one in new]
        ids = review_register.add_decisions(connection, chance, authority, child, held_on, lines, by, now)
    except Unfit as refused:
        place = refused.field.split(".")
        at = new[int(place[1])].row if len(place) > 1 else rows[0].row
        faults.add(at, "", refused.said.rstrip("."), refused.do.rstrip("."))
        return 0
    said: dict[str, list[UUID]] = defaultdict(list)
    for id_, one in zip(ids, new, strict=True):
        said[one.state].append(id_)
    for state in said.keys() - {OPEN}:
        review_register.mark_decisions(connection, authority.key, child, said[state], state, today)
    return len(new)


class _Reading:
    """One sheet as its rows are read: what was looked up is kept."""

    def __init__(
        self,
        connection: Connection,
        authority: Authority,
        sheet: GivenSheet,
        found: SheetColumns,
        today: date,
        faults: SheetFaults,
    ) -> None:
        self._connection, self._authority, self._sheet = connection, authority, sheet
        self._found, self._today, self._faults = found, today, faults
        self._children: dict[str, UUID | None] = {}
        self._posts = {plain_words(role.title): role.key for role in authority.roles}

    def row(self, row: int, cells: Cells) -> _Row | None:
        """A row's decision; None where something in it is wrong, or nothing is in it."""
        if not cells:
            return None
        before = self._faults.count
        number, words = self._text(row, cells, "child", True), self._text(row, cells, "words", True)
        held_on, due = self._day(row, cells, "held_on"), self._day(row, cells, "due", coming=True)
        who, state = self._text(row, cells, "who"), plain_words(self._text(row, cells, "state")) or OPEN
        child = self._child(row, number) if number else None
        if held_on is None and before == self._faults.count:
            self._fault(row, "held_on", "the day of the review is empty", "write the day on which it was held")
        if state not in STATES:
            self._fault(row, "state", f"“{state[:40]}” is no state of a decision", f"use one of {', '.join(STATES)}")
        if self._faults.count > before or child is None or held_on is None:
            return None
        role = self._posts.get(plain_words(who), "")
        line = DecisionLine(words, self._text(row, cells, "number"), role, "" if role else who, due)
        return _Row(row, child, held_on, line, state)

    def _fault(self, row: int, field: str, wrong: str, instead: str) -> None:
        self._faults.add(row, self._found.shown(field), wrong, instead)

    def _text(self, row: int, cells: Cells, field: str, is_needed: bool = False) -> str:
        cell = self._found.cell(cells, field)
        if isinstance(cell, OddCell):
            self._fault(row, field, cell.wrong, cell.instead)
            return ""
        text = "" if cell is None else f"{cell:%-d %B %Y}" if isinstance(cell, date) else " ".join(cell.split())
        if is_needed and not text:
            self._fault(row, field, "the cell is empty", "write it, or leave the row out")
        return text

    def _day(self, row: int, cells: Cells, field: str, coming: bool = False) -> date | None:
        cell = self._found.cell(cells, field)
        day = day_of(cell.strip(), self._sheet.mapping.dates) if isinstance(cell, str) and cell.strip() else cell or None
        if isinstance(day, OddCell):
            self._fault(row, field, day.wrong, day.instead)
        elif isinstance(day, date) and (day < EARLIEST or (day > self._today and not coming)):
            self._fault(row, field, f"{day:%-d %B %Y} is before 1990, or still to come", "check the day and the year")
        elif isinstance(day, date):
            return day
        return None

    def _child(self, row: int, number: str) -> UUID | None:
        if number not in self._children:
            named = children_of_number(self._connection, self._authority.key, number)
            self._children[number] = named[0] if len(named) == 1 else None
        if (found := self._children[number]) is None:
            self._fault(
                row, "child", f"the directory has no child, or several, of the number “{number[:40]}”",
                "write it as the directory has it, or leave the row out",
            )  # fmt: skip
        return found


def told_of(done: ReviewSheetRead) -> Iterable[str]:
    """What came in, as lines that a person reads."""
    yield f"New on the register: decisions {done.new:,}; reviews in the sheet {done.reviews:,}, children {done.children:,}."
    if done.known:
        yield f"Decisions that were there already, and stay as they are: {done.known:,}."
    if done.left:
        yield f"columns not brought in: {', '.join(done.left)}"
    yield "None of them is followed yet: the IROs mark those that are to be."
