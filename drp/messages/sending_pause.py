"""The brake: mail held before going live, all of it or all above a stage, and let go by hand. The inbox goes on."""

from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow
from drp.database.message_tables import DeliveryRow, MailState, NotificationRow, NotificationState
from drp.database.scope import select_of, update_of


def read_brake(connection: Connection, authority: str) -> str:
    """Read what the brake holds: all mail (`all`), all above a stage (its key), or none (empty)."""
    return connection.execute(select(col(AuthorityRow.brake)).where(col(AuthorityRow.key) == authority)).scalar() or ""


def store_brake(connection: Connection, authority: str, brake: str) -> None:
    """Hold all mail (`all`), all above a stage (its key), or none (empty)."""
    connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == authority).values(brake=brake))


def release_messages(connection: Connection, authority: str, now: datetime) -> int:
    """Let held and failed messages go again, by hand, to those they did not reach. Returns how many."""
    failed = select_of(NotificationRow, authority, NotificationRow.challenge).where(
        col(NotificationRow.state) == NotificationState.FAILED
    )
    connection.execute(
        update_of(DeliveryRow, authority)
        .where(
            col(DeliveryRow.mail) == MailState.REFUSED,
            col(DeliveryRow.challenge).in_(failed),
        )
        .values(mail=MailState.WAITING, error="")
    )
    return connection.execute(
        update_of(NotificationRow, authority)
        .where(
            col(NotificationRow.state).in_((NotificationState.BRAKED, NotificationState.FAILED)),
        )
        .values(state=NotificationState.WAITING, next_at=now, attempts=0, error="", released=True)
    ).rowcount
