"""Who is signed in at a browser: kept here, asked at every request, ended the moment the person, post or session ends.

The browser holds a random secret, this store its hash. A session is never renewed under the same secret: signing in makes
another one. Idle and absolute limits are the operator's settings.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, func
from sqlmodel import col

from drp.database.account_tables import SessionRow
from drp.database.ids import Randomness
from drp.database.scope import count_of, delete_rows, select_of, update_of
from drp.database.statements import SESSION_IN_FORCE
from drp.identity.seal import Seal
from drp.identity.tokens import NotSigned, hash_secret
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


def authority_in(cookie: str) -> str:
    """The authority that a cookie says it is for; nothing is proved by it. Raises NotSigned."""
    authority, _, secret = cookie.partition(".")
    if not authority.isidentifier() or len(authority) > 64 or len(secret) != 64:
        raise NotSigned
    return authority


def begin_session(
    connection: Connection, chance: Randomness, seal: Seal, authority: str, person: UUID, how: str, now: datetime
) -> str:
    """Sign a person in: a new session, whatever the browser held before. Returns what the browser is to hold."""
    secret = f"{authority}.{chance.secret()}"
    row = {"authority": authority, "hash": hash_secret(secret), "person": person, "how": how}
    seal.insert(connection, SessionRow, {**row, "began_at": now, "seen_at": now, "ended_at": None})
    return secret


def in_force(connection: Connection, seal: Seal, authority: str, secret: str, now: datetime, limits: SessionLimits) -> Session:
    """The session behind a cookie, asked of the database at every request. Raises NotSigned."""
    row = connection.execute(SESSION_IN_FORCE, {"authority": authority, "hash": hash_secret(secret)}).first()
    if row is None or row.ended_at is not None or row.suspended_at is not None or not seal.holds(SessionRow, row._mapping):
        raise NotSigned
    is_over = now - row.seen_at >= limits.idle or now - row.began_at >= limits.absolute
    if is_over or (row.left_on is not None and row.left_on < local_date(now)):
        raise NotSigned
    return Session(authority, UUID(str(row.person)), row.how, secret, now - row.seen_at >= SEEN_EVERY)


def note_session_used(connection: Connection, seal: Seal, session: Session, now: datetime) -> None:
    """Write down that a session was used. Never backwards, and never for one that has ended."""
    running = (col(SessionRow.hash) == hash_secret(session.secret), col(SessionRow.ended_at).is_(None))
    seal.change(connection, SessionRow, session.authority, *running, col(SessionRow.seen_at) < now, seen_at=now)


def end_session(connection: Connection, authority: str, secret: str, now: datetime) -> None:
    """Sign out: in force at the next request on every replica."""
    running = (col(SessionRow.hash) == hash_secret(secret), col(SessionRow.ended_at).is_(None))
    connection.execute(update_of(SessionRow, authority).where(*running).values(ended_at=now, seal=""))


def end_sessions_of(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """Sign a person out everywhere. Returns how many sessions ended."""
    running = (col(SessionRow.person) == person, col(SessionRow.ended_at).is_(None))
    return connection.execute(update_of(SessionRow, authority).where(*running).values(ended_at=now, seal="")).rowcount


def count_in_force(connection: Connection, authority: str, person: UUID, now: datetime, limits: SessionLimits) -> int:
    """How many sessions of a person are in force: in how many browsers they are signed in."""
    return count_of(
        connection,
        SessionRow,
        authority,
        col(SessionRow.person) == person,
        col(SessionRow.ended_at).is_(None),
        col(SessionRow.seen_at) > now - limits.idle,
        col(SessionRow.began_at) > now - limits.absolute,
    )


def read_last_use(connection: Connection, authority: str, person: UUID) -> datetime | None:
    """When a session of a person was last used (aware UTC), of those that are still kept; None if there is none."""
    last = select_of(SessionRow, authority, func.max(col(SessionRow.seen_at))).where(col(SessionRow.person) == person)
    return connection.execute(last).scalar()


def forget_sessions(connection: Connection, authority: str, now: datetime, limits: SessionLimits) -> int:
    """Take out sessions that are long over. Returns how many."""
    return delete_rows(connection, SessionRow, authority, col(SessionRow.began_at) < (now - limits.absolute - KEPT))
