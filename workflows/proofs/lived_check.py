"""Lives through a ladder in an invented authority, by the service's own rules of who is who: does it get stuck?

A file may read well and still stop, because whoever is to judge is barred for a post that it asks, or because nobody there
could answer. It is lived through in two directories: one person for each role, where each whom the file names must be able to
do what it names them for; and neighbours the same person, where each thing must be open to somebody.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from workflows.calendar.working_days import local_date
from workflows.decision.event_rules import is_open_to
from workflows.decision.recipients import (
    ANSWERING,
    About,
    Establishment,
    Post,
    raisers_asked,
    reach_asked,
    reach_people,
)
from workflows.decision.relation import relation_of_raiser, relation_to
from workflows.model import events as e
from workflows.model.actor import Actor
from workflows.model.authority import Authority, HeldFor, Rules
from workflows.model.challenge import ASKS_RECIPIENTS, Challenge, Facts, Party, Phase, Window, WindowKind
from workflows.model.events import Event
from workflows.model.ladder import RAISER, WITHOUT_CHILD, ItemType, Need, Status
from workflows.proofs import simulate

A_CHILD = "a_child"
LONG_SINCE = date(2000, 1, 1)
"""Since when everybody in an invented directory holds their post."""

_KEYS = {
    HeldFor.CHILD: A_CHILD,
    HeldFor.TEAM: "a_team",
    HeldFor.SERVICE: "a_service",
    HeldFor.AUTHORITY: "",
    HeldFor.AGENCY: "an_agency",
}

_ENDS = (e.Resolved, e.EndedUnresolved, e.Overtaken, e.Withdrawn)


@dataclass(frozen=True)
class InventedDirectory:
    """Who holds each role, in an authority that there is not."""

    people: Mapping[str, str]
    """By role: the one person who holds it."""
    is_strict: bool
    """Must each whom the file names be able to do what it names them for, or only somebody?"""

    def establishment(self, authority: Authority) -> Establishment:
        """Its posts."""
        return Establishment(
            tuple(Post(r.key, r.held_for, _KEYS[r.held_for], self.people[r.key], LONG_SINCE) for r in authority.roles)
        )


def invented_directories(rules: Rules) -> tuple[InventedDirectory, InventedDirectory]:
    """One person for each role; and every two neighbouring posts that the ladder asks, from the first up, the same person."""
    own = {role.key: f"whoever is {role.key}" for role in rules.authority.roles}
    asked = dict.fromkeys(role for stage in rules.ladder.stages for role in stage.roles_to())
    order = [role for role in asked if rules.authority.has_role(role)]
    paired = own | {role: own[order[n - n % 2]] for n, role in enumerate(order)}
    return InventedDirectory(own, True), InventedDirectory(paired, False)


def find_stuck(rules: Rules, now: datetime, directories: Sequence[InventedDirectory] = ()) -> tuple[str, ...]:
    """What stops in this ladder, in words; empty: nothing.

    `now` (aware UTC): when it is lived through. `directories`: in which; empty: in both that are invented for it.
    """
    if rules.ladder.is_notice:
        return ()
    found: list[str] = []
    for directory in directories or invented_directories(rules):
        for item in rules.ladder.items:
            for raiser in rules.ladder.raisers_of(item):
                lives = [_Life(rules, directory, item, raiser, facts, now) for facts in _about_whom(rules, item)]
                if any(life.may_raise() for life in lives):
                    found += [fault for life in lives if life.may_raise() for fault in life.stops()]
                else:
                    words = rules.authority
                    found.append(f"a {words.label(item)} is raised by the {words.role(raiser).title}, who may not raise it")
        if found:
            break  # neighbours only add to it
    return tuple(dict.fromkeys(found))


def _about_whom(rules: Rules, item: ItemType) -> list[Facts]:
    """A child of each status that the ladder covers; and none, where the item may name none."""
    nobody = Facts(team=_KEYS[HeldFor.TEAM], service=_KEYS[HeldFor.SERVICE])
    statuses = rules.ladder.covers or (Status.LOOKED_AFTER, Status.NONE_RECORDED)
    children = [replace(nobody, statuses=frozenset({status})) for status in statuses]
    return [*children, nobody] if item in WITHOUT_CHILD else children


@dataclass(frozen=True)
class _Life:
    """Items of one kind, raised by one role about one child (or none), in one directory."""

    rules: Rules
    directory: InventedDirectory
    item: ItemType
    raiser: str
    facts: Facts
    now: datetime

    @property
    def about(self) -> About:
        """What it is about, and who raises it."""
        child, raised_by = A_CHILD if self.facts.statuses else "", self.directory.people[self.raiser]
        return About(raised_by, self.raiser, child, _KEYS[HeldFor.TEAM], _KEYS[HeldFor.SERVICE])

    def may_raise(self) -> bool:
        """May whoever holds the role raise it in the service?"""
        authority, people = self.rules.authority, self.directory.people
        capacities = [role.acts_as for role in authority.roles if role.acts_as and people[role.key] == self.about.raiser]
        establishment = self.directory.establishment(authority)
        day = local_date(self.now)
        return relation_of_raiser(self.about, authority, establishment, self.about.raiser, capacities, day) is not None

    def stops(self) -> Iterator[str]:
        """Every place at which it stops."""
        establishment, day = self.directory.establishment(self.rules.authority), local_date(self.now)
        ways = simulate.shortest_ways(self.rules, self.facts, self.now, self._person, self.item, self.raiser)
        for _, way in sorted(ways.items()):
            challenge = simulate.play_way(self.rules, way, self.facts, self.now)
            if challenge.is_open:
                standing = replace(self.about, agency=challenge.agency)
                yield from _Moment(self.rules, self.directory, challenge, establishment, standing, day).stops()

    def _person(self, role: str) -> str:
        return self.directory.people.get(role, simulate.SOMEBODY)


@dataclass(frozen=True)
class _Moment:
    """One state in which an open item can stand, with the people of a directory around it."""

    rules: Rules
    directory: InventedDirectory
    challenge: Challenge
    establishment: Establishment
    about: About
    day: date

    def stops(self) -> Iterator[str]:
        """What cannot be done here that must be."""
        stage, ladder = self.rules.ladder.stage(self.challenge.stage), self.rules.ladder
        for window in self.challenge.open_windows():
            if window.key.sequence == self.challenge.sequence and window.key.kind in ASKS_RECIPIENTS:
                yield from self._answers(window)
            elif window.key.kind is WindowKind.JUDGEMENT and self.challenge.phase is Phase.ANSWERED:
                yield from self._judges(window)
        if self.challenge.phase is Phase.ENDORSING and stage.endorsed_by:
            yield from self._named("is endorsed by", stage.endorsed_by.role, e.Endorsed)
        if self.challenge.phase is Phase.AWAITING:
            for role in stage.sent_by:
                yield from self._named("is sent by", role, None)
        raiser = self._actor(self.about.raiser)
        others = () if self.directory.is_strict else self._everybody()
        if not any(is_open_to(kind, self.rules, self.challenge, who) for who in (raiser, *others) for kind in _ENDS):
            yield f"at {stage.label} whoever raised it may not end it"
        goes_on = ladder.onward(stage.key) and self.challenge.phase is not Phase.ENDORSING
        if goes_on and not any(is_open_to(e.Escalated, self.rules, self.challenge, who) for who in (raiser, *others)):
            yield f"at {stage.label} whoever raised it may not take it higher"

    def _answers(self, window: Window) -> Iterator[str]:
        """Whether those asked are there to answer; where any one may, one of them."""
        stage = self.rules.ladder.stage(self.challenge.stage)
        faults = [fault for asked in window.asked if not asked.answered_at for fault in self._answer(asked.party, window)]
        if faults and (window.answer is Need.ALL or len(faults) == len(window.asked)):
            yield from faults
        meeting = stage.contact.meeting
        if meeting and window.key.kind is WindowKind.MEETING:
            yield from self._named("has its meeting arranged by", meeting.arranged_by, e.MeetingArranged)
            yield from self._named("has its outcome recorded by", meeting.outcome_recorded_by, e.OutcomeRecorded)

    def _answer(self, party: Party, window: Window) -> Iterator[str]:
        stage, title = self.rules.ladder.stage(self.challenge.stage), self._title(party.role)
        reached = reach_asked(party, stage.key, self.rules, self.establishment, self.about, self.day)
        there = [one.person for one in reached if one.how in ANSWERING]
        if not there:
            own = raisers_asked(party, self.rules.authority, self.establishment, self.about, self.day)
            why = "who raised it, and nobody stands in or above" if own else "and nobody is there"
            yield f"{stage.label} asks the {title}, {why}"
        elif window.key.kind is WindowKind.REPLY and not self._may(there, e.Responded):
            yield f"{stage.label} asks the {title}, who may not answer"

    def _judges(self, window: Window) -> Iterator[str]:
        """Whether those who judge may; where any one may, one of them."""
        if not self.directory.is_strict:
            if not any(
                is_open_to(kind, self.rules, self.challenge, who) for who in self._everybody() for kind in (e.Judged, *_ENDS)
            ):
                yield f"at {self.rules.ladder.stage(self.challenge.stage).label} nobody may judge the answer"
            return
        faults = [fault for asked in window.asked for fault in self._named("is judged by", asked.party.role, e.Judged)]
        if faults and (window.answer is Need.ALL or len(faults) == len(window.asked)):
            yield from faults

    def _named(self, what: str, role: str, kind: type[Event] | None) -> Iterator[str]:
        """Whether somebody whom the file names is there, and may do what it names them for."""
        if role == RAISER or not self.directory.is_strict:
            return
        stage, title = self.rules.ladder.stage(self.challenge.stage), self._title(role)
        reached = reach_people(Party(role), self.rules.authority, self.establishment, self.about, self.day)
        there = [one.person for one in reached if one.how in ANSWERING]
        if not there:
            yield f"{stage.label} {what} the {title}, and nobody is there"
        elif kind and not self._may(there, kind):
            why = ": a stage asks them, or they are of the child's casework" if self._actor(there[0]).is_concerned else ""
            yield f"{stage.label} {what} the {title}, who may not{why}"

    def _may(self, people: Sequence[str], kind: type[Event]) -> bool:
        return any(is_open_to(kind, self.rules, self.challenge, self._actor(person)) for person in people)

    def _everybody(self) -> tuple[Actor, ...]:
        return tuple(self._actor(person) for person in dict.fromkeys(self.directory.people.values()))

    def _actor(self, person: str) -> Actor:
        return relation_to(self.challenge, self.about, self.rules, self.establishment, person, self.day)

    def _title(self, role: str) -> str:
        return self.rules.authority.role(role).title
