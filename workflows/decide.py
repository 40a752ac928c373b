"""The whole procedure as one pure function: everything else carries it."""

from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from datetime import datetime
from typing import Any

from workflows import answers, beside, endings, impact, permits, raising, stages, windows
from workflows import events as e
from workflows.challenge import THE_RAISER, Challenge, Facts, Phase, Window, WindowKind
from workflows.events import LONGEST_NAME, LONGEST_WORDS, Event, Raised, Words
from workflows.machine import moves_of
from workflows.permits import THE_SERVICE, Act, Actor, may
from workflows.procedure import Rules
from workflows.raising import Prompt
from workflows.refusals import NotOpen, Unfit
from workflows.turn import Decision, Subject, Turn

_HANDLERS: dict[type[Event], Callable[[Turn, Any], None]] = {
    e.Acknowledged: answers.acknowledge,
    e.NotForMe: answers.not_for_me,
    e.Redirected: answers.redirect,
    e.ClarificationAsked: answers.ask_back,
    e.ClarificationGiven: answers.clarify,
    e.Responded: answers.respond,
    e.Judged: answers.judge,
    e.MeetingArranged: answers.arrange,
    e.MeetingHeld: answers.held,
    e.OutcomeRecorded: answers.record_outcome,
    e.EscalationHeld: stages.hold,
    e.EscalationRecalled: stages.recall,
    e.WindowExtended: stages.extend,
    e.Endorsed: stages.endorse,
    e.EndorsementDeclined: stages.decline,
    e.Resolved: endings.end,
    e.EndedUnresolved: endings.end,
    e.Overtaken: endings.end,
    e.Withdrawn: endings.end,
    e.Reopened: endings.reopen,
    e.RecordedInError: endings.seal,
    e.CopyAdded: beside.add_copy,
    e.LegalAdviceTaken: beside.legal_advice,
    e.ChildViewRecorded: beside.about_child,
    e.ChildTold: beside.about_child,
    e.AdvocateRecorded: beside.about_child,
    e.ComplaintOpened: beside.about_child,
    e.CourtTold: beside.court,
    e.ReferralConsidered: beside.consider_referral,
    e.ReferredToCafcass: beside.refer,
    e.ReferralAcknowledged: beside.follow_referral,
    e.ReferralOutcome: beside.follow_referral,
    e.ReferralTold: beside.told_of_referral,
    e.ActionDone: beside.settle_action,
    e.ActionNotDone: beside.settle_action,
    e.ImpactRecorded: impact.impact,
    e.Noted: beside.note,
    e.DocumentAttached: beside.attach,
    e.Corrected: beside.correct,
    e.DeliveryFailed: beside.delivery_failed,
    e.PostTakenOver: beside.post_taken_over,
    e.PostEmptied: beside.post_emptied,
    e.IroChanged: beside.iro_changed,
    e.ChildFactsChanged: beside.facts_changed,
    e.WindowsReleased: windows.release,
}

_ONLY_WHILE_OPEN = (e.PostTakenOver, e.PostEmptied, e.DeliveryFailed, e.IroChanged, e.ChildFactsChanged)


@dataclass(frozen=True)
class RaisedDecision:
    """A decision to raise, with what the procedure asked to consider."""

    decision: Decision
    prompts: tuple[Prompt, ...]


def decide_raise(
    rules: Rules, act: Act, facts: Facts | None, earlier: Sequence[e.Earlier], now: datetime, about_child: bool = True
) -> RaisedDecision:
    """Raise an item. `now` is an aware UTC instant; `facts` None for an item without a child or team. Raises Refused."""
    event = act.event
    assert isinstance(event, Raised)
    fit(event)
    permits.check(None, act)
    known = facts or Facts()
    turn = Turn(rules, raising.blank(rules, event, known, about_child and facts is not None, now), now, act.by)
    asked = raising.begin(turn, event, earlier)
    return RaisedDecision(turn.decided(None), asked)


def decide(rules: Rules, challenge: Challenge, act: Act, now: datetime) -> Decision:
    """Decide one event at `now` (aware UTC): first whatever had closed by then, earliest first, then the event.

    A window that closes names itself: if the challenge no longer has it, or its time has not come, nothing is decided.
    Raises Refused (NotOpen, NotYours, Unfit); then nothing at all has been decided.
    """
    event = act.event
    if challenge.last_at is not None:
        now = max(now, challenge.last_at)
    turn = Turn(rules, challenge, now, act.by)
    if isinstance(event, e.WindowsHeld):
        permits.check(challenge, act)
        # What had closed while the service was still there closed then, and opened what is held now.
        _apply_closed(turn, min(event.since, now))
        turn.at = now
        held = windows.hold(turn, event)
        return _finished(turn, challenge, now) if held else turn.decided(challenge)
    if isinstance(event, e.WindowClosed):
        permits.check(challenge, act)
        named = next((w for w in challenge.open_windows() if _is_named(w, event)), None)
        if named is None or named.held_since is not None or named.acts_at > now:
            return Decision(challenge, challenge, (), ())
        _apply_closed(turn, now)
        return _finished(turn, challenge, now)
    fit(event)
    _apply_closed(turn, now)
    if isinstance(event, _ONLY_WHILE_OPEN) and not turn.challenge.is_open:
        return _finished(turn, challenge, now)
    if turn.challenge.is_sealed:
        raise NotOpen("This was recorded in error and is sealed.", "Nothing more can be done on it.")
    permits.check(turn.challenge, act)
    turn.by = act.by
    if isinstance(event, e.Escalated):
        _escalated(turn, event)
    else:
        _HANDLERS[type(event)](turn, event)
    return _finished(turn, challenge, now)


def move_ladder(rules: Rules, to: Rules, challenge: Challenge, act: Act, now: datetime) -> Decision:
    """A named person moves a running challenge to another version, at a stage of it; its promised dates stay."""
    event = act.event
    assert isinstance(event, e.LadderMoved)
    fit(event)
    now = max(now, challenge.last_at or now)
    turn = Turn(rules, challenge, now, act.by)
    _apply_closed(turn, now)
    permits.check(turn.challenge, act)
    turn.by = act.by
    if not turn.challenge.is_open:
        raise NotOpen("It has ended.", "Open it again first.")
    if not to.ladder.has(event.stage) or f"{event.stage}.{turn.challenge.phase}" not in moves_of(to.ladder).states():
        known = ", ".join(stage.key for stage in to.ladder.stages)
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
    stages.note_event(turn, replace(event, ladder_hash=to.ladder.hash))
    visits = tuple(replace(v, stage=event.stage) if v.sequence == challenge.sequence else v for v in turn.challenge.visits)
    highest = turn.challenge.highest_stage
    highest = highest if to.ladder.has(highest) else event.stage
    hashes = {"ladder_hash": to.ladder.hash, "authority_hash": to.authority.hash}
    turn.change(**hashes, stage=event.stage, visits=visits, highest_stage=highest)
    turn.rules = to
    turn.tell(Subject.LADDER_MOVED, [THE_RAISER])
    return _finished(turn, challenge, now)


def _finished(turn: Turn, before: Challenge, now: datetime) -> Decision:
    decision = turn.decided(before)
    if not decision.is_nothing:
        turn.change(last_at=now)
        return turn.decided(before)
    return decision


def _escalated(turn: Turn, event: e.Escalated) -> None:
    if not turn.challenge.is_open:
        raise NotOpen(f"This is {turn.where()}: it climbs no more.", "Open it again first, or raise it anew.")
    stages.note_event(turn, event)
    stages.escalate(turn, event)


def _is_named(window: Window, event: e.WindowClosed) -> bool:
    key = window.key
    return (key.sequence, key.kind.value, key.n) == (event.sequence, event.kind, event.n)


def _apply_closed(turn: Turn, now: datetime) -> None:
    """Apply every window whose time had come by `now`, earliest first, each as of its own moment (DESIGN.md rule 1)."""
    actor = turn.by
    turn.by = THE_SERVICE
    while (window := windows.next_due(turn.challenge, now)) is not None:
        turn.at = max(window.acts_at, turn.challenge.last_at or window.acts_at)
        _passed(turn, window)
        turn.change(last_at=turn.at)
    turn.at, turn.by = now, actor


def _passed(turn: Turn, window: Window) -> None:
    kind = window.key.kind
    if kind in (WindowKind.REPLY, WindowKind.MEETING):
        stages.reply_passed(turn, window)
    elif kind is WindowKind.ENDORSEMENT:
        stages.endorsement_passed(turn, window)
    elif kind is WindowKind.COMPLETION:
        stages.completion_passed(turn, window)
    elif kind is WindowKind.JUDGEMENT:
        beside.told_again(turn, window)
    elif kind is WindowKind.WHOLE_PROCESS:
        windows.close(turn, window, "date passed")
        turn.tell(Subject.WHOLE_PROCESS, [THE_RAISER], windows.manager(turn), window=window.key)
    elif kind in (WindowKind.ACTION, WindowKind.FOLLOW_UP):
        beside.promise_due(turn, window)
    else:
        _reminded(turn, window)


def _reminded(turn: Turn, window: Window) -> None:
    windows.close(turn, window, "told", quietly=True)
    parent = turn.challenge.window(window.parent) if window.parent else None
    if parent is None or not parent.is_open:
        return
    waiting = [asked.party for asked in parent.asked if asked.answered_at is None]
    if window.key.kind is WindowKind.WARNING:
        if turn.challenge.phase is not Phase.AWAITING or not stages.climbs_by_itself(turn.rules, turn.challenge, parent):
            return  # held, part answered, or come back undelivered: no climb is coming
        turn.note("warned", {"of": "climb", "due": parent.promise.due.isoformat()})
        turn.tell(Subject.WILL_CLIMB, [THE_RAISER], window=parent.key)
    elif parent.key.kind is WindowKind.JUDGEMENT:
        turn.tell(Subject.WHAT_NEXT_AGAIN, waiting or [THE_RAISER], window=parent.key)
    else:
        turn.note("reminded", {"due": parent.promise.due.isoformat()})
        turn.tell(Subject.REMINDER, waiting, window=parent.key)


def fit(event: Event) -> None:
    """Raise Unfit for text that is too long or holds control characters, and for instants without a zone."""
    for each in fields(event):  # type: ignore[arg-type]
        value = getattr(event, each.name)
        if each.type is Words and each.default is MISSING and not value.strip() and not _may_be_blank(event):
            raise Unfit("Nothing is said here.", "Say it in a line.", each.name)
        _fit_value(value, LONGEST_WORDS if each.type is Words else LONGEST_NAME, each.name)


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
    elif isinstance(value, e.Said):
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
    """A control character, a line separator of another kind, or half of a character."""
    code = ord(mark)
    return (code < 32 and mark not in "\n\r\t") or code in (127, 0x2028, 0x2029) or 0xD800 <= code < 0xE000


def _fit_text(text: str, most: int, field: str) -> None:
    if len(text) > most:
        raise Unfit(f"The text is longer than {most:,} characters.", "Shorten it.", field)
    if any(_is_control(mark) for mark in text):
        raise Unfit("The text holds a control character.", "Remove it: perhaps it came with a copy from elsewhere.", field)


_MOVE_OF: dict[type[Event], str] = {
    e.Acknowledged: "acknowledge", e.NotForMe: "not_for_me", e.Redirected: "redirect",
    e.ClarificationAsked: "clarify", e.ClarificationGiven: "clarify", e.Responded: "respond", e.Judged: "judge_enough",
    e.MeetingArranged: "arrange_meeting", e.MeetingHeld: "hold_meeting", e.OutcomeRecorded: "record_outcome",
    e.EscalationHeld: "hold", e.WindowExtended: "wait_longer", e.CopyAdded: "copy_in",
    e.LegalAdviceTaken: "legal_advice", e.ChildViewRecorded: "child", e.ChildTold: "child",
    e.AdvocateRecorded: "advocate", e.ComplaintOpened: "complaint", e.CourtTold: "court",
    e.ReferralConsidered: "refer", e.ReferredToCafcass: "refer",
    e.ReferralAcknowledged: "follow_referral", e.ReferralOutcome: "follow_referral",
    e.ReferralTold: "follow_referral",
    e.Resolved: "resolve", e.EndedUnresolved: "end", e.Overtaken: "overtake", e.Withdrawn: "withdraw",
    e.ActionDone: "action", e.ActionNotDone: "action", e.ImpactRecorded: "impact", e.Noted: "note", e.Corrected: "correct",
    e.RecordedInError: "seal", e.Endorsed: "endorse", e.EndorsementDeclined: "decline",
}  # fmt: skip


def open_moves(rules: Rules, challenge: Challenge, actor: Actor) -> tuple[str, ...]:
    """The event types open to this person in this state, in the union's order: the buttons, and the text of a refusal."""
    machine = moves_of(rules.ladder).open_in(challenge.state)
    found = []
    for kind in e.EXTERNAL_TYPES:
        if may(actor, kind) and _is_open(kind, machine, rules, challenge):
            found.append(type_of(kind))
    return tuple(found)


def may_attach(rules: Rules, challenge: Challenge, actor: Actor) -> bool:
    """May this person attach a document in this state? Not among the moves, which are what JSON may bring, as raising is not."""
    return may(actor, e.DocumentAttached) and "note" in moves_of(rules.ladder).open_in(challenge.state)


def _is_open(kind: type[Event], machine: frozenset[str], rules: Rules, challenge: Challenge) -> bool:
    if kind is e.Escalated:
        return any(move.startswith(("climb_to_", "jump_to_")) for move in machine)
    if kind is e.Reopened:
        return any(move.startswith("reopen_at_") for move in machine)
    if kind is e.EscalationRecalled:
        by_itself = len(challenge.visits) > 1 and challenge.visit.how == "no_reply" and challenge.is_open
        return by_itself and f"recall_to_{challenge.visits[-2].stage}_asking" in machine
    if kind is e.WindowsReleased:
        return any(window.held_since for window in challenge.open_windows())
    if kind is e.LadderMoved:
        return challenge.is_open
    if _MOVE_OF[kind] not in machine:
        return False
    return _has_what_it_needs(kind, rules, challenge)


def _has_what_it_needs(kind: type[Event], rules: Rules, challenge: Challenge) -> bool:
    """Beyond the state: is there an action to settle, a climb to hold, a referral to follow, a looked-after child?"""
    if kind in (e.ReferralConsidered, e.ReferredToCafcass):
        under_way = challenge.referral.value in ("referred", "acknowledged")
        return challenge.about_child and challenge.facts.is_looked_after and not (under_way and kind is e.ReferredToCafcass)
    if kind in (e.ReferralAcknowledged, e.ReferralOutcome):
        return challenge.referral.value in ("referred", "acknowledged")
    if kind is e.ReferralTold:
        return bool(challenge.to_tell)
    if kind in (e.ActionDone, e.ActionNotDone):
        settled = ("done", "not done")
        return any(w.key.kind is WindowKind.ACTION and w.closed_as not in settled for w in challenge.windows)
    if kind in (e.ClarificationGiven, e.CopyAdded, e.MeetingArranged):
        return challenge.visit.sent or not challenge.visit.told
    if kind is e.EscalationHeld:
        main = challenge.main_window()
        return main is not None and main.is_open and stages.climbs_by_itself(rules, challenge, main) is not None
    if kind is e.Endorsed:
        return not challenge.visit.sent
    if kind in (e.ChildViewRecorded, e.ChildTold, e.AdvocateRecorded, e.ComplaintOpened, e.CourtTold):
        return challenge.about_child
    if kind is e.Redirected:
        main = challenge.main_window()
        return main is not None and main.is_open and main.key.kind in (WindowKind.REPLY, WindowKind.MEETING)
    return True


def type_of(kind: type[Event]) -> str:
    """The name by which an event's type is written."""
    return str(next(field.default for field in fields(kind) if field.name == "type"))  # type: ignore[arg-type]
