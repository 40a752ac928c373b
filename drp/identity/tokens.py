"""Who somebody is: accounts, and API tokens that are stored hashed, shown once, and expire."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, insert
from sqlmodel import col

from drp.database.account_tables import AccountRow, TokenRow
from drp.database.directory_tables import CoverRow, PersonRow
from drp.database.ids import Randomness
from drp.database.scope import count_of, in_authority, match_day, match_here, select_of, update_of
from drp.database.statements import ROLES_ON_DAY
from drp.identity.covering import people_acted_for
from drp.identity.principal import Principal
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority

LONGEST_TOKEN = timedelta(days=366)


class NotSigned(Exception):
    """No token, or one that is unknown, expired or revoked: all answered alike."""


def authority_of_token(token: str) -> str:
    """The authority that a token says it is for; nothing is proved by it."""
    parts = token.split(".")
    if len(parts) != 3 or parts[0] != "drp" or not parts[1].isidentifier():
        raise NotSigned
    return parts[1]


def hash_secret(secret: str) -> str:
    """What is kept of a secret. It is random and of 256 bits, so it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def create_token(
    connection: Connection, chance: Randomness, authority: str, person: UUID, name: str, now: datetime, lasts: timedelta
) -> str:
    """Make a token for a person. It is returned once and cannot be read again. Raises ValueError for too long a life."""
    if not timedelta(0) < lasts <= LONGEST_TOKEN:
        raise ValueError("A token lasts at most 366 days.")
    token = f"drp.{authority}.{chance.secret()}"
    connection.execute(
        insert(TokenRow).values(
            authority=authority,
            hash=hash_secret(token),
            person=person,
            name=name,
            created_at=now,
            expires_at=now + lasts,
            revoked_at=None,
        )
    )
    return token


def revoke_tokens(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """End every token of a person; in force at the next request on every replica."""
    return connection.execute(
        update_of(TokenRow, authority)
        .where(col(TokenRow.person) == person, col(TokenRow.revoked_at).is_(None))
        .values(revoked_at=now)
    ).rowcount


def count_tokens(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """How many tokens of a person are in force."""
    return count_of(connection, TokenRow, authority, col(TokenRow.person) == person, *_in_force(now))


def _in_force(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions for tokens that are in force."""
    return col(TokenRow.revoked_at).is_(None), col(TokenRow.expires_at) > now


def person_of_token(connection: Connection, authority: str, token: str, now: datetime) -> UUID:
    """The person a token stands for, asked of the database at every request. Raises NotSigned."""
    row = connection.execute(
        select_of(TokenRow, authority, TokenRow.person)
        .join(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(TokenRow.person)))
        .where(
            col(TokenRow.hash) == hash_secret(token),
            *_in_force(now),
            match_here(PersonRow, local_date(now)),
        )
    ).first()
    if row is None:
        raise NotSigned
    return UUID(str(row.person))


def person_of_account(connection: Connection, authority: str, issuer: str, subject: str) -> UUID:
    """The person behind an account that an identity provider vouches for. Raises NotSigned."""
    person = connection.execute(
        select_of(AccountRow, authority, AccountRow.person).where(
            col(AccountRow.issuer) == issuer,
            col(AccountRow.subject) == subject,
            col(AccountRow.ended_at).is_(None),
        )
    ).scalar()
    if person is None:
        raise NotSigned
    return UUID(str(person))


def link_account(connection: Connection, authority: str, issuer: str, subject: str, person: UUID) -> None:
    """Say under which account a person signs in."""
    connection.execute(
        insert(AccountRow).values(authority=authority, issuer=issuer, subject=subject, person=person, ended_at=None)
    )


def principal_of(connection: Connection, authority: Authority, person: UUID, now: datetime) -> Principal:
    """A person with the roles and capacities that their posts, and those they cover, give them today."""
    asked = {"authority": authority.key, "person": person, "day": local_date(now)}
    rows = connection.execute(ROLES_ON_DAY, {**asked, "people": [person]}).all()
    if not rows:
        raise NotSigned
    if rows[0].stands_in:
        people = people_acted_for(connection, authority.key, person, local_date(now))
        rows = connection.execute(ROLES_ON_DAY, {**asked, "people": people}).all()
    roles = frozenset(row.role for row in rows if row.role and authority.has_role(row.role))
    capacities = frozenset(c for role in roles if (c := authority.role(role).acts_as) is not None)
    return Principal(authority.key, str(person), rows[0].name, capacities, roles)


def has_a_place(connection: Connection, signed: Principal, now: datetime) -> bool:
    """Does anything tie this person to the service today: a post, one that they cover, or somebody whose delegate they are?"""
    if signed.roles:
        return True
    covers = (col(CoverRow.by) == UUID(signed.person), *match_day(CoverRow, local_date(now)))
    return count_of(connection, CoverRow, signed.authority, *covers) > 0
