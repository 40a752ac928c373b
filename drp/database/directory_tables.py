"""The directory: people, units, posts, covers, children."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint
from sqlmodel import Field

from drp.database.folding import folded_default
from drp.database.tables import Row, json_column


class PersonRow(Row, table=True):
    """A person of the directory. `key` is what the directory's files call them."""

    __tablename__ = "person"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    key: str = Field(max_length=64)
    name: str = Field(max_length=200)
    email: str = Field(max_length=200)
    agency: str = Field(default="", max_length=64)
    left_on: date | None = None
    suspended_at: datetime | None = None
    """Since when nobody signs in as them, by whatever way; None: they may."""
    key_folded: str = Field(default="", max_length=256, sa_column_kwargs=folded_default("person", "key_folded"))
    email_folded: str = Field(default="", max_length=800, sa_column_kwargs=folded_default("person", "email_folded"))
    name_folded: str = Field(default="", max_length=800, sa_column_kwargs=folded_default("person", "name_folded"))
    __table_args__ = (
        UniqueConstraint("authority", "key"),
        Index("ix_person_key_folded", "authority", "key_folded"),
        Index("ix_person_email_folded", "authority", "email_folded"),
    )


class UnitRow(Row, table=True):
    """A team, a service or an outside agency. `within`: the service of a team."""

    __tablename__ = "unit"
    authority: str = Field(primary_key=True, max_length=64)
    kind: str = Field(primary_key=True, max_length=16)
    key: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=200)
    within: str = Field(default="", max_length=64)
    name_folded: str = Field(default="", max_length=800, sa_column_kwargs=folded_default("unit", "name_folded"))


class PostRow(Row, table=True):
    """A role held by a person for a child, team, service, agency or the authority, from a day until a day."""

    __tablename__ = "post"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    role: str = Field(max_length=64)
    held_for: str = Field(max_length=16)
    key: str = Field(max_length=64)
    person: UUID
    since: date
    until: date | None = None
    __table_args__ = (
        ForeignKeyConstraint(["authority", "person"], ["person.authority", "person.id"]),
        Index("ix_post_scope", "authority", "held_for", "key"),
        Index("ix_post_person", "authority", "person"),
    )


class CoverRow(Row, table=True):
    """Who stands in for whom, or sees beside them, from a day until a day."""

    __tablename__ = "cover"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    of: UUID
    by: UUID
    since: date
    until: date | None = None
    is_delegate: bool = False
    made_here: bool = False
    """Was it made in the service? No file ends it then."""
    given_by: UUID | None = None
    """Who gave it, in the service; None: a file, or not recorded."""
    by_standing_order: bool = False
    """Was it given by the standing order, carried out by `given_by`?"""
    appointed_at: datetime | None = None
    """Of cover of an IRO: when it was recorded as the authority's appointment, regulation 46 looked at."""
    told_at: datetime | None = None
    """When whoever is covered was told by e-mail."""
    __table_args__ = (
        ForeignKeyConstraint(["authority", "of"], ["person.authority", "person.id"]),
        ForeignKeyConstraint(["authority", "by"], ["person.authority", "person.id"]),
        Index("ix_cover_of", "authority", "of"),
        Index("ix_cover_by", "authority", "by"),
    )


class ChildRow(Row, table=True):
    """A child, by case-system number and initials. No name, no address."""

    __tablename__ = "child"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    number: str = Field(max_length=32)
    initials: str = Field(max_length=8)
    born: date
    statuses: list[str] = json_column()
    in_plo: bool = False
    in_proceedings: bool = False
    facts: list[str] = json_column()
    team: str = Field(max_length=64)
    last_review: date | None = None
    next_review: date | None = None
    conferences: int = 0
    number_folded: str = Field(default="", max_length=128, sa_column_kwargs=folded_default("child", "number_folded"))
    __table_args__ = (UniqueConstraint("authority", "number"), Index("ix_child_number_folded", "authority", "number_folded"))
