"""Bringing a sheet of past challenges into the register: checked whole, then written in one transaction or not at all."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert
from sqlmodel import col

from drp.casework.service import Casework
from drp.database.register_tables import RegisterRow, SheetRow
from drp.database.scope import delete_of, select_of
from drp.directory.importing import lock_imports
from drp.register.write import insert_entries
from drp.register_import.columns import SheetColumns, read_columns
from drp.register_import.create_open_items import TakenOver, refuse_what_runs, take_over
from drp.register_import.csv_files import read_csv
from drp.register_import.faults import SheetFaults
from drp.register_import.mapping import FIELDS, BadMapping, SheetMapping
from drp.register_import.register_rows import SheetRowRead, count_by_year_and_stage, meaning_of, read_rows
from drp.register_import.table import OddCell, SheetTable
from drp.register_import.vocabulary import Vocabulary, read_vocabulary
from drp.register_import.xlsx import looks_like_one, read_xlsx
from workflows.calendar.working_days import local_date
from workflows.ladder_language.strict_yaml import FileFault
from workflows.model.authority import Authority, Rules

Watched = Callable[[Iterable[SheetRowRead]], Iterable[SheetRowRead]]
"""Passes rows on as they are checked: somebody may be looking on."""


@dataclass(frozen=True)
class GivenSheet:
    """A file as it was given: its name, its bytes, how to read it, and the text that says so."""

    name: str
    data: bytes
    mapping: SheetMapping
    mapping_text: str = ""

    @property
    def hash(self) -> str:
        """What it is known by: the file with its mapping, so that the same again comes in once."""
        return hashlib.sha256(len(self.data).to_bytes(8, "big") + self.data + self.mapping_text.encode()).hexdigest()


@dataclass(frozen=True)
class ImportResult:
    """What came in. `earlier`: when this same file had come in before, and then nothing did now."""

    hash: str
    lines: int
    counted: tuple[tuple[str, dict[str, int]], ...] = ()
    left: tuple[str, ...] = ()
    taken: tuple[TakenOver, ...] = ()
    unknown: tuple[str, ...] = ()
    """Rows whose number names nobody in the directory: each row with its number, and those that are near it by zeros alone."""
    stay_open: tuple[int, ...] = ()
    """Rows of open items that are lines only, by their numbers in the sheet: no date of theirs runs."""
    earlier: datetime | None = None


def open_sheet(sheet: GivenSheet, fields: tuple[str, ...], faults: SheetFaults) -> SheetTable:
    """The sheet's rows, whatever kind of file it is. Raises Unusable."""
    mapping = sheet.mapping
    if looks_like_one(sheet.data):
        return read_xlsx(sheet.data, faults, mapping.sheet, mapping.header)
    return read_csv(
        sheet.data, faults, mapping.header, (tuple(mapping.columns.values()) or fields), mapping.encoding, mapping.delimiter
    )


@dataclass(frozen=True)
class CheckedSheet:
    """A file that was found good, and what was known when it was: nothing is wrong with it while that is still so."""

    known: Vocabulary
    rows: tuple[SheetRowRead, ...]
    columns: SheetColumns
    faults: SheetFaults
    """None; they know the file's and the sheet's name, for what the register itself may still say against a row."""


def imported_before(connection: Connection, authority: str, sheet: GivenSheet) -> ImportResult | None:
    """When this same file came in before; None for a new one."""
    row = connection.execute(
        select_of(SheetRow, authority, SheetRow.at, SheetRow.lines).where(col(SheetRow.hash) == sheet.hash)
    ).first()
    return ImportResult(sheet.hash, row.lines, earlier=row.at) if row is not None else None


def check_sheet(
    casework: Casework,
    there: Vocabulary,
    authority: Authority,
    sheet: GivenSheet,
    today: date,
    watched: Watched = lambda rows: rows,
) -> CheckedSheet:
    """Hold the whole file against what is known: without the database, so that nobody waits for it, however long it takes.

    Raises Unusable or BadMapping with every fault.
    """
    faults = SheetFaults(sheet.name)
    table = open_sheet(sheet, FIELDS, faults)
    found = read_columns(table, sheet.mapping, FIELDS, FIELDS[:2], faults)
    _check_mapping(sheet.mapping, there)
    read = read_rows(table, sheet.mapping, found, there, authority, today, sheet.hash, casework.chance.identity, faults)
    rows = tuple(watched(read))
    if not rows and not faults.count:
        faults.add(0, "", "the sheet has no rows below its headings", "bring the one that has them, or say `header:`")
    faults.stop()
    return CheckedSheet(there, rows, found, faults)


def try_import(connection: Connection, rules: tuple[Rules, ...], sheet: GivenSheet, checked: CheckedSheet) -> ImportResult:
    """What would come in as lines, in a reading transaction. Raises Unusable for rows that run as items already."""
    refuse_what_runs(connection, rules[0].authority.key, checked.rows, checked.columns, checked.faults)
    checked.faults.stop()
    return _result(rules, sheet, checked, ())


def import_sheet(
    casework: Casework, connection: Connection, rules: tuple[Rules, ...], sheet: GivenSheet, now: datetime, takes_over: bool,
    checked: CheckedSheet | None = None,
) -> ImportResult:  # fmt: skip
    """Bring it in, in the caller's transaction. Raises Unusable or BadMapping with every fault, and then nothing may be kept.

    `takes_over`: open rows about children of the directory become running items, on behalf of each child's IRO.
    `checked`: what was found before, without the lock; where something else is known by now, all is checked again.
    """
    authority = rules[0].authority
    lock_imports(connection, authority.key)
    if before := imported_before(connection, authority.key, sheet):
        return before
    there = read_vocabulary(connection, authority)
    if checked is None or checked.known != there:
        checked = check_sheet(casework, there, authority, sheet, local_date(now))
    rows, faults = checked.rows, checked.faults
    refuse_what_runs(connection, authority.key, rows, checked.columns, faults)
    faults.stop()
    to_run = [row for row in rows if takes_over and row.is_open and row.entered.child]
    running = {row.row for row in to_run}
    insert_entries(connection, authority.key, (row.entered for row in rows if row.row not in running))
    taken = take_over(casework, connection, rules, to_run, checked.columns, now, faults)
    faults.stop()
    connection.execute(
        insert(SheetRow).values(
            authority=authority.key, hash=sheet.hash, name=sheet.name[:200], at=now, lines=len(rows) - len(taken),
            taken_over=len(taken),
        )
    )  # fmt: skip
    return _result(rules, sheet, checked, taken)


def _result(rules: tuple[Rules, ...], sheet: GivenSheet, checked: CheckedSheet, taken: tuple[TakenOver, ...]) -> ImportResult:
    rows, running = checked.rows, {item.row for item in taken}
    labels = {stage.key: stage.label for each in rules for stage in each.ladder.stages}
    stay_open = tuple(row.row for row in rows if row.is_open and row.row not in running)
    counted = tuple(count_by_year_and_stage(rows, lambda key: labels.get(key, key)))
    nobody = tuple(_nobody(row, checked.known) for row in rows if row.entered.number and row.entered.child is None)
    return ImportResult(sheet.hash, len(rows) - len(taken), counted, checked.columns.left, taken, nobody, stay_open)


def _nobody(row: SheetRowRead, known: Vocabulary) -> str:
    near = known.near(row.entered.number)
    return f"row {row.row}: {row.entered.number}{f' (near {near[0]}: is it the same child?)' if near else ''}"


def _check_mapping(mapping: SheetMapping, there: Vocabulary) -> None:
    """Raise BadMapping where the mapping leads to a value that nobody knows: once, and not in every row."""
    named: list[tuple[tuple[str, ...], str]] = [
        (("always", field), word)
        for field, text in mapping.always.items()
        for word in (text.split(mapping.separator) if field == "reason" else [text])
    ]
    named += [(("values", field, word), key) for field, words in mapping.values.items() for word, key in words.items()]
    found = [(path, meaning_of(path[1], word.strip(), {}, there)) for path, word in named if word]
    if faults := [
        FileFault(mapping.file, mapping.lines.get(path, 1), meaning.wrong, meaning.instead)
        for path, meaning in found
        if isinstance(meaning, OddCell)
    ]:
        raise BadMapping(faults)


class NoSuchSheet(Exception):
    """Nothing was brought in under that name or hash, or several files were."""


def take_sheet_back(connection: Connection, authority: str, which: str) -> SheetRow:
    """Take a file's lines out of the register again; gives what it was. Raises NoSuchSheet. On PostgreSQL as the tables' owner.

    `which`: its name, or (the beginning of) its hash. Items that were taken over run on: they are items like any other.
    """
    lock_imports(connection, authority)
    every = connection.execute(select_of(SheetRow, authority).order_by(col(SheetRow.at))).all()
    found = [row for row in every if row.name == which or (len(which) >= 8 and row.hash.startswith(which.lower()))]
    if len(found) != 1:
        listed = "\n".join(f"  {row.hash[:12]}  {row.name}  {row.at:%Y-%m-%d}  {row.lines:,} lines" for row in found or every)
        found_in_words = f"Several files came in as “{which}”" if found else f"No file came in as “{which}”"
        raise NoSuchSheet(
            f"{found_in_words}: nothing was taken back. Name one by the beginning of its hash:\n{listed or '  (none)'}"
        )
    row = SheetRow(**found[0]._mapping)
    # First what only the tables' owner may do.
    connection.execute(delete_of(SheetRow, authority).where(col(SheetRow.hash) == row.hash))
    connection.execute(delete_of(RegisterRow, authority).where(col(RegisterRow.sheet) == row.hash))
    return row
