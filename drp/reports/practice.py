"""Excellent practice for those who lead and for reports: how much was noticed and thanked, and the words that may be quoted."""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, case, func
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, EntryRow, WordsRow
from drp.database.register_tables import RegisterRow
from drp.database.scope import in_authority, select_of
from drp.reports.aggregate import CountQuery, Dimension, conditions_of
from drp.reports.display_labels import DisplayLabels, TableHeading
from workflows.model.challenge import Outcome, QuoteState
from workflows.model.events import Corrected, QuoteOffered
from workflows.model.ladder import ItemType
from workflows.model.register_entry import APART

PRACTICE_KIND = APART[ItemType.EXCELLENT_PRACTICE]


@dataclass(frozen=True)
class QuotablePractice:
    """Words about excellent practice that a report may quote: nobody's name, and nothing that tells who the child is.

    `item` is the notice's id; `thanked`: how often whoever it names was thanked.
    """

    reference: str
    item: UUID
    words: str
    team: str
    """The team's key, as it was when the notice was raised."""
    team_label: str
    thanked: int


def list_quotable(
    connection: Connection, labels: DisplayLabels, first_month: str = "", last_month: str = ""
) -> tuple[QuotablePractice, ...]:
    """List what may be quoted of the notices counted in these months (2026-04, both included; empty: without an end).

    Words are quotable where the raiser offered them, saying that they tell nothing of the child, and everybody whom the notice
    names agreed; not where the notice was withdrawn or the words were corrected or erased since.
    """
    here = labels.words.key
    rows = connection.execute(
        select_of(
            RegisterRow, here, RegisterRow.id, RegisterRow.reference, RegisterRow.team, ChallengeRow.thanked
        )
        .join(ChallengeRow, in_authority(ChallengeRow, here) & (col(ChallengeRow.id) == col(RegisterRow.id)))
        .where(
            *_notices(first_month, last_month),
            col(RegisterRow.outcome) == Outcome.NOTICED.value,
            col(ChallengeRow.quote) == QuoteState.AGREED.value,
        )
        .order_by(col(RegisterRow.raised_on), col(RegisterRow.reference))
    ).all()  # fmt: skip
    words = _words_offered(connection, here, [row.id for row in rows])
    return tuple(
        QuotablePractice(
            row.reference, row.id, words[row.id], row.team, labels.label(Dimension.TEAM, row.team), row.thanked
        )
        for row in rows if row.id in words
    )  # fmt: skip


def _words_offered(connection: Connection, authority: str, items: Collection[UUID]) -> dict[UUID, str]:
    """The words that were offered last of each item; none where they were corrected, or erased, since."""
    entries = connection.execute(
        select_of(EntryRow, authority, EntryRow.challenge, EntryRow.number, EntryRow.kind, EntryRow.facts)
        .where(col(EntryRow.challenge).in_(items), col(EntryRow.kind).in_([QuoteOffered.type, Corrected.type]))
        .order_by(col(EntryRow.challenge), col(EntryRow.number))
    ).all()
    last = {row.challenge: row.number for row in entries if row.kind == QuoteOffered.type}
    corrected = {(row.challenge, json.loads(row.facts)["entry"]) for row in entries if row.kind == Corrected.type}
    rows = connection.execute(
        select_of(WordsRow, authority, WordsRow.challenge, WordsRow.number, WordsRow.text)
        .where(col(WordsRow.challenge).in_(items), col(WordsRow.field) == "quote")
        .order_by(col(WordsRow.challenge), col(WordsRow.number))
    )
    standing = ((row.challenge, row.number, row.text) for row in rows)
    return {item: text for item, n, text in standing if last.get(item) == n and (item, n) not in corrected}


@dataclass(frozen=True)
class PracticeFigures:
    """Notices of excellent practice of one team: how many were raised, thanked at least once, and may be quoted."""

    heading: TableHeading
    notices: int
    thanked: int
    quotable: int


def figures_of_practice(
    connection: Connection, labels: DisplayLabels, first_month: str = "", last_month: str = ""
) -> tuple[PracticeFigures, ...]:
    """Count notices by team: those counted in these months, whatever became of them, as the register counts them."""
    here = labels.words.key
    rows = connection.execute(
        select_of(
            RegisterRow, here, RegisterRow.team, func.count().label("notices"),
            func.sum(case((col(ChallengeRow.thanked) > 0, 1), else_=0)).label("thanked"),
        )
        .outerjoin(ChallengeRow, in_authority(ChallengeRow, here) & (col(ChallengeRow.id) == col(RegisterRow.id)))
        .where(*_notices(first_month, last_month))
        .group_by(col(RegisterRow.team))
    ).all()  # fmt: skip
    quotable = Counter(one.team for one in list_quotable(connection, labels, first_month, last_month))
    by_team = {row.team: row for row in rows}
    return tuple(
        PracticeFigures(heading, (row := by_team[heading.key]).notices, int(row.thanked), quotable[heading.key])
        for heading in labels.headings(Dimension.TEAM, by_team)
    )


def _notices(first_month: str, last_month: str) -> list[Any]:
    asked = CountQuery(Dimension.TEAM, None, first_month, last_month, (), (PRACTICE_KIND,))
    return [col(RegisterRow.kind) == PRACTICE_KIND, col(RegisterRow.is_first), *conditions_of(asked)]
