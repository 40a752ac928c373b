"""Independent legal advice, counted by the reporting year of its day and from whom it came: numbers of the whole authority alone.

What was advised, on which item and by whom it was asked for is for the child's IRO; no figure here leads to an item.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, literal_column
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, EntryRow
from drp.database.scope import in_authority, select_of
from workflows.calendar.reporting_periods import quarter_of
from workflows.model.challenge import Outcome
from workflows.model.events import ADVICE_FROM, LegalAdviceTaken

YEARS = 3
"""Reporting years that are shown: this one, and those before it."""


@dataclass(frozen=True)
class AdviceFigures:
    """How often advice was taken from one source, by reporting year, in the order of `years`. Empty source: it is not said."""

    source: str
    numbers: tuple[int, ...]


def years_until(today: date, most: int = YEARS) -> tuple[str, ...]:
    """The reporting years that are shown, the latest last, each by its first calendar year."""
    latest = int(quarter_of(today)[:4])
    return tuple(str(latest - before) for before in reversed(range(most)))


def count_advice(connection: Connection, authority: str, years: tuple[str, ...]) -> tuple[AdviceFigures, ...]:
    """How often advice was taken, by source and year, every source in its order. What was recorded in error is not counted."""
    rows = connection.execute(
        select_of(EntryRow, authority, EntryRow.facts)
        .join(ChallengeRow, in_authority(ChallengeRow, authority) & (col(ChallengeRow.id) == col(EntryRow.challenge)))
        # Literally, as the index has it: a database that is asked with a parameter does not know that the index will do.
        .where(
            col(EntryRow.kind) == literal_column(f"'{LegalAdviceTaken.type}'"),
            col(ChallengeRow.phase) != Outcome.IN_ERROR.value,
        )
    )
    counted = Counter[tuple[str, str]]()
    for facts in map(json.loads, rows.scalars()):
        counted[facts.get("from_whom", ""), quarter_of(date.fromisoformat(facts["on"]))[:4]] += 1
    return tuple(AdviceFigures(source, tuple(counted[source, year] for year in years)) for source in (*ADVICE_FROM, ""))
