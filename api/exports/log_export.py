"""The access log and the send log as tables to hand on: to the ICO after a breach, to an auditor. In pages, never all at once."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path

from api.assembly import Service
from api.exports import csv_text
from api.exports.export_files import whole_file
from api.presenters import item_view
from api.presenters.readings import readings_in_words
from drp.data_protection.access_log import AN_OPERATOR, OF_THE_LOG, LoggedReading
from drp.database.unavailable import Unavailable
from drp.directory import lookup
from drp.messages import sent_messages
from notifications.message_words import WORDS
from workflows.calendar.working_days import at_local, local_midnight_after, so_many
from workflows.model.authority import Authority

A_PAGE = 1000
"""Readings that are held at once."""

SOME_ITEMS = 200
"""Items whose messages are held at once."""

HEADINGS = ("When (London)", "Who", "Who, by identity", "What", "What, as logged", "Reference", "Items", "Kept in")
_SUBJECTS = {kind.value: words.subject for kind, words in WORDS.items()}

SENT_HEADINGS = (
    "When (London)", "Reference", "Subject", "Subject, as kept", "Stage", "Due", "Person", "Address now", "Post", "How",
    "To or copy", "Mail", "Mailed (London)", "Read (London)", "Opened the item (London)", "Trouble",
)  # fmt: skip


NOT_ON_THIS_MACHINE = (
    "Not in it: what another replica could write to its own file alone (access.jsonl in its var) while the log was out of reach."
)
"""What an export cannot know where there may be several replicas."""


def authority_named(service: Service, authority: str) -> None:
    """Raise LookupError for an authority that is not served here."""
    served = service.store.authorities()
    if authority not in served:
        raise LookupError(f"This service serves no authority called {authority}. It serves: {', '.join(served) or 'none yet'}.")


def note_log_export(service: Service, authority: str, what: str, *references: str) -> None:
    """Write down that an operator reads. Raises Unavailable, with what it means, where it cannot be."""
    try:
        service.access_log.record(authority, service.clock(), AN_OPERATOR, what[:80], *(one[:16] for one in references or ("",)))
    except Unavailable:
        raise Unavailable("that this is read cannot be written down, so nothing was exported") from None


def access_log_rows(
    service: Service, authority: str, out: Path, since: date | None, until: date | None, person: str = "", reference: str = ""
) -> str:
    """Write the access log to a file, newest first, and say how much. Raises LookupError, OSError, Unavailable."""
    authority_named(service, authority)
    first, last = _instants(since, until)
    who = _identity(service, authority, person) if person else ""
    reference = reference.upper()
    note_log_export(service, authority, f"{OF_THE_LOG}: {who}" if who else OF_THE_LOG, reference)
    found = logged_rows(service, authority, first, last, who, reference)
    said = _write(out, HEADINGS, found, "readings")
    return f"{said} {NOT_ON_THIS_MACHINE}" if not service.store.is_sqlite else said


def logged_rows(
    service: Service,
    authority: str,
    first: datetime | None = None,
    last: datetime | None = None,
    who: str = "",
    reference: str = "",
) -> Iterator[tuple[str, ...]]:
    """Readings as rows, newest first, from an instant on until before another; then those that only the fallback file holds.

    A list that was shown is one row, with how many items it had and their references; where one item is asked about, that one's.
    """
    people = frozenset({who}) if who else None
    log, before = service.access_log, 0
    while page := log.readings(
        authority, reference=reference, people=people, since=first, until=last, before=before, most=A_PAGE
    ):  # fmt: skip
        yield from _shown(service, authority, page, "log", reference)
        before = page[-1].id
    aside = [
        one
        for one in reversed(log.fallen_back(authority))
        if (not reference or reference in one.references)
        and (not who or one.person == who)
        and (first is None or one.at >= first)
        and (last is None or one.at < last)
    ]
    yield from _shown(service, authority, aside, "fallback file", reference)


def _shown(
    service: Service, authority: str, readings: list[LoggedReading], kept_in: str, reference: str
) -> Iterator[tuple[str, ...]]:
    with service.store.read(authority) as connection:
        told = readings_in_words(connection, authority, readings)
    for one, said in zip(readings, told, strict=True):
        items = reference or " ".join(one.references)
        at, count = csv_text.local_instant(one.at), str(len(one.references))
        yield at, said.name, one.person, said.what, one.what, items, count, kept_in


def send_log_rows(service: Service, authority: str, out: Path, since: date | None, until: date | None) -> str:
    """Write who was sent what, item by item as they were raised, and say how much. Raises LookupError, OSError, Unavailable."""
    authority_named(service, authority)
    first, last = _instants(since, until)
    note_log_export(service, authority, "send log")
    return _write(out, SENT_HEADINGS, _messages(service, authority, first, last), "messages")


def _messages(service: Service, authority: str, first: datetime | None, last: datetime | None) -> Iterator[tuple[str, ...]]:
    with service.store.read(authority) as connection:
        ids = sent_messages.items_raised_before(connection, authority, last)
    for n in range(0, len(ids), SOME_ITEMS):
        with service.store.read(authority) as connection:
            page = sent_messages.sent_messages(connection, authority, ids[n : n + SOME_ITEMS], first, last)
            rules = {
                hashes: service.casework.procedures.rules(connection, authority, *hashes)
                for hashes in {(one.ladder_hash, one.authority_hash) for one in page}
            }
        for one in page:
            under = rules[one.ladder_hash, one.authority_hash]
            stage = under.ladder.stage(one.stage).label if under.ladder.has(one.stage) else one.stage
            yield (
                csv_text.local_instant(one.at), one.reference, subject_in_words(one.subject, under.authority), one.subject, stage,
                one.due.isoformat() if one.due else "", one.name, one.address,
                item_view.title_of(under.authority, one.role, one.raiser_role), one.how, "to" if one.as_to else "copy", one.mail,
                csv_text.local_instant(one.mailed_at), csv_text.local_instant(one.read_at), csv_text.local_instant(one.opened_at),
                one.error,
            )  # fmt: skip


def subject_in_words(key: str, words: Authority) -> str:
    """What a message is about, as its subject line begins."""
    return re.sub(r"\{(\w+)\}", lambda found: words.label(found[1]), _SUBJECTS.get(key, key))


def _write(out: Path, headings: tuple[str, ...], found: Iterator[tuple[str, ...]], things: str) -> str:
    count = 0
    with whole_file(out) as file:
        file.write(csv_text.BOM + csv_text.csv_lines([headings]))
        for row in found:
            file.write(csv_text.csv_lines([row]))
            count += 1
    return f"{out}: {so_many(count, things)}. It names people and what they read or were sent: keep it as you keep the record."


def _identity(service: Service, authority: str, person: str) -> str:
    with service.store.read(authority) as connection:
        found = lookup.person_by_key(connection, authority, person)
    if found is None:
        raise LookupError(f"The directory of {authority} has nobody called {person}. Look in its people.csv for the key.")
    return str(found)


def _instants(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """The instants between which London's days lie, both included. Raises LookupError where they are the wrong way round."""
    if since and until and until < since:
        raise LookupError(f"--until {until} is before --since {since}: nothing was exported. Turn them round.")
    return at_local(since, time(0)) if since else None, local_midnight_after(until) if until else None
