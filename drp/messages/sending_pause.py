"""Sending that is paused: mail is held, all of it or all above a stage; the inbox goes on, and so does every clock.

A pause has somebody who set it and a reason, and lapses one working day later unless an IRO manager renews it; the one that a
restore sets stands until somebody takes it off. Urgent items, the telling of a referral and links to sign in are never paused.
Whoever was not reached because of it is not blamed (docs/architecture.md rule 4).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow
from drp.database.message_tables import DeliveryRow, MailState, NotificationRow, NotificationState
from drp.database.scope import select_of, update_of
from workflows.calendar.working_days import LONDON, Calendar, at_local

RESTORED = "brought back from a backup"
"""Why sending is paused after a restore."""


@dataclass(frozen=True)
class SendingPause:
    """What is held: `all` mail, or all above a stage (its key). Moments are aware UTC.

    `by` None: the operator, or (in what earlier releases kept) not recorded. `until` None: it does not lapse.
    """

    holds: str
    by: UUID | None = None
    why: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Has it lapsed by a moment?"""
        return self.until is not None and now >= self.until


_PAUSE = select(
    col(AuthorityRow.brake), col(AuthorityRow.brake_by), col(AuthorityRow.brake_why), col(AuthorityRow.brake_since),
    col(AuthorityRow.brake_until),
).where(col(AuthorityRow.key) == bindparam("authority"))  # fmt: skip


def read_pause(connection: Connection, authority: str) -> SendingPause | None:
    """How sending is paused; None: mail leaves as it comes."""
    row = connection.execute(_PAUSE, {"authority": authority}).first()
    return SendingPause(*row) if row and row.brake else None


def store_pause(connection: Connection, authority: str, pause: SendingPause | None) -> None:
    """Pause sending, or (None) let mail leave again. What was held waits for its own release."""
    kept = pause or SendingPause("")
    values = {
        "brake": kept.holds, "brake_by": kept.by, "brake_why": kept.why, "brake_since": kept.since, "brake_until": kept.until,
    }  # fmt: skip
    connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == authority).values(**values))


def lapses_at(since: datetime, calendar: Calendar) -> datetime:
    """When a pause set at a moment (aware UTC) lapses: at the same hour of the next working day."""
    local = since.astimezone(LONDON)
    return at_local(calendar.working_day_after(local.date()), local.time().replace(microsecond=0))


def lapse_pause(connection: Connection, authority: str, now: datetime) -> None:
    """End a pause that is over at `now`, and let what it held leave."""
    pause = read_pause(connection, authority)
    if pause is None or not pause.is_over(now):
        return
    store_pause(connection, authority, None)
    connection.execute(
        update_of(NotificationRow, authority)
        .where(col(NotificationRow.state) == NotificationState.BRAKED)
        .values(state=NotificationState.WAITING, next_at=now)
    )


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
