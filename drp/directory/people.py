"""The directory's people as they are looked up and chosen: what each holds on a day, in words, and who stands in for them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, or_
from sqlmodel import col

from drp.database.directory_tables import CoverRow, PersonRow, PostRow, UnitRow
from drp.database.folding import fold_name
from drp.database.gathering import gather_by_key
from drp.database.scope import core_table, count_of, in_authority, match_day, match_here, match_not_over, select_of
from workflows.model.authority import Authority, Capacity, HeldFor

IRO_SERVICE = frozenset({Capacity.IRO, Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT})
"""The capacities of the people who are the IRO service."""


@dataclass(frozen=True)
class HeldPost:
    """A role that somebody holds on a day: in a place, or for so many children."""

    role: str
    held_for: HeldFor
    key: str = ""
    place: str = ""
    children: int = 0

    def in_words(self, words: Authority) -> str:
        """As staff say it: "Team Manager of North Team", "IRO of 24 children"."""
        title = words.role(self.role).title if words.has_role(self.role) else self.role
        if self.held_for is HeldFor.CHILD:
            return f"{title} of {self.children} {'child' if self.children == 1 else 'children'}"
        return f"{title} of {self.place}" if self.place else title


@dataclass(frozen=True)
class DirectoryPerson:
    """A person of the directory, with their own posts of a day. `left_on`: their last day."""

    id: UUID
    name: str
    agency: str
    left_on: date | None
    posts: tuple[HeldPost, ...] = ()

    def is_here_on(self, day: date) -> bool:
        """Have they not left by that day? Their last day counts."""
        return self.left_on is None or day <= self.left_on

    def acts_as(self, words: Authority) -> frozenset[Capacity]:
        """What their own posts let them act as."""
        roles = [words.role(post.role) for post in self.posts if words.has_role(post.role)]
        return frozenset(role.acts_as for role in roles if role.acts_as is not None)

    def is_of_iro_service(self, words: Authority) -> bool:
        """Are they an IRO, an IRO manager or business support?"""
        return bool(self.acts_as(words) & IRO_SERVICE)

    def casework(self, words: Authority) -> tuple[HeldPost, ...]:
        """The posts by which children's cases are theirs, or their line's: what an IRO is independent of."""
        near = (HeldFor.CHILD, HeldFor.TEAM, HeldFor.SERVICE)
        return tuple(
            post
            for post in self.posts
            if post.held_for in near and words.has_role(post.role) and words.role(post.role).acts_as is None
        )

    def titles(self, words: Authority) -> tuple[str, ...]:
        """Their posts in words."""
        return tuple(post.in_words(words) for post in self.posts)


@dataclass(frozen=True)
class ListedCover:
    """A cover or a delegation as it is listed, both people by name."""

    id: UUID
    of: UUID
    of_name: str
    by: UUID
    by_name: str
    since: date
    until: date | None
    is_delegate: bool
    given_by: UUID | None = None
    by_standing_order: bool = False
    is_appointed: bool = False

    def runs_on(self, day: date) -> bool:
        """Does it run on that day, rather than begin later?"""
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True)
class RoleOfPerson:
    """One role that a person holds, in however many posts."""

    person: UUID
    name: str
    role: str


@dataclass(frozen=True)
class FoundPeople:
    """Some of the people that a search found, and how many there are in all."""

    people: tuple[DirectoryPerson, ...]
    total: int


def read_person(connection: Connection, authority: str, person: UUID, day: date) -> DirectoryPerson | None:
    """One person with the posts that they hold on a day."""
    return next(iter(_read_people(connection, authority, day, [col(PersonRow.id) == person])), None)


def search_people(connection: Connection, words: Authority, find: str, day: date, offset: int = 0, most: int = 50) -> FoundPeople:
    """People by part of a name, of a role's title or of a team's, a service's or an agency's name; those who left come last."""
    where = _fits(words, find.strip(), day)
    people = _read_people(connection, words.key, day, where, ~match_here(PersonRow, day), offset, most)
    return FoundPeople(people, count_of(connection, PersonRow, words.key, *where))


def colleagues_of(connection: Connection, words: Authority, of: DirectoryPerson, find: str, day: date, most: int) -> FoundPeople:
    """Those who may stand in for somebody: people of the same agency, those of the same role first. They need hold no post:
    a director's delegate may be somebody of their office."""
    alike = _holds(words.key, col(PostRow.role).in_({post.role for post in of.posts}), *match_day(PostRow, day))
    where = [
        col(PersonRow.agency) == of.agency,
        col(PersonRow.id) != of.id,
        match_here(PersonRow, day),
        *_fits(words, find.strip(), day),
    ]
    people = _read_people(connection, words.key, day, where, alike.desc(), 0, most)
    return FoundPeople(people, count_of(connection, PersonRow, words.key, *where))


def people_acting_as(
    connection: Connection, words: Authority, capacities: Collection[Capacity], day: date
) -> tuple[DirectoryPerson, ...]:
    """Everybody whose own posts let them act as one of these on a day, by name."""
    roles = [role for capacity in capacities for role in words.roles_acting_as(capacity)]
    return people_holding(connection, words, roles, day)


def people_holding(connection: Connection, words: Authority, roles: Collection[str], day: date) -> tuple[DirectoryPerson, ...]:
    """Everybody who holds one of some roles on a day, by name."""
    return _read_people(connection, words.key, day, [_holds(words.key, col(PostRow.role).in_(roles), *match_day(PostRow, day))])


def who_held(connection: Connection, words: Authority, roles: Collection[str], day: date) -> tuple[DirectoryPerson, ...]:
    """Everybody who ever held one of some roles until before a day, by name, with the posts that they hold on it."""
    return _read_people(connection, words.key, day, [_holds(words.key, col(PostRow.role).in_(roles), col(PostRow.until) < day)])


def stand_ins(
    connection: Connection, authority: str, day: date, people: Collection[UUID] | None = None
) -> tuple[ListedCover, ...]:
    """Covers and delegations that run on a day or will, of or by some people (None: of everybody), by name and date."""
    of, by = (core_table(PersonRow).alias(name) for name in ("of_person", "by_person"))
    query = (
        select_of(CoverRow, authority, core_table(CoverRow), of.c.name.label("of_name"), by.c.name.label("by_name"))
        .join(of, and_(of.c.authority == col(CoverRow.authority), of.c.id == col(CoverRow.of)))
        .join(by, and_(by.c.authority == col(CoverRow.authority), by.c.id == col(CoverRow.by)))
        .where(match_not_over(CoverRow, day))
        .order_by(of.c.name, col(CoverRow.since), by.c.name)
    )
    if people is not None:
        query = query.where(or_(col(CoverRow.of).in_(people), col(CoverRow.by).in_(people)))
    return tuple(
        ListedCover(
            row.id,
            row.of,
            row.of_name,
            row.by,
            row.by_name,
            row.since,
            row.until,
            row.is_delegate,
            row.given_by,
            row.by_standing_order,
            row.appointed_at is not None,
        )
        for row in connection.execute(query)
    )


def count_people(connection: Connection, authority: str) -> int:
    """How many people of an authority's directory have no last day."""
    return count_of(connection, PersonRow, authority, col(PersonRow.left_on).is_(None))


@dataclass(frozen=True)
class SuspendedPerson:
    """Somebody as whom nobody signs in, since an aware UTC instant."""

    id: UUID
    name: str
    since: datetime


def list_suspended(connection: Connection, authority: str) -> list[SuspendedPerson]:
    """Everybody whose sign-in is suspended, by name."""
    rows = select_of(PersonRow, authority, PersonRow.id, PersonRow.name, PersonRow.suspended_at)
    return [
        SuspendedPerson(*row)
        for row in connection.execute(rows.where(col(PersonRow.suspended_at).is_not(None)).order_by(col(PersonRow.name)))
    ]


@dataclass(frozen=True)
class SharedAddress:
    """An e-mail address that several people of the directory have: a link to it proves to be none of them."""

    email: str
    names: tuple[str, ...]


def shared_addresses(connection: Connection, authority: str, day: date) -> list[SharedAddress]:
    """The addresses that several people have who are here on a day."""
    rows = connection.execute(
        select_of(PersonRow, authority, col(PersonRow.email_folded).label("email"), PersonRow.name)
        .where(match_here(PersonRow, day), col(PersonRow.email) != "")
        .order_by("email", col(PersonRow.name))
    )
    found = gather_by_key((row.email, row.name) for row in rows)
    return [SharedAddress(email, tuple(names)) for email, names in found.items() if len(names) > 1]


def find_people_named(connection: Connection, authority: str, name: str, most: int) -> tuple[UUID, ...]:
    """The people whose name holds a text, at most so many. No character of the text stands for another."""
    return tuple(
        connection.execute(
            select_of(PersonRow, authority, PersonRow.id)
            .where(col(PersonRow.name_folded).contains(fold_name(name), autoescape=True))
            .limit(most)
        ).scalars()
    )


def read_email(connection: Connection, authority: str, person: UUID) -> str:
    """The e-mail address that the directory has for somebody. Raises NoResultFound for whom it does not know."""
    return str(
        connection.execute(select_of(PersonRow, authority, PersonRow.email).where(col(PersonRow.id) == person)).scalar_one()
    )


def read_suspended(connection: Connection, authority: str, person: UUID) -> datetime | None:
    """Since when nobody signs in as somebody (aware UTC); None: they may."""
    since = select_of(PersonRow, authority, PersonRow.suspended_at).where(col(PersonRow.id) == person)
    return connection.execute(since).scalar()


def list_roles_of(connection: Connection, authority: str, people: Iterable[UUID], day: date) -> dict[UUID, tuple[str, ...]]:
    """The keys of the roles that some people hold on a day, each once and in order, by person."""
    rows = connection.execute(
        select_of(PostRow, authority, PostRow.person, PostRow.role)
        .where(col(PostRow.person).in_(list(people)), *match_day(PostRow, day))
        .distinct()
        .order_by(col(PostRow.role))
    )
    return {person: tuple(roles) for person, roles in gather_by_key((row.person, row.role) for row in rows).items()}


def list_all_roles(connection: Connection, authority: str, day: date) -> tuple[RoleOfPerson, ...]:
    """Every role of everybody who holds a post on a day and has not left, by name."""
    rows = connection.execute(
        select_of(PersonRow, authority, PersonRow.id, PersonRow.name, PostRow.role)
        .join(PostRow, in_authority(PostRow, authority) & (col(PostRow.person) == col(PersonRow.id)))
        .where(*match_day(PostRow, day), match_here(PersonRow, day))
        .distinct()
        .order_by(col(PersonRow.name))
    )
    return tuple(RoleOfPerson(*row) for row in rows)


def _fits(words: Authority, find: str, day: date) -> list[Any]:
    """A condition on people: part of a name, of what they hold, or of where."""
    if not find:
        return []
    if not find.isprintable():
        return [col(PersonRow.id).is_(None)]  # PostgreSQL takes no text with a NUL in it
    roles = [role.key for role in words.roles if fold_name(find) in fold_name(role.title)]
    units = select_of(UnitRow, words.key, UnitRow.key).where(
        col(UnitRow.kind) == col(PostRow.held_for),
        col(UnitRow.key) == col(PostRow.key),
        col(UnitRow.name_folded).contains(fold_name(find), autoescape=True),
    )
    holds = _holds(words.key, *match_day(PostRow, day), or_(col(PostRow.role).in_(roles), units.exists()))
    return [or_(col(PersonRow.name_folded).contains(fold_name(find), autoescape=True), holds)]


def _holds(authority: str, *conditions: Any) -> ColumnElement[bool]:
    """A condition on people: they hold, or held, such a post."""
    return col(PersonRow.id).in_(select_of(PostRow, authority, PostRow.person).where(*conditions))


def _read_people(
    connection: Connection,
    authority: str,
    day: date,
    where: Iterable[Any],
    first: Any = None,
    offset: int = 0,
    most: int | None = None,
) -> tuple[DirectoryPerson, ...]:
    """People by name, with the posts that they hold on a day. `first`: what they are ordered by before their names."""
    order = [col(PersonRow.name_folded), col(PersonRow.id)]
    query = select_of(PersonRow, authority, PersonRow.id, PersonRow.name, PersonRow.agency, PersonRow.left_on)
    query = query.where(*where).order_by(*([] if first is None else [first]), *order).offset(offset or None).limit(most)
    rows = connection.execute(query).all()
    posts = _posts(connection, authority, [row.id for row in rows], day)
    return tuple(DirectoryPerson(row.id, row.name, row.agency, row.left_on, tuple(posts.get(row.id, ()))) for row in rows)


def _posts(connection: Connection, authority: str, people: Sequence[UUID], day: date) -> dict[UUID, list[HeldPost]]:
    if not people:
        return {}
    here = (col(PostRow.person).in_(people), *match_day(PostRow, day))
    unit = (
        in_authority(UnitRow, authority) & (col(UnitRow.kind) == col(PostRow.held_for)) & (col(UnitRow.key) == col(PostRow.key))
    )
    placed = connection.execute(
        select_of(PostRow, authority, PostRow.person, PostRow.role, PostRow.held_for, PostRow.key, UnitRow.name)
        .outerjoin(UnitRow, unit)
        .where(*here, col(PostRow.held_for) != HeldFor.CHILD.value)
        .order_by(col(PostRow.role), col(UnitRow.name))
    )
    # Children are counted, not listed: who keeps the directory need not know them.
    counted = connection.execute(
        select_of(PostRow, authority, PostRow.person, PostRow.role, func.count(col(PostRow.key).distinct()).label("n"))
        .where(*here, col(PostRow.held_for) == HeldFor.CHILD.value)
        .group_by(col(PostRow.person), col(PostRow.role))
        .order_by(col(PostRow.role))
    )
    return gather_by_key(
        [
            *((row.person, HeldPost(row.role, HeldFor(row.held_for), row.key, row.name or row.key)) for row in placed),
            *((row.person, HeldPost(row.role, HeldFor.CHILD, children=row.n)) for row in counted),
        ]
    )
