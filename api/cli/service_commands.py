"""Commands of whoever runs the service: sweep once, send once, bring the schema up, directory files in, a token out."""

import hashlib
import sys
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from api.assembly import Service, enter_what_is_not, shipped_calendar, system_clock
from api.cli.declare import end, read_settings
from api.jobs.access_log_care import keep_room
from api.jobs.heartbeat import clocks_agree, deliver_authority, go_live, tick_authority
from api.served_before import MarkKind, mark_file, signs_of_service, what_is_missing, why_not_new, write_mark
from drp.casework.procedures import Procedures
from drp.data_protection.admin_audit_log import look_before_change, note_admin_change, operator_of
from drp.database.engine import OF_AN_OPERATOR, Store
from drp.database.migrate import lines_to_close, migrate_database
from drp.directory import lookup
from drp.directory.files import Unloadable
from drp.directory.importing import import_directory
from drp.directory.vacancies import PostsVacant
from drp.identity import tokens
from drp.identity.principal import NotPermitted
from drp.staffing.consequences import bring_consequences
from notifications.returns import LARGEST, take_return
from workflows.calendar.working_days import local_date
from workflows.model.refusals import Unfit


def tick_once(service: Service) -> int:
    """Sweep every authority once. Returns 1 where an item could not be decided."""
    if not clocks_agree(service):
        end("This machine's clock and the database's disagree by more than 5 minutes: nothing was acted on. Set the clock.")
    failed = 0
    keep_room(service)
    for authority in service.store.authorities():
        swept = tick_authority(service, authority)
        failed += len(swept.failed)
        print(f"{authority}: {swept.decided} decided, {swept.held} held for release, {len(swept.failed)} could not be decided")
    return int(failed > 0)


def deliver_once(service: Service) -> None:
    """Send what is waiting in every authority's outbox."""
    for authority in service.store.authorities():
        done = deliver_authority(service, authority)
        rest = f"{done.braked} held, {done.lapsed} lapsed, {done.failed} failed"
        print(f"{authority}: {done.sent} sent, {done.waiting} waiting, {rest}")


def take_returns(service: Service, folder: Path | None) -> None:
    """Take returned messages from standard input or a folder; what was taken from a folder is removed from it."""
    returns = service.sender.returns
    if returns is None:
        end("DRP_RETURN_ADDRESS is not set, so no mail leaves with a return address of its own. Set it, then pipe returns here.")
    if folder is None:
        print(take_return(service.casework, returns, sys.stdin.buffer.read(LARGEST), service.clock()).value)
        return
    counted = Counter[str]()
    for path in sorted(one for one in folder.iterdir() if one.is_file()):
        with path.open("rb") as file:
            counted[take_return(service.casework, returns, file.read(LARGEST), service.clock()).value] += 1
        path.unlink()
    print(", ".join(f"{number} {kind}" for kind, number in sorted(counted.items())) or "nothing was there")


def bring_to_release() -> None:
    """Bring the database to this release's schema. It needs no key: it may run where the keys must not be."""
    settings = read_settings()
    with closing(Store(settings.database_url, waits=OF_AN_OPERATOR)) as store:
        if why := why_not_new(settings, store):
            end(why)
        print(f"The database stands at {migrate_database(store)}.")
        if lines := lines_to_close(store):
            print("The service's role may make tables in it, temporary ones too, which it never needs. An administrator runs:")
            print("\n".join(f"  {line}" for line in lines))
        if made := enter_what_is_not(store, Procedures(shipped_calendar())):
            print(f"{made} items of an earlier release were entered in the register.")


def let_begin_anew(why: str) -> None:
    """Write down that the database that the settings name may begin with nothing, and by what reason: by the operator's word."""
    settings = read_settings()
    with closing(Store(settings.database_url, settings.pool_size)) as store:
        if not (missing := what_is_missing(settings, store)):
            end("This database serves: there is nothing to begin anew, and nothing was written down.")
    try:
        write_mark(settings, MarkKind.NEW, system_clock(), why)
    except OSError as fault:
        end(f"{fault}: nothing was written down. Put that right, and run this again.")
    print(f"{missing} It may begin with nothing: that is written down in {mark_file(settings)}.")
    for sign in signs_of_service(settings):
        print(f"  Of the one before, move it aside and keep it: {sign}")


def print_token(service: Service, authority: str, person: str, name: str, days: int) -> None:
    """Make a token for a person, in force for so many days, and print it."""
    with service.store.write(authority) as connection:
        found = lookup.person_by_key(connection, authority, person)
        if found is None:
            end(f"The directory of {authority} has nobody called {person}. Look in its people.csv for the key.")
        lasts = timedelta(days=days)
        chance, now = service.casework.chance, service.clock()
        token = tokens.create_token(connection, chance, service.seal, authority, found, name, now, lasts)
        note_admin_change(
            connection, service.casework, operator_of(authority), now, "token made", of=found, name=name, until=now + lasts
        )
    print(token)


def go_live_by(service: Service, authority: str, person: str) -> None:
    """Let an authority be in use, by the word of an IRO manager, and print what became of the trial."""
    now = service.clock()
    with service.store.read(authority) as connection:
        current = service.casework.procedures.current(connection, authority)
        found = lookup.person_by_key(connection, authority, person) if current else None
        signed = tokens.principal_of(connection, current[0].authority, found, now) if found else None
    if signed is None:
        end(f"The directory of {authority} has nobody called {person}. Look in its people.csv for the key.")
    try:
        sealed = go_live(service, signed)
    except NotPermitted:
        end(f"{signed.name} is no IRO manager of {authority}: it is an IRO manager's word. Nothing was changed.")
    except Unfit as refused:
        end(f"{refused.said} {refused.do}")
    print(f"{authority} is live. {sealed} trial items were recorded in error; mail leaves from now on.")


def _hashes(files: list[Path]) -> str:
    """Files by name and digest, so that each can be told from another of its name."""
    return ", ".join(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}" for path in files)


def import_directory_files(service: Service, authority: str, files: list[Path], dry_run: bool, allow_vacancies: bool) -> int:
    """Load directory files for an authority; prints each change, or each fault. Returns the exit status."""
    console = Console(stderr=True)
    named = [path for given in files for path in (sorted(given.glob("*.csv")) if given.is_dir() else [given])]
    missing = [path for path in named if not path.is_file()]
    if missing or not named:
        print(f"There is no file {missing[0] if missing else files[0]}. Check the path.")
        return 1
    now = service.clock()
    try:
        with console.status("Reading and comparing"), service.store.write(authority) as connection:
            current = service.casework.procedures.current(connection, authority)
            if not current:
                print(f"The authority {authority} has no procedures yet. Load its ladder files first: drp serve --authorities.")
                return 1
            look_before_change(connection, service.casework, authority, now)
            plan = import_directory(
                connection,
                current[0].authority,
                [rules.ladder for rules in current],
                {path.name: path.read_bytes() for path in named},
                local_date(now),
                service.casework.chance,
                allow_vacancies,
            )
            note_admin_change(
                connection, service.casework, operator_of(authority), now, "directory loaded", files=_hashes(named),
                added=len(plan.words.added), ended=len(plan.words.ended), changed=len(plan.words.changed),
            )  # fmt: skip
            if dry_run:
                connection.rollback()
    except (Unloadable, PostsVacant) as refused:
        print(refused)
        print("Nothing was loaded.")
        return 1
    print(plan)
    if dry_run:
        print("A dry run: nothing was changed.")
        return 0
    with console.status("Telling the open items that this touches"):
        followed = bring_consequences(service.casework, authority, now)
    for reference, event in followed.brought:
        print(f"{reference}: {event.type.replace('_', ' ')}")
    return int(bool(followed.failed))
