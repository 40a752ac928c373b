"""What became of the messages that put an item's questions: read for those items of which a date is about to be acted on."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, or_
from sqlmodel import col

from drp.casework.load import window_key
from drp.database.gathering import gather_by_key
from drp.database.message_tables import DeliveryRow, MailState, parties_of
from drp.database.scope import update_of
from drp.database.statements import ASKS_OF_ITEMS
from workflows.decision.reach import AskMessage
from workflows.decision.recipients import ReachedHow
from workflows.model.challenge import CLOSES_UNANSWERED, Challenge, WindowKind

_LOOKED_AT = CLOSES_UNANSWERED | {WindowKind.WARNING}
"""Kinds of window at whose moment it is asked who was reached."""


def is_to_be_asked(challenge: Challenge, now: datetime) -> bool:
    """Has a window come to its time at which it matters who was reached?"""
    due = (window for window in challenge.open_windows() if window.held_since is None and window.acts_at <= now)
    return any(window.key.kind in _LOOKED_AT for window in due)


def asks_of(connection: Connection, authority: str, id_: UUID) -> Sequence[AskMessage]:
    """What became of the messages of one item."""
    return load_asks(connection, authority, [id_]).get(id_, ())


def mark_did_not_arrive(connection: Connection, authority: str, id_: UUID, role: str) -> None:
    """What an item asked of a role so far has not arrived: the mail that had been accepted came back."""
    connection.execute(
        update_of(DeliveryRow, authority)
        .where(
            col(DeliveryRow.challenge) == id_,
            or_(col(DeliveryRow.party) == role, (" " + col(DeliveryRow.also) + " ").contains(f" {role} ", autoescape=True)),
            col(DeliveryRow.as_to),
            col(DeliveryRow.mail) == MailState.ACCEPTED,
        )
        .values(mail=MailState.RETURNED, error="said not to have arrived")
    )


def load_asks(connection: Connection, authority: str, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[AskMessage]]:
    """The copies of messages that ask, of holders, covers and stand-ins, by item. One statement."""
    if not ids:
        return {}
    rows = connection.execute(ASKS_OF_ITEMS, {"authority": authority, "ids": list(ids)})
    return gather_by_key(
        (
            row.challenge,
            AskMessage(
                window_key(row.window),
                party,
                row.mailed_at if row.mail == MailState.ACCEPTED else None,
                row.mail in (MailState.RETURNED, MailState.REFUSED),
                row.opened_at,
                str(row.person),
                row.how != ReachedHow.HOLDER.value,
            ),
        )
        for row in rows
        for party in parties_of(row.party, row.also)
    )
