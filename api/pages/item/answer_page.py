"""The one question, on one page: what is asked of a manager, by when, and everything that they may say to it."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, FormSubmission, PageContext, SentForm
from api.pages.frame.field_options import day_for_actions
from api.pages.frame.form_fields import ActionsField, Form, FormField, RadioPick, TextArea, TextLine
from api.pages.item import item_page
from api.pages.my_work import inbox
from api.pages.my_work.my_tasks import about_in_words, child_in_words
from workflows.calendar.working_days import local_date
from workflows.decision.tasks import TaskKind
from workflows.model.challenge import ASKS_RECIPIENTS, WindowKind
from workflows.model.events import Action, ClarificationAsked, Event, NotForMe, Responded
from workflows.model.refusals import Unfit

router = APIRouter(include_in_schema=False)

ACTIONS = ActionsField(name="actions", label="What will be done, by when", hint="Leave empty what you do not need.")
FIELDS: tuple[FormField, ...] = (
    RadioPick(
        name="position",
        label="Your reply",
        options=[
            ("agrees", "We agree", "Say below what will be done, and by when."),
            ("in_part", "We agree in part", ""),
            ("disagrees", "We do not agree", ""),
            ("needs_others", "Others are needed for it", ""),
            ("beyond_our_control", "It is beyond our control", ""),
            ("not_for_me", "It is not for me", "Say below whose it is. The date stays as it is."),
            ("question", "I have a question first", "Write it below. The date stays as it is."),
        ],
        need="Choose what you reply.",
    ),
    TextArea(
        name="answer", label="In your words", hint="Everybody on this item reads it.", need="Write it in your words.", rows=6
    ),
    ACTIONS,
    TextLine(name="suggests", label="If it is not for you: whose is it?", hint="Only if it is not for you."),
)


def _fields(visit: PageContext, seen: item_page.ItemOnPage) -> tuple[FormField, ...]:
    """The questions; an action begins with the day of the child's next review, where that is known."""
    offered = day_for_actions(seen.item.loaded.challenge, local_date(visit.now))
    return tuple(replace(ACTIONS, offered=offered) if each is ACTIONS else each for each in FIELDS)


@router.get("/challenges/{reference}/answer")
def show_answer_form(request: Request, visit: CurrentPage, reference: str) -> Response:
    """The question."""
    with visit.service.store.read(visit.authority) as connection:
        seen = item_page.read_item(connection, visit, reference)
    item_page.log_reading(visit, seen.shape.reference)
    visit = inbox.mark_item_read(request, visit, seen.item.loaded.id)
    return _page(visit, seen, Form(_fields(visit, seen)))


@router.post("/challenges/{reference}/answer")
def send_answer(sent: SentForm, reference: str) -> Response:
    """The reply, or what was wrong with it beside what was typed."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        seen = item_page.read_item(connection, visit, reference)
    fields = _fields(visit, seen)
    form, values = sent.form(fields)
    if sent.wants_more():
        return _page(visit, seen, Form(fields, form.given), sent)
    if form.is_faulty:
        return _page(visit, seen, form, sent)
    event = _event(values)
    try:
        item_page.bring_event_on_page(visit, seen.shape.reference, event, sent)
    except Unfit as refusal:
        form.refused(refusal)
        return _page(visit, seen, form, sent)
    return layout.go_to(f"/challenges/{seen.shape.reference}?done={event.type}")


def _event(values: dict[str, Any]) -> Event:
    position, words = str(values["position"]), str(values["answer"])
    if position == "not_for_me":
        return NotForMe(words, str(values.get("suggests", "")))
    if position == "question":
        return ClarificationAsked(words)
    actions: tuple[Action, ...] = values.get("actions", ())
    return Responded(position, words, actions)  # type: ignore[arg-type]


def _page(visit: PageContext, seen: item_page.ItemOnPage, form: Form, sent: FormSubmission | None = None) -> Response:
    asked = next((press for press in seen.presses if press.task is TaskKind.ANSWER), None)
    window = next((w for w in seen.shape.windows if w.is_open and w.kind in ASKS_RECIPIENTS), None)
    return layout.render_page(
        visit, "answer.html", 422 if form.is_faulty else 200, title=f"Reply to {seen.shape.reference}", form=form,
        shape=seen.shape, child=child_in_words(seen.item), about=about_in_words(seen.item), asked=seen.asked, press=asked,
        window=window, once=item_page.idempotency_key_of(visit, sent), answers=item_page.answers_of(seen),
        is_meeting=window and window.kind == WindowKind.MEETING, is_open="responded" in seen.shape.moves,
        meeting_at=seen.shape.meeting_at,
    )  # fmt: skip
