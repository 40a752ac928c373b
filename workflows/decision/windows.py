"""Windows: opened with a promise, closed by an answer, a passed date or an end; held after an outage, released by name."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from heapq import heapify, heappop, heappush

from workflows.calendar import working_days
from workflows.calendar.working_days import Length, LengthUnit, Promise
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.model.altered import altered
from workflows.model.authority import Capacity, Rules
from workflows.model.challenge import (
    ASKS_RECIPIENTS,
    OUTLIVE_CLOSING,
    THE_RAISER,
    AskedParty,
    Challenge,
    ClosedAs,
    Party,
    Window,
    WindowKey,
    WindowKind,
)
from workflows.model.events import WindowsHeld, WindowsReleased
from workflows.model.ladder import Choice, CountedFrom, Need, NoReply, Stage, Within
from workflows.model.refusals import NotOpen, Unfit

FEWEST_DAYS_REMINDED = 3
"""Of how many working days a promise must be for a reminder to come half-way by itself."""

ONE_DAY = Length(1, LengthUnit.WORKING_DAYS)
"""How long an item waits for the IRO after a late reply, or where two stages one after the other were not reached."""


def count_promise(turn: DecisionBuilder, length: Length, counts_from: date | None = None) -> Promise:
    """Count `length` from the local date `counts_from`; None: from the day of the act.

    Hours always run from the act; so do days that would be over already, because nobody's time passes before they are asked.
    """
    from_the_act = working_days.promise_from_instant(length, turn.at, turn.rules.calendar)
    if counts_from is None or length.unit is LengthUnit.HOURS:
        return from_the_act
    counted_on = working_days.promise_from_date(length, counts_from, turn.rules.calendar)
    return counted_on if counted_on.closes_at > turn.at else from_the_act


def promise_of_window(turn: DecisionBuilder, within: Within, counts_from: date | None, named: date | None, field: str) -> Promise:
    """The promise that a stage's window makes, with no date where it has none. Raises Unfit for a missing or unfit date."""
    if within.none_because:
        return working_days.without_date(working_days.local_date(turn.at), turn.rules.calendar)
    if within.set_by_raiser:
        if named is None:
            raise Unfit("At this stage the raiser names the date.", "Say by when an answer is wanted.", field)
        promise = named_date(turn, named, field)
        if within.at_most and count_promise(turn, within.at_most).due < named:
            limit = working_days.long_date(count_promise(turn, within.at_most).due)
            raise Unfit(f"That is later than this procedure allows ({within.at_most}).", f"Name a day up to {limit}.", field)
        return promise
    if within.by_priority:
        lengths = dict(within.by_priority)
        if turn.challenge.priority not in lengths:
            raise Unfit("Here the time to answer depends on the priority.", f"Say which: {', '.join(lengths)}.", "priority")
        return count_promise(turn, lengths[turn.challenge.priority], counts_from)
    assert within.length is not None
    return count_promise(turn, within.length, counts_from)


def reply_promise(turn: DecisionBuilder, stage: Stage, counts_from: date | None, named: date | None) -> Promise:
    """The promise of a stage's own window, counted from what its procedure counts from.

    An event such as "the review" counts if its day is known and does not put the date in the past; else the sending does.
    """
    happened = {**dict(turn.challenge.happened), "raising": working_days.local_date(turn.challenge.raised_at)}
    day = happened.get(stage.counted_from_event)
    if day is not None and stage.respond_within.length is not None and stage.respond_within.length.unit is not LengthUnit.HOURS:
        promise = count_promise(turn, stage.respond_within.length, day)
        if promise.due >= working_days.local_date(turn.at):
            return promise
    return promise_of_window(turn, stage.respond_within, counts_from, named, "respond_by")


def named_date(turn: DecisionBuilder, named: date, field: str) -> Promise:
    """A date that a person named: today or later, and not absurdly far."""
    today = working_days.local_date(turn.at)
    if named < today:
        raise Unfit(f"{working_days.long_date(named)} has passed.", "Name today or a later day.", field)
    if named > today + timedelta(days=730):
        raise Unfit(f"{working_days.long_date(named)} is more than two years away.", "Name a nearer day.", field)
    return working_days.promise_on(named, today, turn.rules.calendar)


def check_day_has_come(turn: DecisionBuilder, day: date, do: str, field: str = "on") -> None:
    """Raise Unfit for a day on which nothing can have been done yet. `do`: what is to be done instead."""
    if day > working_days.local_date(turn.at):
        raise Unfit("That day is still to come.", do, field)


def acts_at_of_promise(rules: Rules, promise: Promise) -> datetime:
    """When a passed date is acted on (UTC): the authority's hour on the next working day; hours, when they elapse."""
    if promise.is_without_date:
        return promise.closes_at
    return working_days.acts_at(promise, rules.calendar, rules.authority.acts_at)


def open_window(
    turn: DecisionBuilder,
    kind: WindowKind,
    owner: Party,
    promise: Promise,
    *,
    asked: tuple[Party, ...] = (),
    answer: Need = Need.ALL,
    on_close: NoReply = NoReply.NOTHING,
    parent: WindowKey | None = None,
    acts: datetime | None = None,
) -> Window:
    """Open a window of the present stay and note its promise."""
    sequence = turn.challenge.sequence
    n = 1 + sum(1 for w in turn.challenge.windows if w.key.sequence == sequence and w.key.kind is kind)
    if kind is WindowKind.ACTION:
        turn.change(actions=turn.challenge.actions + 1)
        n = turn.challenge.actions
    window = Window(
        WindowKey(sequence, kind, n),
        owner,
        promise,
        acts or acts_at_of_promise(turn.rules, promise),
        turn.at,
        tuple(AskedParty(party) for party in asked),
        answer,
        on_close,
        parent,
    )
    turn.put(window)
    if kind not in (WindowKind.REMINDER, WindowKind.WARNING):
        facts = {
            "kind": kind.value,
            "n": n,
            "due": None if promise.is_without_date else promise.due.isoformat(),
            "counts_from": promise.counts_from.isoformat(),
        }
        turn.note("window_opened", facts)
    return window


def open_reply(turn: DecisionBuilder, promise: Promise, told: tuple[Party, ...], kind: WindowKind = WindowKind.REPLY) -> Window:
    """Open the window in which a stage's people answer, with its reminder and the warning before a climb."""
    stage = turn.stage
    meeting = stage.contact.meeting
    to_be_booked = meeting is not None and kind is WindowKind.MEETING and turn.challenge.meeting_at is None
    owner = Party(meeting.arranged_by) if meeting and to_be_booked else told[0]
    answer = Need.ANY if stage.to and stage.to.how is Choice.ANY else Need.ALL
    window = open_window(turn, kind, owner, promise, asked=told, answer=answer, on_close=stage.no_reply)
    remind_of(turn, window)
    return window


def remind_of(turn: DecisionBuilder, window: Window) -> None:
    """Open the reminder for the people asked, and the warning to the raiser before an escalation by itself.

    Opens neither if its time has passed.
    """
    rules, ladder = turn.rules, turn.rules.ladder
    if window.promise.is_without_date:
        return
    if window.key.kind in ASKS_RECIPIENTS | {WindowKind.COMPLETION}:
        if ladder.reminder_before:
            _remind(turn, WindowKind.REMINDER, window, _before(rules, window.promise, ladder.reminder_before))
        if half := half_way(rules, window.promise) if ladder.reminds_half_way else None:
            _remind(turn, WindowKind.REMINDER, window, half)
    if window.key.kind is WindowKind.JUDGEMENT:
        day = rules.calendar.working_day_on_or_before(window.promise.due)
        _remind(turn, WindowKind.REMINDER, window, working_days.at_local(day, rules.authority.acts_at))
    if window.on_close is NoReply.ESCALATE:
        warns = working_days.warns_at(window.promise, rules.calendar, rules.authority.warns_at)
        _remind(turn, WindowKind.WARNING, window, warns)


def half_way(rules: Rules, promise: Promise) -> datetime | None:
    """Half-way from the day that a promise counts from to its date, in working days rounded up, at the authority's hour (UTC).

    None for a promise of fewer than three working days: a reminder would come with the message that asks.
    """
    days = working_days.working_days_between(promise.counts_from, promise.due, rules.calendar)
    if days < FEWEST_DAYS_REMINDED:
        return None
    middle = working_days.promise_from_date(Length((days + 1) // 2, LengthUnit.WORKING_DAYS), promise.counts_from, rules.calendar)
    return working_days.at_local(middle.due, rules.authority.acts_at)


def _before(rules: Rules, promise: Promise, length: Length) -> datetime:
    """So long before a promise closes: hours to the minute, days at the authority's hour on a working day."""
    if length.unit is LengthUnit.HOURS:
        return promise.closes_at - timedelta(hours=length.number)
    if length.unit is LengthUnit.CALENDAR_DAYS:
        day = rules.calendar.working_day_on_or_before(promise.due - timedelta(days=length.number))
    else:
        day = rules.calendar.working_day_on_or_before(promise.due)
        for _ in range(length.number):
            day = rules.calendar.working_day_on_or_before(day - timedelta(days=1))
    return working_days.at_local(day, rules.authority.acts_at)


def _remind(turn: DecisionBuilder, kind: WindowKind, of: Window, at: datetime) -> None:
    if at > turn.at:
        day = working_days.local_date(at)
        promise = working_days.promise_on(day, min(day, of.promise.counts_from), turn.rules.calendar)
        open_window(turn, kind, of.owner, promise, parent=of.key, acts=at)


def open_judgement(turn: DecisionBuilder, within: Length | None = None, on_close: NoReply = NoReply.NOTHING) -> Window:
    """Open the window in which the stage's judges (the IRO, if nothing else is said) decide what comes next.

    `within`: how long they have; None: as long as the stage, or its ladder, says. `on_close`: what happens when they have not.
    """
    stage, ladder = turn.stage, turn.rules.ladder
    judges = tuple(Party(role) for role in stage.judged_by.roles)
    promise = count_promise(turn, within or stage.judge_within or ladder.judge_within)
    owner = THE_RAISER if THE_RAISER in judges else judges[0]
    window = open_window(turn, WindowKind.JUDGEMENT, owner, promise, asked=judges, answer=stage.judged_by.how, on_close=on_close)
    remind_of(turn, window)
    return window


def close_window(turn: DecisionBuilder, window: Window, how: ClosedAs, quietly: bool = False) -> None:
    """Close a window; what reminds of it lapses unsent."""
    turn.put(altered(window, closed_at=turn.at, closed_as=how, held_since=None))
    if not quietly and window.key.kind not in (WindowKind.REMINDER, WindowKind.WARNING):
        turn.note(
            "window_closed", {"kind": window.key.kind.value, "n": window.key.n, "sequence": window.key.sequence, "as": how.value}
        )
    lapse_children(turn, window)


def lapse_children(turn: DecisionBuilder, window: Window) -> None:
    """Reminders of a window that no longer runs lapse unsent (architecture.md rule 2)."""
    for child in turn.children(window.key):
        if child.is_open:
            turn.put(altered(child, closed_at=turn.at, closed_as=ClosedAs.LAPSED, held_since=None))


def close_stay(turn: DecisionBuilder, how: ClosedAs) -> None:
    """Close what belongs to the present stay at a stage, and what reminds lapses with it; the limit, actions and follow-ups
    run on."""
    staying = OUTLIVE_CLOSING | {WindowKind.WHOLE_PROCESS}
    for window in [w for w in turn.challenge.open_windows() if w.parent is None and w.key.kind not in staying]:
        close_window(turn, window, how)


def close_all(turn: DecisionBuilder, how: ClosedAs) -> None:
    """Close everything that an end closes: not the actions and follow-ups, which outlive it."""
    close_stay(turn, how)
    for window in [w for w in turn.challenge.open_windows() if w.key.kind is WindowKind.WHOLE_PROCESS]:
        close_window(turn, window, how)


def close_judgement(turn: DecisionBuilder, how: ClosedAs) -> None:
    """Close the judgement window, if one runs."""
    for window in [w for w in turn.challenge.open_windows() if w.key.kind is WindowKind.JUDGEMENT]:
        close_window(turn, window, how)


def next_due(challenge: Challenge, now: datetime) -> Window | None:
    """Of the windows whose time has come by `now` and that are not held, the earliest."""
    return min((w for w in challenge.windows if is_due(w, now)), key=turn_of, default=None)


def each_due(turn: DecisionBuilder, now: datetime) -> Iterator[Window]:
    """Windows whose time has come by `now`, each in its turn: what is done of one may close, open or move another.

    As `next_due` after each would give them, without looking at all of them after each: a thousand may be due at one moment.
    """
    waiting = [(turn_of(window), window.key) for window in turn.challenge.windows if is_due(window, now)]
    heapify(waiting)
    while waiting:
        place, key = heappop(waiting)
        window, looked_at = turn.window(key), len(turn.put_so_far)
        if window is None or not is_due(window, now) or turn_of(window) != place:
            continue
        yield window
        for put in turn.put_so_far[looked_at:]:
            if is_due(put, now):
                heappush(waiting, (turn_of(put), put.key))


def is_due(window: Window, now: datetime) -> bool:
    """Has its time come by `now`, and is it neither closed nor held?"""
    return window.closed_at is None and window.held_since is None and window.acts_at <= now


def turn_of(window: Window) -> tuple[datetime, int, str, int]:
    """Its place among windows that are due: the earliest first."""
    return (window.acts_at, window.key.sequence, window.key.kind, window.key.n)


def move_promise(turn: DecisionBuilder, window: Window, promise: Promise) -> Window:
    """Another date for a running window: only ever by a named act (architecture.md rule 8)."""
    moved = altered(window, promise=promise, acts_at=acts_at_of_promise(turn.rules, promise), held_since=None)
    lapse_children(turn, window)
    turn.put(moved)
    remind_of(turn, moved)
    return moved


def restart_on_acknowledgement(turn: DecisionBuilder, window: Window) -> None:
    """Where the procedure counts from acknowledgement, the first acknowledgement starts the count anew, never shorter."""
    stage = turn.stage
    if stage.counted_from is not CountedFrom.ACKNOWLEDGEMENT or window.is_late(turn.at):
        return
    if stage.respond_within.set_by_raiser:
        return
    promise = promise_of_window(turn, stage.respond_within, None, None, "")
    if promise.closes_at > window.promise.closes_at:
        moved = move_promise(turn, window, promise)
        turn.note("window_counted_from_acknowledgement", {"due": moved.promise.due.isoformat()})


def hold_windows(turn: DecisionBuilder, event: WindowsHeld) -> bool:
    """Hold every window that fell due while the service was down (architecture.md rule 5). False: there were none."""
    away = [w for w in turn.challenge.open_windows() if w.held_since is None and event.since < w.acts_at <= event.until]
    # What only reminds of a window that is not held tells late rather than never: nobody climbs unwarned.
    parents = {w.key for w in turn.challenge.open_windows() if w.held_since is not None} | {w.key for w in away}
    away = [w for w in away if w.parent is None or w.parent in parents]
    if not away:
        return False
    for window in away:
        turn.put(altered(window, held_since=event.since))
    listed = sorted([w.key.sequence, w.key.kind.value, w.key.n] for w in away)
    turn.note(
        event.type, {"since": event.since.isoformat(), "until": event.until.isoformat(), "windows": listed}, {"why": event.why}
    )
    turn.tell(NotificationKind.HELD, iro_managers(turn))
    return True


def some_are_held(rules: Rules, challenge: Challenge) -> NotOpen | None:
    """Is a window held, waiting for a named person to release it?"""
    if any(window.held_since for window in challenge.open_windows()):
        return None
    return NotOpen("No window of this item is held.", "Nothing needs releasing.")


def release_windows(turn: DecisionBuilder, event: WindowsReleased) -> None:
    """A named person lets held windows go: as due, or with the time that was lost given back."""
    held = [w for w in turn.challenge.open_windows() if w.held_since is not None]
    given = event.how == "time given back"
    dues: list[str] = []
    # A window first, then what reminds of it: a reminder of a window that moved lapses and is opened anew.
    for window in sorted(held, key=lambda w: (w.parent is not None, w.key)):
        current = turn.window(window.key)
        if current is None or not current.is_open:
            continue
        # A date that had passed and been told of before the outage lost nothing by it: it is only told again.
        if given and current.parent is None and not current.times_told:
            current = move_promise(turn, current, _given_back(turn, current))
            dues.append(current.promise.due.isoformat())
        else:
            turn.put(altered(current, held_since=None))
    turn.note(event.type, {"how": event.how, "due": dues}, {"why": event.why})


def _given_back(turn: DecisionBuilder, window: Window) -> Promise:
    """The same promise, later by what was lost from the hold until today."""
    assert window.held_since is not None
    if window.promise.length and window.promise.length.unit is LengthUnit.HOURS:
        hours = max(1, -int((window.held_since - window.promise.closes_at).total_seconds() // 3600))
        return working_days.promise_from_instant(Length(hours, LengthUnit.HOURS), turn.at, turn.rules.calendar)
    today, calendar = working_days.local_date(turn.at), turn.rules.calendar
    if window.promise.length and window.promise.length.unit is LengthUnit.CALENDAR_DAYS:
        days = (window.promise.due - working_days.local_date(window.held_since)).days
        return working_days.promise_from_date(Length(max(1, days), LengthUnit.CALENDAR_DAYS), today, calendar)
    left = working_days.working_days_between(working_days.local_date(window.held_since), window.promise.due, calendar)
    return working_days.promise_from_date(Length(max(1, left), LengthUnit.WORKING_DAYS), today, calendar)


def iro_managers(turn: DecisionBuilder) -> tuple[Party, ...]:
    """Whoever acts as the IRO manager in this authority."""
    return tuple(Party(role) for role in turn.rules.authority.roles_acting_as(Capacity.IRO_MANAGER))
