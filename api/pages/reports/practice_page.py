"""Excellent practice in a period: how much of it by team, whether it was thanked, and the words that reports may quote."""

from fastapi import Request, Response

from api.pages.frame.browser_request import CurrentPage, router
from api.pages.reports.themes_page import asked_by, reading_figures, span_choices
from api.presenters.item_reader import items_they_may_see
from api.queries.report_query import UNRECORDED, register_address_behind
from drp.reports import practice
from drp.reports.practice import PRACTICE_KIND, PracticeFigures

PATH = "/themes/practice"


@router.get(PATH)
def show_practice(visit: CurrentPage, request: Request) -> Response:
    """The notices of a period. What may be quoted names nobody; it opens its notice for whoever may see that."""
    asked = asked_by(visit, request)
    q = asked.question
    with reading_figures(visit, asked) as (connection, its):
        figures = practice.figures_of_practice(connection, its, q.first, q.last)
        quotable = practice.list_quotable(connection, its, q.first, q.last)
        opens = items_they_may_see(connection, visit, [one.item for one in quotable])

    def lines(one: PracticeFigures) -> str:
        said = {"kind": PRACTICE_KIND, "since": q.first, "until": q.last, "team": one.heading.key or UNRECORDED}
        return register_address_behind(asked, **said)

    return visit.page(
        "themes_practice.html", title="Excellent practice in this period", words=asked.in_words(its),
        spans=span_choices(asked, PATH), figures=figures, quotable=quotable, opens=opens, lines=lines,
    )  # fmt: skip
