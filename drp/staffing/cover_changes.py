"""Cover and delegations, as a person makes them in the service: who may cover whom, and that somebody is there."""

import logging
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert
from sqlmodel import col

from drp.casework.access import NotFound
from drp.casework.service import Casework
from drp.data_protection.admin_audit_log import note_admin_change, service_itself
from drp.database.directory_tables import CoverRow, PostRow
from drp.database.scope import match_not_over, select_of, update_of
from drp.directory import lookup
from drp.directory.people import DirectoryPerson
from drp.identity.covering import load_covers
from drp.identity.principal import NotPermitted, Principal
from drp.staffing import giving_cover
from drp.staffing.changes import CHOOSE, DirectoryChange, changing_directory, check_day, may_name_themselves
from drp.staffing.giving_cover import DECIDING
from workflows.calendar.working_days import local_date, long_date
from workflows.decision.covers import Cover, Covers, Presence
from workflows.model.authority import Authority, Capacity
from workflows.model.refusals import Unfit

log = logging.getLogger("drp.directory")


def start_cover(
    casework: Casework, signed: Principal, now: datetime,
    *, of: UUID, by: UUID, since: date, until: date | None = None, is_delegate: bool = False, is_appointed: bool = False,
) -> UUID:  # fmt: skip
    """Let somebody stand in for a person while they are away, or (a delegate) see and answer beside them.

    Both days count. `is_appointed`: it is recorded as the authority's appointment of an IRO, and regulation 46 was looked at.
    Raises Unfit, NotFound, NotPermitted, Unavailable.
    """
    with changing_directory(casework, signed, now) as desk:
        absent = desk.somebody(of)
        ordered = giving_cover.next_by_standing_order(desk.connection, desk.words, absent, desk.day)
        by_order = Capacity.BUSINESS_SUPPORT in signed.capacities and ordered == by and not is_delegate
        leads = giving_cover.may_stand_in_for_service(desk.connection, desk.words, desk.current, signed, absent, desk.day)
        if not (by_order or leads):
            desk.allowed(DirectoryChange.COVER, of)
        stand_in = desk.somebody(by)
        if signed.person == str(by) and of != by and not may_name_themselves(desk.words, absent, stand_in):
            raise Unfit(
                "You would give yourself what your own post does not.", "Name somebody else, or ask an IRO manager.", "by"
            )
        check_stand_in(desk.connection, signed.authority, absent, stand_in, since, until, is_delegate, desk.day)
        if not is_delegate:
            check_may_cover(desk.words, absent, stand_in)
            check_reaches_somebody(desk.connection, signed.authority, absent, stand_in, since)
        id_ = casework.chance.identity()
        # Nobody is covered, or covers, beyond their last day.
        ends = min((day for day in (until, absent.left_on, stand_in.left_on) if day), default=None)
        desk.connection.execute(
            insert(CoverRow).values(
                authority=signed.authority,
                id=id_,
                of=of,
                by=by,
                since=since,
                until=ends,
                is_delegate=is_delegate,
                made_here=True,
                given_by=UUID(signed.person),
                by_standing_order=by_order,
                appointed_at=now if is_appointed and not is_delegate else None,
            )
        )
        kind = "delegate" if is_delegate else "cover"
        desk.record(casework, now, kind, of=of, by=by, since=since, until=ends, row=id_)
    return id_


def check_stand_in(
    connection: Connection, authority: str, of: DirectoryPerson, by: DirectoryPerson,
    since: date, until: date | None, is_delegate: bool, day: date,
) -> None:  # fmt: skip
    """Raise Unfit for a stand-in that makes no sense."""
    if of.id == by.id:
        raise Unfit(f"{of.name} cannot stand in for themselves.", "Choose somebody else.", "by")
    if of.agency != by.agency:
        raise Unfit(f"{by.name} and {of.name} do not work for the same agency.", "Choose somebody who does.", "by")
    check_day(since, day, "since")
    if until is not None:
        if until < since:
            raise Unfit("That day is before the first one.", "Correct one of the two days.", "until")
        check_day(until, day, "until")
    for person, field in ((of, "since"), (by, "by")):
        if not person.is_here_on(since):
            raise Unfit(f"{person.name} has left by then.", CHOOSE if field == "by" else "Name an earlier day.", field)
        if until is not None and person.left_on is not None and until > person.left_on:
            raise Unfit(
                f"The last day of {person.name} is {long_date(person.left_on)}.", "End it on that day, or before.", "until"
            )
    for row in _overlapping(connection, authority, of.id, by.id, since, until):
        if (row.of, row.by, row.is_delegate) == (of.id, by.id, is_delegate):
            ends = f"until {long_date(row.until)}" if row.until else "with no end"
            raise Unfit(f"{by.name} does so already from {long_date(row.since)} {ends}.", "End that first, or leave it.", "by")


def check_may_cover(words: Authority, of: DirectoryPerson, by: DirectoryPerson) -> None:
    """Raise Unfit where somebody would cover an IRO or IRO manager who is neither: others may be delegates, who see and answer.

    Whoever covers does all that the covered person can, and so decides (docs/architecture.md rule 10).
    """
    if of.acts_as(words).intersection(DECIDING) and not by.acts_as(words).intersection(DECIDING):
        iro = words.label("iro")
        raise Unfit(
            f"{of.name} decides as {iro}, and {by.name} is neither {iro} nor a manager of the {words.label('iro_service')}.",
            f"Choose one who is; {by.name} can be a delegate, who sees and answers and never decides.",
            "by",
        )


def demote_covers(casework: Casework, authority: str, now: datetime) -> int:
    """Make delegates of those who cover an IRO or IRO manager and neither are nor will be one. Returns how many.

    Such cover was taken before `check_may_cover` was asked, and remains where somebody gave up the post that let them.
    """
    day = local_date(now)
    with casework.store.write(authority) as connection:
        in_force = casework.procedures.current(connection, authority)
        if not in_force:
            return 0
        words = in_force[0].authority
        roles = [role for capacity in DECIDING for role in words.roles_acting_as(capacity)]
        deciding = select_of(PostRow, authority, PostRow.person).where(col(PostRow.role).in_(roles), match_not_over(PostRow, day))
        demoted = connection.execute(
            update_of(CoverRow, authority)
            .where(col(CoverRow.is_delegate).is_(False), match_not_over(CoverRow, day))
            .where(col(CoverRow.of).in_(deciding), col(CoverRow.by).not_in(deciding))
            .values(is_delegate=True)
        ).rowcount
        if demoted:
            note_admin_change(connection, casework, service_itself(authority), now, "covers made delegates", number=demoted)
    if demoted:
        iro = words.label("iro")
        log.warning(
            "%d covered for an %s without being one: they are delegates now", demoted, iro, extra={"authority": authority}
        )
    return demoted


def check_reaches_somebody(connection: Connection, authority: str, of: DirectoryPerson, by: DirectoryPerson, since: date) -> None:
    """Raise Unfit where nobody would be there on the first day: whoever would cover is away, and so is everybody for them.

    What comes later may change until then: the board and the heartbeat say so on the day.
    """
    known = load_covers(connection, authority)
    covers = (*known.covers, Cover(str(of.id), str(by.id), since))
    holds = (Presence(post.person, post.since, post.until) for post in lookup.list_posts(connection, authority, by.id, since))
    if not Covers(covers, (*(known.presences or ()), *holds)).there_for(str(of.id), since):
        raise Unfit(
            f"Nobody would be there for {of.name} on {long_date(since)}: {by.name} is away that day, or holds no post here, "
            "and nobody covers for them who is there.",
            "Choose somebody who is there.",
            "by",
        )


def _overlapping(connection: Connection, authority: str, of: UUID, by: UUID, since: date, until: date | None) -> list[Any]:
    """Covers of either person that run on some of these days."""
    covers = select_of(CoverRow, authority).where(col(CoverRow.of).in_((of, by)), match_not_over(CoverRow, since))
    return list(connection.execute(covers if until is None else covers.where(col(CoverRow.since) <= until)))


def record_appointment(casework: Casework, signed: Principal, now: datetime, cover_id: UUID) -> None:
    """Record a cover of an IRO as the authority's appointment, regulation 46 looked at. Raises NotFound, NotPermitted, Unfit.

    Regulation 46 of the Care Planning, Placement and Case Review (England) Regulations 2010 says who may be an IRO. What is
    not recorded blocks nothing.
    """
    if Capacity.IRO_MANAGER not in signed.capacities:
        raise NotPermitted
    with casework.store.write(signed.authority) as connection:
        done = connection.execute(
            update_of(CoverRow, signed.authority)
            .where(col(CoverRow.id) == cover_id, col(CoverRow.is_delegate).is_(False), col(CoverRow.appointed_at).is_(None))
            .values(appointed_at=now)
        ).rowcount
        if not done:
            raise NotFound
        note_admin_change(connection, casework, signed, now, "appointment recorded", row=cover_id)


def end_cover(casework: Casework, signed: Principal, now: datetime, cover_id: UUID) -> None:
    """End a cover or a delegation at once; one that has not begun never will. Raises Unfit, NotFound, NotPermitted."""
    with changing_directory(casework, signed, now) as desk:
        row = desk.connection.execute(select_of(CoverRow, signed.authority).where(col(CoverRow.id) == cover_id)).first()
        if row is None:
            raise NotFound
        desk.allowed(DirectoryChange.COVER, row.of)
        if row.until is not None and (row.until < desk.day or row.until < row.since):
            raise Unfit("That has ended already.", "Nothing more needs doing.")
        desk.connection.execute(
            update_of(CoverRow, signed.authority).where(col(CoverRow.id) == cover_id).values(until=desk.day - timedelta(days=1))
        )
        desk.record(casework, now, "cover ended", of=row.of, by=row.by, row=cover_id)


def take_back_cover(casework: Casework, signed: Principal, now: datetime, cover_id: UUID) -> None:
    """Take a cover or a delegation back that has run on no day before this one: as if it had never been entered.

    Whoever entered it may, and whoever may end it. What was done meanwhile stands. Raises Unfit, NotFound, NotPermitted.
    """
    with changing_directory(casework, signed, now) as desk:
        row = desk.connection.execute(select_of(CoverRow, signed.authority).where(col(CoverRow.id) == cover_id)).first()
        if row is None:
            raise NotFound
        if str(row.given_by or "") != signed.person:
            desk.allowed(DirectoryChange.COVER, row.of)
        if row.until is not None and row.until < row.since:
            raise Unfit("That was taken back, or ended, already.", "Nothing more needs doing.")
        if row.since < desk.day:
            raise Unfit(
                f"That has run since {long_date(row.since)}, so it cannot be taken back as if it had never begun.",
                "End it instead: it then ends now.",
            )
        desk.connection.execute(
            update_of(CoverRow, signed.authority).where(col(CoverRow.id) == cover_id).values(until=desk.day - timedelta(days=1))
        )
        desk.record(casework, now, "cover taken back", of=row.of, by=row.by, row=cover_id)
