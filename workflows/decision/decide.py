"""The whole procedure as one pure function: everything else carries it."""

from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from functools import cache
from typing import Any
from unicodedata import category

from workflows.calendar.working_days import local_date
from workflows.decision import absence, escalation, extensions, off_ladder_events, raising, reaching, windows
from workflows.decision.decision_builder import Decision, DecisionBuilder, NotificationKind
from workflows.decision.event_rules import EVENT_RULES, check_may_bring, refusal_of_day
from workflows.decision.moves import moves_of
from workflows.decision.raising import RaisingPrompt
from workflows.decision.watching import WATCHED, ask_again
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE, Act
from workflows.model.altered import altered
from workflows.model.authority import Edition, Rules
from workflows.model.challenge import ASKS_RECIPIENTS, THE_RAISER, Challenge, ClosedAs, Facts, Phase, Window, WindowKind
from workflows.model.events import LONGEST_NAME, LONGEST_WORDS, Event, Raised, Words
from workflows.model.ladder import Ladder, NoReply
from workflows.model.refusals import NotOpen, Unfit


@dataclass(frozen=True)
class RaisedDecision:
    """A decision to raise, with what the procedure asked to consider."""

    decision: Decision
    prompts: tuple[RaisingPrompt, ...]


def decide_raise(
    rules: Rules, act: Act, facts: Facts | None, earlier: Sequence[e.EarlierItem], now: datetime, about_child: bool = True
) -> RaisedDecision:
    """Raise an item. `now` is an aware UTC instant; `facts` None for an item without a child or team. Raises Refused."""
    event = act.event
    assert isinstance(event, Raised)
    check_content(event)
    check_may_bring(act)
    known = facts or Facts()
    turn = DecisionBuilder(
        rules, raising.blank_challenge(rules, event, known, about_child and facts is not None, now), now, act.by
    )
    asked = raising.raise_challenge_at_stage(turn, event, earlier)
    return RaisedDecision(turn.decided(None), asked)


def decide(rules: Rules, challenge: Challenge, act: Act, now: datetime) -> Decision:
    """Decide one event at `now` (aware UTC): first whatever had closed by then, earliest first, then the event.

    A window that closes names itself: if the challenge no longer has it, or its time has not come, nothing is decided.
    Raises Refused (NotOpen, NotYours, Unfit); then nothing at all has been decided.
    """
    event = act.event
    if challenge.last_at is not None:
        now = max(now, challenge.last_at)
    turn = DecisionBuilder(rules, challenge, now, act.by)
    if isinstance(event, e.WindowsHeld):
        check_may_bring(act)
        # What had closed while the service was still there closed then, and opened what is held now.
        apply_closed_windows(turn, min(event.since, now))
        turn.at = now
        held = windows.hold_windows(turn, event)
        return _finished(turn, challenge, now) if held else turn.decided(challenge)
    if isinstance(event, e.WindowClosed):
        check_may_bring(act)
        named = next((w for w in challenge.open_windows() if is_named_by(w, event)), None)
        if named is None or named.held_since is not None or named.acts_at > now:
            return Decision(challenge, challenge, (), ())
        apply_closed_windows(turn, now)
        return _finished(turn, challenge, now)
    if isinstance(event, e.AskNotReached):
        # The caller has looked at each window in its turn: what closes at this moment besides comes after it. What only
        # reminded before it is no act of the record, and is applied again where the record alone is read.
        check_may_bring(act)
        apply_reminders(turn, now)
        turn.by = act.by
        reaching.note_ask_not_reached(turn, event)
        return _finished(turn, challenge, now)
    check_content(event)
    apply_closed_windows(turn, now)
    if EVENT_RULES[type(event)].only_while_open and not turn.challenge.is_open:
        return _finished(turn, challenge, now)
    if turn.challenge.is_sealed:
        raise NotOpen("This was recorded in error and is sealed.", "Nothing more can be done on it.")
    check_may_bring(act)
    check_open(rules, turn.challenge, event)
    if refusal := refusal_of_day(type(event), rules, turn.challenge, act.by, local_date(now)):
        raise refusal
    if absence.ends_for_absent(event) and (missing := absence.second_name_missing(turn.challenge, act.by)):
        raise missing
    does = EVENT_RULES[type(event)].does
    assert does is not None, "it is decided by a way of its own"
    turn.by, stood = act.by, turn.challenge
    does(turn, event)
    extensions.forget_used_extension(turn, stood, act)
    absence.forget_second_name(turn, event)
    return _finished(turn, challenge, now)


def move_ladder(rules: Rules, to: Rules, challenge: Challenge, act: Act, now: datetime) -> Decision:
    """A named person moves a running challenge to another version, at a stage of it; its promised dates stay."""
    event = act.event
    assert isinstance(event, e.LadderMoved)
    check_content(event)
    now = max(now, challenge.last_at or now)
    turn = DecisionBuilder(rules, challenge, now, act.by)
    apply_closed_windows(turn, now)
    check_may_bring(act)
    check_open(rules, turn.challenge, event)
    turn.by = act.by
    if rules.edition is not Edition.FIRST:
        check_moves_on(rules.ladder, to.ladder, turn.challenge.stage, event.stage)
    exist = [stage.key for stage in to.ladder.stages_for(turn.challenge.item_type)]
    if event.stage not in exist or f"{event.stage}.{turn.challenge.phase}" not in moves_of(to.ladder).states():
        known = ", ".join(exist)
        raise Unfit(
            f"Version {to.ladder.version} has no stage `{event.stage}` at which this could stand.",
            f"Name one of: {known}.",
            "stage",
        )
    if not to.ladder.suits_priority(turn.challenge.priority):
        raise Unfit(
            f"Version {to.ladder.version} gives time by priority, and this has none of its priorities.",
            "Name a version that does not, or raise it again.",
            "version",
        )
    turn.note_event(altered(event, ladder_hash=to.ladder.hash))
    visits = tuple(altered(v, stage=event.stage) if v.sequence == challenge.sequence else v for v in turn.challenge.visits)
    highest = turn.challenge.highest_stage
    highest = highest if to.ladder.has(highest) else event.stage
    hashes = {"ladder_hash": to.ladder.hash, "authority_hash": to.authority.hash}
    turn.change(**hashes, stage=event.stage, visits=visits, highest_stage=highest, extension=None)
    turn.rules = to
    turn.tell(NotificationKind.LADDER_MOVED, [THE_RAISER])
    return _finished(turn, challenge, now)


def check_moves_on(here: Ladder, there: Ladder, stage: str, to: str) -> None:
    """Raise Unfit for a move to the same version, or down: another version is never a way back (rule 13)."""
    if there.hash == here.hash:
        raise Unfit(f"It stands under version {there.version_in_words} already.", "Name another version.", "version")
    if there.has(to) and formal_position(there, to) < formal_position(here, stage):
        raise Unfit(
            "That would take it down, and another version is never a way down.", "Name a stage that is no lower.", "stage"
        )


def formal_position(ladder: Ladder, stage: str) -> int:
    """A stage's place among the formal stages of its ladder, from 1; an informal one is 0."""
    formal = [one.key for one in ladder.stages if not one.informal]
    return formal.index(stage) + 1 if stage in formal else 0


def check_open(rules: Rules, challenge: Challenge, event: Event) -> None:
    """Raise NotOpen (or Unfit) unless such an event is open on a challenge as it stands."""
    refusal = EVENT_RULES[type(event)].refusal(rules, challenge)
    if refusal is not None:
        raise refusal


def _finished(turn: DecisionBuilder, before: Challenge, now: datetime) -> Decision:
    decision = turn.decided(before)
    if not decision.is_nothing:
        extensions.forget_spent_extension(turn)
        turn.change(last_at=now)
        return turn.decided(before)
    return decision


def is_named_by(window: Window, event: e.WindowClosed) -> bool:
    """Is it this window that the event says has closed?"""
    key = window.key
    return (key.sequence, key.kind.value, key.n) == (event.sequence, event.kind, event.n)


def apply_closed_windows(turn: DecisionBuilder, now: datetime) -> None:
    """Apply every window whose time had come by `now`, earliest first, each as of its own moment (architecture.md rule 1)."""
    actor = turn.by
    turn.by = THE_SERVICE
    for window in windows.each_due(turn, now):
        turn.at = max(window.acts_at, turn.challenge.last_at or window.acts_at)
        act_on_passed_date(turn, window)
        turn.change(last_at=turn.at)
    turn.at, turn.by = now, actor


def apply_reminders(turn: DecisionBuilder, now: datetime) -> None:
    """Apply every reminder whose time had come before `now`: they tell, and move nothing."""
    quiet = (WindowKind.REMINDER, WindowKind.WARNING)
    while due := [
        window
        for window in turn.challenge.open_windows()
        if window.key.kind in quiet and window.held_since is None and window.acts_at < now
    ]:
        window = min(due, key=lambda one: (one.acts_at, one.key))
        actor, at = turn.by, turn.at
        turn.at, turn.by = window.acts_at, THE_SERVICE
        _reminded(turn, window)
        turn.at, turn.by = at, actor


def act_on_passed_date(turn: DecisionBuilder, window: Window) -> None:
    """Do what the passing of a window's date does: it climbs, asks, tells, reminds."""
    kind = window.key.kind
    if kind in WATCHED or kind is WindowKind.MID_POINT:
        ask_again(turn, window)
    elif kind in ASKS_RECIPIENTS:
        escalation.act_on_reply_date(turn, window)
    elif kind is WindowKind.ENDORSEMENT:
        escalation.act_on_endorsement_date(turn, window)
    elif kind is WindowKind.COMPLETION:
        escalation.act_on_completion_date(turn, window)
    elif kind is WindowKind.JUDGEMENT and window.on_close is NoReply.ESCALATE:
        escalation.act_on_late_judgement(turn, window)
    elif kind is WindowKind.JUDGEMENT:
        off_ladder_events.remind_of_judgement(turn, window)
    elif kind is WindowKind.WHOLE_PROCESS:
        windows.close_window(turn, window, ClosedAs.DATE_PASSED)
        turn.tell(NotificationKind.WHOLE_PROCESS, [THE_RAISER], windows.iro_managers(turn), window=window.key)
    elif kind in (WindowKind.ACTION, WindowKind.FOLLOW_UP):
        off_ladder_events.ask_about_promise(turn, window)
    else:
        _reminded(turn, window)


def _reminded(turn: DecisionBuilder, window: Window) -> None:
    windows.close_window(turn, window, ClosedAs.TOLD, quietly=True)
    parent = turn.window(window.parent) if window.parent else None
    if parent is None or not parent.is_open:
        return
    waiting = [asked.party for asked in parent.asked if asked.answered_at is None]
    if window.key.kind is WindowKind.WARNING and parent.key.kind is WindowKind.JUDGEMENT:
        turn.tell(NotificationKind.WILL_CLIMB, [THE_RAISER], window=parent.key)
    elif window.key.kind is WindowKind.WARNING:
        if turn.challenge.phase is not Phase.AWAITING or not escalation.climbs_by_itself(turn.rules, turn.challenge, parent):
            return  # held, part answered, or come back undelivered: no climb is coming
        turn.note("warned", {"of": "climb", "due": parent.promise.due.isoformat()})
        turn.tell(NotificationKind.WILL_CLIMB, [THE_RAISER], window=parent.key)
    elif parent.key.kind is WindowKind.JUDGEMENT:
        turn.tell(NotificationKind.WHAT_NEXT_AGAIN, waiting or [THE_RAISER], window=parent.key)
    elif not any(asked.reminded_on == local_date(turn.at) for asked in parent.asked):  # once a day, whoever does it
        turn.note("reminded", {"due": parent.promise.due.isoformat()})
        reaching.tell_who_owes(turn, parent)


def check_content(event: Event) -> None:
    """Raise Unfit for text that is too long or holds characters that nobody can read, and for instants without a zone."""
    kind: Any = type(event)
    for name, most, is_to_be_said in _said_in(kind):
        value = getattr(event, name)
        if is_to_be_said and not value.strip() and not _may_be_blank(event):
            raise Unfit("Nothing is said here.", "Say it in a line.", name)
        _fit_value(value, most, name)


@cache
def _said_in(kind: Any) -> tuple[tuple[str, int, bool], ...]:
    """What a kind of event carries: each field, how long its text may be, and whether it must be said."""
    return tuple(
        (each.name, LONGEST_WORDS if each.type is Words else LONGEST_NAME, each.type is Words and each.default is MISSING)
        for each in fields(kind)
    )


def _may_be_blank(event: Event) -> bool:
    """Settled, with a day to look again or too early to say: what changed for the child is said then."""
    return isinstance(event, e.Resolved) and (event.look_again_on is not None or event.found == "too early")


def _fit_value(value: object, most: int, field: str) -> None:
    if isinstance(value, str):
        _fit_text(value, most, field)
    elif isinstance(value, datetime) and value.tzinfo is None:
        raise Unfit("The time has no zone.", "Write it with its offset, such as 2026-04-01T10:00:00+01:00.", field)
    elif isinstance(value, e.Chosen):
        _fit_text(value.role, LONGEST_NAME, f"{field}.role")
        _fit_text(value.person, LONGEST_NAME, f"{field}.person")
    elif isinstance(value, e.Action):
        _fit_text(value.what, LONGEST_WORDS, f"{field}.what")
    elif isinstance(value, e.ReferralStatement):
        _fit_text(value.item, LONGEST_NAME, f"{field}.item")
        _fit_text(value.words, LONGEST_WORDS, f"{field}.{value.item[:30]}")
    elif isinstance(value, tuple):
        most = e.MOST_ENTRIES if field == "includes" else 50
        if len(value) > most:
            raise Unfit("The list is too long.", f"Name at most {most:,}.", field)
        for n, item in enumerate(value):
            # A faulty action is named by its number, so that the form can show which.
            _fit_value(item, LONGEST_NAME, f"{field}.{n}" if isinstance(item, e.Action) else field)


def _is_control(mark: str) -> bool:
    """A mark that nobody can read: control, private use, unassigned, a line separator of another kind, half of a character."""
    return mark not in "\n\r\t" and category(mark) in ("Cc", "Co", "Cn", "Cs", "Zl", "Zp")


def _fit_text(text: str, most: int, field: str) -> None:
    if len(text) > most:
        raise Unfit(f"The text is longer than {most:,} characters.", "Shorten it.", field)
    if not text.replace("\r", "").replace("\n", "").isprintable() and any(_is_control(mark) for mark in text):
        raise Unfit(
            "The text holds a character that nobody can read.", "Remove it: perhaps it came with a copy from elsewhere.", field
        )
