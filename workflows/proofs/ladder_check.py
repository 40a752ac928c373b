"""Checks a ladder by playing it: every state has an owner and a window, the IRO can always refer, and how many days it takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from workflows.calendar.working_days import (
    Calendar,
    Length,
    LengthUnit,
    at_local,
    local_date,
    promise_from_instant,
    so_many,
    working_days_between,
)
from workflows.decision.addressing import needs_choice
from workflows.decision.decide import decide
from workflows.decision.event_rules import open_moves
from workflows.decision.moves import phases_of
from workflows.model import events as e
from workflows.model.actor import Act, Actor, Part
from workflows.model.authority import Rules, may_be_statutory
from workflows.model.challenge import Challenge, Outcome, Phase, WindowKind
from workflows.model.ladder import Ladder, NoReply, Stage
from workflows.model.refusals import Refused
from workflows.proofs import simulate
from workflows.proofs.lived_check import find_stuck

HANDBOOK_LIMIT = 20
"""Working days for the formal process in total (IRO Handbook 2010, 6.2)."""

A_QUIET_MONDAY = date(2026, 6, 1)
"""When a ladder is played: four weeks and more without a bank holiday."""

A_YEAR_OF_DAYS = tuple(date(2026, 1, 1) + timedelta(days=n) for n in range(365))
"""The first days from which calendar days and hours are counted as working days."""

_REFER = e.ReferredToCafcass(("decision_not_carried_out",), "It was raised high enough and has not been put right.")


@dataclass(frozen=True)
class DaysInAll:
    """What the fixed windows of some stages add up to, each kind of time for itself.

    `least` and `most` are working days, with all of it as one run, over every first day of a year.
    """

    working_days: int = 0
    calendar_days: int = 0
    hours: int = 0
    least: int = 0
    most: int = 0
    windows: int = 0
    assumed: int = 0

    @property
    def only_working_days(self) -> bool:
        """Is nothing counted in calendar days or hours?"""
        return not (self.calendar_days or self.hours)

    def __str__(self) -> str:
        kinds = [(self.working_days, "working days"), (self.calendar_days, "calendar days"), (self.hours, "hours")]
        text = " and ".join(so_many(number, kind) for number, kind in kinds if number) or "0 working days"
        return text if self.only_working_days else f"{text} ({self._run()})"

    def _run(self) -> str:
        if self.most == 0:
            return "less than a working day"
        return so_many(self.most, "working days") if self.least == self.most else f"{self.least} to {self.most} working days"


@dataclass(frozen=True)
class Proof:
    """What was shown of one ladder version. `failures` must be empty; `warnings` are for the authority to weigh.

    `formal_days` and `with_informal_days` add up the windows in working days; `formal` and `informal` every fixed one.
    """

    ladder: str
    version: str
    states: int
    open_states: int
    open_to_looked_after: bool
    not_looked_after: tuple[str, ...]
    """Who was played beside looked-after children, of whom the statute speaks: for them too a referral is the IRO's to decide."""
    has_formal: bool
    formal: DaysInAll
    informal: DaysInAll
    counted: str
    failures: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def formal_days(self) -> int:
        """Working days that the formal windows in working days add up to."""
        return self.formal.working_days

    @property
    def with_informal_days(self) -> int:
        """The same with the informal ones."""
        return self.formal.working_days + self.informal.working_days


def prove_ladder(rules: Rules, versions: Sequence[Ladder] = ()) -> Proof:
    """Play the ladder into every state that it has and look at each. `versions`: all that the authority has, this one too."""
    ladder = rules.ladder
    failures: list[str] = []
    start = at_local(A_QUIET_MONDAY, time(10))
    states: set[str] = set()
    open_states: set[str] = set()
    played = simulate.children_of(ladder)
    for who, facts in played:
        found = simulate.shortest_ways(rules, facts, start)
        reached = {state: simulate.play_way(rules, way, facts, start) for state, way in found.items()}
        if not states and not ladder.is_notice:
            expected = {f"{stage.key}.{phase}" for stage in ladder.stages for phase in phases_of(stage)}
            failures += [f"{state} cannot be reached" for state in sorted(expected - set(reached))]
        if not reached and (facts.statuses or not states):
            failures.append(f"nothing can be raised for {who}")
        for state, challenge in sorted(reached.items()):
            if challenge.is_open:
                open_states.add(state)
                failures += _has_owner_and_window(rules, challenge)
                failures += _cafcass(rules, challenge, who)
            elif challenge.phase is Outcome.NOTICED and challenge.windows:
                failures.append(f"{state}: a notice has a window")
        states |= set(reached)
    formal, informal = _formal(ladder), _informal(ladder)
    failures += find_stuck(rules, start)
    sums = added_up(rules, formal), added_up(rules, informal)
    return Proof(
        ladder.key,
        ladder.version,
        len(states),
        len(open_states),
        any(facts.is_looked_after for _, facts in played),
        tuple(who for who, facts in played if not facts.is_looked_after),
        bool(formal),
        *sums,
        _counted(formal, informal, *sums) if ladder.climbs else "",
        tuple(dict.fromkeys(failures)),
        (*_warnings(rules), *_nothing_follows(ladder, versions)),
    )


def last_day(ladder: Ladder, versions: Iterable[Ladder]) -> tuple[date | None, Ladder | None]:
    """A version's last day (its `until`, or the day before the next begins), and the version that comes next, if any."""
    later = [version for version in versions if version.key == ladder.key and version.in_force > ladder.in_force]
    after = min(later, key=lambda version: version.in_force, default=None)
    ends = [day for day in (ladder.until, after.in_force - timedelta(days=1) if after else None) if day]
    return min(ends, default=None), after


def _nothing_follows(ladder: Ladder, versions: Sequence[Ladder]) -> list[str]:
    if ladder not in versions:
        return []
    last, after = last_day(ladder, versions)
    if last is None or (after and after.in_force == last + timedelta(days=1)):
        return []
    until = f" until {after.version} begins on {after.in_force}" if after else ""
    return [f"nothing follows after {last}, its last day{until}"]


def _has_owner_and_window(rules: Rules, challenge: Challenge) -> list[str]:
    """Every open state has an owner and a window, or a stated reason for none."""
    running = [
        window for window in challenge.open_windows() if window.parent is None and window.key.kind is not WindowKind.WHOLE_PROCESS
    ]
    stage = rules.ladder.stage(challenge.stage)
    if running:
        return [f"{challenge.state}: a window has no owner" for window in running if not window.owner.role]
    if challenge.phase is Phase.AWAITING and stage.no_reply is NoReply.NOTHING:
        return []
    return [f"{challenge.state}: nobody is waited for and no reason is stated"]


def _cafcass(rules: Rules, challenge: Challenge, who: str) -> list[str]:
    """Whatever the child's status, a referral is open to the child's IRO and to nobody else, and moves nothing."""
    failures: list[str] = []
    now = challenge.last_at
    assert now is not None
    iro = Actor(simulate.SOMEBODY, frozenset({Part.CHILDS_IRO}))
    if not challenge.about_child:
        return []
    try:
        decision = decide(rules, challenge, Act(_REFER, iro), now)
        if decision.challenge.state != challenge.state:
            failures.append(f"{challenge.state}: a referral moves the ladder")
    except Refused as refused:
        failures.append(f"{challenge.state}: a referral is refused to the child's IRO for {who}: {refused}")
    roles = frozenset(rules.ladder.roles())
    others = {part: Actor(simulate.SOMEBODY, frozenset({part}), roles) for part in Part if part is not Part.CHILDS_IRO}
    for part, somebody in others.items():
        if "referred_to_cafcass" in open_moves(rules, challenge, somebody):
            failures.append(f"{challenge.state}: {part.value} could refer to Cafcass")
    return failures


def _formal(ladder: Ladder) -> list[Stage]:
    return [stage for stage in ladder.stages if not stage.informal and not stage.referral]


def _informal(ladder: Ladder) -> list[Stage]:
    return [stage for stage in ladder.stages if stage.informal]


def added_up(rules: Rules, stages: Sequence[Stage]) -> DaysInAll:
    """What the fixed windows of these stages add up to: the slowest priority counts; dates set by hand do not."""
    fixed = [stage for stage in stages if stage.respond_within.length or stage.respond_within.by_priority]
    ours = {assumption.path for assumption in rules.ladder.assumed}
    assumed = sum(1 for s in fixed if {f"stages.{s.key}", f"stages.{s.key}.respond_within"} & ours)
    sums = []
    for priority in rules.ladder.priorities or ("",):
        windows = [stage.respond_within for stage in fixed]
        lengths = [within.length or dict(within.by_priority)[priority] for within in windows]
        totals = {unit: sum(length.number for length in lengths if length.unit is unit) for unit in LengthUnit}
        working = totals[LengthUnit.WORKING_DAYS]
        if working == sum(totals.values()):
            least = most = working
        else:
            runs = [_run(rules.calendar, lengths, day) for day in A_YEAR_OF_DAYS]
            least, most = min(runs), max(runs)
        sums.append(
            DaysInAll(working, totals[LengthUnit.CALENDAR_DAYS], totals[LengthUnit.HOURS], least, most, len(fixed), assumed)
        )
    return max(sums, key=lambda days: (days.most, days.least))


def _run(calendar: Calendar, lengths: Sequence[Length], first: date) -> int:
    """Working days from `first` to the end of these lengths, one after another; hours count from ten in the morning."""
    day = first
    for length in lengths:
        promise = promise_from_instant(length, at_local(day, time(10)), calendar)
        day = local_date(promise.closes_at) if length.unit is LengthUnit.HOURS else promise.due
    return working_days_between(first, day, calendar)


def _counted(formal: list[Stage], informal: list[Stage], of_formal: DaysInAll, of_informal: DaysInAll) -> str:
    """The sums as one sentence, without its end."""
    if not formal:
        text = "it has no formal stage"
    elif not of_formal.windows:
        text = "no fixed time in its formal stages"
    else:
        assumed = f" ({_how_many_assumed(of_formal)})" if of_formal.assumed else ""
        text = f"{of_formal} in its formal stages{assumed}"
    more: list[str] = []
    if of_informal.windows:
        if formal and of_formal.only_working_days and of_informal.only_working_days and of_formal.windows:
            text += f", {of_formal.working_days + of_informal.working_days} with the informal"
        else:
            more.append(f"{of_informal} in its informal {'step' if len(informal) == 1 else 'steps'}")
    if any(stage.respond_within.set_by_raiser for stage in informal):
        more.append("an informal step by a date set for each item")
    if any(stage.respond_within.none_because for stage in informal):
        more.append("an informal step without a date")
    return " and ".join([text, *more])


def _how_many_assumed(added: DaysInAll) -> str:
    if added.windows == 1:
        return "its one window is assumed"
    if added.assumed == added.windows:
        return f"all {added.windows} windows are assumed"
    return f"{added.assumed} of the {added.windows} windows {'is' if added.assumed == 1 else 'are'} assumed"


def _too_long(rules: Rules) -> list[str]:
    """The windows against the limit: what is certain, and what may be."""
    ladder = rules.ladder
    limit, which, stages = HANDBOOK_LIMIT, "formal windows", _formal(ladder)
    if ladder.whole_process and ladder.whole_process.limit.unit is LengthUnit.WORKING_DAYS:
        limit = ladder.whole_process.limit.number
        if ladder.whole_process.includes_informal:
            which, stages = "windows", [*_informal(ladder), *_formal(ladder)]
    added = added_up(rules, stages)
    assumed = f"; {_how_many_assumed(added)}" if added.assumed else ""
    if added.least > limit:
        exact = added.only_working_days and not any(stage.respond_within.set_by_raiser for stage in stages)
        certain = "" if exact else "at least "
        return [f"the {which} add up to {certain}{added.least} working days, more than {limit}{assumed}"]
    if added.most > limit:
        return [f"the {which} may add up to {added.most} working days, more than {limit}{assumed}"]
    return []


def _warnings(rules: Rules) -> tuple[str, ...]:
    ladder = rules.ladder
    found = _too_long(rules)
    if may_be_statutory(ladder, rules.authority) and ladder.climbs and not any(stage.referral for stage in ladder.stages):
        found.append("no stage asks the IRO about Cafcass at the top; a referral stays open at every stage")
    for stage in ladder.stages:
        within, target = stage.respond_within, ladder.climbs_to(stage.key)
        above = ladder.stage(target) if target and stage.no_reply is NoReply.ESCALATE else None
        if above and needs_choice(above):
            instead = "where somebody must choose, so the IRO is asked instead"
            found.append(f"{stage.label}: no reply would climb to {above.label}, {instead}")
        notes = (
            (within.set_by_raiser and ladder.climbs, "the date is set for each item, so it is not in the sum"),
            (within.none_because and not stage.referral and ladder.climbs, f"no window, because: {within.none_because}"),
            (not within.unit_stated, "the kind of day is not stated; calendar days are counted"),
        )
        found += [f"{stage.label}: {note}" for is_so, note in notes if is_so]
    return tuple(found)
