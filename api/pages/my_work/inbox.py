"""The inbox: what somebody was told, newest first. It is the delivery of record, whatever became of the mail."""

import logging
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from api.json.inbox import is_fetched_ahead, message_of, note_item_opened
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from drp.database.unavailable import Unavailable
from drp.messages import inbox
from drp.written_reports.copies import copies_of_person, mark_report_read

log = logging.getLogger("drp.pages")

ON_A_PAGE = 25
REPORTS = 10
"""Reports that stand above the messages: unread ones first. All are under Reports."""

Page = Annotated[int, Query(ge=1, le=10_000)]


@router.get("/inbox")
def show_inbox_page(visit: CurrentPage, page: Page = 1, read: int = 0) -> Response:
    """My messages. Looking at them marks nothing as read: a browser may fetch a page that nobody looks at."""
    with visit.reading() as connection:
        rows = inbox.messages_of_person(connection, visit.authority, visit.person, ON_A_PAGE + 1, (page - 1) * ON_A_PAGE)
        messages = [message_of(connection, visit, row) for row in rows[:ON_A_PAGE]]
        reports = copies_of_person(connection, visit.authority, visit.person, REPORTS) if page == 1 else []
    visit.log_access("inbox", *(one.reference for one in messages))
    return visit.page(
        "inbox.html", title="Inbox", messages=messages, reports=reports, number=page, has_more=len(rows) > ON_A_PAGE,
        read=read, until=visit.now.isoformat(),
    )  # fmt: skip


@router.post("/inbox")
def mark_all_read(visit: CurrentPage, sent: SentForm) -> Response:
    """All that had come when the page was made is marked as read. What came since is not."""
    until = min(_moment(sent.pressed("until"), visit.now), visit.now)
    with visit.writing() as connection:
        count = inbox.mark_read(connection, visit.authority, visit.person, visit.now, until=until)
        count += mark_report_read(connection, visit.authority, visit.person, visit.now, until=until)
    return go_to(f"/inbox?read={count}")


def _moment(text: str, otherwise: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return at if at.tzinfo else otherwise


def mark_item_read(request: Request, visit: PageContext, challenge: UUID) -> PageContext:
    """Somebody opened an item: they were reached, and what they were told of it is read. Returns them with so many fewer unread.

    Not for a page that a browser fetches ahead; and reading goes on where it cannot be written down.
    """
    if is_fetched_ahead(request):
        return visit
    note_item_opened(visit, challenge)
    if not visit.unread:
        return visit
    try:
        with visit.writing() as connection:
            count = inbox.mark_read(connection, visit.authority, visit.person, visit.now, challenge)
    except Unavailable:
        log.warning("that a message was read could not be written down")
        return visit
    return replace(visit, unread=max(visit.unread - count, 0))
