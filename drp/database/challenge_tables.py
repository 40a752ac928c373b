"""Challenges: where each stands, its windows, its timeline, who was involved."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, col

from drp.database.tables import Row, json_column, some_rows
from workflows.model.ladder import BETWEEN_REVIEWS


class ChallengeRow(Row, table=True):
    """One challenge, notice or alert: where it stands, and the head of its chain."""

    __tablename__ = "challenge"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    reference: str = Field(max_length=16)
    version: int
    child: UUID | None = None
    raiser: UUID
    raiser_role: str = Field(max_length=64)
    item_type: str = Field(max_length=32)
    ladder: str = Field(max_length=64)
    ladder_hash: str = Field(max_length=64)
    authority_hash: str = Field(max_length=64)
    stage: str = Field(max_length=64)
    phase: str = Field(max_length=24)
    is_open: bool
    sequence: int
    highest_stage: str = Field(max_length=64)
    priority: str = Field(default="", max_length=64)
    thanked: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """Of a notice of excellent practice: how often whoever it names was thanked."""
    quote: str = Field(default="", max_length=16, sa_column_kwargs={"server_default": ""})
    """Whether reports may quote the words offered of it; the words themselves stand on its timeline alone."""
    team: str = Field(default="", max_length=64)
    service: str = Field(default="", max_length=64)
    raised_at: datetime
    quarter: str = Field(max_length=8)
    """The reporting quarter (1 April – 31 March) of the local day on which it counts as raised, such as 2026-Q1."""
    last_at: datetime
    referral: str = Field(max_length=32)
    reasons: list[str] = json_column()
    rest: dict[str, Any] = json_column()
    """What is never asked of many at once: facts, visits, counters."""
    entries: int
    head: str = Field(max_length=64)
    """The last entry's hash: the chain's head."""
    told: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    """The digest over every message of the item."""
    __table_args__ = (
        UniqueConstraint("authority", "reference"),
        ForeignKeyConstraint(["authority", "child"], ["child.authority", "child.id"]),
        Index("ix_challenge_child", "authority", "child"),
        Index("ix_challenge_raised", "authority", "raised_at"),
        Index("ix_challenge_team", "authority", "team", "raised_at"),
        Index(
            "ix_challenge_open",
            "authority",
            "raiser",
            sqlite_where=text("is_open IS 1"),
            postgresql_where=text("is_open IS true"),
        ),
    )


def match_not_followed() -> ColumnElement[bool]:
    """The condition for rows of challenges and of what is told once: what is followed between reviews is counted with none."""
    return col(ChallengeRow.item_type).not_in([item.value for item in BETWEEN_REVIEWS])


class LinkRow(Row, table=True):
    """Siblings: challenges raised together, one for each child."""

    __tablename__ = "link"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    other: UUID = Field(primary_key=True)


class WindowRow(Row, table=True):
    """A promise with a date and an owner. `acts_at` is the one indexed column that the sweep narrows by."""

    __tablename__ = "window"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=16)
    n: int = Field(primary_key=True)
    parent: str = Field(default="", max_length=40)
    owner_role: str = Field(max_length=64)
    owner_person: str = Field(default="", max_length=36)
    due: date
    closes_at: datetime
    acts_at: datetime
    opened_at: datetime
    closed_at: datetime | None = None
    closed_as: str = Field(default="", max_length=32)
    held_since: datetime | None = None
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    on_close: str = Field(max_length=16)
    answer: str = Field(max_length=8)
    times_told: int = 0
    climb_waits: bool = False
    asked: list[dict[str, Any]] = json_column()
    promise: dict[str, Any] = json_column()
    """Length, counts-from, each day counted and skipped and why, calendar and tzdata version: rendered when read."""
    __table_args__ = (
        ForeignKeyConstraint(["authority", "challenge"], ["challenge.authority", "challenge.id"]),
        Index(
            "ix_window_due",
            "authority",
            "acts_at",
            **some_rows("closed_at IS NULL AND held_since IS NULL"),
        ),
        Index("ix_window_running", "authority", "kind", **some_rows("closed_at IS NULL")),
        Index("ix_window_held", "authority", **some_rows("held_since IS NOT NULL")),
        Index("ix_window_left_open", "authority", **some_rows("kind = 'action' AND closed_as = 'not recorded'")),
    )


class InvolvedRow(Row, table=True):
    """A person to whom an item was addressed or copied, in which role: what they see follows from it and their post."""

    __tablename__ = "involved"
    authority: str = Field(primary_key=True, max_length=64)
    person: UUID = Field(primary_key=True)
    challenge: UUID = Field(primary_key=True)
    role: str = Field(primary_key=True, max_length=64)
    as_to: bool
    since: datetime
    __table_args__ = (Index("ix_involved_challenge", "authority", "challenge"),)


class EntryRow(Row, table=True):
    """One line of a timeline: append-only, chained. Personal words stand in rows of their own."""

    __tablename__ = "entry"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    schema_version: int
    kind: str = Field(max_length=40)
    at: datetime
    recorded_at: datetime
    person: UUID | None = None
    parts: str = Field(default="", max_length=200)
    behalf_of: UUID | None = None
    stage: str = Field(max_length=64)
    sequence: int
    visible: str = Field(max_length=16)
    facts: str = Field(sa_column=Column(Text, nullable=False))
    """Canonical JSON."""
    words: str = Field(default="", max_length=64)
    """The salted hash that commits to the words, or empty."""
    told: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    """On the last entry of a decision: the digest over every message of the item until then."""
    key_id: str = Field(max_length=16)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    __table_args__ = (
        ForeignKeyConstraint(["authority", "challenge"], ["challenge.authority", "challenge.id"]),
        UniqueConstraint("authority", "challenge", "previous"),
        Index("ix_entry_advice", "authority", **some_rows("kind = 'legal_advice_taken'")),
        Index("ix_entry_document", "authority", **some_rows("kind = 'document_attached'")),
    )


class WordsRow(Row, table=True):
    """What a person wrote, apart from the chain that commits to it, so that it can lawfully be erased."""

    __tablename__ = "words"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    field: str = Field(primary_key=True, max_length=40)
    salt: str = Field(max_length=32)
    text: str = Field(sa_column=Column(Text, nullable=False))
    __table_args__ = (
        ForeignKeyConstraint(["authority", "challenge", "number"], ["entry.authority", "entry.challenge", "entry.number"]),
    )


class IdempotencyRow(Row, table=True):
    """What a key was first used for, kept with the write: same key and body, same answer; another body is refused."""

    __tablename__ = "idempotency"
    authority: str = Field(primary_key=True, max_length=64)
    person: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=128)
    body_hash: str = Field(max_length=64)
    challenge: UUID
    entry: int
    status: int
    answer: dict[str, Any] = json_column()
    """What was answered then, word for word."""
    at: datetime
