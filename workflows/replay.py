"""Decides a challenge again from its own timeline, under its own rules, and says where the record and the rules part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from workflows.beside import STATEMENT
from workflows.challenge import Challenge, Facts
from workflows.decide import decide, decide_raise, move_ladder
from workflows.events import Corrected, Event, LadderMoved, Raised, WindowClosed
from workflows.permits import THE_SERVICE, Act, Actor
from workflows.procedure import Rules
from workflows.refusals import Refused
from workflows.retold import event_of
from workflows.turn import Decision, Entry
from workflows.windows import next_due

_FOLLOWS = ("window_opened", "window_closed", STATEMENT)
"""Kinds that only ever follow from something, though one of them shares its name with an event of the service's own."""


@dataclass(frozen=True)
class Recorded:
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


class Unlike(Exception):
    """What the rules decide is not what the record says. `number`: the first entry at which they part."""

    def __init__(self, number: int, said: str) -> None:
        super().__init__(f"entry {number}: {said}")
        self.number, self.said = number, said


Who = Callable[[Recorded, Challenge | None], Actor]
"""Who brought an entry, and what they were on the challenge as it stood."""


def replay(
    rules: Rules, entries: Sequence[Recorded], facts: Facts | None, who: Who, moved_to: Callable[[str], Rules]
) -> Challenge:
    """Decide every event again, in order. `rules`: those it was raised under; `moved_to`: other rules by a ladder's hash.

    `facts` are the child's when it was raised (None: no child, no team). Raises Unlike.
    """
    if not entries or entries[0].kind != "raised":
        raise Unlike(1, "a timeline begins with what was raised")
    first = entries[0]
    raised = _event(entries, 0)
    assert isinstance(raised, Raised)
    about_child = bool(first.facts.get("about_child"))
    try:
        decision = decide_raise(rules, Act(raised, who(first, None)), facts, (), first.at, about_child).decision
    except Refused as refusal:
        raise Unlike(1, f"it is refused now: {refusal}") from refusal
    place = _same(entries, 0, decision)
    challenge = decision.challenge
    while place < len(entries):
        entry = entries[place]
        event = None if entry.kind in _FOLLOWS else _event(entries, place)
        if event is None:
            decision = _closed(rules, challenge, entry)
        else:
            by = THE_SERVICE if entry.is_by_service else who(entry, challenge)
            to = moved_to(event.ladder_hash) if isinstance(event, LadderMoved) else None
            decision = _brought(entry, rules, to, challenge, event, by)
            rules = to or rules
        place = _same(entries, place, decision)
        challenge = decision.challenge
    return challenge


def _event(entries: Sequence[Recorded], place: int) -> Event | None:
    entry = entries[place]
    facts, words = dict(entry.facts), dict(entry.words)
    after = entries[place + 1] if place + 1 < len(entries) else None
    if after is not None and after.kind == STATEMENT:
        facts |= after.facts
        words |= after.words
    return event_of(entry.kind, facts, words, entry.had_words)


def _closed(rules: Rules, challenge: Challenge, entry: Recorded) -> Decision:
    """What followed from a date that passed: every window whose time had come by the entry's own moment."""
    window = next_due(challenge, entry.at)
    if window is None:
        raise Unlike(entry.number, f"`{entry.kind}` is recorded, and no window had come to its time")
    key = window.key
    return _brought(entry, rules, None, challenge, WindowClosed(key.sequence, key.kind.value, key.n), THE_SERVICE)


def _brought(entry: Recorded, rules: Rules, to: Rules | None, challenge: Challenge, event: Event, by: Actor) -> Decision:
    """The same event, brought again at its own moment."""
    try:
        if to is not None and isinstance(event, LadderMoved):
            return move_ladder(rules, to, challenge, Act(replace(event, ladder_hash=""), by), entry.at)
        return decide(rules, challenge, Act(event, by), entry.at)
    except Refused as refusal:
        raise Unlike(entry.number, f"it is refused now: {refusal}") from refusal


def _same(entries: Sequence[Recorded], place: int, decision: Decision) -> int:
    """Hold what was decided against the record, entry by entry; gives where the record goes on."""
    if not decision.entries:
        raise Unlike(entries[place].number, f"nothing is decided where `{entries[place].kind}` is recorded")
    for made in decision.entries:
        if place >= len(entries):
            raise Unlike(len(entries) + 1, f"`{made.kind}` is decided and not recorded")
        if said := _unlike(entries[place], made):
            raise Unlike(entries[place].number, said)
        place += 1
    return place


def _unlike(recorded: Recorded, made: Entry) -> str:
    if recorded.kind != made.kind:
        return f"`{recorded.kind}` is recorded where `{made.kind}` is decided"
    for name in ("at", "stage", "sequence"):
        if getattr(recorded, name) != getattr(made, name):
            return f"`{recorded.kind}` has {name} {getattr(recorded, name)} where {getattr(made, name)} is decided"
    # Who reads a correction follows from what it corrects, where it is kept.
    if recorded.kind != Corrected.type and recorded.visible != made.visible.value:
        return f"`{recorded.kind}` is for {recorded.visible} where {made.visible.value} is decided"
    # What else was open for the child that day is not on this timeline.
    facts = {name: value for name, value in made.facts.items() if name != "prompts"}
    kept = {name: value for name, value in recorded.facts.items() if name != "prompts"}
    if kept != facts:
        parted = sorted(name for name in {*kept, *facts} if kept.get(name) != facts.get(name))
        return f"`{recorded.kind}` has another {parted[0]} than is decided"
    if recorded.words and dict(recorded.words) != {name: text for name, text in made.words.items() if text}:
        return f"`{recorded.kind}` has other words than its event"
    return ""


def differs(replayed: Challenge, kept: Challenge) -> str:
    """The first thing in which a challenge as kept is not the one that was decided again; empty where they are the same."""
    for field in fields(Challenge):
        here, there = getattr(replayed, field.name), getattr(kept, field.name)
        if field.name == "windows":
            here, there = (tuple(sorted(one, key=lambda window: window.key)) for one in (here, there))
        if here != there:
            return field.name.replace("_", " ")
    return ""
