"""Sign-ins under way: a link asked for by e-mail, a visit to the identity provider. Each is good once and not for long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, or_
from sqlmodel import col

from drp.database.account_tables import AccountRow, SignInRow
from drp.database.directory_tables import PersonRow
from drp.database.folding import fold
from drp.database.ids import Randomness
from drp.database.scope import count_of, delete_rows, in_authority, match_here, select_of, update_of
from drp.identity.seal import Seal
from drp.identity.tokens import NotSigned, hash_secret
from workflows.calendar.working_days import local_date

LASTS = timedelta(minutes=15)
NOBODY = UUID(int=0)


@dataclass(frozen=True)
class AskedLink:
    """A link that somebody asked for and that is still to be sent: to whom, at the directory's own address."""

    id: UUID
    person: UUID
    email: str


@dataclass(frozen=True)
class LinkRequest:
    """A link that somebody asks for: for which address, where to go on to, how many may be in force at once for a person.

    `known`: who signed in before at the browser that asks.
    """

    email: str
    then: str
    at_once: int
    known: UUID | None = None


@dataclass(frozen=True)
class ProviderVisit:
    """A visit to the identity provider that came back to the browser that began it."""

    verifier: str
    nonce: str
    then: str


def request_link(
    connection: Connection, chance: Randomness, seal: Seal, authority: str, asked: LinkRequest, now: datetime
) -> None:
    """Note that a link is wanted. Whether the address is anybody's is not told: the same is done and answered either way.

    Where as many are in force as may be, those stay good and no other is sent; what others ask for never uses up those of a
    browser that the person signed in at before.

    The address is only looked up: mail goes to the directory's own (docs/architecture.md rule 14).
    """
    of_address = (
        col(PersonRow.email_folded) == fold(asked.email),
        col(PersonRow.email) != "",
        match_here(PersonRow, local_date(now)),
    )
    found = connection.execute(select_of(PersonRow, authority, PersonRow.id).where(*of_address)).scalars().all()
    # An address that several share proves to be none of them: a link to it would sign in one of them, whoever opens it.
    person = found[0] if len(found) == 1 else None
    from_known = person is not None and asked.known == person
    in_force = count_of(
        connection, SignInRow, authority, col(SignInRow.person) == (person or NOBODY), col(SignInRow.used_at).is_(None),
        col(SignInRow.asked_at) > now - LASTS, col(SignInRow.from_known).is_(from_known),
    )  # fmt: skip
    known = person if person is not None and in_force < asked.at_once else None
    _note_sign_in(connection, chance, seal, authority, "link", now, person=known, then=asked.then, from_known=from_known)


def unsent_links(connection: Connection, authority: str, now: datetime) -> list[AskedLink]:
    """Links that wait to be sent. What was asked for too long ago is not sent any more."""
    rows = connection.execute(_UNSENT, {"authority": authority, "since": now - LASTS, "day": local_date(now)})
    return [AskedLink(row.id, row.person, row.email) for row in rows]


def give_secret(connection: Connection, chance: Randomness, seal: Seal, authority: str, asked: AskedLink) -> str | None:
    """Make the link's secret as it is about to be sent: it is nowhere kept.

    None: another replica has it in hand, or it was ended meanwhile, or it is no row of ours.
    """
    secret = f"{authority}.{chance.secret()}"
    waiting = (col(SignInRow.id) == asked.id, col(SignInRow.hash) == "", col(SignInRow.used_at).is_(None))
    return secret if seal.change(connection, SignInRow, authority, *waiting, hash=hash_secret(secret)) == 1 else None


def take_secret_back(connection: Connection, seal: Seal, authority: str, asked: AskedLink) -> None:
    """Forget the secret of a link that could not be sent: the next round makes another."""
    seal.change(connection, SignInRow, authority, col(SignInRow.id) == asked.id, hash="")


def redeem_link(connection: Connection, seal: Seal, authority: str, secret: str, now: datetime) -> tuple[UUID, str]:
    """Whom a link signs in, and where they were going. It is used up by this. Raises NotSigned."""
    row = _used(connection, seal, authority, "link", secret, now)
    if row.person is None or not may_use_links(connection, authority, row.person, now):
        raise NotSigned
    return row.person, row.then


def end_links_of(connection: Connection, authority: str, person: UUID, now: datetime) -> int:
    """End the links of somebody, those still to be sent too. Returns how many."""
    pending = (col(SignInRow.person) == person, col(SignInRow.used_at).is_(None))
    return connection.execute(update_of(SignInRow, authority).where(*pending).values(used_at=now, seal="")).rowcount


def may_use_links(connection: Connection, authority: str, person: UUID, now: datetime) -> bool:
    """May somebody be signed in by a link? Not who has left or is suspended, nor whose every account was ended."""
    return (
        count_of(connection, PersonRow, authority, col(PersonRow.id) == person, _may_use_links(authority, local_date(now))) == 1
    )


def _may_use_links(authority: Any, day: Any) -> ColumnElement[bool]:
    theirs = select_of(AccountRow, authority).where(col(AccountRow.person) == col(PersonRow.id))
    return and_(
        match_here(PersonRow, day),
        col(PersonRow.suspended_at).is_(None),
        or_(~theirs.exists(), theirs.where(col(AccountRow.ended_at).is_(None)).exists()),
    )


_AUTHORITY: Any = bindparam("authority")
_UNSENT = (
    select_of(SignInRow, _AUTHORITY, SignInRow.id, SignInRow.person, PersonRow.email)
    .join(PersonRow, in_authority(PersonRow, _AUTHORITY) & (col(PersonRow.id) == col(SignInRow.person)))
    .where(
        col(SignInRow.how) == "link", col(SignInRow.hash) == "", col(SignInRow.used_at).is_(None),
        col(SignInRow.asked_at) > bindparam("since"), _may_use_links(_AUTHORITY, bindparam("day")),
    )
    .order_by(col(SignInRow.asked_at))
)  # fmt: skip


def visit_provider(
    connection: Connection, chance: Randomness, seal: Seal, authority: str, state: str, browser: str, verifier: str, nonce: str,
    then: str, now: datetime,
) -> None:  # fmt: skip
    """Note a visit to the identity provider, bound to the browser that begins it."""
    _note_sign_in(
        connection, chance, seal, authority, "provider", now,
        hash=hash_secret(state), browser=hash_secret(browser), verifier=verifier, nonce=nonce, then=then,
    )  # fmt: skip


def back_from_provider(
    connection: Connection, seal: Seal, authority: str, state: str, browser: str, now: datetime
) -> ProviderVisit:
    """The visit that came back. Raises NotSigned if it is unknown, used, too old, or another browser's."""
    row = _used(connection, seal, authority, "provider", state, now, hash_secret(browser))
    return ProviderVisit(row.verifier, row.nonce, row.then)


def forget_sign_ins(connection: Connection, authority: str, now: datetime) -> int:
    """Take out sign-ins that are over. Returns how many."""
    return delete_rows(connection, SignInRow, authority, col(SignInRow.asked_at) < now - timedelta(days=1))


def _note_sign_in(
    connection: Connection, chance: Randomness, seal: Seal, authority: str, how: str, now: datetime, **values: object
) -> None:
    """Write down that a sign-in is under way. What is not given is empty."""
    empty = {
        "person": None, "hash": "", "browser": "", "verifier": "", "nonce": "", "then": "", "used_at": None,
        "from_known": False,
    }  # fmt: skip
    row = {"authority": authority, "id": chance.identity(), "how": how, "asked_at": now, **empty, **values}
    seal.insert(connection, SignInRow, row)


def _used(
    connection: Connection, seal: Seal, authority: str, how: str, secret: str, now: datetime, browser: str = ""
) -> SignInRow:
    """Use a sign-in up. One row changed is the only yes."""
    it = (col(SignInRow.how) == how, col(SignInRow.hash) == hash_secret(secret), col(SignInRow.browser) == browser)
    row: SignInRow | None = connection.execute(select_of(SignInRow, authority).where(*it)).first()  # type: ignore
    if row is None or not seal.holds(SignInRow, row._mapping):  # type: ignore[attr-defined]
        raise NotSigned
    used = connection.execute(
        update_of(SignInRow, authority)
        .where(*it, col(SignInRow.used_at).is_(None), col(SignInRow.asked_at) > now - LASTS)
        .values(used_at=now, seal="")
    )
    if used.rowcount != 1:
        raise NotSigned
    return row
