"""The directory as it is asked: children, teams, people, who holds what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, or_, select
from sqlmodel import col

from drp.database.directory_tables import ChildRow, PersonRow, PostRow, UnitRow
from workflows.decision.recipients import About
from workflows.model.challenge import Facts
from workflows.model.ladder import Status
from workflows.model.refusals import Unfit


@dataclass(frozen=True)
class ItemSubject:
    """What an item is about: a child, or a team of a service."""

    about: About
    facts: Facts
    child: UUID | None = None
    number: str = ""
    initials: str = ""


def service_of(connection: Connection, authority: str, team: str) -> str | None:
    """The service that a team is in, or None if there is no such team."""
    return connection.execute(
        select(col(UnitRow.within)).where(
            col(UnitRow.authority) == authority, col(UnitRow.kind) == "team", col(UnitRow.key) == team
        )
    ).scalar()


def child_by_number(connection: Connection, authority: str, number: str) -> ItemSubject | None:
    """A child by case-system number, with the facts that ladders ask for."""
    row = connection.execute(
        select(ChildRow.__table__).where(  # type: ignore[attr-defined]
            col(ChildRow.authority) == authority, col(ChildRow.number) == number
        )
    ).first()
    if row is None:
        return None
    service = service_of(connection, authority, row.team) or ""
    statuses = frozenset(Status(status) for status in row.statuses)
    facts = Facts(statuses, row.in_plo, row.in_proceedings, frozenset(row.facts), row.team, service, row.next_review)
    about = About("", "", str(row.id), row.team, service)
    return ItemSubject(about, facts, row.id, row.number, row.initials)


def team_as_subject(connection: Connection, authority: str, team: str) -> ItemSubject:
    """A team, for an item about a service. Raises Unfit for an unknown one."""
    service = service_of(connection, authority, team)
    if service is None:
        raise Unfit(f"There is no team `{team}`.", "Name a team of the directory.", "team")
    return ItemSubject(About("", "", "", team, service), Facts(team=team, service=service))


def holds_role(connection: Connection, authority: str, person: str, role: str, day: date) -> bool:
    """Does a person hold a role anywhere in the authority (or its agencies) on a day?"""
    try:
        id_ = UUID(person)
    except ValueError:
        return False
    if str(id_) != person:  # it is compared as text from here on
        return False
    return (
        connection.execute(
            select(col(PostRow.id)).where(
                col(PostRow.authority) == authority,
                col(PostRow.person) == id_,
                col(PostRow.role) == role,
                col(PostRow.since) <= day,
                or_(col(PostRow.until).is_(None), col(PostRow.until) >= day),
            )
        ).first()
        is not None
    )


def agency_of(connection: Connection, authority: str, people: Sequence[str]) -> str:
    """The outside agency of the first of some people who has one, or empty."""
    ids = [id_ for person in people if (id_ := _identity(person)) is not None]
    if not ids:
        return ""
    rows = connection.execute(
        select(col(PersonRow.agency)).where(
            col(PersonRow.authority) == authority, col(PersonRow.id).in_(ids), col(PersonRow.agency) != ""
        )
    )
    return rows.scalars().first() or ""


def _identity(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def is_agency(connection: Connection, authority: str, agency: str) -> bool:
    """Does the directory know such an outside agency?"""
    found = select(col(UnitRow.key)).where(
        col(UnitRow.authority) == authority, col(UnitRow.kind) == "agency", col(UnitRow.key) == agency
    )
    return connection.execute(found).first() is not None


def names_of(connection: Connection, authority: str, people: set[str]) -> dict[str, str]:
    """Names of people by id."""
    if not people:
        return {}
    rows = connection.execute(
        select(col(PersonRow.id), col(PersonRow.name)).where(
            col(PersonRow.authority) == authority, col(PersonRow.id).in_([UUID(person) for person in people])
        )
    )
    return {str(row.id): row.name for row in rows}


def has_people(connection: Connection, authority: str) -> bool:
    """Has a directory been loaded for this authority?"""
    return connection.execute(select(col(PersonRow.id)).where(col(PersonRow.authority) == authority).limit(1)).first() is not None


def person_by_key(connection: Connection, authority: str, key: str) -> UUID | None:
    """A person by what the directory's files call them."""
    return connection.execute(
        select(col(PersonRow.id)).where(col(PersonRow.authority) == authority, col(PersonRow.key) == key)
    ).scalar()
