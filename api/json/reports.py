"""Figures for other programs: the theme tables of the pages, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from api.json.problems import declared_refusals
from api.json.written_route import WrittenRoute
from api.presenters.shapes import RegisterShape, ThemesShape
from api.queries import register_query, report_query
from api.queries.register_query import RegisterParameters
from api.request_context import CurrentRequest
from drp.reports import register_search, theme_tables
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import read_labels
from workflows.calendar.working_days import local_date
from workflows.model.authority import Capacity

router = APIRouter(prefix="/api/v1", route_class=WrittenRoute, tags=["figures"])
NARROWS = {by.value: f"Only this {by.value.replace('_', ' ')}: a row's key, or - for not recorded." for by in Dimension}
Plain = Annotated[str, Query(max_length=120)]


@router.get("/themes", responses=declared_refusals(422), response_model=ThemesShape)
def show_themes(
    asked: CurrentRequest,
    request: Request,
    by: Annotated[str, Query(max_length=20, description=f"One of: {', '.join(NARROWS)}.")] = "",
    across: Annotated[str, Query(max_length=20, description="The same, or none. Without it: by quarter.")] = "",
    span: Annotated[str, Query(max_length=20, description=f"One of: {', '.join(report_query.SPANS)}.")] = "",
    since: Annotated[str, Query(max_length=10, description="From this year, quarter or month on: 2016, 2016-Q1, 2016-04.")] = "",
    until: Annotated[str, Query(max_length=10, description="Up to this one, included.")] = "",
    practice: Annotated[str, Query(max_length=1, description="1: excellent practice is counted in.")] = "",
    together: Annotated[str, Query(max_length=1, description="1: stages together as the authority's file says.")] = "",
    year: Plain = "", quarter: Plain = "", month: Plain = "", stage: Plain = "", reason: Plain = "", theme: Plain = "",
    team: Plain = "", service: Plain = "", status: Plain = "", item_type: Plain = "", outcome: Plain = "", impact: Plain = "",
    iro: Plain = "",
) -> ThemesShape:  # fmt: skip
    """Items counted by any two things, with totals that account for all of them. Counts are true, not suppressed."""
    words = asked.service.casework.procedures
    with asked.service.store.read(asked.authority) as connection:
        its_own = words.current(connection, asked.authority)[0].authority
        sees_iros = Capacity.IRO_MANAGER in asked.signed.capacities
        wanted = report_query.read_question(
            request.query_params, local_date(asked.now), its_own.reporting.counts_practice, sees_iros
        )
        names = Dimension.IRO in (wanted.question.by, wanted.question.across)
        its = read_labels(connection, words, its_own, wanted.question.together, names)
        made = report_query.as_of(theme_tables.read_table(connection, its, wanted.question), wanted, local_date(asked.now))
    return ThemesShape.model_validate(report_query.table_as_values(made, its, wanted))


@router.get("/register", responses=declared_refusals(422), response_model=RegisterShape)
def show_register(asked: CurrentRequest, query: Annotated[RegisterParameters, Query()]) -> RegisterShape:
    """The items behind a figure, each once: narrowed as `/themes` is, and to what only a list knows."""
    one = register_query.read_register_query(query, asked)
    with asked.service.store.read(asked.authority) as connection:
        words = asked.service.casework.procedures.current(connection, asked.authority)[0].authority
        its, shown = register_query.words_for(connection, asked, words, one.narrowed)
        most = register_query.ON_A_PAGE
        found = register_search.search_register(connection, its, one.narrowed, asked.now, one.sort, most, query.after)
        made = RegisterShape(
            narrowed_to=register_query.query_in_words(connection, asked.authority, its, one.narrowed),
            items_in_all=register_search.count_register(connection, its, one.narrowed, asked.now),
            items=register_query.register_lines(connection, asked, shown, found.items, one.narrowed.other),
            next=found.next or None,
        )
    opened = [line.reference for line in made.items if line.opens]
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "register", *opened)
    return made
