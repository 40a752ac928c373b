"""Messages, and each person's copy of them."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field

from drp.database.tables import Row, some_rows


class NotificationState(StrEnum):
    """How one message stands. The values are stored and shown: a member may be renamed, its value never changes."""

    WAITING = "waiting"
    BRAKED = "braked"
    """Held by the go-live brake until somebody releases it."""
    SENT = "sent"
    FAILED = "failed"
    """Refused for at least one person; it stays so until somebody releases it."""
    LAPSED = "lapsed"
    """It has no point any more, or nobody is left to be told."""
    FOR_NOBODY = "none"
    """Nobody was found to tell when it was decided."""


class MailState(StrEnum):
    """How one person's mail of a message stands. The values are stored and shown: a value never changes."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    """The mail server took it."""
    RETURNED = "returned"
    """The mail server took it, and it came back later."""
    INBOX = "inbox"
    """No mail is sent here: it stands in the inbox alone."""
    REFUSED = "refused"
    SKIPPED = "skipped"
    """The person has left, or no longer holds the post."""
    LAPSED = "lapsed"
    """It had no point any more before it left; the copy says why."""


class NotificationRow(Row, table=True):
    """One message to send: what about, of which version of the challenge. Its key makes a repeat harmless."""

    __tablename__ = "notification"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    subject: str = Field(max_length=32)
    stage: str = Field(max_length=64)
    sequence: int
    window: str = Field(default="", max_length=40)
    due: date | None = None
    at: datetime
    urgent: bool = False
    released: bool = False
    """Let go by hand while the brake is on."""
    state: str = Field(default=NotificationState.WAITING.value, max_length=16)
    """A `NotificationState`."""
    attempts: int = 0
    next_at: datetime
    sent_at: datetime | None = None
    error: str = Field(default="", max_length=200)
    __table_args__ = (
        ForeignKeyConstraint(["authority", "challenge"], ["challenge.authority", "challenge.id"]),
        Index("ix_notification_state", "authority", "state", "next_at"),
    )


class DeliveryRow(Row, table=True):
    """One person's copy of a message. The inbox is the delivery of record; mail is tracked per person."""

    __tablename__ = "delivery"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    person: UUID = Field(primary_key=True)
    as_to: bool
    role: str = Field(max_length=64)
    how: str = Field(max_length=16)
    party: str = Field(default="", max_length=64)
    also: str | None = None
    """The further parties that this one copy is for, parted by spaces: of those addressed, whoever answers for several."""
    told_at: datetime
    """The message's own moment, once more: an inbox of many years is read newest first."""
    mail: str = Field(default=MailState.WAITING.value, max_length=16)
    """A `MailState`."""
    mailed_at: datetime | None = None
    sent_as: str = Field(default="", max_length=64)
    """The left part of the Message-ID of the mail that it left in: a digest holds several copies."""
    error: str = Field(default="", max_length=200)
    read_at: datetime | None = None
    opened_at: datetime | None = None
    """When the person first opened the item itself, by a page or over JSON: a list, or *Mark all as read*, does not."""
    __table_args__ = (
        ForeignKeyConstraint(
            ["authority", "challenge", "version", "n"],
            ["notification.authority", "notification.challenge", "notification.version", "notification.n"],
        ),
        Index("ix_delivery_told", "authority", "person", "told_at"),
        Index("ix_delivery_unread", "authority", "person", "challenge", **some_rows("read_at IS NULL")),
        Index("ix_delivery_unopened", "authority", "person", "challenge", **some_rows("opened_at IS NULL")),
    )


UNSENT = (NotificationState.WAITING, NotificationState.BRAKED, NotificationState.FAILED)
"""How a message stands that would still leave, by itself or once somebody releases it."""


def parties_of(party: str, also: str | None) -> tuple[str, ...]:
    """All parties that a copy is for."""
    return (party, *(also or "").split())
