"""What the JSON interface takes and gives of reviews and what they decided."""

from datetime import date
from uuid import UUID

from pydantic import Field

from api.presenters.shapes import PRINTABLE, ChildShape, NamedDay, Shape
from workflows.model.events import Chosen


class DecisionBody(Shape):
    """One decision: a short line, who carries it out (a post, or words), by when, and whether it is to be followed."""

    words: str = Field(max_length=300)
    number: str = Field("", max_length=16, pattern=PRINTABLE)
    owner_role: str = Field("", max_length=64, pattern=PRINTABLE)
    owner: str = Field("", max_length=200, description="Who carries it out, where that is nobody of the directory.")
    due: NamedDay | None = None
    follow: bool = Field(False, description="Follow it: needs `due`. Whoever carries it out is asked.")
    person: str = Field("", max_length=64, pattern=PRINTABLE, description="Whom, where the post has more than one holder.")


class ReviewBody(Shape):
    """A review that was held. Sent again for the same day it adds decisions, and the days of its paper."""

    child: str = Field(max_length=32, pattern=PRINTABLE, description="The child's case-system number.")
    held_on: NamedDay
    decisions_agreed_on: NamedDay | None = None
    record_out_on: NamedDay | None = None
    care_plan_ratified_on: NamedDay | None = None
    pathway_plan_due_on: NamedDay | None = Field(None, description="By when the first pathway plan is to be made.")
    pathway_plan_made_on: NamedDay | None = None
    decisions: list[DecisionBody] = Field(default_factory=list, max_length=60)


class FollowBody(Shape):
    """How a decision that waits on the list is to be followed."""

    to: Chosen | None = Field(None, description="Who carries it out; left out, the first post of the procedure is asked.")
    by: NamedDay
    reasons: list[str] = Field(default_factory=list, max_length=5, description="Under which reasons figures count it.")


class TrackingBody(Shape):
    """How closely a child's case is tracked from now on: what is left out is not chosen. Agreed anew by `tracking_agreed`."""

    child: str = Field(max_length=32, pattern=PRINTABLE, description="The child's case-system number.")
    why: str = Field(max_length=10_000)
    priority: str = Field(max_length=64)
    on: NamedDay = Field(description="When it was agreed: the day of the review.")
    update_by: NamedDay | None = None
    updates_every_weeks: int = Field(0, ge=0, le=26)
    early_review_by: NamedDay | None = None
    look_at_file_by: NamedDay | None = None
    look_every_weeks: int = Field(0, ge=0, le=26)
    facts: list[str] = Field(default_factory=list, max_length=20)


class DecisionShape(Shape):
    """One decision as it stands. `reference`: the item that follows it, or empty."""

    id: UUID
    number: str
    words: str
    owner_role: str
    owner: str
    due: date | None
    state: str
    state_on: date | None
    looked_on: date | None
    reference: str


class ReviewShape(Shape):
    """One review that was held, with its own paper."""

    held_on: date
    decisions_agreed_on: date | None
    record_out_on: date | None
    care_plan_ratified_on: date | None
    pathway_plan_due_on: date | None
    pathway_plan_made_on: date | None
    decisions: list[DecisionShape]


class ReviewsShape(Shape):
    """A child's reviews, the latest first."""

    child: ChildShape
    reviews: list[ReviewShape]
