"""The outbox: what waits, what is held, what could not be delivered and why; the brake, and letting go by hand."""

from uuid import UUID

from fastapi import Response
from sqlalchemy import Connection

from api.json import outbox as service_outbox
from api.json.inbox import message_of
from api.pages.admin.home import brake_in_words
from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from api.pages.frame.field_options import stage_names
from api.pages.frame.form_fields import Form, FormField, RadioPick, SelectMenu, TextLine, TickBox
from api.presenters.readings import identities_among
from api.presenters.shapes import BrakeBody
from drp.database.message_tables import NotificationState
from drp.directory import lookup
from drp.identity.principal import RouteAudience, serves_principal
from drp.messages.delivery_store import list_undelivered_copies

MOST = 100
"""Copies that the page lists of each state; the counts are of all."""


DONE = {
    "paused": "Sending is paused. What is asked from now on stands in the inbox, and no mail says so: ring whoever must know. "
    "Every date runs on.",
    "lifted": "Mail leaves again as it comes. What was held before still waits: let it go by hand, if it is to leave.",
    "released": "What was held or had failed goes out again at the next tick.",
}

SECTIONS = (
    (NotificationState.FAILED, "Could not be delivered"),
    (NotificationState.BRAKED, "Held: sending is paused"),
    (NotificationState.WAITING, "Waiting to leave"),
)


@router.get("/administration/outbox")
def show_outbox_page(visit: CurrentPage, done: str = "", change: str = "") -> Response:
    """What is in the outbox, and the brake."""
    return _page(visit, _form(visit), done=DONE.get(done, ""), change=change)


@router.post("/administration/outbox/brake")
def set_brake_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """The brake on, off, or above a stage."""
    form, values = sent.form(_form(visit).fields)
    if values.get("brake") == "above" and not values.get("stage"):
        form.refuse("Choose the stage above which mail is held.", "stage")
    if values.get("brake") not in (None, "none"):
        if not values.get("why"):
            form.refuse("Say why sending is paused.", "why")
        if not values.get("sure"):
            form.refuse("Tick the box: people will not hear by mail what they are asked.", "sure")
    if not form.is_faulty:
        brake = {"none": "", "all": "all"}.get(values["brake"], values.get("stage", ""))
        with form.noting_refusal():
            return _changed(service_outbox.change_pause(visit, BrakeBody(brake=brake, why=values.get("why") or "")), brake)
    return _page(visit, form)


@router.post("/administration/outbox/take-back")
def take_back_pause_on_page(visit: CurrentPage, sent: SentForm) -> Response:
    """Sending is paused, or not, as it was before the change just made: by the one press that the confirmation offers."""
    named = sent.pressed("change")
    with visit.reading() as connection:
        before = _before(connection, visit, named)
    form = _form(visit)
    if before is None:
        form.refuse("Sending was changed again since, so this cannot be taken back. Set below what is to hold now.", "brake")
    if not form.is_faulty and before is not None:
        with form.noting_refusal():
            return _changed(service_outbox.change_pause(visit, before), before.brake)
    return _page(visit, form)


def _before(connection: Connection, visit: PageContext, change: str) -> BrakeBody | None:
    """What takes a change back; None where the address names none, or it cannot be taken back any more."""
    return service_outbox.pause_before(connection, visit.authority, UUID(change)) if identities_among(change) else None


def _changed(change: UUID, brake: str) -> Response:
    return go_to(f"/administration/outbox?done={'paused' if brake else 'lifted'}&change={change}")


@router.post("/administration/outbox/release")
def release_outbox(visit: CurrentPage, sent: SentForm) -> Response:
    """What is held, and what failed, goes out again: named people decided so."""
    sent.confirm()
    service_outbox.release(visit)
    return go_to("/administration/outbox?done=released")


def _form(visit: PageContext) -> Form:
    with visit.reading() as connection:
        stages = stage_names(visit.procedures(connection))
    brake = service_outbox.show_outbox(visit).brake
    fields: list[FormField] = [
        RadioPick(
            name="brake",
            label="Sending",
            options=[
                ("none", "Mail leaves as it comes", ""),
                ("all", "Pause all mail", "The inbox works, and nobody gets mail. Urgent items and referrals go all the same."),
                ("above", "Pause mail above a stage", "Mail up to that stage leaves; what is above waits for somebody here."),
            ],
            need="Choose what is paused.",
        ),
        SelectMenu(
            name="stage",
            label="Above which stage",
            hint="Only where mail above a stage is held. A procedure that has no such stage has all its mail held.",
            options=[(key, name, "") for key, name in stages],
        ),
    ]
    fields += [
        TextLine(
            name="why", label="Why", hint="Needed where mail is held. It stands on the pages of whoever waits for an answer."
        ),
        TickBox(
            name="sure",
            label="I have thought of it: every date runs on, and people will not hear by mail what they are asked",
        ),
    ]
    above = brake not in ("", "all")
    return Form(fields, {"brake": ("above" if above else brake or "none",), "stage": (brake if above else "",)})


def _page(visit: PageContext, form: Form, done: str = "", change: str = "") -> Response:
    outbox = service_outbox.show_outbox(visit)
    with visit.reading() as connection:
        before = _before(connection, visit, change) if done else None
        listed = {
            state: [
                (message_of(connection, visit, row), row)
                for row in list_undelivered_copies(connection, visit.authority, state, MOST)
            ]
            for state, _ in SECTIONS
        }
        copies = [copy for each in listed.values() for copy in each]
        names = lookup.names_of(connection, visit.authority, {str(row["person"]) for _, row in copies})
    visit.log_access("outbox", *(message.reference for message, _ in copies))
    return visit.page(
        "outbox.html", title="Outbox", form=form, outbox=outbox, done=done, brake=brake_in_words(visit, outbox.brake),
        sections=[(state, heading, listed[state]) for state, heading in SECTIONS if listed[state]], names=names,
        most=MOST, tells=serves_principal(RouteAudience.IRO_SERVICE, visit.signed.capacities),
        undo=before, undo_in_words=_undo_in_words(before), change=change, held=outbox.braked,
        to_release=outbox.braked or listed[NotificationState.FAILED],
    )  # fmt: skip


def _undo_in_words(before: BrakeBody | None) -> str:
    """What the button says that takes the change back."""
    if before is None:
        return ""
    return "Undo: pause it again, for the same reason" if before.brake else "Undo: let mail leave again"
