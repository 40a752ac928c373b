"""Two spellings of one child's number become one child: a named act of the operator, on the timeline of every item of both."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.casework.service import Casework
from drp.data_protection.admin_audit_log import note_admin_change, operator_of
from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow
from drp.database.register_tables import RegisterRow
from drp.database.scope import select_of, update_of
from drp.reviews.review_register import move_reviews
from workflows.model.events import ChildJoined


class NotJoined(Exception):
    """Two numbers that cannot be joined. The message says why."""


@dataclass(frozen=True)
class JoinedChildren:
    """How many items, and lines brought in from sheets, are the other child's now; on how many timelines it stands."""

    items: int
    lines: int
    timelines: int


def join_children(casework: Casework, authority: str, number: str, into: str, why: str, by: str, now: datetime) -> JoinedChildren:
    """Make the items and lines of one spelling those of another: each number exactly as it is written. Raises NotJoined.

    Each item is moved in a transaction of its own; joining again goes on where it stopped.
    """
    if not why.strip() or not by.strip():
        raise NotJoined("Say why, and who decided it: it stands on every timeline.")
    with casework.store.write(authority) as connection:
        one, other = (_child_written(connection, authority, text) for text in (number, into))
        if one == other:
            raise NotJoined("That is one number.")
        moved = _items(connection, authority, one)
        beside = [id_ for id_ in _items(connection, authority, other) if id_ not in moved]
        lines = connection.execute(
            update_of(RegisterRow, authority)
            .where(col(RegisterRow.child) == one, col(RegisterRow.sheet) != "")
            .values(child=other)
        ).rowcount
        move_reviews(connection, authority, one, other)
        note_admin_change(
            connection,
            casework,
            operator_of(authority),
            now,
            "children joined",
            children=f"{one},{other}",
            items=len(moved),
            lines=lines,
        )
    said = ChildJoined(number, into, why.strip(), by.strip())
    for id_ in moved:
        casework.note_change(authority, id_, [said], now, partial(_move, authority=authority, id_=id_, to=other))
    for id_ in beside:
        casework.note_change(authority, id_, [said], now)
    return JoinedChildren(len(moved), lines, len(moved) + len(beside))


def _child_written(connection: Connection, authority: str, number: str) -> UUID:
    found = connection.execute(select_of(ChildRow, authority, ChildRow.id).where(col(ChildRow.number) == number)).scalar()
    if found is None:
        raise NotJoined(f"The directory has no child whose number is written `{number}`: `drp directory spellings` lists them.")
    return UUID(str(found))


def _items(connection: Connection, authority: str, child: UUID) -> list[UUID]:
    ids = select_of(ChallengeRow, authority, ChallengeRow.id).where(col(ChallengeRow.child) == child)
    return list(connection.execute(ids.order_by(col(ChallengeRow.raised_at), col(ChallengeRow.id))).scalars())


def _move(connection: Connection, authority: str, id_: UUID, to: UUID) -> None:
    connection.execute(update_of(ChallengeRow, authority).where(col(ChallengeRow.id) == id_).values(child=to))
    connection.execute(update_of(RegisterRow, authority).where(col(RegisterRow.id) == id_).values(child=to))
