"""What the looks at an authority's timelines found: kept beside it, so that health can say it."""

from datetime import date, datetime

from sqlalchemy import Connection, update
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow


def note_checked(connection: Connection, authority: str, now: datetime, fault: str) -> None:
    """Keep when the timelines were last looked at, or what did not go on: health says it until it is put right."""
    values = {"witness_fault": fault[:300]} if fault else {"witness_fault": "", "witnessed_at": now}
    connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == authority).values(**values))


def claim_verification(connection: Connection, authority: str, day: date) -> bool:
    """Claim the looking through of every timeline for a local day; False where a replica has begun it.

    One conditional UPDATE: one row changed is the only yes.
    """
    claiming = (
        update(AuthorityRow)
        .where(col(AuthorityRow.key) == authority, col(AuthorityRow.verify_day).is_distinct_from(day))
        .values(verify_day=day)
    )
    return connection.execute(claiming).rowcount == 1


def note_verified(connection: Connection, authority: str, now: datetime, fault: str) -> None:
    """Keep that every timeline was looked through and is as it was, or the first thing that is not."""
    values = {"verify_fault": fault[:300]} if fault else {"verify_fault": "", "verified_at": now}
    connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == authority).values(**values))
