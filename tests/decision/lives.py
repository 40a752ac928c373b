"""Lives of challenges for the properties: any ladder, any acts in any order, any time between them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.cast.people import judge
from tests.cast.rules import SHIPPED, durham_climbing, invented
from tests.cast.story import Story, refusal_of
from tests.decision.invariants import must_hold
from tests.decision.samples import everybody, internal, sample
from tests.decision.states import raised_at, whoever_is
from workflows.calendar.working_days import local_date
from workflows.decision.decide import decide
from workflows.decision.decision_builder import Decision
from workflows.decision.event_rules import open_moves
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE, Act, Actor
from workflows.model.authority import Rules
from workflows.model.challenge import Challenge

BOUNDED = settings(
    max_examples=60,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
"""The same examples on every run: a failure today is a failure tomorrow."""

ROLES = ("social_worker", "team_manager", "service_manager", "head_of_quality", "director")


POOL = 75
"""So many ladders as somebody might write them, each from a seed of its own; the first are the shortest."""


def stage_text(chance: Random, n: int, of: int) -> str:
    """One stage as it would be written."""
    days = ("1 working day", "3 working days", "2 calendar days", "10 calendar days")
    within = chance.choice((*days, "24 hours", "72 hours", "set by the raiser", "{none: nobody says}"))
    role, other = ROLES[n], ROLES[(n + 1) % len(ROLES)]
    who = chance.choice(("one", "all of", "any of", "one of"))
    to = role if who == "one" else f"{{{who}: [{role}, {other}]}}"
    policies = (
        ("escalate", "escalate", "escalate", "prompt", "nothing")
        if n + 1 < of and "none" not in within
        else ("prompt", "nothing")
    )
    lines = [
        f"  s{n}:",
        f"    label: Stage {n}",
        f"    to: {to}",
        f"    respond_within: {within}",
        f"    no_reply: {chance.choice(policies)}",
        f"    informal: {'true' if n == 0 else 'false'}",
    ]
    if n:
        lines.append("    copy: [everyone above]")
    extras = (
        "contact: {meeting: {arranged_by: business_support}}",
        "contact: {meeting: {if: required}}",
        "complete_within: 5 working days",
        "judged_by: {all of: [raiser, head_of_quality]}",
        'obstacle: "recorded, climbs on"',
    )
    return "\n".join([*lines, *(f"    {extra}" for extra in (chance.choice(extras),) if chance.random() < 0.7)])


@cache
def written(n: int) -> tuple[str, str]:
    """The n-th ladder of the pool: what stands above its stages, and its stages."""
    chance, of = Random(n), 1 + n * 5 // POOL
    stages = "\n".join(stage_text(chance, k, of) for k in range(of))
    if chance.random() < 0.5:
        stages += "\n  last: {label: Referral, referral: cafcass}"
    top = "items: [informal, formal]\njudge_within: 3 working days\n"
    top += chance.choice(("", "remind_before: 1 working day\n", "remind_before: 4 hours\n"))
    top += chance.choice(("", "whole_process: {limit: 10 working days, from: raising}\n"))
    return top, stages + "\n"


def ladder(n: int) -> Rules:
    """The n-th ladder of the pool, then those that are shipped."""
    if n < POOL:
        top, stages = written(n)
        return invented(stages, top)
    return (durham_climbing, *SHIPPED.values())[n - POOL]()


def ladders():
    """A ladder: one that somebody might write, or one that is shipped; the shortest first."""
    return st.integers(0, POOL + len(SHIPPED)).map(ladder)


ENDING = (e.Resolved, e.EndedUnresolved, e.Overtaken, e.Withdrawn, e.RecordedInError)
"""Tried seldom, so that most lives are long."""

MOVING = (
    e.Responded, e.Judged, e.Escalated, e.EscalationHeld, e.EscalationRecalled, e.WindowExtended, e.MeetingHeld,
    e.OutcomeRecorded, e.Reopened, e.WindowsReleased, e.ReferredToCafcass, e.Redirected,
)  # fmt: skip
"""Tried often: these move an item."""


@dataclass(frozen=True)
class Step:
    """Something tried after some time: a move that is open, any act at all, what the service says, or an outage.

    Or a wait until the next date passes: a minute before it, at it, or a minute after.
    """

    after: timedelta
    what: str
    kind: type[e.Event]
    n: int


KINDS = [kind for kind in e.EXTERNAL_TYPES if kind not in (e.LadderMoved, e.RecordedInError)]
HOURS = (0, 0, 1, 5, 23, 24, 49, 72, 121, 240)
WHATS = ("open",) * 6 + ("wait",) * 6 + ("act",) * 2 + ("service", "away")


def steps():
    after = st.sampled_from(HOURS).map(lambda hours: timedelta(hours=hours))
    step = st.builds(Step, after, st.sampled_from(WHATS), st.sampled_from(KINDS), st.integers(0, 99))
    return st.lists(step, min_size=4, max_size=16)


class Life:
    """A ladder, where on it an item is raised, and what is tried. Shown as a story when a property fails."""

    def __init__(self, rules: Rules, at: int, plan: list[Step]) -> None:
        self.rules, self.at, self.plan = rules, at, plan

    def __iter__(self):
        return iter((self.rules, self.at, self.plan))

    def __repr__(self) -> str:
        ladder = self.rules.ladder
        pool = next((written(n) for n in range(POOL) if invented(*reversed(written(n))) == self.rules), None)
        plan = [f"after {step.after}: {step.what} {step.kind.__name__} {step.n}" for step in self.plan]
        return "\n".join([*(pool or (ladder.authority, ladder.version)), f"raised at {self.at}", *plan])


def long_life(seed: int) -> Life:
    """A long life from a seed: where Hypothesis looks for the smallest trouble, these cover the ground evenly."""
    chance = Random(seed)
    rules = ladder(chance.randrange(POOL + len(SHIPPED) + 1))
    plan = [
        Step(timedelta(hours=chance.choice(HOURS)), chance.choice(WHATS), chance.choice(KINDS), chance.randrange(100))
        for _ in range(30)
    ]
    return Life(rules, chance.randrange(len(rules.ladder.stages)), plan)


@st.composite
def lives(draw) -> Life:
    """Any life."""
    rules = draw(ladders())
    return Life(rules, draw(st.integers(0, len(rules.ladder.stages) - 1)), draw(steps()))


def begin(rules: Rules, at: int) -> Story:
    return raised_at(rules, rules.ladder.stages[at])


def act_of(step: Step, story: Story) -> Act:
    """The act of a step, as it fits the item when its time has come."""
    actor = everybody(story)
    if step.what == "service":
        return Act(internal(story, step.n), THE_SERVICE)
    if step.what == "wait":
        return Act(e.Noted("I looked in."), actor)
    if step.what == "act":
        return Act(sample(step.kind, story, step.n), actor)
    listed = open_moves(story.rules, story.challenge, actor, local_date(story.now))
    kinds = [kind for kind in e.EXTERNAL_TYPES if kind.type in listed and kind is not e.LadderMoved]
    lasting = [kind for kind in kinds if kind not in ENDING]
    kinds = (kinds if step.n % 7 == 0 else lasting) or [e.Noted]
    moving = [kind for kind in kinds if kind in MOVING]
    if moving and step.n % 7:
        kinds = moving
    seldom = [kind for kind in lasting if kind in (e.EscalationRecalled, e.WindowsReleased, e.ExtensionTakenBack)]
    if seldom and step.n % 2:
        kinds = seldom
    kind = kinds[step.n % len(kinds)]
    return Act(sample(kind, story, step.n), _somebody(kind, story, step.n))


def _somebody(kind: type[e.Event], story: Story, n: int) -> Actor:
    """One of those asked, one of the judges; or somebody who plays every part."""
    if kind is e.Judged and n % 3 == 0:
        return judge("head_of_quality")
    asked = [a.party for w in story.challenge.windows if w.key.kind in ("reply", "meeting") for a in w.asked]
    if kind is e.Responded and asked:
        return whoever_is(asked[-1 - n % min(2, len(asked))])
    return everybody(story)


def tried(rules: Rules, challenge: Challenge, act: Act, now: datetime) -> Decision | None:
    """What was decided, or None if it was refused; every rule is checked."""
    if refusal_of(rules, challenge, act, now):
        return None
    decision = decide(rules, challenge, act, now)
    must_hold(rules, decision, max(now, challenge.last_at or now))
    return decision


def live(story: Story, plan: list[Step], each=None, punctual: bool = True) -> list[tuple[Act, datetime]]:
    """Live a life step by step. `each` is called with the story before each act; returns the acts that were accepted."""
    accepted: list[tuple[Act, datetime]] = []
    for step in plan:
        until = _next_date(story, step.n) if step.what == "wait" else story.now + step.after
        if step.what == "away":
            _hold(story, story.now, until, accepted)
            continue
        if punctual:
            story.fast_forward(to=until)
        story.now = until
        act = act_of(step, story)
        if each:
            each(story, act)
        decision = tried(story.rules, story.challenge, act, story.now)
        if decision:
            accepted.append((act, story.now))
            story.challenge, story.decision = decision.challenge, decision
            story.entries += decision.entries
            story.tellings += decision.tellings
    return accepted


def _next_date(story: Story, n: int) -> datetime:
    coming = [w.acts_at for w in story.running() if w.acts_at > story.now and w.acts_at.year < 2100]
    return max(story.now, min(coming) + timedelta(minutes=n % 3 - 1)) if coming else story.now


def _hold(story: Story, since: datetime, until: datetime, accepted: list[tuple[Act, datetime]]) -> None:
    act = Act(e.WindowsHeld(since, until), THE_SERVICE)
    decision = tried(story.rules, story.challenge, act, until)
    assert decision is not None
    story.challenge, story.now = decision.challenge, until
    story.entries += decision.entries
    story.tellings += decision.tellings
    accepted.append((act, until))
