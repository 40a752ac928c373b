"""The one question, on one page: what is asked of a manager, by when, and everything that they may say to it."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from api.pages import inbox, item, shell
from api.pages.choices import day_for_actions
from api.pages.fields import Actions, Field, Form, Line, Pick, Words
from api.pages.visiting import Posted, Sent, Visit, Visiting
from api.pages.work import about_in_words, child_in_words
from workflows.challenge import ASKS_RECIPIENTS, WindowKind
from workflows.events import Action, ClarificationAsked, Event, NotForMe, Responded
from workflows.pressing import Task
from workflows.refusals import Unfit
from workflows.working_days import local_date

router = APIRouter(include_in_schema=False)

ACTIONS = Actions(name="actions", label="What will be done, by when", hint="Leave empty what you do not need.")
FIELDS: tuple[Field, ...] = (
    Pick(
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
    Words(name="answer", label="In your words", hint="Everybody on this item reads it.", need="Write it in your words.", rows=6),
    ACTIONS,
    Line(name="suggests", label="If it is not for you: whose is it?", hint="Only if it is not for you."),
)


def _fields(visit: Visiting, seen: item.Whole) -> tuple[Field, ...]:
    """The questions; an action begins with the day of the child's next review, where that is known."""
    offered = day_for_actions(seen.item.loaded.challenge, local_date(visit.now))
    return tuple(replace(ACTIONS, offered=offered) if each is ACTIONS else each for each in FIELDS)


@router.get("/challenges/{reference}/answer")
def ask(request: Request, visit: Visit, reference: str) -> Response:
    """The question."""
    with visit.service.store.read(visit.authority) as connection:
        seen = item.whole(connection, visit, reference)
    item.log_reading(visit, seen.shape.reference)
    visit = inbox.opened(request, visit, seen.item.loaded.id)
    return _page(visit, seen, Form(_fields(visit, seen)))


@router.post("/challenges/{reference}/answer")
def answer(sent: Sent, reference: str) -> Response:
    """The reply, or what was wrong with it beside what was typed."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        seen = item.whole(connection, visit, reference)
    fields = _fields(visit, seen)
    form, values = sent.form(fields)
    if sent.wants_more():
        return _page(visit, seen, Form(fields, form.given), sent)
    if form.is_faulty:
        return _page(visit, seen, form, sent)
    event = _event(values)
    try:
        item.bring(visit, seen.shape.reference, event, sent)
    except Unfit as refusal:
        form.refused(refusal)
        return _page(visit, seen, form, sent)
    return shell.go(f"/challenges/{seen.shape.reference}?done={event.type}")


def _event(values: dict[str, Any]) -> Event:
    position, words = str(values["position"]), str(values["answer"])
    if position == "not_for_me":
        return NotForMe(words, str(values.get("suggests", "")))
    if position == "question":
        return ClarificationAsked(words)
    actions: tuple[Action, ...] = values.get("actions", ())
    return Responded(position, words, actions)  # type: ignore[arg-type]


def _page(visit: Visiting, seen: item.Whole, form: Form, sent: Posted | None = None) -> Response:
    asked = next((press for press in seen.presses if press.task is Task.ANSWER), None)
    window = next((w for w in seen.shape.windows if w.is_open and w.kind in ASKS_RECIPIENTS), None)
    return shell.page(
        visit, "answer.html", 422 if form.is_faulty else 200, title=f"Reply to {seen.shape.reference}", form=form,
        shape=seen.shape, child=child_in_words(seen.item), about=about_in_words(seen.item), asked=seen.asked, press=asked,
        window=window, once=item.once(visit, sent), answers=item.answers(seen),
        is_meeting=window and window.kind == WindowKind.MEETING, is_open="responded" in seen.shape.moves,
        meeting_at=seen.shape.meeting_at,
    )  # fmt: skip
