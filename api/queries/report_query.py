"""What somebody asks of the figures, from a query; a table as rows to take away. For pages, JSON and command line alike."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from drp.reports.aggregate import PERIODS, Dimension
from drp.reports.display_labels import DisplayLabels, TableHeading
from drp.reports.theme_tables import TableQuestion, ThemeTable, finding_in_words
from workflows.calendar.reporting_periods import (
    month_of,
    months_in,
    months_of,
    period_in_words,
    periods_between,
    quarter_before,
    quarter_of,
    quarter_of_month,
)
from workflows.calendar.working_days import long_date
from workflows.decision.sensible_days import NOT_SENSIBLE, is_sensible_year
from workflows.model.refusals import Unfit

SPANS = {
    "quarters": "This quarter and the one before",
    "year": "This reporting year",
    "years": "This reporting year and the one before",
    "five": "The last five reporting years",
    "all": "Everything on the register",
}
"""Periods that are asked for by name, and what they are called. Reporting years run from 1 April to 31 March."""

UNRECORDED = "-"
"""Stands in an address for what is not recorded."""

BEFORE_ALL = "1990-01"


@dataclass(frozen=True)
class AskedQuestion:
    """A question with the period as it was asked for: by name, or from a month to a month."""

    question: TableQuestion
    span: str

    def address(self, path: str, **instead: str) -> str:
        """The address of the same figures, with some of it otherwise; an empty value leaves a part out."""
        q = self.question
        said = {"by": q.by.value, "across": q.across.value if q.across else "none"}
        said |= {"span": self.span} if self.span else {"since": q.first, "until": q.last}
        return _address(path, said | _narrowed(q) | instead)

    def in_words(self, labels: DisplayLabels) -> str:
        """The period and what it is narrowed to."""
        q = self.question
        found = [f"{labels.title(by).lower()}: {labels.label(by, key)}" for by, key in q.only]
        return "; ".join([self.period_in_words(), *found])

    def period_in_words(self) -> str:
        """Of which months: April 2026 to September 2026."""
        return months_in_words(self.question.first, self.question.last) or SPANS["all"]


ONE_TEAMS_REPLIES = "How soon one team replied is one manager's own figures: the IRO manager sees them."
BY_STAGE = "Look at replies by stage, or narrowed to a service."
"""Why replies are not narrowed to a team for others than the IRO manager, and what they can do instead."""


def check_replies(asked: AskedQuestion, sees_people: bool) -> None:
    """Raise Unfit where figures of replies would be one person's: a team has one manager. A stage and a service may be asked.

    `sees_people`: may they see figures by person? That is for supervision.
    """
    if not sees_people and any(by is Dimension.TEAM for by, _ in asked.question.only):
        raise Unfit(ONE_TEAMS_REPLIES, BY_STAGE, Dimension.TEAM.value)


def months_in_words(first: str, last: str) -> str:
    """From a month to a month, either of which may be empty; empty where both are."""
    if not first:
        return f"up to {period_in_words(last)}" if last else ""
    return f"{period_in_words(first)} to {period_in_words(last)}" if last else f"since {period_in_words(first)}"


def read_question(
    query: Mapping[str, str], today: date, counts_practice: bool, sees_iros: bool, by: Dimension = Dimension.REASON
) -> AskedQuestion:
    """What a query asks. Without anything in it: reasons, this quarter beside the one before. Raises Unfit.

    `sees_iros`: may they see figures by IRO? That is for supervision, and refused to everybody else.
    """
    counted = _by(query.get("by", ""), "by") or by
    across = None if query.get("across") == "none" else _by(query.get("across", ""), "across")
    if across is None and "across" not in query and counted not in PERIODS:
        across = Dimension.QUARTER
    if across is counted:
        raise Unfit("Both are the same thing.", "Count by one thing, or by two different ones.", "across")
    only = tuple((one, _fit(one, _key(query[one.value]))) for one in Dimension if query.get(one.value, ""))
    if Dimension.IRO in (counted, across, *(one for one, _ in only)) and not sees_iros:
        raise Unfit("Figures by IRO are for supervision.", "The IRO manager sees them; ask for something else.", "by")
    first, last = months_of_period(query.get("since", ""), query.get("until", ""))
    span = "" if first or last else query.get("span", "") or "quarters"
    if span:
        first, last = months_of_span(span, today)
    practice = query.get("practice", "1" if counts_practice else "") not in ("", "0")
    return AskedQuestion(
        TableQuestion(counted, across, first, last, only, practice, query.get("together", "") not in ("", "0")), span
    )


def _by(text: str, field: str) -> Dimension | None:
    if not text:
        return None
    try:
        return Dimension(text)
    except ValueError:
        known = ", ".join(by.value for by in Dimension)
        raise Unfit("Nothing can be counted by that.", f"Name one of: {known}.", field) from None


def _key(text: str) -> str:
    """A row's key as somebody typed it: nothing that no database holds."""
    key = "".join(mark if mark.isprintable() else " " for mark in text[:120])
    return "" if key == UNRECORDED else key


def _fit(by: Dimension, key: str) -> str:
    """A key that a thing can have at all. Raises Unfit for a period that is none, or an IRO who is nobody."""
    try:
        if by in PERIODS:
            months_in(key)
            is_of_kind = len(key) == {Dimension.YEAR: 4}.get(by, 7) and ("Q" in key) == (by is Dimension.QUARTER)
            if not is_of_kind or not is_sensible_year(int(key[:4])):
                raise ValueError("another period's")
        elif by is Dimension.IRO and key:
            return str(UUID(key))
    except ValueError:
        raise Unfit(f"That is no {by.value}.", "Choose it from the figures again.", by.value) from None
    return key


def _months_named(period: str, field: str) -> tuple[str, str]:
    """The first and last month of a period as somebody wrote it. Raises Unfit for what is none."""
    try:
        months = months_in(period)
    except ValueError:
        raise Unfit("That is no period.", "Write a year (2016), a quarter (2016-Q1) or a month (2016-04).", field) from None
    if not is_sensible_year(int(period[:4])):
        raise Unfit(*NOT_SENSIBLE, field)
    return months


def months_of_period(since: str, until: str, fields: tuple[str, str] = ("since", "until")) -> tuple[str, str]:
    """The first and last month of a period as somebody wrote its ends. Raises Unfit for what is none."""
    first = _months_named(since, fields[0])[0] if since else ""
    last = _months_named(until, fields[1])[1] if until else ""
    if first and last and last < first:
        raise Unfit("The period ends before it begins.", "Turn the two round.", fields[1])
    return first, last


def months_of_span(span: str, today: date) -> tuple[str, str]:
    """The first and last month of a period by its name. Raises Unfit for a name that is none."""
    quarter = quarter_of(today)
    year = int(quarter[:4])
    spans = {
        "quarters": (months_of(quarter_before(quarter))[0], months_of(quarter)[1]),
        "year": (f"{year}-04", f"{year + 1}-03"),
        "years": (f"{year - 1}-04", f"{year + 1}-03"),
        "five": (f"{year - 4}-04", f"{year + 1}-03"),
        "all": ("", ""),
    }
    if span not in spans:
        raise Unfit("That is no period.", f"Name one of: {', '.join(SPANS)}.", "span")
    return spans[span]


def as_of(made: ThemeTable, asked: AskedQuestion, today: date) -> ThemeTable:
    """A table as it is read today: a period that is not over says so, and this one stands beside the one before, if empty."""
    made = _beside_each_other(made, asked, today)
    q = made.question
    periods = made.rows if q.by in PERIODS else made.columns if q.across in PERIODS else ()
    last = periods[-1] if periods else None
    if last is None or months_in(last.key)[1] < month_of(today):
        return made
    return replace(made, notes=(f"{last.label} is not over: it is counted up to {long_date(today)}.", *made.notes))


def _beside_each_other(made: ThemeTable, asked: AskedQuestion, today: date) -> ThemeTable:
    q = made.question
    if q.across not in (Dimension.QUARTER, Dimension.YEAR) or asked.span not in ("quarters", "years"):
        return made
    last = quarter_of(today) if q.across is Dimension.QUARTER else quarter_of(today)[:4]
    first = q.first and (quarter_of_month(q.first) if q.across is Dimension.QUARTER else quarter_of_month(q.first)[:4])
    have = {column.key: column for column in made.columns}
    every = periods_between([first, last])
    return replace(made, columns=tuple(have.get(key) or TableHeading(key, period_in_words(key), (key,)) for key in every))


def register_address_of_figure(
    made: ThemeTable, asked: AskedQuestion, row: TableHeading | None, column: TableHeading | None, path: str = "/register"
) -> str:
    """The address of the register that lists exactly the items of one figure; of a total without a row or a column."""
    q = made.question
    said = {by.value: heading.key or UNRECORDED for by, heading in ((q.by, row), (q.across, column)) if by and heading}
    # What it is narrowed to may be less than the row is, and stays.
    return _address(path, {"since": q.first or BEFORE_ALL, "until": q.last or "", **said} | _narrowed(q))


def register_address_behind(asked: AskedQuestion, **said: str) -> str:
    """The address of the register that lists what stands behind a figure that is in no theme table."""
    return _address("/register", said | _narrowed(asked.question))


def register_address_of_behind(behind: Mapping[str, str]) -> str:
    """The address of the register that lists the items of a report's figure."""
    return _address("/register", {name: value or UNRECORDED for name, value in behind.items()})


def _narrowed(q: TableQuestion) -> dict[str, str]:
    """What a question is narrowed to, and how it is counted, as an address says it."""
    ticks = {"practice": q.with_practice, "together": q.together}
    return {by.value: key or UNRECORDED for by, key in q.only} | {name: "1" for name, ticked in ticks.items() if ticked}


def _address(path: str, said: Mapping[str, str]) -> str:
    return f"{path}?{urlencode({name: value for name, value in said.items() if value})}"


def table_headings(made: ThemeTable, labels: DisplayLabels) -> list[str]:
    """The first line of a table that is taken away: a number and its share for each column, then the total's."""
    columns = [*(column.label for column in made.columns), "Total"]
    return [labels.title(made.question.by), *(text for column in columns for text in (column, f"{column}, %"))]


def table_rows(made: ThemeTable) -> Iterable[list[str | int]]:
    """The lines of a table that is taken away, the total last. Shares are text, as they are printed."""
    columns = (*made.columns, None)
    for row in made.rows:
        yield [row.label, *(one for column in columns for one in (made.cell(row, column), made.share(row, column)))]
    totals = [made.total(column) for column in columns]
    yield ["Total", *(one for total in totals for one in (total, "100.00%" if total else ""))]


def table_description(made: ThemeTable, labels: DisplayLabels, asked: AskedQuestion) -> list[str]:
    """What a table that is taken away is of, line by line, so that it is understood without the page."""
    return [
        f"{labels.words.name}: {made.title}.",
        f"Raised in: {asked.in_words(labels)}.",
        finding_in_words(made),
        *made.notes,
        *(f"Before {period_in_words(key)}: {why}" for key, why in made.breaks),
        "Numbers are true and not suppressed: they may point to a child. Keep this as you keep the record.",
    ]


def table_as_values(made: ThemeTable, labels: DisplayLabels, asked: AskedQuestion) -> dict[str, Any]:
    """A table for programs, as the JSON interface gives it."""
    q = made.question

    def named(heading: TableHeading) -> dict[str, str]:
        return {"key": heading.key, "label": heading.label}

    return {
        "authority": labels.words.name,
        "title": made.title,
        "by": q.by.value,
        "across": q.across.value if q.across else "",
        "since": q.first,
        "until": q.last,
        "period": asked.in_words(labels),
        "finding": finding_in_words(made),
        "rows": [
            named(row)
            | {"items": made.cell(row), "share": made.share(row)}
            | {"cells": [{"items": made.cell(row, column), "share": made.share(row, column)} for column in made.columns]}
            for row in made.rows
        ],
        "columns": [named(column) | {"items": made.total(column)} for column in made.columns],
        "items": made.items,
        "notes": list(made.notes),
        "breaks": [{"before": key, "why": why} for key, why in made.breaks],
    }
