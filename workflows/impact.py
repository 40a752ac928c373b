"""What changed for the child: said at the end or afterwards, and when somebody looks again."""

from datetime import date

from workflows.challenge import THE_RAISER, WindowKind
from workflows.events import FoundOrNot, ImpactRecorded
from workflows.refusals import Unfit
from workflows.stages import note_event
from workflows.turn import Turn
from workflows.windows import close, named_date, open_window
from workflows.working_days import Promise


def impact(turn: Turn, event: ImpactRecorded) -> None:
    """What changed for the child afterwards; too early means when to look again."""
    turn.require("impact")
    if turn.rules.ladder.is_notice and (event.look_again_on or event.found == "too early"):
        raise Unfit("A notice of excellent practice has no date.", "Record what changed, without a day to look again.", "found")
    promise = look_again(turn, event.found, event.look_again_on)
    note_event(turn, event)
    turn.change(impact=event.found)
    for window in [w for w in turn.challenge.open_windows() if w.key.kind is WindowKind.FOLLOW_UP]:
        close(turn, window, "looked at")
    if promise:
        open_window(turn, WindowKind.FOLLOW_UP, THE_RAISER, promise)


def said_at_the_end(turn: Turn, found: FoundOrNot, look_again_on: date | None) -> None:
    """Keep what the ending says of the child, and open the window in which somebody looks again."""
    promise = look_again(turn, found, look_again_on)
    if found:
        turn.change(impact=found)
    if promise:
        open_window(turn, WindowKind.FOLLOW_UP, THE_RAISER, promise)


def look_again(turn: Turn, found: FoundOrNot, named: date | None) -> Promise | None:
    """The day on which somebody looks again, or None. Raises Unfit where it is too early to say and no day is known."""
    if named:
        return named_date(turn, named, "look_again_on")
    if found == "too early":
        raise Unfit("If it is too early to say, somebody must look again.", "Name the day.", "look_again_on")
    return None
