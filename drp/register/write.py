"""The register: one line for each item, made anew with every decision, and for each row that was brought in from a sheet.

Themes count these lines, people list and export them. A line of an item kept here follows from the item alone
(`workflows.model.register_entry`) and can always be made again; a line that was brought in holds what its sheet knew, and starts no clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Index, delete, insert, select
from sqlmodel import Field, col

from drp.casework import load
from drp.casework.procedures import Procedures
from drp.database.tables import ChallengeRow, Row
from workflows.calendar.reporting_periods import quarter_of
from workflows.model.authority import Authority
from workflows.model.challenge import Challenge, Outcome
from workflows.model.register_entry import RegisterEntry, kind_of, register_entry_of


class RegisterRow(Row, table=True):
    """One item under one of its reasons: an item of two reasons has two rows, the first of which `is_first`."""

    __tablename__ = "register"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    """The challenge's; of a line that was brought in its own."""
    n: int = Field(primary_key=True)
    reference: str = Field(max_length=64)
    sheet: str = Field(default="", max_length=64)
    """The file that it was brought in from, by its hash; empty for an item that is kept here."""
    kind: str = Field(max_length=16)
    """challenge; or, counted apart, practice or scrutiny."""
    is_first: bool
    is_first_of_theme: bool
    raised_on: date
    month: str = Field(max_length=7)
    quarter: str = Field(max_length=8)
    item_type: str = Field(max_length=32)
    stage: str = Field(max_length=64)
    """The highest that it reached."""
    reason: str = Field(max_length=64)
    theme: str = Field(max_length=64)
    team: str = Field(max_length=64)
    service: str = Field(max_length=64)
    status: str = Field(max_length=32)
    is_dual: bool
    """Had the child another status besides?"""
    outcome: str = Field(max_length=32)
    impact: str = Field(max_length=16)
    ended_on: date | None = None
    days_to_end: int | None = None
    child: UUID | None = None
    number: str = Field(default="", max_length=32)
    """The child's number as a sheet had it; empty for an item that is kept here."""
    raiser: UUID | None = None
    # A period's rows, in the order of lists, with all that tables count: `python -m benchmarks.themes` measures what it saves.
    __table_args__ = (
        Index(
            "ix_register_by_day", "authority", "raised_on", "id", "kind", "is_first", "is_first_of_theme", "is_dual", "month",
            "quarter", "item_type", "stage", "reason", "theme", "team", "service", "status", "outcome", "impact",
        ),
    )  # fmt: skip


class StayRow(Row, table=True):
    """One stay of an item at a stage: why it came there, how soon there was a reply. Days: weekends counted."""

    __tablename__ = "stay"
    authority: str = Field(primary_key=True, max_length=64)
    id: UUID = Field(primary_key=True)
    sequence: int = Field(primary_key=True)
    kind: str = Field(max_length=16)
    stage: str = Field(max_length=64)
    cause: str = Field(max_length=16)
    month: str = Field(max_length=7)
    """Of the day on which it came to the stage."""
    reply: str = Field(max_length=16)
    days_to_acknowledge: int | None = None
    days_to_answer: int | None = None
    __table_args__ = (
        Index("ix_stay_cause", "authority", "kind", "stage", "cause", "month"),
        Index("ix_stay_reply", "authority", "kind", "stage", "reply", "days_to_answer", "days_to_acknowledge", "month"),
    )


class SheetRow(Row, table=True):
    """A file that was brought in: by its hash, so that the same file twice comes in once."""

    __tablename__ = "sheet"
    authority: str = Field(primary_key=True, max_length=64)
    hash: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=200)
    at: datetime
    lines: int
    taken_over: int = 0


class PopulationRow(Row, table=True):
    """How many children of a status an authority had in a reporting quarter: what a rate is of."""

    __tablename__ = "population"
    authority: str = Field(primary_key=True, max_length=64)
    quarter: str = Field(primary_key=True, max_length=8)
    status: str = Field(primary_key=True, max_length=32)
    number: int


class SavedViewRow(Row, table=True):
    """How somebody likes to see the register: a name of theirs for a query."""

    __tablename__ = "saved_view"
    authority: str = Field(primary_key=True, max_length=64)
    person: UUID = Field(primary_key=True)
    name: str = Field(primary_key=True, max_length=200)
    query: str = Field(max_length=600)
    at: datetime


@dataclass(frozen=True)
class EntryToInsert:
    """A line with what its value does not say: whose it is, and where it came from."""

    id: UUID
    reference: str
    line: RegisterEntry
    child: UUID | None = None
    raiser: UUID | None = None
    sheet: str = ""
    number: str = ""


@dataclass(frozen=True)
class EntryChange:
    """An item's line before and after a decision; None: it had none, or has none any more."""

    id: UUID
    before: RegisterEntry | None
    after: EntryToInsert | None


def entry_change(
    id_: UUID, reference: str, child: UUID | None, raiser: UUID, before: Challenge | None, after: Challenge, words: Authority
) -> EntryChange | None:
    """What a decision does to the register; None where it does nothing to it."""
    was = register_entry_of(before, words) if before else None
    line = register_entry_of(after, words)
    if was == line:
        return None
    return EntryChange(id_, was, EntryToInsert(id_, reference, line, child, raiser) if line else None)


def write_entries(connection: Connection, authority: str, changes: Sequence[EntryChange]) -> None:
    """Put lines in the place of earlier ones."""
    _take_out(connection, authority, [one.id for one in changes if one.before is not None])
    insert_entries(connection, authority, (one.after for one in changes if one.after))


def _take_out(connection: Connection, authority: str, ids: Sequence[UUID]) -> None:
    for table in (RegisterRow, StayRow) if ids else ():
        connection.execute(delete(table).where(col(table.authority) == authority, col(table.id).in_(ids)))


def insert_entries(connection: Connection, authority: str, entered: Iterable[EntryToInsert], at_once: int = 2_000) -> int:
    """Write lines, many at once; gives how many there were."""
    rows: list[dict[str, Any]] = []
    stays: list[dict[str, Any]] = []
    count = 0
    for one in entered:
        count += 1
        rows += rows_of(authority, one)
        stays += _stays_of(authority, one)
        if len(rows) >= at_once:
            _insert(connection, rows, stays)
    _insert(connection, rows, stays)
    return count


def _insert(connection: Connection, rows: list[dict[str, Any]], stays: list[dict[str, Any]]) -> None:
    for table, listed in ((RegisterRow, rows), (StayRow, stays)):
        if listed:
            connection.execute(insert(table), listed)
            listed.clear()


def rows_of(authority: str, entered: EntryToInsert) -> Iterator[dict[str, Any]]:
    """A line's rows: one for each reason, or one without."""
    line, themes = entered.line, set[str]()
    coded = [(one.reason, one.theme) for one in line.reasons] or [("", "")]
    for n, (reason, theme) in enumerate(coded):
        yield {
            "authority": authority, "id": entered.id, "n": n, "reference": entered.reference, "sheet": entered.sheet,
            "kind": kind_of(line.item_type), "is_first": n == 0, "is_first_of_theme": theme not in themes,
            "raised_on": line.raised_on, "month": line.month, "quarter": quarter_of(line.raised_on),
            "item_type": line.item_type.value, "stage": line.stage, "reason": reason, "theme": theme, "team": line.team,
            "service": line.service, "status": line.status, "is_dual": line.is_dual, "outcome": line.outcome,
            "impact": line.impact, "ended_on": line.ended_on, "days_to_end": line.days_to_end, "child": entered.child,
            "number": entered.number, "raiser": entered.raiser,
        }  # fmt: skip
        themes.add(theme)


def _stays_of(authority: str, entered: EntryToInsert) -> Iterator[dict[str, Any]]:
    for stay in entered.line.stays:
        yield {
            "authority": authority, "id": entered.id, "sequence": stay.sequence, "kind": kind_of(entered.line.item_type),
            "stage": stay.stage, "cause": stay.cause, "month": f"{stay.entered_on:%Y-%m}", "reply": stay.reply,
            "days_to_acknowledge": stay.days_to_acknowledge, "days_to_answer": stay.days_to_answer,
        }  # fmt: skip


def rebuild_missing_entries(connection: Connection, procedures: Procedures, authority: str) -> int:
    """Make the lines of items that have none: those of an earlier release. Gives how many were made."""
    here = col(ChallengeRow.authority) == authority
    lined = select(col(RegisterRow.id)).where(col(RegisterRow.authority) == authority, col(RegisterRow.sheet) == "")
    sealed = col(ChallengeRow.phase) == Outcome.IN_ERROR.value
    unlined = select(col(ChallengeRow.id)).where(here, ~sealed, col(ChallengeRow.id).not_in(lined))
    return rebuild_entries(connection, procedures, authority, connection.execute(unlined).scalars().all())


def rebuild_entries(connection: Connection, procedures: Procedures, authority: str, ids: Sequence[UUID]) -> int:
    """Make the lines of some items anew from the items themselves. Gives how many were made."""
    made = 0
    locking = connection.dialect.name == "postgresql"  # so that nobody's newer line is put back by an older one
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        lines = []
        for loaded in load.load_challenges(connection, authority, some, lock=locking).values():
            value = loaded.challenge
            words = procedures.rules(connection, authority, value.ladder_hash, value.authority_hash).authority
            line = register_entry_of(value, words)
            lines += [EntryToInsert(loaded.id, loaded.reference, line, loaded.child, loaded.raiser)] if line else []
        _take_out(connection, authority, some)
        made += insert_entries(connection, authority, lines)
    return made
