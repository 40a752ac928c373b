"""Who is signed in at a browser: kept here, asked at every request, ended the moment the person, post or session ends.

The browser holds a random secret, this store its hash. A session is never renewed under the same secret: signing in makes
another one. Idle and absolute limits are the operator's settings.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, update
from sqlmodel import col

from drp.database.account_tables import SessionRow
from drp.database.ids import Randomness
from drp.database.scope import delete_of, in_authority
from drp.database.statements import SESSION_IN_FORCE
from drp.identity.tokens import NotSigned
from workflows.calendar.working_days import local_date

SEEN_EVERY = timedelta(minutes=1)
"""How often the last use of a session is written down: reading a page need not write."""

KEPT = timedelta(days=30)
"""How long an ended session's row is kept, to answer who was signed in when."""


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lasts: unused, and in all."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True)
class Session:
    """A session in force. `stale`: its last use is to be written down anew."""

    authority: str
    person: UUID
    how: str
    secret: str
    stale: bool

    @property
    def form_token(self) -> str:
        """What every form of this session carries, so that no other page can send one (CSRF)."""
        return hmac.new(self.secret.encode(), b"form", hashlib.sha256).hexdigest()


def hash_secret(secret: str) -> str:
    """What is kept of a secret. It is random and of 256 bits, so it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def authority_in(cookie: str) -> str:
    """The authority that a cookie says it is for; nothing is proved by it. Raises NotSigned."""
    authority, _, secret = cookie.partition(".")
    if not authority.isidentifier() or len(authority) > 64 or len(secret) != 64:
        raise NotSigned
    return authority


def begin_session(connection: Connection, chance: Randomness, authority: str, person: UUID, how: str, now: datetime) -> str:
    """Sign a person in: a new session, whatever the browser held before. Returns what the browser is to hold."""
    secret = f"{authority}.{chance.secret()}"
    connection.execute(
        insert(SessionRow).values(
            authority=authority, hash=hash_secret(secret), person=person, how=how, began_at=now, seen_at=now, ended_at=None
        )
    )
    return secret


def in_force(connection: Connection, authority: str, secret: str, now: datetime, limits: SessionLimits) -> Session:
    """The session behind a cookie, asked of the database at every request. Raises NotSigned."""
    row = connection.execute(SESSION_IN_FORCE, {"authority": authority, "hash": hash_secret(secret)}).first()
    if row is None or row.ended_at is not None:
        raise NotSigned
    if now - row.seen_at >= limits.idle or now - row.began_at >= limits.absolute:
        raise NotSigned
    if row.left_on is not None and row.left_on < local_date(now):
        raise NotSigned
    return Session(authority, UUID(str(row.person)), row.how, secret, now - row.seen_at >= SEEN_EVERY)


def note_session_used(connection: Connection, session: Session, now: datetime) -> None:
    """Write down that a session was used. Never backwards, and never for one that has ended."""
    connection.execute(
        update(SessionRow)
        .where(*_one(session.authority, session.secret), col(SessionRow.ended_at).is_(None), col(SessionRow.seen_at) < now)
        .values(seen_at=now)
    )


def end_session(connection: Connection, authority: str, secret: str, now: datetime) -> None:
    """Sign out: in force at the next request on every replica."""
    connection.execute(
        update(SessionRow).where(*_one(authority, secret), col(SessionRow.ended_at).is_(None)).values(ended_at=now)
    )


def end_sessions_of(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """Sign a person out everywhere. Returns how many sessions ended."""
    return connection.execute(
        update(SessionRow).where(*_of(authority, person), col(SessionRow.ended_at).is_(None)).values(ended_at=now)
    ).rowcount


def count_in_force(connection: Connection, authority: str, person: UUID, now: datetime, limits: SessionLimits) -> int:
    """How many sessions of a person are in force: in how many browsers they are signed in."""
    return connection.execute(
        select(func.count()).where(
            *_of(authority, person),
            col(SessionRow.ended_at).is_(None),
            col(SessionRow.seen_at) > now - limits.idle,
            col(SessionRow.began_at) > now - limits.absolute,
        )
    ).scalar_one()


def read_last_use(connection: Connection, authority: str, person: UUID) -> datetime | None:
    """When a session of a person was last used (aware UTC), of those that are still kept; None if there is none."""
    return connection.execute(select(func.max(col(SessionRow.seen_at))).where(*_of(authority, person))).scalar()


def forget_sessions(connection: Connection, authority: str, now: datetime, limits: SessionLimits) -> int:
    """Take out sessions that are long over. Returns how many."""
    oldest = now - limits.absolute - KEPT
    return connection.execute(delete_of(SessionRow, authority).where(col(SessionRow.began_at) < oldest)).rowcount


def _one(authority: str, secret: str) -> tuple[Any, ...]:
    return in_authority(SessionRow, authority), col(SessionRow.hash) == hash_secret(secret)


def _of(authority: str, person: UUID) -> tuple[Any, ...]:
    return in_authority(SessionRow, authority), col(SessionRow.person) == person
