"""`drp register …`, `drp reviews …` and `drp population …`: an authority's own spreadsheets brought in, whole or not at all."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import track
from sqlalchemy.exc import IntegrityError, ProgrammingError

from api.assembly import Service
from api.cli.declare import end, rules_in_force
from drp.data_protection.admin_audit_log import note_admin_change, operator_of
from drp.database.engine import Conflict
from drp.register_import import import_file
from drp.register_import.faults import Unusable
from drp.register_import.import_file import GivenSheet, ImportResult
from drp.register_import.mapping import FIELDS, POPULATION_FIELDS, REVIEW_FIELDS, BadMapping, SheetMapping, read_mapping
from drp.register_import.population import check_population, keep_population
from drp.register_import.register_rows import SheetRowRead
from drp.register_import.review_sheet import bring_reviews, told_of
from drp.register_import.vocabulary import read_vocabulary
from workflows.calendar.working_days import local_date, long_date
from workflows.model.authority import Rules

LARGEST = 256 * 2**20
"""Bytes; no sheet of 200,000 rows has as many."""

LISTED = 20


def import_register(service: Service, authority: str, file: Path, mapping: Path | None, dry_run: bool, take_over: bool) -> None:
    """Bring past challenges in as lines of the register, and print what came in."""
    rules = rules_in_force(service, authority)
    with _ended_with_why():
        sheet = _sheet(file, mapping, FIELDS, FIELDS[:2])
        done = _bring(service, authority, rules, sheet, dry_run, take_over)
    print("\n".join(_told(done, file.name, dry_run, take_over)))


def _bring(
    service: Service, authority: str, rules: Sequence[Rules], sheet: GivenSheet, dry_run: bool, take_over: bool
) -> ImportResult:
    now, words = service.clock(), rules[0].authority
    with service.store.read(authority) as connection:
        before, there = import_file.imported_before(connection, authority, sheet), read_vocabulary(connection, words)
    if before:
        return before
    # Nothing is held meanwhile: on SQLite a long reading may make whoever writes wait, too.
    checked = import_file.check_sheet(service.casework, there, words, sheet, local_date(now), show_progress)
    if dry_run and not take_over:
        with service.store.read(authority) as connection:
            return import_file.try_import(connection, tuple(rules), sheet, checked)
    with service.store.write(authority) as connection:
        rules = service.casework.procedures.current(connection, authority)
        checked_by_these = checked if rules[0].authority == words else None
        done = import_file.import_sheet(service.casework, connection, tuple(rules), sheet, now, take_over, checked_by_these)
        said = {"files": f"{sheet.name} {sheet.hash[:16]}", "lines": done.lines, "items": len(done.taken)}
        note_admin_change(connection, service.casework, operator_of(authority), now, "register brought in", **said)
        if dry_run:
            connection.rollback()
    return done


@contextmanager
def _ended_with_why() -> Iterator[None]:
    """End the command with the reason, where nothing is brought in."""
    try:
        yield
    except (Unusable, BadMapping) as refused:
        end(f"{refused}\nNothing was brought in. Put that right, and run this again.")
    except (Conflict, IntegrityError):
        end("Somebody else changed the register at the same moment. Nothing was brought in: run this again.")


def _sheet(file: Path, mapping: Path | None, fields: tuple[str, ...], needed: tuple[str, ...]) -> GivenSheet:
    """Read both files. Raises BadMapping; stops where one cannot be read."""
    for path in (file, mapping):
        if path and not path.is_file():
            end(f"There is no file {path}. Check the path.")
    if file.stat().st_size > LARGEST:
        end(f"{file.name} is larger than {LARGEST >> 20} MiB: no register is. Split it by years, and remove pictures.")
    if not mapping:
        return GivenSheet(file.name, file.read_bytes(), SheetMapping(), "")
    try:
        text = mapping.read_bytes().decode()
    except UnicodeDecodeError:
        end(f"{mapping.name} is not in UTF-8. Save it as plain UTF-8 text.")
    return GivenSheet(file.name, file.read_bytes(), read_mapping(text, mapping.name, fields, needed), text)


def show_progress(rows: Iterable[SheetRowRead]) -> Iterator[SheetRowRead]:
    """Give the rows on, and draw a bar of how many there were so far on a terminal; nothing of it reaches a file or a pipe."""
    console = Console(stderr=True)
    shown = console.is_terminal
    yield from track(rows, "Checking rows", console=console, disable=not shown, transient=True) if shown else rows


def _told(done: ImportResult, name: str, dry_run: bool, takes_over: bool) -> Iterator[str]:
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
    if done.unknown:
        yield f"rows whose number names nobody in the directory ({len(done.unknown):,}):"
        yield from (f"  {said}" for said in done.unknown[:LISTED])
        if len(done.unknown) > LISTED:
            yield f"  and {len(done.unknown) - LISTED:,} more"
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


def take_register_back(service: Service, authority: str, which: str) -> None:
    """Take a file's lines out of the register again, and print what of it goes on."""
    rules_in_force(service, authority)
    try:
        with service.store.write(authority) as connection:
            row = import_file.take_sheet_back(connection, authority, which)
            said = {"files": row.name, "lines": row.lines}
            note_admin_change(
                connection, service.casework, operator_of(authority), service.clock(), "register taken back", **said
            )
    except import_file.NoSuchSheet as fault:
        end(str(fault))
    except ProgrammingError:
        end("Nothing was taken back: only the tables' owner may. Set DRP_DATABASE_URL to drp_owner's, and run this again.")
    print(f"{row.lines:,} lines of {row.name} were taken back. The same file can be brought in again.")
    if row.taken_over:
        print(f"{row.taken_over:,} of its rows run as items, and go on: end or withdraw them one by one where they should not.")


def import_population(service: Service, authority: str, file: Path, mapping: Path | None, dry_run: bool) -> None:
    """Bring numbers of children in, and print them."""
    words = rules_in_force(service, authority)[0].authority
    with _ended_with_why():
        sheet = _sheet(file, mapping, POPULATION_FIELDS, POPULATION_FIELDS)
        rows = check_population(words, sheet, local_date(service.clock()))
        if not dry_run:
            with service.store.write(authority) as connection:
                keep_population(connection, words, rows)
    for quarter, status, number in rows[:LISTED]:
        print(f"{quarter}: {number:,} {words.label(status)}")
    if len(rows) > LISTED:
        print(f"and {len(rows) - LISTED:,} more")
    print(f"A dry run: {len(rows):,} numbers would stand." if dry_run else f"{len(rows):,} numbers stand.")


def import_reviews(service: Service, authority: str, file: Path, mapping: Path | None, dry_run: bool) -> None:
    """Bring what reviews decided in, and print how much that was."""
    words, now = rules_in_force(service, authority)[0].authority, service.clock()
    by, chance = operator_of(authority), service.casework.chance
    with _ended_with_why():
        sheet = _sheet(file, mapping, REVIEW_FIELDS, REVIEW_FIELDS[:3])
        with service.store.write(authority) as connection:
            done = bring_reviews(connection, chance, words, sheet, UUID(by.person), now, local_date(now))
            said = {"files": f"{sheet.name} {sheet.hash[:16]}", "lines": done.new}
            note_admin_change(connection, service.casework, by, now, "reviews brought in", **said)
            if dry_run:
                connection.rollback()
    print("\n".join(told_of(done)))
    if dry_run:
        print("A dry run: nothing was changed.")
