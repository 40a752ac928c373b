"""From roles to people: who holds a post, covers it or sees with it on a day. Pure, over the directory as values."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from workflows.model.authority import Authority, Capacity, HeldFor
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
class Cover:
    """Somebody who stands in for a person while they are away, or (a delegate) sees and answers beside them."""

    of: str
    by: str
    since: date
    until: date | None = None
    is_delegate: bool = False

    def runs_on(self, day: date) -> bool:
        """Does it run on that day? Both ends count."""
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


class ReachedHow(StrEnum):
    """By what right somebody is reached. The values are stored and shown: a member may be renamed, its value never changes."""

    HOLDER = "holder"
    COVER = "cover"
    DELEGATE = "delegate"
    STAND_IN = "stand-in"
    MANAGER = "IRO manager"


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
    covers: tuple[Cover, ...] = ()
    _held: dict[tuple[str, HeldFor, str], list[Post]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        for post in self.posts:
            self._held.setdefault((post.role, post.held_for, post.key), []).append(post)

    def holders(self, authority: Authority, role: str, about: About, day: date) -> tuple[str, ...]:
        """The people who hold a role for what the item is about, on a day."""
        if not authority.has_role(role):
            return ()
        held_for = authority.role(role).held_for
        key = {
            HeldFor.CHILD: about.child,
            HeldFor.TEAM: about.team,
            HeldFor.SERVICE: about.service,
            HeldFor.AUTHORITY: "",
            HeldFor.AGENCY: about.agency or None,
        }[held_for]
        if key is None:
            return ()
        posts = self._held.get((role, held_for, key), ())
        return tuple(dict.fromkeys(post.person for post in posts if post.is_held_on(day)))

    def acts_for(self, person: str, day: date, as_delegate: bool = False) -> frozenset[str]:
        """Whose acts a person may do on a day: their own, those whom they cover; as a delegate they only see and answer."""
        covered = {c.of for c in self.covers if c.by == person and c.runs_on(day) and (as_delegate or not c.is_delegate)}
        return frozenset({person} | covered)

    def held_by(self, people: Collection[str], authority: Authority, about: About, day: date) -> frozenset[str]:
        """The roles that any of some people hold for an item on a day."""
        return frozenset(
            role.key
            for role in authority.roles
            if any(holder in people for holder in self.holders(authority, role.key, about, day))
        )

    def holds(self, person: str, role: str, day: date) -> bool:
        """Does a person hold a role on a day, as far as these posts reach?"""
        return any(post.person == person and post.role == role and post.is_held_on(day) for post in self.posts)

    def standing_in_for(self, person: str, day: date) -> tuple[Cover, ...]:
        """Covers and delegations of a person that run on a day."""
        return tuple(cover for cover in self.covers if cover.of == person and cover.runs_on(day))


def iro_of(authority: Authority, establishment: Establishment, about: About, day: date) -> tuple[str, ...]:
    """The people who are the child's IRO on a day."""
    return tuple(
        person
        for role in authority.roles_acting_as(Capacity.IRO)
        for person in establishment.holders(authority, role, about, day)
    )


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
    """The people behind a party on a day: holders, or their cover while they are away, and their delegates.

    Where nobody is found: the ladder's stand-in, then the IRO manager (the caller raises the alarm); never nobody
    while the authority has an IRO manager, and never an address that somebody typed (docs/architecture.md rule 14).
    """
    role = about.raiser_role if party.role == RAISER else party.role
    if party.person:
        people: tuple[str, ...] = (party.person,)
    elif party.role == RAISER:
        people = raiser_of(authority, establishment, about, day)
    else:
        people = establishment.holders(authority, party.role, about, day)
    found = _with_cover(people, role, establishment, day)
    if not found and stand_in:
        standing = establishment.holders(authority, stand_in, about, day)
        found = tuple(ReachedPerson(person, stand_in, ReachedHow.STAND_IN) for person in standing)
    if not found:
        found = tuple(
            ReachedPerson(person, manager, ReachedHow.MANAGER)
            for manager in authority.roles_acting_as(Capacity.IRO_MANAGER)
            for person in _people(_with_cover(establishment.holders(authority, manager, about, day), manager, establishment, day))
        )
    return tuple(dict.fromkeys(found))


def _with_cover(people: Iterable[str], role: str, establishment: Establishment, day: date) -> tuple[ReachedPerson, ...]:
    found: list[ReachedPerson] = []
    for person in people:
        standing = establishment.standing_in_for(person, day)
        cover = [ReachedPerson(c.by, role, ReachedHow.COVER) for c in standing if not c.is_delegate]
        found += cover or [ReachedPerson(person, role, ReachedHow.HOLDER)]
        found += [ReachedPerson(c.by, role, ReachedHow.DELEGATE) for c in standing if c.is_delegate]
    return tuple(found)


def _people(reached: Iterable[ReachedPerson]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.person for one in reached))


def nobody_holds(party: Party, authority: Authority, establishment: Establishment, about: About, day: date) -> bool:
    """Is the post behind a party empty on a day?"""
    if party.role == RAISER:
        return not raiser_of(authority, establishment, about, day)
    if party.person:
        return False
    return not establishment.holders(authority, party.role, about, day)
