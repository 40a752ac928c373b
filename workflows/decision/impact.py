"""What changed for the child: said at the end or afterwards, and when somebody looks again."""

from datetime import date, timedelta

from workflows.calendar.working_days import Calendar, Promise, local_date, working_days_between
from workflows.decision.decision_builder import DecisionBuilder
from workflows.decision.windows import close_window, named_date, open_window
from workflows.model.challenge import THE_RAISER, Challenge, ClosedAs, Window, WindowKind
from workflows.model.events import EndedUnresolved, FoundOrNot, ImpactRecorded, Judged, Overtaken, Resolved
from workflows.model.refusals import Unfit

NEAREST = 20
"""Working days: a review that is no further away is itself the occasion to look again."""

FURTHEST = timedelta(days=730)


def record_impact(turn: DecisionBuilder, event: ImpactRecorded) -> None:
    """What changed for the child afterwards; too early means when to look again."""
    if turn.rules.ladder.is_notice and (event.look_again_on or event.found == "too early"):
        raise Unfit("What is told once has no date.", "Record what changed, without a day to look again.", "found")
    if event.childs_words and not turn.challenge.about_child:
        raise Unfit("This item names no child who could have said it.", "Leave the child's words empty.", "childs_words")
    promise = promise_to_look_again(turn, event.found, event.look_again_on)
    turn.note_event(event)
    turn.change(impact=event.found)
    for window in _follow_ups(turn):
        close_window(turn, window, ClosedAs.LOOKED_AT)
    if promise:
        open_window(turn, WindowKind.FOLLOW_UP, THE_RAISER, promise)


def record_impact_at_end(turn: DecisionBuilder, event: Resolved | EndedUnresolved | Overtaken | Judged) -> None:
    """Keep what the ending says of the child, and open the window in which somebody looks again.

    Where the authority asks at the mid-point, an item that is settled or ended without saying what changed is looked at
    again then, unless a day to look again runs already or the IRO says that none is needed. What was overtaken is not.
    """
    none_needed = not isinstance(event, Overtaken) and event.no_look_again
    if none_needed and (event.look_again_on or event.found == "too early"):
        raise Unfit("A day to look again is needed here, or it is not.", "Name the day, or say that none is needed.", "found")
    promise = promise_to_look_again(turn, event.found, event.look_again_on)
    said = event.found or turn.challenge.impact
    asks = turn.rules.authority.asks_at_mid_point and not isinstance(event, Overtaken) and not none_needed
    asks = asks and turn.rules.ladder.climbs
    if asks and promise is None and said in ("", "too early") and not _follow_ups(turn):
        promise = _at_mid_point(turn)
    if event.found:
        turn.change(impact=event.found)
    if promise:
        open_window(turn, WindowKind.FOLLOW_UP, THE_RAISER, promise)


def promise_to_look_again(turn: DecisionBuilder, found: FoundOrNot, named: date | None) -> Promise | None:
    """The day on which somebody looks again, or None.

    Too early to say and no day named: the mid-point to the child's next review. Raises Unfit where there is none.
    """
    if named:
        return named_date(turn, named, "look_again_on")
    if found != "too early":
        return None
    promise = _at_mid_point(turn)
    if promise is None:
        raise Unfit("If it is too early to say, somebody must look again.", "Name the day.", "look_again_on")
    return promise


def mid_point(challenge: Challenge, day: date, calendar: Calendar) -> date | None:
    """The working day on or before the middle between a day and the child's next review (dates of Europe/London).

    None where the child is not looked after, or the review is not known, not more than 20 working days away (the review
    itself is the occasion then), or more than two years away.
    """
    review = challenge.facts.next_review
    if review is None or not challenge.about_child or not challenge.facts.is_looked_after:
        return None
    if review > day + FURTHEST or working_days_between(day, review, calendar) <= NEAREST:
        return None
    return calendar.working_day_on_or_before(day + (review - day) // 2)


def _at_mid_point(turn: DecisionBuilder) -> Promise | None:
    today = local_date(turn.at)
    day = mid_point(turn.challenge, today, turn.rules.calendar)
    return named_date(turn, day, "look_again_on") if day else None


def _follow_ups(turn: DecisionBuilder) -> list[Window]:
    return [window for window in turn.challenge.open_windows() if window.key.kind is WindowKind.FOLLOW_UP]
