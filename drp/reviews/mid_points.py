"""The mid-point of every child: between two reviews the IRO is asked, on the day that is half-way, by a comparison once a day.

Half-way between the last review and the next, as the directory has them. Where the next is not known: three months after the
last, six weeks after a first one. What moves before it is asked moves with it; what moves afterwards moves the ask
(`workflows.decision.watching`).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, func
from sqlmodel import col

from drp.casework import load
from drp.casework.load import StoredChallenge
from drp.casework.resolve_recipients import resolve_recipients
from drp.casework.save import DecisionToSave
from drp.casework.service import Casework
from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow
from drp.database.review_tables import ReviewRow
from drp.database.scope import in_authority, select_of
from drp.directory.lookup import facts_of_child, service_of
from drp.timeline.chain import GENESIS
from workflows.calendar.working_days import Calendar, local_date, long_date
from workflows.decision import decide as deciding
from workflows.decision.recipients import About
from workflows.model.actor import THE_SERVICE, Act
from workflows.model.authority import Capacity, Rules, rules_that_follow
from workflows.model.challenge import Facts
from workflows.model.events import Raised, ReviewHeld
from workflows.model.ladder import ItemType

log = logging.getLogger("drp.mid_points")

BATCH = 100
AFTER_FIRST = timedelta(weeks=6)
MONTHS_AFTER = 3
ASKED_WITHIN = timedelta(days=30)
"""For how long after its day a mid-point is still asked where the next review is not known: afterwards it is no middle."""


@dataclass(frozen=True)
class MidPointsAsked:
    """What one day's comparison did."""

    asked: int = 0
    overtaken: int = 0


@dataclass(frozen=True)
class _Due:
    child: UUID
    number: str
    initials: str
    last: date
    facts: Facts


def day_of_mid_point(last: date, following: date | None, calendar: Calendar, is_first: bool = False) -> date:
    """The day on which it is asked: a working day on or before the middle. `is_first`: was the last review the first?"""
    if following is not None and following > last:
        middle = last + (following - last) // 2
    else:
        middle = last + AFTER_FIRST if is_first else _months_after(last, MONTHS_AFTER)
    return calendar.working_day_on_or_before(middle)


def _months_after(day: date, months: int) -> date:
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    first_after = date(year + month // 12, month % 12 + 1, 1)
    return min(date(year, month, 1) + timedelta(days=day.day - 1), first_after - timedelta(days=1))


def ask_at_mid_points(casework: Casework, authority: str, now: datetime) -> MidPointsAsked:
    """Ask each child's IRO whose mid-point has come, once between two reviews. Raises Unavailable."""
    with casework.store.read(authority) as connection:
        current = casework.procedures.current(connection, authority)
        rules = rules_that_follow(current, local_date(now), ItemType.MID_POINT)
        due = list(_due(connection, rules, local_date(now))) if rules else []
        held = _held_meanwhile(connection, authority)
    for id_, on in held:
        casework.note_change(authority, id_, [ReviewHeld(on)], now)
    asked = 0
    for start in range(0, len(due), BATCH):
        assert rules is not None
        asked += _ask(casework, rules, due[start : start + BATCH], now)
    return MidPointsAsked(asked, len(held))


def list_mid_points(connection: Connection, authority: str) -> list[tuple[str, UUID, datetime]]:
    """Every mid-point that was asked: its reference, its child, and when it was asked, the first first."""
    rows = connection.execute(
        select_of(ChallengeRow, authority, ChallengeRow.reference, ChallengeRow.child, ChallengeRow.raised_at)
        .where(col(ChallengeRow.item_type) == ItemType.MID_POINT.value)
        .order_by(col(ChallengeRow.raised_at), col(ChallengeRow.reference))
    )
    return [(row.reference, row.child, row.raised_at) for row in rows]


def _due(connection: Connection, rules: Rules, today: date) -> Iterator[_Due]:
    """The children whose mid-point has come and of whom nobody was asked since their last review."""
    authority, covers = rules.authority.key, {status.value for status in rules.ladder.covers}
    firsts = set(
        connection.execute(
            select_of(ReviewRow, authority, ReviewRow.child).group_by(col(ReviewRow.child)).having(func.count() == 1)
        ).scalars()
    )
    rows = connection.execute(
        select_of(ChildRow, authority)
        .where(col(ChildRow.last_review).is_not(None), col(ChildRow.last_review) < today)
        .order_by(col(ChildRow.number))
    ).all()
    come = [row for row in rows if (not covers or covers & {*row.statuses}) and _has_come(row, rules.calendar, today, firsts)]
    services = {team: service_of(connection, authority, team) or "" for team in {row.team for row in come}}
    known = asked_since(connection, authority, [row.id for row in come])
    for row in come:
        if (row.id, row.last_review) not in known:
            facts = facts_of_child(row, services[row.team])
            yield _Due(row.id, row.number, row.initials, row.last_review, facts)


def _has_come(row: object, calendar: Calendar, today: date, firsts: set[UUID]) -> bool:
    last, following = row.last_review, row.next_review  # type: ignore[attr-defined]
    day = day_of_mid_point(last, following, calendar, row.id in firsts)  # type: ignore[attr-defined]
    over = following if following and following > last else day + ASKED_WITHIN
    return day <= today < over


def asked_since(connection: Connection, authority: str, children: Sequence[UUID]) -> set[tuple[UUID, date]]:
    """Of which reviews of some children the mid-point was asked already."""
    found: set[tuple[UUID, date]] = set()
    for start in range(0, len(children), 500):
        rows = connection.execute(
            select_of(ChallengeRow, authority, ChallengeRow.child, ChallengeRow.rest).where(
                col(ChallengeRow.child).in_(children[start : start + 500]),
                col(ChallengeRow.item_type) == ItemType.MID_POINT.value,
            )
        )
        found |= {(row.child, _review_of(row.rest)) for row in rows}
    return found


def _review_of(rest: dict[str, object]) -> date:
    """The review after which a mid-point was asked; the first day there is where it says none."""
    happened = dict(rest["happened"])  # type: ignore[call-overload]
    return date.fromisoformat(happened["review"]) if "review" in happened else date.min


def _held_meanwhile(connection: Connection, authority: str) -> list[tuple[UUID, date]]:
    """Open mid-points whose next review has been held, with its day."""
    rows = connection.execute(
        select_of(ChallengeRow, authority, ChallengeRow.id, ChallengeRow.rest, ChildRow.last_review)
        .join(ChildRow, in_authority(ChildRow, authority) & (col(ChildRow.id) == col(ChallengeRow.child)))
        .where(col(ChallengeRow.is_open), col(ChallengeRow.item_type) == ItemType.MID_POINT.value)
        .order_by(col(ChallengeRow.raised_at), col(ChallengeRow.id))
    )
    return [(row.id, row.last_review) for row in rows if row.last_review and date.min < _review_of(row.rest) < row.last_review]


def _ask(casework: Casework, rules: Rules, due: Sequence[_Due], now: datetime) -> int:
    """Ask about some children in one transaction; a child without an IRO is left for the day that they have one."""
    authority, day = rules.authority, local_date(now)
    role = next(one for one in rules.ladder.raised_by if one in authority.roles_acting_as(Capacity.IRO))
    kept: list[DecisionToSave] = []
    with casework.store.write(authority.key) as connection:
        abouts = [About("", role, str(one.child), one.facts.team, one.facts.service) for one in due]
        establishment = load.load_establishment(connection, authority.key, abouts)
        for one, about in zip(due, abouts, strict=True):
            holders = establishment.holders(authority, role, about, day)
            if not holders:
                continue
            said = f"Between the review of {long_date(one.last)} and the next."
            event = Raised(ItemType.MID_POINT, (), said, happened=(("review", one.last),), raiser_role=role)
            try:
                decided = deciding.decide_raise(rules, Act(event, THE_SERVICE), one.facts, (), now).decision
                new = StoredChallenge(
                    casework.chance.identity(), casework.chance.reference(), 0, one.child, one.number, one.initials,
                    UUID(holders[0]), rules.ladder.key, decided.challenge, 0, GENESIS,
                )  # fmt: skip
                decision, messages = resolve_recipients(connection, rules, establishment, new, decided, now)
            except Exception:
                # A fault with one child must not keep the others from being asked about; it is asked again tomorrow.
                log.exception("mid-point not asked", extra={"authority": authority.key, "child": str(one.child)})
                continue
            kept.append(DecisionToSave(None, decision, messages, authority, new))
        if kept:
            casework.keeper.keep(connection, authority.key, kept, now)
    return len(kept)
