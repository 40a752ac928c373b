"""What must be so before anybody starts a database that was put back: no mail leaves, and no date that passed is acted on."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, inspect, or_, select, update
from sqlmodel import col

from drp.backup.contents import authorities_in, choose_authority_rows
from drp.database.account_tables import SessionRow, SignInRow
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.message_tables import UNSENT, NotificationRow
from drp.database.scope import core_table, delete_of, in_authority, select_of, update_of
from drp.messages.sending_pause import RESTORED, SendingPause, store_pause
from workflows.model.challenge import WindowKind

REMINDING = (WindowKind.REMINDER, WindowKind.WARNING)
"""Windows that only tell: no promise of anybody's."""


def settle_after_restore(connection: Connection, moment: datetime, now: datetime, hold_after: timedelta) -> None:
    """Within the transaction that brings the rows back, for every authority:

    1. Sending is paused, for all mail, until somebody lets it go: this pause does not lapse. What was let go by hand before
       the backup and had not left is held with the rest: it may have left since, and nobody can know.
    2. The last tick is longer ago than is acted on by itself, however young the backup is: an answer that came after it is
       lost, and its window must be held for a named release, not climb.
    3. Nobody is signed in, and no sign-in is under way: who signed out since would be signed in again.
    4. The restore is written down: a key that made a repeat harmless may be among what was lost.
    """
    columns = {column["name"] for column in inspect(connection).get_columns(str(AuthorityRow.__tablename__))}
    has_reasons = "brake_why" in columns
    if "restored_at" in columns:
        mark_restored(connection, moment, now)
    for authority in authorities_in(connection):
        choose_authority_rows(connection, authority)
        here = col(AuthorityRow.key) == authority
        ticked = connection.execute(select(col(AuthorityRow.last_tick)).where(here)).scalar()
        last_tick = min(ticked or moment, now - hold_after - timedelta(seconds=1))
        connection.execute(update(AuthorityRow).where(here).values(last_tick=last_tick))
        if has_reasons:
            store_pause(connection, authority, SendingPause("all", why=RESTORED, since=now))
        else:  # a backup of 0.1, which knew no reasons: `drp migrate` comes after
            connection.execute(update(core_table(AuthorityRow)).where(here).values(brake="all"))
        connection.execute(
            update_of(NotificationRow, authority).where(col(NotificationRow.state).in_(UNSENT)).values(released=False)
        )
        for table in (SessionRow, SignInRow):
            connection.execute(delete_of(table, authority))


def mark_restored(connection: Connection, moment: datetime, now: datetime) -> None:
    """Write down, for every authority, that the database of a `moment` was brought back `now` (aware UTC).

    For a backup of a release that had no place for it, it is asked again once the database was migrated.
    """
    for authority in authorities_in(connection):
        choose_authority_rows(connection, authority)
        here = col(AuthorityRow.key) == authority
        connection.execute(update(AuthorityRow).where(here).values(restored_at=now, restored_to=moment))


def passed_dates(connection: Connection, authority: str, moment: datetime, now: datetime) -> Sequence[Any]:
    """The promises that came to their date between the backup and now, or wait to be acted on; oldest first.

    Each has a reference, kind, due, owner_role, and is_held: its time to be acted on has come too.
    """
    closes, is_held = col(WindowRow.closes_at), (col(WindowRow.acts_at) <= now).label("is_held")
    return connection.execute(
        select_of(WindowRow, authority, ChallengeRow.reference, WindowRow.kind, WindowRow.due, WindowRow.owner_role, is_held)
        .join(ChallengeRow, and_(in_authority(ChallengeRow, authority), col(ChallengeRow.id) == col(WindowRow.challenge)))
        .where(
            col(WindowRow.closed_at).is_(None),
            col(WindowRow.held_since).is_(None),
            col(WindowRow.kind).not_in(REMINDING),
            or_(col(WindowRow.acts_at) <= now, and_(closes > moment, closes <= now)),
        )
        .order_by(col(WindowRow.due), col(ChallengeRow.reference), col(WindowRow.kind))
    ).all()
