"""`drp retention …`: the review list, holds, and lawful erasure; by the tables' owner, never by the service itself."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from api.assembly import Service
from api.cli.declare import end, rules_in_force
from api.jobs.checkpoints import leave_checkpoint
from drp.data_protection import retention
from drp.data_protection.admin_audit_log import note_admin_change, operator_of
from drp.proof.take_checkpoint import Unsigned
from workflows.calendar.working_days import local_date, long_date, so_many
from workflows.model.authority import Authority

BACKUPS = (
    "Copies of the database that were made before still hold it: let them run out, or erase them too. Write this erasure down "
    "outside the database: an older copy that is put back brings the words with it, and they are to be erased again."
)


def review_retention(service: Service, authority: str, everybody: bool) -> None:
    """Print the children whose record may be reviewed for erasure, with what holds it; or everybody."""
    words, today, shown = rules_in_force(service, authority)[0].authority, local_date(service.clock()), 0
    with service.store.snapshot(authority) as connection:
        for one in retention.every_child(connection, words):
            over = one.retention.is_over(today)
            if one.is_erased or not (over or everybody):
                continue
            shown += 1
            until = f"until {long_date(one.retention.until)}" if one.retention.until else "with no end"
            held = f"; HELD: {'; '.join(one.holds)}" if one.holds else ""
            mark = "to review" if over else "kept"
            print(
                f"{one.number}: {mark}, {one.retention.kept_as}, {until} ({one.retention.why}); {one.challenges} on record{held}"
            )
    print(f"{shown} listed. Nothing is erased by itself: `drp retention erase` does it, one child at a time.")


def know_child(service: Service, authority: str, child: str, died: datetime | None, last_contact: datetime | None) -> None:
    """Keep what the case system says of a child: the day of a death, of the last contact."""
    rules_in_force(service, authority)
    with service.store.write(authority) as connection:
        id_ = _child(connection, authority, child)
        retention.note_from_case_system(connection, authority, id_, died and died.date(), last_contact and last_contact.date())
    print(f"Kept. `drp retention review {authority} --all` shows what follows from it.")


def _child(connection: Connection, authority: str, number: str) -> UUID:
    try:
        return retention.child_by_case_number(connection, authority, number)
    except retention.NoSuchChild as fault:
        end(str(fault))


def hold_child(service: Service, authority: str, why: str, by: str, child: str) -> None:
    """Let nothing be erased: of one child, or (none named) of everybody."""
    rules_in_force(service, authority)
    with service.store.write(authority) as connection:
        id_ = _child(connection, authority, child) if child else None
        retention.hold_record(connection, service.casework.chance, authority, id_, why, by, local_date(service.clock()))
        note_admin_change(
            connection, service.casework, operator_of(authority), service.clock(), "erasure held", children=id_ or "all"
        )
    print(f"Held: {child or 'every record'} of {authority}. `drp retention lift` ends it.")


def lift_hold(service: Service, authority: str, child: str) -> None:
    """Lift the holds on one child, or (none named) those on everybody."""
    rules_in_force(service, authority)
    with service.store.write(authority) as connection:
        id_ = _child(connection, authority, child) if child else None
        count = retention.lift_holds(connection, authority, id_, local_date(service.clock()))
        note_admin_change(
            connection, service.casework, operator_of(authority), service.clock(), "holds lifted", children=id_ or "all"
        )
    print(f"{count} lifted.")


def erase_child_record(service: Service, authority: str, child: str, why: str, by: str, ordered: bool, yes: bool) -> None:
    """Erase a child's record for good; without `yes`, print what would go."""
    words = rules_in_force(service, authority)[0].authority
    try:
        print(erase_child(service, words, child, why, by, ordered, yes))
    except (retention.RecordHeld, retention.NoSuchChild, Unsigned) as fault:
        end(f"Nothing was erased. {fault}")


def erase_child(
    service: Service, authority: Authority, number: str, why: str, by: str, ordered: bool = False, really: bool = False
) -> str:
    """Erase one child's record and say what went; without `really` only what would go. Raises Held, NoSuchChild, Unavailable.

    What is erased stands under a checkpoint first, so that whatever else went with it would be found.
    """
    leave_checkpoint(service, authority.key)
    with service.store.write(authority.key) as connection:
        try:
            child = retention.child_by_case_number(connection, authority.key, number)
        except retention.NoSuchChild:
            done = retention.erase_lines(connection, authority.key, number, ordered)
        else:
            done = retention.erase_record(connection, authority, child, why, by, service.clock(), ordered)
        if not really:
            connection.rollback()
            return f"Would erase {_in_words(done)} of child {number}. Say --yes to do it: it cannot be undone."
    for digest in done.documents:
        service.attachments.erase(authority.key, digest)
    return f"Erased {_in_words(done)} of child {number}. {BACKUPS}"


def _in_words(done: retention.ErasedRecord) -> str:
    said = (
        f"{so_many(done.words, 'texts')} and {so_many(len(done.documents), 'documents')} "
        f"in {so_many(done.challenges, 'challenges')}"
    )
    return f"{said}, and the number in {so_many(done.lines, 'lines')} of earlier registers" if done.lines else said
