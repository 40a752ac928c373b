"""The directory as values: what stands before an import and after it. Pure; people, units and children by their keys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from uuid import UUID

from drp.database.gathering import gather_by_key
from workflows.decision.covers import Cover, Covers, Presence
from workflows.decision.recipients import About, Establishment, Post
from workflows.model.authority import Authority, HeldFor


@dataclass(frozen=True)
class Person:
    """Somebody of the directory. `left_on`: their last day. `id` None: not stored yet."""

    key: str
    name: str
    email: str
    agency: str = ""
    left_on: date | None = None
    id: UUID | None = None

    def is_here_on(self, day: date) -> bool:
        """Have they not left by that day? Their last day counts."""
        return self.left_on is None or day <= self.left_on


@dataclass(frozen=True)
class DirectoryUnit:
    """A team (within a service), a service or an outside agency."""

    kind: str
    key: str
    name: str
    within: str = ""


@dataclass(frozen=True)
class PostHolding:
    """A role held by a person, from a day until a day (both count). `key`: the unit's, or the child's number.

    One whose end is before its beginning was taken back before it began; nothing is ever deleted.
    """

    person: str
    role: str
    held_for: HeldFor
    key: str
    since: date
    until: date | None = None
    id: UUID | None = None

    @property
    def place(self) -> tuple[str, HeldFor, str]:
        """The post, whoever holds it."""
        return self.role, self.held_for, self.key


@dataclass(frozen=True)
class StandIn:
    """`by` stands in for `of` while they are away, or (a delegate) sees and answers beside them. Both days count."""

    of: str
    by: str
    since: date
    until: date | None = None
    is_delegate: bool = False
    made_here: bool = False
    """Was it made in the service? No file ends it then."""
    id: UUID | None = None


@dataclass(frozen=True)
class DirectoryChild:
    """A child, by case-system number and initials."""

    number: str
    initials: str
    born: date
    statuses: tuple[str, ...]
    in_plo: bool
    in_proceedings: bool
    facts: tuple[str, ...]
    team: str
    last_review: date | None = None
    next_review: date | None = None
    conferences: int = 0
    id: UUID | None = None


@dataclass(frozen=True)
class OpenItem:
    """An open challenge, as far as the directory touches it: `asked` are roles that owe an answer, with the date."""

    reference: str
    child: str
    team: str
    service: str
    raiser_role: str
    asked: tuple[tuple[str, date], ...] = ()

    def about(self) -> About:
        """What it is about, as posts are held (the child by number)."""
        return About("", self.raiser_role, self.child, self.team, self.service)


@dataclass(frozen=True)
class Directory:
    """The whole directory of one authority."""

    people: Mapping[str, Person] = field(default_factory=dict)
    units: Mapping[tuple[str, str], DirectoryUnit] = field(default_factory=dict)
    posts: tuple[PostHolding, ...] = ()
    covers: tuple[StandIn, ...] = ()
    children: Mapping[str, DirectoryChild] = field(default_factory=dict)
    items: tuple[OpenItem, ...] = ()

    @cached_property
    def _by_scope(self) -> Mapping[tuple[HeldFor, str], tuple[PostHolding, ...]]:
        by_scope = gather_by_key(((post.held_for, post.key), post) for post in self.posts)
        return {scope: tuple(posts) for scope, posts in by_scope.items()}

    @cached_property
    def stand_ins(self) -> Covers:
        """Who is there for whom, people by their keys."""
        covering = {cover.by for cover in self.covers}
        return Covers(
            tuple(Cover(c.of, c.by, c.since, c.until, c.is_delegate) for c in self.covers),
            tuple(Presence(p.person, p.since, self._last_day(p)) for p in self.posts if p.person in covering),
        )

    def _last_day(self, post: PostHolding) -> date | None:
        left_on = self.people[post.person].left_on if post.person in self.people else None
        return min((day for day in (post.until, left_on) if day), default=None)

    def posts_of(self, held_for: HeldFor, key: str = "") -> tuple[PostHolding, ...]:
        """Every post ever held for a child, a unit or (key empty) the authority."""
        return self._by_scope.get((held_for, key), ())

    def service_of(self, team: str) -> str:
        """The service of a team, or empty."""
        unit = self.units.get(("team", team))
        return unit.within if unit else ""

    def has_live_posts(self, held_for: HeldFor, key: str, day: date) -> bool:
        """Is a post for a child or a unit held on a day, or will be?"""
        return any(not is_over(post, day) for post in self.posts_of(held_for, key))

    def unit_name(self, kind: str, key: str) -> str:
        """The name of a team, a service or an agency, or its key."""
        unit = self.units.get((kind, key))
        return unit.name if unit else key

    def establishment(self, about: About) -> Establishment:
        """The posts that one item needs, people by their keys and the child by number."""
        scopes = [(HeldFor.AUTHORITY, ""), (HeldFor.TEAM, about.team), (HeldFor.SERVICE, about.service)]
        if about.child:
            scopes.append((HeldFor.CHILD, about.child))
        posts = (post for scope in scopes for post in self.posts_of(*scope))
        return Establishment(
            tuple(Post(p.role, p.held_for, p.key, p.person, p.since, p.until) for p in posts),
            self.stand_ins,
        )

    def name_of(self, person: str) -> str:
        """A person's name, or their key."""
        return self.people[person].name if person in self.people else person

    def names_of(self, people: Iterable[str]) -> str:
        """Several names in one phrase; "nobody" for none."""
        return ", ".join(self.name_of(person) for person in people) or "nobody"

    def place_in_words(self, authority: Authority, role: str, held_for: HeldFor, key: str) -> str:
        """A post as staff say it: "Team Manager of North Team"."""
        title = authority.role(role).title if authority.has_role(role) else role
        if held_for is HeldFor.AUTHORITY:
            return title
        if held_for is HeldFor.CHILD:
            return f"{title} of {key}"
        return f"{title} of {self.unit_name(held_for.value, key)}"


def runs_on(span: PostHolding | StandIn, day: date) -> bool:
    """Does a post or cover run on a day? Both ends count."""
    return span.since <= day and (span.until is None or day <= span.until)


def is_over(span: PostHolding | StandIn, day: date) -> bool:
    """Has a post or cover ended before a day, or was it taken back before it began?"""
    return span.until is not None and (span.until < day or span.until < span.since)
