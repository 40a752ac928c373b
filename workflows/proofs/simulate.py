"""Playing a ladder forward: every state it can reach and a shortest way there, for the checker, the demonstration, tests."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from workflows.calendar.working_days import local_date
from workflows.decision.decide import decide, decide_raise
from workflows.decision.decision_builder import Decision
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE, Act, Actor, Part
from workflows.model.authority import Authority, HeldFor, Rules
from workflows.model.challenge import ASKS_RECIPIENTS, Challenge, Facts, Phase, Window, WindowKind
from workflows.model.ladder import RAISER, WITHOUT_CHILD, Choice, ItemType, Ladder, Stage, Status
from workflows.model.refusals import Refused

SOMEBODY = "00000000-0000-4000-8000-000000000001"
"""The id of an invented person, where a ladder wants one named and there is no directory."""

ANOTHER = "00000000-0000-4000-8000-000000000002"
"""The id of whoever is chosen by name, where there is no directory: never whoever raised it."""

A_FORTNIGHT = timedelta(days=14)
"""How long an agreed action takes."""

CHOSEN_DAYS = {"respond_by": timedelta(days=7), "resolve_by": timedelta(days=21)}
"""How long the sender gives, where the date is theirs to set."""

LONG_ENOUGH = 24
"""Steps after which `way_up` gives up."""

Person = Callable[[str], str]
"""Finds a person (directory id) who may be chosen in a role."""


@dataclass(frozen=True)
class Step:
    """One step: an event brought by a part (or as the holder of roles), or waiting until the next window closes."""

    event: e.Event | None = None
    part: Part = Part.RAISER
    roles: frozenset[str] = frozenset()
    person: str = SOMEBODY

    @property
    def is_wait(self) -> bool:
        """Does nothing happen but time?"""
        return self.event is None


Way = tuple[Step, ...]


def actor_for(step: Step) -> Actor:
    """Who takes a step, where no directory says."""
    parts = {Part.RAISER, Part.CHILDS_IRO} if step.part is Part.RAISER else {step.part}
    return Actor(step.person, frozenset(parts), step.roles)


def take_step(rules: Rules, challenge: Challenge | None, step: Step, facts: Facts, now: datetime) -> Decision:
    """Take one step at `now` (aware UTC). Raises Refused."""
    if isinstance(step.event, e.Raised):
        return decide_raise(rules, Act(step.event, actor_for(step)), facts, (), now, bool(facts.statuses)).decision
    assert challenge is not None
    if step.event is not None:
        return decide(rules, challenge, Act(step.event, actor_for(step)), now)
    window = next_window(challenge)
    closed = e.WindowClosed(window.key.sequence, window.key.kind.value, window.key.n)
    return decide(rules, challenge, Act(closed, THE_SERVICE), max(now, window.acts_at))


def next_window(challenge: Challenge) -> Window:
    """The open window whose time comes first."""
    return min(challenge.open_windows(), key=lambda window: (window.acts_at, window.key))


_WHO = {
    Status.LOOKED_AFTER: "a looked-after child",
    Status.CHILD_PROTECTION: "a child with a protection plan",
    Status.CHILD_IN_NEED: "a child in need",
    Status.CARE_LEAVER: "a care leaver",
    Status.OTHER_COUNCIL: "a child whom another council looks after",
    Status.NONE_RECORDED: "a child with no status recorded",
}


def children_of(ladder: Ladder) -> list[tuple[str, Facts]]:
    """One child of each status that the ladder covers, those looked after first; last, what may be about no child."""
    nobody = Facts(team="a_team", service="a_service")
    statuses: Sequence[Status] = ladder.covers or (Status.LOOKED_AFTER, Status.NONE_RECORDED)
    looked_after_first = sorted(statuses, key=lambda status: status is not Status.LOOKED_AFTER)
    children = [(_WHO[status], replace(nobody, statuses=frozenset({status}))) for status in looked_after_first]
    return [*children, *([("an item about no child", nobody)] if set(ladder.items) & WITHOUT_CHILD else [])]


def facts_for(ladder: Ladder) -> Facts:
    """A child that the ladder covers, looked after where it can be."""
    return children_of(ladder)[0][1]


def shortest_ways(
    rules: Rules,
    facts: Facts,
    start: datetime,
    person: Person = lambda role: ANOTHER,
    item_type: ItemType | None = None,
    raiser_role: str = "",
) -> dict[str, Way]:
    """A shortest way to every state that the ladder reaches, by the state's name; of one kind of item and raiser, if given."""
    found: dict[str, Way] = {}
    seen: set[object] = set()
    waiting: deque[tuple[Challenge | None, Way]] = deque([(None, ())])
    while waiting:
        challenge, way = waiting.popleft()
        first = _raisings(rules, start, person, facts, item_type, raiser_role)
        for step in first if challenge is None else steps_to_try(rules, challenge, start, person, facts):
            try:
                now = start if challenge is None else (challenge.last_at or start)
                after = take_step(rules, challenge, step, facts, now).challenge
            except Refused:
                continue
            found.setdefault(after.state, (*way, step))
            key = _what_matters(after)
            if key not in seen and after.is_open:
                waiting.append((after, (*way, step)))
            seen.add(key)
    return found


def _what_matters(challenge: Challenge) -> object:
    """What two challenges must share for the same steps to be open to both: the state, and who has answered or judged."""
    main = challenge.main_window()
    answered = frozenset(asked.party for asked in main.asked if asked.answered_at) if main else frozenset()
    judged = [w for w in challenge.open_windows() if w.key.kind is WindowKind.JUDGEMENT]
    verdicts = frozenset(asked.party for w in judged for asked in w.asked if asked.answered_at)
    return challenge.state, answered, verdicts, bool(main and main.is_open)


def steps_to_try(rules: Rules, challenge: Challenge | None, start: datetime, person: Person, facts: Facts) -> Iterator[Step]:
    """The steps worth trying from here: raise at each stage, answer, judge, wait, end."""
    ladder = rules.ladder
    if challenge is None:
        yield from _raisings(rules, start, person, facts)
        return
    main = challenge.main_window()
    stage = ladder.stage(challenge.stage)
    actions = _agreed_at(stage, challenge.last_at or start)
    if main and main.is_open and main.key.kind in ASKS_RECIPIENTS:
        answer = e.Responded("agrees", "We agree and will act.", actions)
        waited_for = [asked.party for asked in main.asked if not asked.answered_at]
        yield from (Step(answer, Part.ASKED, frozenset({party.role}), party.person or SOMEBODY) for party in waited_for)
    if challenge.phase is Phase.ENDORSING and stage.endorsed_by:
        roles = frozenset({stage.endorsed_by.role})
        yield Step(e.Endorsed(), Part.ENDORSER, roles)
        yield Step(e.EndorsementDeclined("Not yet."), Part.ENDORSER, roles)
    if challenge.phase in (Phase.AWAITING, Phase.ASKING) and stage.answer_is_a_meeting:
        yield Step(e.OutcomeRecorded("An action plan was agreed.", actions))
    if challenge.phase is Phase.ANSWERED:
        yield from _judging(stage, e.Judged("enough", "What was asked for will be done."))
        yield Step(e.Judged("needs_more", "Nothing has changed.", climb=False))
    if any(True for _ in challenge.open_windows()):
        yield Step()
    yield from (_SETTLED, *_OTHER_ENDS)


_SETTLED = Step(e.Resolved("The plan has been carried out."))
_OTHER_ENDS = (
    Step(e.EndedUnresolved("The child has moved to another authority.")),
    Step(e.Overtaken("The court has decided.")),
    Step(e.Withdrawn("Raised on a misunderstanding.")),
    Step(e.RecordedInError("Raised for the wrong child.")),
)


def _judging(stage: Stage, verdict: e.Judged) -> list[Step]:
    """The same verdict by each of those who judge."""
    parts = {role: Part.RAISER if role == RAISER else Part.JUDGE for role in stage.judged_by.roles}
    return [Step(verdict, part, frozenset({role})) for role, part in parts.items()]


def _agreed_at(stage: Stage, now: datetime) -> tuple[e.Action, ...]:
    """One thing to be done within a fortnight, where the stage's second date is the one agreed."""
    if stage.complete_within is None or not stage.complete_within.as_agreed:
        return ()
    return (e.Action("The plan is carried out.", local_date(now) + A_FORTNIGHT),)


_CONCERNS = {
    ItemType.EXCELLENT_PRACTICE: "Thoughtful, patient work that changed what the child expects of adults.",
    ItemType.SENIOR_SCRUTINY: "The arrangement was looked at with senior managers: who visits, how safe it is, what comes next.",
}


def _raisings(
    rules: Rules, start: datetime, person: Person, facts: Facts, item_type: ItemType | None = None, raiser_role: str = ""
) -> Iterator[Step]:
    ladder = rules.ladder
    reasons = [reason for theme in rules.authority.themes for reason in theme.reasons if not reason.needs_words]
    about_child = bool(facts.statuses)
    # What may name no child is raised without one, unless the ladder carries nothing else: then it is raised with one as well.
    may_name_none = WITHOUT_CHILD - (set(ladder.items) if about_child and set(ladder.items) <= WITHOUT_CHILD else set())
    fitting = [item for item in ladder.items if about_child is (item not in may_name_none)]
    for item in (item_type,) if item_type else fitting:
        for stage in ladder.stages_for(item):
            if ItemType.FORMAL in ladder.items and stage.informal == (item is not ItemType.INFORMAL):
                continue
            starts_here = stage is ladder.first_for(item)
            yield Step(
                e.Raised(
                    item_type=item,
                    reasons=(reasons[0].key,) if not ladder.is_notice else (),
                    concern=_CONCERNS.get(item, "What the review decided has not been carried out."),
                    effect_on_child="The child does not know what happens next.",
                    outcome_sought="The decision is carried out within the month.",
                    stage="" if starts_here or ladder.is_notice else stage.key,
                    stage_reason="" if starts_here else "It needs somebody who can decide on it.",
                    advice_before_skipping="" if starts_here else "Talked over; they agree that it cannot wait.",
                    priority=ladder.priorities[0] if ladder.priorities else "",
                    raiser_role=raiser_role or ladder.raisers_of(item)[0],
                    agency=_agency(rules, person),
                    **choice_at(rules.authority, stage, start, person),
                )
            )


def _agency(rules: Rules, person: Person) -> str:
    """Some agency, where the ladder goes to one and no directory says which."""
    outside = [role for role in rules.ladder.roles() if rules.authority.role(role).held_for is HeldFor.AGENCY]
    return "an_agency" if outside and person(outside[0]) == ANOTHER else ""


def choice_at(authority: Authority, stage: Stage, now: datetime, person: Person) -> dict[str, Any]:
    """What a sender chooses at a stage that leaves something to them."""
    chosen: dict[str, Any] = {}
    if stage.to and stage.to.how in (Choice.ONE, Choice.CHOSEN):
        role = stage.to.roles[0]
        named = person(role) if authority.role(role).held_for is HeldFor.AGENCY else ""
        chosen["to"] = (e.Chosen(role, named),)
    windows = {"respond_by": stage.respond_within, "resolve_by": stage.complete_within}
    by_hand = [name for name, within in windows.items() if within and within.set_by_raiser]
    return chosen | {name: local_date(now) + CHOSEN_DAYS[name] for name in by_hand}


def way_up(
    rules: Rules, facts: Facts, start: datetime, is_answered: bool, person: Person = lambda role: ANOTHER, most: int = 3
) -> Way:
    """One item's way up: raised where the ladder begins, never answered, or always and never enough; settled at last.

    Over so many stages at most; empty where this ladder does not climb so.
    """
    challenge: Challenge | None = None
    way: Way = ()
    if rules.ladder.is_notice:
        return way
    while len(way) < LONG_ENOUGH and (challenge is None or len({visit.stage for visit in challenge.visits}) < most):
        now = start if challenge is None else (challenge.last_at or start)
        for step in _upwards(rules, challenge, now, is_answered, person, facts):
            try:
                challenge = take_step(rules, challenge, step, facts, now).challenge
            except Refused:
                continue
            way = (*way, step)
            break
        else:
            break
    if challenge is None or not challenge.is_open or len(challenge.visits) < 2:
        return ()
    return (*way, _SETTLED)


def _upwards(
    rules: Rules, challenge: Challenge | None, now: datetime, is_answered: bool, person: Person, facts: Facts
) -> Iterator[Step]:
    """What leads higher from here, the likeliest first."""
    if challenge is None:
        for step in _raisings(rules, now, person, facts):
            assert isinstance(step.event, e.Raised)
            if not step.event.stage and step.event.item_type is not ItemType.INFORMAL:
                yield step
        return
    stage = rules.ladder.stage(challenge.stage)
    above = rules.ladder.next_after(stage.key)
    chosen = choice_at(rules.authority, above, now, person) if above else {}
    chosen.pop("resolve_by", None)
    if challenge.phase is Phase.ANSWERED:
        yield from _judging(stage, e.Judged("needs_more", "Nothing has changed.", **chosen))
    elif challenge.phase is Phase.ASKING:
        yield Step(e.Escalated("It cannot wait longer.", **chosen))
    answers = (e.OutcomeRecorded, e.Responded, e.Endorsed) if is_answered else (e.Endorsed,)
    yield from (
        step for step in steps_to_try(rules, challenge, now, person, facts) if isinstance(step.event, answers) or step.is_wait
    )


def date_step(step: Step, now: datetime) -> Step:
    """The same step with its chosen dates counted from another day."""
    today = local_date(now)
    if isinstance(step.event, e.Responded | e.OutcomeRecorded) and step.event.actions:
        actions = tuple(replace(action, by=today + A_FORTNIGHT) for action in step.event.actions)
        return replace(step, event=replace(step.event, actions=actions))
    if not isinstance(step.event, e.Raised):
        return step
    changes: dict[str, Any] = {name: today + days for name, days in CHOSEN_DAYS.items() if getattr(step.event, name)}
    return replace(step, event=replace(step.event, **changes))


def play_way(rules: Rules, way: Way, facts: Facts, start: datetime, pause: timedelta = timedelta(minutes=20)) -> Challenge:
    """Walk a way from `start`: a pause before each act, a wait where nobody acts. Raises Refused."""
    challenge: Challenge | None = None
    now = start
    for step in way:
        challenge = take_step(rules, challenge, date_step(step, now), facts, now).challenge
        now = (challenge.last_at or now) + pause
    assert challenge is not None
    return challenge
