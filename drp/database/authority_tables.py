"""Authorities, and the texts of their files."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Text
from sqlmodel import Field

from drp.database.tables import Row, optional_json_column


class AuthorityRow(Row, table=True):
    """An authority that this service serves."""

    __tablename__ = "authority"
    key: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=200)
    last_tick: datetime | None = None
    passed_over: dict[str, Any] | None = optional_json_column()
    """Items that were due at the last look and in another's hand, by their id: until when they had been looked at (`since`),
    and when one was first found so (`found`)."""
    condition: dict[str, Any] | None = optional_json_column()
    """What the last look counted of how the service is, for health to read."""
    condition_at: datetime | None = None
    directory_day: date | None = None
    """The last local day on which who came and went was looked at."""
    brake: str = Field(default="", max_length=64)
    """What of the mail is paused: empty, `all`, or a stage: mail above it waits."""
    brake_by: UUID | None = None
    """Who paused it; None: the operator, or not recorded."""
    brake_why: str = Field(default="", max_length=300)
    brake_since: datetime | None = None
    brake_until: datetime | None = None
    """When the pause lapses; None: it does not."""
    standing_order: str = Field(default="", max_length=400)
    """Ids of those who cover an IRO, in order, where nobody is there to give cover; as the IRO service wrote it down."""
    files_left_out: str = Field(default="", max_length=400)
    """Why its own files were left out at the last start, so that earlier ones are in force; empty: they are what is in force."""
    is_live: bool = True
    """Is it in use? If not, what is raised is a trial, and no mail leaves but links to sign in."""
    live_since: datetime | None = None
    """When it went live; None: it always was, or is not yet."""
    label_pack: str = Field(default="", max_length=32)
    """The shipped words for a child that an administrator chose; empty: the authority file's own."""
    witnessed_at: datetime | None = None
    """When the timelines were last held against the last checkpoint, and went on from it."""
    witness_fault: str = Field(default="", max_length=300)
    """What did not go on from the last checkpoint; empty while all of it does."""
    verify_day: date | None = None
    """The local day for which a replica began to look every timeline through."""
    verified_at: datetime | None = None
    """When every timeline was last looked through and found as it was."""
    verify_fault: str = Field(default="", max_length=300)
    """What was found when they were last looked through, or at the last start; empty: nothing."""
    head_day: date | None = None
    """The local day for which the auditors were last sent the signed head of a checkpoint."""
    restored_at: datetime | None = None
    """When the database was last brought back from a backup; None: never."""
    restored_to: datetime | None = None
    """Of which moment that backup was: what was done between the two is lost here."""


class DocumentRow(Row, table=True):
    """The text of one version of one file, by hash; files only seed it (docs/architecture.md rule 13)."""

    __tablename__ = "document"
    authority: str = Field(primary_key=True, max_length=64)
    hash: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=16)
    key: str = Field(max_length=64)
    version: str = Field(max_length=120)
    in_force: date
    stored_at: datetime
    is_current: bool = True
    text: str = Field(sa_column=Column(Text, nullable=False))


class AssumptionRow(Row, table=True):
    """An assumption that the authority confirmed, or struck: by whom and when. The file's hash stays."""

    __tablename__ = "assumption"
    authority: str = Field(primary_key=True, max_length=64)
    hash: str = Field(primary_key=True, max_length=64)
    path: str = Field(primary_key=True, max_length=200)
    person: UUID
    at: datetime
    verdict: str = Field(default="confirmed", max_length=16)
