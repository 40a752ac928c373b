"""What is kept of the record itself: retention, holds, erasures, checkpoints, who changed what."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from drp.database.tables import Row, json_column


class KeptChildRow(Row, table=True):
    """What the case system says of a child beyond the directory: a death, the last contact. Days, local."""

    __tablename__ = "kept_child"
    authority: str = Field(primary_key=True, max_length=64)
    child: UUID = Field(primary_key=True)
    died: date | None = None
    last_contact: date | None = None


class HoldRow(Row, table=True):
    """Nothing of a child (or, without one, of the whole authority) is erased while it is held: an inquiry, a claim."""

    __tablename__ = "hold"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    child: UUID | None = None
    why: str = Field(max_length=300)
    by: str = Field(max_length=120)
    since: date
    lifted: date | None = None


class ErasureRow(Row, table=True):
    """That a challenge's words were erased: when, by whom, on what ground, how much. Append-only."""

    __tablename__ = "erasure"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    at: datetime
    by: str = Field(max_length=120)
    why: str = Field(max_length=300)
    words: int
    documents: int


class AdministeredRow(Row, table=True):
    """One change to the directory or to the service's own settings. Identities and days, no names and no words."""

    __tablename__ = "administered"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    at: datetime
    person: UUID
    what: str = Field(max_length=40)
    said: dict[str, Any] = json_column()
    number: int | None = None
    """Its place in the record, from 1; None: it was noted before the record was a chain."""
    found: str = Field(default="", max_length=64)
    """A digest of what gave power to whom after the change."""
    key_id: str = Field(default="", max_length=16)
    previous: str = Field(default="", max_length=64)
    hash: str = Field(default="", max_length=64)
    __table_args__ = (
        Index("ix_administered_at", "authority", "at"),
        Index("ix_administered_number", "authority", "number", unique=True),
    )


class CheckpointRow(Row, table=True):
    """The signed head of one checkpoint. Append-only; the proof is the copy that left the database."""

    __tablename__ = "checkpoint"
    authority: str = Field(primary_key=True, max_length=64)
    number: int = Field(primary_key=True)
    at: datetime
    size: int
    root: str = Field(max_length=64)
    previous: str = Field(max_length=64)
    signer: str = Field(max_length=16)
    signature: str = Field(max_length=100)


class StandingRow(Row, table=True):
    """How a challenge's timeline stood at the last checkpoint, so that the next has only what is new to look at."""

    __tablename__ = "standing"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    count: int
    head: str = Field(max_length=64)
    digest: str = Field(max_length=64)
