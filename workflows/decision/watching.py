"""What an IRO watches over between two reviews: a tracked case, with what was chosen for it; and the mid-point.

Neither is answered and judged. Each thing that was chosen has a window; past its date it is asked for again and again, and nobody
else than the IRO ends it.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from workflows.calendar.working_days import local_date, long_date
from workflows.decision import addressing
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.decision.windows import (
    acts_at_of_promise,
    check_day_has_come,
    close_all,
    close_window,
    count_promise,
    iro_managers,
    move_promise,
    named_date,
    open_window,
    remind_of,
)
from workflows.model.altered import altered
from workflows.model.authority import Rules
from workflows.model.challenge import THE_RAISER, Challenge, ClosedAs, EnteredHow, Party, StageVisit, Window, WindowKind
from workflows.model.events import (
    Chosen,
    LookedThrough,
    MidPointContact,
    ReviewHeld,
    TrackedDone,
    TrackingAgreed,
)
from workflows.model.ladder import ItemType, Need, TrackedBy
from workflows.model.refusals import NotOpen, Unfit

LONGEST_INTERVAL = 26
"""Weeks: longer than that no update is worth waiting for, for the next review comes first."""

WATCHED = frozenset({WindowKind.UPDATE, WindowKind.LOOK_AT_FILE, WindowKind.EARLY_REVIEW})
"""Windows of what may be chosen for a tracked case."""

DECISIONS, CONTACT = "decisions", "contact"
"""The two parts of a mid-point."""


def begin_watching(
    turn: DecisionBuilder, move: str, how: EnteredHow, chosen: tuple[Chosen, ...] = (), copied: tuple[str, ...] = ()
) -> None:
    """The one stage is entered: nobody is asked until something is chosen; at the mid-point the IRO is."""
    ladder = turn.rules.ladder
    stage = ladder.stages[0]
    turn.move(move)
    is_mid_point = ladder.followed is ItemType.MID_POINT
    told = () if is_mid_point else addressing.recipients_of_stage(turn.rules.authority, turn.challenge, stage, chosen)
    copies = () if is_mid_point else addressing.copies_of_stage(turn.rules, turn.challenge, stage, told, copied)
    sequence = turn.challenge.sequence + 1
    visit = StageVisit(sequence, stage.key, turn.at, how, told, copies)
    turn.change(sequence=sequence, highest_stage=stage.key, visits=(*turn.challenge.visits, visit), mid_point_done=())
    turn.note("stage_entered", {"how": how.value, "label": stage.label, "to": [], "copy": [one.role for one in copies]})
    if is_mid_point:
        assert stage.respond_within.length is not None
        window = open_window(turn, WindowKind.MID_POINT, THE_RAISER, count_promise(turn, stage.respond_within.length))
        turn.tell(NotificationKind.MID_POINT, [THE_RAISER], window=window.key)
    turn.tell(NotificationKind.COPIED, [], copies)


def is_tracked(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is it a tracked case that is open?"""
    if challenge.item_type is ItemType.TRACKED_CASE and challenge.is_open:
        return None
    return NotOpen("This is not a tracked case that is open.", "Agree the tracking from the child's reviews.")


def agree_tracking(turn: DecisionBuilder, event: TrackingAgreed) -> None:
    """The priority as it was agreed, and what the IRO chose for it: what was chosen before gives way."""
    _check_agreed(turn, event)
    stage, before = turn.stage, turn.challenge.visit
    turn.note_event(event)
    for window in [w for w in turn.challenge.open_windows() if w.key.kind in WATCHED]:
        close_window(turn, window, ClosedAs.SUPERSEDED)
    turn.change(priority=event.priority, updates_every=event.updates_every_weeks, looks_every=event.look_every_weeks)
    copies = addressing.copies_of_stage(turn.rules, turn.challenge, stage, before.told, ())
    added = tuple(party for party in copies if party not in (*before.told, *before.copied))
    turn.change(visits=(*turn.challenge.visits[:-1], altered(before, copied=(*before.copied, *added))))
    turn.tell(NotificationKind.COPIED, [], added)
    if event.update_by:
        _ask_for_update(turn, event.update_by, "update_by")
    for kind, day, field in (
        (WindowKind.LOOK_AT_FILE, event.look_at_file_by, "look_at_file_by"),
        (WindowKind.EARLY_REVIEW, event.early_review_by, "early_review_by"),
    ):
        if day:
            open_window(turn, kind, THE_RAISER, named_date(turn, day, field))


def _check_agreed(turn: DecisionBuilder, event: TrackingAgreed) -> None:
    offered = dict(turn.rules.ladder.tracking)
    if event.priority not in offered:
        raise Unfit("This procedure has no such priority.", f"Choose from: {', '.join(offered)}.", "priority")
    check_day_has_come(turn, event.on, "Name the day on which it was agreed.")
    chosen = {
        (TrackedBy.UPDATES if event.updates_every_weeks else TrackedBy.UPDATE): ("update_by", event.update_by),
        TrackedBy.LOOK_AT_FILE: ("look_at_file_by", event.look_at_file_by),
        TrackedBy.EARLY_REVIEW: ("early_review_by", event.early_review_by),
    }
    for what, (field, day) in chosen.items():
        if day and what not in offered[event.priority]:
            listed = ", ".join(one.said for one in offered[event.priority])
            said = f"At the priority {event.priority} the procedure does not offer {what.said}."
            raise Unfit(said, f"It offers {listed}." if listed else "Leave it out: nothing is chosen there.", field)
    for field, weeks, begun in (
        ("updates_every_weeks", event.updates_every_weeks, event.update_by),
        ("look_every_weeks", event.look_every_weeks, event.look_at_file_by),
    ):
        if weeks and not begun:
            raise Unfit("An interval needs the day of the first.", "Say by when the first is.", field)
        if not 0 <= weeks <= LONGEST_INTERVAL:
            raise Unfit("That interval is no number of weeks between two reviews.", f"Name up to {LONGEST_INTERVAL}.", field)


def _ask_for_update(turn: DecisionBuilder, day: date, field: str = "") -> None:
    told = turn.challenge.visit.told
    choice = turn.stage.to
    answer = Need.ANY if choice and choice.how.value == Need.ANY.value else Need.ALL
    window = open_window(turn, WindowKind.UPDATE, told[0], named_date(turn, day, field), asked=told, answer=answer)
    remind_of(turn, window)
    turn.tell(NotificationKind.ASKED, told, window=window.key)


def take_update(turn: DecisionBuilder, window: Window, late: bool) -> None:
    """An update was given: the IRO reads it, and the next is asked for at its interval."""
    if window.is_open:
        close_window(turn, window, ClosedAs.ANSWERED_LATE if late else ClosedAs.ANSWERED)
    turn.tell(NotificationKind.ANSWERED, [THE_RAISER], window=window.key)
    if turn.challenge.updates_every and turn.challenge.is_open:
        _ask_for_update(turn, _next(window.promise.due, turn.challenge.updates_every, local_date(turn.at)))


def _next(due: date, weeks: int, today: date) -> date:
    """The next of an interval: counted from the date that was due, and never before it could be kept."""
    after = due + timedelta(weeks=weeks)
    return after if after > today else today + timedelta(weeks=weeks)


def may_wait_longer(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Where a case is tracked: is an update asked for that may come later? Elsewhere the state says."""
    main = challenge.main_window()
    if not rules.ladder.stages[0].keeps_watch or (main and main.is_open):
        return None
    return NotOpen("No update is asked for here.", "Agree the tracking anew if one should be.")


def something_is_watched(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is a look at the file, or an early review, still to be done?"""
    if any(window.key.kind in WATCHED - {WindowKind.UPDATE} for window in challenge.open_windows()):
        return None
    return NotOpen("Nothing waits here for you to do it.", "Agree the tracking anew if something should.")


def do_tracked(turn: DecisionBuilder, event: TrackedDone) -> None:
    """The IRO has looked at the file, or the early review was held; a look at intervals comes again."""
    kind = WindowKind(event.what)
    window = next((w for w in turn.challenge.open_windows() if w.key.kind is kind), None)
    if window is None:
        raise Unfit("That was not chosen for this case, or has been done.", "Choose what is open.", "what")
    today, opened = local_date(turn.at), local_date(window.opened_at)
    if not opened <= event.on <= today:
        raise Unfit("That day is still to come, or before it was chosen.", f"Name a day from {long_date(opened)} on.", "on")
    turn.note_event(event)
    close_window(turn, window, ClosedAs.DONE)
    if kind is WindowKind.LOOK_AT_FILE and turn.challenge.looks_every:
        again = _next(window.promise.due, turn.challenge.looks_every, today)
        open_window(turn, kind, THE_RAISER, named_date(turn, again, ""))


def ask_again(turn: DecisionBuilder, window: Window) -> None:
    """What is watched is past its date: whoever owes it is asked again, from the second time on with the IRO manager."""
    times = window.times_told + 1
    again = count_promise(turn, turn.rules.ladder.judge_within)
    turn.put(altered(window, times_told=times, acts_at=acts_at_of_promise(turn.rules, again)))
    turn.note("still_waiting", {"kind": window.key.kind.value, "times": times})
    managers: Iterable[Party] = iro_managers(turn) if times > 1 else ()
    if window.key.kind is WindowKind.UPDATE:
        owing = [asked.party for asked in window.asked if asked.answered_at is None]
        turn.tell(NotificationKind.UPDATE_LATE, owing, [THE_RAISER, *managers], window=window.key)
    else:
        subject = NotificationKind.MID_POINT if window.key.kind is WindowKind.MID_POINT else NotificationKind.TRACKED_DUE
        turn.tell(subject, [THE_RAISER], managers, window=window.key)


# The mid-point.


def is_mid_point(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is it a mid-point that is open?"""
    if challenge.item_type is ItemType.MID_POINT and challenge.is_open:
        return None
    return NotOpen("This is not a mid-point that is open.", "Add a note if there is something to say.")


def look_through(turn: DecisionBuilder, event: LookedThrough) -> None:
    """The decisions of the review were looked through: alone, or with those of many children at once."""
    check_day_has_come(turn, event.on, "Name the day on which it was.")
    turn.note_event(event)
    _note_part(turn, DECISIONS)


def note_contact(turn: DecisionBuilder, event: MidPointContact) -> None:
    """The IRO was in contact with the child, or was not, and why. It is no statutory visit."""
    if event.how == "none" and not event.why_not.strip():
        raise Unfit("There was no contact, and it is not said why.", "Say why not.", "why_not")
    if event.how != "none" and event.on is None:
        raise Unfit("It is not said on which day the child was spoken with.", "Name the day.", "on")
    if event.on:
        check_day_has_come(turn, event.on, "Name the day on which it was.")
    turn.note_event(event)
    _note_part(turn, CONTACT)


def _note_part(turn: DecisionBuilder, part: str) -> None:
    """Once both parts are done, the mid-point is."""
    done = (*dict.fromkeys((*turn.challenge.mid_point_done, part)),)
    turn.change(mid_point_done=done)
    if not {DECISIONS, CONTACT} <= {*done}:
        return
    for window in [w for w in turn.challenge.open_windows() if w.key.kind is WindowKind.MID_POINT]:
        close_window(turn, window, ClosedAs.DONE)
    turn.move("resolve")


def move_mid_point(turn: DecisionBuilder) -> None:
    """The next review has another day: half-way to it, where that is later, is when the ask counts from."""
    last, following = dict(turn.challenge.happened).get("review"), turn.challenge.facts.next_review
    window = next((w for w in turn.challenge.open_windows() if w.key.kind is WindowKind.MID_POINT), None)
    length = turn.stage.respond_within.length
    if window is None or last is None or following is None or length is None:
        return
    half = last + (following - last) // 2
    if half > window.promise.counts_from and half > local_date(turn.at):
        move_promise(turn, window, count_promise(turn, length, half))


def end_by_review(turn: DecisionBuilder, event: ReviewHeld) -> None:
    """The next review was held before the mid-point was done: it is overtaken, and says so."""
    turn.note_event(event)
    close_all(turn, ClosedAs.ENDED)
    turn.move("overtake")
