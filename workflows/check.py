"""What a ladder can be shown to keep: owners and windows in every state, Cafcass always open to the IRO, the sum of days."""

from dataclasses import dataclass
from datetime import date, time

from workflows import events as e
from workflows import simulate
from workflows.addressing import needs_choice
from workflows.challenge import Challenge, Outcome, Phase
from workflows.decide import decide, open_moves
from workflows.ladder import NoReply, Status
from workflows.machine import phases_of
from workflows.permits import Act, Actor, Part
from workflows.procedure import Capacity, Rules
from workflows.refusals import Refused
from workflows.working_days import Calendar, Length, Unit, at_local, promise_from_date, working_days_between
from workflows.working_days import promise as promise_of

HANDBOOK_LIMIT = 20
"""Working days for the formal process in total (IRO Handbook 2010, 6.2)."""

A_QUIET_MONDAY = date(2026, 6, 1)
"""Where sums are counted from: four weeks and more without a bank holiday."""

_REFER = e.ReferredToCafcass(("decision_not_carried_out",), "It was raised high enough and has not been put right.")


@dataclass(frozen=True)
class Proof:
    """What was shown of one ladder version. `failures` must be empty; `warnings` are for the authority to weigh."""

    ladder: str
    version: str
    states: int
    formal_days: int
    with_informal_days: int
    failures: tuple[str, ...]
    warnings: tuple[str, ...]
    assumptions: tuple[str, ...]


def prove(rules: Rules) -> Proof:
    """Play the ladder into every state that it has and look at each."""
    ladder = rules.ladder
    failures: list[str] = []
    facts = simulate.facts_for(ladder)
    start = at_local(A_QUIET_MONDAY, time(10))
    found = simulate.ways(rules, facts, start)
    reached = {state: simulate.play(rules, way, facts, start) for state, way in found.items()}
    if not ladder.is_notice:
        expected = {f"{stage.key}.{phase}" for stage in ladder.stages for phase in _open_phases(rules, stage.key)}
        failures += [f"{state} cannot be reached" for state in sorted(expected - set(reached))]
    for state, challenge in sorted(reached.items()):
        if challenge.is_open:
            failures += _looked_at(rules, challenge)
            failures += _cafcass(rules, challenge)
        elif challenge.phase is Outcome.NOTICED and challenge.windows:
            failures.append(f"{state}: a notice has a window")
    formal, informal = _days(rules)
    listed = tuple(f"{assumption.path}: {assumption.why}" for assumption in ladder.assumed)
    return Proof(
        ladder.key, ladder.version, len(reached), formal, formal + informal, tuple(failures), _warnings(rules, formal), listed
    )


def _open_phases(rules: Rules, key: str) -> list[Phase]:
    return list(phases_of(rules.ladder.stage(key)))


def _looked_at(rules: Rules, challenge: Challenge) -> list[str]:
    """Every open state has an owner and a window, or a stated reason for none."""
    running = [window for window in challenge.open_windows() if window.parent is None and window.key.kind != "whole_process"]
    stage = rules.ladder.stage(challenge.stage)
    if running:
        return [f"{challenge.state}: a window has no owner" for window in running if not window.owner.role]
    if challenge.phase is Phase.AWAITING and stage.no_reply is NoReply.NOTHING:
        return []
    return [f"{challenge.state}: nobody is waited for and no reason is stated"]


def _cafcass(rules: Rules, challenge: Challenge) -> list[str]:
    """For a looked-after child a referral is open to the child's IRO and to nobody else; for others to nobody."""
    failures: list[str] = []
    now = challenge.last_at
    assert now is not None
    iro = Actor(simulate.SOMEBODY, frozenset({Part.CHILDS_IRO}))
    if challenge.facts.is_looked_after:
        try:
            decision = decide(rules, challenge, Act(_REFER, iro), now)
            if decision.challenge.state != challenge.state:
                failures.append(f"{challenge.state}: a referral moves the ladder")
        except Refused as refused:
            failures.append(f"{challenge.state}: a referral is refused to the child's IRO: {refused}")
    elif "referred_to_cafcass" in open_moves(rules, challenge, iro):
        failures.append(f"{challenge.state}: a child who is not looked after could be referred")
    for part in Part:
        if part is Part.CHILDS_IRO:
            continue
        somebody = Actor(simulate.SOMEBODY, frozenset({part}), frozenset(rules.ladder.roles()))
        if "referred_to_cafcass" in open_moves(rules, challenge, somebody):
            failures.append(f"{challenge.state}: {part.value} could refer to Cafcass")
    return failures


def _days(rules: Rules) -> tuple[int, int]:
    """Working days that the windows add up to: formal, and informal. The slowest priority counts; dates set by hand do not."""
    sums = {True: 0, False: 0}
    for stage in rules.ladder.stages:
        within = stage.respond_within
        lengths = [within.length] if within.length else [length for _, length in within.by_priority]
        days = [_working_days(rules.calendar, length.number, length.unit) for length in lengths if length]
        sums[stage.informal] += max(days, default=0)
    return sums[False], sums[True]


def _working_days(calendar: Calendar, number: int, unit: Unit) -> int:
    if unit is Unit.WORKING_DAYS:
        return number
    if unit is Unit.HOURS:
        due = promise_of(Length(number, unit), at_local(A_QUIET_MONDAY, time(9)), calendar).due
    else:
        due = promise_from_date(Length(number, unit), A_QUIET_MONDAY, calendar).due
    return working_days_between(A_QUIET_MONDAY, due, calendar)


def _warnings(rules: Rules, formal: int) -> tuple[str, ...]:
    ladder = rules.ladder
    found: list[str] = []
    limit = HANDBOOK_LIMIT
    if ladder.whole_process and ladder.whole_process.limit.unit is Unit.WORKING_DAYS:
        limit = ladder.whole_process.limit.number
    if formal > limit:
        found.append(f"the formal windows add up to {formal} working days, more than {limit}")
    iros = rules.authority.roles_acting_as(Capacity.IRO)
    by_iro = any(role in iros for role in ladder.raised_by)
    looked_after = not ladder.covers or Status.LOOKED_AFTER in ladder.covers
    if by_iro and looked_after and not ladder.is_notice and not any(stage.referral for stage in ladder.stages):
        found.append("no stage asks the IRO about Cafcass at the top; a referral stays open at every stage")
    for stage in ladder.stages:
        target = ladder.climbs_to(stage.key)
        if stage.no_reply is NoReply.ESCALATE and target and needs_choice(ladder.stage(target)):
            label = ladder.stage(target).label
            found.append(
                f"{stage.label}: no reply would climb to {label}, where somebody must choose, so the IRO is asked instead"
            )
        if stage.respond_within.set_by_raiser:
            found.append(f"{stage.label}: the date is set for each item, so it is not in the sum")
        if stage.respond_within.none_because and not stage.referral and not ladder.is_notice:
            found.append(f"{stage.label}: no window, because: {stage.respond_within.none_because}")
        if not stage.respond_within.unit_stated:
            found.append(f"{stage.label}: the kind of day is not stated; calendar days are counted")
    return tuple(found)
