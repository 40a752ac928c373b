"""Theme tables: what the challenges say, counted by any two things, with totals that account for everything.

A table always adds up, or says why it cannot: an item of two reasons stands under both and is one item in the total; what
nobody recorded stands in a row of its own (a table in a report may leave both unsaid). Inside the service counts are true.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func
from sqlmodel import col

from drp.database.register_tables import RegisterRow
from drp.database.scope import select_of
from drp.reports.aggregate import PERIODS, CountedPairs, CountQuery, Dimension, conditions_of, count_items
from drp.reports.display_labels import DisplayLabels, TableHeading
from drp.reports.percentages import change_in_percent, percent_of
from workflows.calendar.reporting_periods import first_day, months_in, periods_between
from workflows.calendar.working_days import so_many
from workflows.model.ladder import ItemType
from workflows.model.register_entry import APART, CHALLENGE
from workflows.model.reporting import SeriesBreak

PRACTICE = APART[ItemType.EXCELLENT_PRACTICE]
SCRUTINY = APART[ItemType.SENIOR_SCRUTINY]
_APART_KEYS = {kind: item.value for item, kind in APART.items()}


@dataclass(frozen=True)
class TableQuestion:
    """What somebody wants to know. `first`, `last`: months of raising, both included, or empty for all there is.

    `only`: rows' keys, as tables show them. `together`: stages counted together, as the authority's file says.
    """

    by: Dimension
    across: Dimension | None = None
    first: str = ""
    last: str = ""
    only: tuple[tuple[Dimension, str], ...] = ()
    with_practice: bool = False
    together: bool = False


@dataclass(frozen=True)
class ThemeTable:
    """Counts with their headings. Shares are of the column's total, or of all items where there are no columns."""

    question: TableQuestion
    title: str
    rows: tuple[TableHeading, ...]
    columns: tuple[TableHeading, ...]
    cells: Mapping[tuple[str, str], int]
    row_totals: Mapping[str, int]
    column_totals: Mapping[str, int]
    items: int
    notes: tuple[str, ...] = ()
    breaks: tuple[tuple[str, str], ...] = ()
    """Columns (or rows) before which recording changed, and why."""

    def cell(self, row: TableHeading, column: TableHeading | None = None) -> int:
        """How many items stand there; without a column in the whole row."""
        return self.cells.get((row.key, column.key), 0) if column else self.row_totals.get(row.key, 0)

    def total(self, column: TableHeading | None = None) -> int:
        """How many items there are in a column, or in all, each once."""
        return self.column_totals.get(column.key, 0) if column else self.items

    def share(self, row: TableHeading, column: TableHeading | None = None) -> str:
        """Per cent of the column's total with two decimals, halves up, as reports print it; empty where there is nothing."""
        return percent_of(self.cell(row, column), self.total(column))


def read_table(connection: Connection, labels: DisplayLabels, question: TableQuestion) -> ThemeTable:
    """Count what is asked. Raises ValueError where it is counted by the same thing twice."""
    if question.by is question.across:
        raise ValueError(f"Both are {question.by.value}: count by one thing, or by two different ones.")
    across = question.across
    cells = count_question(connection, labels, question, (question.by, across))
    by_row = count_question(connection, labels, question, (question.by, None)) if across else cells
    by_column = count_question(connection, labels, question, (across, None)) if across else None
    rows = _headings(labels, question.by, [key for key, _ in by_row.cells], question)
    columns = _headings(labels, across, [key for key, _ in by_column.cells], question) if across and by_column else ()
    return ThemeTable(
        question=question,
        title=_title(labels, question),
        rows=rows,
        columns=columns,
        cells=_folded(labels, question, cells),
        row_totals={row.key: _sum(by_row, row.kept) for row in rows},
        column_totals={column.key: _sum(by_column, column.kept) for column in columns} if by_column else {},
        items=by_row.items,
        notes=tuple(explain_totals(connection, labels, question, by_row, by_column)),
        breaks=_breaks(labels, question.by if question.by in PERIODS else across, rows if question.by in PERIODS else columns),
    )


def _title(labels: DisplayLabels, question: TableQuestion) -> str:
    by, across = labels.title(question.by), question.across
    if across:
        return f"{by} by {_lower(labels.title(across))}"
    return f"Items by {_lower(by)}" if question.by in PERIODS else by


def _lower(title: str) -> str:
    return title if title.isupper() else title[:1].lower() + title[1:]


def asked_of(
    labels: DisplayLabels, question: TableQuestion, names: tuple[Dimension, Dimension | None], kind: str = CHALLENGE
) -> CountQuery:
    """What is asked of the register, of one kind of item, for a question."""
    only = tuple((by, _kept(labels, by, key, kind)) for by, key in question.only)
    return CountQuery(names[0], names[1], question.first, question.last, only, (kind,))


def ids_of_narrowed(labels: DisplayLabels, question: TableQuestion) -> Any:
    """The items that a question is narrowed to, whenever they were raised, as a query of their identities."""
    return select_of(RegisterRow, labels.words.key, RegisterRow.id).where(
        *conditions_of(asked_of(labels, TableQuestion(Dimension.STAGE, only=question.only), (Dimension.STAGE, None)))
    )


def _kept(labels: DisplayLabels, by: Dimension, key: str, kind: str) -> tuple[str, ...]:
    """The values that a row's key gathers among items of a kind: a notice without a reason stands under what it is."""
    if by not in (Dimension.REASON, Dimension.THEME) or kind not in _APART_KEYS:
        return labels.kept(by, key)
    return ("",) if key == _APART_KEYS[kind] else labels.kept(by, key) if key else ()


def kinds_of(question: TableQuestion) -> tuple[str, ...]:
    """What is counted: challenges, and notices of excellent practice where they are counted in."""
    wanted = {key for by, key in question.only if by is Dimension.ITEM_TYPE}
    for kind, item in _APART_KEYS.items():
        if item in wanted:
            return (kind,)
    return (CHALLENGE, PRACTICE) if question.with_practice else (CHALLENGE,)


def count_question(
    connection: Connection, labels: DisplayLabels, question: TableQuestion, names: tuple[Dimension, Dimension | None]
) -> CountedPairs:
    """Counts of every kind together. A notice without a reason counts under what it is, not as one nobody gave a reason."""
    cells = Counter[tuple[str, str]]()
    items = 0
    for kind in kinds_of(question):
        asked = asked_of(labels, question, names, kind)
        counts = count_items(connection, labels.words.key, asked)
        items += counts.items
        for (first, second), number in _each_once(connection, labels, asked, counts).items():
            cells[_named(kind, names[0], first), _named(kind, names[1], second) if names[1] else ""] += number
    return CountedPairs(cells, items)


def _each_once(
    connection: Connection, labels: DisplayLabels, asked: CountQuery, counts: CountedPairs
) -> Mapping[tuple[str, str], int]:
    """Cells in which an item of two reasons that are counted as one by now stands once."""
    if Dimension.REASON not in asked.names:
        return counts.cells
    cells, place = dict(counts.cells), asked.names.index(Dimension.REASON)
    other = asked.across if place == 0 else asked.by
    for reason in sorted(set(labels.words.reporting.reasons.values())):
        kept = labels.kept(Dimension.REASON, reason)
        alike = [key for key in cells if key[place] in kept]
        if len({key[place] for key in alike}) < 2:
            continue
        for key in alike:
            del cells[key]
        narrowed = replace(asked, by=other or Dimension.MONTH, across=None, only=(*asked.only, (Dimension.REASON, kept)))
        again = count_items(connection, labels.words.key, narrowed)
        values = {value: number for (value, _), number in again.cells.items()} if other else {"": again.items}
        cells |= {(reason, value) if place == 0 else (value, reason): number for value, number in values.items()}
    return cells


def _named(kind: str, by: Dimension | None, value: str) -> str:
    return _APART_KEYS[kind] if kind in _APART_KEYS and by in (Dimension.REASON, Dimension.THEME) and not value else value


def _headings(labels: DisplayLabels, by: Dimension, kept: list[str], question: TableQuestion) -> tuple[TableHeading, ...]:
    """Those that occur; of stages also those that were never used, of periods also those with nothing in them."""
    if by in PERIODS:
        kept = [*kept, *periods_between(kept)]
    found = labels.headings(by, kept)
    if by is Dimension.STAGE and not any(narrowed is Dimension.STAGE for narrowed, _ in question.only):
        present, in_use, every = {stage.key for stage in found}, labels.in_use(), labels.every(Dimension.STAGE)
        unused = [stage for stage in every if stage.key in in_use and stage.key not in present]
        rank = {stage.key: n for n, stage in enumerate(every)}
        found = tuple(sorted((*found, *unused), key=lambda stage: (stage.key == "", rank.get(stage.key, len(rank)))))
    return found


def _sum(counts: CountedPairs, kept: tuple[str, ...]) -> int:
    return sum(counts.cells.get((value, ""), 0) for value in kept)


def _folded(labels: DisplayLabels, question: TableQuestion, counts: CountedPairs) -> dict[tuple[str, str], int]:
    cells = Counter[tuple[str, str]]()
    for (first, second), number in counts.cells.items():
        column = labels.heading(question.across, second).key if question.across else ""
        cells[labels.heading(question.by, first).key, column] += number
    return cells


def explain_totals(
    connection: Connection, labels: DisplayLabels, question: TableQuestion, by_row: CountedPairs, by_column: CountedPairs | None
) -> Iterable[str]:
    """Say why rows or columns add up to more than the total, what nobody recorded, and what is counted in."""
    sides = [("row", question.by, by_row)]
    if question.across and by_column:
        sides.append(("column", question.across, by_column))
    for side, by, counts in sides:
        what, more = _lower(labels.title(by)), sum(counts.cells.values()) - counts.items
        if more > 0:
            yield (
                f"An item with more than one {what} stands in each {side} that it has, and once in the total: "
                f"the {side}s add up to {more} more."
            )
        if missing := counts.cells.get(("", ""), 0):
            recorded = "nothing recorded yet of what changed for the child" if by is Dimension.IMPACT else f"no {what} recorded"
            yield f"{missing} of {counts.items} have {recorded}."
    if Dimension.STATUS in (question.by, question.across) and (both := _count_dual(connection, labels, question)):
        yield (
            f"{both} of {by_row.items} are about a child with more than one status: each is counted once, under the first "
            "of the statuses in the order of the table."
        )
    if question.with_practice:
        yield f"Notices of {labels.words.label('excellent_practice')} are counted in."


def _count_dual(connection: Connection, labels: DisplayLabels, question: TableQuestion) -> int:
    query = select_of(RegisterRow, labels.words.key, func.count(col(RegisterRow.id).distinct())).where(
        col(RegisterRow.kind).in_(kinds_of(question)),
        col(RegisterRow.is_dual),
        *conditions_of(asked_of(labels, question, (question.by, None))),
    )
    return int(connection.execute(query).scalar_one())


def _breaks(labels: DisplayLabels, by: Dimension | None, headings: tuple[TableHeading, ...]) -> tuple[tuple[str, str], ...]:
    if by not in PERIODS:
        return ()
    return tuple(
        (heading.key, series_break.why)
        for heading, before in zip(headings[1:], headings, strict=False)
        if (series_break := break_between(labels, before.key, heading.key))
    )


def break_between(labels: DisplayLabels, earlier: str, later: str) -> SeriesBreak | None:
    """Where recording changed between two periods (after the first began, and not after the second did)."""
    began, again = (first_day(months_in(period)[0]) for period in (earlier, later))
    return next((series_break for series_break in labels.words.reporting.breaks if began < series_break.since <= again), None)


GOOD = ("better", "partly")
"""What changed for the better for a child, wholly or in part."""


def _impact(table: ThemeTable) -> str:
    """Did it work? Of those items of which it was said what changed for the child."""
    by_row = table.question.by is Dimension.IMPACT
    found = {impact.key: table.cell(impact) for impact in table.rows} if by_row else table.column_totals
    known = sum(number for key, number in found.items() if key and key != "too early")
    if not known:
        return f"What changed for the child was not said of any of {table.items:,}, or it was too early to say."
    good = sum(found.get(key, 0) for key in GOOD)
    unknown = table.items - known
    left = f"; it is not said yet, or too early, for {unknown:,}" if unknown else ""
    share = percent_of(good, known)
    return f"Better or partly better for the child in {good:,} of the {known:,} of which it was said ({share}){left}."


def finding_in_words(table: ThemeTable) -> str:
    """One sentence that says what a table shows."""
    if not table.items:
        return "Nothing is counted here: no item was raised in this period, as it is narrowed."
    if Dimension.IMPACT in (table.question.by, table.question.across):
        return _impact(table)
    ordered = [row for row in table.rows if row.key]
    if table.question.by in PERIODS:
        if len(ordered) < 2:
            return f"{table.items:,} in {ordered[0].label if ordered else 'all'}."
        now, before = ordered[-1], ordered[-2]
        moved = change_in_percent(table.cell(now), table.cell(before))
        change = f" ({moved})" if moved else ""
        return f"{table.cell(now):,} in {now.label}, after {table.cell(before):,} in {before.label}{change}."
    if table.question.by is Dimension.IRO:  # for supervision: nobody is ranked
        here = sum(table.cell(row) for row in ordered)
        return f"{table.items:,} in all, {here:,} of them raised here by {so_many(len(ordered), 'IROs')}."
    most = max(ordered or table.rows, key=table.cell)
    alike = [f"“{row.label}”" for row in ordered or table.rows if table.cell(row) == table.cell(most)]
    if len(alike) > 3:
        return f"Nothing stands out: {len(alike)} of {len(table.rows)} rows have {table.cell(most):,} each, of {table.items:,}."
    if len(alike) > 1:
        return f"Most often: {' and '.join(alike)}, {table.cell(most):,} each of {table.items:,} ({table.share(most)})."
    text = f"Most often: {alike[0]}, {table.cell(most):,} of {table.items:,} ({table.share(most)})"
    if table.question.across in PERIODS and len(table.columns) > 1:
        now, before = table.columns[-1], table.columns[-2]
        text += f"; {table.cell(most, now):,} in {now.label}, {table.cell(most, before):,} in {before.label}"
    return text + "."


def counted_apart(connection: Connection, labels: DisplayLabels, quarter: str) -> Mapping[str, int]:
    """What is counted apart from challenges, in one quarter: notices of excellent practice, and senior scrutiny."""
    first, last = months_in(quarter)
    return {
        kind: count_items(connection, labels.words.key, CountQuery(Dimension.MONTH, None, first, last, (), (kind,))).items
        for kind in _APART_KEYS
    }
