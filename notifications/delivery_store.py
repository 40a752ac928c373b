"""The post book: what is written down of each message, and of each person's copy of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, and_, select, update
from sqlmodel import col

from drp.database.directory_tables import PersonRow
from drp.database.message_tables import DeliveryRow, NotificationRow, NotificationState

Key = tuple[UUID, int, int]
"""What names a message: its challenge, the version that told it, and which of that version's messages it is."""


@dataclass(frozen=True)
class Waiting:
    """A message whose time has come: how often it was tried, since when it waits, and whom it is for."""

    key: Key
    urgent: bool
    attempts: int
    next_at: datetime
    people: tuple[UUID, ...]


def identity(authority: str, keys: Sequence[Key]) -> str:
    """The left part of a Message-ID: the same for the same messages, however often they are tried."""
    return sha256("+".join(f"{authority}/{key[0]}/{key[1]}/{key[2]}" for key in sorted(keys)).encode()).hexdigest()[:32]


def waiting(connection: Connection, authority: str, now: datetime, most: int) -> list[Waiting]:
    """What is waiting and due, the longest waiting first."""
    row = NotificationRow.__table__  # type: ignore[attr-defined]
    due = (
        select(row.c.challenge, row.c.version, row.c.n, row.c.urgent, row.c.attempts, row.c.next_at, row.c.at)
        .where(row.c.authority == authority, row.c.state == NotificationState.WAITING, row.c.next_at <= now)
        .order_by(row.c.next_at, row.c.at, row.c.challenge, row.c.version, row.c.n)
        .limit(most)
        .subquery()
    )
    its_own = and_(
        col(DeliveryRow.authority) == authority,
        col(DeliveryRow.challenge) == due.c.challenge,
        col(DeliveryRow.version) == due.c.version,
        col(DeliveryRow.n) == due.c.n,
    )
    rows = connection.execute(
        select(due, col(DeliveryRow.person))
        .outerjoin(DeliveryRow, its_own)
        .order_by(due.c.next_at, due.c.at, due.c.challenge, due.c.version, due.c.n)
    )
    found: list[Waiting] = []
    for key, grouped in groupby(rows, lambda row: (row.challenge, row.version, row.n)):
        copies = list(grouped)
        first, people = copies[0], tuple(one.person for one in copies if one.person is not None)
        found.append(Waiting(key, first.urgent, first.attempts, first.next_at, people))
    return found


def claim(connection: Connection, authority: str, key: Key, now: datetime, lease: timedelta) -> RowMapping | None:
    """Take a message for one attempt: one conditional UPDATE, one row changed is the only yes."""
    claimed = connection.execute(
        update(NotificationRow)
        .where(
            *_here(authority, key),
            col(NotificationRow.state) == NotificationState.WAITING,
            col(NotificationRow.next_at) <= now,
        )
        .values(next_at=now + lease, attempts=col(NotificationRow.attempts) + 1)
    )
    return read(connection, authority, key) if claimed.rowcount == 1 else None


def read(connection: Connection, authority: str, key: Key) -> RowMapping:
    """A message as it is written down."""
    table = NotificationRow.__table__  # type: ignore[attr-defined]
    return connection.execute(select(table).where(*_here(authority, key))).mappings().one()


def note(connection: Connection, authority: str, key: Key, **values: object) -> None:
    """Write down what became of a message."""
    connection.execute(update(NotificationRow).where(*_here(authority, key)).values(**values))


def mark(connection: Connection, authority: str, key: Key, person: UUID, **values: object) -> None:
    """Write down what became of one person's copy."""
    here = (*_copies(authority, key), col(DeliveryRow.person) == person)
    connection.execute(update(DeliveryRow).where(*here).values(**values))


def deliveries(connection: Connection, authority: str, key: Key) -> Sequence[RowMapping]:
    """Each person's copy of a message, with the person's address as it is now: first who is addressed, then who is copied."""
    return (
        connection.execute(
            select(DeliveryRow.__table__, col(PersonRow.email), col(PersonRow.left_on))  # type: ignore[attr-defined]
            .join(PersonRow, (col(PersonRow.authority) == authority) & (col(PersonRow.id) == col(DeliveryRow.person)))
            .where(*_copies(authority, key))
            .order_by(col(DeliveryRow.as_to).desc(), col(PersonRow.email))
        )
        .mappings()
        .all()
    )


def _here(authority: str, key: Key) -> tuple[Any, ...]:
    return _named(NotificationRow, authority, key)


def _copies(authority: str, key: Key) -> tuple[Any, ...]:
    return _named(DeliveryRow, authority, key)


def _named(table: Any, authority: str, key: Key) -> tuple[Any, ...]:
    return (table.authority == authority, table.challenge == key[0], table.version == key[1], table.n == key[2])
