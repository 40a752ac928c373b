"""`drp directory import`: files in, what moved or what is wrong out."""

from collections.abc import Sequence
from pathlib import Path

from api.assembly import Service
from drp.directory.files import Unloadable
from drp.directory.importing import import_directory
from drp.directory.vacancies import PostsVacant
from drp.staffing.consequences import bring_consequences
from workflows.calendar.working_days import local_date


class _DryRun(Exception):
    """Undoes a dry run's transaction."""


def import_directory_files(service: Service, authority: str, paths: Sequence[Path], dry_run: bool, allow_vacancies: bool) -> int:
    """Load directory files for an authority; prints each change, or each fault. Returns the exit status."""
    from rich.console import Console

    console = Console(stderr=True)
    named = [path for given in paths for path in (sorted(given.glob("*.csv")) if given.is_dir() else [given])]
    missing = [path for path in named if not path.is_file()]
    if missing or not named:
        print(f"There is no file {missing[0] if missing else paths[0]}. Check the path.")
        return 1
    now = service.clock()
    try:
        with console.status("Reading and comparing"), service.store.write(authority) as connection:
            current = service.casework.procedures.current(connection, authority)
            if not current:
                print(f"The authority {authority} has no procedures yet. Load its ladder files first: drp serve --authorities.")
                return 1
            plan = import_directory(
                connection,
                current[0].authority,
                [rules.ladder for rules in current],
                {path.name: path.read_bytes() for path in named},
                local_date(now),
                service.casework.chance,
                allow_vacancies,
            )
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
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
    service.close()
    return 1 if followed.failed else 0
