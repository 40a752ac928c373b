"""Caseloads: whose IRO is who on a day, how many items are open for each, and what presses on them. No child is named."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, WindowRow, match_not_followed
from drp.database.directory_tables import ChildRow, PersonRow, PostRow, UnitRow
from drp.database.gathering import gather_by_key
from drp.database.scope import in_authority, match_day, match_not_over, select_of
from drp.directory import lookup, people
from drp.directory.people import DirectoryPerson
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority, Capacity, HeldFor
from workflows.model.challenge import ASKS_RECIPIENTS, Phase, WindowKind
from workflows.model.ladder import RAISER


@dataclass(frozen=True)
class IroCaseload:
    """What one IRO has in hand: their children, and their open items by what presses."""

    children: int = 0
    open: int = 0
    to_consider: int = 0
    past: int = 0
    talks: int = 0

    def __add__(self, other: "IroCaseload") -> "IroCaseload":
        return IroCaseload(
            self.children + other.children, self.open + other.open, self.to_consider + other.to_consider,
            self.past + other.past, self.talks + other.talks,
        )  # fmt: skip


@dataclass(frozen=True)
class ServiceBoard:
    """The IRO service's items by whose they are. `nobodys`: no IRO holds them, so they are with the IRO manager.

    `others`: raised by somebody who is no IRO, such as a foster carer. An item of two IROs counts for both, and once in all.
    """

    iros: tuple[tuple[DirectoryPerson, IroCaseload], ...]
    nobodys: IroCaseload
    others: IroCaseload
    total: IroCaseload


@dataclass(frozen=True)
class HeldCase:
    """A child for whom somebody is the IRO: the post by which they are, and how many open items go with it."""

    post: UUID
    role: str
    child: UUID
    number: str
    initials: str
    team: str
    since: date
    references: tuple[str, ...] = ()
    """The open items about the child that are the IRO's."""


def read_board(connection: Connection, words: Authority, now: datetime) -> ServiceBoard:
    """Every IRO with what they have in hand at `now` (aware UTC). Four statements, however many items there are."""
    day = local_date(now)
    iros = people.people_acting_as(connection, words, [Capacity.IRO], day)
    roles = words.roles_acting_as(Capacity.IRO)
    posts = select_of(PostRow, words.key, PostRow.key, PostRow.person).where(*_of_iros(words), *match_day(PostRow, day))
    of_child = gather_by_key((row.key, row.person) for row in connection.execute(posts.distinct()))
    here = {iro.id for iro in iros}
    loads: dict[UUID, IroCaseload] = defaultdict(IroCaseload)
    for child_iros in of_child.values():
        for iro in child_iros:
            loads[iro] += IroCaseload(children=1)
    nobodys, others, total = IroCaseload(), IroCaseload(), IroCaseload(len(of_child))
    for child, raiser, raiser_role, load in _open(connection, words.key, now):
        total += load
        if raiser_role not in roles:
            others += load
            continue
        # As `recipients.raiser_of`: the child's present IRO; else whoever raised it, while they are an IRO.
        holders = of_child.get(str(child), ()) if child else [raiser] if raiser in here else []
        for iro in holders:
            loads[iro] += load
        if not holders:
            nobodys += load
    return ServiceBoard(tuple((iro, loads[iro.id]) for iro in iros), nobodys, others, total)


def _open(connection: Connection, authority: str, now: datetime) -> list[tuple[UUID | None, UUID, str, IroCaseload]]:
    """Open items counted by child and raiser, as `workflows.decision.tasks` would sort them for their raiser."""
    item = col(ChallengeRow.id)
    judged = col(WindowRow.kind) == WindowKind.JUDGEMENT.value
    asks = col(WindowRow.kind).in_([kind.value for kind in ASKS_RECIPIENTS])
    asking = col(ChallengeRow.phase) == Phase.ASKING.value

    def items(condition: Any) -> Any:
        return func.count(case((condition, item)).distinct())

    rows = connection.execute(
        select_of(
            ChallengeRow,
            authority,
            ChallengeRow.child,
            ChallengeRow.raiser,
            ChallengeRow.raiser_role,
            func.count(item.distinct()).label("open"),
            items(and_(judged, col(WindowRow.owner_role) == RAISER)).label("to_consider"),
            items(and_(asks, col(WindowRow.closes_at) <= now)).label("past"),
            (items(asking) - items(and_(asking, judged))).label("talks"),
        )
        .outerjoin(
            WindowRow,
            and_(
                in_authority(WindowRow, authority),
                col(WindowRow.challenge) == item,
                col(WindowRow.closed_at).is_(None),
            ),
        )
        .where(col(ChallengeRow.is_open), match_not_followed())
        .group_by(col(ChallengeRow.child), col(ChallengeRow.raiser), col(ChallengeRow.raiser_role))
    )
    return [
        (row.child, row.raiser, row.raiser_role, IroCaseload(0, row.open, row.to_consider, row.past, row.talks)) for row in rows
    ]


def cases_of(connection: Connection, words: Authority, person: UUID, day: date) -> tuple[HeldCase, ...]:
    """The children whose IRO somebody is on a day or will be later; and those whose IRO they were until they left, and
    for whom nobody has followed: a child is never without an IRO (Children Act 1989 s.25A)."""
    left_on = select_of(PersonRow, words.key, PersonRow.left_on).where(col(PersonRow.id) == person)
    left_behind = and_(col(PostRow.until) == left_on.scalar_subquery(), col(PostRow.until) >= col(PostRow.since))
    posts = connection.execute(
        select_of(PostRow, words.key).where(
            *_of_iros(words), col(PostRow.person) == person, or_(match_not_over(PostRow, day), left_behind)
        )
    ).all()
    followed = children_with_another_iro(connection, words, person, {post.key for post in posts}, day)
    mine = [post for post in posts if post.until is None or post.until >= day or post.key not in followed]
    ids = [UUID(post.key) for post in mine]
    children, items = _children(connection, words.key, ids), _references(connection, words, ids)
    cases = [
        HeldCase(post.id, post.role, id_, *children[id_], post.since, tuple(items.get(id_, ())))
        for post, id_ in zip(mine, ids, strict=True)
    ]
    return tuple(sorted(cases, key=lambda case: (case.number, case.role)))


def children_of_iro(connection: Connection, words: Authority, person: UUID, day: date) -> tuple[UUID, ...]:
    """The children whose IRO somebody is on a day by a post of their own."""
    posts = select_of(PostRow, words.key, PostRow.key).where(
        *_of_iros(words), col(PostRow.person) == person, *match_day(PostRow, day)
    )
    return tuple(UUID(key) for key in connection.execute(posts.distinct().order_by(col(PostRow.key))).scalars())


def list_reviewed_children(connection: Connection, words: Authority, person: UUID, day: date) -> dict[str, str]:
    """The children for whom somebody, or whoever they cover, holds an IRO's role on a day: initials by case number."""
    roles = words.roles_acting_as(Capacity.IRO)
    posts = lookup.list_posts(connection, words.key, person, day, HeldFor.CHILD, covering=True)
    ids = [UUID(post.key) for post in posts if post.role in roles]
    rows = connection.execute(
        select_of(ChildRow, words.key, ChildRow.number, ChildRow.initials)
        .where(col(ChildRow.id).in_(ids))
        .order_by(col(ChildRow.initials), col(ChildRow.number))
    )
    return {row.number: row.initials for row in rows}


def children_with_another_iro(
    connection: Connection, words: Authority, person: UUID, keys: Collection[str], day: date
) -> frozenset[str]:
    """Of some children (as posts name them), those who have an IRO besides somebody on a day."""
    if not keys:
        return frozenset()
    rows = connection.execute(
        select_of(PostRow, words.key, PostRow.key).where(
            *_of_iros(words),
            col(PostRow.key).in_(keys),
            col(PostRow.person) != person,
            *match_day(PostRow, day),
        )
    )
    return frozenset(rows.scalars())


def people_who_may_take_cases(connection: Connection, words: Authority, day: date) -> tuple[DirectoryPerson, ...]:
    """Everybody who may take a child on: IROs and IRO managers of a day, and those who were an IRO and hold nothing now."""
    now = people.people_acting_as(connection, words, [Capacity.IRO, Capacity.IRO_MANAGER], day)
    former = people.who_held(connection, words, words.roles_acting_as(Capacity.IRO), day)
    idle = [person for person in former if person.is_here_on(day) and not person.posts]
    return tuple(sorted((*now, *idle), key=lambda person: person.name))


def left_behind(connection: Connection, words: Authority, day: date) -> tuple[DirectoryPerson, ...]:
    """Those who have left and were an IRO: some of their children may have nobody yet."""
    return tuple(
        person
        for person in people.who_held(connection, words, words.roles_acting_as(Capacity.IRO), day)
        if not person.is_here_on(day)
    )


def _children(connection: Connection, authority: str, ids: Sequence[UUID]) -> dict[UUID, tuple[str, str, str]]:
    rows = connection.execute(
        select_of(ChildRow, authority, ChildRow.id, ChildRow.number, ChildRow.initials, ChildRow.team, UnitRow.name)
        .outerjoin(UnitRow, _team_of_child(authority))
        .where(col(ChildRow.id).in_(ids))
    )
    return {row.id: (row.number, row.initials, row.name or row.team) for row in rows}


def _references(connection: Connection, words: Authority, children: Sequence[UUID]) -> dict[UUID, list[str]]:
    rows = connection.execute(
        select_of(ChallengeRow, words.key, ChallengeRow.child, ChallengeRow.reference)
        .where(
            col(ChallengeRow.child).in_(children),
            col(ChallengeRow.is_open),
            col(ChallengeRow.raiser_role).in_(words.roles_acting_as(Capacity.IRO)),
        )
        .order_by(col(ChallengeRow.raised_at))
    )
    return gather_by_key((row.child, row.reference) for row in rows)


def _of_iros(words: Authority) -> tuple[ColumnElement[bool], ...]:
    """The conditions for posts by which somebody is a child's IRO."""
    return col(PostRow.held_for) == HeldFor.CHILD.value, col(PostRow.role).in_(words.roles_acting_as(Capacity.IRO))


def _team_of_child(authority: str) -> ColumnElement[bool]:
    """The condition that joins a child's team."""
    return and_(in_authority(UnitRow, authority), col(UnitRow.kind) == "team", col(UnitRow.key) == col(ChildRow.team))


def in_their_line(
    connection: Connection, words: Authority, person: UUID, children: Collection[UUID], day: date
) -> frozenset[UUID]:
    """Of some children, those of whose case somebody is or was part: as their social worker ever, or in their team's or
    service's line today. independence would let them judge and resolve nothing about these."""
    if not children:
        return frozenset()
    near = [role.key for role in words.roles if role.acts_as is None]
    posts = connection.execute(
        select_of(PostRow, words.key, PostRow.held_for, PostRow.key, PostRow.since, PostRow.until).where(
            col(PostRow.person) == person, col(PostRow.role).in_(near)
        )
    ).all()
    theirs = {UUID(post.key) for post in posts if post.held_for == HeldFor.CHILD.value and post.since <= day}
    now = {(post.held_for, post.key) for post in posts if post.since <= day and (post.until is None or post.until >= day)}
    rows = connection.execute(
        select_of(ChildRow, words.key, ChildRow.id, ChildRow.team, UnitRow.within)
        .outerjoin(UnitRow, _team_of_child(words.key))
        .where(col(ChildRow.id).in_(children))
    )
    teams, services = HeldFor.TEAM.value, HeldFor.SERVICE.value
    return frozenset(row.id for row in rows if row.id in theirs or (teams, row.team) in now or (services, row.within) in now)
