"""What is kept of each message and of each person's copy of it: what waits, what became of an attempt, what was not delivered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, bindparam, func, not_, or_, select
from sqlmodel import col

from drp.database.directory_tables import PersonRow
from drp.database.gathering import gather_by_key
from drp.database.message_tables import UNSENT, DeliveryRow, MailState, NotificationRow, NotificationState
from drp.database.scope import core_table, in_authority, select_of, update_of
from drp.database.statements import MESSAGE_OF_COPY, MESSAGES
from workflows.decision.decision_builder import NotificationKind
from workflows.decision.reach import ASKS
from workflows.decision.recipients import ReachedHow

Key = tuple[UUID, int, int]
"""What names a message: its challenge, the version that told it, and which of that version's messages it is."""


OF_A_REFERRAL = frozenset({NotificationKind.TELL_OF_REFERRAL, NotificationKind.ABOUT_CAFCASS})
"""Messages about a referral: a pause never holds them, and they never queue."""

NOT_REACHED = "the relay was not reached"
"""What the error of a message begins with that was not sent because no mail leaves at all."""


@dataclass(frozen=True)
class Waiting:
    """A message whose time has come: how often it was tried, since when it waits, and whom it is for."""

    key: Key
    urgent: bool
    attempts: int
    next_at: datetime
    people: tuple[UUID, ...]


def _due(is_urgent: bool | None) -> Select[Any]:
    row = core_table(NotificationRow)
    urgent = or_(row.c.urgent, row.c.subject.in_(OF_A_REFERRAL))
    lane = [] if is_urgent is None else [urgent if is_urgent else not_(urgent)]
    due = (
        select(row.c.challenge, row.c.version, row.c.n, row.c.urgent, row.c.attempts, row.c.next_at, row.c.at)
        .where(in_authority(NotificationRow, _AUTHORITY), row.c.state == NotificationState.WAITING, row.c.next_at <= _NOW)
        .where(*lane)
        .order_by(row.c.next_at, row.c.at, row.c.challenge, row.c.version, row.c.n)
        .limit(bindparam("most"))
        .subquery()
    )
    copies_of_it = and_(
        in_authority(DeliveryRow, _AUTHORITY),
        col(DeliveryRow.challenge) == due.c.challenge,
        col(DeliveryRow.version) == due.c.version,
        col(DeliveryRow.n) == due.c.n,
    )
    return (
        select(due, col(DeliveryRow.person))
        .outerjoin(DeliveryRow, copies_of_it)
        .order_by(due.c.next_at, due.c.at, due.c.challenge, due.c.version, due.c.n)
    )


_AUTHORITY: Any = bindparam("authority")
_NOW: Any = bindparam("now")
_DUE = {is_urgent: _due(is_urgent) for is_urgent in (None, True, False)}


def list_due_messages(
    connection: Connection, authority: str, now: datetime, most: int, is_urgent: bool | None = None
) -> list[Waiting]:
    """List the messages that wait and are due at `now` (aware UTC), the longest waiting first.

    `is_urgent`: only those of urgent items and of referrals, or only the others; None: all.
    """
    rows = connection.execute(_DUE[is_urgent], {"authority": authority, "now": now, "most": most})
    messages = gather_by_key(((row.challenge, row.version, row.n), row) for row in rows)
    return [
        Waiting(
            key, copies[0].urgent, copies[0].attempts, copies[0].next_at,
            tuple(copy.person for copy in copies if copy.person is not None),
        )
        for key, copies in messages.items()
    ]  # fmt: skip


def claim_message(connection: Connection, authority: str, key: Key, now: datetime, lease: timedelta) -> RowMapping | None:
    """Claim a message for one attempt, so that nobody else tries it until `lease` has passed. None: it cannot be claimed.

    One conditional UPDATE: one row changed is the only yes.
    """
    claimed = connection.execute(
        update_of(NotificationRow, authority)
        .where(
            *_match_key(NotificationRow, key),
            col(NotificationRow.state) == NotificationState.WAITING,
            col(NotificationRow.next_at) <= now,
        )
        .values(next_at=now + lease, attempts=col(NotificationRow.attempts) + 1, error="")
    )
    return read_message(connection, authority, key) if claimed.rowcount == 1 else None


def renew_claim(connection: Connection, authority: str, key: Key, attempts: int, until: datetime) -> bool:
    """Keep a message for oneself until a moment. False: the claim had run out, and another has it in hand by now.

    `attempts`: which attempt this is, as the claim counted it: by that one's own claim is known.
    """
    mine = (col(NotificationRow.state) == NotificationState.WAITING, col(NotificationRow.attempts) == attempts)
    renewed = connection.execute(
        update_of(NotificationRow, authority).where(*_match_key(NotificationRow, key), *mine).values(next_at=until)
    )
    return renewed.rowcount == 1


def waits_for_relay(connection: Connection, authority: str, now: datetime) -> bool:
    """Does anything wait, or has anything failed, because no mail left at all when it was tried?"""
    return connection.execute(_SOME_HELD_BY_RELAY, {"authority": authority, "now": now}).first() is not None


def release_for_relay(connection: Connection, authority: str, now: datetime) -> int:
    """Let what was not sent because no mail left at all go now: mail leaves again. Gives how many messages."""
    row = core_table(NotificationRow)
    waiting = select_of(NotificationRow, authority, row.c.challenge, row.c.version, row.c.n).where(_held_by_relay(now))
    keys = [tuple(one) for one in connection.execute(waiting)]
    for key in keys:
        copies = (*_match_key(DeliveryRow, key), col(DeliveryRow.mail) == MailState.REFUSED, _says_not_reached(DeliveryRow))
        connection.execute(update_of(DeliveryRow, authority).where(*copies).values(mail=MailState.WAITING, error=""))
        note_message(connection, authority, key, state=NotificationState.WAITING, next_at=now, attempts=0, error="")
    return len(keys)


def _says_not_reached(table: Any) -> ColumnElement[bool]:
    return col(table.error).startswith(NOT_REACHED)


def _held_by_relay(now: Any) -> ColumnElement[bool]:
    state, later = col(NotificationRow.state), col(NotificationRow.next_at) > now
    waits = or_(state == NotificationState.FAILED, and_(state == NotificationState.WAITING, later))
    return and_(waits, _says_not_reached(NotificationRow))


_SOME_HELD_BY_RELAY = select_of(NotificationRow, _AUTHORITY, NotificationRow.n).where(_held_by_relay(_NOW)).limit(1)


def read_message(connection: Connection, authority: str, key: Key) -> RowMapping:
    """Read a message as it is kept."""
    return connection.execute(select_of(NotificationRow, authority).where(*_match_key(NotificationRow, key))).mappings().one()


def note_message(connection: Connection, authority: str, key: Key, **values: object) -> None:
    """Write down what became of a message."""
    connection.execute(update_of(NotificationRow, authority).where(*_match_key(NotificationRow, key)).values(**values))


def note_copy(connection: Connection, authority: str, key: Key, person: UUID, **values: object) -> None:
    """Write down what became of one person's copy of a message."""
    copy = (*_match_key(DeliveryRow, key), col(DeliveryRow.person) == person)
    connection.execute(update_of(DeliveryRow, authority).where(*copy).values(**values))


def lapse_message(connection: Connection, authority: str, key: Key, why: str) -> None:
    """Write down that a message has no point any more, and on each copy that had not left yet that it will not, and why."""
    note_message(connection, authority, key, state=NotificationState.LAPSED)
    waiting = (*_match_key(DeliveryRow, key), col(DeliveryRow.mail) == MailState.WAITING)
    connection.execute(update_of(DeliveryRow, authority).where(*waiting).values(mail=MailState.LAPSED, error=why))


def list_copies(connection: Connection, authority: str, key: Key) -> Sequence[RowMapping]:
    """List each person's copy of a message, with their address as it is now: first who is addressed, then who is copied."""
    return (
        connection.execute(
            select_of(DeliveryRow, authority, core_table(DeliveryRow), PersonRow.email, PersonRow.left_on)
            .join(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(DeliveryRow.person)))
            .where(*_match_key(DeliveryRow, key))
            .order_by(col(DeliveryRow.as_to).desc(), col(PersonRow.email))
        )
        .mappings()
        .all()
    )


def count_unsent_messages(connection: Connection, authority: str) -> Mapping[str, int]:
    """Count the messages that wait, are held (`braked`) or have failed, by their state; a state of none is absent."""
    rows = connection.execute(
        select_of(NotificationRow, authority, NotificationRow.state, func.count().label("n"))
        .where(col(NotificationRow.state).in_(UNSENT))
        .group_by(col(NotificationRow.state))
    )
    return {row.state: row.n for row in rows}


def list_undelivered_copies(connection: Connection, authority: str, state: NotificationState, most: int) -> Sequence[RowMapping]:
    """List the copies of messages in a state (waiting, braked or failed) that have not reached their person, newest first."""
    mail = MailState.REFUSED if state is NotificationState.FAILED else MailState.WAITING
    # The messages first, by their own index, then each person's copy: the other way round every copy ever sent is looked at.
    newest = (
        select_of(NotificationRow, authority, NotificationRow.challenge)
        .where(col(NotificationRow.state) == state)
        .order_by(col(NotificationRow.next_at).desc())
        .limit(most)
    )
    items = set(connection.execute(newest).scalars())
    query = MESSAGES.where(
        col(DeliveryRow.challenge).in_(items), col(NotificationRow.state) == state, col(DeliveryRow.mail) == mail
    ).order_by(col(NotificationRow.next_at).desc(), col(NotificationRow.challenge), col(NotificationRow.n))
    rows: Sequence[RowMapping] = connection.execute(query.limit(most), {"authority": authority}).mappings().all()
    return rows


def list_unreached_copies(connection: Connection, authority: str, challenge: UUID, window: str) -> Sequence[RowMapping]:
    """List whoever is asked within a window (as rows keep its name) and was not reached yet: no mail arrived, nothing was
    opened. Each once, with name, role and how their mail stands, by name."""
    rows = connection.execute(
        select_of(
            DeliveryRow,
            authority,
            PersonRow.id,
            PersonRow.name,
            DeliveryRow.role,
            DeliveryRow.party,
            DeliveryRow.also,
            DeliveryRow.mail,
            DeliveryRow.opened_at,
        )
        .join(NotificationRow, MESSAGE_OF_COPY)
        .join(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(DeliveryRow.person)))
        .where(
            col(DeliveryRow.challenge) == challenge,
            col(NotificationRow.window) == window,
            col(NotificationRow.subject).in_(sorted(subject.value for subject in ASKS)),
            col(DeliveryRow.as_to),
            col(DeliveryRow.how) != ReachedHow.DELEGATE.value,
        )
        .order_by(col(PersonRow.name), col(NotificationRow.version).desc())
    ).mappings()
    copies = gather_by_key((row["id"], row) for row in rows)
    arrived = (MailState.ACCEPTED.value,)
    return [
        listed[0]
        for listed in copies.values()
        if not any(one["opened_at"] is not None or one["mail"] in arrived for one in listed)
    ]


def list_copies_mailed_since(connection: Connection, authority: str, since: datetime) -> Sequence[RowMapping]:
    """List the copies whose mail was accepted at `since` (aware UTC) or later and has not come back."""
    mailed = (col(DeliveryRow.mail) == MailState.ACCEPTED, col(DeliveryRow.mailed_at) >= since)
    return connection.execute(select_of(DeliveryRow, authority).where(*mailed)).mappings().all()


def _match_key(table: Any, key: Key) -> tuple[Any, ...]:
    """The conditions for one message, or for its copies."""
    return table.challenge == key[0], table.version == key[1], table.n == key[2]
