"""Themes: what the challenges say, as a sentence, a drawing and a table, each figure opening down to the items behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection

from api.exports import report_files
from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext, router
from api.pages.frame.form_fields import select_params
from api.pages.item.documents_page import AS_A_FILE
from api.presenters import bar_chart
from api.queries import register_query
from api.queries.report_query import (
    SPANS,
    UNRECORDED,
    AskedQuestion,
    as_of,
    check_replies,
    read_question,
    register_address_behind,
    register_address_of_behind,
    register_address_of_figure,
)
from drp.directory.people import people_acting_as
from drp.identity.principal import RouteAudience, serves_principal
from drp.reports import repeats_and_gaps, response_times
from drp.reports.aggregate import PERIODS, Dimension
from drp.reports.display_labels import DisplayLabels, TableHeading, read_labels
from drp.reports.front_of_themes import FrontOfThemes, read_front
from drp.reports.period_comparison import PeriodComparison, compare_periods
from drp.reports.status_rates import rates_of_period
from drp.reports.theme_tables import (
    PRACTICE,
    SCRUTINY,
    TableQuestion,
    ThemeTable,
    break_between,
    counted_apart,
    finding_in_words,
    read_table,
)
from drp.reports.what_changed import Movement
from workflows.calendar.report_periods import ReportEvery
from workflows.calendar.reporting_periods import month_of, months_in, quarter_before, quarter_of
from workflows.model.authority import Capacity

QUESTIONS: tuple[tuple[str, dict[str, str]], ...] = (
    ("What are challenges about?", {"by": "reason"}),
    ("How high did they go?", {"by": "stage", "across": "quarter", "span": "year"}),
    ("Which teams?", {"by": "team", "across": "theme", "span": "year"}),
    ("For which children?", {"by": "stage", "across": "status", "span": "year"}),
    ("How did they end?", {"by": "outcome"}),
    ("What changed for the child?", {"by": "theme", "across": "impact", "span": "years"}),
    ("Does going higher change more?", {"by": "stage", "across": "impact", "span": "years"}),
    ("Year on year?", {"by": "year", "across": "none", "span": "five"}),
)
"""Questions that panels ask, each a press away."""


@dataclass(frozen=True)
class FigureCell:
    """One figure of the page: the number, its share, and where it opens to."""

    number: int
    share: str
    href: str


@dataclass(frozen=True)
class FigureRow:
    """One row of the page's table."""

    label: str
    cells: list[FigureCell]
    """The total last."""
    broken: str
    href: str = ""
    """Where the label leads: an IRO's, to what they have in hand."""


@router.get("/themes")
def show_themes_page(visit: CurrentPage, request: Request) -> Response:
    """The figures as they were asked for; without anything asked, reasons this quarter beside the one before."""
    asked = asked_by(visit, request)
    every = FRONTS.get(request.query_params.get("front", ""), ReportEvery.YEAR)
    with reading_figures(visit, asked) as (connection, its):
        made = _table(connection, visit, its, asked)
        front = read_front(connection, its, every, visit.today) if is_front(request) else None
        past = repeats_and_gaps.past_date(connection, its, visit.now)
        now = _now(connection, visit, its)
        iros = _iros(connection, visit) if asked.question.by is Dimension.IRO else frozenset[str]()
        rates = rates_of_period(connection, its, asked.question) if not asked.question.only else ()
    finding = finding_in_words(made)

    def address(row: TableHeading, column: TableHeading | None) -> str:
        return register_address_of_figure(made, asked, row, column)

    return visit.page(
        "themes.html",
        title="Themes",
        asked=asked,
        made=made,
        finding=finding,
        words=asked.in_words(its),
        chart=layout.drawn_markup(bar_chart.draw_bar_chart(made, finding, address)),
        lines=_lines(made, asked, iros),
        foot=_cells(made, asked, None),
        menus=_menus(visit, its, asked),
        questions=_questions(asked),
        compared=_compared(made, its),
        now=now,
        past=past,
        past_in_all=sum(one.items for one in past),
        rates=rates,
        narrowed=[
            (its.title(by), its.label(by, key), asked.address("/themes", **{by.value: ""})) for by, key in asked.question.only
        ],
        files=[(kind, asked.address("/themes/file", format=kind)) for kind in ("csv", "xlsx", "json", "svg")],
        broken={key for key, _ in made.breaks},
        together=bool(its.words.reporting.together),
        row_title=its.title(made.question.by),
        front=front,
        **(_behind_front(front) if front else {}),
        leads=serves_principal(RouteAudience.LEADING, visit.signed.capacities),
    )


FRONTS = {"quarter": ReportEvery.QUARTER, "year": ReportEvery.YEAR}
"""Of which period the front is, as its address says it."""


def is_front(request: Request) -> bool:
    """Is Themes opened without a question? Then what leaders ask first stands above the tables."""
    return not set(request.query_params) - {"front"}


def _behind_front(front: FrontOfThemes) -> dict[str, Any]:
    """Where the figures of the front open to, and its other period."""
    since, until = front.period.first, month_of(front.moved.now.last)

    def of_impact(row: TableHeading, column: TableHeading | None) -> str:
        impact = {"impact": column.key} if column else {}
        return register_address_of_behind({"since": since, "until": until, "stage": row.key, **impact})

    def of_reason(one: Movement) -> str:
        return register_address_of_behind({"since": since, "until": until, "reason": one.heading.key})

    is_year = front.period.is_year
    return {
        "of_impact": of_impact, "of_reason": of_reason,
        "raised_now": register_address_of_behind({"since": since, "until": until}),
        "other_front": {
            "href": f"/themes?front={'quarter' if is_year else 'year'}",
            "text": "This quarter instead" if is_year else "This reporting year instead",
        },
    }  # fmt: skip


@router.get("/themes/time")
def show_time(visit: CurrentPage, request: Request) -> Response:
    """How soon there was a reply, how long it took to the end, and why items climbed."""
    asked = asked_by(visit, request, Dimension.STAGE)
    check_replies(asked, Capacity.IRO_MANAGER in visit.signed.capacities)
    q = asked.question
    # What is past its date stands at its stage today, not at the highest that it reached.
    standing = replace(asked, question=replace(q, only=tuple(one for one in q.only if one[0] is not Dimension.STAGE)))
    with reading_figures(visit, asked) as (connection, its):
        replies = response_times.response_times_by_stage(connection, its, asked.question)
        ended = response_times.to_the_end(connection, its, asked.question)
        climbs = response_times.escalation_causes(connection, its, asked.question)
        past = repeats_and_gaps.past_date(connection, its, visit.now, standing.question)
    causes = [key for key in response_times.CAUSES if any(one.causes.get(key) for one in climbs)]

    def came(stage: TableHeading, **said: str) -> str:
        return register_address_behind(asked, came_to=stage.key, came_since=q.first, came_until=q.last, **said)

    def waits(stage: TableHeading) -> str:
        return register_address_behind(standing, past="1", stage=stage.key)

    def at_end(stage: TableHeading) -> str:
        return register_address_behind(asked, since=q.first, until=q.last, stage=stage.key or UNRECORDED, ended="1")

    return visit.page(
        "themes_time.html", title="How soon, and why it climbed", asked=asked, words=asked.in_words(its), replies=replies,
        ended=ended, climbs=climbs, causes=[(key, response_times.CAUSES[key]) for key in causes], past=past,
        spans=span_choices(asked, "/themes/time"), came=came, waits=waits, at_end=at_end,
    )  # fmt: skip


@router.get("/themes/patterns")
def show_patterns(visit: CurrentPage, request: Request) -> Response:
    """What comes back, and what is not there."""
    asked = asked_by(visit, request)
    with reading_figures(visit, asked) as (connection, its):
        found = repeats_and_gaps.repeated_concerns(connection, its, asked.question)
        ladders = [rules.ladder for rules in visit.procedures(connection)]
        absent = repeats_and_gaps.what_is_not_used(connection, its, asked.question, ladders)
        other = read_table(connection, its, replace(asked.question, by=Dimension.REASON, across=None))
    q = asked.question
    others = [row for row in other.rows if row.key in repeats_and_gaps.without_own_code(its)]
    return visit.page(
        "themes_patterns.html",
        title="What comes back, and what is not there",
        asked=asked,
        words=asked.in_words(its),
        most=repeats_and_gaps.MOST_REPEATS,
        repeats=found,
        climbing=[one for one in found if one.has_climbed],
        quiet=[one for one in found if not one.has_climbed],
        absent=absent,
        spans=span_choices(asked, "/themes/patterns"),
        others=[(row.label, other.cell(row), register_address_of_figure(other, asked, row, None) + "&other=1") for row in others],
        teams=[(one.label, register_address_of_figure(other, asked, None, None) + f"&team={one.key}") for one in absent.teams],
        is_desk=register_query.sees_children(visit),
        of_reason=lambda reason: register_address_behind(asked, since=q.first, until=q.last, reason=reason.key or UNRECORDED),
    )


@router.get("/themes/file")
def take_away(visit: CurrentPage, request: Request) -> Response:
    """The table as a file: CSV, XLSX, JSON or the drawing."""
    asked = asked_by(visit, request)
    kind = request.query_params.get("format", "csv")
    media_type, make = report_files.kind_of_file(kind)
    with reading_figures(visit, asked) as (connection, its):
        made = _table(connection, visit, its, asked)
    visit.log_access("themes taken away", "")
    named = {"Content-Disposition": f'attachment; filename="themes-{visit.today.isoformat()}.{kind}"'}
    return Response(make(made, its, asked), media_type=media_type, headers={**AS_A_FILE, **named})


def asked_by(visit: PageContext, request: Request, by: Dimension = Dimension.REASON) -> AskedQuestion:
    """What somebody at a browser asks for. Raises Unfit."""
    sees_iros = Capacity.IRO_MANAGER in visit.signed.capacities
    return read_question(request.query_params, visit.today, visit.words.reporting.counts_practice, sees_iros, by)


@contextmanager
def reading_figures(visit: PageContext, asked: AskedQuestion) -> Iterator[tuple[Connection, DisplayLabels]]:
    """A short reading transaction, and the words for what is counted in it."""
    with visit.reading() as connection:
        names = Dimension.IRO in (asked.question.by, asked.question.across, *(by for by, _ in asked.question.only))
        yield connection, read_labels(connection, visit.service.casework.procedures, visit.words, asked.question.together, names)


def _table(connection: Connection, visit: PageContext, its: DisplayLabels, asked: AskedQuestion) -> ThemeTable:
    return as_of(read_table(connection, its, asked.question), asked, visit.today)


def _lines(made: ThemeTable, asked: AskedQuestion, iros: frozenset[str]) -> list[FigureRow]:
    """`iros`: whose rows lead to what they have in hand."""
    broken = dict(made.breaks) if made.question.by in PERIODS else {}
    return [
        FigureRow(row.label, _cells(made, asked, row), broken.get(row.key, ""), f"/iros/{row.key}" if row.key in iros else "")
        for row in made.rows
    ]


def _iros(connection: Connection, visit: PageContext) -> frozenset[str]:
    """The IROs of today: figures by IRO are shown to the IRO manager alone, who opens what each has in hand."""
    return frozenset(str(one.id) for one in people_acting_as(connection, visit.words, [Capacity.IRO], visit.today))


def _cells(made: ThemeTable, asked: AskedQuestion, row: TableHeading | None) -> list[FigureCell]:
    """The figures of one row, its total last; no `row`: of all rows together."""
    columns: list[TableHeading | None] = [*made.columns, None]
    cells = []
    for column in columns:
        number = made.cell(row, column) if row else made.total(column)
        share = made.share(row, column) if row else "100.00%" if number else ""
        href = register_address_of_figure(made, asked, row, column) if number else ""
        cells.append(FigureCell(number, share, href))
    return cells


def _compared(made: ThemeTable, its: DisplayLabels) -> PeriodComparison | None:
    """The last two periods of a table, with the arithmetic."""
    q = made.question
    if q.by in PERIODS and len(made.rows) > 1:
        before, now = made.rows[-2:]
        numbers = made.cell(now), made.cell(before)
    elif q.across in PERIODS and len(made.columns) > 1:
        before, now = made.columns[-2:]
        numbers = made.total(now), made.total(before)
    else:
        return None
    broken = break_between(its, before.key, now.key)
    return PeriodComparison(now.key, before.key, *numbers, broken.why if broken else "")


def _now(connection: Connection, visit: PageContext, its: DisplayLabels) -> dict[str, Any]:
    """What stands on the tiles: this quarter and the one before, and what is counted apart."""
    this = quarter_of(visit.today)
    before = quarter_before(this)
    question = TableQuestion(Dimension.QUARTER)
    counted = compare_periods(connection, its, question, this, before)
    apart = counted_apart(connection, its, this)
    first, last = months_in(this)
    return {
        "since": first, "until": last, "counted": counted, "practice": apart[PRACTICE], "scrutiny": apart[SCRUTINY],
    }  # fmt: skip


def _menus(visit: PageContext, its: DisplayLabels, asked: AskedQuestion) -> list[dict[str, Any]]:
    q = asked.question
    things = [by for by in Dimension if by is not Dimension.IRO or Capacity.IRO_MANAGER in visit.signed.capacities]
    by = [(one.value, its.title(one)) for one in things]
    spans = list(SPANS.items()) if asked.span else [("", asked.period_in_words()), *SPANS.items()]
    across = q.across.value if q.across else "none"
    return [
        select_params("by", "Count by", by, q.by.value, "govuk-label--s"),
        select_params("across", "and by", [("none", "nothing else"), *by], across, "govuk-label--s"),
        select_params("span", "in", spans, asked.span, "govuk-label--s"),
    ]


def _questions(asked: AskedQuestion) -> list[tuple[str, str, bool]]:
    """What panels ask, each with its address, and whether it is what is shown."""
    q = asked.question
    shown = (q.by.value, q.across.value if q.across else "none", asked.span)
    return [
        (
            text,
            "/themes?" + "&".join(f"{name}={value}" for name, value in said.items()),
            shown == (said["by"], said.get("across", "quarter"), said.get("span", "quarters")) and not q.only,
        )
        for text, said in QUESTIONS
    ]


def span_choices(asked: AskedQuestion, path: str) -> list[tuple[str, str, bool]]:
    return [(text, asked.address(path, span=key, since="", until=""), key == asked.span) for key, text in SPANS.items()]
