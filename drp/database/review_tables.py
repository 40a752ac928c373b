"""Reviews: when a child's was held, its own paper, and what it decided, by number and a short line."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field

from drp.database.tables import Row


class ReviewRow(Row, table=True):
    """One review of a child that was held, with the days on which its own paper went out. The case system is the record."""

    __tablename__ = "review"
    authority: str = Field(primary_key=True, max_length=64)
    child: UUID = Field(primary_key=True)
    held_on: date = Field(primary_key=True)
    decisions_agreed_on: date | None = None
    """When the authority agreed the decisions."""
    record_out_on: date | None = None
    """When the record of the review was sent out."""
    care_plan_ratified_on: date | None = None
    """When the authority ratified the care plan that the review looked at."""
    pathway_plan_due_on: date | None = None
    """By when the first pathway plan is to be made."""
    pathway_plan_made_on: date | None = None
    by: UUID
    at: datetime
    __table_args__ = (ForeignKeyConstraint(["authority", "child"], ["child.authority", "child.id"]),)


class ReviewDecisionRow(Row, table=True):
    """One decision of a review. Only what is followed is an item, with a window: `item` is its identity."""

    __tablename__ = "review_decision"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    child: UUID
    held_on: date
    number: str = Field(default="", max_length=16)
    words: str = Field(max_length=300)
    owner_role: str = Field(default="", max_length=64)
    owner: str = Field(default="", max_length=200)
    """Who is to carry it out, where that is nobody of the directory."""
    due: date | None = None
    state: str = Field(default="open", max_length=16)
    """What was last said of one that is not followed: open, done, not done, no longer wanted."""
    state_on: date | None = None
    looked_on: date | None = None
    """When the IRO last looked it through."""
    item: UUID | None = None
    by: UUID
    at: datetime
    __table_args__ = (
        ForeignKeyConstraint(["authority", "child", "held_on"], ["review.authority", "review.child", "review.held_on"]),
        Index("ix_review_decision_child", "authority", "child", "held_on"),
        Index("ix_review_decision_item", "authority", "item"),
    )
