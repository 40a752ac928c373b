"""Your own replies: how soon there was a reply where a stage asked you. Shown to that person, and to nobody else."""

from fastapi import Response

from api.pages.frame.browser_request import CurrentPage, router
from api.queries.own_replies import PERIOD, read_own_replies
from api.queries.report_query import SPANS


@router.get("/replies")
def show_own_replies(visit: CurrentPage) -> Response:
    """How soon there was a reply at the stages that asked them."""
    with visit.reading() as connection:
        replies = read_own_replies(connection, visit)
    return visit.page("own_replies.html", title="Your own replies", replies=replies, period=SPANS[PERIOD])
