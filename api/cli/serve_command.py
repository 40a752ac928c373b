"""`drp serve`: the service, after an authority's own files where they are given."""

from pathlib import Path

import uvicorn

from api.app import HERE, create_app
from api.assembly import assemble_service
from api.cli.declare import end
from api.cli.own_files import NothingToServe, load_own_files
from api.keys import KeyMissing
from api.readiness import NotReady, check_ready
from drp.database.migrate import migrate_database
from drp.settings import Settings


def run_service(host: str, port: int, authorities: Path | None) -> None:
    """Serve until it is stopped; an authority's own files, where a folder of them is given, are loaded first."""
    settings = Settings()
    if settings.choose_a_person and host not in HERE:
        end(f"DRP_CHOOSE_A_PERSON lets anybody be anybody, and {host} is reached by others: leave it out, or --host 127.0.0.1.")
    try:
        service = assemble_service(settings)
        if service.store.is_sqlite:
            migrate_database(service.store)
        check_ready(service)
    except (KeyMissing, NotReady, ValueError) as refused:
        end(str(refused))
    if authorities:
        try:
            for said in load_own_files(service, authorities):
                print(said)
        except NothingToServe as refused:
            end(str(refused))
    service.close()
    uvicorn.run(create_app(settings), host=host, port=port, log_level="info", access_log=False, server_header=False)
