"""An informal talk, logged in three fields on a telephone, perhaps settled; and a notice of excellent practice, on one page."""

from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from api.pages import item, shell
from api.pages.asking import raises_as, reason_options
from api.pages.children import child_field
from api.pages.choices import chosen, for_stages, holders
from api.pages.fields import Field, Form, Menu, Pick, Tick, Ticks, Words
from api.pages.moves import FOUND
from api.pages.visiting import Posted, Sent, Visit, Visiting
from drp.access import NotPermitted
from drp.load import establishment
from workflows.events import Raised, Resolved
from workflows.ladder import ItemType, Ladder
from workflows.recipients import About
from workflows.refusals import NotYours, Unfit

router = APIRouter(include_in_schema=False)


@router.get("/talks/new")
def ask_for_talk(visit: Visit, child: str = "") -> Response:
    """What was talked over."""
    with visit.service.store.read(visit.authority) as connection:
        raises_as(connection, visit, ItemType.INFORMAL)
        fields = _talk_fields(connection, visit)
    return _talk_page(visit, Form(fields, {"child": (child,)} if child else {}))


@router.post("/talks/new")
def log_talk(sent: Sent) -> Response:
    """It is on the record; nobody is asked anything, unless a clock was wanted."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        form, values = sent.form(_talk_fields(connection, visit))
        role = raises_as(connection, visit, ItemType.INFORMAL)
    settled = _settled(form, values)
    if form.is_faulty:
        return _talk_page(visit, form, sent)
    reason, line = str(values["reason"]), str(values["concern"])
    needs_words = visit.words.has_reason(reason) and visit.words.reason(reason).needs_words
    event = Raised(
        ItemType.INFORMAL, (reason,), line, other_reason=line if needs_words else "", raiser_role=role,
        without_clock=not values["clock"],
    )  # fmt: skip
    try:
        answer = item.raise_one(sent, str(values["child"]), event, settled=settled)
    except NotYours as refusal:
        if settled is None:
            raise
        form.refuse(f"{refusal.said} Log the talk without this: whoever raises it settles it.", "what_changed")
        return _talk_page(visit, form, sent)
    except Unfit as refusal:
        if refusal.field in ("to", "respond_by"):
            form.refuse(
                "Here somebody must be chosen to answer, by a date that you set. Log it without asking, or raise it.", "clock"
            )
        else:
            form.refused(refusal)
        return _talk_page(visit, form, sent)
    return shell.go(f"/challenges/{answer['reference']}?done={'settled' if settled else 'talk'}")


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


def _talk_fields(connection: Connection, visit: Visiting) -> list[Field]:
    return [
        child_field(connection, visit),
        Menu(name="reason", label="Reason", options=reason_options(visit.words), need="Choose the reason."),
        Words(name="concern", label="In one line", hint="What was talked over.", rows=2, need="Write a line."),
        Tick(
            name="clock",
            label="Ask for an answer, with the procedure's own time",
            hint="Left out: it is on your record, nobody is asked.",
        ),
        Words(
            name="what_changed", label="It is settled: what changed for the child",
            hint="Leave both out if it is not settled yet, or if it is too early to say.", rows=2,
        ),
        Pick(name="found", label="How it is for the child now", options=[one for one in FOUND if one[0] != "too early"]),
    ]  # fmt: skip


def _talk_page(visit: Visiting, form: Form, sent: Posted | None = None) -> Response:
    return shell.page(
        visit, "talk.html", 422 if form.is_faulty else 200, title="Log a talk", form=form, once=item.once(visit, sent),
        children=getattr(form.fields[0], "children", ()), urgent=visit.words.duty_numbers,
    )  # fmt: skip


# A notice of excellent practice.


@router.get("/notices/new")
def ask_for_notice(visit: Visit) -> Response:
    """Whom, and what went well."""
    with visit.service.store.read(visit.authority) as connection:
        raises_as(connection, visit, ItemType.EXCELLENT_PRACTICE)
        fields = _notice_fields(connection, visit)
    return _notice_page(visit, Form(fields))


@router.post("/notices/new")
def send_notice(sent: Sent) -> Response:
    """It is sent: told once, no reply asked."""
    visit = sent.visit
    with visit.service.store.read(visit.authority) as connection:
        form, values = sent.form(_notice_fields(connection, visit))
        role = raises_as(connection, visit, ItemType.EXCELLENT_PRACTICE)
    if form.is_faulty:
        return _notice_page(visit, form, sent)
    event = Raised(
        ItemType.EXCELLENT_PRACTICE, tuple(values.get("reasons", ())), str(values["concern"]),
        effect_on_child=str(values["effect_on_child"]), to=chosen(values.get("to", ())), copies=tuple(values.get("copies", ())),
        raiser_role=role,
    )  # fmt: skip
    try:
        answer = item.raise_one(sent, str(values["child"]), event)
    except Unfit as refusal:
        form.refused(refusal)
        return _notice_page(visit, form, sent)
    return shell.go(f"/challenges/{answer['reference']}/raised")


def _notice_fields(connection: Connection, visit: Visiting) -> list[Field]:
    ladder = _notice_ladder(connection, visit)
    roles = [role for stage in ladder.stages for role in stage.roles_to()]
    about = About(visit.signed.person, "")
    people = holders(connection, visit, visit.words, establishment(connection, visit.authority, [about]), about, roles)
    # A role that each child has its own holder of is chosen as the role: who it is follows from the child.
    people = {role: found or [("", "the child's own")] for role, found in people.items()}
    return [
        child_field(connection, visit),
        Words(name="concern", label="What went well", need="Say what went well."),
        Words(name="effect_on_child", label="What it meant for the child", rows=3),
        *_wide(for_stages(visit.words, list(ladder.stages), people)),
    ]


def _wide(fields: list[Field]) -> list[Field]:
    """The same choices; somebody to be told must be chosen where the procedure leaves it open."""
    return [
        Ticks(name="to", label="Who is to be told", hint=each.hint, options=each.options, need="Choose who is to be told.")
        if isinstance(each, Ticks) and each.name == "to"
        else each
        for each in fields
    ]


def _notice_ladder(connection: Connection, visit: Visiting) -> Ladder:
    """The procedure for excellent practice. Raises NotPermitted where the authority has none."""
    current = visit.service.casework.procedures.current(connection, visit.authority)
    found = [rules.ladder for rules in current if rules.ladder.is_notice]
    if not found:
        raise NotPermitted
    return found[-1]


def _notice_page(visit: Visiting, form: Form, sent: Posted | None = None) -> Response:
    title = f"Send a notice of {visit.label('excellent_practice')}"
    children: Any = getattr(form.fields[0], "children", ())
    return shell.page(
        visit,
        "notice.html",
        422 if form.is_faulty else 200,
        title=title,
        form=form,
        once=item.once(visit, sent),
        children=children,
    )
