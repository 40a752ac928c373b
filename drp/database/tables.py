"""The tables. Every key begins with the authority; instants are aware UTC; rows are suffixed, values are not."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Index, MetaData, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Row(SQLModel):
    """A table of the service, with names by convention from the first migration."""

    metadata = metadata


def _where(rows: str) -> dict[str, Any]:
    """An index of some rows only, on both engines."""
    return {"sqlite_where": text(rows), "postgresql_where": text(rows)}


def json_column(**more: Any) -> Any:
    """A JSON value that is replaced whole, never changed in place."""
    return Field(sa_column=Column(JSON, nullable=False), **more)


class AuthorityRow(Row, table=True):
    """An authority that this service serves."""

    __tablename__ = "authority"
    key: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=200)
    last_tick: datetime | None = None
    directory_day: date | None = None
    """The last local day on which who came and went was looked at."""
    brake: str = Field(default="", max_length=64)
    """The go-live brake: empty, `all`, or a stage: mail above it waits for release by hand."""
    label_pack: str = Field(default="", max_length=32)
    """The shipped words for a child that an administrator chose; empty: the authority file's own."""
    witnessed_at: datetime | None = None
    """When the timelines were last held against the last checkpoint, and went on from it."""
    witness_fault: str = Field(default="", max_length=300)
    """What did not go on from the last checkpoint; empty while all of it does."""
    head_day: date | None = None
    """The local day for which the auditors were last sent the signed head of a checkpoint."""


class DocumentRow(Row, table=True):
    """The text of one version of one file, by hash; files only seed it (DESIGN.md rule 13)."""

    __tablename__ = "document"
    authority: str = Field(primary_key=True, max_length=64)
    hash: str = Field(primary_key=True, max_length=64)
    kind: str = Field(max_length=16)
    key: str = Field(max_length=64)
    version: str = Field(max_length=120)
    in_force: date
    stored_at: datetime
    is_current: bool = True
    text: str = Field(sa_column=Column(Text, nullable=False))


class AssumptionRow(Row, table=True):
    """An assumption that the authority confirmed, or struck: by whom and when. The file's hash stays."""

    __tablename__ = "assumption"
    authority: str = Field(primary_key=True, max_length=64)
    hash: str = Field(primary_key=True, max_length=64)
    path: str = Field(primary_key=True, max_length=200)
    person: UUID
    at: datetime
    verdict: str = Field(default="confirmed", max_length=16)


class PersonRow(Row, table=True):
    """A person of the directory. `key` is what the directory's files call them."""

    __tablename__ = "person"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    key: str = Field(max_length=64)
    name: str = Field(max_length=200)
    email: str = Field(max_length=200)
    agency: str = Field(default="", max_length=64)
    left_on: date | None = None
    __table_args__ = (UniqueConstraint("authority", "key"),)


class UnitRow(Row, table=True):
    """A team, a service or an outside agency. `within`: the service of a team."""

    __tablename__ = "unit"
    authority: str = Field(primary_key=True, max_length=64)
    kind: str = Field(primary_key=True, max_length=16)
    key: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=200)
    within: str = Field(default="", max_length=64)


class PostRow(Row, table=True):
    """A role held by a person for a child, team, service, agency or the authority, from a day until a day."""

    __tablename__ = "post"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    role: str = Field(max_length=64)
    held_for: str = Field(max_length=16)
    key: str = Field(max_length=64)
    person: UUID
    since: date
    until: date | None = None
    __table_args__ = (
        ForeignKeyConstraint(["authority", "person"], ["person.authority", "person.id"]),
        Index("ix_post_scope", "authority", "held_for", "key"),
        Index("ix_post_person", "authority", "person"),
    )


class CoverRow(Row, table=True):
    """Who stands in for whom, or sees beside them, from a day until a day."""

    __tablename__ = "cover"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    of: UUID
    by: UUID
    since: date
    until: date | None = None
    is_delegate: bool = False
    __table_args__ = (
        ForeignKeyConstraint(["authority", "of"], ["person.authority", "person.id"]),
        ForeignKeyConstraint(["authority", "by"], ["person.authority", "person.id"]),
        Index("ix_cover_of", "authority", "of"),
        Index("ix_cover_by", "authority", "by"),
    )


class ChildRow(Row, table=True):
    """A child, by case-system number and initials. No name, no address."""

    __tablename__ = "child"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    number: str = Field(max_length=32)
    initials: str = Field(max_length=8)
    born: date
    statuses: list[str] = json_column()
    in_plo: bool = False
    in_proceedings: bool = False
    facts: list[str] = json_column()
    team: str = Field(max_length=64)
    last_review: date | None = None
    next_review: date | None = None
    conferences: int = 0
    __table_args__ = (UniqueConstraint("authority", "number"),)


class ChallengeRow(Row, table=True):
    """One challenge, notice or alert: where it stands, and the head of its chain."""

    __tablename__ = "challenge"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    reference: str = Field(max_length=16)
    version: int
    child: UUID | None = None
    raiser: UUID
    raiser_role: str = Field(max_length=64)
    item_type: str = Field(max_length=32)
    ladder: str = Field(max_length=64)
    ladder_hash: str = Field(max_length=64)
    authority_hash: str = Field(max_length=64)
    stage: str = Field(max_length=64)
    phase: str = Field(max_length=24)
    is_open: bool
    sequence: int
    highest_stage: str = Field(max_length=64)
    priority: str = Field(default="", max_length=64)
    team: str = Field(default="", max_length=64)
    service: str = Field(default="", max_length=64)
    raised_at: datetime
    quarter: str = Field(max_length=8)
    """The reporting quarter (1 April – 31 March) of the local day on which it counts as raised, such as 2026-Q1."""
    last_at: datetime
    referral: str = Field(max_length=32)
    reasons: list[str] = json_column()
    rest: dict[str, Any] = json_column()
    """What is never asked of many at once: facts, visits, counters."""
    entries: int
    head: str = Field(max_length=64)
    """The last entry's hash: the chain's head."""
    __table_args__ = (
        UniqueConstraint("authority", "reference"),
        ForeignKeyConstraint(["authority", "child"], ["child.authority", "child.id"]),
        Index("ix_challenge_child", "authority", "child"),
        Index("ix_challenge_raised", "authority", "raised_at"),
        Index("ix_challenge_team", "authority", "team", "raised_at"),
        Index(
            "ix_challenge_open",
            "authority",
            "raiser",
            sqlite_where=text("is_open IS 1"),
            postgresql_where=text("is_open IS true"),
        ),
    )


class LinkRow(Row, table=True):
    """Siblings: challenges raised together, one for each child."""

    __tablename__ = "link"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    other: UUID = Field(primary_key=True)


class WindowRow(Row, table=True):
    """A promise with a date and an owner. `acts_at` is the one indexed column that the sweep narrows by."""

    __tablename__ = "window"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    kind: str = Field(primary_key=True, max_length=16)
    n: int = Field(primary_key=True)
    parent: str = Field(default="", max_length=40)
    owner_role: str = Field(max_length=64)
    owner_person: str = Field(default="", max_length=36)
    due: date
    closes_at: datetime
    acts_at: datetime
    opened_at: datetime
    closed_at: datetime | None = None
    closed_as: str = Field(default="", max_length=32)
    held_since: datetime | None = None
    acknowledged_at: datetime | None = None
    answered_at: datetime | None = None
    on_close: str = Field(max_length=16)
    answer: str = Field(max_length=8)
    times_told: int = 0
    climb_waits: bool = False
    asked: list[dict[str, Any]] = json_column()
    promise: dict[str, Any] = json_column()
    """Length, counts-from, each day counted and skipped and why, calendar and tzdata version: rendered when read."""
    __table_args__ = (
        ForeignKeyConstraint(["authority", "challenge"], ["challenge.authority", "challenge.id"]),
        Index(
            "ix_window_due",
            "authority",
            "acts_at",
            **_where("closed_at IS NULL AND held_since IS NULL"),
        ),
        Index("ix_window_running", "authority", "kind", **_where("closed_at IS NULL")),
        Index("ix_window_held", "authority", **_where("held_since IS NOT NULL")),
        Index("ix_window_left_open", "authority", **_where("kind = 'action' AND closed_as = 'not recorded'")),
    )


class InvolvedRow(Row, table=True):
    """A person to whom an item was addressed or copied, in which role: what they see follows from it and their post."""

    __tablename__ = "involved"
    authority: str = Field(primary_key=True, max_length=64)
    person: UUID = Field(primary_key=True)
    challenge: UUID = Field(primary_key=True)
    role: str = Field(primary_key=True, max_length=64)
    as_to: bool
    since: datetime
    __table_args__ = (Index("ix_involved_challenge", "authority", "challenge"),)


class EntryRow(Row, table=True):
    """One line of a timeline: append-only, chained. Personal words stand in rows of their own."""

    __tablename__ = "entry"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    schema_version: int
    kind: str = Field(max_length=40)
    at: datetime
    recorded_at: datetime
    person: UUID | None = None
    parts: str = Field(default="", max_length=200)
    behalf_of: UUID | None = None
    stage: str = Field(max_length=64)
    sequence: int
    visible: str = Field(max_length=16)
    facts: str = Field(sa_column=Column(Text, nullable=False))
    """Canonical JSON."""
    words: str = Field(default="", max_length=64)
    """The salted hash that commits to the words, or empty."""
    key_id: str = Field(max_length=16)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)
    __table_args__ = (
        ForeignKeyConstraint(["authority", "challenge"], ["challenge.authority", "challenge.id"]),
        UniqueConstraint("authority", "challenge", "previous"),
    )


class WordsRow(Row, table=True):
    """What a person wrote, apart from the chain that commits to it, so that it can lawfully be erased."""

    __tablename__ = "words"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    number: int = Field(primary_key=True)
    field: str = Field(primary_key=True, max_length=40)
    salt: str = Field(max_length=32)
    text: str = Field(sa_column=Column(Text, nullable=False))
    __table_args__ = (
        ForeignKeyConstraint(["authority", "challenge", "number"], ["entry.authority", "entry.challenge", "entry.number"]),
    )


class NotificationState(StrEnum):
    """How one message stands. The values are stored and shown: a member may be renamed, its value never changes."""

    WAITING = "waiting"
    BRAKED = "braked"
    """Held by the go-live brake until somebody releases it."""
    SENT = "sent"
    FAILED = "failed"
    """Refused for at least one person; it stays so until somebody releases it."""
    LAPSED = "lapsed"
    """It has no point any more, or nobody is left to be told."""
    FOR_NOBODY = "none"
    """Nobody was found to tell when it was decided."""


UNSENT = (NotificationState.WAITING, NotificationState.BRAKED, NotificationState.FAILED)
"""How a message stands that would still leave, by itself or once somebody releases it."""


class MailState(StrEnum):
    """How one person's mail of a message stands. The values are stored and shown: a value never changes."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    """The mail server took it."""
    REFUSED = "refused"
    SKIPPED = "skipped"
    """The person has left, or no longer holds the post."""


class NotificationRow(Row, table=True):
    """One message to send: what about, of which version of the challenge. Its key makes a repeat harmless."""

    __tablename__ = "notification"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    subject: str = Field(max_length=32)
    stage: str = Field(max_length=64)
    sequence: int
    window: str = Field(default="", max_length=40)
    due: date | None = None
    at: datetime
    urgent: bool = False
    released: bool = False
    """Let go by hand while the brake is on."""
    state: str = Field(default=NotificationState.WAITING.value, max_length=16)
    """A `NotificationState`."""
    attempts: int = 0
    next_at: datetime
    sent_at: datetime | None = None
    error: str = Field(default="", max_length=200)
    __table_args__ = (
        ForeignKeyConstraint(["authority", "challenge"], ["challenge.authority", "challenge.id"]),
        Index("ix_notification_state", "authority", "state", "next_at"),
    )


class DeliveryRow(Row, table=True):
    """One person's copy of a message. The inbox is the delivery of record; mail is tracked per person."""

    __tablename__ = "delivery"
    authority: str = Field(primary_key=True, max_length=64)
    challenge: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    person: UUID = Field(primary_key=True)
    as_to: bool
    role: str = Field(max_length=64)
    how: str = Field(max_length=16)
    party: str = Field(default="", max_length=64)
    told_at: datetime
    """The message's own moment, once more: an inbox of many years is read newest first."""
    mail: str = Field(default=MailState.WAITING.value, max_length=16)
    """A `MailState`."""
    mailed_at: datetime | None = None
    error: str = Field(default="", max_length=200)
    read_at: datetime | None = None
    __table_args__ = (
        ForeignKeyConstraint(
            ["authority", "challenge", "version", "n"],
            ["notification.authority", "notification.challenge", "notification.version", "notification.n"],
        ),
        Index("ix_delivery_told", "authority", "person", "told_at"),
        Index("ix_delivery_unread", "authority", "person", "challenge", **_where("read_at IS NULL")),
    )


class IdempotencyRow(Row, table=True):
    """What a key was first used for, kept with the write: same key and body, same answer; another body is refused."""

    __tablename__ = "idempotency"
    authority: str = Field(primary_key=True, max_length=64)
    person: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=128)
    body_hash: str = Field(max_length=64)
    challenge: UUID
    entry: int
    status: int
    answer: dict[str, Any] = json_column()
    """What was answered then, word for word."""
    at: datetime


class AccountRow(Row, table=True):
    """How a person signs in: who vouches for them (issuer) and as whom (subject)."""

    __tablename__ = "account"
    authority: str = Field(primary_key=True, max_length=64)
    issuer: str = Field(primary_key=True, max_length=200)
    subject: str = Field(primary_key=True, max_length=200)
    person: UUID
    ended_at: datetime | None = None
    __table_args__ = (ForeignKeyConstraint(["authority", "person"], ["person.authority", "person.id"]),)


class TokenRow(Row, table=True):
    """An API token: only its hash is kept; shown once; it expires."""

    __tablename__ = "token"
    authority: str = Field(primary_key=True, max_length=64)
    hash: str = Field(primary_key=True, max_length=64)
    person: UUID
    name: str = Field(max_length=120)
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    __table_args__ = (ForeignKeyConstraint(["authority", "person"], ["person.authority", "person.id"]),)


class SessionRow(Row, table=True):
    """Somebody signed in at a browser (by provider, link or demonstration): only the hash of what it holds is kept."""

    __tablename__ = "session"
    authority: str = Field(primary_key=True, max_length=64)
    hash: str = Field(primary_key=True, max_length=64)
    person: UUID
    how: str = Field(max_length=16)
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    __table_args__ = (
        ForeignKeyConstraint(["authority", "person"], ["person.authority", "person.id"]),
        Index("ix_session_person", "authority", "person"),
    )


class SignInRow(Row, table=True):
    """A sign-in under way, good once: a link asked for by e-mail, or a visit to the identity provider."""

    __tablename__ = "sign_in"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    how: str = Field(max_length=16)
    person: UUID | None = None
    asked_at: datetime
    hash: str = Field(default="", max_length=64)
    """Of the link's secret, once it was sent; of the state that the provider gives back."""
    browser: str = Field(default="", max_length=64)
    """The hash of what only the browser that began it holds."""
    verifier: str = Field(default="", max_length=128)
    nonce: str = Field(default="", max_length=64)
    then: str = Field(default="", max_length=300)
    used_at: datetime | None = None
    __table_args__ = (
        ForeignKeyConstraint(["authority", "person"], ["person.authority", "person.id"]),
        Index("ix_sign_in_hash", "authority", "hash"),
        Index("ix_sign_in_person", "authority", "person", "asked_at"),
    )
