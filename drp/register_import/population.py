"""How many children an authority had in each reporting quarter, from a sheet: what rates are of."""

import re
from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection, insert
from sqlmodel import col

from drp.database.register_tables import PopulationRow
from drp.database.scope import delete_rows
from drp.directory.importing import lock_imports
from drp.register_import.columns import SheetColumns, read_columns
from drp.register_import.faults import SheetFaults
from drp.register_import.import_file import GivenSheet, open_sheet
from drp.register_import.mapping import POPULATION_FIELDS
from drp.register_import.table import MOST_ROWS, Cells, OddCell, SheetTable
from drp.register_import.vocabulary import FieldWords, plain_words, status_words
from workflows.calendar.reporting_periods import quarter_of
from workflows.model.authority import Authority

MOST = 10_000_000
_QUARTER = re.compile(r"([0-9]{4})(?:/([0-9]{2}|[0-9]{4}))?[- ]Q([1-4])", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,8}|[0-9]{1,3}(,[0-9]{3})+")

Counted = tuple[str, str, int]
"""A quarter, a status, how many children."""


def bring_population(connection: Connection, authority: Authority, sheet: GivenSheet, today: date) -> tuple[Counted, ...]:
    """Put the numbers of a sheet in the place of those for the same quarter and status. Raises Unusable with every fault."""
    rows = check_population(authority, sheet, today)
    keep_population(connection, authority, rows)
    return rows


def check_population(authority: Authority, sheet: GivenSheet, today: date) -> tuple[Counted, ...]:
    """The numbers of a sheet: read without the database, so that nobody waits. Raises Unusable with every fault."""
    faults = SheetFaults(sheet.name)
    table = open_sheet(sheet, POPULATION_FIELDS, faults)
    found = read_columns(table, sheet.mapping, POPULATION_FIELDS, POPULATION_FIELDS, faults)
    rows = tuple(_counted(table, found, sheet, status_words(authority), today, faults))
    if not rows and not faults.count:
        faults.add(0, "", "the sheet has no rows below its headings", "bring the one that has them")
    faults.stop()
    return rows


def keep_population(connection: Connection, authority: Authority, rows: tuple[Counted, ...]) -> None:
    """Put checked numbers in the place of those for the same quarter and status, in the caller's transaction."""
    lock_imports(connection, authority.key)
    for quarter, status, _ in rows:
        its = (col(PopulationRow.quarter) == quarter, col(PopulationRow.status) == status)
        delete_rows(connection, PopulationRow, authority.key, *its)
    values = [{"authority": authority.key, "quarter": quarter, "status": status, "number": n} for quarter, status, n in rows]
    connection.execute(insert(PopulationRow), values)


def _counted(
    table: SheetTable, found: SheetColumns, sheet: GivenSheet, words: FieldWords, today: date, faults: SheetFaults
) -> Iterator[Counted]:
    seen: dict[tuple[str, str], int] = {}
    translated = {plain_words(word): key for word, key in sheet.mapping.values.get("status", {}).items()}
    for row, cells in table.rows:
        if row <= sheet.mapping.header:
            continue
        if len(seen) > MOST_ROWS:
            faults.add(row, "", f"the sheet has more than {MOST_ROWS:,} rows", "split it")
            return
        period, in_its_words, number = (_text(cells, found, field, row, faults) for field in POPULATION_FIELDS)
        quarter = _quarter(period, found, row, today, faults) if period else ""
        status = words.meanings.get(plain_words(translated.get(plain_words(in_its_words), in_its_words)), ())
        if in_its_words and len(status) != 1:
            faults.add(
                row,
                found.shown("status"),
                f"“{in_its_words[:60]}” is no status that is known",
                f"use one of {', '.join(words.keys)}",
            )
        if number and not (_NUMBER.fullmatch(number) and int(number.replace(",", "")) <= MOST):
            faults.add(row, found.shown("number"), f"“{number[:60]}” is no number of children", "write a whole number from 0")
            number = ""
        if not (quarter and len(status) == 1 and number):
            continue
        if (quarter, status[0]) in seen:
            faults.add(row, "", f"{quarter} and {status[0]} stand in row {seen[quarter, status[0]]} too", "leave one out")
        else:
            seen[quarter, status[0]] = row
            yield quarter, status[0], int(number.replace(",", ""))


def _text(cells: Cells, found: SheetColumns, field: str, row: int, faults: SheetFaults) -> str:
    cell = found.cell(cells, field)
    if isinstance(cell, OddCell):
        faults.add(row, found.shown(field), cell.wrong, cell.instead)
        return ""
    if cell is None or isinstance(cell, date) or not cell.strip():
        wrong = "the cell holds a day" if isinstance(cell, date) else f"the {field} is empty"
        faults.add(row, found.shown(field), wrong, f"write the {field}")
        return ""
    return cell.strip()


def _quarter(text: str, found: SheetColumns, row: int, today: date, faults: SheetFaults) -> str:
    """The reporting quarter as the register has it: 2016-Q1 is April to June 2016, which is also 2016/17 Q1."""
    match = _QUARTER.fullmatch(text)
    if match is None or (match[2] and int(match[2]) % 100 != (int(match[1]) + 1) % 100):
        faults.add(
            row,
            found.shown("quarter"),
            f"“{text[:40]}” is no quarter of a reporting year",
            "write April to June 2016 as 2016-Q1 or 2016/17 Q1",
        )
        return ""
    quarter = f"{match[1]}-Q{match[3]}"
    if not "1990-Q1" <= quarter <= quarter_of(today):
        faults.add(row, found.shown("quarter"), f"{quarter} is still to come, or before 1990", "check the year")
        return ""
    return quarter
