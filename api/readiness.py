"""May the service act here? The database is the one that was served, its schema is this release's, and the keys are those that
its record was made with."""

from api.assembly import Service
from api.keys import signer_names
from api.served_before import is_without_file, mark_served, why_not_new
from drp.data_protection.admin_audit_log import begin_record, note_admin_change, operator_of
from drp.database.migrate import newest_revision, stored_revision
from drp.proof.key_check import KeyUse, read_key_use
from drp.proof.verdicts import note_verified

BEGUN_ANEW = "database begun anew"
"""What is called in the record that a database began where there had been one."""


class NotReady(RuntimeError):
    """The service must not act on this database as it stands. The message says why, and what to do."""


def check_ready(service: Service) -> None:
    """Raise NotReady unless the database is there, and schema and keys fit; the service is closed then."""
    try:
        check_not_new(service)
        check_schema(service)
        check_keys(service)
    except NotReady:
        service.close()
        raise


def check_not_new(service: Service) -> None:
    """Raise NotReady where the database is new and something says that there was one; the service is closed then.

    To be asked before the database is migrated.
    """
    if why := why_not_new(service.settings, service.store):
        service.close()
        raise NotReady(why)


def note_served(service: Service) -> None:
    """Leave the mark that this database serves; what the operator said when it began anew goes into every authority's record."""
    said = mark_served(service.settings, service.store, service.clock())
    if said is None:
        return
    for authority in service.store.authorities():
        with service.store.write(authority) as connection:
            note_admin_change(
                connection, service.casework, operator_of(authority), service.clock(), BEGUN_ANEW, at=said.at, why=said.why
            )


def begin_records(service: Service) -> None:
    """Begin the administrators' record of each authority that has none: from here on what gives power is held against it."""
    for authority in service.store.authorities():
        with service.store.write(authority) as connection:
            begin_record(connection, service.casework, authority, service.clock())


def check_schema(service: Service) -> None:
    """Raise NotReady unless the database stands at the revision that this release expects."""
    stands, expected = "", newest_revision()
    if not is_without_file(service.settings, service.store):  # or looking would make one
        with service.store.engine.connect() as connection:
            stands = stored_revision(connection)
    if stands != expected:
        raise NotReady(
            f"The database stands at {stands or 'nothing'}, this release expects {expected}: run `drp migrate` as its owner."
        )


def check_keys(service: Service) -> None:
    """Raise NotReady where a key that the record names is not at hand, or where no authority's newest entry proves.

    Another replica's key, or one made anew, would make every good entry count as altered. Where some authorities prove and
    others do not, the service may act; those that do not are noted for health, and `drp audit verify` names the entries.
    """
    used = []
    for authority in service.store.authorities():
        with service.store.read(authority) as connection:
            used.append(read_key_use(connection, authority, service.casework.keeper.keys))
    for use in used:
        _check_at_hand(service, use)
    proved = {use.authority: use.proves for use in used if use.chain not in ("", *service.keys.lost)}
    if proved and not any(proved.values()):
        raise NotReady(
            f"The chain key at {service.settings.key_file} is not the one that this record was made with: no newest entry proves "
            "itself. Nothing was served. Put the copy of the right key there; every replica needs the same one."
        )
    for authority in (name for name, is_proved in proved.items() if not is_proved):
        with service.store.write(authority) as connection:
            note_verified(connection, authority, service.clock(), "the newest entry does not prove itself under the keys at hand")


def _check_at_hand(service: Service, use: KeyUse) -> None:
    files = (
        (use.chain, service.casework.keeper.keys, "chain", service.settings.key_file),
        (use.signing, signer_names(service.keys), "signing", service.settings.signing_file),
    )
    for named, here, name, path in files:
        if named and named not in here and named not in service.keys.lost:
            raise NotReady(
                f"The {name} key {named}, with which the record of {use.authority} was last kept, is not in {path}. Put the copy "
                f"of it there. Only if it is lost for good: move that file aside and run `drp keys make {name} --lost {named}`."
            )
