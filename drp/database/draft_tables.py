"""What somebody has begun to write."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field

from drp.database.tables import Row, json_column


class DraftRow(Row, table=True):
    """What somebody has begun to write and not yet sent: theirs alone, gone once it is sent or has lain too long."""

    __tablename__ = "draft"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    person: UUID
    began_at: datetime
    changed_at: datetime
    said: dict[str, Any] = json_column()
    __table_args__ = (
        ForeignKeyConstraint(["authority", "person"], ["person.authority", "person.id"]),
        Index("ix_draft_person", "authority", "person"),
    )
