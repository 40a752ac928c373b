"""A review asked for early, or adjourned: on the record of what it is about. It moves nothing, and tells whom the IRO ticks."""

from datetime import timedelta

from workflows.calendar.working_days import local_date, working_days_between
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.model.challenge import Party
from workflows.model.events import ReviewAdjourned, ReviewAskedFor
from workflows.model.refusals import Unfit

LONGEST_ADJOURNMENT = 20
"""Working days from the review's day within which an adjourned one is held (Care Planning Regulations 2010, regulation 36).

An assumption until a lawyer has confirmed it: so a day further away is asked about again, and never refused for good.
"""

FURTHEST = timedelta(days=366)


def ask_for_early_review(turn: DecisionBuilder, event: ReviewAskedFor) -> None:
    """A review before its day was asked for. That it is held is the authority's to see to, and another entry's to say."""
    if event.review_by < local_date(turn.at):
        raise Unfit("That day is past.", "Name the day by which the review is needed.", "review_by")
    told = _told(turn, event.tells)
    turn.note_event(event)
    turn.tell(NotificationKind.REVIEW_DAY, [], told)


def adjourn_review(turn: DecisionBuilder, event: ReviewAdjourned) -> None:
    """A review was adjourned. Raises Unfit for a day before its own, and, unless it is meant, for one too far away."""
    if event.adjourned_to <= event.review_on:
        raise Unfit("A review is adjourned to a later day.", "Name the day to which it was adjourned.", "adjourned_to")
    if event.adjourned_to - event.review_on > FURTHEST:
        raise Unfit("That is more than a year after the review's day.", "Name the day to which it was adjourned.", "adjourned_to")
    taken = working_days_between(event.review_on, event.adjourned_to, turn.rules.calendar)
    if taken > LONGEST_ADJOURNMENT and not event.sure:
        raise Unfit(
            f"That is {taken} working days after the review's day; an adjourned one is held within {LONGEST_ADJOURNMENT}.",
            "Correct the day, or say that you are sure: then it stands as you give it.",
            "sure",
        )
    told = _told(turn, event.tells)
    turn.note_event(event)
    turn.tell(NotificationKind.REVIEW_DAY, [], told)


def _told(turn: DecisionBuilder, roles: tuple[str, ...]) -> list[Party]:
    """Those of some roles who were told of the item before: nobody comes to know of it by this. Raises Unfit for others."""
    known = [party for party in turn.challenge.everyone_told() if party.role in roles]
    if strange := sorted({*roles} - {party.role for party in known}):
        raise Unfit(f"`{strange[0]}` was not told of this item before.", "Copy them in first, or leave them out.", "tells")
    return known
