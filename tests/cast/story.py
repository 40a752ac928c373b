"""The story of one challenge: who does what when, with every rule checked at every step, and no database."""

from datetime import UTC, datetime

from tests.cast.clock import when, written
from tests.cast.people import IRO, IRO_MANAGER, LOOKED_AFTER
from tests.decision.invariants import must_hold
from workflows.decision.decide import decide, decide_raise, move_ladder
from workflows.decision.decision_builder import Decision, NotificationNeed
from workflows.decision.event_rules import open_moves
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE, Act, Actor
from workflows.model.authority import Rules
from workflows.model.challenge import Challenge, Facts, Party, Window, WindowKind
from workflows.model.ladder import ItemType
from workflows.model.refusals import Refused


def party(who: Party) -> str:
    return f"{who.role}/{who.person}" if who.person else who.role


def line(telling: NotificationNeed) -> str:
    """A telling in one line: "asked: team_manager (copy: social_worker)"."""
    to = ", ".join(party(who) for who in telling.to) or "-"
    copy = f" (copy: {', '.join(party(who) for who in telling.copy)})" if telling.copy else ""
    return f"{telling.subject}: {to}{copy}"


def refusal_of(rules: Rules, challenge: Challenge, act: Act, now: datetime) -> Refused | None:
    """Why an act is refused, with what to do instead; None if it is not."""
    refused = None
    try:
        decide(rules, challenge, act, now)
    except Refused as refusal:
        refused = refusal
    if refused is not None:
        assert refused.said
        assert refused.do
    return refused


class Story:
    """One challenge as it is lived: each step keeps what was decided, and every rule is checked at every step."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.now = datetime(2000, 1, 1, tzinfo=UTC)
        self.challenge: Challenge
        self.decision: Decision
        self.prompts = ()
        self.entries = []
        self.tellings: list[NotificationNeed] = []
        self._told: list[NotificationNeed] = []
        self.acts: list[tuple[Act, datetime]] = []

    def raise_(self, at: str, by: Actor = IRO, facts: Facts | None = LOOKED_AFTER, earlier=(), **said) -> "Story":
        """Raise it: an informal challenge about drift, if nothing else is said."""
        said.setdefault("item_type", ItemType.INFORMAL)
        said.setdefault("reasons", (self.rules.authority.themes[0].reasons[0].key,))
        said.setdefault("concern", "The plan drifts.")
        self.now, self._told = when(at), []
        raised = decide_raise(self.rules, Act(e.Raised(**said), by), facts, earlier, self.now)
        self.prompts = raised.prompts
        self._keep(raised.decision)
        return self

    def fast_forward(self, to: str | datetime) -> "Story":
        """Let time pass: every window closes at its own moment, as a sweep that is never late would close it."""
        self._told = []
        self._sweep(when(to) if isinstance(to, str) else to)
        return self

    def next_date(self) -> "Story":
        """Let time pass until something happens."""
        return self.fast_forward(min(window.acts_at for window in self.running()))

    def do(self, event: e.Event, by: Actor = IRO, at: str = "") -> "Story":
        """Somebody does something, after everything that closed before it; `told` is of the act alone."""
        if at:
            self._sweep(when(at))
        self._told = []
        act = Act(event, by)
        decision = decide(self.rules, self.challenge, act, self.now)
        again = decide(self.rules, self.challenge, act, self.now)
        assert decision == again, "the same question had two answers"
        self._keep(decision, act)
        return self

    def refused(self, event: e.Event, by: Actor = IRO, at: str = "") -> Refused:
        """Somebody tries something, and is told why not. Nothing has changed."""
        self._told = []
        if at:
            self._sweep(when(at))
        refusal = refusal_of(self.rules, self.challenge, Act(event, by), self.now)
        assert refusal is not None, f"{event.type} was allowed in {self.state}"
        return refusal

    def away(self, since: str, until: str) -> "Story":
        """The service was away, and back: what closed meanwhile is held."""
        self._told, self.now = [], when(until)
        self._step(e.WindowsHeld(when(since), when(until)), when(until))
        return self

    def move_ladder(self, to: Rules, stage: str, by: Actor = IRO_MANAGER) -> "Story":
        """A named person moves it to another version."""
        self._told = []
        act = Act(e.LadderMoved(to.ladder.version, stage, "the procedure changed"), by)
        decision = move_ladder(self.rules, to, self.challenge, act, self.now)
        self.rules = to
        self._keep(decision, act)
        return self

    # What the story can be asked.

    @property
    def state(self) -> str:
        return self.challenge.state

    @property
    def told(self) -> list[str]:
        """Everybody told in this step, in order, to and copy to the letter."""
        return [line(telling) for telling in self._told]

    def told_of(self, subject: str) -> str:
        """The one telling of that subject in this step, without its subject."""
        found = [text.removeprefix(f"{subject}: ") for text in self.told if text.startswith(f"{subject}: ")]
        assert len(found) == 1, self.told
        return found[0]

    @property
    def due(self) -> str:
        """The date by which those asked answer."""
        window = self.challenge.main_window()
        assert window is not None
        return written(window.promise.due)

    @property
    def owner(self) -> str:
        """Whose the main window is."""
        window = self.challenge.main_window()
        assert window is not None
        return party(window.owner)

    @property
    def open(self) -> list[str]:
        """The windows that run: kind, due date, owner."""
        return [f"{w.key.kind} {written(w.promise.due)} {party(w.owner)}" for w in self.running() if w.key.kind not in QUIET]

    @property
    def kinds(self) -> list[str]:
        """What stands on the timeline, in order."""
        return [entry.kind for entry in self.entries]

    def running(self) -> list[Window]:
        return list(self.challenge.open_windows())

    def window(self, kind: str) -> Window:
        """The latest window of a kind, open or closed."""
        found = [w for w in self.challenge.windows if w.key.kind == kind]
        assert found, f"there is no {kind} window"
        return found[-1]

    def entry(self, kind: str):
        """The latest line of a kind on the timeline."""
        found = [entry for entry in self.entries if entry.kind == kind]
        assert found, f"{kind} is not on the timeline"
        return found[-1]

    def moves(self, actor: Actor = IRO) -> tuple[str, ...]:
        return open_moves(self.rules, self.challenge, actor)

    def _sweep(self, to: datetime) -> None:
        assert to >= self.now, "a story does not run backwards"
        while True:
            due = [w for w in self.running() if w.held_since is None and w.acts_at <= to]
            if not due:
                break
            first = min(due, key=lambda w: (w.acts_at, w.key))
            self.now = max(first.acts_at, self.now)
            self._step(e.WindowClosed(first.key.sequence, first.key.kind.value, first.key.n), self.now)
        self.now = to

    def _step(self, event: e.Event, now: datetime) -> None:
        act = Act(event, THE_SERVICE)
        self._keep(decide(self.rules, self.challenge, act, now), act)

    def _keep(self, decision: Decision, act: Act | None = None) -> None:
        must_hold(self.rules, decision, self.now)
        if act:
            self.acts.append((act, self.now))
        self.decision, self.challenge = decision, decision.challenge
        self.entries += decision.entries
        self.tellings += decision.tellings
        self._told += decision.tellings


QUIET = (WindowKind.REMINDER, WindowKind.WARNING)
AGREES = e.Responded("agrees", "We agree and have booked it.")
DISAGREES = e.Responded("disagrees", "We see it otherwise.")
ENOUGH = e.Judged("enough")
NEEDS_MORE = e.Judged("needs_more", "Nothing has changed for the child.")
RESOLVED = e.Resolved("The plan was ratified.")
REFERRED = e.ReferredToCafcass(("decision_not_carried_out",), "Nothing else has worked.")
