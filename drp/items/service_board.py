"""What the IRO service's board lists of open items and mail: what is held, meetings to arrange, mail that did not arrive."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CompoundSelect, Connection, and_, func, select, union_all
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.directory_tables import PersonRow
from drp.database.message_tables import DeliveryRow, MailState, NotificationRow, NotificationState
from drp.database.scope import in_authority, select_of
from drp.database.statements import MESSAGE_OF_COPY, WINDOW_OF_PRESENT_STAY
from workflows.model.challenge import WindowKind


@dataclass(frozen=True)
class LostMail:
    """Mail about an item that did not reach somebody. `at`: the message's own moment, aware UTC; `error`: the server's words."""

    challenge: UUID
    name: str
    came_back: bool
    error: str
    at: datetime


_HELD = (col(WindowRow.closed_at).is_(None), col(WindowRow.held_since).is_not(None))
"""The conditions for open windows that were held after an outage."""


def count_held_items(connection: Connection, authority: str) -> int:
    """How many items have an open window that was held after an outage."""
    items = select_of(WindowRow, authority, func.count(col(WindowRow.challenge).distinct())).where(*_HELD)
    return int(connection.execute(items).scalar_one())


def list_held_items(connection: Connection, authority: str, most: int) -> list[UUID]:
    """The items with an open window that was held after an outage, the longest held first, at most so many."""
    return list(
        connection.execute(
            select_of(WindowRow, authority, WindowRow.challenge)
            .where(*_HELD)
            .group_by(col(WindowRow.challenge))
            .order_by(func.min(col(WindowRow.held_since)), col(WindowRow.challenge))
            .limit(most)
        ).scalars()
    )


def list_items_without_child(connection: Connection, authority: str, most: int) -> list[UUID]:
    """The open items that are about no child, the oldest first, at most so many."""
    return list(
        connection.execute(
            select_of(ChallengeRow, authority, ChallengeRow.id)
            .where(col(ChallengeRow.is_open), col(ChallengeRow.child).is_(None))
            .order_by(col(ChallengeRow.raised_at), col(ChallengeRow.id))
            .limit(most)
        ).scalars()
    )


def list_items_with_meeting(connection: Connection, authority: str, most: int) -> list[UUID]:
    """The open items whose present stage is answered by a meeting, by the date that it is due, at most so many.

    Whether the meeting is arranged stands in the item itself.
    """
    ids = connection.execute(
        select_of(WindowRow, authority, WindowRow.challenge)
        .join(
            ChallengeRow,
            WINDOW_OF_PRESENT_STAY,
        )
        .where(
            col(WindowRow.closed_at).is_(None),
            col(WindowRow.kind) == WindowKind.MEETING.value,
            col(ChallengeRow.is_open),
        )
        .order_by(col(WindowRow.due), col(WindowRow.challenge))
        .limit(most)
    ).scalars()
    return list(dict.fromkeys(ids))


def count_lost_mail(connection: Connection, authority: str) -> int:
    """How many copies of messages did not arrive: refused for good, or come back for somebody who has not opened the item."""
    return int(connection.execute(select(func.count()).select_from(_lost_mail(authority).subquery())).scalar_one())


def list_lost_mail(connection: Connection, authority: str, most: int) -> tuple[LostMail, ...]:
    """The copies of messages that did not arrive, the newest first and then by name, at most so many."""
    lost = _lost_mail(authority).subquery()
    rows = connection.execute(select(lost).order_by(lost.c.at.desc(), lost.c.name).limit(most))
    return tuple(LostMail(row.challenge, row.name, row.mail == MailState.RETURNED, row.error, row.at) for row in rows)


def _lost_mail(authority: str) -> CompoundSelect[Any]:
    """Refused in the outbox; or returned, of an open item, where whoever it was for has not opened that since."""
    copies = (
        select_of(
            DeliveryRow, authority, DeliveryRow.challenge, PersonRow.name, DeliveryRow.mail, DeliveryRow.error, NotificationRow.at
        )
        .join(NotificationRow, MESSAGE_OF_COPY)
        .join(PersonRow, and_(in_authority(PersonRow, authority), col(PersonRow.id) == col(DeliveryRow.person)))
    )
    still_open = select_of(ChallengeRow, authority, ChallengeRow.id).where(col(ChallengeRow.is_open))
    refused = copies.where(col(NotificationRow.state) == NotificationState.FAILED, col(DeliveryRow.mail) == MailState.REFUSED)
    returned = copies.where(
        col(DeliveryRow.mail) == MailState.RETURNED,
        col(DeliveryRow.opened_at).is_(None),
        col(DeliveryRow.challenge).in_(still_open),
    )
    return union_all(refused, returned)
