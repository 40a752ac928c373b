"""One turn of deciding: the challenge as it becomes, with what is to be remembered and who is to be told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from workflows.decision.moves import moves_of
from workflows.model.actor import THE_SERVICE, Actor
from workflows.model.altered import altered
from workflows.model.authority import PRESENT_EDITION, Edition, Rules
from workflows.model.challenge import Challenge, Outcome, Party, Phase, Window, WindowKey
from workflows.model.events import Event, facts_of, words_of
from workflows.model.ladder import Stage
from workflows.model.refusals import NotOpen


class EntryVisibility(StrEnum):
    """Who may read a timeline entry."""

    EVERYONE = "everyone"
    IRO_SERVICE = "iro_service"
    CHILDS_IRO = "childs_iro"
    """The child's IRO (else whoever raised it for them) and whoever covers, and nobody else of the IRO service."""
    SUPERVISION = "supervision"
    """The IRO and their manager, and nobody who covers for them."""
    SEALED = "sealed"


@dataclass(frozen=True)
class TimelineEntry:
    """One line of the timeline. `facts` are plain JSON values; `words` may be personal and are kept apart."""

    kind: str
    at: datetime
    by: Actor
    stage: str
    sequence: int
    facts: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    visible: EntryVisibility = EntryVisibility.EVERYONE
    edition: Edition = PRESENT_EDITION
    """The edition of the rules that it was decided under."""


class NotificationKind(StrEnum):
    """What a message is about: each has its own wording."""

    ASKED = "asked"
    OBSERVED = "observed"
    TO_SEND = "to_send"
    TO_ENDORSE = "to_endorse"
    REMINDER = "reminder"
    WILL_CLIMB = "will_climb"
    CLIMBED = "climbed"
    WHAT_NEXT = "what_next"
    WHAT_NEXT_AGAIN = "what_next_again"
    STILL_WAITING = "still_waiting"
    PASSED = "passed"
    ANSWERED = "answered"
    TO_JUDGE = "to_judge"
    PART_ANSWERED = "part_answered"
    LATE_ANSWER = "late_answer"
    NOT_FOR_ME = "not_for_me"
    REDIRECTED = "redirected"
    QUESTION = "question"
    CLARIFIED = "clarified"
    TO_ARRANGE = "to_arrange"
    AGREED = "agreed"
    MEETING = "meeting"
    MEETING_MOVED = "meeting_moved"
    MEETING_OFF = "meeting_off"
    OUTCOME_WANTED = "outcome_wanted"
    EXTENDED = "extended"
    EXTENSION_TAKEN_BACK = "extension_taken_back"
    COPIED = "copied"
    RECALLED = "recalled"
    ABOUT_CAFCASS = "about_cafcass"
    TELL_OF_REFERRAL = "tell_of_referral"
    ENDED = "ended"
    REOPENED = "reopened"
    ACTION_DUE = "action_due"
    FOLLOW_UP_DUE = "follow_up_due"
    WHOLE_PROCESS = "whole_process"
    CONFLICT_NOTED = "conflict_noted"
    ENDED_BY_ANOTHER = "ended_by_another"
    RAISED_BY_ANOTHER = "raised_by_another"
    LET_READ = "let_read"
    DELIVERY_FAILED = "delivery_failed"
    ASK_NOT_REACHED = "ask_not_reached"
    WILL_CLIMB_UNREACHED = "will_climb_unreached"
    TOLD_OTHERWISE = "told_otherwise"
    POST_TAKEN_OVER = "post_taken_over"
    POST_EMPTY = "post_empty"
    IRO_CHANGED = "iro_changed"
    FACTS_CHANGED = "facts_changed"
    HELD = "held"
    NOTICE = "notice"
    SCRUTINY = "scrutiny"
    THANKED = "thanked"
    QUOTE_OFFERED = "quote_offered"
    QUOTE_ANSWERED = "quote_answered"
    LADDER_MOVED = "ladder_moved"
    OVERDUE_TWICE = "overdue_twice"
    UPDATE_LATE = "update_late"
    TRACKED_DUE = "tracked_due"
    MID_POINT = "mid_point"
    REVIEW_DAY = "review_day"


@dataclass(frozen=True)
class NotificationNeed:
    """A need to tell people: one message with its true To and Cc, worded and carried by the floor above."""

    subject: NotificationKind
    to: tuple[Party, ...]
    copy: tuple[Party, ...]
    at: datetime
    stage: str
    sequence: int
    window: WindowKey | None = None


@dataclass(frozen=True)
class Decision:
    """What was decided. Nothing has happened yet: the caller stores it whole, or not at all."""

    before: Challenge | None
    challenge: Challenge
    entries: tuple[TimelineEntry, ...]
    tellings: tuple[NotificationNeed, ...]

    @property
    def opened(self) -> tuple[Window, ...]:
        """Windows that were not there before."""
        known = {window.key for window in self.before.windows} if self.before else set()
        return tuple(window for window in self.challenge.windows if window.key not in known)

    @property
    def closed(self) -> tuple[Window, ...]:
        """Windows that were open (or not there) before and are closed now."""
        open_before = {window.key for window in self.before.open_windows()} if self.before else set()
        new = {window.key for window in self.opened}
        return tuple(w for w in self.challenge.windows if not w.is_open and (w.key in open_before or w.key in new))

    def then(self, other: "Decision") -> "Decision":
        """This decision, and another made upon it, as one."""
        return Decision(self.before, other.challenge, self.entries + other.entries, self.tellings + other.tellings)

    @property
    def is_nothing(self) -> bool:
        """Was nothing decided?"""
        return not self.entries and self.before == self.challenge


_WAITS_FOR = {
    Phase.ENDORSING: "waiting to be endorsed",
    Phase.AWAITING: "waiting for a reply",
    Phase.ANSWERED: "answered and not yet judged",
    Phase.ASKING: "with the IRO to consider",
    Phase.COMPLETING: "agreed and being put right",
}


def stands_in_words(rules: Rules, challenge: Challenge) -> str:
    """Where a challenge stands, in words for a refusal: "at Stage 2, waiting for a reply"."""
    if isinstance(challenge.phase, Outcome):
        return challenge.phase.value.replace("_", " ")
    return f"at {rules.ladder.stage(challenge.stage).label}, {_WAITS_FOR[challenge.phase]}"


def not_open(rules: Rules, challenge: Challenge, moves: Iterable[str]) -> NotOpen:
    """The refusal of a move that a challenge, as it stands, does not have; `moves`: those that it has."""
    said = f"That cannot be done while this is {stands_in_words(rules, challenge)}."
    return NotOpen(said, "Do one of the moves that are open.", tuple(sorted(moves)))


class DecisionBuilder:
    """Collects one decision. Mutable, and local to one call of `decide`."""

    def __init__(self, rules: Rules, challenge: Challenge, now: datetime, by: Actor = THE_SERVICE) -> None:
        self.rules = rules
        self.challenge = challenge
        self.at = now
        self.by = by
        self._entries: list[TimelineEntry] = []
        self._tellings: list[NotificationNeed] = []
        self.put_so_far: list[Window] = []
        """Every window that was added or changed, in that order."""
        self._placed: tuple[Window, ...] = ()
        self._places: dict[WindowKey, int] = {}
        self._children: dict[WindowKey, list[int]] = {}

    @property
    def stage(self) -> Stage:
        """The stage at which the challenge stands."""
        return self.rules.ladder.stage(self.challenge.stage)

    def change(self, **changes: Any) -> None:
        """The challenge with these values instead."""
        self.challenge = altered(self.challenge, **changes)

    def move(self, name: str) -> None:
        """Make a move of the machine. Raises NotOpen, naming what is open, if the state does not have it."""
        machine = moves_of(self.rules.ladder)
        moves = machine.open_in(self.challenge.state)
        if name not in moves:
            raise not_open(self.rules, self.challenge, moves)
        after = machine.after(self.challenge.state, name)
        stage, _, phase = after.partition(".")
        if phase:
            # Opened again, what changed for the child is to be said again.
            again = {} if self.challenge.is_open else {"ended_at": None, "impact": ""}
            self.change(stage=stage, phase=Phase(phase), **again)
        else:
            self.change(phase=Outcome(after), ended_at=self.challenge.ended_at or self.at)

    def note(
        self,
        kind: str,
        facts: Mapping[str, Any] | None = None,
        words: Mapping[str, str] | None = None,
        visible: EntryVisibility = EntryVisibility.EVERYONE,
        by: Actor | None = None,
    ) -> None:
        """Add a line to the timeline."""
        stage, sequence, edition = self.challenge.stage, self.challenge.sequence, self.rules.edition
        entry = TimelineEntry(kind, self.at, by or self.by, stage, sequence, facts or {}, words or {}, visible, edition)
        self._entries.append(entry)

    def note_event(
        self, event: Event, more: Mapping[str, Any] | None = None, visible: EntryVisibility = EntryVisibility.EVERYONE
    ) -> None:
        """Put an event on the timeline as it came, with `more` facts: facts in one place, the person's words apart."""
        self.note(event.type, facts_of(event) | dict(more or {}), words_of(event), visible)

    def tell(
        self,
        subject: NotificationKind,
        to: Iterable[Party],
        copy: Iterable[Party] = (),
        window: WindowKey | None = None,
    ) -> None:
        """Somebody must be told. Nobody is copied into what is addressed to them; nobody stands twice."""
        addressed = tuple(dict.fromkeys(to))
        copied = tuple(party for party in dict.fromkeys(copy) if party not in addressed)
        if addressed or copied:
            self._tellings.append(
                NotificationNeed(subject, addressed, copied, self.at, self.challenge.stage, self.challenge.sequence, window)
            )

    def put(self, window: Window) -> None:
        """Add a window, or put one in the place of that of the same key."""
        known = self._found_by_key()
        n = self._places.setdefault(window.key, len(known))
        if n == len(known) and window.parent is not None:
            self._children.setdefault(window.parent, []).append(n)
        self._placed = (*known[:n], window, *known[n + 1 :])
        self.put_so_far.append(window)
        self.change(windows=self._placed)

    def window(self, key: WindowKey) -> Window | None:
        """The window of that name, open or closed."""
        known = self._found_by_key()
        return known[self._places[key]] if key in self._places else None

    def children(self, key: WindowKey) -> list[Window]:
        """The windows that remind of that one, open or closed."""
        known = self._found_by_key()
        return [known[n] for n in self._children.get(key, ())]

    def _found_by_key(self) -> tuple[Window, ...]:
        """All windows; their places are known, so that no other is looked at to find one."""
        known = self.challenge.windows
        if known is not self._placed:
            self._placed, self._children = known, {}
            self._places = {one.key: n for n, one in enumerate(known)}
            for n, one in enumerate(known):
                if one.parent is not None:
                    self._children.setdefault(one.parent, []).append(n)
        return known

    def decided(self, before: Challenge | None) -> Decision:
        """All of it, as a value."""
        return Decision(before, self.challenge, tuple(self._entries), tuple(self._tellings))
