"""Reports: when each is due, drafts and what was released, its files, to whom it went, and what was asked of it."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from drp.database.tables import Row, json_column


class ReportDueRow(Row, table=True):
    """The next period of a scheduled report. Whoever makes it moves the row on in the same transaction: each period once."""

    __tablename__ = "report_due"
    authority: str = Field(primary_key=True, max_length=64)
    kind: str = Field(primary_key=True, max_length=32)
    every: str = Field(primary_key=True, max_length=16)
    first: str = Field(max_length=7)
    last: str = Field(max_length=7)
    due: date


class WrittenReportRow(Row, table=True):
    """One report: a draft, or as it was released. `version` counts its changes: an UPDATE that names it decides who was first."""

    __tablename__ = "written_report"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    kind: str = Field(max_length=32)
    unit: str = Field(default="", max_length=64)
    """The team whose page it is; empty: the whole authority's."""
    first: str = Field(max_length=7)
    last: str = Field(max_length=7)
    edition: int = 1
    version: int = 1
    due: date | None = None
    """The day on which the schedule was to make it; None: somebody asked for it."""
    made_at: datetime
    made_by: UUID | None = None
    contents: dict[str, Any] = json_column()
    """As it was counted, or as it was released."""
    edits: dict[str, Any] = json_column()
    released_at: datetime | None = None
    released_by: UUID | None = None
    __table_args__ = (
        UniqueConstraint("authority", "kind", "unit", "first", "last", "edition", name="uq_written_report_of_period"),
        Index("ix_written_report_made", "authority", "made_at"),
    )


class ReportFileRow(Row, table=True):
    """One file of a released report: the very bytes."""

    __tablename__ = "report_file"
    authority: str = Field(primary_key=True, max_length=64)
    report: UUID = Field(primary_key=True)
    format: str = Field(primary_key=True, max_length=8)
    octets: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    __table_args__ = (ForeignKeyConstraint(["authority", "report"], ["written_report.authority", "written_report.id"]),)


class ReportExampleRow(Row, table=True):
    """An example that the IRO manager chose for a draft: printed once the child's IRO says that the family would not know it."""

    __tablename__ = "report_example"
    authority: str = Field(primary_key=True, max_length=64)
    report: UUID = Field(primary_key=True)
    n: int = Field(primary_key=True)
    item: UUID
    """The item that it is of; the row goes when that is erased."""
    chosen_by: UUID
    reference: str = Field(default="", max_length=16)
    words: str = Field(max_length=10_000)
    state: str = Field(default="asked", max_length=16)
    """asked, safe or known: whether the family would know it."""
    why: str = Field(default="", max_length=10_000)
    said_by: UUID | None = None
    said_at: datetime | None = None
    __table_args__ = (
        ForeignKeyConstraint(["authority", "report"], ["written_report.authority", "written_report.id"]),
        Index("ix_report_example_item", "authority", "item"),
    )


class ReportCopyRow(Row, table=True):
    """One person to whom a released report went: when they were told by mail, and when they read it."""

    __tablename__ = "report_copy"
    authority: str = Field(primary_key=True, max_length=64)
    report: UUID = Field(primary_key=True)
    person: UUID = Field(primary_key=True)
    at: datetime
    told_at: datetime | None = None
    read_at: datetime | None = None
    __table_args__ = (
        ForeignKeyConstraint(["authority", "report"], ["written_report.authority", "written_report.id"]),
        Index("ix_report_copy_person", "authority", "person", "at"),
    )


class ReportRequestRow(Row, table=True):
    """What somebody who reads a released report asked to have changed in it: kept beside it, whatever becomes of it."""

    __tablename__ = "report_request"
    authority: str = Field(primary_key=True, max_length=64)
    report: UUID = Field(primary_key=True)
    n: int = Field(primary_key=True)
    by: UUID
    at: datetime
    words: str = Field(max_length=10_000)
    __table_args__ = (ForeignKeyConstraint(["authority", "report"], ["written_report.authority", "written_report.id"]),)
