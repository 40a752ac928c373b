"""The cast of every story: the ladders as shipped, the people by the part they play, and a clock that only the story moves."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import workflows
from tests.decision.invariants import must_hold
from workflows.calendar.working_days import LONDON, read_calendar
from workflows.decision.decide import decide, decide_raise, move_ladder
from workflows.decision.decision_builder import Decision, NotificationNeed
from workflows.decision.event_rules import open_moves
from workflows.ladder_language.reader import AuthorityProcedures, read_procedures
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE, Act, Actor, Part
from workflows.model.authority import Rules
from workflows.model.challenge import Challenge, Facts, Party, Window, WindowKind
from workflows.model.ladder import ItemType, Status
from workflows.model.refusals import Refused

HERE = Path(workflows.__path__[0])
CALENDAR = read_calendar((HERE / "calendar" / "england_and_wales.csv").read_text(encoding="utf-8"))


# The rules, as shipped.


@cache
def texts_of(authority: str) -> dict[str, str]:
    """The files of one authority as they are shipped, by name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((HERE / "authorities" / authority).glob("*.yaml"))}


@cache
def procedures(authority: str) -> AuthorityProcedures:
    """Everything that one authority's files say."""
    return read_procedures(texts_of(authority))


@cache
def shipped(authority: str, ladder: str, version: str = "") -> Rules:
    """The rules of one shipped ladder."""
    read = procedures(authority)
    found = [known for known in read.ladders if known.key == ladder and version in ("", known.version)]
    assert len(found) == 1, f"name the version of {ladder}: {[known.version for known in found]}"
    return Rules(found[0], read.authority, CALENDAR)


def durham_2016() -> Rules:
    return shipped("durham", "resolution", "2016/17")


def durham_2022() -> Rules:
    return shipped("durham", "resolution", "2022/23")


def derby() -> Rules:
    return shipped("derby", "qa_notification", "2017/18")


def north_yorkshire() -> Rules:
    return shipped("north_yorkshire", "quality_alerts", "2014/15")


def multi_agency() -> Rules:
    return shipped("north_yorkshire", "multi_agency")


def thurrock() -> Rules:
    return shipped("thurrock", "dispute_resolution", "2017/18")


@cache
def durham_climbing() -> Rules:
    """Durham 2016/17 as an authority would have it that lets every passed date climb, in force from 1 January 2026."""
    files = dict(texts_of("durham"))
    name = next(name for name, text in files.items() if 'version: "2016/17"' in text and text.startswith("ladder:"))
    text = files[name]
    assert text.count("no_reply: prompt") == 5
    assert text.count("in_force: 2016-04-01") == 1
    files[name] = text.replace("no_reply: prompt", "no_reply: escalate").replace("in_force: 2016-04-01", "in_force: 2026-01-01")
    read = read_procedures(files)
    ladder = next(ladder for ladder in read.ladders if ladder.version == "2016/17" and not ladder.is_notice)
    return Rules(ladder, read.authority, CALENDAR)


SHIPPED = {
    "durham 2016/17": durham_2016,
    "durham 2022/23": durham_2022,
    "derby": derby,
    "north yorkshire": north_yorkshire,
    "north yorkshire multi-agency": multi_agency,
    "thurrock": thurrock,
}
NOTICES = {
    "durham": lambda: shipped("durham", "excellent_practice", "2016/17"),
    "derby": lambda: shipped("derby", "excellent_practice", "2017/18"),
    "north yorkshire": lambda: shipped("north_yorkshire", "excellent_practice", "2014/15"),
}


INVENTED_AUTHORITY = """
authority: saltmarsh
name: Saltmarsh Council
version: "1"
in_force: 2020-01-01
source: invented for a test
roles:
  iro: {title: IRO, for: child, acts_as: iro}
  social_worker: {title: Social Worker, for: child}
  team_manager: {title: Team Manager, for: team}
  service_manager: {title: Service Manager, for: service}
  head_of_quality: {title: Head of Quality, for: authority}
  director: {title: Director, for: authority}
  health_lead: {title: Named Nurse, for: agency}
  school_lead: {title: School Lead, for: agency}
  iro_manager: {title: IRO Manager, for: authority, acts_as: iro_manager}
  business_support: {title: Business Support, for: authority, acts_as: business_support}
themes:
  plan:
    label: Plan
    reasons:
      drift: Drift
      other: {label: Other, needs_words: true}
ladders:
  - {ladder: process}
"""

INVENTED_LADDER = """
ladder: process
version: "1"
authority: saltmarsh
process: Saltmarsh process
source: invented for a test
in_force: 2020-01-01
raised_by: [iro]
"""


@cache
def invented(stages: str, top: str = "items: [informal, formal]\njudge_within: 3 working days\n", authority: str = "") -> Rules:
    """Rules of an invented ladder: its stages as they would be written, with what stands above them."""
    ladder = f"{INVENTED_LADDER}{top}stages:\n{stages}"
    read = read_procedures({"authority.yaml": INVENTED_AUTHORITY + authority, "ladder.yaml": ladder})
    return Rules(read.ladders[0], read.authority, CALENDAR)


# The people, by the part that they play.


def _actor(person: str, *parts: Part, roles: tuple[str, ...] = ()) -> Actor:
    return Actor(person, frozenset(parts), frozenset(roles))


IRO = _actor("irene", Part.RAISER, Part.CHILDS_IRO, roles=("iro",))
COVER = replace(_actor("colin", Part.RAISER, Part.CHILDS_IRO, roles=("iro",)), behalf_of="irene")
RAISER_ONLY = _actor("rhona", Part.RAISER)
"""Whoever raised an item and is not the child's IRO: a child protection chair, a fostering reviewer."""
IRO_MANAGER = _actor("mona", Part.IRO_MANAGER)
BUSINESS_SUPPORT = _actor("bob", Part.BUSINESS_SUPPORT)
ADMINISTRATOR = _actor("ada", Part.ADMINISTRATOR)
LEADER = _actor("leo", Part.LEADER)
AUDITOR = _actor("audrey", Part.AUDITOR)


def the(role: str, person: str = "") -> Actor:
    """Whoever holds a role that is asked."""
    return _actor(person or role.replace("_", " "), Part.ASKED, roles=(role,))


def once_asked(role: str) -> Actor:
    """Whoever was asked at an earlier stage."""
    return _actor(role.replace("_", " "), Part.WAS_ASKED, roles=(role,))


def judge(role: str) -> Actor:
    """Whoever judges the answer beside, or instead of, the IRO."""
    return _actor(role.replace("_", " "), Part.JUDGE, roles=(role,))


def arranger(role: str) -> Actor:
    """Whoever arranges the stage's meeting."""
    return _actor(role.replace("_", " "), Part.ARRANGER, roles=(role,))


def recorder(role: str) -> Actor:
    """Whoever records the outcome of the stage's meeting."""
    return _actor(role.replace("_", " "), Part.RECORDER, roles=(role,))


def endorser(role: str) -> Actor:
    """Whoever must agree before an item is sent."""
    return _actor(role.replace("_", " "), Part.ENDORSER, roles=(role,))


def copied(role: str) -> Actor:
    """Whoever is copied in."""
    return _actor(role.replace("_", " "), Part.COPIED, roles=(role,))


def in_their_line(actor: Actor) -> Actor:
    """The same person, where the item is about their own casework."""
    return replace(actor, in_their_line=True)


# The child.

LOOKED_AFTER = Facts(statuses=frozenset({Status.LOOKED_AFTER}))
IN_PLO = Facts(statuses=frozenset({Status.LOOKED_AFTER}), in_plo=True)
PROTECTION_PLAN = Facts(statuses=frozenset({Status.CHILD_PROTECTION}))


# The clock.


def when(text: str) -> datetime:
    """An instant as people write it, in London: "Wed 1 April 2026, 10:00". The weekday must be true."""
    local = datetime.strptime(text, "%a %d %B %Y, %H:%M").replace(tzinfo=LONDON)
    assert f"{local:%a}" == text[:3], f"{text} is a {local:%A}"
    return local.astimezone(UTC)


def shown(instant: datetime) -> str:
    """The same, the other way round."""
    local = instant.astimezone(LONDON)
    return f"{local:%a} {local.day} {local:%B %Y, %H:%M}"


def day(text: str) -> str:
    """A date as stories write it, "Thu 2 April 2026", as the record has it."""
    return when(f"{text}, 00:00").astimezone(LONDON).date().isoformat()


def written(date) -> str:
    """A date as stories write it."""
    return f"{date:%a} {date.day} {date:%B %Y}"


def on(text: str):
    """The local date of "Thu 2 April 2026"."""
    return when(f"{text}, 00:00").astimezone(LONDON).date()


# The story.


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
