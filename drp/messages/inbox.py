"""What each person was told: the inbox, which is the delivery of record; and what of it they have read."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, exists, update
from sqlmodel import col

from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.scope import in_authority
from drp.database.statements import MESSAGE_OF_COPY, MESSAGES_OF_PERSON, PACK_AND_UNREAD


def messages_of_person(connection: Connection, authority: str, person: UUID, most: int, skip: int = 0) -> Sequence[RowMapping]:
    """What one person was told, newest first. What was recorded in error is nobody's to read of any more."""
    asked = {"authority": authority, "person": person, "most": most, "skip": skip}
    rows: Sequence[RowMapping] = connection.execute(MESSAGES_OF_PERSON, asked).mappings().all()
    return rows


def read_pack_and_unread(connection: Connection, authority: str, person: UUID, most: int) -> tuple[str, int]:
    """What every page begins with, in one statement: the authority's label pack, and how many messages a person has not read.

    Counted no further than `most`: somebody who is copied into everything has tens of thousands.
    """
    asked = {"authority": authority, "person": person, "most": most}
    pack, number = connection.execute(PACK_AND_UNREAD, asked).one()
    return pack, number


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
