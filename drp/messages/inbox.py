"""What each person was told: the inbox, which is the delivery of record; and what of it they have read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, exists, update
from sqlmodel import col

from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.scope import count_of, in_authority, update_of
from drp.database.statements import BEGINNING_OF_PAGE, MESSAGE_OF_COPY, MESSAGES_OF_PERSON


def messages_of_person(connection: Connection, authority: str, person: UUID, most: int, skip: int = 0) -> Sequence[RowMapping]:
    """What one person was told, newest first. What was recorded in error is nobody's to read of any more."""
    asked = {"authority": authority, "person": person, "most": most, "skip": skip}
    rows: Sequence[RowMapping] = connection.execute(MESSAGES_OF_PERSON, asked).mappings().all()
    return rows


@dataclass(frozen=True)
class BeginningOfPage:
    """What every page begins with. `unread`: messages and reports; `paused`: how sending is paused."""

    pack: str
    unread: int
    paused: "PausedInWords | None"
    is_live: bool = True


@dataclass(frozen=True)
class PausedInWords:
    """A pause as pages say it. `by` empty: the operator, or not recorded; `since` None: not recorded."""

    by: str
    since: datetime | None
    why: str
    held: int


def read_beginning_of_page(connection: Connection, authority: str, person: UUID, most: int) -> BeginningOfPage:
    """What every page begins with, in one statement: label pack, unread messages and reports, how sending is paused.

    Unread messages are counted no further than `most`: somebody who is copied into everything has tens of thousands.
    """
    row = connection.execute(BEGINNING_OF_PAGE, {"authority": authority, "person": person, "most": most}).one()
    paused = PausedInWords(row.by or "", row.since, row.why, row.held) if row.holds else None
    return BeginningOfPage(row.pack, row.unread, paused, row.is_live)


def has_unopened(connection: Connection, authority: str, person: UUID, challenge: UUID) -> bool:
    """Were they told something of an item that they have never opened since?"""
    return count_of(connection, DeliveryRow, authority, *_unopened(person, challenge)) > 0


def mark_opened(connection: Connection, authority: str, person: UUID, challenge: UUID, now: datetime) -> None:
    """Note that a person opened the item itself, so that they were reached with whatever they were told of it until now."""
    connection.execute(update_of(DeliveryRow, authority).where(*_unopened(person, challenge)).values(opened_at=now))


def _unopened(person: UUID, challenge: UUID) -> tuple[ColumnElement[bool], ...]:
    return col(DeliveryRow.person) == person, col(DeliveryRow.challenge) == challenge, col(DeliveryRow.opened_at).is_(None)


def mark_read(
    connection: Connection,
    authority: str,
    person: UUID,
    now: datetime,
    challenge: UUID | None = None,
    until: datetime | None = None,
) -> int:
    """Note that a person has read what they were told: of one item, or of all (up to `until`). Returns how many were new.

    What was read once keeps the moment at which it was.
    """
    mine = (in_authority(DeliveryRow, authority), col(DeliveryRow.person) == person, col(DeliveryRow.read_at).is_(None))
    marking = update(DeliveryRow).where(*mine).values(read_at=now)
    if challenge is not None:
        marking = marking.where(col(DeliveryRow.challenge) == challenge)
    if until is not None:
        marking = marking.where(exists().where(MESSAGE_OF_COPY, col(NotificationRow.at) <= until))
    return connection.execute(marking).rowcount
