"""How closely a child's case is tracked, as it was agreed at a review: begun here, and agreed anew here."""

from dataclasses import fields
from typing import Any

from fastapi import Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.form_fields import DayField, Form, FormField, TextArea, TickBoxes, single_value
from api.pages.item.item_page import bring_event_on_page
from api.pages.item.move_questions import tracking_fields
from api.pages.raising.wizard_steps import item_fact_options
from api.pages.reviews.childs_reviews import ChildOfReviews, child_kept
from drp.casework.access import NotFound
from drp.directory import lookup
from drp.reviews.tracking import TrackedCase, find_tracked, track_case
from workflows.model.authority import rules_that_follow
from workflows.model.events import TrackingAgreed
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotOpen


def _fields(connection: Connection, visit: PageContext, tracked: TrackedCase | None) -> list[FormField]:
    rules = rules_that_follow(visit.procedures(connection), visit.today, ItemType.TRACKED_CASE)
    if rules is None:
        raise NotFound
    asked = tracking_fields(rules.ladder, tracked.priority if tracked else "")
    if tracked:
        return asked
    facts = item_fact_options(visit.words)
    return [
        TextArea(name="why", label="Why it is tracked so", rows=3, need="Say in a line why."),
        *asked,
        *([TickBoxes(name="facts", label="What is so here", options=facts)] if facts else []),
    ]


@router.get("/reviews/tracking")
def ask_how_tracked(visit: CurrentPage, child: str = "") -> Response:
    """The priority, and what is chosen for it."""
    with visit.reading() as connection:
        kept = child_kept(connection, visit, child)
        tracked = find_tracked(connection, visit.authority, kept.id)
        asked = _fields(connection, visit, tracked)
        last = lookup.find_last_review(connection, visit.authority, kept.id)
    day = last if last and last <= visit.today else visit.today
    return _page(visit, kept, tracked, Form(asked, DayField(name="on", label="").show(day)))


@router.post("/reviews/tracking")
def track_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """It is tracked so from now on; whoever gives updates is asked for the first."""
    with visit.reading() as connection:
        kept = child_kept(connection, visit, single_value(sent.form(())[0].given, "child"))
        tracked = find_tracked(connection, visit.authority, kept.id)
        form, values = sent.form(_fields(connection, visit, tracked))
    if not form.is_faulty:
        agreed = _agreed(values)
        with form.noting_refusal():
            if tracked:
                bring_event_on_page(visit, tracked.reference, agreed, sent)
            else:
                _begin(visit, kept, agreed, values)
            return go_to(f"{kept.path}&done=tracked")
    return _page(visit, kept, tracked, form)


def _agreed(values: dict[str, Any]) -> TrackingAgreed:
    names = {each.name for each in fields(TrackingAgreed)}
    return TrackingAgreed(**{name: value for name, value in values.items() if name in names and value not in (None, "")})


def _begin(visit: PageContext, kept: ChildOfReviews, agreed: TrackingAgreed, values: dict[str, Any]) -> None:
    try:
        with visit.writing() as connection:
            track_case(
                connection, visit.service.casework, visit.signed, kept.id, kept.number, agreed, values["why"],
                tuple(values.get("facts") or ()), visit.now,
            )  # fmt: skip
    except NotOpen:  # pressed twice: it is tracked
        return


def _page(visit: PageContext, kept: ChildOfReviews, tracked: TrackedCase | None, form: Form) -> Response:
    title = "Agree the tracking anew" if tracked else "Track this case"
    return visit.page("tracking.html", title=title, form=form, kept=kept, tracked=tracked)
