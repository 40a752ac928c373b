"""The one question, on one page: what is asked of a manager, by when, and everything that they may say to it."""

from dataclasses import replace
from typing import Any

from fastapi import Request, Response

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.field_options import day_for_actions
from api.pages.frame.form_fields import ActionsField, Form, FormField, RadioPick, TextArea, TextLine
from api.pages.item.item_page import CurrentItem, ItemOnPage, OpenedItem, answers_of, bring_event_on_page
from api.pages.my_work import inbox
from api.presenters.followed_words import FOLLOWED_WORDS
from workflows.decision.tasks import TaskKind
from workflows.model.challenge import ASKS_RECIPIENTS, WindowKind
from workflows.model.events import ClarificationAsked, Event, NotForMe, Responded

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
)
SUGGESTS = TextLine(name="suggests", label="If it is not for you: whose is it?", hint="Only if it is not for you.")


def _fields(visit: PageContext, seen: ItemOnPage) -> tuple[FormField, ...]:
    """The questions; an action begins with the day of the child's next review, where that is known."""
    if own := FOLLOWED_WORDS.get(seen.challenge.item_type):
        stands = [(position, *said) for position, said in own.positions.items()]
        asked = RadioPick(name="position", label=own.reply, options=stands, need="Choose how it stands.")
        return (asked, FIELDS[1], ACTIONS, SUGGESTS)
    return (*FIELDS, replace(ACTIONS, offered=day_for_actions(seen.challenge, visit.today)), SUGGESTS)


@router.get("/challenges/{reference}/answer")
def show_answer_form(request: Request, visit: CurrentPage, seen: OpenedItem) -> Response:
    """The question."""
    return _page(inbox.mark_item_read(request, visit, seen.item.loaded.id), seen, Form(_fields(visit, seen)))


@router.post("/challenges/{reference}/answer")
def send_answer(visit: CurrentPage, sent: SentForm, seen: CurrentItem) -> Response:
    """The reply, or what was wrong with it beside what was typed."""
    fields = _fields(visit, seen)
    form, values = sent.form(fields)
    if sent.wants_more():
        form = Form(fields, form.given)
    elif not form.is_faulty:
        event = _event(values)
        with form.noting_refusal():
            bring_event_on_page(visit, seen.shape.reference, event, sent)
            return go_to(f"{seen.path}?done={event.type}")
    return _page(visit, seen, form)


def _event(values: dict[str, Any]) -> Event:
    position, words = values["position"], str(values["answer"])
    if position == "not_for_me":
        return NotForMe(words, str(values.get("suggests", "")))
    if position == "question":
        return ClarificationAsked(words)
    return Responded(position, words, values.get("actions", ()))


def _page(visit: PageContext, seen: ItemOnPage, form: Form) -> Response:
    asked = next((press for press in seen.presses if press.task is TaskKind.ANSWER), None)
    window = next((w for w in seen.shape.windows if w.is_open and w.kind in ASKS_RECIPIENTS), None)
    return visit.page(
        "answer.html", title=f"Reply to {seen.shape.reference}", form=form, own=FOLLOWED_WORDS.get(seen.challenge.item_type),
        shape=seen.shape, item=seen.item, asked=seen.asked, press=asked,
        window=window, answers=answers_of(seen),
        is_meeting=window and window.kind == WindowKind.MEETING, is_open="responded" in seen.shape.moves,
        meeting_at=seen.shape.meeting_at,
    )  # fmt: skip
