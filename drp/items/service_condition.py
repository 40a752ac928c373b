"""How the service is: what waits, what is held, what nobody has looked at. Counted at each look, and read by health at once."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, ScalarSelect, bindparam, func, select, text, update
from sqlmodel import col

from drp.casework.outage_hold import passed_over_from
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.engine import Store
from drp.database.message_tables import NotificationRow, NotificationState
from drp.database.scope import select_of
from drp.database.tables import Row


@dataclass(frozen=True)
class Counted:
    """What one look counted of an authority's part. Instants are ISO texts, as they are kept; None: there is none."""

    oldest_overdue_window: str | None = None
    """The earliest moment that came and was not acted on, of windows that nobody holds."""
    oldest_unsent_message: str | None = None
    held_windows: int = 0
    failed_messages: int = 0
    first_raised_at: str | None = None
    paused_messages: int = 0
    are_documents_missing: bool = False
    """Are documents attached to items, and none where they are kept?"""


@dataclass(frozen=True)
class ServiceCondition:
    """How one authority's part of the service stands. Instants are aware UTC; None: there is none."""

    last_tick: datetime | None
    """When a heartbeat last looked for windows that had closed."""
    locked_since: datetime | None
    """Since when an item that is due was in another's hand at every look."""
    oldest_overdue_window: datetime | None
    oldest_unsent_message: datetime | None
    held_windows: int
    failed_messages: int
    witnessed_at: datetime | None
    """When its timelines were last held against a checkpoint."""
    is_unwitnessed: bool
    """Did something not go on from the last checkpoint?"""
    verified_at: datetime | None
    """When every one of them was last looked through and found as it was."""
    is_altered: bool
    """Was something found when they were last looked through?"""
    first_raised_at: datetime | None
    paused_since: datetime | None
    """Since when sending is paused; None: it is not, or it was not recorded."""
    paused_messages: int
    are_documents_missing: bool
    """Are documents attached to items, and none where they are kept?"""
    is_live: bool
    has_files_left_out: bool
    """Were the authority's own files left out at the last start?"""


def note_condition(connection: Connection, authority: str, now: datetime, are_documents_missing: bool) -> None:
    """Count how an authority's part of the service stands at `now` (aware UTC), for health to read.

    `are_documents_missing`: is its folder of documents empty, though documents are attached?
    """
    counted = connection.execute(_COUNTED, {"authority": authority, "now": now}).one()
    values: dict[str, Any] = {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in counted._mapping.items()
    }
    kept = {"condition": asdict(Counted(**values, are_documents_missing=are_documents_missing)), "condition_at": now}
    connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == authority).values(**kept))


def read_conditions(store: Store) -> Sequence[ServiceCondition]:
    """How every authority's part stands, as the last look of each left it. Asks once, however many there are."""
    with store.look() as connection:
        rows = connection.execute(_OF_ALL if store.is_sqlite else text("SELECT * FROM drp_conditions()")).all()
    return [_condition(row) for row in rows]


def _condition(row: Any) -> ServiceCondition:
    counted = Counted(**(row.condition or {}))
    found = [one.found for one in passed_over_from(row.passed_over).values()]
    return ServiceCondition(
        last_tick=row.last_tick,
        locked_since=min(found, default=None),
        oldest_overdue_window=_instant(counted.oldest_overdue_window),
        oldest_unsent_message=_instant(counted.oldest_unsent_message),
        held_windows=counted.held_windows,
        failed_messages=counted.failed_messages,
        witnessed_at=row.witnessed_at,
        is_unwitnessed=row.is_unwitnessed,
        verified_at=row.verified_at,
        is_altered=row.is_altered,
        first_raised_at=_instant(counted.first_raised_at),
        paused_since=row.paused_since,
        paused_messages=counted.paused_messages,
        are_documents_missing=counted.are_documents_missing,
        is_live=row.is_live,
        has_files_left_out=row.has_files_left_out,
    )


def _instant(text_of_it: str | None) -> datetime | None:
    return datetime.fromisoformat(text_of_it) if text_of_it else None


_AUTHORITY: BindParameter[Any] = bindparam("authority")
_NOW: BindParameter[Any] = bindparam("now")


def _of_its(row: type[Row], what: Any, *conditions: ColumnElement[bool]) -> ScalarSelect[Any]:
    return select_of(row, _AUTHORITY, what).where(*conditions).scalar_subquery()


def _messages(state: NotificationState) -> ScalarSelect[Any]:
    return _of_its(NotificationRow, func.count(), col(NotificationRow.state) == state)


_OVERDUE = (col(WindowRow.closed_at).is_(None), col(WindowRow.held_since).is_(None), col(WindowRow.acts_at) <= _NOW)
_UNSENT = (col(NotificationRow.state) == NotificationState.WAITING, col(NotificationRow.next_at) <= _NOW)
_COUNTED = select(
    _of_its(WindowRow, func.min(col(WindowRow.acts_at)), *_OVERDUE).label("oldest_overdue_window"),
    _of_its(NotificationRow, func.min(col(NotificationRow.at)), *_UNSENT).label("oldest_unsent_message"),
    _of_its(WindowRow, func.count(), col(WindowRow.held_since).is_not(None)).label("held_windows"),
    _messages(NotificationState.FAILED).label("failed_messages"),
    _of_its(ChallengeRow, func.min(col(ChallengeRow.raised_at))).label("first_raised_at"),
    _messages(NotificationState.BRAKED).label("paused_messages"),
)
"""What is counted at each look, in one statement."""

_OF_ALL = select(
    col(AuthorityRow.last_tick), col(AuthorityRow.passed_over), col(AuthorityRow.condition), col(AuthorityRow.witnessed_at),
    (col(AuthorityRow.witness_fault) != "").label("is_unwitnessed"), col(AuthorityRow.verified_at),
    (col(AuthorityRow.verify_fault) != "").label("is_altered"), col(AuthorityRow.brake_since).label("paused_since"),
    col(AuthorityRow.is_live), (col(AuthorityRow.files_left_out) != "").label("has_files_left_out"),
).order_by(col(AuthorityRow.key))  # fmt: skip
