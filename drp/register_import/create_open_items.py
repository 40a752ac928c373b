"""Taking open rows of a sheet over as running items: by explicit choice, for the child's IRO, at their stage, counted once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.casework import load
from drp.casework.service import Casework
from drp.database.challenge_tables import ChallengeRow
from drp.database.scope import select_of
from drp.directory import lookup
from drp.identity.tokens import principal_of
from drp.register_import.columns import SheetColumns
from drp.register_import.faults import SheetFaults
from drp.register_import.register_rows import SheetRowRead
from workflows.calendar.working_days import local_date, long_date
from workflows.decision.recipients import Establishment
from workflows.model.authority import Capacity, Rules
from workflows.model.challenge import Outcome
from workflows.model.events import Chosen, Raised
from workflows.model.ladder import ItemType
from workflows.model.refusals import Refused, Unfit


@dataclass(frozen=True)
class TakenOver:
    """One row that runs as an item now: its number in the sheet, its reference there, the item's own."""

    row: int
    was: str
    reference: str


_FIELDS = {"reasons": "reason", "stage_reason": "stage", "respond_by": "due"}
"""Which column an event's field was read from."""


def take_over(
    casework: Casework, connection: Connection, rules: tuple[Rules, ...], rows: Sequence[SheetRowRead], columns: SheetColumns,
    now: datetime, faults: SheetFaults,
) -> tuple[TakenOver, ...]:  # fmt: skip
    """Raise each as an item, in the caller's transaction. One that cannot be is noted in `faults`: then nothing may be kept."""
    taken = []
    for row in rows:
        try:
            taken.append(_taken(casework, connection, rules, row, now))
        except Refused as refused:
            field = _FIELDS.get(refused.field, refused.field)
            faults.add(
                row.row,
                columns.shown(field) if field in columns.at else "",
                f"it is open and cannot be taken over. {refused.said}".rstrip("."),
                refused.do.rstrip("."),
            )
    return tuple(taken)


def _taken(casework: Casework, connection: Connection, rules: tuple[Rules, ...], row: SheetRowRead, now: datetime) -> TakenOver:
    line, was = row.entered.line, row.entered.reference
    if not line.stage:
        raise Unfit("The row does not say at which stage it is.", "Write its stage, or bring it in without --take-over.", "stage")
    iro, role = _iro(connection, rules, row, local_date(now))
    names_its_date = any(
        each.ladder.has(line.stage) and each.ladder.stage(line.stage).respond_within.set_by_raiser for each in rules
    )
    text = f"Taken over from the register, where it is {was}, raised on {long_date(line.raised_on)}."
    event = Raised(
        line.item_type,
        tuple(reason.reason for reason in line.reasons),
        text,
        other_reason=text,
        stage=line.stage,
        stage_reason=text,
        advice_before_skipping=text,
        to=(Chosen(row.to),) if row.to else (),
        respond_by=row.due if names_its_date and row.due and row.due >= local_date(now) else None,
        raiser_role=role,
        taken_over_from=line.raised_on,
    )
    who = principal_of(connection, rules[0].authority, iro, now)
    done = casework.raise_within(connection, who, row.entered.number, event, now)
    return TakenOver(row.row, was, done.loaded.reference)


def _iro(connection: Connection, rules: tuple[Rules, ...], row: SheetRowRead, day: date) -> tuple[UUID, str]:
    """The child's IRO today, and the role in which they are. Raises Unfit where there is none."""
    authority = rules[0].authority
    subject = lookup.child_by_number(connection, authority.key, row.entered.number)
    assert subject is not None, "it was found when the row was checked"
    establishment: Establishment = load.load_establishment(connection, authority.key, [subject.about])
    for role in authority.roles_acting_as(Capacity.IRO):
        holders = sorted(establishment.holders(authority, role, subject.about, day))
        if holders:
            return UUID(holders[0]), role
    raise Unfit(
        f"Child {row.entered.number} has no {authority.label('iro')} today.", "Allocate one in the directory first.", "child"
    )


def refuse_what_runs(
    connection: Connection, authority: str, rows: Iterable[SheetRowRead], columns: SheetColumns, faults: SheetFaults
) -> None:
    """Note every row that an earlier sheet's row made into an item: it is in the register by that item, and counts once."""
    taken_from: Any = col(ChallengeRow.rest)
    found = connection.execute(
        select_of(
            ChallengeRow,
            authority,
            ChallengeRow.reference,
            ChallengeRow.child,
            ChallengeRow.item_type,
            ChallengeRow.reasons,
            taken_from["taken_over_from"].as_string().label("day"),
        ).where(
            taken_from["taken_over_from"].as_string().is_not(None),
            # What was recorded in error is in no register: its row may come in as what it is.
            col(ChallengeRow.phase) != Outcome.IN_ERROR.value,
        )
    )
    running = {(row.child, ItemType(row.item_type), row.day, frozenset(row.reasons)): row.reference for row in found}
    for row in rows if running else ():
        line = row.entered.line
        reasons = frozenset(reason.reason for reason in line.reasons)
        known = running.get((row.entered.child, line.item_type, line.raised_on.isoformat(), reasons))
        if known and row.entered.child:
            faults.add(
                row.row,
                columns.shown("reference"),
                f"it was taken over before and is {known} now: the same child, day, kind and reasons",
                "leave the row out",
            )
