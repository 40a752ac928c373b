"""Caseloads that somebody handed over to themselves, and what they then ended of it: for auditors and leaders to look at.

Such a hand-over stands, and is told to whoever had the children (docs/architecture.md rule 10).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, EntryRow
from drp.database.record_tables import AdministeredRow
from drp.database.scope import core_table, in_authority, select_of
from drp.directory.lookup import names_of
from drp.staffing.changes import HAND_OVER

ENDINGS = ("resolved", "ended_unresolved", "overtaken", "withdrawn", "recorded_in_error")
"""Kinds of entry with which an item ends by hand; to find an answer enough is `judged`."""


@dataclass(frozen=True)
class EndedItem:
    """One item that came with a caseload and was ended by whoever took it."""

    reference: str
    how: str
    at: datetime


@dataclass(frozen=True)
class TakenCaseload:
    """A caseload that somebody handed over to themselves: who, whose, when, how many children, and what was then ended."""

    by: str
    of: str
    at: datetime
    children: int
    ended: tuple[EndedItem, ...]


def list_taken_caseloads(connection: Connection, authority: str, most: int = 200) -> tuple[TakenCaseload, ...]:
    """The caseloads that people handed over to themselves, the newest first."""
    rows = _handed_to_oneself(connection, authority, most)
    names = names_of(connection, authority, {str(row.person) for row in rows} | {row.said["of"] for row in rows})
    return tuple(
        TakenCaseload(
            names.get(str(row.person), ""),
            names.get(row.said["of"], ""),
            row.at,
            len(_children(row)),
            _ended(connection, authority, row),
        )
        for row in rows
    )


def caseloads_taken_from(connection: Connection, authority: str, person: UUID, since: datetime) -> tuple[TakenCaseload, ...]:
    """Whoever took over somebody's caseload by their own hand since a moment, the newest first: what that person is told."""
    rows = [row for row in _handed_to_oneself(connection, authority, 200) if row.said["of"] == str(person) and row.at >= since]
    names = names_of(connection, authority, {str(row.person) for row in rows})
    return tuple(TakenCaseload(names.get(str(row.person), ""), "", row.at, len(_children(row)), ()) for row in rows)


def _handed_to_oneself(connection: Connection, authority: str, most: int) -> Sequence[Any]:
    query = select_of(AdministeredRow, authority).where(col(AdministeredRow.what) == HAND_OVER)
    rows = connection.execute(query.order_by(col(AdministeredRow.at).desc(), col(AdministeredRow.id)))
    return [row for row in rows if row.said.get("to") == str(row.person)][:most]


def _children(row: Any) -> list[UUID]:
    return [UUID(one) for one in row.said.get("children", "").split(",") if one]


def _ended(connection: Connection, authority: str, row: Any) -> tuple[EndedItem, ...]:
    """Items about those children that whoever took them has ended since, and that are still ended."""
    item = core_table(ChallengeRow)
    found = connection.execute(
        select_of(EntryRow, authority, item.c.reference, col(EntryRow.kind), col(EntryRow.at))
        .join(item, and_(in_authority(ChallengeRow, authority), item.c.id == col(EntryRow.challenge)))
        .where(item.c.child.in_(_children(row)), item.c.is_open.is_(False))
        .where(col(EntryRow.person) == row.person, col(EntryRow.at) >= row.at)
        .where(col(EntryRow.kind).in_((*ENDINGS, "judged")))
        .order_by(col(EntryRow.at), item.c.reference)
    )
    return tuple(EndedItem(*one) for one in found)
