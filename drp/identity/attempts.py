"""How often sign-ins are begun, counted in the database: every replica sees the same numbers.

What is counted is a browser that signed in here before, or else the address that a request comes from; neither is kept as it
is, only under a keyed hash. The count of a stretch of time ends with it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from drp.database.account_tables import AttemptRow
from drp.database.scope import core_table, delete_rows
from drp.identity.seal import Seal


@dataclass(frozen=True)
class AttemptLimit:
    """So many within such a time."""

    at_most: int
    within: timedelta


def count_attempt(
    connection: Connection, seal: Seal, authority: str, source: str, now: datetime, limit: AttemptLimit
) -> timedelta | None:
    """Count one sign-in that is begun: None, or how long its source is to wait."""
    began = datetime.fromtimestamp(now.timestamp() // limit.within.total_seconds() * limit.within.total_seconds(), UTC)
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(AttemptRow)
    counting = (
        insert.values(authority=authority, source=seal.word_of(f"attempt {source}")[-64:], began_at=began, count=1)
        .on_conflict_do_update(
            index_elements=["authority", "source", "began_at"], set_={"count": core_table(AttemptRow).c["count"] + 1}
        )
        .returning(col(AttemptRow.count))
    )
    return began + limit.within - now if connection.execute(counting).scalar_one() > limit.at_most else None


def forget_attempts(connection: Connection, authority: str, now: datetime) -> int:
    """Take out counts that are over. Returns how many."""
    return delete_rows(connection, AttemptRow, authority, col(AttemptRow.began_at) < now - timedelta(days=1))
