"""Following a review decision: it becomes an item of its own kind, with its owner asked and the day that was set."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection

from drp.casework.service import ActionResult, Casework
from drp.directory import lookup
from drp.identity.principal import Principal
from drp.reviews.review_register import (
    NO_PLANS,
    DecisionLine,
    PlanDays,
    ReviewDecision,
    add_decisions,
    find_decision,
    note_followed,
    note_review,
)
from workflows.calendar.working_days import local_date
from workflows.model.authority import Capacity, Rules, rules_that_follow
from workflows.model.events import Chosen, Raised
from workflows.model.ladder import ItemType, Ladder
from workflows.model.refusals import Unfit


@dataclass(frozen=True)
class HowFollowed:
    """How a decision is to be followed: who carries it out, by when (Europe/London), under which reason it counts, if any."""

    to: Chosen | None
    by: date | None
    reasons: tuple[str, ...] = ()


def raised_of_decision(ladder: Ladder, decision: ReviewDecision, how: HowFollowed, raiser_role: str) -> Raised:
    """The event that follows a decision. Where its owner is nobody of the directory, the first of the ladder's posts is asked."""
    asked = how.to or Chosen(ladder.stages[0].roles_to()[0])
    return Raised(
        ItemType.REVIEW_DECISION,
        how.reasons,
        decision.line.words,
        review_decision=decision.line.number,
        to=(asked,),
        respond_by=how.by,
        happened=(("review", decision.held_on),),
        raiser_role=raiser_role,
        owner="" if how.to else decision.line.owner,
    )


def follow_decision(
    connection: Connection, casework: Casework, signed: Principal, decision: UUID, how: HowFollowed, now: datetime
) -> ActionResult:
    """Follow a decision as part of a larger transaction, which the caller commits. Raises Refused, NotFound."""
    current = casework.procedures.current(connection, signed.authority)
    rules = rules_that_follow(current, local_date(now), ItemType.REVIEW_DECISION)
    if rules is None:
        raise Unfit(
            "This authority has no procedure for following review decisions.",
            "Have a file that begins `between_reviews:` loaded.", "ladder",
        )  # fmt: skip
    ladder, known = rules.ladder, find_decision(connection, signed.authority, decision)
    child = lookup.child_numbers_of(connection, signed.authority, [known.child])[known.child]
    event = raised_of_decision(ladder, known, how, raiser_role_of(current, ladder, signed))
    done = casework.raise_within(connection, signed, child, event, now, ladder=ladder.key)
    note_followed(connection, signed.authority, decision, done.loaded.id)
    return done


@dataclass(frozen=True)
class EnteredDecision:
    """One decision as somebody enters it. `person`: whom it is asked of, where the post has more than one holder."""

    line: DecisionLine
    person: str = ""
    is_followed: bool = False


@dataclass(frozen=True)
class EnteredReview:
    """A review as somebody enters it: the day on which it was held, the days of its own paper, what it decided."""

    held_on: date
    decisions_agreed_on: date | None = None
    record_out_on: date | None = None
    decisions: tuple[EnteredDecision, ...] = ()
    plans: PlanDays = NO_PLANS


def enter_review(
    connection: Connection, casework: Casework, signed: Principal, child: UUID, review: EnteredReview, now: datetime
) -> None:
    """Put a review on the register and follow what is to be followed, in the caller's transaction: all of it, or nothing.

    Raises Unfit for a day still to come, a line that does not fit, and what is to be followed without a day.
    """
    if review.held_on > local_date(now):
        raise Unfit("That day is still to come.", "Enter a review once it was held.", "held_on")
    review.plans.check(local_date(now))
    for n, one in enumerate(review.decisions):
        if one.is_followed and one.line.due is None:
            raise Unfit("It is not said by when it is to be done.", "Say by when, or do not follow it.", f"decisions.{n}.due")
    authority, by = signed.authority, UUID(signed.person)
    words = casework.procedures.current(connection, authority)[0].authority
    paper = (review.decisions_agreed_on, review.record_out_on)
    note_review(connection, authority, child, review.held_on, by, now, *paper, review.plans)
    lines = [one.line for one in review.decisions]
    ids = add_decisions(connection, casework.chance, words, child, review.held_on, lines, by, now)
    for id_, one in zip(ids, review.decisions, strict=True):
        if one.is_followed:
            to = Chosen(one.line.owner_role, one.person) if one.line.owner_role else None
            follow_decision(connection, casework, signed, id_, HowFollowed(to, one.line.due), now)


def raiser_role_of(current: Sequence[Rules], ladder: Ladder, signed: Principal) -> str:
    """The role in which somebody raises on a ladder: their own, else the IRO's for whom the desk does it."""
    own = [role for role in ladder.raised_by if role in signed.roles]
    iros = current[0].authority.roles_acting_as(Capacity.IRO)
    return next(iter(own or [role for role in ladder.raised_by if role in iros] or ladder.raised_by))
