"""What somebody has begun to write and not yet sent: it outlives an error, a lost signal and an expired session."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update
from sqlmodel import col

from drp.casework.access import NotFound
from drp.database.draft_tables import DraftRow
from drp.database.ids import Randomness
from drp.database.scope import core_table, delete_rows, in_authority, select_of

KEPT = timedelta(days=14)
"""A draft that nobody touched for so long is taken out: words about a child lie nowhere by oversight."""

AT_MOST = 20
"""Drafts of one person at a time: beyond it the oldest gives way."""


@dataclass(frozen=True)
class Draft:
    """One draft: only its writer sees it."""

    id: UUID
    changed_at: datetime
    said: dict[str, Any]


def begin_draft(
    connection: Connection, chance: Randomness, authority: str, person: UUID, said: dict[str, Any], now: datetime
) -> UUID:
    """Keep what somebody has begun to write."""
    id_ = chance.identity()
    for old in drafts_of(connection, authority, person)[AT_MOST - 1 :]:
        drop_draft(connection, authority, person, old.id)
    connection.execute(
        insert(DraftRow).values(authority=authority, id=id_, person=person, began_at=now, changed_at=now, said=said)
    )
    return id_


def find_draft(connection: Connection, authority: str, person: UUID, id_: UUID) -> Draft:
    """A draft of one's own. Raises NotFound for anybody else's, or one that was sent."""
    row = connection.execute(select(core_table(DraftRow)).where(*match_own_draft(authority, person, id_))).first()
    if row is None:
        raise NotFound
    return Draft(row.id, row.changed_at, dict(row.said))


def change_draft(connection: Connection, authority: str, person: UUID, id_: UUID, said: dict[str, Any], now: datetime) -> None:
    """Keep what is now written. Raises NotFound as `find_draft` does."""
    found = connection.execute(update(DraftRow).where(*match_own_draft(authority, person, id_)).values(said=said, changed_at=now))
    if found.rowcount != 1:
        raise NotFound


def drop_draft(connection: Connection, authority: str, person: UUID, id_: UUID) -> None:
    """Delete a draft that was sent, or is not wanted any more."""
    delete_rows(connection, DraftRow, authority, *match_own_draft(authority, person, id_))


def drafts_of(connection: Connection, authority: str, person: UUID) -> list[Draft]:
    """A person's drafts, the last changed first."""
    rows = connection.execute(
        select_of(DraftRow, authority)
        .where(col(DraftRow.person) == person)
        .order_by(col(DraftRow.changed_at).desc(), col(DraftRow.id))
    )
    return [Draft(row.id, row.changed_at, dict(row.said)) for row in rows]


def forget_drafts(connection: Connection, authority: str, now: datetime) -> int:
    """Delete the drafts that nobody changed for `KEPT`. Returns how many."""
    return delete_rows(connection, DraftRow, authority, col(DraftRow.changed_at) < now - KEPT)


def match_own_draft(authority: str, person: UUID, id_: UUID) -> tuple[Any, ...]:
    """The conditions for one draft, and for nobody's but this person's."""
    return in_authority(DraftRow, authority), col(DraftRow.person) == person, col(DraftRow.id) == id_
