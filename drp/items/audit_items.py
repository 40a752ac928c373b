"""Every item of an authority, open, ended or sealed, in the order of its reference: what an auditor goes through."""

from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow
from drp.database.scope import select_of


def list_items_by_reference(connection: Connection, authority: str, after: str, most: int) -> list[tuple[UUID, str]]:
    """Items (id and reference) that come after a reference, at most so many."""
    rows = connection.execute(
        select_of(ChallengeRow, authority, ChallengeRow.id, ChallengeRow.reference)
        .where(col(ChallengeRow.reference) > after)
        .order_by(col(ChallengeRow.reference))
        .limit(most)
    )
    return [(row.id, row.reference) for row in rows]
