"""Who gives cover for the IRO service where nobody of it is there to: a leader whom no stage asks, or the standing order.

Who covers is an IRO or IRO manager all the same, whoever gives it (docs/architecture.md rule 10).
"""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, select, update
from sqlmodel import col

from drp.casework.service import Casework
from drp.data_protection.admin_audit_log import note_admin_change
from drp.database.authority_tables import AuthorityRow
from drp.directory import people
from drp.directory.people import DirectoryPerson
from drp.identity.covering import load_covers
from drp.identity.principal import NotPermitted, Principal
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority, Capacity, Rules
from workflows.model.refusals import Unfit

DECIDING = (Capacity.IRO, Capacity.IRO_MANAGER)
"""Whoever covers one of these decides as they do, so only one of these may."""

MOST_IN_ORDER = 8
"""People whom a standing order may name."""


def no_manager_is_there(connection: Connection, words: Authority, day: date, but: UUID) -> bool:
    """Is no IRO manager, nor who covers one, there that day to give cover, beside the person who is away?"""
    covers = load_covers(connection, words.key)
    managers = people.people_acting_as(connection, words, (Capacity.IRO_MANAGER,), day)
    return not any(covers.there_for(str(one.id), day) for one in managers if one.id != but)


def is_asked_by_no_stage(words: Authority, current: Sequence[Rules], who: DirectoryPerson) -> bool:
    """Does no stage of a procedure in force ask a post of theirs?"""
    asked = {role for rules in current for stage in rules.ladder.stages for role in stage.roles_to()}
    return not any(post.role in asked for post in who.posts)


def may_stand_in_for_service(
    connection: Connection, words: Authority, current: Sequence[Rules], signed: Principal, of: DirectoryPerson, day: date
) -> bool:
    """May a leader give cover for somebody of the IRO service, because nobody of it is there to?"""
    if Capacity.LEADER not in signed.capacities or not of.is_of_iro_service(words):
        return False
    leader = people.read_person(connection, words.key, UUID(signed.person), day)
    if leader is None or not is_asked_by_no_stage(words, current, leader):
        return False
    return no_manager_is_there(connection, words, day, of.id)


def how_many_could_act(connection: Connection, words: Authority, day: date) -> int:
    """How many are there that day who act for an absent raiser: IROs, IRO managers, and whom the authority's file names."""
    covers = load_covers(connection, words.key)
    there = {
        one.id for one in people.people_acting_as(connection, words, DECIDING, day) if not covers.is_covered(str(one.id), day)
    }
    named = people.people_holding(connection, words, words.for_absent_raiser, day) if words.for_absent_raiser else ()
    return len(there | {one.id for one in named})


def read_standing_order(connection: Connection, authority: str) -> tuple[UUID, ...]:
    """Who covers, in this order, where nobody is there to give cover; as the IRO service wrote it down beforehand."""
    text = connection.execute(select(col(AuthorityRow.standing_order)).where(col(AuthorityRow.key) == authority)).scalar_one()
    return tuple(UUID(one) for one in str(text).split())


def write_standing_order(casework: Casework, signed: Principal, order: Sequence[UUID], now: datetime) -> None:
    """Write the standing order down: IROs and IRO managers, each once. Raises NotPermitted, Unfit, Unavailable."""
    if Capacity.IRO_MANAGER not in signed.capacities:
        raise NotPermitted
    if len(order) > MOST_IN_ORDER or len(set(order)) < len(order):
        raise Unfit("One stands twice in the order, or there are too many.", "Name each once.", "order")
    with casework.store.write(signed.authority) as connection:
        words = casework.procedures.current(connection, signed.authority)[0].authority
        known = {one.id: one for one in people.people_acting_as(connection, words, DECIDING, local_date(now))}
        for person in order:
            if person not in known:
                raise Unfit(f"Only an {words.label('iro')} or their manager can cover one.", "Choose from the list.", "order")
        connection.execute(
            update(AuthorityRow)
            .where(col(AuthorityRow.key) == signed.authority)
            .values(standing_order=" ".join(str(person) for person in order))
        )
        note_admin_change(connection, casework, signed, now, "standing order of cover", number=len(order))


def next_by_standing_order(connection: Connection, words: Authority, of: DirectoryPerson, day: date) -> UUID | None:
    """The first of the standing order who is there that day; None where none is, or where somebody could give cover."""
    if not of.acts_as(words).intersection(DECIDING) or not no_manager_is_there(connection, words, day, of.id):
        return None
    covers = load_covers(connection, words.key)
    known = {one.id for one in people.people_acting_as(connection, words, DECIDING, day)}
    there = (
        one
        for one in read_standing_order(connection, words.key)
        if one in known and one != of.id and covers.there_for(str(one), day)
    )
    return next(there, None)
