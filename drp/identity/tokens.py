"""Who somebody is by an API token: stored hashed and sealed, shown once, expiring."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.database.account_tables import TokenRow
from drp.database.directory_tables import CoverRow, PersonRow
from drp.database.ids import Randomness
from drp.database.scope import count_of, in_authority, match_day, select_of, update_of
from drp.database.statements import PERSON_OF_TOKEN, ROLES_ON_DAY, tokens_in_force
from drp.identity.covering import people_acted_for
from drp.identity.principal import Principal
from drp.identity.seal import Seal
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority

LONGEST_TOKEN = timedelta(days=366)


@dataclass(frozen=True)
class ListedToken:
    """A token in force. `id` names it and does not open anything; instants are aware UTC."""

    id: str
    person: UUID
    of: str
    name: str
    created_at: datetime
    expires_at: datetime
    confirm_by: datetime | None


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
    connection: Connection, chance: Randomness, seal: Seal, authority: str, person: UUID, name: str, now: datetime,
    lasts: timedelta,
) -> str:  # fmt: skip
    """Make a token for a person. It is returned once and cannot be read again. Raises ValueError for too long a life."""
    if not timedelta(0) < lasts <= LONGEST_TOKEN:
        raise ValueError("A token lasts at most 366 days.")
    token = f"drp.{authority}.{chance.secret()}"
    row = {"authority": authority, "hash": hash_secret(token), "person": person, "name": name}
    seal.insert(connection, TokenRow, {**row, "created_at": now, "expires_at": now + lasts, "revoked_at": None})
    return token


def revoke_tokens(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """End every token of a person; in force at the next request on every replica."""
    return connection.execute(
        update_of(TokenRow, authority)
        .where(col(TokenRow.person) == person, col(TokenRow.revoked_at).is_(None))
        .values(revoked_at=now, seal="")
    ).rowcount


def seal_tokens(connection: Connection, seal: Seal, authority: str, confirm_by: datetime, now: datetime) -> list[ListedToken]:
    """Seal the tokens that were made before tokens were sealed; each ends at `confirm_by` unless it is confirmed.

    To be called by an operator, once: whoever can write the database could bring an unsealed token in. Returns them.
    """
    unsealed = select_of(TokenRow, authority).where(
        col(TokenRow.revoked_at).is_(None), col(TokenRow.expires_at) > now, col(TokenRow.seal) == ""
    )
    for row in connection.execute(unsealed).mappings().all():
        changed = {**row, "confirm_by": confirm_by}
        connection.execute(
            update_of(TokenRow, authority)
            .where(col(TokenRow.hash) == row["hash"])
            .values(confirm_by=confirm_by, seal=seal.of(TokenRow, changed))
        )
    return [one for one in list_tokens(connection, authority, now) if one.confirm_by == confirm_by]


def list_tokens(connection: Connection, authority: str, now: datetime) -> list[ListedToken]:
    """Every token in force, by who has it and what it is for."""
    rows = connection.execute(
        select_of(
            TokenRow, authority, TokenRow.hash, TokenRow.person, col(PersonRow.name).label("of"), TokenRow.name,
            TokenRow.created_at, TokenRow.expires_at, TokenRow.confirm_by,
        )
        .join(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(TokenRow.person)))
        .where(*tokens_in_force(now))
        .order_by(col(PersonRow.name), col(TokenRow.created_at), col(TokenRow.hash))
    )  # fmt: skip
    return [ListedToken(row.hash[:16], UUID(str(row.person)), *row[2:]) for row in rows]


def keep_token(connection: Connection, seal: Seal, authority: str, id_: str, now: datetime) -> int:
    """Let a token go on to its own end, if it is in force and sealed. Returns how many did: 1, or 0."""
    its = (col(TokenRow.hash).startswith(id_, autoescape=True), col(TokenRow.confirm_by).is_not(None), *tokens_in_force(now))
    return seal.change(connection, TokenRow, authority, *its, confirm_by=None)


def count_tokens(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """How many tokens of a person are in force."""
    return count_of(connection, TokenRow, authority, col(TokenRow.person) == person, *tokens_in_force(now))


def person_of_token(connection: Connection, seal: Seal, authority: str, token: str, now: datetime) -> UUID:
    """The person a token stands for, asked of the database at every request. Raises NotSigned."""
    asked = {"authority": authority, "hash": hash_secret(token), "now": now, "day": local_date(now)}
    row = connection.execute(PERSON_OF_TOKEN, asked).mappings().first()
    if row is None or not seal.holds(TokenRow, row):
        raise NotSigned
    return UUID(str(row["person"]))


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
