"""Lawful erasure, from the operator's command to the last byte: words and documents go, the proof stays."""

from api.assembly import Service
from api.jobs.checkpoints import leave_checkpoint
from drp.data_protection import retention
from workflows.calendar.working_days import so_many
from workflows.model.authority import Authority

BACKUPS = (
    "Copies of the database that were made before still hold it: let them run out, or erase them too. Write this erasure down "
    "outside the database: an older copy that is put back brings the words with it, and they are to be erased again."
)


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
