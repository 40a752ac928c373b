"""Decides a challenge again from its own timeline, under its own rules, and finds the first entry that differs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import Any

from workflows.decision.decide import decide, decide_raise, move_ladder
from workflows.decision.decision_builder import Decision, NotificationNeed, TimelineEntry
from workflows.decision.off_ladder_events import STATEMENT
from workflows.decision.raising import SKIPPED
from workflows.decision.windows import next_due
from workflows.model.actor import THE_SERVICE, Act, Actor
from workflows.model.authority import Edition, Rules
from workflows.model.challenge import Challenge, Facts
from workflows.model.events import Corrected, Event, LadderMoved, WindowClosed
from workflows.model.refusals import Refused
from workflows.proofs.replay_events import event_of

_FOLLOWS = ("window_opened", "window_closed", STATEMENT, SKIPPED)
"""Kinds that only ever follow from something, though one of them shares its name with an event of the service's own."""


@dataclass(frozen=True)
class RecordedEntry:
    """One entry as the timeline has it. `words` are empty where they were erased (`had_words` then says so)."""

    number: int
    kind: str
    at: datetime
    stage: str
    sequence: int
    visible: str
    facts: Mapping[str, Any]
    words: Mapping[str, str]
    had_words: bool
    is_by_service: bool
    edition: int = Edition.FIRST
    """The edition of the rules that it was decided under."""

    def rules_then(self, rules: Rules) -> Rules:
        """The same procedure, in the edition that this entry was decided under. Raises ReplayDiffers for one not known here."""
        if self.edition not in list(Edition):
            reason = f"it was decided under edition {self.edition} of the rules, which this release does not know"
            raise ReplayDiffers(self.number, reason)
        return replace(rules, edition=Edition(self.edition))


class ReplayDiffers(Exception):
    """What the rules decide is not what the record says. `number`: the first entry at which they part."""

    def __init__(self, number: int, said: str) -> None:
        super().__init__(f"entry {number}: {said}")
        self.number, self.said = number, said


Who = Callable[[RecordedEntry, Challenge | None], Actor]
"""Who brought an entry, and what they were on the challenge as it stood."""


@dataclass(frozen=True)
class ReplayedTimeline:
    """What a timeline decides when it is decided again: the challenge as it then stands, and whom it needed to be told what."""

    challenge: Challenge
    needs: tuple[NotificationNeed, ...]


def replay_timeline(
    rules: Rules,
    entries: Sequence[RecordedEntry],
    facts: Facts | None,
    who: Who,
    moved_to: Callable[[str], Rules],
    until: datetime | None = None,
) -> ReplayedTimeline:
    """Decide every event again, in order, each under the edition of the rules that it was decided under.

    `rules`: those it was raised under; `moved_to`: other rules by a ladder's hash.
    `facts` are the child's when it was raised (None: no child, no team). `until`: the moment (aware UTC) up to which windows
    were looked at since the last entry; what closed by then leaves no entry, such as a reminder. Raises ReplayDiffers.
    """
    if not entries or entries[0].kind != "raised":
        raise ReplayDiffers(1, "a timeline begins with what was raised")
    first = entries[0]
    about_child = bool(first.facts.get("about_child"))

    def raise_again(event: Event) -> Decision:
        return decide_raise(first.rules_then(rules), Act(event, who(first, None)), facts, (), first.at, about_child).decision

    needs: list[NotificationNeed] = []
    place, decision = _replay_event(entries, 0, raise_again)
    while place < len(entries):
        entry, challenge = entries[place], decision.challenge
        needs += decision.tellings
        if entry.kind in _FOLLOWS or _event(entries, place) is None:
            decision = _pass_date(rules, challenge, entry)
            place = _match_record(entries, place, decision)
            continue
        by = THE_SERVICE if entry.is_by_service else who(entry, challenge)
        to = moved_to(str(entry.facts["ladder_hash"])) if entry.kind == LadderMoved.type else None
        place, decision = _replay_event(entries, place, partial(_bring, entry, rules, to, challenge, by))
        rules = to or rules
    needs += decision.tellings
    challenge = decision.challenge
    while until is not None and (due := next_due(challenge, until)) is not None:
        moment = max(due.acts_at, challenge.last_at or due.acts_at)
        closed = WindowClosed(due.key.sequence, due.key.kind.value, due.key.n)
        decision = decide(rules, challenge, Act(closed, THE_SERVICE), moment)
        if decision.entries or decision.is_nothing:
            break  # not looked at yet: the next sweep writes it down
        needs += decision.tellings
        challenge = decision.challenge
    return ReplayedTimeline(challenge, tuple(needs))


def _replay_event(entries: Sequence[RecordedEntry], place: int, decided: Callable[[Event], Decision]) -> tuple[int, Decision]:
    """Decide the event of one entry again and compare it with the record. Where words were erased, try with few and with all."""
    entry = entries[place]
    erased = entry.had_words and not entry.words
    for every in (False, True) if erased else (False,):
        event = _event(entries, place, every)
        assert event is not None
        try:
            decision = decided(event)
            return _match_record(entries, place, decision), decision
        except Refused as refusal:
            unlike = ReplayDiffers(entry.number, f"it is refused now: {refusal}")
        except ReplayDiffers as fault:
            unlike = fault
    raise unlike


def _event(entries: Sequence[RecordedEntry], place: int, every: bool = False) -> Event | None:
    entry = entries[place]
    facts, words = dict(entry.facts), dict(entry.words)
    after = entries[place + 1] if place + 1 < len(entries) else None
    if after is not None and after.kind in (STATEMENT, SKIPPED):
        facts |= after.facts
        words |= after.words
    return event_of(entry.kind, facts, words, entry.had_words, every)


def _pass_date(rules: Rules, challenge: Challenge, entry: RecordedEntry) -> Decision:
    """Decide what followed as the first window closed whose time had come at the entry's moment. Raises ReplayDiffers."""
    window = next_due(challenge, entry.at)
    if window is None:
        raise ReplayDiffers(entry.number, f"`{entry.kind}` is recorded, and no window had come to its time")
    key = window.key
    return _bring(entry, rules, None, challenge, THE_SERVICE, WindowClosed(key.sequence, key.kind.value, key.n))


def _bring(entry: RecordedEntry, rules: Rules, to: Rules | None, challenge: Challenge, by: Actor, event: Event) -> Decision:
    """Decide an event again at the moment of its entry, under the edition of that time. Raises Refused."""
    if to is not None and isinstance(event, LadderMoved):
        act = Act(replace(event, ladder_hash=""), by)
        return move_ladder(entry.rules_then(rules), entry.rules_then(to), challenge, act, entry.at)
    return decide(entry.rules_then(rules), challenge, Act(event, by), entry.at)


def _match_record(entries: Sequence[RecordedEntry], place: int, decision: Decision) -> int:
    """Compare what was decided with the record, entry by entry. Gives where the record goes on; raises ReplayDiffers."""
    if not decision.entries:
        raise ReplayDiffers(entries[place].number, f"nothing is decided where `{entries[place].kind}` is recorded")
    for at, decided in enumerate(decision.entries, start=place):
        if at >= len(entries):
            raise ReplayDiffers(len(entries) + 1, f"`{decided.kind}` is decided and not recorded")
        if difference := _difference(entries[at], decided):
            raise ReplayDiffers(entries[at].number, difference)
    return place + len(decision.entries)


def _difference(recorded: RecordedEntry, decided: TimelineEntry) -> str:
    """In what an entry as recorded is not the one decided again; empty where they are the same."""
    if recorded.kind != decided.kind:
        return f"`{recorded.kind}` is recorded where `{decided.kind}` is decided"
    for name in ("at", "stage", "sequence", "edition"):
        if getattr(recorded, name) != getattr(decided, name):
            return f"`{recorded.kind}` has {name} {getattr(recorded, name)} where {getattr(decided, name)} is decided"
    # Who reads a correction follows from what it corrects, where it is kept.
    if recorded.kind != Corrected.type and recorded.visible != decided.visible.value:
        return f"`{recorded.kind}` is for {recorded.visible} where {decided.visible.value} is decided"
    # What else was open for the child that day is not on this timeline.
    facts, kept = (_compared(entry.facts) for entry in (decided, recorded))
    if kept != facts:
        parted = sorted(name for name in {*kept, *facts} if kept.get(name) != facts.get(name))
        return f"`{recorded.kind}` has another {parted[0]} than is decided"
    if recorded.words and dict(recorded.words) != {name: text for name, text in decided.words.items() if text}:
        return f"`{recorded.kind}` has other words than its event"
    return ""


def _compared(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an entry as they are compared: before 0.2 held windows stand in the order in which they were read."""
    return {name: sorted(value) if name == "windows" else value for name, value in facts.items() if name != "prompts"}


def first_difference(replayed: Challenge, kept: Challenge) -> str:
    """The first thing in which a challenge as kept is not the one that was decided again; empty where they are the same."""
    for field in fields(Challenge):
        here, there = getattr(replayed, field.name), getattr(kept, field.name)
        if field.name == "windows":
            here, there = (sorted(windows, key=lambda window: window.key) for windows in (here, there))
        if here != there:
            return field.name.replace("_", " ")
    return ""
