"""An extension that was given by mistake: asked about before it is given, and taken back while nothing has been built on it."""

from datetime import date, datetime

from workflows.calendar.working_days import local_date, long_date, promise_from_instant, so_many, working_days_between
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.decision.windows import move_promise
from workflows.model.actor import Act, Actor, Part
from workflows.model.altered import altered
from workflows.model.authority import Edition, Rules
from workflows.model.challenge import Challenge, ExtensionGiven, Phase, Window
from workflows.model.events import ExtensionTakenBack, MeetingArranged, MeetingHeld, WindowExtended
from workflows.model.ladder import NoReply
from workflows.model.refusals import NotOpen, NotYours, Unfit

FAR = 3
"""How many times a stage's own window, in working days, an extension may reach before it is asked whether it is meant."""

STAYS = (Phase.AWAITING, Phase.COMPLETING)
"""Where an extension moves a date and nothing else. Where the IRO was being asked what next, it also ended that."""

THOSE_ASKED = frozenset({Part.ASKED, Part.WAS_ASKED, Part.ARRANGER, Part.RECORDER})
"""Whose acts build on the date that was given to them."""


def check_far_date(rules: Rules, challenge: Challenge, event: WindowExtended, now: datetime) -> None:
    """Ask about a new date that is surprisingly far: raises Unfit until `sure` is said.

    A courtesy to whoever gives it at `now` (aware UTC), and no rule of the procedure: `decide` and replay never ask it.
    """
    if event.sure:
        return
    today, review = local_date(now), challenge.facts.next_review
    do = f"Is {long_date(event.until)} right? If it is, say that you are sure; if not, correct it."
    if review is not None and today <= review < event.until:
        raise Unfit(f"That is after the child's next review, on {long_date(review)}.", do, "sure")
    own = own_working_days(rules, challenge, now)
    if own is not None and working_days_between(today, event.until, rules.calendar) > FAR * own:
        stage = rules.ladder.stage(challenge.stage).label
        raise Unfit(f"That is more than {FAR} times as long as {stage} gives ({so_many(own, 'working days')}).", do, "sure")


def own_working_days(rules: Rules, challenge: Challenge, now: datetime) -> int | None:
    """How many working days the present stage's own window would have, counted from `now`; None where its ladder says none."""
    stage = rules.ladder.stage(challenge.stage)
    completing = challenge.phase is Phase.COMPLETING and stage.complete_within
    within = completing or stage.respond_within
    length = within.length or within.at_most or dict(within.by_priority).get(challenge.priority)
    if length is None:
        return None
    due = promise_from_instant(length, now, rules.calendar).due
    return max(1, working_days_between(local_date(now), due, rules.calendar))


def remember_extension(turn: DecisionBuilder, before: Window, after: Window) -> None:
    """Remember what is needed to take an extension of a running window back; the first edition of the rules did not."""
    if turn.challenge.phase in STAYS and turn.rules.edition is not Edition.FIRST:
        given = ExtensionGiven(after.key, before.promise, before.on_close, turn.by.person, local_date(turn.at))
        turn.change(extension=given)


def extended_window(challenge: Challenge) -> Window | None:
    """The window whose extension may still be taken back: it asks the present stage's people, and runs."""
    given, main = challenge.extension, challenge.main_window()
    if given is None or main is None or main.key != given.window or challenge.phase not in STAYS:
        return None
    return main if main.is_open and main.held_since is None else None


def an_extension_stands(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Was another date given, on which nothing has been built yet?"""
    if extended_window(challenge) is not None:
        return None
    return NotOpen("No other date was given that could be taken back.", "Give another date, or take it higher.")


def is_theirs_today(rules: Rules, challenge: Challenge, actor: Actor, today: date) -> NotOpen | NotYours | None:
    """Did this person give it, today (Europe/London), and is the earlier date at least one working day off?"""
    given = challenge.extension
    if given is None:
        return an_extension_stands(rules, challenge)
    if given.person != actor.person:
        return NotYours("Only whoever gave this date takes it back.", "Ask them, or give another date.")
    if given.on != today:
        return NotOpen("A date is taken back on the day on which it was given.", "Let it stand, or take the challenge higher.")
    dated = not given.promise.is_without_date
    if dated and working_days_between(today, given.promise.due, rules.calendar) < 1:
        said = f"The earlier date, {long_date(given.promise.due)}, is less than a working day off."
        return NotOpen(said, "Nobody could meet it: let the present date stand, or take the challenge higher.")
    return None


def take_extension_back(turn: DecisionBuilder, event: ExtensionTakenBack) -> None:
    """The earlier promise holds again, and those who still owe an answer are told."""
    given, window = turn.challenge.extension, extended_window(turn.challenge)
    assert given is not None
    assert window is not None
    earlier = "" if given.promise.is_without_date else given.promise.due.isoformat()
    turn.note_event(event, {"was": window.promise.due.isoformat(), "until": earlier})
    policy = NoReply.PROMPT if window.climb_waits and given.on_close is NoReply.ESCALATE else given.on_close
    moved = move_promise(turn, altered(window, on_close=policy), given.promise)
    turn.change(extension=None)
    waiting = [asked.party for asked in moved.asked if not asked.answered_at]
    turn.tell(NotificationKind.EXTENSION_TAKEN_BACK, waiting, window=moved.key)


def forget_used_extension(turn: DecisionBuilder, before: Challenge, act: Act) -> None:
    """An extension is no longer to be taken back once those asked have acted, a meeting is booked, or its date has moved."""
    given = turn.challenge.extension
    if given is None or given != before.extension:
        return
    window, was = turn.challenge.window(given.window), before.window(given.window)
    moved = window is None or was is None or window.promise != was.promise
    if moved or act.by.parts & THOSE_ASKED or isinstance(act.event, MeetingArranged | MeetingHeld):
        turn.change(extension=None)


def forget_spent_extension(turn: DecisionBuilder) -> None:
    """Forget an extension whose window has closed, or that is of another stay."""
    if turn.challenge.extension is not None and extended_window(turn.challenge) is None:
        turn.change(extension=None)
