"""What presses on one person about one challenge: theirs to consider, to answer, to check; waiting for others; past the date."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum

from workflows.model.actor import Actor, Part
from workflows.model.challenge import ASKS_RECIPIENTS, Challenge, ClosedAs, Phase, Window, WindowKind
from workflows.model.ladder import RAISER


class TaskKind(IntEnum):
    """What it is, in the order in which it presses."""

    RELEASE = 0
    """Windows held after an outage wait for the IRO manager."""
    CONSIDER = 1
    """The IRO (or another judge) says what comes next."""
    ANSWER = 2
    ENDORSE = 3
    ARRANGE = 4
    """A meeting is to be booked."""
    RECORD = 5
    """A meeting's outcome is to be written down."""
    TELL = 6
    """Everyone above is to be told of a referral to Cafcass."""
    WAIT_PAST = 7
    """Others were asked by the raiser, and the date has passed."""
    WAIT = 8
    """Others were asked by the raiser, and the date is to come."""
    CHECK = 9
    """An agreed action has come to its date, or will."""
    LOOK_AGAIN = 10
    """A follow-up: what changed for the child."""
    SETTLE = 11
    """A talk that was logged without a clock: settle it, or make it formal."""
    WATCH = 12
    """What the IRO chose for a tracked case: to look at its file, to hold an early review."""
    MID_POINT = 13
    """Half-way between two reviews: the decisions to look through, the child to be in contact with."""


@dataclass(frozen=True)
class PersonalTask:
    """One thing that presses: by when (Europe/London; None: no date), and whether that has passed."""

    task: TaskKind
    due: date | None
    is_late: bool

    def order(self) -> tuple[int, date]:
        """Sorts by what presses: the kind of task, then the date."""
        return self.task, self.due or date.max


def tasks_of(challenge: Challenge, actor: Actor, now: datetime) -> tuple[PersonalTask, ...]:
    """Everything that presses on this person about this challenge at `now` (aware UTC), the most pressing first."""
    if challenge.is_sealed:
        return ()
    found = [_of(task, window, now) for window in challenge.open_windows() for task in _tasks(challenge, window, actor, now)]
    if Part.RAISER in actor.parts:
        found += [_of(TaskKind.CHECK, window, now) for window in challenge.windows if is_left_open(window)]
    if Part.IRO_MANAGER in actor.parts and any(window.held_since for window in challenge.open_windows()):
        found.append(PersonalTask(TaskKind.RELEASE, None, False))
    if challenge.to_tell and Part.TELLER in actor.parts:
        found.append(PersonalTask(TaskKind.TELL, None, False))
    if Part.RAISER in actor.parts and challenge.is_open and challenge.phase is Phase.ASKING and not _judged_by_a_date(challenge):
        found.append(PersonalTask(TaskKind.SETTLE, None, False))
    return tuple(sorted(dict.fromkeys(found), key=PersonalTask.order))


def is_left_open(window: Window) -> bool:
    """Is it an action of which nobody said, when asked, whether it was done? It presses until somebody does."""
    return window.key.kind is WindowKind.ACTION and window.closed_as is ClosedAs.NOT_RECORDED


def _judged_by_a_date(challenge: Challenge) -> bool:
    return any(window.key.kind is WindowKind.JUDGEMENT for window in challenge.open_windows())


def _of(task: TaskKind, window: Window, now: datetime) -> PersonalTask:
    dated = not window.promise.is_without_date
    return PersonalTask(task, window.promise.due if dated else None, dated and window.is_late(now))


def _records(window: Window, actor: Actor) -> bool:
    """Has the meeting been held, and is its outcome theirs to write down? Then the window has become theirs."""
    if window.owner.role == RAISER:
        return Part.RAISER in actor.parts
    return Part.RECORDER in actor.parts and actor.stands_for(window.owner)


def _tasks(challenge: Challenge, window: Window, actor: Actor, now: datetime) -> Iterator[TaskKind]:
    kind, raises = window.key.kind, Part.RAISER in actor.parts
    if kind in ASKS_RECIPIENTS:
        if any(actor.stands_for(asked.party) and asked.answered_at is None for asked in window.asked):
            yield TaskKind.ANSWER
        to_book = kind is WindowKind.MEETING and challenge.meeting_at is None
        if to_book and Part.ARRANGER in actor.parts:
            yield TaskKind.ARRANGE
        if kind is WindowKind.MEETING and not to_book and _records(window, actor):
            yield TaskKind.RECORD
        elif raises:
            yield TaskKind.WAIT_PAST if window.is_late(now) and not window.promise.is_without_date else TaskKind.WAIT
    elif kind is WindowKind.JUDGEMENT:
        mine = any(asked.party.role == RAISER for asked in window.asked) and raises
        if mine or Part.JUDGE in actor.parts:
            yield TaskKind.CONSIDER
    elif kind is WindowKind.ENDORSEMENT and Part.ENDORSER in actor.parts:
        yield TaskKind.ENDORSE
    elif kind is WindowKind.COMPLETION and raises:
        yield TaskKind.WAIT_PAST if window.is_late(now) else TaskKind.WAIT
    elif kind is WindowKind.ACTION and raises:
        yield TaskKind.CHECK
    elif kind is WindowKind.FOLLOW_UP and raises:
        yield TaskKind.LOOK_AGAIN
    elif kind in (WindowKind.LOOK_AT_FILE, WindowKind.EARLY_REVIEW) and raises:
        yield TaskKind.WATCH
    elif kind is WindowKind.MID_POINT and raises:
        yield TaskKind.MID_POINT
