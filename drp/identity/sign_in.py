"""Sign-ins under way: a link asked for by e-mail, a visit to the identity provider. Each is good once and not for long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, func, insert
from sqlmodel import col

from drp.database.account_tables import SignInRow
from drp.database.directory_tables import PersonRow
from drp.database.ids import Randomness
from drp.database.scope import count_of, delete_of, in_authority, match_here, select_of, update_of
from drp.identity.tokens import NotSigned, hash_secret
from workflows.calendar.working_days import local_date

LASTS = timedelta(minutes=15)
AT_MOST, WITHIN = 5, timedelta(hours=1)
"""Links for one person in an hour; more are asked for by somebody else."""
NOBODY = UUID(int=0)


@dataclass(frozen=True)
class AskedLink:
    """A link that somebody asked for and that is still to be sent: to whom, at the directory's own address."""

    id: UUID
    person: UUID
    email: str


@dataclass(frozen=True)
class ProviderVisit:
    """A visit to the identity provider that came back to the browser that began it."""

    verifier: str
    nonce: str
    then: str


def request_link(connection: Connection, chance: Randomness, authority: str, email: str, then: str, now: datetime) -> None:
    """Note that a link is wanted. Whether the address is anybody's is not told: the same is done and answered either way.

    The address is only looked up: mail goes to the directory's own (docs/architecture.md rule 14).
    """
    of_address = (func.lower(col(PersonRow.email)) == email.strip().lower(), match_here(PersonRow, local_date(now)))
    found = connection.execute(select_of(PersonRow, authority, PersonRow.id).where(*of_address)).scalars().all()
    # An address that several share proves to be none of them: a link to it would sign in one of them, whoever opens it.
    person = found[0] if len(found) == 1 else None
    recent = count_of(
        connection, SignInRow, authority, col(SignInRow.person) == (person or NOBODY), col(SignInRow.asked_at) > now - WITHIN
    )
    known = person if person is not None and recent < AT_MOST else None
    _note_sign_in(connection, chance, authority, "link", now, person=known, then=then)


def unsent_links(connection: Connection, authority: str, now: datetime) -> list[AskedLink]:
    """Links that wait to be sent. What was asked for too long ago is not sent any more."""
    rows = connection.execute(
        select_of(SignInRow, authority, SignInRow.id, SignInRow.person, PersonRow.email)
        .join(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(SignInRow.person)))
        .where(
            col(SignInRow.how) == "link", col(SignInRow.hash) == "",
            col(SignInRow.asked_at) > now - LASTS,
        )
        .order_by(col(SignInRow.asked_at))
    )  # fmt: skip
    return [AskedLink(row.id, row.person, row.email) for row in rows]


def give_secret(connection: Connection, chance: Randomness, authority: str, asked: AskedLink) -> str | None:
    """Make the link's secret as it is about to be sent: it is nowhere kept. None: another replica has it in hand."""
    secret = f"{authority}.{chance.secret()}"
    claimed = connection.execute(
        update_of(SignInRow, authority)
        .where(col(SignInRow.id) == asked.id, col(SignInRow.hash) == "")
        .values(hash=hash_secret(secret))
    )
    return secret if claimed.rowcount == 1 else None


def take_secret_back(connection: Connection, authority: str, asked: AskedLink) -> None:
    """Forget the secret of a link that could not be sent: the next round makes another."""
    connection.execute(update_of(SignInRow, authority).where(col(SignInRow.id) == asked.id).values(hash=""))


def redeem_link(connection: Connection, authority: str, secret: str, now: datetime) -> tuple[UUID, str]:
    """Whom a link signs in, and where they were going. It is used up by this. Raises NotSigned."""
    row = _used(connection, authority, "link", secret, now)
    if row.person is None:
        raise NotSigned
    return row.person, row.then


def visit_provider(
    connection: Connection, chance: Randomness, authority: str, state: str, browser: str, verifier: str, nonce: str, then: str,
    now: datetime,
) -> None:  # fmt: skip
    """Note a visit to the identity provider, bound to the browser that begins it."""
    _note_sign_in(
        connection, chance, authority, "provider", now,
        hash=hash_secret(state), browser=hash_secret(browser), verifier=verifier, nonce=nonce, then=then,
    )  # fmt: skip


def back_from_provider(connection: Connection, authority: str, state: str, browser: str, now: datetime) -> ProviderVisit:
    """The visit that came back. Raises NotSigned if it is unknown, used, too old, or another browser's."""
    row = _used(connection, authority, "provider", state, now, hash_secret(browser))
    return ProviderVisit(row.verifier, row.nonce, row.then)


def forget_sign_ins(connection: Connection, authority: str, now: datetime) -> int:
    """Take out sign-ins that are over. Returns how many."""
    return connection.execute(delete_of(SignInRow, authority).where(col(SignInRow.asked_at) < now - timedelta(days=1))).rowcount


def _note_sign_in(connection: Connection, chance: Randomness, authority: str, how: str, now: datetime, **values: object) -> None:
    """Write down that a sign-in is under way. What is not given is empty."""
    empty = {"person": None, "hash": "", "browser": "", "verifier": "", "nonce": "", "then": "", "used_at": None}
    row = {"authority": authority, "id": chance.identity(), "how": how, "asked_at": now, **empty, **values}
    connection.execute(insert(SignInRow).values(**row))


def _used(connection: Connection, authority: str, how: str, secret: str, now: datetime, browser: str = "") -> SignInRow:
    """Use a sign-in up. One row changed is the only yes."""
    it = (col(SignInRow.how) == how, col(SignInRow.hash) == hash_secret(secret), col(SignInRow.browser) == browser)
    used = connection.execute(
        update_of(SignInRow, authority)
        .where(*it, col(SignInRow.used_at).is_(None), col(SignInRow.asked_at) > now - LASTS)
        .values(used_at=now)
    )
    if used.rowcount != 1:
        raise NotSigned
    row: SignInRow = connection.execute(select_of(SignInRow, authority).where(*it)).one()  # type: ignore
    return row
