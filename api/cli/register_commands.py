"""`drp register …` and `drp population …`: an authority's own spreadsheets brought in, whole or not at all."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from api.assembly import Service
    from drp.register_import.import_file import GivenSheet, ImportResult
    from drp.register_import.register_rows import SheetRowRead
    from workflows.model.authority import Rules

app = typer.Typer(no_args_is_help=True, help="Past challenges from an authority's own spreadsheet, into the register.")
population_app = typer.Typer(no_args_is_help=True, help="How many children there were in each quarter: what rates are of.")

Key = Annotated[str, typer.Argument(help="The authority's key.")]
File = Annotated[Path, typer.Argument(help="The spreadsheet: .xlsx or .csv.")]
MappingFile = Annotated[Path | None, typer.Option("--mapping", help="YAML: which column is which field (docs/running.md).")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check it all, say what would come in, keep nothing.")]

LARGEST = 256 * 2**20
"""Bytes; no sheet of 200,000 rows has as many."""

LISTED = 20


class _DryRun(Exception):
    """Undoes a dry run's transaction."""


def _stop(said: str) -> None:
    print(said, file=sys.stderr)
    raise SystemExit(1)


def _open(authority: str) -> tuple["Service", tuple["Rules", ...]]:
    from api.assembly import assemble_service
    from drp.settings import Settings

    service = assemble_service(Settings())
    with service.store.read(authority) as connection:
        current = service.casework.procedures.current(connection, authority)
    if not current:
        service.close()
        _stop(f"There is no authority {authority} here. `drp audit verify` lists those that there are.")
    return service, current


def _sheet(file: Path, mapping: Path | None, fields: tuple[str, ...], needed: tuple[str, ...]) -> "GivenSheet":
    """Read both files. Raises BadMapping; stops where one cannot be read."""
    from drp.register_import.import_file import GivenSheet
    from drp.register_import.mapping import SheetMapping, read_mapping

    for path in (file, mapping):
        if path and not path.is_file():
            _stop(f"There is no file {path}. Check the path.")
    if file.stat().st_size > LARGEST:
        _stop(f"{file.name} is larger than {LARGEST >> 20} MiB: no register is. Split it by years, and remove pictures.")
    text = ""
    if mapping:
        try:
            text = mapping.read_bytes().decode()
        except UnicodeDecodeError:
            _stop(f"{mapping.name} is not in UTF-8. Save it as plain UTF-8 text.")
    read = read_mapping(text, mapping.name, fields, needed) if mapping else SheetMapping()
    return GivenSheet(file.name, file.read_bytes(), read, text)


@app.command("import")
def import_register(
    authority: Key, file: File, mapping: MappingFile = None, dry_run: DryRun = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Open rows about children of the directory become running items: people are told.")
    ] = False,
) -> None:  # fmt: skip
    """Bring past challenges in as lines of the register: history, on which no clock runs and of which nobody is told."""
    from sqlalchemy.exc import IntegrityError

    from drp.database.engine import Conflict
    from drp.register_import.faults import Unusable
    from drp.register_import.import_file import check_sheet, import_sheet, imported_before, try_import
    from drp.register_import.mapping import FIELDS, BadMapping
    from drp.register_import.vocabulary import read_vocabulary
    from workflows.calendar.working_days import local_date

    service, rules = _open(authority)
    done: ImportResult | None = None
    try:
        sheet = _sheet(file, mapping, FIELDS, FIELDS[:2])
        now, words = service.clock(), rules[0].authority
        with service.store.read(authority) as connection:
            done, there = imported_before(connection, authority, sheet), read_vocabulary(connection, words)
        if done is None:
            # Nothing is held meanwhile: on SQLite a long reading may make whoever writes wait, too.
            checked = check_sheet(service.casework, there, words, sheet, local_date(now), show_progress)
            if dry_run and not take_over:
                with service.store.read(authority) as connection:
                    done = try_import(connection, rules, sheet, checked)
            else:
                with service.store.write(authority) as connection:
                    rules = service.casework.procedures.current(connection, authority)
                    checked_by_these = checked if rules[0].authority == words else None
                    done = import_sheet(service.casework, connection, rules, sheet, now, take_over, checked_by_these)
                    if dry_run:
                        raise _DryRun
    except _DryRun:
        pass
    except (Unusable, BadMapping) as refused:
        _stop(f"{refused}\nNothing was brought in. Put that right, and run this again.")
    except (Conflict, IntegrityError):
        _stop("Somebody else changed the register at the same moment. Nothing was brought in: run this again.")
    finally:
        service.close()
    assert done is not None
    print("\n".join(_told(done, file.name, dry_run, take_over)))


def show_progress(rows: "Iterable[SheetRowRead]") -> "Iterator[SheetRowRead]":
    """Give the rows on, and draw a bar of how many there were so far on a terminal; nothing of it reaches a file or a pipe."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    shown = console.is_terminal
    yield from track(rows, "Checking rows", console=console, disable=not shown, transient=True) if shown else rows


def _told(done: "ImportResult", name: str, dry_run: bool, takes_over: bool) -> "Iterator[str]":
    from workflows.calendar.working_days import local_date, long_date

    if done.earlier:
        day = long_date(local_date(done.earlier))
        yield f"{name} with this mapping was brought in on {day}: {done.lines:,} lines. Nothing was changed."
        yield f"`drp register take-back` with {done.hash[:12]} takes it out again."
        return
    for title, counted in done.counted:
        yield f"{title}: {', '.join(f'{what} {n:,}' for what, n in counted.items())}"
    if done.left:
        yield f"columns not brought in: {', '.join(done.left)}"
    if done.stay_open:
        rows = ", ".join(str(row) for row in done.stay_open[:LISTED]) + (", …" if len(done.stay_open) > LISTED else "")
        why = "their children are not in the directory" if takes_over else "--take-over makes running items of them"
        yield f"open rows that are lines only ({len(done.stay_open):,}; {why}): {rows}"
    for one in done.taken[:LISTED]:
        yield f"row {one.row}: {one.was} {'would run' if dry_run else 'runs'} as an item" + (
            "" if dry_run else f", {one.reference}"
        )
    if len(done.taken) > LISTED:
        yield f"and {len(done.taken) - LISTED:,} more"
    would = "would come in as" if dry_run else "came in as"
    yield f"{done.lines:,} rows {would} lines, {len(done.taken):,} as running items. Known by {done.hash[:12]}."
    if dry_run:
        yield "A dry run: nothing was changed."


@app.command("take-back")
def take_back_command(
    authority: Key, which: Annotated[str, typer.Argument(help="The file's name, or the beginning of its hash.")]
) -> None:
    """Take a file's lines out of the register again. On PostgreSQL as the tables' owner."""
    from sqlalchemy.exc import ProgrammingError

    from drp.register_import.import_file import NoSuchSheet
    from drp.register_import.import_file import take_sheet_back as take

    service, _ = _open(authority)
    try:
        with service.store.write(authority) as connection:
            row = take(connection, authority, which)
    except NoSuchSheet as fault:
        _stop(str(fault))
    except ProgrammingError:
        _stop("Nothing was taken back: only the tables' owner may. Set DRP_DATABASE_URL to drp_owner's, and run this again.")
    finally:
        service.close()
    print(f"{row.lines:,} lines of {row.name} were taken back. The same file can be brought in again.")
    if row.taken_over:
        print(f"{row.taken_over:,} of its rows run as items, and go on: end or withdraw them one by one where they should not.")


@population_app.command("import")
def import_population(authority: Key, file: File, mapping: MappingFile = None, dry_run: DryRun = False) -> None:
    """Put numbers of children (quarter, status, number) in the place of those for the same quarters and statuses."""
    from drp.register_import.faults import Unusable
    from drp.register_import.mapping import POPULATION_FIELDS, BadMapping
    from drp.register_import.population import check_population, keep_population
    from workflows.calendar.working_days import local_date

    service, rules = _open(authority)
    rows: tuple[tuple[str, str, int], ...] = ()
    try:
        sheet = _sheet(file, mapping, POPULATION_FIELDS, POPULATION_FIELDS)
        rows = check_population(rules[0].authority, sheet, local_date(service.clock()))
        if not dry_run:
            with service.store.write(authority) as connection:
                keep_population(connection, rules[0].authority, rows)
    except (Unusable, BadMapping) as refused:
        _stop(f"{refused}\nNothing was brought in. Put that right, and run this again.")
    finally:
        service.close()
    for quarter, status, number in rows[:LISTED]:
        print(f"{quarter}: {number:,} {rules[0].authority.label(status)}")
    if len(rows) > LISTED:
        print(f"and {len(rows) - LISTED:,} more")
    print(f"A dry run: {len(rows):,} numbers would stand." if dry_run else f"{len(rows):,} numbers stand.")
