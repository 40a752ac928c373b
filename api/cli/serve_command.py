"""`drp serve`: the service, after an authority's own files where they are given."""

import sys
from pathlib import Path

from api.app import create_app
from api.assembly import Service, assemble_service
from api.cli.declare import end, read_settings
from api.cli.own_files import NothingToServe, load_own_files
from api.keys import KeyMissing
from api.own_alone import close_to_others
from api.readiness import NotReady, begin_records, check_not_new, check_ready
from api.serving import PortTaken, serve_until_told, take_port
from drp.data_protection.admin_audit_log import last_said, note_admin_change, operator_of
from drp.database.migrate import migrate_database
from drp.settings import LOOPBACK, Settings

SETTINGS = "settings at the start"
"""What a change of settings is called in the record."""


MAIL_STAYS = """
==================================================================================================
  MAIL DOES NOT LEAVE. Every message, and every link to sign in, is written to {folder}
  and reaches nobody. Set DRP_MAIL=smtp and DRP_SMTP_HOST, or DRP_MAIL=none for the inbox alone.
==================================================================================================
"""


def note_settings(service: Service) -> None:
    """Note in each authority's record the settings by which people come in and mail leaves, where they changed."""
    settings = service.settings
    said = {
        "link": settings.link,
        "mail": settings.mail,
        "mail_domains": ", ".join(settings.mail_domains),
        "link_sign_in": str(settings.link_sign_in),
        "choose_a_person": str(settings.choose_a_person),
    }
    for authority in service.store.authorities():
        provider = settings.providers.get(authority)
        here = {**said, "provider": provider.issuer if provider else ""}
        here |= {"trusts": provider.person_claim if provider and provider.person_claim_is_trusted else ""}
        here = {name: value for name, value in here.items() if value}
        with service.store.write(authority) as connection:
            if last_said(connection, authority, SETTINGS) != here:
                note_admin_change(connection, service.casework, operator_of(authority), service.clock(), SETTINGS, **here)


def bring_over_access_log(service: Service) -> None:
    """Where the replicas have one access log, what this one's own file of an earlier release holds is brought into it, once."""
    settings = service.settings
    if settings.access_url.startswith("sqlite") or settings.access_log_url or not settings.access_file.is_file():
        return
    came = service.access_log.bring_over(settings.access_file)
    settings.access_file.rename(settings.access_file.with_suffix(".brought-over.sqlite"))
    print(f"{came} readings of {settings.access_file} stand in the database's access log now.")


def run_service(host: str, port: int, authorities: Path | None) -> None:
    """Serve until it is stopped; an authority's own files, where a folder of them is given, are loaded first."""
    settings = read_settings()
    if settings.choose_a_person and host not in LOOPBACK:
        end(f"DRP_CHOOSE_A_PERSON lets anybody be anybody, and {host} is reached by others: leave it out, or --host 127.0.0.1.")
    try:
        listening = take_port(host, port)
    except PortTaken as refused:
        end(str(refused))
    with listening:
        _make_ready(settings, authorities)
        serve_until_told(create_app(settings), listening, "info")


def _make_ready(settings: Settings, authorities: Path | None) -> None:
    """Look whether the service may act here, load what is to be loaded, and note how it starts. Ends the command where not."""
    if closed := close_to_others(settings.var):
        print(f"{closed} files and folders under {settings.var} could be read by others: they are the service's alone now.")
    if settings.mail == "folder":
        print(MAIL_STAYS.format(folder=settings.var / "mail"), file=sys.stderr)
    try:
        service = assemble_service(settings)
        check_not_new(service)
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
    begin_records(service)
    note_settings(service)
    bring_over_access_log(service)
    service.close()
