"""Figures for other programs: the theme tables of the pages, as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api import figures
from api.deps import Asked
from api.errors import responses
from api.shapes import ThemesShape
from drp import themes
from drp.counting import By
from drp.labels import labels
from workflows.procedure import Capacity
from workflows.working_days import local_date

router = APIRouter(prefix="/api/v1", tags=["figures"])
NARROWS = {by.value: f"Only this {by.value.replace('_', ' ')}: a row's key, or - for not recorded." for by in By}
Plain = Annotated[str, Query(max_length=120)]


@router.get("/themes", responses=responses(422), response_model=ThemesShape)
def show_themes(
    asked: Asked,
    request: Request,
    by: Annotated[str, Query(max_length=20, description=f"One of: {', '.join(NARROWS)}.")] = "",
    across: Annotated[str, Query(max_length=20, description="The same, or none. Without it: by quarter.")] = "",
    span: Annotated[str, Query(max_length=20, description=f"One of: {', '.join(figures.SPANS)}.")] = "",
    since: Annotated[str, Query(max_length=10, description="From this year, quarter or month on: 2016, 2016-Q1, 2016-04.")] = "",
    until: Annotated[str, Query(max_length=10, description="Up to this one, included.")] = "",
    practice: Annotated[str, Query(max_length=1, description="1: excellent practice is counted in.")] = "",
    together: Annotated[str, Query(max_length=1, description="1: stages together as the authority's file says.")] = "",
    year: Plain = "", quarter: Plain = "", month: Plain = "", stage: Plain = "", reason: Plain = "", theme: Plain = "",
    team: Plain = "", service: Plain = "", status: Plain = "", item_type: Plain = "", outcome: Plain = "", impact: Plain = "",
    iro: Plain = "",
) -> Any:  # fmt: skip
    """Items counted by any two things, with totals that account for all of them. Counts are true, not suppressed."""
    words = asked.service.casework.procedures
    with asked.service.store.read(asked.authority) as connection:
        its_own = words.current(connection, asked.authority)[0].authority
        sees_iros = Capacity.IRO_MANAGER in asked.signed.capacities
        wanted = figures.wanted(request.query_params, local_date(asked.now), its_own.reporting.counts_practice, sees_iros)
        names = By.IRO in (wanted.question.by, wanted.question.across)
        its = labels(connection, words, its_own, wanted.question.together, names)
        made = figures.with_both_periods(themes.table(connection, its, wanted.question), wanted, local_date(asked.now))
    return figures.as_values(made, its, wanted)
