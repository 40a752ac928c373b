"""What the IRO service's board lists of open items and mail: what is held, meetings to arrange, mail that was refused."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, func
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.directory_tables import PersonRow
from drp.database.message_tables import DeliveryRow, MailState, NotificationRow, NotificationState
from drp.database.scope import in_authority, select_of
from drp.database.statements import WINDOW_OF_PRESENT_STAY
from workflows.model.challenge import WindowKind


@dataclass(frozen=True)
class RefusedMail:
    """Mail about an item that did not reach somebody. `at`: the message's own moment, aware UTC; `error`: the server's words."""

    challenge: UUID
    name: str
    error: str
    at: datetime


_HELD = (col(WindowRow.closed_at).is_(None), col(WindowRow.held_since).is_not(None))
"""The conditions for open windows that were held after an outage."""


_KEY = ("authority", "challenge", "version", "n")
_MESSAGE = and_(*(getattr(NotificationRow, name) == getattr(DeliveryRow, name) for name in _KEY))
"""The condition that joins the message of a copy."""

_REFUSED = (col(NotificationRow.state) == NotificationState.FAILED, col(DeliveryRow.mail) == MailState.REFUSED)
"""The conditions for copies in the outbox that were refused for good."""


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


def count_refused_mail(connection: Connection, authority: str) -> int:
    """How many copies of messages in the outbox were refused for good."""
    copies = select_of(DeliveryRow, authority, func.count()).join(NotificationRow, _MESSAGE).where(*_REFUSED)
    return int(connection.execute(copies).scalar_one())


def list_refused_mail(connection: Connection, authority: str, most: int) -> tuple[RefusedMail, ...]:
    """The copies of messages in the outbox that were refused for good, newest first and then by name, at most so many."""
    rows = connection.execute(
        select_of(DeliveryRow, authority, DeliveryRow.challenge, PersonRow.name, DeliveryRow.error, NotificationRow.at)
        .join(NotificationRow, _MESSAGE)
        .join(PersonRow, and_(in_authority(PersonRow, authority), col(PersonRow.id) == col(DeliveryRow.person)))
        .where(*_REFUSED)
        .order_by(col(NotificationRow.at).desc(), col(PersonRow.name))
        .limit(most)
    )
    return tuple(RefusedMail(*row) for row in rows)
