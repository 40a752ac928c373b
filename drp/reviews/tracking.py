"""Tracking a child's case: agreed and recorded at a review, one tracked case a child, changed as it is agreed anew."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, func
from sqlmodel import col

from drp.casework.service import ActionResult, Casework
from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.directory_tables import ChildRow
from drp.database.scope import in_authority, select_of
from drp.identity.principal import Principal
from drp.reviews.following import raiser_role_of
from workflows.calendar.working_days import local_date
from workflows.model.authority import rules_that_follow
from workflows.model.events import Raised, TrackingAgreed
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotOpen, Unfit


@dataclass(frozen=True)
class TrackedCase:
    """A case that is tracked: by what item, at which priority."""

    reference: str
    priority: str


def find_tracked(connection: Connection, authority: str, child: UUID) -> TrackedCase | None:
    """The tracking of a child's case that is open; None: it is not tracked."""
    row = connection.execute(
        select_of(ChallengeRow, authority, ChallengeRow.reference, ChallengeRow.priority).where(
            col(ChallengeRow.child) == child,
            col(ChallengeRow.item_type) == ItemType.TRACKED_CASE.value,
            col(ChallengeRow.is_open),
        )
    ).first()
    return TrackedCase(row.reference, row.priority) if row else None


def lock_child(connection: Connection, authority: str, child: UUID) -> None:
    """Let whoever else tracks this child's case at the same moment wait until this transaction is over."""
    connection.execute(select_of(ChildRow, authority, ChildRow.id).where(col(ChildRow.id) == child).with_for_update())


def track_case(
    connection: Connection,
    casework: Casework,
    signed: Principal,
    child: UUID,
    number: str,
    agreed: TrackingAgreed,
    why: str,
    facts: tuple[str, ...],
    now: datetime,
) -> ActionResult:
    """Begin to track a child's case, as part of a larger transaction, which the caller commits. Raises Refused."""
    current = casework.procedures.current(connection, signed.authority)
    rules = rules_that_follow(current, local_date(now), ItemType.TRACKED_CASE)
    if rules is None:
        raise Unfit(
            "This authority has no procedure for tracking cases.", "Have a file that begins `between_reviews:` loaded.", "ladder"
        )
    lock_child(connection, signed.authority, child)
    if found := find_tracked(connection, signed.authority, child):
        raise NotOpen(f"This case is tracked already: {found.reference}.", "Agree the tracking anew on its own page.")
    event = Raised(
        ItemType.TRACKED_CASE, (), why, priority=agreed.priority, happened=(("review", agreed.on),), facts=facts,
        raiser_role=raiser_role_of(current, rules.ladder, signed),
    )  # fmt: skip
    return casework.raise_within(connection, signed, number, event, now, ladder=rules.ladder.key, at_once=agreed)


@dataclass(frozen=True)
class WatchedCase:
    """One tracked case of a list: what of it comes next, by which day, and how many of it are past."""

    id: UUID
    reference: str
    priority: str
    due: date | None
    past: int


def list_tracked(connection: Connection, authority: str, now: datetime, most: int) -> tuple[list[WatchedCase], int]:
    """The tracked cases that are open, those with most past its date first, then by what comes next; and how many there are."""
    waits = (
        in_authority(WindowRow, authority)
        & (col(WindowRow.challenge) == col(ChallengeRow.id))
        & col(WindowRow.closed_at).is_(None)
        & (col(WindowRow.parent) == "")
    )
    past = func.count(col(WindowRow.n)).filter(col(WindowRow.closes_at) <= now)
    tracked = (col(ChallengeRow.is_open), col(ChallengeRow.item_type) == ItemType.TRACKED_CASE.value)
    rows = connection.execute(
        select_of(
            ChallengeRow, authority, ChallengeRow.id, ChallengeRow.reference, ChallengeRow.priority,
            func.min(col(WindowRow.due)).label("due"), past.label("past"),
        )
        .outerjoin(WindowRow, waits)
        .where(*tracked)
        .group_by(col(ChallengeRow.id), col(ChallengeRow.reference), col(ChallengeRow.priority))
    ).all()  # fmt: skip
    found = [WatchedCase(row.id, row.reference, row.priority, row.due, row.past) for row in rows]
    ordered = sorted(found, key=lambda one: (-one.past, one.due or date.max, one.reference))
    return ordered[:most], len(found)
