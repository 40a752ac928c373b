"""Finding items: a query narrows to what a person could possibly see; each is then judged like any other request for it."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, literal_column, or_, select, union
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, InvolvedRow, WindowRow
from drp.database.directory_tables import CoverRow, PostRow
from drp.identity.principal import Principal
from workflows.model.authority import Capacity, HeldFor
from workflows.model.challenge import ClosedAs, WindowKind


def might_see(connection: Connection, signed: Principal, day: date) -> Any:
    """A condition on challenges: all for the service's own desk; else what they raised, review, were told of, or have
    taken over with a post (or with one they cover). Wide enough for everything that `access.actor_on` lets them see."""
    if signed.capacities & {Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT}:
        return col(ChallengeRow.authority) == signed.authority
    return _theirs(connection, signed, day)


def might_press(connection: Connection, signed: Principal, day: date) -> Any:
    """A condition on challenges: those on which something may be this person's to do. Copies ask nothing of anybody."""
    running = (
        select(col(WindowRow.challenge))
        .where(
            col(WindowRow.authority) == signed.authority,
            col(WindowRow.closed_at).is_(None),
            col(WindowRow.kind).in_((WindowKind.ACTION.value, WindowKind.FOLLOW_UP.value)),
        )
    )  # fmt: skip
    # Literally, as the index has it: a database that is asked with a parameter does not know that the index will do.
    left_open = select(col(WindowRow.challenge)).where(
        col(WindowRow.authority) == signed.authority,
        col(WindowRow.kind) == literal_column(f"'{WindowKind.ACTION.value}'"),
        col(WindowRow.closed_as) == literal_column(f"'{ClosedAs.NOT_RECORDED.value}'"),
    )
    still_open = select(col(ChallengeRow.id)).where(
        col(ChallengeRow.authority) == signed.authority, col(ChallengeRow.is_open).is_(True)
    )
    # Few of all items are live: everything else is asked of these alone.
    live = union(still_open, running, left_open)
    return and_(col(ChallengeRow.id).in_(live), _theirs(connection, signed, day, among=live))


def _theirs(connection: Connection, signed: Principal, day: date, among: Any = None) -> Any:
    """`among`: only items of these, and only where something was addressed to them."""
    here = col(ChallengeRow.authority) == signed.authority
    person = UUID(signed.person)
    covered = connection.execute(
        select(col(CoverRow.of)).where(
            col(CoverRow.authority) == signed.authority,
            col(CoverRow.by) == person,
            col(CoverRow.since) <= day,
            or_(col(CoverRow.until).is_(None), col(CoverRow.until) >= day),
        )
    ).scalars()
    people = [person, *covered]
    posts = connection.execute(
        select(col(PostRow.role), col(PostRow.held_for), col(PostRow.key)).where(
            col(PostRow.authority) == signed.authority,
            col(PostRow.person).in_(people),
            col(PostRow.since) <= day,
            or_(col(PostRow.until).is_(None), col(PostRow.until) >= day),
        )
    ).all()
    conditions: list[Any] = [
        col(ChallengeRow.raiser).in_(people),
        col(ChallengeRow.id).in_(_told(signed.authority, among, col(InvolvedRow.person).in_(people))),
    ]
    children = [UUID(post.key) for post in posts if post.held_for == HeldFor.CHILD.value]
    if children:
        conditions.append(col(ChallengeRow.child).in_(children))
    for held_for, column in ((HeldFor.TEAM, ChallengeRow.team), (HeldFor.SERVICE, ChallengeRow.service)):
        for post in posts:
            if post.held_for == held_for.value:
                mine = _told(signed.authority, among, col(InvolvedRow.role) == post.role)
                conditions.append(and_(col(column) == post.key, col(ChallengeRow.id).in_(mine)))
    wide = sorted({post.role for post in posts if post.held_for == HeldFor.AUTHORITY.value})
    if wide:
        conditions.append(col(ChallengeRow.id).in_(_told(signed.authority, among, col(InvolvedRow.role).in_(wide))))
    return and_(here, or_(*conditions))


def _told(authority: str, among: Any, which: Any) -> Any:
    told = select(col(InvolvedRow.challenge)).where(col(InvolvedRow.authority) == authority, which)
    return told if among is None else told.where(col(InvolvedRow.as_to).is_(True), col(InvolvedRow.challenge).in_(among))
