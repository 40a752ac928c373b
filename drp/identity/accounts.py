"""Accounts that an identity provider vouches for: whose they are, and whose they become at their first sign-in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Connection
from sqlmodel import col

from drp.database.account_tables import AccountRow
from drp.database.directory_tables import PersonRow
from drp.database.folding import fold
from drp.database.scope import count_of, delete_rows, in_authority, select_of, update_of
from drp.identity.seal import Seal
from drp.identity.tokens import hash_secret
from workflows.calendar.working_days import local_date

LONGEST_SUBJECT = 200
NOTHING = "\x7f"
"""What no folded text is."""


class WhyNotLetIn(StrEnum):
    """Why an account signs nobody in."""

    UNREADABLE = "the account has no name that can be kept"
    UNKNOWN = "nobody in the directory is known so"
    SEVERAL = "several people in the directory are known so"
    LEFT = "the person has left"
    ENDED = "the account was ended"
    TAKEN = "the person signs in by another account of this provider"
    SUSPENDED = "the person's sign-in is suspended"
    ASKED = "the account waits for an administrator's word"


class BoundBy(StrEnum):
    """By whose word an account is somebody's."""

    VERIFIED = "verified address"
    TRUSTED = "trusted claim"
    ADMINISTRATOR = "administrator"
    ASKED = "asked"
    """Nobody's yet: it signs nobody in until an administrator says whose it is."""
    UNASKED = ""
    """Nobody's: it was bound before a word was asked for."""


_BINDS = (col(AccountRow.ended_at).is_(None), col(AccountRow.bound_by) != BoundBy.ASKED.value)


class NotLetIn(Exception):
    """An account that the provider vouches for, and that signs nobody in here."""

    def __init__(self, why: WhyNotLetIn) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True)
class VouchedAccount:
    """An account that a provider vouches for, and by what the directory may know whose it is (an address or a key)."""

    issuer: str
    subject: object
    known_as: object
    word: BoundBy
    """By whose word it is that person's: ASKED where the provider says nothing that can be relied on."""


@dataclass(frozen=True)
class SignedInAccount:
    """Whom an account signs in, and whether it became theirs by this."""

    person: UUID
    is_new: bool


def person_signing_in(
    connection: Connection, seal: Seal, authority: str, account: VouchedAccount, now: datetime
) -> SignedInAccount:
    """The person behind an account. At its first sign-in that is whom the directory knows so; from then on it is theirs.

    Where nobody's word binds it, it is kept as one that asks, for an administrator. To be called in a writing transaction that is
    kept when this raises NotLetIn.
    """
    issuer, subject = account.issuer, account.subject
    if not isinstance(subject, str) or not subject.isprintable() or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise NotLetIn(WhyNotLetIn.UNREADABLE)
    row = connection.execute(select_of(AccountRow, authority).where(*_named(issuer, subject))).mappings().first()
    if row is None:
        return _first_sign_in(connection, seal, authority, account, subject, now)
    if row["ended_at"] is not None or not seal.holds(AccountRow, row):
        raise NotLetIn(WhyNotLetIn.ENDED)
    person = UUID(str(row["person"]))
    if row["bound_by"] == BoundBy.ASKED:
        if account.word is BoundBy.ASKED:
            raise NotLetIn(WhyNotLetIn.ASKED)
        # The provider vouches by now for what it did not: it is as if it came for the first time.
        delete_rows(connection, AccountRow, authority, *_named(issuer, subject))
        return _first_sign_in(connection, seal, authority, account, subject, now)
    _check_person(connection, authority, person, now)
    return SignedInAccount(person, is_new=False)


def _check_person(connection: Connection, authority: str, person: UUID, now: datetime) -> None:
    its = select_of(PersonRow, authority, PersonRow.left_on, PersonRow.suspended_at).where(col(PersonRow.id) == person)
    row = connection.execute(its).one()
    if row.left_on is not None and row.left_on < local_date(now):
        raise NotLetIn(WhyNotLetIn.LEFT)
    if row.suspended_at is not None:
        raise NotLetIn(WhyNotLetIn.SUSPENDED)


def _first_sign_in(
    connection: Connection, seal: Seal, authority: str, account: VouchedAccount, subject: str, now: datetime
) -> SignedInAccount:
    person = _known_as(connection, authority, account.known_as, now)
    _check_person(connection, authority, person, now)
    # Their row is locked by now: of two first sign-ins at one moment the second sees what the first has linked.
    if theirs := find_accounts(connection, authority, account.issuer, person):
        if subject in theirs:
            return SignedInAccount(person, is_new=False)
        raise NotLetIn(WhyNotLetIn.TAKEN)
    link_account(connection, seal, authority, (account.issuer, subject), person, account.word, now)
    if account.word is BoundBy.ASKED:
        raise NotLetIn(WhyNotLetIn.ASKED)
    return SignedInAccount(person, is_new=True)


def link_account(
    connection: Connection, seal: Seal, authority: str, named: tuple[str, str], person: UUID, word: BoundBy, now: datetime
) -> None:
    """Keep under which account, named by issuer and subject, a person signs in, or asks to."""
    issuer, subject = named
    row = {"authority": authority, "issuer": issuer, "subject": subject, "person": person, "ended_at": None}
    seal.insert(connection, AccountRow, {**row, "bound_by": word.value, "bound_at": now})


@dataclass(frozen=True)
class ListedAccount:
    """An account, and by whose word it is somebody's; `id` names it in an address."""

    id: str
    person: UUID
    of: str
    issuer: str
    subject: str
    bound_by: BoundBy
    bound_at: datetime | None


def list_accounts(connection: Connection, authority: str) -> list[ListedAccount]:
    """Every account that has not ended, those that ask first."""
    rows = connection.execute(
        select_of(
            AccountRow, authority, AccountRow.person, col(PersonRow.name).label("of"), AccountRow.issuer, AccountRow.subject,
            AccountRow.bound_by, AccountRow.bound_at,
        )
        .join(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(AccountRow.person)))
        .where(col(AccountRow.ended_at).is_(None), col(AccountRow.seal) != "")
        .order_by(col(PersonRow.name), col(AccountRow.issuer), col(AccountRow.subject))
    )  # fmt: skip
    found = [
        ListedAccount(
            _id_of(row.issuer, row.subject), UUID(str(row.person)), row.of, row.issuer, row.subject, BoundBy(row.bound_by),
            row.bound_at,
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: one.bound_by is not BoundBy.ASKED)


def bind_account(connection: Connection, seal: Seal, authority: str, id_: str, now: datetime) -> ListedAccount | None:
    """Bind an account by an administrator's word. None where there is no such account, or another is theirs already."""
    one = next((one for one in list_accounts(connection, authority) if one.id == id_), None)
    if one is None or find_accounts(connection, authority, one.issuer, one.person) - {one.subject}:
        return None
    its = (*_named(one.issuer, one.subject), col(AccountRow.ended_at).is_(None))
    bound = seal.change(connection, AccountRow, authority, *its, bound_by=BoundBy.ADMINISTRATOR.value, bound_at=now)
    return one if bound else None


def seal_accounts(connection: Connection, seal: Seal, authority: str) -> int:
    """Seal the accounts that were bound before accounts were sealed. To be called by an operator, once. Returns how many."""
    unsealed = select_of(AccountRow, authority).where(col(AccountRow.ended_at).is_(None), col(AccountRow.seal) == "")
    rows = connection.execute(unsealed).mappings().all()
    for row in rows:
        its = _named(row["issuer"], row["subject"])
        connection.execute(update_of(AccountRow, authority).where(*its).values(seal=seal.of(AccountRow, row)))
    return len(rows)


def _id_of(issuer: str, subject: str) -> str:
    return hash_secret(f"{issuer}\0{subject}")[:16]


def _named(issuer: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    return col(AccountRow.issuer) == issuer, col(AccountRow.subject) == subject


def end_accounts_of(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """End every account of somebody: it signs nobody in again. Another that the directory knows may. Returns how many."""
    return connection.execute(
        update_of(AccountRow, authority)
        .where(col(AccountRow.person) == person, col(AccountRow.ended_at).is_(None))
        .values(ended_at=now, seal="")
    ).rowcount


def count_accounts(connection: Connection, authority: str, person: UUID) -> int:
    """How many accounts sign somebody in, through whatever provider."""
    return count_of(connection, AccountRow, authority, col(AccountRow.person) == person, *_BINDS)


def find_accounts(connection: Connection, authority: str, issuer: str, person: UUID) -> set[str]:
    """The names of the accounts by which somebody signs in through a provider, without those that ended or only ask."""
    found = select_of(AccountRow, authority, AccountRow.subject).where(
        col(AccountRow.issuer) == issuer, col(AccountRow.person) == person, *_BINDS
    )
    return set(connection.execute(found).scalars())


def _known_as(connection: Connection, authority: str, known_as: object, now: datetime) -> UUID:
    # The directory's addresses and keys are ASCII; other letters that look like them, or become them in lower case, are not.
    if not isinstance(known_as, str) or not known_as.isascii() or not known_as.isprintable():
        raise NotLetIn(WhyNotLetIn.UNKNOWN)
    known_as = known_as.strip()
    fits = (col(PersonRow.email_folded) if "@" in known_as else col(PersonRow.key_folded)) == (fold(known_as) or NOTHING)
    rows = connection.execute(
        select_of(PersonRow, authority, PersonRow.id, PersonRow.left_on).where(fits).with_for_update()
    ).all()
    here = [row.id for row in rows if row.left_on is None or row.left_on >= local_date(now)]
    if len(here) == 1:
        return UUID(str(here[0]))
    raise NotLetIn(WhyNotLetIn.SEVERAL if here else WhyNotLetIn.LEFT if rows else WhyNotLetIn.UNKNOWN)
