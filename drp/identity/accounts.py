"""Accounts that an identity provider vouches for: whose they are, and whose they become at their first sign-in."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, func
from sqlmodel import col

from drp.database.account_tables import AccountRow
from drp.database.directory_tables import PersonRow
from drp.database.scope import count_of, match_here, select_of, update_of
from drp.identity.tokens import NotSigned, link_account, person_of_account
from workflows.calendar.working_days import local_date

LONGEST_SUBJECT = 200


class WhyNotLetIn(StrEnum):
    """Why an account signs nobody in."""

    UNREADABLE = "the account has no name that can be kept"
    UNKNOWN = "nobody in the directory is known so"
    SEVERAL = "several people in the directory are known so"
    LEFT = "the person has left"
    ENDED = "the account was ended"
    TAKEN = "the person signs in by another account of this provider"


class NotLetIn(Exception):
    """An account that the provider vouches for, and that signs nobody in here."""

    def __init__(self, why: WhyNotLetIn) -> None:
        super().__init__(why.value)
        self.why = why


def person_signing_in(
    connection: Connection, authority: str, issuer: str, subject: object, known_as: object, now: datetime
) -> UUID:
    """The person behind an account. At its first sign-in that is whom the directory knows so; from then on it is theirs.

    `known_as`: an e-mail address or a directory key. To be called in a writing transaction. Raises NotLetIn.
    """
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise NotLetIn(WhyNotLetIn.UNREADABLE)
    try:
        person = person_of_account(connection, authority, issuer, subject)
    except NotSigned:
        return _first_sign_in(connection, authority, issuer, subject, known_as, now)
    if count_of(connection, PersonRow, authority, col(PersonRow.id) == person, ~match_here(PersonRow, local_date(now))):
        raise NotLetIn(WhyNotLetIn.LEFT)
    return person


def _first_sign_in(connection: Connection, authority: str, issuer: str, subject: str, known_as: object, now: datetime) -> UUID:
    ended = (col(AccountRow.issuer) == issuer, col(AccountRow.subject) == subject, col(AccountRow.ended_at).is_not(None))
    if count_of(connection, AccountRow, authority, *ended):
        raise NotLetIn(WhyNotLetIn.ENDED)
    person = _known_as(connection, authority, known_as, now)
    # Their row is locked by now: of two first sign-ins at one moment the second sees what the first has linked.
    theirs = find_accounts(connection, authority, issuer, person)
    if not theirs:
        link_account(connection, authority, issuer, subject, person)
    elif subject not in theirs:
        raise NotLetIn(WhyNotLetIn.TAKEN)
    return person


def end_accounts_of(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """End every account of somebody: it signs nobody in again. Another that the directory knows may. Returns how many."""
    return connection.execute(
        update_of(AccountRow, authority)
        .where(col(AccountRow.person) == person, col(AccountRow.ended_at).is_(None))
        .values(ended_at=now)
    ).rowcount


def count_accounts(connection: Connection, authority: str, person: UUID) -> int:
    """How many accounts sign somebody in, through whatever provider."""
    return count_of(connection, AccountRow, authority, col(AccountRow.person) == person, col(AccountRow.ended_at).is_(None))


def find_accounts(connection: Connection, authority: str, issuer: str, person: UUID) -> set[str]:
    """The names of the accounts by which somebody signs in through a provider, without those ended: one, or none yet."""
    found = select_of(AccountRow, authority, AccountRow.subject).where(
        col(AccountRow.issuer) == issuer,
        col(AccountRow.person) == person,
        col(AccountRow.ended_at).is_(None),
    )
    return set(connection.execute(found).scalars())


def _known_as(connection: Connection, authority: str, known_as: object, now: datetime) -> UUID:
    # The directory's addresses and keys are ASCII; other letters that look like them, or become them in lower case, are not.
    if not isinstance(known_as, str) or not known_as.isascii() or not known_as.isprintable():
        raise NotLetIn(WhyNotLetIn.UNKNOWN)
    known_as = known_as.strip()
    fits = func.lower(col(PersonRow.email)) == known_as.lower() if "@" in known_as else col(PersonRow.key) == known_as
    rows = connection.execute(
        select_of(PersonRow, authority, PersonRow.id, PersonRow.left_on).where(fits).with_for_update()
    ).all()
    here = [row.id for row in rows if row.left_on is None or row.left_on >= local_date(now)]
    if len(here) == 1:
        return UUID(str(here[0]))
    raise NotLetIn(WhyNotLetIn.SEVERAL if here else WhyNotLetIn.LEFT if rows else WhyNotLetIn.UNKNOWN)
