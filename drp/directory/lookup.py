"""The directory as it is asked: children, teams, people, who holds what."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, select
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow, PersonRow, PostRow, UnitRow
from drp.database.folding import fold
from drp.database.gathering import gather_by_key
from drp.database.scope import in_authority, match_day, match_here, select_of
from drp.database.statements import CHILDREN_WRITTEN_SO, CONTACTS
from drp.directory.vacancies import Vacancy, vacant_posts
from drp.directory.values import Directory, DirectoryChild, DirectoryUnit, OpenItem, PostHolding
from drp.identity.covering import people_acted_for
from workflows.decision.recipients import About, Post
from workflows.model.authority import Authority, HeldFor
from workflows.model.challenge import Facts
from workflows.model.ladder import Ladder, Status
from workflows.model.refusals import Unfit


@dataclass(frozen=True)
class ItemSubject:
    """What an item is about: a child, or a team of a service."""

    about: About
    facts: Facts
    child: UUID | None = None
    number: str = ""
    initials: str = ""


@dataclass(frozen=True)
class AgencyHolder:
    """Somebody who holds a role in an outside agency. `agency`: its name, or empty where the directory has none."""

    person: UUID
    name: str
    agency: str


def read_authority_name(connection: Connection, authority: str) -> str:
    """The name of an authority; empty if it is not in the database yet."""
    return connection.execute(select(col(AuthorityRow.name)).where(col(AuthorityRow.key) == authority)).scalar() or ""


def list_units(connection: Connection, authority: str, kinds: Collection[str] | None = None) -> tuple[DirectoryUnit, ...]:
    """Teams, services and agencies by name. `kinds`: only these of "team", "service", "agency"."""
    query = select_of(UnitRow, authority, UnitRow.kind, UnitRow.key, UnitRow.name, UnitRow.within)
    if kinds is not None:
        query = query.where(col(UnitRow.kind).in_(kinds))
    return tuple(DirectoryUnit(*row) for row in connection.execute(query.order_by(col(UnitRow.name))))


def list_team_names(connection: Connection, authority: str) -> dict[str, str]:
    """Every team of an authority: its name by its key, in the order of the names."""
    return {unit.key: unit.name for unit in list_units(connection, authority, ("team",))}


def service_of(connection: Connection, authority: str, team: str) -> str | None:
    """The service that a team is in, or None if there is no such team."""
    return connection.execute(
        select_of(UnitRow, authority, UnitRow.within).where(col(UnitRow.kind) == "team", col(UnitRow.key) == team)
    ).scalar()


def find_unit_name(connection: Connection, authority: str, kind: str, key: str) -> str:
    """Find what a team, a service or an outside agency is called; empty if there is none such."""
    named = select_of(UnitRow, authority, UnitRow.name).where(col(UnitRow.kind) == kind, col(UnitRow.key) == key)
    return connection.execute(named).scalar() or ""


def children_of_number(connection: Connection, authority: str, number: str) -> list[UUID]:
    """The children of a case-system number: the one that is written so, else those whose number reads the same when folded."""
    return [row.id for row in _children_written_so(connection, authority, number)]


def _children_written_so(connection: Connection, authority: str, number: str) -> Sequence[Row[Any]]:
    """Whole rows, each with the service that the child's team is `within`."""
    rows = connection.execute(CHILDREN_WRITTEN_SO, {"authority": authority, "number": fold(number)}).all()
    return [row for row in rows if row.number == number] or rows


def child_by_number(connection: Connection, authority: str, number: str) -> ItemSubject | None:
    """A child by case-system number, with the facts that ladders ask for. Raises Unfit where two spellings stand for several."""
    found = _children_written_so(connection, authority, number)
    if len(found) > 1:
        raise Unfit(
            f"{len(found)} children have a number that reads so, each spelt otherwise.",
            "Write it exactly as the case system does, and have the directory put right (`drp directory spellings`).", "child",
        )  # fmt: skip
    if not found:
        return None
    row, service = found[0], found[0].within or ""
    about = About("", "", str(row.id), row.team, service)
    return ItemSubject(about, facts_of_child(row, service), row.id, row.number, row.initials)


def facts_of_child(row: Any, service: str) -> Facts:
    """What ladders ask of a child, from a whole row and the service of their team."""
    return Facts(
        frozenset(Status(status) for status in row.statuses),
        row.in_plo,
        row.in_proceedings,
        frozenset(row.facts),
        row.team,
        service,
        row.next_review,
    )


def make_child(row: Any) -> DirectoryChild:
    """A child as the directory has them, from a whole row."""
    return DirectoryChild(
        row.number, row.initials, row.born, tuple(sorted(row.statuses)), row.in_plo, row.in_proceedings, tuple(sorted(row.facts)),
        row.team, row.last_review, row.next_review, row.conferences, row.id,
    )  # fmt: skip


def find_birth_date(connection: Connection, authority: str, child: UUID) -> date | None:
    """Find when a child was born; None if the directory does not know the child."""
    return connection.execute(select_of(ChildRow, authority, ChildRow.born).where(col(ChildRow.id) == child)).scalar()


def find_last_review(connection: Connection, authority: str, child: UUID) -> date | None:
    """Find when a child's last review was, as far as the directory knows."""
    return connection.execute(select_of(ChildRow, authority, ChildRow.last_review).where(col(ChildRow.id) == child)).scalar()


def child_numbers_of(connection: Connection, authority: str, children: Sequence[UUID]) -> Mapping[UUID, str]:
    """Case-system numbers of children by id."""
    return {
        row.id: row.number
        for row in connection.execute(
            select_of(ChildRow, authority, ChildRow.id, ChildRow.number).where(col(ChildRow.id).in_(children))
        )
    }


def team_as_subject(connection: Connection, authority: str, team: str) -> ItemSubject:
    """A team, for an item about a service. Raises Unfit for an unknown one."""
    service = service_of(connection, authority, team)
    if service is None:
        raise Unfit(f"There is no team `{team}`.", "Name a team of the directory.", "team")
    return ItemSubject(About("", "", "", team, service), Facts(team=team, service=service))


def holds_role(connection: Connection, authority: str, person: str, role: str, day: date) -> bool:
    """Does a person hold a role anywhere in the authority (or its agencies) on a day?"""
    id_ = _identity(person)
    if str(id_) != person:  # it is compared as text from here on
        return False
    conditions = (col(PostRow.person) == id_, col(PostRow.role) == role, *match_day(PostRow, day))
    return connection.execute(select_of(PostRow, authority, PostRow.id).where(*conditions)).first() is not None


def list_posts(
    connection: Connection,
    authority: str,
    person: UUID,
    day: date,
    held_for: HeldFor | None = None,
    *,
    covering: bool = False,
    as_delegate: bool = False,
) -> tuple[Post, ...]:
    """The posts that a person holds on a day, all or those held for one kind of thing.

    `covering`: also those of the people for whom they are there on that day; with `as_delegate` as well, those of the people
    whose delegate they are.
    """
    people = people_acted_for(connection, authority, person, day, as_delegate) if covering else (person,)
    query = select_of(
        PostRow, authority, PostRow.role, PostRow.held_for, PostRow.key, PostRow.person, PostRow.since, PostRow.until
    ).where(col(PostRow.person).in_(people), *match_day(PostRow, day))
    if held_for is not None:
        query = query.where(col(PostRow.held_for) == held_for.value)
    return tuple(map(make_post, connection.execute(query)))


def make_post(row: Any) -> Post:
    """A post with its holder, from a row."""
    return Post(row.role, HeldFor(row.held_for), row.key, str(row.person), row.since, row.until)


def list_own_teams(connection: Connection, words: Authority, person: UUID, day: date) -> frozenset[str]:
    """The keys of the teams that a person's posts are for on a day, or the posts of those for whom they stand in.

    A post is for a team, for the service of a team, or for a child of one. A post whose role acts as IRO, or in another
    capacity of the service, is for none: an IRO reviews children of many teams and is of none of them.
    """
    keys = gather_by_key(
        (post.held_for, post.key)
        for post in list_posts(connection, words.key, person, day, covering=True, as_delegate=True)
        if words.has_role(post.role) and words.role(post.role).acts_as is None
    )
    own = set(keys.get(HeldFor.TEAM, ()))
    if services := keys.get(HeldFor.SERVICE):
        of_services = (col(UnitRow.kind) == "team", col(UnitRow.within).in_(services))
        own.update(connection.execute(select_of(UnitRow, words.key, UnitRow.key).where(*of_services)).scalars())
    if children := keys.get(HeldFor.CHILD):
        of_children = col(ChildRow.id).in_([UUID(child) for child in children])
        own.update(connection.execute(select_of(ChildRow, words.key, ChildRow.team).where(of_children)).scalars())
    return frozenset(own)


def list_agency_holders(
    connection: Connection, authority: str, roles: Iterable[str], day: date
) -> dict[str, tuple[AgencyHolder, ...]]:
    """Everybody who holds one of some roles on a day, whatever the agency, by role and then by name."""
    asked = tuple(roles)
    rows = connection.execute(
        select_of(PostRow, authority, PostRow.role, PersonRow.id, PersonRow.name, col(UnitRow.name).label("agency"))
        .join(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(PostRow.person)))
        .outerjoin(
            UnitRow,
            in_authority(UnitRow, authority) & (col(UnitRow.kind) == "agency") & (col(UnitRow.key) == col(PostRow.key)),
        )
        .where(col(PostRow.role).in_(asked), *match_day(PostRow, day))
        .order_by(col(PersonRow.name))
    )
    holders = gather_by_key((row.role, AgencyHolder(row.id, row.name, row.agency or "")) for row in rows)
    return {role: tuple(holders.get(role, ())) for role in asked}


def agency_of(connection: Connection, authority: str, people: Sequence[str]) -> str:
    """The outside agency of the first of some people who has one, or empty."""
    ids = [id_ for person in people if (id_ := _identity(person)) is not None]
    if not ids:
        return ""
    rows = connection.execute(
        select_of(PersonRow, authority, PersonRow.agency).where(col(PersonRow.id).in_(ids), col(PersonRow.agency) != "")
    )
    return rows.scalars().first() or ""


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def is_agency(connection: Connection, authority: str, agency: str) -> bool:
    """Does the directory know such an outside agency?"""
    return find_unit_name(connection, authority, "agency", agency) != ""


def names_of(connection: Connection, authority: str, people: set[str]) -> dict[str, str]:
    """Names of people by id."""
    return {person: name for person, (name, _) in contacts_of(connection, authority, people).items()}


def contacts_of(connection: Connection, authority: str, people: set[str]) -> Mapping[str, tuple[str, str]]:
    """The name and the e-mail address of people by id."""
    if not people:
        return {}
    rows = connection.execute(CONTACTS, {"authority": authority, "people": [UUID(person) for person in people]})
    return {str(row.id): (row.name, row.email) for row in rows}


def list_addresses_of_holders(connection: Connection, authority: str, roles: Iterable[str], day: date) -> tuple[str, ...]:
    """List the addresses of everybody who holds one of some roles on a day and has not left by then, each once, in order."""
    addresses = connection.execute(
        select_of(PersonRow, authority, PersonRow.email)
        .join(PostRow, in_authority(PostRow, authority) & (col(PostRow.person) == col(PersonRow.id)))
        .where(
            match_here(PersonRow, day),
            col(PostRow.role).in_(roles),
            *match_day(PostRow, day),
        )
        .order_by(col(PersonRow.email))
    ).scalars()
    return tuple(dict.fromkeys(addresses))


def has_people(connection: Connection, authority: str) -> bool:
    """Has a directory been loaded for this authority?"""
    return connection.execute(select_of(PersonRow, authority, PersonRow.id).limit(1)).first() is not None


def person_by_key(connection: Connection, authority: str, key: str) -> UUID | None:
    """A person by what the directory's files call them: written so, else the only one whose key reads the same when folded."""
    rows = connection.execute(
        select_of(PersonRow, authority, PersonRow.id, PersonRow.key).where(col(PersonRow.key_folded) == fold(key))
    ).all()
    found = [row.id for row in rows if row.key == key] or [row.id for row in rows]
    return found[0] if len(found) == 1 else None


def posts_nobody_holds(connection: Connection, authority: Authority, ladders: Iterable[Ladder], day: date) -> tuple[Vacancy, ...]:
    """Every post that a ladder in force on a day names and nobody holds. Of the directory only what that needs is read."""
    here = authority.key
    children = connection.execute(select_of(ChildRow, here, ChildRow.id, ChildRow.number, ChildRow.statuses, ChildRow.team)).all()
    numbers = {str(row.id): row.number for row in children}
    posts = connection.execute(
        select_of(PostRow, here, PostRow.role, PostRow.held_for, PostRow.key, PostRow.since, PostRow.until)
    )
    units = connection.execute(select_of(UnitRow, here, UnitRow.kind, UnitRow.key, UnitRow.name, UnitRow.within))
    items = connection.execute(
        select_of(ChallengeRow, here, ChallengeRow.child)
        .where(col(ChallengeRow.is_open), col(ChallengeRow.child).is_not(None))
        .distinct()
    ).scalars()
    directory = Directory(
        units={(row.kind, row.key): DirectoryUnit(*row) for row in units},
        posts=tuple(
            PostHolding(
                "", role, HeldFor(held_for), numbers.get(key, key) if held_for == HeldFor.CHILD.value else key, since, until
            )
            for role, held_for, key, since, until in posts
        ),
        children={
            row.number: DirectoryChild(row.number, "", date.min, tuple(row.statuses), False, False, (), row.team)
            for row in children
        },
        items=tuple(OpenItem("", numbers[str(child)], "", "", "") for child in items),
    )
    return vacant_posts(directory, authority, ladders, day)
