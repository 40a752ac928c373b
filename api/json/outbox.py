"""The outbox over JSON: what is held, what waits, what could not be delivered; and the brake."""

from fastapi import APIRouter

from api.json.inbox import message_of
from api.json.problems import declared_refusals
from api.presenters.shapes import BrakeBody, OutboxShape, ReleasedShape
from api.request_context import CurrentRequest
from drp.data_protection import admin_audit_log
from drp.database.message_tables import NotificationState
from drp.messages import sending_pause
from drp.messages.delivery_store import count_unsent_messages, list_undelivered_copies
from workflows.model.refusals import Unfit

router = APIRouter(prefix="/api/v1")


@router.get("/outbox", tags=["desk"], responses=declared_refusals(), response_model=OutboxShape)
def show_outbox(asked: CurrentRequest) -> OutboxShape:
    """What is held, what waits, and what could not be delivered to somebody."""
    with asked.service.store.read(asked.authority) as connection:
        counts = count_unsent_messages(connection, asked.authority)
        failed = list_undelivered_copies(connection, asked.authority, NotificationState.FAILED, 200)
        return OutboxShape(
            brake=sending_pause.read_brake(connection, asked.authority),
            waiting=counts.get(NotificationState.WAITING, 0),
            braked=counts.get(NotificationState.BRAKED, 0),
            failed=[message_of(connection, asked, row) for row in failed],
        )


@router.put("/outbox/brake", tags=["desk"], responses=declared_refusals(413, 422), response_model=OutboxShape)
def set_brake(asked: CurrentRequest, body: BrakeBody) -> OutboxShape:
    """Hold all mail, all above a stage, or none. The inbox goes on."""
    with asked.service.store.write(asked.authority) as connection:
        current = asked.service.casework.procedures.current(connection, asked.authority)
        if body.brake not in ("", "all") and not any(rules.ladder.has(body.brake) for rules in current):
            raise Unfit(f"There is no stage `{body.brake}`.", "Write `all`, a stage's key, or nothing.", "brake")
        sending_pause.store_brake(connection, asked.authority, body.brake)
        chance = asked.service.casework.chance
        admin_audit_log.note_admin_change(connection, chance, asked.signed, asked.now, "brake", set_to=body.brake or "none")
    return show_outbox(asked)


@router.post("/outbox/release", tags=["desk"], responses=declared_refusals(), response_model=ReleasedShape)
def release(asked: CurrentRequest) -> ReleasedShape:
    """Let held and failed messages go, by hand."""
    with asked.service.store.write(asked.authority) as connection:
        released = sending_pause.release_messages(connection, asked.authority, asked.now)
        admin_audit_log.note_admin_change(
            connection, asked.service.casework.chance, asked.signed, asked.now, "mail released", messages=released
        )
    return ReleasedShape(released=released)
