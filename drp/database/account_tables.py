"""How people sign in: accounts, tokens, sessions, sign-ins under way."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlmodel import Field

from drp.database.tables import Row


class AccountRow(Row, table=True):
    """How a person signs in: who vouches for them (issuer) and as whom (subject)."""

    __tablename__ = "account"
    authority: str = Field(primary_key=True, max_length=64)
    issuer: str = Field(primary_key=True, max_length=200)
    subject: str = Field(primary_key=True, max_length=200)
    person: UUID
    ended_at: datetime | None = None
    bound_by: str = Field(default="", max_length=24)
    """By whose word it became this person's (drp.identity.accounts); empty: it was bound before that was asked."""
    bound_at: datetime | None = None
    seal: str = Field(default="", max_length=90)
    """The keyed hash over the row (drp.identity.seal); empty: it lets nobody in."""
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
    confirm_by: datetime | None = None
    """It ends then unless an administrator confirms it: it was made before tokens were sealed. None: nothing is asked."""
    seal: str = Field(default="", max_length=90)
    """The keyed hash over the row (drp.identity.seal); empty: it lets nobody in."""
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
    seal: str = Field(default="", max_length=90)
    """The keyed hash over the row (drp.identity.seal); empty: it lets nobody in."""
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
    from_known: bool = False
    """Was the link asked for at a browser at which its person signed in before?"""
    used_at: datetime | None = None
    seal: str = Field(default="", max_length=90)
    """The keyed hash over the row (drp.identity.seal); empty: it lets nobody in."""
    __table_args__ = (
        ForeignKeyConstraint(["authority", "person"], ["person.authority", "person.id"]),
        Index("ix_sign_in_hash", "authority", "hash"),
        Index("ix_sign_in_person", "authority", "person", "asked_at"),
    )


class AttemptRow(Row, table=True):
    """How many sign-ins were begun from one source within a stretch of time. `source`: a keyed hash, no address."""

    __tablename__ = "attempt"
    authority: str = Field(primary_key=True, max_length=64)
    source: str = Field(primary_key=True, max_length=64)
    began_at: datetime = Field(primary_key=True)
    count: int
