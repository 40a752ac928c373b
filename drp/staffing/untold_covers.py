"""Covers of which whoever is covered was not told yet, and that their letter is on its way: one replica sends each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, bindparam
from sqlmodel import col

from drp.database.directory_tables import CoverRow, PersonRow
from drp.database.scope import core_table, match_not_over, select_of, update_of


@dataclass(frozen=True)
class UntoldCover:
    """A cover of which the person who is covered was not told: who covers and who entered it, by name."""

    id: UUID
    email: str
    by: str
    giver: str
    since: date
    until: date | None


def _untold() -> Select[Any]:
    of, by, giver = (core_table(PersonRow).alias(name) for name in ("of_person", "by_person", "giver"))
    cover = core_table(CoverRow)
    names = (of.c.email, by.c.name.label("by"), giver.c.name.label("giver"))
    query = select_of(CoverRow, bindparam("authority"), cover.c.id, *names, cover.c.since, cover.c.until)
    for person, who in ((of, cover.c.of), (by, cover.c.by), (giver, cover.c.given_by)):
        query = query.join(person, and_(person.c.authority == cover.c.authority, person.c.id == who))
    return query.where(
        cover.c.told_at.is_(None),
        cover.c.given_by != cover.c.of,
        cover.c.is_delegate.is_(False),
        match_not_over(CoverRow, bindparam("day")),
    )


_UNTOLD = _untold()


def list_untold_covers(connection: Connection, authority: str, day: date) -> list[UntoldCover]:
    """Covers that run on a day or will, entered by somebody else than whoever is covered, who was not told yet."""
    return [UntoldCover(*row) for row in connection.execute(_UNTOLD, {"authority": authority, "day": day})]


def claim_cover_letter(connection: Connection, authority: str, cover: UUID, now: datetime) -> bool:
    """Take a letter to send it. False: another replica has it."""
    untold = (col(CoverRow.id) == cover, col(CoverRow.told_at).is_(None))
    return connection.execute(update_of(CoverRow, authority).where(*untold).values(told_at=now)).rowcount == 1


def put_cover_letter_back(connection: Connection, authority: str, cover: UUID) -> None:
    """It could not be sent: it waits for the next turn."""
    connection.execute(update_of(CoverRow, authority).where(col(CoverRow.id) == cover).values(told_at=None))
