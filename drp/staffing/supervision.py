"""For supervision: what one IRO has in hand, the contact noted at each mid-point, and the children who have no IRO."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, or_
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, EntryRow
from drp.database.directory_tables import ChildRow, PostRow, UnitRow
from drp.database.gathering import gather_by_key
from drp.database.scope import in_authority, select_of
from drp.staffing.caseloads import children_of_iro
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority, Capacity, HeldFor
from workflows.model.events import MidPointContact
from workflows.model.ladder import ItemType, Status


@dataclass(frozen=True)
class ItemsInHand:
    """One IRO's children, and the open items that are theirs, the oldest first; `total` counts also those not listed."""

    children: int
    items: tuple[UUID, ...]
    total: int


@dataclass(frozen=True)
class MissingContact:
    """The last mid-point of a child at which no contact is recorded. `is_said`: it was noted that there was none, and why."""

    reference: str
    number: str
    initials: str
    asked_on: date
    is_open: bool
    is_said: bool


@dataclass(frozen=True)
class ChildWithoutIro:
    """A looked-after child without an IRO. `since`: the first day without one, as far as the directory knows; None: unknown.

    `had_one`: had the child one before? Otherwise they are new, and `since` is their first day in the directory.
    """

    number: str
    initials: str
    team: str
    since: date | None
    had_one: bool
    last_review: date | None


def list_children_without_iro(
    connection: Connection, words: Authority, numbers: Collection[str], day: date
) -> tuple[ChildWithoutIro, ...]:
    """Of children for whom nobody holds an IRO's post, by case number, those who are looked after: the longest without first.

    Each has one before the first review (Children Act 1989 s.25A). When a child came the directory does not say: a new child
    counts from the first post that anybody has held for them.
    """
    if not numbers:
        return ()
    rows = connection.execute(
        select_of(ChildRow, words.key, ChildRow.id, ChildRow.number, ChildRow.initials, ChildRow.statuses, ChildRow.team,
                  ChildRow.last_review, UnitRow.name)
        .outerjoin(
            UnitRow,
            in_authority(UnitRow, words.key) & (col(UnitRow.kind) == "team") & (col(UnitRow.key) == col(ChildRow.team)),
        )
        .where(col(ChildRow.number).in_(numbers))
    ).all()  # fmt: skip
    children = [row for row in rows if Status.LOOKED_AFTER.value in row.statuses]
    posts = connection.execute(
        select_of(PostRow, words.key, PostRow.key, PostRow.role, PostRow.since, PostRow.until).where(
            col(PostRow.held_for) == HeldFor.CHILD.value, col(PostRow.key).in_([str(row.id) for row in children])
        )
    )
    held = gather_by_key((row.key, row) for row in posts)
    iros = words.roles_acting_as(Capacity.IRO)
    found = [_without_iro(row, held.get(str(row.id), []), iros, day) for row in children]
    return tuple(sorted(found, key=lambda one: (one.since or date.max, one.number)))


def _without_iro(child: Any, posts: Sequence[Any], iros: Collection[str], day: date) -> ChildWithoutIro:
    ended = [post.until for post in posts if post.role in iros and post.until and post.until < day]
    first = min((post.since for post in posts if post.since <= day), default=None)
    since = max(ended) + timedelta(days=1) if ended else first
    return ChildWithoutIro(child.number, child.initials, child.name or child.team, since, bool(ended), child.last_review)


def list_items_in_hand(connection: Connection, words: Authority, person: UUID, day: date, most: int) -> ItemsInHand:
    """The open items of an IRO on a day (Europe/London), as the board counts them, and what is followed for their children."""
    children = children_of_iro(connection, words, person, day)
    theirs = _theirs(words, person, children)
    total = connection.execute(select_of(ChallengeRow, words.key, func.count()).where(theirs)).scalar_one()
    rows = connection.execute(
        select_of(ChallengeRow, words.key, ChallengeRow.id)
        .where(theirs)
        .order_by(col(ChallengeRow.raised_at), col(ChallengeRow.id))
        .limit(most)
    )
    return ItemsInHand(len(children), tuple(rows.scalars()), int(total))


def _theirs(words: Authority, person: UUID, children: Sequence[UUID]) -> ColumnElement[bool]:
    # As `caseloads.read_board`: the child's present IRO; about no child, whoever raised it.
    return and_(
        col(ChallengeRow.is_open),
        col(ChallengeRow.raiser_role).in_(words.roles_acting_as(Capacity.IRO)),
        or_(
            col(ChallengeRow.child).in_(children),
            and_(col(ChallengeRow.child).is_(None), col(ChallengeRow.raiser) == person),
        ),
    )


def list_missing_contacts(connection: Connection, words: Authority, person: UUID, day: date) -> tuple[MissingContact, ...]:
    """The IRO's children at whose last mid-point no contact is recorded, the longest ago first."""
    children = children_of_iro(connection, words, person, day)
    rows = connection.execute(
        select_of(
            ChallengeRow, words.key, ChallengeRow.id, ChallengeRow.reference, ChallengeRow.child, ChallengeRow.raised_at,
            ChallengeRow.is_open, ChildRow.number, ChildRow.initials,
        )
        .join(ChildRow, in_authority(ChildRow, words.key) & (col(ChildRow.id) == col(ChallengeRow.child)))
        .where(col(ChallengeRow.item_type) == ItemType.MID_POINT.value, col(ChallengeRow.child).in_(children))
        .order_by(col(ChallengeRow.raised_at), col(ChallengeRow.id))
    ).all()  # fmt: skip
    last = {row.child: row for row in rows}
    said = _contacts(connection, words.key, [row.id for row in last.values()])
    missing = sorted((row for row in last.values() if not any(said.get(row.id, ()))), key=lambda row: (row.raised_at, row.id))
    return tuple(
        MissingContact(row.reference, row.number, row.initials, local_date(row.raised_at), row.is_open, row.id in said)
        for row in missing
    )


def _contacts(connection: Connection, authority: str, items: Sequence[UUID]) -> dict[UUID, list[bool]]:
    """What was noted of contact at some mid-points: of each note, whether there was any."""
    rows = connection.execute(
        select_of(EntryRow, authority, EntryRow.challenge, EntryRow.facts)
        .where(col(EntryRow.challenge).in_(items), col(EntryRow.kind) == MidPointContact.type)
        .order_by(col(EntryRow.challenge), col(EntryRow.number))
    )
    return gather_by_key((row.challenge, json.loads(row.facts)["how"] != "none") for row in rows)
