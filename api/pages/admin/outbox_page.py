"""The outbox: what waits, what is held, what could not be delivered and why; the brake, and letting go by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Response
from sqlalchemy import Connection, RowMapping

from api.json import outbox as service_outbox
from api.json.inbox import message_of
from api.pages.admin.home import brake_in_words, stage_names
from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm
from api.pages.frame.form_fields import Form, RadioPick, SelectMenu
from api.presenters.shapes import BrakeBody, MessageShape
from drp.database.message_tables import NotificationState
from drp.directory import lookup
from drp.messages.delivery_store import list_undelivered_copies
from workflows.model.refusals import Unfit

router = APIRouter(include_in_schema=False)

MOST = 100
"""Copies that the page lists of each state; the counts are of all."""


@dataclass(frozen=True)
class OutboxCopy:
    """One person's copy of a message on its way."""

    message: MessageShape
    person: str
    why: str
    attempts: int
    next_at: datetime


@router.get("/administration/outbox")
def show_outbox_page(visit: CurrentPage, done: str = "") -> Response:
    """What is in the outbox, and the brake."""
    said = {"brake": "The brake is set.", "released": "What was held or had failed goes out again at the next tick."}
    return _page(visit, _form(visit), done=said.get(done, ""))


@router.post("/administration/outbox/brake")
def set_brake_on_page(sent: SentForm) -> Response:
    """The brake on, off, or above a stage."""
    visit = sent.visit
    form, values = sent.form(_form(visit).fields)
    if values.get("brake") == "above" and not values.get("stage"):
        form.refuse("Choose the stage above which mail is held.", "stage")
    if not form.is_faulty:
        brake = {"none": "", "all": "all"}.get(str(values["brake"]), str(values.get("stage", "")))
        try:
            service_outbox.set_brake(visit, BrakeBody(brake=brake))
            return layout.go_to("/administration/outbox?done=brake")
        except Unfit as refusal:
            form.refused(refusal)
    return _page(visit, form)


@router.post("/administration/outbox/release")
def release_outbox(sent: SentForm) -> Response:
    """What is held, and what failed, goes out again: named people decided so."""
    sent.confirm()
    service_outbox.release(sent.visit)
    return layout.go_to("/administration/outbox?done=released")


def _form(visit: PageContext) -> Form:
    with visit.service.store.read(visit.authority) as connection:
        stages = stage_names(visit.service.casework.procedures.current(connection, visit.authority))
    brake = service_outbox.show_outbox(visit).brake
    fields = [
        RadioPick(
            name="brake",
            label="The brake",
            options=[
                ("none", "Off: mail leaves as it comes", ""),
                ("all", "Hold all mail", "For the first days: the inbox works, and nobody gets mail."),
                ("above", "Hold mail above a stage", "Mail up to that stage leaves; what is above waits for somebody here."),
            ],
            need="Choose what the brake holds.",
        ),
        SelectMenu(
            name="stage",
            label="Above which stage",
            hint="Only where mail above a stage is held. A procedure that has no such stage has all its mail held.",
            options=[(key, name, "") for key, name in stages],
        ),
    ]
    above = brake not in ("", "all")
    return Form(fields, {"brake": ("above" if above else brake or "none",), "stage": (brake if above else "",)})


def _page(visit: PageContext, form: Form, done: str = "") -> Response:
    outbox = service_outbox.show_outbox(visit)
    with visit.service.store.read(visit.authority) as connection:
        listed = {
            state: _copies(connection, visit, list_undelivered_copies(connection, visit.authority, state, MOST))
            for state in (NotificationState.FAILED, NotificationState.BRAKED, NotificationState.WAITING)
        }
    references = dict.fromkeys(copy.message.reference for copies in listed.values() for copy in copies)
    visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "outbox", *references)
    sections = [
        (NotificationState.FAILED, "Could not be delivered", listed[NotificationState.FAILED]),
        (NotificationState.BRAKED, "Held by the brake", listed[NotificationState.BRAKED]),
        (NotificationState.WAITING, "Waiting to leave", listed[NotificationState.WAITING]),
    ]
    return layout.render_page(
        visit, "outbox.html", 422 if form.is_faulty else 200, title="Outbox", form=form, outbox=outbox, done=done,
        brake=brake_in_words(visit, outbox.brake), sections=[one for one in sections if one[2]], most=MOST,
        held=outbox.braked, to_release=bool(outbox.braked or listed[NotificationState.FAILED]),
    )  # fmt: skip


def _copies(connection: Connection, visit: PageContext, rows: Sequence[RowMapping]) -> list[OutboxCopy]:
    names = lookup.names_of(connection, visit.authority, {str(row["person"]) for row in rows})
    return [
        OutboxCopy(
            message_of(connection, visit, row),
            names.get(str(row["person"]), ""),
            row["error"] or row["trouble"],
            row["attempts"],
            row["next_at"],
        )
        for row in rows
    ]
