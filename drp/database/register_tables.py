"""The register: an entry for each reason of an item, its visits to stages, imported sheets, populations, saved views."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from drp.database.folding import folded_default
from drp.database.tables import Row


class RegisterRow(Row, table=True):
    """One item under one of its reasons: an item of two reasons has two rows, the first of which `is_first`."""

    __tablename__ = "register"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    """The challenge's; of a line that was brought in its own."""
    n: int = Field(primary_key=True)
    reference: str = Field(max_length=64)
    sheet: str = Field(default="", max_length=64)
    """The file that it was brought in from, by its hash; empty for an item that is kept here."""
    kind: str = Field(max_length=16)
    """challenge; or, counted apart, practice or scrutiny."""
    is_first: bool
    is_first_of_theme: bool
    raised_on: date
    month: str = Field(max_length=7)
    quarter: str = Field(max_length=8)
    item_type: str = Field(max_length=32)
    stage: str = Field(max_length=64)
    """The highest that it reached."""
    reason: str = Field(max_length=64)
    theme: str = Field(max_length=64)
    team: str = Field(max_length=64)
    service: str = Field(max_length=64)
    status: str = Field(max_length=32)
    is_dual: bool
    """Had the child another status besides?"""
    outcome: str = Field(max_length=32)
    impact: str = Field(max_length=16)
    ended_on: date | None = None
    days_to_end: int | None = None
    child: UUID | None = None
    number: str = Field(default="", max_length=32)
    """The child's number as a sheet had it; empty for an item that is kept here."""
    number_folded: str = Field(default="", max_length=128, sa_column_kwargs=folded_default("register", "number_folded"))
    raiser: UUID | None = None
    # A period's rows of a kind, in the order of lists, with all that tables count: `python -m benchmarks.themes` measures it.
    __table_args__ = (
        Index(
            "ix_register_by_kind", "authority", "kind", "raised_on", "id", "is_first", "is_first_of_theme", "is_dual", "month",
            "quarter", "item_type", "stage", "reason", "theme", "team", "service", "status", "outcome", "impact",
        ),
    )  # fmt: skip


class StayRow(Row, table=True):
    """One stay of an item at a stage: why it came there, how soon there was a reply. Days: weekends counted."""

    __tablename__ = "stay"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    kind: str = Field(max_length=16)
    stage: str = Field(max_length=64)
    cause: str = Field(max_length=16)
    month: str = Field(max_length=7)
    """Of the day on which it came to the stage."""
    reply: str = Field(max_length=16)
    days_to_acknowledge: int | None = None
    days_to_answer: int | None = None
    __table_args__ = (
        Index("ix_stay_cause", "authority", "kind", "stage", "cause", "month"),
        Index("ix_stay_reply", "authority", "kind", "stage", "reply", "days_to_answer", "days_to_acknowledge", "month"),
    )


class SheetRow(Row, table=True):
    """A file that was brought in: by its hash, so that the same file twice comes in once."""

    __tablename__ = "sheet"
    authority: str = Field(primary_key=True, max_length=64)
    hash: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=200)
    at: datetime
    lines: int
    taken_over: int = 0


class PopulationRow(Row, table=True):
    """How many children of a status an authority had in a reporting quarter: what a rate is of."""

    __tablename__ = "population"
    authority: str = Field(primary_key=True, max_length=64)
    quarter: str = Field(primary_key=True, max_length=8)
    status: str = Field(primary_key=True, max_length=32)
    number: int


class SavedViewRow(Row, table=True):
    """How somebody likes to see the register: a name of theirs for a query."""

    __tablename__ = "saved_view"
    authority: str = Field(primary_key=True, max_length=64)
    person: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, max_length=200)
    query: str = Field(max_length=600)
    at: datetime
