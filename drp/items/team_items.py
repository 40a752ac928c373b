"""Items as teams and those who lead them look at them: how many wait for a reply, and to whom each was sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, case, func
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, InvolvedRow, WindowRow, match_not_followed
from drp.database.directory_tables import PersonRow, UnitRow
from drp.database.gathering import gather_by_key
from drp.database.scope import in_authority, select_of
from workflows.model.challenge import ASKS_RECIPIENTS


@dataclass(frozen=True)
class TeamWaiting:
    """How many windows of a team's open items wait for a reply, and how many of these are past their date."""

    team: str
    name: str
    waiting: int
    past: int


def count_waiting(
    connection: Connection, authority: str, now: datetime, services: Collection[str] | None = None
) -> tuple[TeamWaiting, ...]:
    """What waits for a reply at `now` (aware UTC), by team, most past first and then by name. No child is in it.

    `services`: only teams of these, by key. A team that the directory does not know is named by its key.
    """
    past = func.sum(case((col(WindowRow.closes_at) <= now, 1), else_=0))
    query = (
        select_of(ChallengeRow, authority, ChallengeRow.team, UnitRow.name, func.count(), past)
        .join(
            WindowRow,
            in_authority(WindowRow, authority) & (col(WindowRow.challenge) == col(ChallengeRow.id)),
        )
        .outerjoin(
            UnitRow,
            in_authority(UnitRow, authority) & (col(UnitRow.kind) == "team") & (col(UnitRow.key) == col(ChallengeRow.team)),
        )
        .where(
            match_not_followed(),
            col(ChallengeRow.is_open),
            col(WindowRow.closed_at).is_(None),
            col(WindowRow.kind).in_([kind.value for kind in ASKS_RECIPIENTS]),
            col(ChallengeRow.team) != "",
        )
        .group_by(col(ChallengeRow.team), col(UnitRow.name))
        .order_by(past.desc(), col(UnitRow.name))
    )
    if services is not None:
        query = query.where(col(ChallengeRow.service).in_(services))
    return tuple(TeamWaiting(team, name or team, waiting, late) for team, name, waiting, late in connection.execute(query))


def list_recipients(connection: Connection, authority: str, items: Collection[UUID]) -> dict[UUID, list[tuple[str, str]]]:
    """To whom each of some items was ever sent, copies left out: names with the keys of their roles, by name."""
    rows = connection.execute(
        select_of(InvolvedRow, authority, InvolvedRow.challenge, InvolvedRow.role, PersonRow.name)
        .join(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(InvolvedRow.person)))
        .where(col(InvolvedRow.as_to), col(InvolvedRow.challenge).in_(items))
        .order_by(col(PersonRow.name))
    )
    return gather_by_key((row.challenge, (row.name, row.role)) for row in rows)
