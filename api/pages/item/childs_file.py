"""For the child: each step as a page to be filed in the case system, and a plain letter that the IRO makes their own."""

from typing import Annotated

from fastapi import Depends, Response

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, router
from api.pages.frame.form_fields import Form, TextArea, TextLine
from api.pages.item.item_page import CurrentItem, ItemOnPage
from api.presenters.timeline_text import EntryInWords, entries_in_words
from drp.casework.access import NotFound
from workflows.calendar.working_days import long_date
from workflows.decision.relation import reads_iro_service
from workflows.model.challenge import ASKS_RECIPIENTS, Phase
from workflows.model.refusals import NotYours


def item_to_file(seen: CurrentItem) -> ItemOnPage:
    """The item, for the IRO service: what goes to the child's file, or to the child, is theirs to send. Raises NotYours."""
    if not reads_iro_service(seen.item.actor):
        raise NotYours("This is for the IRO service to file or to send.", "Ask the child's IRO.")
    return seen


def item_to_write_of(seen: Annotated[ItemOnPage, Depends(item_to_file)]) -> ItemOnPage:
    """The same, where it is about a child. Raises NotFound too."""
    if not seen.challenge.about_child:
        raise NotFound
    return seen


ItemToFile = Annotated[ItemOnPage, Depends(item_to_file)]
ItemOfChild = Annotated[ItemOnPage, Depends(item_to_write_of)]


@router.get("/challenges/{reference}/file")
def show_every_step(visit: CurrentPage, seen: ItemToFile) -> Response:
    """All steps so far, one after the other, to be printed or copied; each has a page of its own too."""
    return _file_page(visit, seen, _steps(seen), one_only=False)


@router.get("/challenges/{reference}/file/{number}")
def show_one_step(visit: CurrentPage, seen: ItemToFile, number: str) -> Response:
    """One step, as a page."""
    found = [one for one in _steps(seen) if str(one.number) == number]
    if not found:
        raise NotFound
    return _file_page(visit, seen, found, one_only=True)


def _steps(seen: ItemOnPage) -> list[EntryInWords]:
    """What everybody on the item could read: nothing that the IRO service keeps to itself goes to the file."""
    return [one for one in entries_in_words(seen.item, seen.timeline) if not one.kept]


def _file_page(visit: PageContext, seen: ItemOnPage, steps: list[EntryInWords], one_only: bool) -> Response:
    visit.log_access("page", seen.shape.reference)
    name = "One step" if one_only else "Every step"
    return visit.page(
        "childs_file.html", title=f"{name} of {seen.shape.reference}, for the child's file", steps=steps, shape=seen.shape,
        item=seen.item, one_only=one_only, authority=seen.item.rules.authority.name,
        ladder=seen.item.rules.ladder.title, made=visit.now,
    )  # fmt: skip


# The letter.


@router.get("/challenges/{reference}/letter")
def write_letter(visit: CurrentPage, seen: ItemOfChild) -> Response:
    """A letter to begin with."""
    visit.log_access("page", seen.shape.reference)
    return _letter_page(visit, seen, Form(FIELDS, {"letter": (letter_to_child(visit, seen),), "sender": (visit.signed.name,)}))


@router.post("/challenges/{reference}/letter")
def print_letter(visit: CurrentPage, sent: SentForm, seen: ItemOfChild) -> Response:
    """The letter as it will be printed. It is kept nowhere."""
    form, values = sent.form(FIELDS, may_hold_details=True)
    if form.is_faulty:
        return _letter_page(visit, seen, form)
    return visit.page(
        "letter_ready.html", title="Ready to print", shape=seen.shape, **values,
        authority=seen.item.rules.authority.name, day=long_date(visit.today), may_tell="child_told" in seen.shape.moves,
    )  # fmt: skip


FIELDS = (
    TextLine(name="name", label="What the child is called", hint="As they like to be called. It is not kept here."),
    TextArea(
        name="letter", label="The letter", hint="Change it until it is yours, and theirs.", rows=16, need="Write the letter."
    ),
    TextLine(name="sender", label="From", need="Write who it is from."),
)


def _letter_page(visit: PageContext, seen: ItemOnPage, form: Form) -> Response:
    return visit.page(
        "letter.html", title="Write to the child", form=form, shape=seen.shape, item=seen.item,
        action=f"{seen.path}/letter",
    )  # fmt: skip


def letter_to_child(visit: PageContext, seen: ItemOnPage) -> str:
    """A plain letter in the authority's words: what was asked for them, of whom, by when, and what they may do."""
    iro, council = visit.label("iro"), visit.words.name
    told = f"I have told {council} that something in your plan is not going as it should."
    if not seen.challenge.is_open:
        told = f"Some time ago I told {council} that something in your plan was not going as it should."
    paragraphs = [
        f"I am your {iro}. Part of what I do is to make sure that the people who look after your plan keep to it, "
        "and that what you think counts.",
        told,
        _now(seen),
        "What I asked for does not change how you and I talk. If you think about it differently from me, please say so: "
        "I will write down what you think, and the people who decide will read it.",
        "You can have an advocate: somebody who is only on your side and helps you to be heard. You can also make a complaint. "
        "Both are your right, and neither stops what I am doing. Tell me, or anybody you trust, and we will help you.",
    ]
    return "\n\n".join(paragraphs)


def _now(seen: ItemOnPage) -> str:
    challenge = seen.challenge
    if not challenge.is_open:
        return "That has come to an end now. I would like to tell you what came of it, when we next meet or before."
    waiting = [(w.owner, w.due) for w in seen.shape.windows if w.is_open and w.kind in ASKS_RECIPIENTS and w.due]
    if challenge.phase is Phase.AWAITING and waiting:
        owner, due = waiting[0]
        return f"I have asked the {owner} to answer me by {long_date(due)}. When they do, I will tell you."
    if challenge.phase is Phase.ANSWERED:
        return "They have answered, and I am thinking about whether it is enough for you. I will tell you what I decide."
    if challenge.phase is Phase.COMPLETING:
        return "They have agreed, and are putting it right now. I will look whether they do, and tell you."
    return "I am thinking about what is the best next step for you. I will tell you what I decide."
