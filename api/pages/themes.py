"""Themes: what the challenges say, as a sentence, a drawing and a table, each figure opening down to the items behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from api import charts, figures, figures_files, register_asking
from api.figures import SPANS, Wanted
from api.pages import shell
from api.pages.documents import AS_A_FILE
from api.pages.visiting import Visit, Visiting
from drp import patterns, themes, timeliness
from drp.counting import PERIODS, By
from drp.labels import Heading, Labels, labels
from drp.themes import PRACTICE, Compared, Question, Table
from workflows.periods import months_in, quarter_before, quarter_of
from workflows.procedure import Capacity
from workflows.working_days import local_date

router = APIRouter(include_in_schema=False)

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
class Cell:
    """One figure of the page: the number, its share, and where it opens to."""

    number: int
    share: str
    href: str


@dataclass(frozen=True)
class Line:
    """One row of the page's table."""

    label: str
    cells: tuple[Cell, ...]
    total: Cell
    broken: str = ""


@router.get("/themes")
def show(visit: Visit, request: Request) -> Response:
    """The figures as they were asked for; without anything asked, reasons this quarter beside the one before."""
    asked = asked_by(visit, request)
    with _figures(visit, asked) as (connection, its):
        made = _table(connection, visit, its, asked)
        past = patterns.past_date(connection, its, visit.now)
        now = _now(connection, visit, its)
        rates = themes.rates(connection, its, asked.question) if not asked.question.only else ()
    finding = themes.finding(made)

    def address(row: Heading, column: Heading | None) -> str:
        return figures.opened(made, asked, row, column)

    return shell.page(
        visit, "themes.html", title="Themes", asked=asked, made=made, finding=finding, words=asked.in_words(its),
        chart=shell.drawn(charts.svg(made, finding, address)), lines=_lines(made, asked), foot=_foot(made, asked),
        menus=_menus(visit, its, asked), questions=_questions(asked), compared=_compared(made, its), now=now, past=past,
        past_in_all=sum(one.items for one in past), rates=rates, narrowed=_narrowed(its, asked),
        files=[(kind, asked.address("/themes/file", format=kind)) for kind in ("csv", "xlsx", "json", "svg")],
        broken={key for key, _ in made.breaks}, together=bool(its.words.reporting.together),
        row_title=its.title(made.question.by),
    )  # fmt: skip


@router.get("/themes/time")
def show_time(visit: Visit, request: Request) -> Response:
    """How soon there was a reply, how long it took to the end, and why items climbed."""
    asked = asked_by(visit, request, By.STAGE)
    q = asked.question
    # What is past its date stands at its stage today, not at the highest that it reached.
    standing = replace(asked, question=replace(q, only=tuple(one for one in q.only if one[0] is not By.STAGE)))
    with _figures(visit, asked) as (connection, its):
        replies = timeliness.by_stage(connection, its, asked.question)
        ended = timeliness.to_the_end(connection, its, asked.question)
        climbs = timeliness.climbs(connection, its, asked.question)
        past = patterns.past_date(connection, its, visit.now, standing.question)
    causes = [key for key in timeliness.CAUSES if any(one.causes.get(key) for one in climbs)]

    def came(stage: Heading, **said: str) -> str:
        return figures.behind(asked, came_to=stage.key, came_since=q.first, came_until=q.last, **said)

    def waits(stage: Heading) -> str:
        return figures.behind(standing, past="1", stage=stage.key)

    def at_end(stage: Heading) -> str:
        return figures.behind(asked, since=q.first, until=q.last, stage=stage.key or figures.UNRECORDED, ended="1")

    return shell.page(
        visit, "themes_time.html", title="How soon, and why it climbed", asked=asked, words=asked.in_words(its), replies=replies,
        ended=ended, climbs=climbs, causes=[(key, timeliness.CAUSES[key]) for key in causes], past=past,
        spans=_spans(asked, "/themes/time"), came=came, waits=waits, at_end=at_end,
    )  # fmt: skip


@router.get("/themes/patterns")
def show_patterns(visit: Visit, request: Request) -> Response:
    """What comes back, and what is not there."""
    asked = asked_by(visit, request)
    with _figures(visit, asked) as (connection, its):
        found = patterns.repeats(connection, its, asked.question)
        ladders = [rules.ladder for rules in visit.service.casework.procedures.current(connection, visit.authority)]
        absent = patterns.absent(connection, its, asked.question, ladders)
        other = themes.table(connection, its, _of(asked, By.REASON))
    q = asked.question
    others = [row for row in other.rows if row.key in patterns.without_own_code(its)]
    return shell.page(
        visit, "themes_patterns.html", title="What comes back, and what is not there", asked=asked, words=asked.in_words(its),
        most=patterns.MOST_REPEATS, repeats=found, climbing=[one for one in found if one.has_climbed],
        quiet=[one for one in found if not one.has_climbed],
        absent=absent, spans=_spans(asked, "/themes/patterns"),
        others=[(row.label, other.cell(row), figures.opened(other, asked, row, None) + "&other=1") for row in others],
        teams=[(one.label, figures.opened(other, asked, None, None) + f"&team={one.key}") for one in absent.teams],
        is_desk=register_asking.sees_children(visit),
        of_reason=lambda reason: figures.behind(asked, since=q.first, until=q.last, reason=reason.key or figures.UNRECORDED),
    )  # fmt: skip


@router.get("/themes/file")
def take_away(visit: Visit, request: Request) -> Response:
    """The table as a file: CSV, XLSX, JSON or the drawing."""
    asked = asked_by(visit, request)
    kind = request.query_params.get("format", "csv")
    media_type, make = figures_files.known(kind)
    with _figures(visit, asked) as (connection, its):
        made = _table(connection, visit, its, asked)
    visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "themes taken away", "")
    named = {"Content-Disposition": f'attachment; filename="themes-{local_date(visit.now).isoformat()}.{kind}"'}
    return Response(make(made, its, asked), media_type=media_type, headers={**AS_A_FILE, **named})


def asked_by(visit: Visiting, request: Request, by: By = By.REASON) -> Wanted:
    """What somebody at a browser asks for. Raises Unfit."""
    sees_iros = Capacity.IRO_MANAGER in visit.signed.capacities
    return figures.wanted(request.query_params, local_date(visit.now), visit.words.reporting.counts_practice, sees_iros, by)


@contextmanager
def _figures(visit: Visiting, asked: Wanted) -> Iterator[tuple[Connection, Labels]]:
    """A short reading transaction, and the words for what is counted in it."""
    with visit.service.store.read(visit.authority) as connection:
        names = By.IRO in (asked.question.by, asked.question.across, *(by for by, _ in asked.question.only))
        yield connection, labels(connection, visit.service.casework.procedures, visit.words, asked.question.together, names)


def _table(connection: Connection, visit: Visiting, its: Labels, asked: Wanted) -> Table:
    return figures.as_of(themes.table(connection, its, asked.question), asked, local_date(visit.now))


def _of(asked: Wanted, by: By) -> Question:
    q = asked.question
    return Question(by, None, q.first, q.last, q.only, q.with_practice, q.together)


def _lines(made: Table, asked: Wanted) -> list[Line]:
    broken = dict(made.breaks)
    return [
        Line(
            row.label,
            tuple(_cell(made, asked, row, column) for column in made.columns),
            _cell(made, asked, row, None),
            broken.get(row.key, "") if made.question.by in PERIODS else "",
        )
        for row in made.rows
    ]


def _cell(made: Table, asked: Wanted, row: Heading, column: Heading | None) -> Cell:
    number = made.cell(row, column)
    return Cell(number, made.share(row, column), figures.opened(made, asked, row, column) if number else "")


def _foot(made: Table, asked: Wanted) -> list[Cell]:
    columns: list[Heading | None] = [*made.columns, None]
    totals = [(column, made.total(column)) for column in columns]
    return [
        Cell(number, "100.00%" if number else "", figures.opened(made, asked, None, column) if number else "")
        for column, number in totals
    ]


def _compared(made: Table, its: Labels) -> Compared | None:
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
    broken = themes.break_between(its, before.key, now.key)
    return Compared(now.key, before.key, *numbers, broken.why if broken else "")


def _now(connection: Connection, visit: Visiting, its: Labels) -> dict[str, Any]:
    """What stands on the tiles: this quarter and the one before, and what is counted apart."""
    this = quarter_of(local_date(visit.now))
    before = quarter_before(this)
    question = Question(By.QUARTER)
    counted = themes.compared(connection, its, question, this, before)
    apart = themes.apart(connection, its, this)
    first, last = months_in(this)
    return {
        "since": first, "until": last, "counted": counted, "practice": apart[PRACTICE], "scrutiny": apart[themes.SCRUTINY],
    }  # fmt: skip


def _menus(visit: Visiting, its: Labels, asked: Wanted) -> list[dict[str, Any]]:
    q = asked.question
    things = [by for by in By if by is not By.IRO or Capacity.IRO_MANAGER in visit.signed.capacities]
    by = [{"value": one.value, "text": its.title(one), "selected": one is q.by} for one in things]
    across = [{"value": "none", "text": "nothing else", "selected": q.across is None}]
    across += [{"value": one.value, "text": its.title(one), "selected": one is q.across} for one in things]
    spans = [{"value": key, "text": text, "selected": key == asked.span} for key, text in SPANS.items()]
    if not asked.span:
        spans.insert(0, {"value": "", "text": asked.period_in_words(), "selected": True})
    return [
        {"id": name, "name": name, "label": {"text": text, "classes": "govuk-label--s"}, "items": items}
        for name, text, items in (("by", "Count by", by), ("across", "and by", across), ("span", "in", spans))
    ]


def _questions(asked: Wanted) -> list[tuple[str, str, bool]]:
    return [
        (text, "/themes?" + "&".join(f"{name}={value}" for name, value in said.items()), _is(asked, said))
        for text, said in QUESTIONS
    ]  # fmt: skip


def _is(asked: Wanted, said: dict[str, str]) -> bool:
    q = asked.question
    across = "none" if q.across is None else q.across.value
    same = said["by"] == q.by.value and said.get("across", "quarter") == across and said.get("span", "quarters") == asked.span
    return same and not q.only


def _narrowed(its: Labels, asked: Wanted) -> list[tuple[str, str, str]]:
    """What the figures are narrowed to, each with the address without it."""
    return [
        (its.title(by), its.label(by, key), asked.address("/themes", **{by.value: ""})) for by, key in asked.question.only
    ]  # fmt: skip


def _spans(asked: Wanted, path: str) -> list[tuple[str, str, bool]]:
    return [(text, asked.address(path, span=key, since="", until=""), key == asked.span) for key, text in SPANS.items()]
