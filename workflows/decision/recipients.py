"""From roles to people: who holds a post, covers it or sees with it on a day. Pure, over the directory as values."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from workflows.decision.covers import Covers
from workflows.model.authority import Authority, Capacity, HeldFor, Rules
from workflows.model.challenge import Party
from workflows.model.ladder import RAISER


@dataclass(frozen=True)
class Post:
    """A role held by a person for a child, a team, a service, the authority or an agency, from a day until a day."""

    role: str
    held_for: HeldFor
    key: str
    person: str
    since: date
    until: date | None = None

    def is_held_on(self, day: date) -> bool:
        """Is it held on that day? Both ends count."""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class About:
    """What an item is about, as posts are held: a child, a team, a service. `raiser` is the person who raised it."""

    raiser: str
    raiser_role: str
    child: str = ""
    team: str = ""
    service: str = ""
    agency: str = ""

    def key_of(self, held_for: HeldFor) -> str | None:
        """Of what a post is held that is held for such a thing: the child's key, the team's; None: there is none."""
        if held_for is HeldFor.CHILD:
            return self.child
        if held_for is HeldFor.TEAM:
            return self.team
        if held_for is HeldFor.SERVICE:
            return self.service
        return "" if held_for is HeldFor.AUTHORITY else self.agency or None


class ReachedHow(StrEnum):
    """By what right somebody is reached. The values are stored and shown: a member may be renamed, its value never changes."""

    HOLDER = "holder"
    COVER = "cover"
    DELEGATE = "delegate"
    STAND_IN = "stand-in"
    MANAGER = "IRO manager"


ANSWERING = frozenset({ReachedHow.HOLDER, ReachedHow.COVER, ReachedHow.STAND_IN})
"""By what right somebody is asked in the place of a party: a delegate answers beside them, and a manager is alarmed."""


@dataclass(frozen=True)
class ReachedPerson:
    """One person reached for one party."""

    person: str
    role: str
    how: ReachedHow


@dataclass(frozen=True)
class Establishment:
    """The part of the directory that an item needs, as values."""

    posts: tuple[Post, ...]
    covers: Covers = field(default_factory=Covers)
    _held: dict[tuple[str, HeldFor, str], list[Post]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _of: dict[str, list[Post]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _at: dict[tuple[str, HeldFor, str], list[Post]] = field(init=False, repr=False, compare=False, default_factory=dict)
    _holders: dict[tuple[str, str, date], tuple[str, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for post in self.posts:
            self._held.setdefault((post.role, post.held_for, post.key), []).append(post)
            self._of.setdefault(post.person, []).append(post)
            self._at.setdefault((post.person, post.held_for, post.key), []).append(post)

    def holders(self, authority: Authority, role: str, about: About, day: date) -> tuple[str, ...]:
        """The people who hold a role for what the item is about, on a day."""
        if not authority.has_role(role):
            return ()
        held_for = authority.role(role).held_for
        key = about.key_of(held_for)
        if key is None:
            return ()
        found = self._holders.get((role, key, day))
        if found is None:
            posts = self._held.get((role, held_for, key), ())
            found = tuple(dict.fromkeys(post.person for post in posts if post.is_held_on(day)))
            self._holders[role, key, day] = found
        return found

    def held_by(self, people: Collection[str], authority: Authority, about: About, day: date) -> frozenset[str]:
        """The roles that any of some people hold for an item on a day."""
        return frozenset(
            post.role
            for held_for in HeldFor
            if (key := about.key_of(held_for)) is not None
            for person in people
            for post in self._at.get((person, held_for, key), ())
            if authority.has_role(post.role) and authority.role(post.role).held_for is held_for and post.is_held_on(day)
        )

    def of_person(self, person: str) -> Sequence[Post]:
        """The posts of one person, held now or once."""
        return self._of.get(person, ())

    def at(self, person: str, place: tuple[HeldFor, str]) -> Sequence[Post]:
        """The posts that one person holds, or held, for one thing: a child, a team."""
        return self._at.get((person, *place), ())

    def holds(self, person: str, role: str, day: date) -> bool:
        """Does a person hold a role on a day, as far as these posts reach?"""
        return any(post.role == role and post.is_held_on(day) for post in self._of.get(person, ()))


def iro_of(authority: Authority, establishment: Establishment, about: About, day: date) -> tuple[str, ...]:
    """The people who are the child's IRO on a day."""
    roles = authority.roles_acting_as(Capacity.IRO)
    if len(roles) == 1:
        return establishment.holders(authority, roles[0], about, day)
    return tuple(person for role in roles for person in establishment.holders(authority, role, about, day))


def raiser_of(authority: Authority, establishment: Establishment, about: About, day: date) -> tuple[str, ...]:
    """Who the item's raiser is now: the child's present IRO where an IRO raised it, else whoever raised it while they
    hold the role. Nobody: it falls to the IRO manager."""
    raised_as_iro = about.raiser_role in authority.roles_acting_as(Capacity.IRO)
    if raised_as_iro and about.child:
        return iro_of(authority, establishment, about, day)
    return (about.raiser,) if establishment.holds(about.raiser, about.raiser_role, day) else ()


def reach_people(
    party: Party, authority: Authority, establishment: Establishment, about: About, day: date, stand_in: str = ""
) -> tuple[ReachedPerson, ...]:
    """The people behind a party on a day: holders, or whoever is there for them while they are away, and their delegates.

    Where nobody is there: the ladder's stand-in, then the IRO manager, who is alarmed and asked nothing (the caller raises
    the alarm), but stands in for a raiser; never nobody while the authority has an IRO manager, and never an address that
    somebody typed (docs/architecture.md rule 14).
    """
    found = _people_of(party, authority, establishment, about, day)
    if _nobody_among(found) and stand_in:
        found += _reached_in(stand_in, ReachedHow.STAND_IN, authority, establishment, about, day)
    if _nobody_among(found):
        how = ReachedHow.STAND_IN if party.role == RAISER else ReachedHow.MANAGER
        for manager in authority.roles_acting_as(Capacity.IRO_MANAGER):
            found += _reached_in(manager, how, authority, establishment, about, day)
    return tuple(dict.fromkeys(found))


def reach_asked(
    party: Party, stage: str, rules: Rules, establishment: Establishment, about: About, day: date
) -> tuple[ReachedPerson, ...]:
    """The people behind a party that a stage asks, on a day: never whoever raised the item, for nobody answers themselves.

    Where nobody else holds the post the stage's stand-in is asked, then the first post above where somebody else is.
    """
    authority, ladder = rules.authority, rules.ladder
    stand_in = dict(ladder.stage(stage).stand_ins).get(party.role, "") if ladder.has(stage) else ""
    raisers = raisers_asked(party, authority, establishment, about, day)
    if not raisers:
        return reach_people(party, authority, establishment, about, day, stand_in)
    found = _people_of(party, authority, establishment, about, day, raisers)
    above = ladder.stages[ladder.position(stage) + 1 :] if ladder.has(stage) else ()
    for role in (stand_in, *(role for other in above for role in other.roles_to())):
        if _nobody_among(found) and role:
            found += _reached_in(role, ReachedHow.STAND_IN, authority, establishment, about, day, raisers)
    if _nobody_among(found):
        for manager in authority.roles_acting_as(Capacity.IRO_MANAGER):
            found += _reached_in(manager, ReachedHow.MANAGER, authority, establishment, about, day)
    return tuple(dict.fromkeys(found))


def raisers_asked(party: Party, authority: Authority, establishment: Establishment, about: About, day: date) -> frozenset[str]:
    """Of the people who hold a party's post on a day, those who raised the item."""
    raisers = frozenset(raiser_of(authority, establishment, about, day))
    return raisers_among(party, raisers, authority, establishment, about, day)


def raisers_among(
    party: Party, raisers: frozenset[str], authority: Authority, establishment: Establishment, about: About, day: date
) -> frozenset[str]:
    """The same, where it is known already who raised it."""
    if party.role == RAISER or not raisers:
        return frozenset()
    return raisers.intersection(holders_behind(party, authority, establishment, about, day))


def nobody_is_asked(party: Party, stage: str, rules: Rules, establishment: Establishment, about: About, day: date) -> bool:
    """Is nobody there for a post that a stage asks, on a day? A stand-in answers, and leaves the post empty all the same; whoever
    is asked in the place of who raised it does not."""
    if not raisers_asked(party, rules.authority, establishment, about, day):
        return nobody_is_there(party, rules.authority, establishment, about, day)
    reached = reach_asked(party, stage, rules, establishment, about, day)
    return all(one.how in (ReachedHow.DELEGATE, ReachedHow.MANAGER) for one in reached)


def _people_of(
    party: Party,
    authority: Authority,
    establishment: Establishment,
    about: About,
    day: date,
    without: Collection[str] = (),
) -> tuple[ReachedPerson, ...]:
    """Whoever is there for the holders of a party's post (but for some), and, where somebody is, the holders' delegates."""
    role = about.raiser_role if party.role == RAISER else party.role
    found: list[ReachedPerson] = []
    for person in holders_behind(party, authority, establishment, about, day):
        if person in without:
            continue
        there = establishment.covers.there_for(person, day)
        found += [ReachedPerson(by, role, ReachedHow.HOLDER if by == person else ReachedHow.COVER) for by in there]
        found += [ReachedPerson(by, role, ReachedHow.DELEGATE) for by in establishment.covers.delegates_of(person, day)]
    return tuple(found)


def holders_behind(party: Party, authority: Authority, establishment: Establishment, about: About, day: date) -> tuple[str, ...]:
    """The people who hold a party's post on a day: whoever was chosen by name, whoever raised it, else the role's holders."""
    if party.person:
        return (party.person,)
    of_other_children = not about.child and party.role == about.raiser_role and _is_held_for_child(authority, party.role)
    if party.role == RAISER or of_other_children:
        return raiser_of(authority, establishment, about, day)
    return establishment.holders(authority, party.role, about, day)


def _is_held_for_child(authority: Authority, role: str) -> bool:
    return authority.has_role(role) and authority.role(role).held_for is HeldFor.CHILD


def _reached_in(
    role: str,
    how: ReachedHow,
    authority: Authority,
    establishment: Establishment,
    about: About,
    day: date,
    without: Collection[str] = (),
) -> tuple[ReachedPerson, ...]:
    """Whoever is there for the holders (but for some) of a role that stands in for another."""
    holders = [one for one in establishment.holders(authority, role, about, day) if one not in without]
    return tuple(ReachedPerson(by, role, how) for holder in holders for by in establishment.covers.there_for(holder, day))


def _nobody_among(reached: Iterable[ReachedPerson]) -> bool:
    """Is none of them there in the place of a holder? A delegate answers beside somebody, and never in their place."""
    return all(one.how is ReachedHow.DELEGATE for one in reached)


def nobody_is_there(party: Party, authority: Authority, establishment: Establishment, about: About, day: date) -> bool:
    """Is nobody there for a party on a day: its post is empty, or whoever holds it is away and so is everybody who covers?"""
    return _nobody_among(_people_of(party, authority, establishment, about, day))
