"""The register as a list: the items behind a figure, each once, narrowed as theme tables are, page by page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, case, func, literal, or_, select, true
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow
from drp.database.folding import fold
from drp.database.gathering import gather_by_key
from drp.database.list_places import ListPage, read_place, start_after, write_place
from drp.database.register_tables import RegisterRow, SheetRow
from drp.database.scope import core_table, count_of, select_of
from drp.reports import repeats_and_gaps, response_times
from drp.reports.aggregate import CountQuery, Dimension, conditions_of
from drp.reports.display_labels import DisplayLabels
from drp.reports.response_times import VisitFilter
from drp.reports.theme_tables import PRACTICE, SCRUTINY, TableQuestion, asked_of, kinds_of
from workflows.model.refusals import Unfit
from workflows.model.register_entry import APART, CHALLENGE

EVERY_KIND = (CHALLENGE, PRACTICE, SCRUTINY)
BETWEEN = tuple(kind for kind in APART.values() if kind not in EVERY_KIND)
"""Kinds of what is followed between reviews: listed one by one, and never among challenges or with `all`."""
SORTS = {
    "raised": "Raised, newest first", "raised_up": "Raised, oldest first", "ended": "Ended, newest first",
    "stage": "Highest stage, lowest first", "team": "Team", "reference": "Reference",
}  # fmt: skip
"""The orders that a list can have."""

CODED = (Dimension.REASON, Dimension.THEME)
"""What an item may have several of, a row each: what is asked of it may hold for any one of its rows."""


@dataclass(frozen=True)
class RegisterFilter:
    """What a list is narrowed to: as a theme table's cell, and to what only a list knows.

    `kind`: one of `EVERY_KIND` or `BETWEEN`, `all`, or empty for what tables count. `past`: only what waits for a reply past
    its date now, by the stage at which it stands, whatever its kind. `other`: only reasons that need words. `sheet`: only of
    this file. `child`: only about the child of this case number. `reference`: only this item. `came`: only what once came to a
    stage so. `ended`: only what ended.
    """

    question: TableQuestion
    kind: str = ""
    past: bool = False
    other: bool = False
    sheet: str = ""
    child: str = ""
    reference: str = ""
    came: VisitFilter | None = None
    ended: bool = False


@dataclass(frozen=True)
class RegisterItem:
    """One line of the list. `reasons` and `themes` in their order; `child` and `raiser` are identities."""

    id: UUID
    reference: str
    sheet: str
    item_type: str
    raised_on: date
    stage: str
    reasons: tuple[str, ...]
    themes: tuple[str, ...]
    team: str
    service: str
    status: str
    outcome: str
    impact: str
    ended_on: date | None
    days_to_end: int | None
    child: UUID | None
    number: str
    """The child's number as a sheet had it."""
    raiser: UUID | None


def search_register(
    connection: Connection,
    labels: DisplayLabels,
    wanted: RegisterFilter,
    now: datetime,
    sort: str = "raised",
    most: int = 50,
    after: str = "",
) -> ListPage[RegisterItem]:
    """A page of the list. Raises Unfit for a place or an order that was never given."""
    if sort not in SORTS:
        raise Unfit("There is no such order.", f"Choose one of {', '.join(SORTS)}.", "sort")
    keys, descending = _order(labels, sort)
    columns = (core_table(RegisterRow), *(key.label(f"key_{n}") for n, key in enumerate(keys)))
    query = select_of(RegisterRow, labels.words.key, *columns).where(*filter_conditions(labels, wanted, now))
    query = start_after(query, keys, read_place(after, sort, keys), descending)
    query = query.order_by(*(key.desc() if descending else key.asc() for key in keys)).limit(most + 1)
    rows = connection.execute(query).all()
    shown = rows[:most]
    coded = _coded(connection, labels.words.key, [row.id for row in shown])
    items = tuple(_item(row, coded.get(row.id, ())) for row in shown)
    last = [getattr(shown[-1], f"key_{n}") for n in range(len(keys))] if len(rows) > most else []
    return ListPage(items, write_place(sort, last) if last else "")


def count_register(connection: Connection, labels: DisplayLabels, wanted: RegisterFilter, now: datetime) -> int:
    """How many items the whole list has, each once."""
    return count_of(connection, RegisterRow, labels.words.key, *filter_conditions(labels, wanted, now))


def find_sheet_name(connection: Connection, authority: str, sheet: str) -> str:
    """Find what a file that lines were brought in from is called, by its hash; empty if there is none such."""
    named = select_of(SheetRow, authority, SheetRow.name).where(col(SheetRow.hash) == sheet)
    return connection.execute(named).scalar() or ""


def filter_conditions(labels: DisplayLabels, wanted: RegisterFilter, now: datetime) -> list[Any]:
    """Conditions on an item's first row, for rows of the authority. What is asked of its reasons may hold for any of its rows."""
    here, question = labels.words.key, wanted.question
    found: list[Any] = [col(RegisterRow.is_first) == true()]
    if wanted.past:
        found.append(col(RegisterRow.id).in_(_waiting(labels, question, here, now)))
        kept_back = tuple(pair for pair in question.only if pair[0] is not Dimension.STAGE)
        question = replace(question, across=None, only=kept_back, together=False)
    kinds = _kinds(wanted)
    by_kind = []
    for kind in kinds:
        # Only beside challenges does a notice without a reason stand under what it is, as it does in a table.
        asked = asked_of(labels, question, (question.by, None), CHALLENGE if wanted.kind not in ("", CHALLENGE) else kind)
        by_kind.append(and_(col(RegisterRow.kind) == kind, *_of_items(labels, wanted, here, kind, asked)))
    found.append(by_kind[0] if len(by_kind) == 1 else or_(*by_kind))
    if wanted.sheet:
        found.append(col(RegisterRow.sheet) == wanted.sheet)
    if wanted.came:
        found.append(col(RegisterRow.id).in_(response_times.ids_of_visits(labels, wanted.came, kinds)))
    if wanted.ended:
        found.append(col(RegisterRow.days_to_end).is_not(None))
    if wanted.reference:
        found.append(col(RegisterRow.reference) == wanted.reference)
    if wanted.child:
        found.append(
            or_(
                col(RegisterRow.child).in_(
                    select_of(ChildRow, here, ChildRow.id).where(col(ChildRow.number_folded) == fold(wanted.child))
                ),
                col(RegisterRow.number_folded) == fold(wanted.child),
            )
        )
    return found


def _kinds(wanted: RegisterFilter) -> tuple[str, ...]:
    if wanted.kind in ("", CHALLENGE):
        return EVERY_KIND if wanted.past and not wanted.kind else kinds_of(wanted.question)
    if wanted.kind == "all":
        return EVERY_KIND
    if wanted.kind in (*EVERY_KIND, *BETWEEN):
        return (wanted.kind,)
    raise Unfit("There is no such kind.", f"Choose one of {', '.join((*EVERY_KIND, *BETWEEN, 'all'))}.", "kind")


def _of_items(labels: DisplayLabels, wanted: RegisterFilter, here: str, kind: str, asked: CountQuery) -> list[Any]:
    of_reasons = [pair for pair in asked.only if pair[0] in CODED]
    if wanted.other:
        others = tuple(kept for key in repeats_and_gaps.without_own_code(labels) for kept in labels.kept(Dimension.REASON, key))
        of_reasons.append((Dimension.REASON, others))
    found = conditions_of(replace(asked, only=tuple(pair for pair in asked.only if pair[0] not in CODED)))
    if of_reasons:
        some = select_of(RegisterRow, here, RegisterRow.id).where(
            col(RegisterRow.kind) == kind,
            *conditions_of(CountQuery(Dimension.REASON, only=tuple(of_reasons))),
        )
        found.append(col(RegisterRow.id).in_(some))
    return found


def _waiting(labels: DisplayLabels, question: TableQuestion, here: str, now: datetime) -> Any:
    query = repeats_and_gaps.waiting_statement(select(col(ChallengeRow.id)), here, now)
    for by, key in question.only:
        if by is Dimension.STAGE:
            query = query.where(col(ChallengeRow.stage).in_(labels.kept(by, key)))
    return query


def _order(labels: DisplayLabels, sort: str) -> tuple[list[Any], bool]:
    """What the list is ordered by, all one way, and whether that is downwards. The last of it is each item's own."""
    table = core_table(RegisterRow)
    if sort == "reference":
        return [table.c.reference, table.c.id], False
    if sort == "ended":
        return [func.coalesce(table.c.ended_on, literal(date.min, table.c.ended_on.type)), table.c.id], True
    if sort in ("stage", "team"):
        rank = {kept: -n for n, heading in enumerate(labels.every(Dimension(sort))) for kept in heading.kept}
        column = table.c[sort]
        ranked = case(rank, value=column, else_=-len(rank) - 1) if rank else case((column == "", 0), else_=0)
        return [ranked, table.c.raised_on, table.c.id], True
    return [table.c.raised_on, table.c.id], sort == "raised"


def _coded(connection: Connection, authority: str, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[tuple[str, str]]]:
    rows = connection.execute(
        select_of(RegisterRow, authority, RegisterRow.id, RegisterRow.reason, RegisterRow.theme)
        .where(col(RegisterRow.id).in_(ids))
        .order_by(col(RegisterRow.id), col(RegisterRow.n))
    )
    return gather_by_key((row.id, (row.reason, row.theme)) for row in rows if row.reason)


def _item(row: Any, coded: Sequence[tuple[str, str]]) -> RegisterItem:
    return RegisterItem(
        row.id, row.reference, row.sheet, row.item_type, row.raised_on, row.stage,
        tuple(reason for reason, _ in coded), tuple(dict.fromkeys(theme for _, theme in coded if theme)),
        row.team, row.service, row.status, row.outcome, row.impact, row.ended_on, row.days_to_end, row.child, row.number,
        row.raiser,
    )  # fmt: skip
