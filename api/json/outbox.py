"""The outbox over JSON: what is held, what waits, what could not be delivered; and the brake."""

from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection

from api.json.inbox import message_of
from api.json.problems import declared_refusals
from api.json.written_route import WrittenRoute
from api.presenters.shapes import BrakeBody, OutboxShape, ReleasedShape
from api.request_context import CurrentRequest, RequestContext
from drp.data_protection import admin_audit_log
from drp.database.message_tables import NotificationState
from drp.directory.lookup import names_of
from drp.messages import sending_pause
from drp.messages.delivery_store import count_unsent_messages, list_undelivered_copies
from drp.messages.sending_pause import SendingPause
from workflows.calendar.working_days import Calendar
from workflows.model.authority import Capacity
from workflows.model.refusals import Unfit

router = APIRouter(prefix="/api/v1", route_class=WrittenRoute)

BRAKE = "brake"
"""What a change of the pause is called among the changes that people made."""
NO_BRAKE = "none"
"""How such a change says that mail leaves as it comes."""


@router.get("/outbox", tags=["desk"], responses=declared_refusals(), response_model=OutboxShape)
def show_outbox(asked: CurrentRequest) -> OutboxShape:
    """What is held, what waits, and what could not be delivered to somebody."""
    with asked.service.store.read(asked.authority) as connection:
        counts = count_unsent_messages(connection, asked.authority)
        failed = list_undelivered_copies(connection, asked.authority, NotificationState.FAILED, 200)
        pause = sending_pause.read_pause(connection, asked.authority) or SendingPause("")
        by = str(pause.by) if pause.by else ""
        return OutboxShape(
            brake=pause.holds,
            paused_by=names_of(connection, asked.authority, {by} - {""}).get(by, ""),
            paused_why=pause.why,
            paused_since=pause.since,
            lapses_at=pause.until,
            waiting=counts.get(NotificationState.WAITING, 0),
            braked=counts.get(NotificationState.BRAKED, 0),
            failed=[message_of(connection, asked, row) for row in failed],
        )


@router.put("/outbox/brake", tags=["desk"], responses=declared_refusals(413, 422), response_model=OutboxShape)
def set_brake(asked: CurrentRequest, body: BrakeBody) -> OutboxShape:
    """Pause sending (all mail, or all above a stage), or let it go on. The inbox goes on, and so does every clock."""
    change_pause(asked, body)
    return show_outbox(asked)


def change_pause(asked: RequestContext, body: BrakeBody) -> UUID:
    """Pause sending, or let it go on, and write down what it was before. Returns what the change is found again by.

    Raises Unfit.
    """
    with asked.service.store.write(asked.authority) as connection:
        current = asked.service.casework.procedures.current(connection, asked.authority)
        runs = sending_pause.read_pause(connection, asked.authority)
        pause = _pause(asked, body, runs, current[0].calendar) if body.brake else None
        before = runs or SendingPause("")
        if body.brake not in ("", "all") and not any(rules.ladder.has(body.brake) for rules in current):
            raise Unfit(f"There is no stage `{body.brake}`.", "Write `all`, a stage's key, or nothing.", "brake")
        sending_pause.store_pause(connection, asked.authority, pause)
        return admin_audit_log.note_admin_change(
            connection, asked.service.casework, asked.signed, asked.now, BRAKE, set_to=body.brake or NO_BRAKE,
            why=body.why.strip(), before=before.holds or NO_BRAKE, before_why=before.why,
        )  # fmt: skip


def pause_before(connection: Connection, authority: str, change: UUID) -> BrakeBody | None:
    """What takes a change of the pause back: how sending stood before it.

    None where there is no such change, where it changed nothing to take back, or where sending was changed again since.
    """
    said = admin_audit_log.read_admin_change(connection, authority, change, BRAKE)
    if said is None or said.get("before", said["set_to"]) == said["set_to"]:
        return None
    runs = sending_pause.read_pause(connection, authority) or SendingPause("")
    if (runs.holds or NO_BRAKE, runs.why) != (said["set_to"], said.get("why", "") if runs.holds else ""):
        return None
    holds = "" if said["before"] == NO_BRAKE else said["before"]
    # A pause of earlier releases, or the operator's, may have no reason; a new one needs it.
    return BrakeBody(brake=holds, why=(said.get("before_why") or "No reason was recorded.") if holds else "")


def _pause(asked: RequestContext, body: BrakeBody, runs: SendingPause | None, calendar: Calendar) -> SendingPause:
    """The pause that is asked for. Raises Unfit without a reason, or where somebody else than an IRO manager renews it.

    Whoever only changes what a pause holds does not lengthen it.
    """
    if not body.why.strip():
        raise Unfit("A pause holds what people are asked, so it needs a reason.", "Say why: `why`.", "why")
    since, until = asked.now, sending_pause.lapses_at(asked.now, calendar)
    if runs is not None and runs.until is not None:
        since = runs.since or since
        if Capacity.IRO_MANAGER not in asked.signed.capacities:
            if runs.holds == body.brake:
                raise Unfit("Sending is paused already, and an IRO manager renews it.", "Ask an IRO manager.", "brake")
            until = runs.until
    return SendingPause(body.brake, UUID(asked.signed.person), body.why.strip(), since, until)


@router.post("/outbox/release", tags=["desk"], responses=declared_refusals(), response_model=ReleasedShape)
def release(asked: CurrentRequest) -> ReleasedShape:
    """Let held and failed messages go, by hand."""
    with asked.service.store.write(asked.authority) as connection:
        released = sending_pause.release_messages(connection, asked.authority, asked.now)
        admin_audit_log.note_admin_change(
            connection, asked.service.casework, asked.signed, asked.now, "mail released", messages=released
        )
    return ReleasedShape(released=released)
