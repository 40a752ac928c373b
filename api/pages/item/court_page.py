"""The IRO's statement to the court: what the record says, with a place for the IRO's own words; kept nowhere."""

import logging
from typing import Annotated

from fastapi import Depends, Response

from api.exports.court_statement import CourtStatement, court_statement_html, court_statement_pdf, gather_court_statement
from api.exports.typesetting import NotDrawn
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, router
from api.pages.frame.form_fields import DayField, Form, TextArea
from api.pages.item.documents_page import AS_A_FILE
from api.pages.item.item_page import CurrentItem, ItemOnPage, actions_of
from drp.casework.access import NotFound
from drp.files.names import content_disposition
from workflows.calendar.working_days import long_date
from workflows.model.actor import Part
from workflows.model.refusals import NotYours

log = logging.getLogger("drp.court_statement")

AS_A_PAGE = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox", "Cache-Control": "no-store"}

FIELDS = (
    DayField(name="hearing", label="For the hearing on", hint="If it is known."),
    TextArea(
        name="own", label="In your own words", rows=12,
        hint="It stands at the end, and is kept nowhere: once the court was told, put that on the record.",
    ),
)  # fmt: skip


def item_for_court(visit: CurrentPage, seen: CurrentItem) -> ItemOnPage:
    """The item, for the child's IRO or whoever covers: it is theirs alone. Raises NotYours, and NotFound without a child."""
    if not seen.challenge.about_child:
        raise NotFound
    if Part.CHILDS_IRO not in seen.item.actor.parts:
        raise NotYours(f"A statement to the court is the child's {visit.label('iro')}'s to make.", "Ask them for it.")
    return seen


ItemForCourt = Annotated[ItemOnPage, Depends(item_for_court)]


@router.get("/challenges/{reference}/court-statement")
def write_court_statement(visit: CurrentPage, seen: ItemForCourt) -> Response:
    """The hearing that it is for, and the IRO's own words."""
    visit.log_access("page", seen.shape.reference)
    return _page(visit, seen, Form(FIELDS))


@router.post("/challenges/{reference}/court-statement")
def make_court_statement(visit: CurrentPage, sent: SentForm, seen: ItemForCourt) -> Response:
    """The statement as a page, or as a PDF. That it was made is written down before anybody has it. Raises Unavailable."""
    form, values = sent.form(FIELDS, may_hold_details=True)
    if form.is_faulty:
        return _page(visit, seen, form)
    waiting = [f"{one.what} (by {long_date(one.by)})" for one in actions_of(seen) if one.stands != "Done"]
    with visit.reading() as connection:
        made = gather_court_statement(
            connection, visit.authority, seen.item, seen.timeline, waiting, values["own"], values["hearing"], visit.now,
            visit.is_live,
        )  # fmt: skip
    visit.log_access("court statement", seen.shape.reference)
    return _as_pdf(made, seen.shape.reference) if sent.pressed("then") == "pdf" else _as_page(made)


def _as_page(made: CourtStatement) -> Response:
    return Response(court_statement_html(made), media_type="text/html; charset=utf-8", headers=AS_A_PAGE)


def _as_pdf(made: CourtStatement, reference: str) -> Response:
    name = content_disposition(f"court-statement-{reference}.pdf", "application/pdf")
    try:
        octets = court_statement_pdf(made)
    except NotDrawn as fault:
        log.error("a PDF could not be made, and the page was shown instead: %s", fault)
        return _as_page(made)
    return Response(octets, media_type="application/pdf", headers=AS_A_FILE | {"Content-Disposition": name})


def _page(visit: PageContext, seen: ItemOnPage, form: Form) -> Response:
    return visit.page(
        "court_statement.html", title="Statement to the court", form=form, shape=seen.shape, item=seen.item,
        action=f"{seen.path}/court-statement", in_proceedings=seen.challenge.facts.in_proceedings,
        may_tell="court_told" in seen.shape.moves,
    )  # fmt: skip
