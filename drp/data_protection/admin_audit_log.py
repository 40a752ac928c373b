"""The administrators' record: who gave power to whom, and what else administrators, IRO managers and the operator changed.

Each entry is written with the change itself, never altered, and bound to the one before by a keyed hash (the chain's key). It
commits to what it found afterwards: people and their addresses, posts, covers, accounts, procedures in force. So a post that was
put in beside the service is seen: it is not what the newest entry found. The record stands under the checkpoints like a timeline.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, insert, select, text
from sqlmodel import col

from drp.casework.service import Casework
from drp.database.account_tables import AccountRow
from drp.database.authority_tables import AuthorityRow, DocumentRow
from drp.database.directory_tables import CoverRow, PersonRow, PostRow
from drp.database.record_tables import AdministeredRow
from drp.database.scope import core_table, select_of
from drp.directory.lookup import names_of
from drp.identity.accounts import BoundBy
from drp.identity.principal import Principal
from drp.timeline.chain import GENESIS, ChainKey, canonical_text, keyed_hash_over, link_fault

log = logging.getLogger("drp.proof")

OPERATOR, SERVICE = UUID(int=0), UUID(int=1)
"""Who is no person of the directory: whoever runs the service, from the command line; and the service by itself."""
NAMES = {str(OPERATOR): "the operator", str(SERVICE): "the service by itself"}

BEGUN = "record begun"
"""The first entry: what was found when the record began to be kept."""

FOUND_CHANGED = "changed beside the service"
"""An entry that nobody made a change for: what gives power was not as the entry before had found it."""

RECORD = UUID(int=0)
"""What the record is called among the timelines of a checkpoint."""

_LOCK = 7_301_231
_COMMITTED = ("number", "at", "person", "what", "said", "found", "key_id", "previous")


@dataclass(frozen=True)
class AdminChange:
    """One change, with the name of whoever made it."""

    at: datetime
    by: str
    what: str
    said: dict[str, str]


def operator_of(authority: str) -> Principal:
    """Whoever types a command, for an authority."""
    return Principal(authority, str(OPERATOR), NAMES[str(OPERATOR)], frozenset(), frozenset())


def service_itself(authority: str) -> Principal:
    """The service, where it changes by itself what gives power."""
    return Principal(authority, str(SERVICE), NAMES[str(SERVICE)], frozenset(), frozenset())


def note_admin_change(
    connection: Connection, casework: Casework, signed: Principal, now: datetime, what: str, **which: object
) -> UUID:
    """Write a change down, in the transaction that makes it and after it. Returns what it can be found again by."""
    authority = signed.authority
    begin_record(connection, casework, authority, now)
    said = {
        name: value.isoformat() if isinstance(value, date) else str(value)
        for name, value in which.items()
        if value not in (None, "")
    }
    return _write(connection, casework, authority, UUID(signed.person), now, what, said)


def begin_record(connection: Connection, casework: Casework, authority: str, now: datetime) -> None:
    """Begin an authority's record, where it was not: with a commitment to what is found, and to what was noted before."""
    if connection.dialect.name == "postgresql":
        # Two changes at one moment come one after the other.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock, hashtext(:key))"), {"lock": _LOCK, "key": authority})
    if _newest(connection, authority) is None:
        _write(connection, casework, authority, SERVICE, now, BEGUN, {"earlier": _digest_of_earlier(connection, authority)})


def look_before_change(connection: Connection, casework: Casework, authority: str, now: datetime) -> None:
    """Before a change of what gives power: is it still as the newest entry found it?

    If not, that stands in the record for ever, before the change's own entry takes what it finds as so.
    """
    begin_record(connection, casework, authority, now)
    if power_fault(connection, authority) is not None:
        log.error("what gives power was changed beside the service: the administrators' record of %s says so", authority)
        _write(connection, casework, authority, SERVICE, now, FOUND_CHANGED, {})


def _digest_of_earlier(connection: Connection, authority: str) -> str:
    """A digest of what was noted before the record was a chain."""
    columns = (AdministeredRow.id, AdministeredRow.at, AdministeredRow.person, AdministeredRow.what)
    earlier = select_of(AdministeredRow, authority, *columns, AdministeredRow.said).where(col(AdministeredRow.number).is_(None))
    rows = connection.execute(earlier).mappings().all()
    return _digest([{**row, "said": canonical_text(row["said"])} for row in rows])


def _write(
    connection: Connection, casework: Casework, authority: str, by: UUID, now: datetime, what: str, said: dict[str, str]
) -> UUID:
    newest, key, id_ = _newest(connection, authority), casework.keeper.key, casework.chance.identity()
    row: dict[str, Any] = {
        "number": newest.number + 1 if newest else 1,
        "at": now,
        "person": by,
        "what": what,
        "said": said,
        "found": power_digest(connection, authority),
        "key_id": key.id,
        "previous": newest.hash if newest else GENESIS,
    }
    connection.execute(insert(AdministeredRow).values(authority=authority, id=id_, **row, hash=_hash_of(key, authority, row)))
    return id_


def _newest(connection: Connection, authority: str) -> Any:
    numbered = select_of(AdministeredRow, authority).where(col(AdministeredRow.number).is_not(None))
    return connection.execute(numbered.order_by(col(AdministeredRow.number).desc()).limit(1)).first()


def _hash_of(key: ChainKey, authority: str, row: Mapping[Any, Any]) -> str:
    return keyed_hash_over(key, _bound(authority, row))


def _bound(authority: str, row: Mapping[Any, Any]) -> bytes:
    said = {name: row[name] if name in ("number", "said") else str(row[name]) for name in _COMMITTED if name != "at"}
    return canonical_text({"authority": authority, **said, "at": row["at"].isoformat(timespec="microseconds")}).encode()


def power_digest(connection: Connection, authority: str) -> str:
    """A digest of everything by which somebody has power here: who, under which address, in which posts, by which account."""
    found = hashlib.sha256()
    for statement in _power(authority):
        found.update(_digest(connection.execute(statement).mappings()).encode())
    return found.hexdigest()


def _power(authority: str) -> Iterator[Any]:
    """What gives power, as statements in a fixed order. What only says that somebody was told is left out."""
    asked = col(AccountRow.bound_by) == BoundBy.ASKED.value
    for kind, columns, leave_out in (
        (PersonRow, ("id", "key", "email", "agency", "left_on", "suspended_at"), None),
        (PostRow, ("id", "role", "held_for", "key", "person", "since", "until"), None),
        (CoverRow, ("id", "of", "by", "since", "until", "is_delegate", "appointed_at"), None),
        (AccountRow, ("issuer", "subject", "person", "ended_at", "bound_by"), asked),
        (DocumentRow, ("hash", "kind", "is_current"), None),
    ):
        table = core_table(kind)
        wanted = select_of(kind, authority, *(table.c[name] for name in columns)).order_by(*table.primary_key)
        yield wanted if leave_out is None else wanted.where(~leave_out)
    yield select(col(AuthorityRow.standing_order), col(AuthorityRow.label_pack)).where(col(AuthorityRow.key) == authority)


def _digest(rows: Iterable[Mapping[Any, Any]]) -> str:
    """A digest of rows that both engines give the same."""
    found = hashlib.sha256()
    lines = sorted(canonical_text({name: _text(value) for name, value in row.items()}) for row in rows)
    for line in lines:
        found.update(line.encode())
        found.update(b"\n")
    return found.hexdigest()


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


# The record as a timeline.


@dataclass(frozen=True)
class RecordLength:
    """How far an authority's record goes: entries, and the hash of the last."""

    count: int
    head: str


def read_record_length(connection: Connection, authority: str) -> RecordLength | None:
    """How far an authority's record goes; None where none is kept yet."""
    newest = _newest(connection, authority)
    return RecordLength(newest.number, newest.hash) if newest else None


def record_entries(connection: Connection, authority: str, since: int, until: int) -> list[Mapping[str, Any]]:
    """The entries of a record between two numbers, both included, with `own`: the digest of each that needs no key."""
    rows = (
        select_of(AdministeredRow, authority)
        .where(col(AdministeredRow.number).between(since, until))
        .order_by(col(AdministeredRow.number))
    )
    return [{**row, "own": _own(authority, row)} for row in connection.execute(rows).mappings()]


def _own(authority: str, row: Mapping[Any, Any]) -> str:
    return _hash_of(ChainKey("", b""), authority, {**row, "key_id": "", "previous": ""})


def record_fault(connection: Connection, authority: str, keys: Mapping[str, ChainKey]) -> str | None:
    """What is wrong with an authority's record in itself; None where it holds, or none is kept yet."""
    length = read_record_length(connection, authority)
    if length is None:
        return None
    previous = GENESIS
    rows: Sequence[Mapping[str, Any]] = record_entries(connection, authority, 1, length.count)
    for number, row in enumerate(rows, 1):
        if (fault := link_fault(keys, number, previous, row, partial(_bound, authority))) is not None:
            return fault
        previous = row["hash"]
    if len(rows) != length.count:
        return f"entry {len(rows) + 1} is missing"
    if rows[0]["said"]["earlier"] != _digest_of_earlier(connection, authority):
        return "what was noted before the record began is not as it was"
    return None


def power_fault(connection: Connection, authority: str) -> str | None:
    """Say where power stands otherwise than the newest entry found it; None where it does not, or no record is kept yet."""
    newest = _newest(connection, authority)
    if newest is None or newest.found == power_digest(connection, authority):
        return None
    return (
        f"people, posts, covers, accounts or procedures are not as its newest entry ({newest.number}) found them: "
        "something was changed beside the service"
    )


# Reading.

_NEWEST_FIRST = (
    func.coalesce(col(AdministeredRow.number), 0).desc(), col(AdministeredRow.at).desc(), col(AdministeredRow.id),
)  # fmt: skip


def read_admin_change(connection: Connection, authority: str, id_: UUID, what: str) -> dict[str, str] | None:
    """What was written down with one change of a kind, people by their identities; None where there is no such change."""
    of_it = (col(AdministeredRow.id) == id_, col(AdministeredRow.what) == what)
    row = connection.execute(select_of(AdministeredRow, authority, AdministeredRow.said).where(*of_it)).first()
    return dict(row.said) if row else None


def last_said(connection: Connection, authority: str, what: str) -> dict[str, str] | None:
    """What the newest change of a kind said; None where there is none."""
    of_kind = select_of(AdministeredRow, authority, AdministeredRow.said).where(col(AdministeredRow.what) == what)
    row = connection.execute(of_kind.order_by(*_NEWEST_FIRST).limit(1)).first()
    return dict(row.said) if row else None


def latest_admin_changes(connection: Connection, authority: str, most: int = 100) -> list[AdminChange]:
    """The latest changes, newest first, with names for the people that they speak of."""
    rows = connection.execute(select_of(AdministeredRow, authority).order_by(*_NEWEST_FIRST).limit(most)).all()
    spoken_of = {str(row.person) for row in rows} | {row.said[name] for row in rows for name in PEOPLE if name in row.said}
    names = {**names_of(connection, authority, spoken_of), **NAMES}
    return [
        AdminChange(
            row.at,
            names.get(str(row.person), ""),
            row.what,
            {name: names.get(value, value) if name in PEOPLE else value for name, value in row.said.items()},
        )
        for row in rows
    ]


PEOPLE = ("of", "by", "to")
"""What stands under these names is a person's identity."""
