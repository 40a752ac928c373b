"""Between reviews, counted: decisions by theme and by team, tracked cases by priority, mid-points, and the reviews' own paper."""

from fastapi import Request, Response

from api.pages.frame.browser_request import CurrentPage, router
from api.pages.reports.themes_page import asked_by, reading_figures, span_choices
from api.queries.report_query import UNRECORDED, register_address_behind
from drp.reports import advice_taken, between_reviews
from drp.reports.aggregate import Dimension
from drp.reports.between_reviews import FollowedFigures
from drp.reviews.review_register import PAPER_WITHIN
from workflows.calendar.reporting_periods import year_in_words
from workflows.model.authority import rules_that_follow
from workflows.model.challenge import Outcome
from workflows.model.ladder import ItemType
from workflows.model.register_entry import OPEN

PATH = "/themes/between-reviews"
ENDS = {"done": Outcome.RESOLVED.value, "ended": Outcome.ENDED.value, "open": OPEN, "followed": ""}


@router.get(PATH)
def show_between_reviews(visit: CurrentPage, request: Request) -> Response:
    """What is followed between reviews: never counted among challenges."""
    asked = asked_by(visit, request)
    q = asked.question
    with reading_figures(visit, asked) as (connection, its):
        current = visit.procedures(connection)
        tracking = rules_that_follow(current, visit.today, ItemType.TRACKED_CASE)
        priorities = dict(tracking.ladder.tracking) if tracking else {}
        decisions = [
            (by, its.title(by), between_reviews.figures_of_decisions(connection, its, q, by, visit.today))
            for by in (Dimension.THEME, Dimension.TEAM)
        ]
        tracked = between_reviews.figures_of_tracked(connection, its, q, priorities, visit.now)
        mid_points = between_reviews.figures_of_mid_points(connection, its, q)
        years = advice_taken.years_until(visit.today)
        advice = advice_taken.count_advice(connection, visit.authority, years)
        paper = between_reviews.figures_of_paper(connection, its, q, current[0].calendar)

    def lines(by: Dimension, one: FollowedFigures, ends: str) -> str:
        said = {"kind": between_reviews.DECISION, "since": q.first, "until": q.last, "outcome": ENDS[ends]}
        return register_address_behind(asked, **said, **{by.value: one.heading.key or UNRECORDED})

    def mid(outcome: str) -> str:
        return register_address_behind(asked, kind=between_reviews.MID_POINT, since=q.first, until=q.last, outcome=outcome)

    return visit.page(
        "themes_between_reviews.html", title="Between reviews", words=asked.in_words(its), spans=span_choices(asked, PATH),
        decisions=decisions, tracked=tracked, mid_points=mid_points, paper=paper, lines=lines, mid=mid,
        does_track=tracking is not None, asks=rules_that_follow(current, visit.today, ItemType.MID_POINT) is not None,
        advice=advice, years=[year_in_words(year) for year in years],
        within={name: length.number for name, length in PAPER_WITHIN.items()},
    )  # fmt: skip
