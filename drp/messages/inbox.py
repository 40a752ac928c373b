"""What each person was told: the inbox, which is the delivery of record; and what of it they have read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, exists, func, select, update
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.scope import core_table, in_authority, select_of
from workflows.model.challenge import Outcome

_KEY = ("authority", "challenge", "version", "n")


def messages_query(authority: str) -> Any:
    """Every person's copy of every message of an authority, with the item that it is about."""
    on = [getattr(NotificationRow, name) == getattr(DeliveryRow, name) for name in _KEY]
    return (
        select_of(
            DeliveryRow,
            authority,
            core_table(DeliveryRow),
            NotificationRow.subject,
            NotificationRow.stage,
            NotificationRow.due,
            NotificationRow.at,
            NotificationRow.attempts,
            NotificationRow.next_at,
            col(NotificationRow.error).label("trouble"),
            ChallengeRow.reference,
            ChallengeRow.ladder_hash,
            ChallengeRow.authority_hash,
        )
        .join(NotificationRow, on[0] & on[1] & on[2] & on[3])
        .join(ChallengeRow, in_authority(ChallengeRow, authority) & (col(ChallengeRow.id) == col(DeliveryRow.challenge)))
    )


def messages_of_person(connection: Connection, authority: str, person: UUID, most: int, skip: int = 0) -> Sequence[RowMapping]:
    """What one person was told, newest first. What was recorded in error is nobody's to read of any more."""
    query = messages_query(authority).where(col(DeliveryRow.person) == person, col(ChallengeRow.phase) != Outcome.IN_ERROR.value)
    query = query.order_by(
        col(DeliveryRow.told_at).desc(), col(DeliveryRow.challenge), col(DeliveryRow.version).desc(), col(DeliveryRow.n)
    )
    rows: Sequence[RowMapping] = connection.execute(query.limit(most).offset(skip)).mappings().all()
    return rows


def read_pack_and_unread(connection: Connection, authority: str, person: UUID, most: int) -> tuple[str, int]:
    """What every page begins with, in one statement: the authority's label pack, and how many messages a person has not read.

    Counted no further than `most`: somebody who is copied into everything has tens of thousands.
    """
    some = (
        select_of(DeliveryRow, authority, DeliveryRow.n)
        .join(
            ChallengeRow,
            in_authority(ChallengeRow, authority) & (col(ChallengeRow.id) == col(DeliveryRow.challenge)),
        )
        .where(
            col(DeliveryRow.person) == person,
            col(DeliveryRow.read_at).is_(None),
            col(ChallengeRow.phase) != Outcome.IN_ERROR.value,
        )
        .limit(most)
        .subquery()
    )
    unread = select(func.count()).select_from(some).scalar_subquery()
    pack, number = connection.execute(
        select(col(AuthorityRow.label_pack), unread).where(col(AuthorityRow.key) == authority)
    ).one()
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
        on = [getattr(NotificationRow, name) == getattr(DeliveryRow, name) for name in _KEY]
        marking = marking.where(exists().where(*on, col(NotificationRow.at) <= until))
    return connection.execute(marking).rowcount
