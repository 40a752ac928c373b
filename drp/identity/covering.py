"""For whom somebody acts today: the covers of an authority, read whole and followed by the one pure rule."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from drp.database.ids import text_of_identity
from drp.database.statements import COVERS
from workflows.decision.covers import Cover, Covers, Presence


def load_covers(connection: Connection, authority: str) -> Covers:
    """Every cover and delegation of an authority, and when those who cover are there."""
    return covers_from_rows(connection.execute(COVERS, {"authority": authority}).all())


def covers_from_rows(rows: Sequence[Any]) -> Covers:
    """The covers and presences among some rows."""
    covers = (Cover(text_of_identity(r.person), str(r.by), r.since, r.until, r.is_delegate) for r in rows if r.what == "cover")
    presences = (Presence(text_of_identity(r.person), r.since, r.until) for r in rows if r.what == "there")
    return Covers(tuple(covers), tuple(presences))


def people_acted_for(
    connection: Connection, authority: str, person: UUID, day: date, as_delegate: bool = False
) -> tuple[UUID, ...]:
    """The person, everybody for whom they are there on a day, and with `as_delegate` those whose delegate they are."""
    acted = load_covers(connection, authority).acts_for(str(person), day, as_delegate)
    return tuple(UUID(one) for one in sorted(acted))
