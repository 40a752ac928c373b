"""`drp serve`: the service, after an authority's own files where they are given."""

from pathlib import Path

import uvicorn

from api.app import HERE, create_app
from api.assembly import Service, assemble_service, from_folder
from api.cli.declare import end
from drp.database.migrate import migrate_database, newest_revision, stored_revision
from drp.directory import lookup
from drp.directory.lookup import posts_nobody_holds
from drp.directory.vacancies import PostsVacant
from drp.settings import Settings
from workflows.calendar.working_days import local_date
from workflows.ladder_language.reader import Unreadable


def run_service(host: str, port: int, authorities: Path | None) -> None:
    """Serve until it is stopped; an authority's own files, where a folder of them is given, are loaded first."""
    settings = Settings()
    if settings.choose_a_person and host not in HERE:
        end(f"DRP_CHOOSE_A_PERSON lets anybody be anybody, and {host} is reached by others: leave it out, or --host 127.0.0.1.")
    service = assemble_service(settings)
    if service.store.is_sqlite:
        migrate_database(service.store)
    if authorities:
        _seed(service, authorities)
    with service.store.engine.connect() as connection:
        stands, expected = stored_revision(connection), newest_revision()
    service.close()
    if stands != expected:
        end(f"The database stands at {stands or 'nothing'}, this release expects {expected}: run `drp migrate` as its owner.")
    uvicorn.run(create_app(settings), host=host, port=port, log_level="info", access_log=False, server_header=False)


def _seed(service: Service, folder: Path) -> None:
    """Load each authority's own files. One with a fault, or with a post that is asked and empty, stops here, unloaded."""
    now = service.clock()
    for own in sorted(path for path in folder.iterdir() if path.is_dir()):
        try:
            key = from_folder(own, lambda content: True).authority.key
            with service.store.write(key) as connection:
                # What is stored stays in force, whatever a later release asks of new files.
                read = from_folder(own, service.casework.procedures.stored(connection, key).__contains__)
                for fault in read.to_weigh:
                    print(f"to weigh: {fault}")
                service.casework.procedures.seed(connection, read, now)
                empty = posts_nobody_holds(connection, read.authority, read.ladders, local_date(now))
                if empty and lookup.has_people(connection, read.authority.key):
                    raise PostsVacant(empty)
        except (Unreadable, PostsVacant) as refused:
            end(f"{refused}\n{own.name} was not loaded; nothing was changed.")
