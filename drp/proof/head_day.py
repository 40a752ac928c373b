"""The local day for which the auditors were last sent the signed head of a checkpoint."""

from datetime import date

from sqlalchemy import Connection, select, update
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow


def read_head_day(connection: Connection, authority: str) -> date | None:
    """Read for which day a head was last sent; None: none was."""
    return connection.execute(select(col(AuthorityRow.head_day)).where(col(AuthorityRow.key) == authority)).scalar()


def move_head_day(connection: Connection, authority: str, was: date | None, becomes: date | None) -> bool:
    """Move the day for which a head was sent, if it is still `was`. Returns False if another replica has moved it.

    One conditional UPDATE: one row changed is the only yes.
    """
    before = col(AuthorityRow.head_day).is_(None) if was is None else col(AuthorityRow.head_day) == was
    moving = update(AuthorityRow).where(col(AuthorityRow.key) == authority, before).values(head_day=becomes)
    return connection.execute(moving).rowcount == 1
