"""What administrators and IRO managers changed: who, when, what. Written with the change itself; never altered."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, insert
from sqlmodel import col

from drp.database.ids import Randomness
from drp.database.record_tables import AdministeredRow
from drp.database.scope import select_of
from drp.directory.lookup import names_of
from drp.identity.principal import Principal


@dataclass(frozen=True)
class AdminChange:
    """One change, with the name of whoever made it."""

    at: datetime
    by: str
    what: str
    said: dict[str, str]


def note_admin_change(
    connection: Connection, chance: Randomness, signed: Principal, now: datetime, what: str, **which: object
) -> UUID:
    """Write a change down, in the transaction that makes it. Returns what it can be found again by."""
    id_ = chance.identity()
    said = {
        name: value.isoformat() if isinstance(value, date) else str(value)
        for name, value in which.items()
        if value not in (None, "")
    }
    connection.execute(
        insert(AdministeredRow).values(
            authority=signed.authority, id=id_, at=now, person=UUID(signed.person), what=what, said=said
        )
    )
    return id_


def read_admin_change(connection: Connection, authority: str, id_: UUID, what: str) -> dict[str, str] | None:
    """What was written down with one change of a kind, people by their identities; None where there is no such change."""
    of_it = (col(AdministeredRow.id) == id_, col(AdministeredRow.what) == what)
    row = connection.execute(select_of(AdministeredRow, authority, AdministeredRow.said).where(*of_it)).first()
    return dict(row.said) if row else None


def latest_admin_changes(connection: Connection, authority: str, most: int = 100) -> list[AdminChange]:
    """The latest changes, newest first, with names for the people that they speak of."""
    rows = connection.execute(
        select_of(AdministeredRow, authority).order_by(col(AdministeredRow.at).desc(), col(AdministeredRow.id)).limit(most)
    ).all()
    spoken_of = {str(row.person) for row in rows} | {row.said[name] for row in rows for name in PEOPLE if name in row.said}
    names = names_of(connection, authority, spoken_of)
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
