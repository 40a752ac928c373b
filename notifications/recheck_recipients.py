"""Whom a message is for at the moment of sending: frozen at commit, checked again now (docs/architecture.md rule 14)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping

from drp.casework import load
from drp.casework.load import StoredChallenge
from drp.database.message_tables import MailState, parties_of
from drp.directory.lookup import holds_role
from drp.messages import delivery_store
from drp.messages.delivery_store import Key
from notifications.channels import is_address
from workflows.calendar.working_days import local_date
from workflows.decision.decision_builder import NotificationKind
from workflows.decision.recipients import Establishment, ReachedHow, reach_people
from workflows.model.authority import Authority
from workflows.model.challenge import Party

TOLD_BY_NAME = frozenset({NotificationKind.MEETING_OFF, NotificationKind.ENDED_BY_ANOTHER, NotificationKind.LET_READ})
"""Told to the person, whatever post they hold by now: it is in their diary, they raised it, or the IRO named them."""


@dataclass(frozen=True)
class RecheckedRecipients:
    """Everybody who is still to be told, as addresses, and whose each is; and who cannot be written to and why.

    `to` and `copy` name everybody; `people` only those whom no earlier attempt reached.
    """

    to: tuple[str, ...]
    copy: tuple[str, ...]
    people: Mapping[str, Sequence[RowMapping]]
    unreachable: Sequence[tuple[RowMapping, str]]
    copied_roles: tuple[str, ...]


def still_to_be_told(
    connection: Connection,
    loaded: StoredChallenge,
    authority: Authority,
    key: Key,
    subject: NotificationKind,
    now: datetime,
    domains: Sequence[str],
) -> RecheckedRecipients:
    """Check everybody again: who left, or no longer holds the post, is noted as skipped. `domains` empty: any."""
    establishment = load.load_establishment(connection, authority.key, [loaded.about()])
    to: list[str] = []
    copy: list[str] = []
    people: dict[str, list[RowMapping]] = {}
    unreachable: list[tuple[RowMapping, str]] = []
    roles: list[str] = []
    for delivery in delivery_store.list_copies(connection, authority.key, key):
        waits, address = delivery["mail"] == MailState.WAITING, delivery["email"]
        if gone := find_skip_reason(connection, delivery, subject, authority, establishment, loaded, now):
            if waits:
                delivery_store.note_copy(connection, authority.key, key, delivery["person"], mail=MailState.SKIPPED, error=gone)
        elif unfit := find_address_fault(address, domains):
            if waits:
                unreachable.append((delivery, unfit))
        else:
            (to if delivery["as_to"] else copy).append(address)
            roles += [] if delivery["as_to"] else [delivery["role"]]
            if waits:
                people.setdefault(address, []).append(delivery)
    once = tuple(address for address in dict.fromkeys(copy) if address not in to)
    return RecheckedRecipients(tuple(dict.fromkeys(to)), once, people, unreachable, tuple(dict.fromkeys(roles)))


def find_skip_reason(
    connection: Connection,
    delivery: RowMapping,
    subject: NotificationKind,
    authority: Authority,
    establishment: Establishment,
    loaded: StoredChallenge,
    now: datetime,
) -> str:
    """Say why this person is no longer told; empty if they are. Compares who was stored at commit with today's directory."""
    day = local_date(now)
    if delivery["left_on"] is not None and delivery["left_on"] < day:
        return "has left"
    if subject in TOLD_BY_NAME:
        return ""
    person, role = str(delivery["person"]), delivery["role"]
    acts_for = establishment.covers.acts_for(person, day)
    if delivery["how"] == ReachedHow.STAND_IN and role in establishment.held_by(acts_for, authority, loaded.about(), day):
        return ""
    told_for = [party for one in parties_of(delivery["party"], delivery["also"]) for party in _parties(loaded, one)]
    for party in [Party(role)] if delivery["how"] == ReachedHow.MANAGER else told_for:
        # Somebody chosen by name is told for the role that they were chosen in, and while they hold it.
        if party.person and not holds_role(connection, authority.key, party.person, party.role, day):
            continue
        if any(one.person == person for one in reach_people(party, authority, establishment, loaded.about(), day)):
            return ""
    return "no longer holds the post"


def _parties(loaded: StoredChallenge, role: str) -> tuple[Party, ...]:
    """Whom a role stands for on this item: its holders, and those who were chosen in it by name."""
    visits = loaded.challenge.visits
    named = (party for visit in visits for party in (*visit.told, *visit.copied) if party.role == role and party.person)
    return (Party(role), *dict.fromkeys(named))


def find_address_fault(address: str, domains: Sequence[str]) -> str:
    """Say why an address cannot be written to (empty: it can). `domains` empty: any domain will do."""
    if not is_address(address):
        return "has no address that can be written to"
    domain = address.rpartition("@")[2].lower()
    if domains and not any(domain == ok or domain.endswith(f".{ok}") for ok in domains):
        return "the address is outside the domains allowed"
    return ""
