"""An informal talk, logged in three fields on a telephone, perhaps settled; and what is told once, on one page."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import Depends, Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.field_options import addressed_in_words, child_field, chosen_parties, for_stages, holders_to_choose
from api.pages.frame.form_fields import Form, FormField, RadioPick, SelectMenu, TextArea, TickBox, TickBoxes
from api.pages.item import item_page
from api.pages.item.move_questions import FOUND
from api.pages.raising.wizard_steps import raises_as, reason_options
from api.presenters.timeline_text import OF_SCRUTINY
from drp.casework.access import NotFound
from drp.casework.load import load_establishment
from drp.identity.principal import NotPermitted
from workflows.decision.recipients import About
from workflows.model.authority import in_force_on
from workflows.model.events import Raised, Resolved
from workflows.model.ladder import Choice, ItemType, Ladder
from workflows.model.refusals import NotYours, Unfit


@router.get("/talks/new")
def ask_for_talk(visit: CurrentPage, child: str = "") -> Response:
    """What was talked over."""
    with visit.reading() as connection:
        raises_as(connection, visit, ItemType.INFORMAL)
        fields = _talk_fields(connection, visit)
    return _talk_page(visit, Form(fields, {"child": (child,)} if child else {}))


@router.post("/talks/new")
def log_talk_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """It is on the record; nobody is asked anything, unless a clock was wanted."""
    with visit.reading() as connection:
        form, values = sent.form(_talk_fields(connection, visit))
        role = raises_as(connection, visit, ItemType.INFORMAL)
    settled = _settled(form, values)
    if form.is_faulty:
        return _talk_page(visit, form)
    reason, line = values["reason"], values["concern"]
    needs_words = visit.words.has_reason(reason) and visit.words.reason(reason).needs_words
    event = Raised(
        ItemType.INFORMAL, (reason,), line, other_reason=line if needs_words else "", raiser_role=role,
        without_clock=not values["clock"],
    )  # fmt: skip
    try:
        reference = item_page.raise_one(visit, sent, values["child"], event, settled=settled)
        return go_to(f"/challenges/{reference}?done={'settled' if settled else 'talk'}")
    except NotYours as refusal:
        if settled is None:
            raise
        form.refuse(f"{refusal.said} Log the talk without this: whoever raises it settles it.", "what_changed")
    except Unfit as refusal:
        if refusal.field in ("to", "respond_by"):
            form.refuse(
                "Here somebody must be chosen to answer, by a date that you set. Log it without asking, or raise it.", "clock"
            )
        else:
            form.refuse(f"{refusal.said} {refusal.do}", refusal.field)
    return _talk_page(visit, form)


def _settled(form: Form, values: dict[str, Any]) -> Resolved | None:
    """How it was settled, where that is said; what does not fit together is noted on the form."""
    words, found = str(values.get("what_changed", "")), values.get("found", "")
    if not words and not found:
        return None
    if not words:
        form.refuse("Say in a line what changed for the child.", "what_changed")
    if values.get("clock"):
        form.refuse("It is settled, or an answer is wanted: choose one of the two.", "clock")
    return Resolved(words, found=found)


def _talk_fields(connection: Connection, visit: PageContext) -> list[FormField]:
    return [
        child_field(connection, visit),
        SelectMenu(name="reason", label="Reason", options=reason_options(visit.words), need="Choose the reason."),
        TextArea(name="concern", label="In one line", hint="What was talked over.", rows=2, need="Write a line."),
        TickBox(
            name="clock",
            label="Ask for an answer, with the procedure's own time",
            hint="Left out: it is on your record, nobody is asked.",
        ),
        TextArea(
            name="what_changed", label="It is settled: what changed for the child",
            hint="Leave both out if it is not settled yet, or if it is too early to say.", rows=2,
        ),
        RadioPick(name="found", label="How it is for the child now", options=[one for one in FOUND if one[0] != "too early"]),
    ]  # fmt: skip


def _talk_page(visit: PageContext, form: Form) -> Response:
    return visit.page("talk.html", title="Log a talk", form=form, urgent=visit.words.duty_numbers)


# What is told once: a notice of excellent practice, and senior scrutiny.


KINDS = {"": ItemType.EXCELLENT_PRACTICE, "scrutiny": ItemType.SENIOR_SCRUTINY}
"""What `kind` in the address asks for; anything else is no page."""


@dataclass(frozen=True)
class NoticeToSend:
    """A notice that somebody may send: in which role, by which procedures, and what it asks."""

    kind: ItemType
    role: str
    ladders: list[Ladder]
    fields: list[FormField]


def notice_to_send(visit: CurrentPage, kind: str = "") -> NoticeToSend:
    """What is asked for. Raises NotFound, and NotPermitted where they may not, or where the authority has no procedure for it."""
    if kind not in KINDS:
        raise NotFound
    wanted = KINDS[kind]
    with visit.reading() as connection:
        role = raises_as(connection, visit, wanted)
        every = [rules.ladder for rules in visit.procedures(connection)]
        ladders = [ladder for ladder in in_force_on(visit.today, every) if wanted in ladder.items]
        if not ladders:
            raise NotPermitted
        return NoticeToSend(wanted, role, ladders, _notice_fields(connection, visit, wanted, ladders))


CurrentNotice = Annotated[NoticeToSend, Depends(notice_to_send)]


@router.get("/notices/new")
def ask_for_notice(visit: CurrentPage, asked: CurrentNotice) -> Response:
    """Whom, and what went well; or what was looked at, and what was found."""
    usual = tuple(dict.fromkeys(rule.reason for ladder in asked.ladders for rule in ladder.must_raise if rule.reason))
    return _notice_page(visit, asked.kind, Form(asked.fields, {"reasons": usual}))


@router.post("/notices/new")
def send_notice_on_page(visit: CurrentPage, sent: SentForm, asked: CurrentNotice) -> Response:
    """It is sent: told once, no reply asked."""
    form, values = sent.form(asked.fields)
    which = str(values.get("ladder", ""))
    for stage in [ladder.stages[0] for ladder in asked.ladders if ladder.key == which]:
        if stage.to and stage.to.how in (Choice.ONE, Choice.CHOSEN) and not values.get("to"):
            form.refuse(f"Choose who is to be told at {stage.label}.", "to")
    if not form.is_faulty:
        event = Raised(
            asked.kind,
            tuple(values.get("reasons", ())),
            values["concern"],
            effect_on_child=values["effect_on_child"],
            took_part=values.get("took_part", ""),
            to=chosen_parties(values.get("to", ())),
            copies=tuple(values.get("copies", ())),
            raiser_role=asked.role,
        )
        with form.noting_refusal():
            reference = item_page.raise_one(visit, sent, values["child"], event, ladder=which)
            return go_to(f"/challenges/{reference}/raised")
    return _notice_page(visit, asked.kind, form)


def _notice_fields(connection: Connection, visit: PageContext, kind: ItemType, ladders: Sequence[Ladder]) -> list[FormField]:
    stages = [stage for ladder in ladders for stage in ladder.stages]
    roles = [role for stage in stages for role in stage.roles_to()]
    about = About(visit.signed.person, "")
    establishment = load_establishment(connection, visit.authority, [about])
    people = holders_to_choose(connection, visit, visit.words, establishment, about, roles)
    # A role that each child has its own holder of is chosen as the role: who it is follows from the child.
    people = {role: found or [("", "the child's own")] for role, found in people.items()}
    asked = _scrutiny(visit, ladders) if kind is ItemType.SENIOR_SCRUTINY else _PRAISE
    # Somebody to be told must be chosen where the procedure leaves it open.
    told = {"label": "Who is to be told", "need": "Choose who is to be told." if len(ladders) == 1 else ""}
    choices = [replace(each, **told) if each.name == "to" else each for each in for_stages(visit.words, stages, people)]
    return [child_field(connection, visit), *asked, *choices]


_PRAISE: tuple[FormField, ...] = (
    TextArea(name="concern", label="What went well", need="Say what went well."),
    TextArea(name="effect_on_child", label="What it meant for the child", rows=3),
)


def _scrutiny(visit: PageContext, ladders: Sequence[Ladder]) -> list[FormField]:
    """What senior scrutiny is asked: at which level, where there are several; why; what was looked at and found; by whom."""
    asked = [(ladder.key, ladder.stages[0].label, addressed_in_words(visit.words, ladder.stages[0])) for ladder in ladders]
    level = RadioPick(name="ladder", label="At which level", options=asked, need="Choose the level.")
    return [
        *([level] if len(ladders) > 1 else []),
        TickBoxes(
            name="reasons",
            label="Why it was looked at",
            options=[
                (reason.key, reason.label, "") for t in visit.words.themes for reason in t.reasons if not reason.needs_words
            ],
        ),
        TextArea(name="concern", label=OF_SCRUTINY["concern"], need="Say what was looked at."),
        TextArea(name="effect_on_child", label=OF_SCRUTINY["effect_on_child"], need="Say what was found."),
        TextArea(name="took_part", label=OF_SCRUTINY["took_part"], hint="Posts are enough.", rows=2),
    ]


def _notice_page(visit: PageContext, kind: ItemType, form: Form) -> Response:
    is_scrutiny, said = kind is ItemType.SENIOR_SCRUTINY, visit.label(kind.value)
    title = f"Record {said}" if is_scrutiny else f"Send a notice of {said}"
    return visit.page("notice.html", title=title, form=form, is_scrutiny=is_scrutiny)
