"""Writes the register: one entry for each item, made anew with every decision, and one for each row of an imported sheet.

Themes count these entries; people list and export them. The entry of an item kept here follows from the item alone
(`workflows.model.register_entry`) and can always be made again. An imported one holds what its sheet knew, and starts no clock.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from drp.database.folding import fold
from drp.database.register_tables import RegisterRow, StayRow
from drp.database.rows_together import ALL, NewRows, write_together
from drp.database.scope import core_table, select_of
from drp.database.statements import TAKE_OUT_BY_KEY, TAKE_OUT_ENTRIES
from workflows.calendar.reporting_periods import quarter_of
from workflows.model.authority import Authority
from workflows.model.challenge import Challenge
from workflows.model.register_entry import RegisterEntry, kind_of, register_entry_of


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
    """An item's line before and after a decision; None: it had none, or has none any more.

    `is_whole`: it is written anew whole, because what stands there was made under other words.
    """

    id: UUID
    before: RegisterEntry | None
    after: EntryToInsert | None
    is_whole: bool = False


def entry_change(
    id_: UUID, reference: str, child: UUID | None, raiser: UUID, before: Challenge | None, after: Challenge, words: Authority
) -> EntryChange | None:
    """What a decision does to the register; None where it does nothing to it."""
    was = register_entry_of(before, words) if before else None
    line = register_entry_of(after, words)
    is_whole = before is not None and before.authority_hash != after.authority_hash
    if was == line and not is_whole:
        return None
    return EntryChange(id_, was, EntryToInsert(id_, reference, line, child, raiser) if line else None, is_whole)


def write_entries(connection: Connection, authority: str, changes: Sequence[EntryChange]) -> None:
    """Put lines in the place of earlier ones."""
    write_together(connection, ENTRY_ROWS, take_out_changed(connection, authority, changes))


ENTRY_ROWS = (NewRows(RegisterRow, renews=ALL), NewRows(StayRow, renews=ALL))


def take_out_changed(connection: Connection, authority: str, changes: Sequence[EntryChange]) -> dict[str, list[dict[str, Any]]]:
    """The rows by which lines change, by table, for `ENTRY_ROWS`: most decisions change one visit to a stage.

    Lines that rows are to go of are taken out here.
    """
    rows: dict[str, list[dict[str, Any]]] = {"register": [], "stay": []}
    gone: list[UUID] = []
    for change in changes:
        now = _by_key(authority, change.after) if change.after else {}
        was = _by_key(authority, replace(change.after, line=change.before)) if change.after and change.before else {}
        if change.before and (change.is_whole or not change.after or not was.keys() <= now.keys()):
            gone.append(change.id)
            was = {}
        for key, row in now.items():
            if was.get(key) != row:
                rows[key[0]].append(row)
    take_out_entries(connection, authority, gone)
    return rows


def _by_key(authority: str, entered: EntryToInsert) -> dict[tuple[str, int], dict[str, Any]]:
    lines = {("register", row["n"]): row for row in rows_of(authority, entered)}
    return lines | {("stay", row["sequence"]): row for row in _stays_of(authority, entered)}


def take_out_entries(connection: Connection, authority: str, ids: Sequence[UUID]) -> None:
    """Take the lines of some items out, with their visits to stages."""
    if not ids:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(TAKE_OUT_BY_KEY, {"keys": json.dumps([{"id": str(id_)} for id_ in ids])})
        return
    for statement in TAKE_OUT_ENTRIES:
        connection.execute(statement, {"authority": authority, "ids": ids})


def insert_entries(connection: Connection, authority: str, entered: Iterable[EntryToInsert], at_once: int = 2_000) -> int:
    """Write lines, many at once; gives how many there were."""
    rows: dict[str, list[dict[str, Any]]] = {"register": [], "stay": []}
    count = 0
    for one in entered:
        count += 1
        rows["register"] += rows_of(authority, one)
        rows["stay"] += _stays_of(authority, one)
        if len(rows["register"]) >= at_once:
            write_together(connection, ENTRY_ROWS, rows)
            rows = {"register": [], "stay": []}
    write_together(connection, ENTRY_ROWS, rows)
    return count


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
            "number": entered.number, "number_folded": fold(entered.number), "raiser": entered.raiser,
        }  # fmt: skip
        themes.add(theme)


def unlike_stored(connection: Connection, authority: str, id_: UUID, entered: EntryToInsert | None) -> str:
    """The first thing in which an item's line as it is kept is not this one; empty where it is. None: it has no line."""
    lines, stays = (list(rows_of(authority, entered)), list(_stays_of(authority, entered))) if entered else ([], [])
    for table, key, made in ((RegisterRow, "n", lines), (StayRow, "sequence", stays)):
        found = connection.execute(select_of(table, authority).where(core_table(table).c.id == id_)).mappings()
        kept = {row[key]: dict(row) for row in found}
        made_by_key = {row[key]: row for row in made}
        if kept.keys() != made_by_key.keys():
            return "its line in the register is gone, or is one too many"
        for n, row in made_by_key.items():
            if wrong := next((name for name, value in row.items() if kept[n][name] != value), ""):
                return f"its line in the register has another {wrong.replace('_', ' ')} than its events decide"
    return ""


def _stays_of(authority: str, entered: EntryToInsert) -> Iterator[dict[str, Any]]:
    for stay in entered.line.stays:
        yield {
            "authority": authority, "id": entered.id, "sequence": stay.sequence, "kind": kind_of(entered.line.item_type),
            "stage": stay.stage, "cause": stay.cause, "month": f"{stay.entered_on:%Y-%m}", "reply": stay.reply,
            "days_to_acknowledge": stay.days_to_acknowledge, "days_to_answer": stay.days_to_answer,
        }  # fmt: skip
