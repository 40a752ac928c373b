"""What the database says of how the service is: what waits, what is held, what nobody has looked at. Of one authority."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.message_tables import NotificationRow, NotificationState
from drp.database.scope import count_of, select_of


@dataclass(frozen=True)
class ServiceCondition:
    """How one authority's part of the service stands. Instants are aware UTC; None: there is none."""

    last_tick: datetime | None
    """When a heartbeat last looked for windows that had closed."""
    oldest_overdue_window: datetime | None
    """The earliest moment that came and was not acted on, of windows that nobody holds."""
    oldest_unsent_message: datetime | None
    held_windows: int
    failed_messages: int
    witnessed_at: datetime | None
    """When its timelines were last held against a checkpoint."""
    witness_fault: str
    """What did not go on from the last checkpoint; empty where all did."""
    verified_at: datetime | None
    """When every one of them was last looked through and found as it was."""
    verify_fault: str
    """What was found when they were last looked through; empty: nothing."""
    first_raised_at: datetime | None
    paused_since: datetime | None
    """Since when sending is paused; None: it is not, or it was not recorded."""
    paused_messages: int
    is_live: bool
    files_left_out: str
    """Why the authority's own files were left out at the last start; empty: they are in force."""


def read_condition(connection: Connection, authority: str, now: datetime) -> ServiceCondition:
    """Read how an authority's part of the service stands at `now` (aware UTC)."""
    row = connection.execute(
        select(
            col(AuthorityRow.last_tick), col(AuthorityRow.witnessed_at), col(AuthorityRow.witness_fault),
            col(AuthorityRow.brake_since), col(AuthorityRow.files_left_out), col(AuthorityRow.verified_at),
            col(AuthorityRow.verify_fault), col(AuthorityRow.is_live),
        ).where(col(AuthorityRow.key) == authority)
    ).one()  # fmt: skip
    overdue = select_of(WindowRow, authority, func.min(col(WindowRow.acts_at))).where(
        col(WindowRow.closed_at).is_(None),
        col(WindowRow.held_since).is_(None),
        col(WindowRow.acts_at) <= now,
    )
    unsent = select_of(NotificationRow, authority, func.min(col(NotificationRow.at))).where(
        col(NotificationRow.state) == NotificationState.WAITING,
        col(NotificationRow.next_at) <= now,
    )
    failed = col(NotificationRow.state) == NotificationState.FAILED
    paused = col(NotificationRow.state) == NotificationState.BRAKED
    first = select_of(ChallengeRow, authority, func.min(col(ChallengeRow.raised_at)))
    return ServiceCondition(
        last_tick=row.last_tick,
        oldest_overdue_window=connection.execute(overdue).scalar(),
        oldest_unsent_message=connection.execute(unsent).scalar(),
        held_windows=count_of(connection, WindowRow, authority, col(WindowRow.held_since).is_not(None)),
        failed_messages=count_of(connection, NotificationRow, authority, failed),
        witnessed_at=row.witnessed_at,
        witness_fault=row.witness_fault,
        verified_at=row.verified_at,
        verify_fault=row.verify_fault,
        first_raised_at=connection.execute(first).scalar(),
        paused_since=row.brake_since,
        paused_messages=count_of(connection, NotificationRow, authority, paused),
        is_live=row.is_live,
        files_left_out=row.files_left_out,
    )
