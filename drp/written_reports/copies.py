"""To whom reports go: copies in people's inboxes, what was read of them, and the letters that say that one is there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, bindparam, insert
from sqlmodel import col

from drp.casework.load import load_establishment
from drp.database.directory_tables import PersonRow
from drp.database.report_tables import ReportCopyRow, WrittenReportRow
from drp.database.scope import count_of, delete_rows, in_authority, match_here, select_of, update_of
from drp.directory import lookup
from workflows.decision.recipients import About, ReachedHow, reach_people
from workflows.model.authority import Authority, Capacity, HeldFor
from workflows.model.challenge import Party
from workflows.model.reporting import ReportKind


def people_of_report(connection: Connection, words: Authority, kind: ReportKind, team: str, day: date) -> tuple[UUID, ...]:
    """The people to whom a report goes on a day: holders of its roles, or whoever covers for them."""
    service = lookup.service_of(connection, words.key, team) if team else ""
    about = About("", "", "", team, service or "")
    establishment = load_establishment(connection, words.key, [about])
    reached = [
        one.person
        for role in words.reporting.goes_to(kind)
        for one in reach_people(Party(role), words, establishment, about, day)
        if one.how is not ReachedHow.MANAGER
    ]
    return tuple(UUID(person) for person in dict.fromkeys(reached))


def managers_of(connection: Connection, words: Authority, day: date) -> tuple[UUID, ...]:
    """The people who lead the IRO service on a day: a draft comes to them."""
    about = About("", "")
    establishment = load_establishment(connection, words.key, [about])
    roles = [one for one in words.roles_acting_as(Capacity.IRO_MANAGER) if words.role(one).held_for is HeldFor.AUTHORITY]
    reached = [
        one.person
        for role in roles
        for one in reach_people(Party(role), words, establishment, about, day)
        if one.how is not ReachedHow.DELEGATE
    ]
    return tuple(UUID(person) for person in dict.fromkeys(reached))


def give_copies(connection: Connection, authority: str, report: UUID, people: Iterable[UUID], now: datetime) -> None:
    """Put a report into people's inboxes; who has it already keeps that copy."""
    have = set(
        connection.execute(
            select_of(ReportCopyRow, authority, ReportCopyRow.person).where(col(ReportCopyRow.report) == report)
        ).scalars()
    )
    for person in people:
        if person not in have:
            connection.execute(insert(ReportCopyRow).values(authority=authority, report=report, person=person, at=now))


def take_draft_copies(connection: Connection, authority: str, report: UUID) -> None:
    """A draft was released: whoever had it to edit has it no longer in their inbox, unless it goes to them now."""
    delete_rows(connection, ReportCopyRow, authority, col(ReportCopyRow.report) == report)


def has_copy(connection: Connection, authority: str, person: UUID, report: UUID) -> bool:
    """Did a report come to somebody?"""
    mine = (col(ReportCopyRow.person) == person, col(ReportCopyRow.report) == report)
    return count_of(connection, ReportCopyRow, authority, *mine) > 0


@dataclass(frozen=True)
class ReportCopy:
    """One report in somebody's inbox. `title` and `period` as it is headed; `is_draft`: it is theirs to edit and release."""

    report: UUID
    title: str
    period: str
    at: datetime
    is_draft: bool
    is_read: bool


def copies_of_person(connection: Connection, authority: str, person: UUID, most: int) -> list[ReportCopy]:
    """What somebody was given, unread first, then the newest."""
    asked = (
        select_of(ReportCopyRow, authority, ReportCopyRow, WrittenReportRow.contents, WrittenReportRow.released_at)
        .join(
            WrittenReportRow,
            in_authority(WrittenReportRow, authority) & (col(WrittenReportRow.id) == col(ReportCopyRow.report)),
        )
        .where(col(ReportCopyRow.person) == person)
        .order_by(col(ReportCopyRow.read_at).is_not(None), col(ReportCopyRow.at).desc(), col(ReportCopyRow.report))
        .limit(most)
    )
    return [
        ReportCopy(
            row.report, row.contents["title"], row.contents["period"], row.released_at or row.at, row.released_at is None,
            row.read_at is not None,
        )
        for row in connection.execute(asked)
    ]  # fmt: skip


def mark_report_read(
    connection: Connection, authority: str, person: UUID, now: datetime, report: UUID | None = None, until: datetime | None = None
) -> int:
    """Note that somebody read a report, or every one that they were given up to `until`. Gives how many were new."""
    mine = [col(ReportCopyRow.person) == person, col(ReportCopyRow.read_at).is_(None)]
    mine += [col(ReportCopyRow.report) == report] if report else []
    mine += [col(ReportCopyRow.at) <= until] if until else []
    return connection.execute(update_of(ReportCopyRow, authority).where(*mine).values(read_at=now)).rowcount


@dataclass(frozen=True)
class UntoldCopy:
    """A copy of which nobody was written to yet."""

    report: UUID
    person: UUID
    email: str
    title: str
    period: str
    is_draft: bool


_AUTHORITY: Any = bindparam("authority")
_UNTOLD = (
    select_of(
        ReportCopyRow, _AUTHORITY, ReportCopyRow.report, ReportCopyRow.person, PersonRow.email, WrittenReportRow.contents,
        WrittenReportRow.released_at,
    )
    .join(
        WrittenReportRow,
        in_authority(WrittenReportRow, _AUTHORITY) & (col(WrittenReportRow.id) == col(ReportCopyRow.report)),
    )
    .join(PersonRow, in_authority(PersonRow, _AUTHORITY) & (col(PersonRow.id) == col(ReportCopyRow.person)))
    .where(col(ReportCopyRow.told_at).is_(None), match_here(PersonRow, bindparam("day")))
    .order_by(col(ReportCopyRow.at), col(ReportCopyRow.report), col(ReportCopyRow.person))
)  # fmt: skip


def list_untold_copies(connection: Connection, authority: str, day: date) -> list[UntoldCopy]:
    """Copies of which their people, as far as they are here on a day, were not written to yet, the oldest first."""
    return [
        UntoldCopy(row.report, row.person, row.email, row.contents["title"], row.contents["period"], row.released_at is None)
        for row in connection.execute(_UNTOLD, {"authority": authority, "day": day})
    ]


def claim_report_letter(connection: Connection, authority: str, copy: UntoldCopy, now: datetime) -> bool:
    """Take a letter to send it. False: another replica has it."""
    untold = (*_one(copy), col(ReportCopyRow.told_at).is_(None))
    return connection.execute(update_of(ReportCopyRow, authority).where(*untold).values(told_at=now)).rowcount == 1


def put_report_letter_back(connection: Connection, authority: str, copy: UntoldCopy) -> None:
    """It could not be sent: it waits for the next turn."""
    connection.execute(update_of(ReportCopyRow, authority).where(*_one(copy)).values(told_at=None))


def _one(copy: UntoldCopy) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return col(ReportCopyRow.report) == copy.report, col(ReportCopyRow.person) == copy.person
