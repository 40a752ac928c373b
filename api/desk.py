"""The service's own desk over JSON: who I am, my inbox, the outbox and its brake."""

from collections.abc import Sequence
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy import Connection, RowMapping, func, select
from sqlmodel import col

from api.json.problems import declared_refusals
from api.presenters.shapes import BrakeBody, InboxShape, MeShape, MessageShape, OutboxShape, ReleasedShape
from api.request_context import CurrentRequest, RequestContext
from drp.casework.inbox import messages_of_person, messages_query
from drp.data_protection import admin_audit_log
from drp.database.authority_tables import AuthorityRow
from drp.database.message_tables import UNSENT, DeliveryRow, MailState, NotificationRow, NotificationState
from notifications import sending_pause
from notifications.wording import WORDS, message_sentences
from workflows.decision.decision_builder import NotificationKind
from workflows.model.refusals import Unfit

router = APIRouter(prefix="/api/v1")


@router.get("/me", tags=["desk"], responses=declared_refusals(), response_model=MeShape)
def me(asked: CurrentRequest) -> MeShape:
    """Who the service takes you for, today."""
    return MeShape(
        authority=asked.authority,
        name=asked.signed.name,
        capacities=sorted(capacity.value for capacity in asked.signed.capacities),
        roles=sorted(asked.signed.roles),
    )


@router.get("/inbox", tags=["desk"], responses=declared_refusals(), response_model=InboxShape)
def inbox(asked: CurrentRequest) -> InboxShape:
    """What you have been told, newest first: the delivery of record, whatever became of the mail."""
    with asked.service.store.read(asked.authority) as connection:
        rows = messages_of_person(connection, asked.authority, UUID(asked.signed.person), 200)
        return InboxShape(messages=[message_of(connection, asked, row) for row in rows])


@router.get("/outbox", tags=["desk"], responses=declared_refusals(), response_model=OutboxShape)
def show_outbox(asked: CurrentRequest) -> OutboxShape:
    """What is held, what waits, and what could not be delivered to somebody."""
    with asked.service.store.read(asked.authority) as connection:
        counts: dict[str, int] = {
            row.state: row.n
            for row in connection.execute(
                select(col(NotificationRow.state), func.count().label("n"))
                .where(
                    col(NotificationRow.authority) == asked.authority,
                    col(NotificationRow.state).in_(UNSENT),
                )
                .group_by(col(NotificationRow.state))
            )
        }
        failed = undelivered(connection, asked, NotificationState.FAILED, 200)
        return OutboxShape(
            brake=_brake(connection, asked),
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
        sending_pause.set_brake(connection, asked.authority, body.brake)
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


def undelivered(connection: Connection, asked: RequestContext, state: NotificationState, most: int) -> Sequence[RowMapping]:
    """Copies of messages that wait, are held or have failed, and have not reached their person, newest first."""
    mail = MailState.REFUSED if state is NotificationState.FAILED else MailState.WAITING
    # The messages first, by their own index, then each person's copy: the other way round every copy ever sent is looked at.
    newest = (
        select(col(NotificationRow.challenge))
        .where(col(NotificationRow.authority) == asked.authority, col(NotificationRow.state) == state)
        .order_by(col(NotificationRow.next_at).desc())
        .limit(most)
    )
    items = set(connection.execute(newest).scalars())
    query = messages_query(asked.authority).where(
        col(DeliveryRow.challenge).in_(items), col(NotificationRow.state) == state, col(DeliveryRow.mail) == mail
    )
    query = query.order_by(col(NotificationRow.next_at).desc(), col(NotificationRow.challenge), col(NotificationRow.n))
    rows: Sequence[RowMapping] = connection.execute(query.limit(most)).mappings().all()
    return rows


def message_of(connection: Connection, asked: RequestContext, row: RowMapping) -> MessageShape:
    """One copy of a message, in the words of the authority's file."""
    rules = asked.service.casework.procedures.rules(connection, asked.authority, row["ladder_hash"], row["authority_hash"])
    said = message_sentences(WORDS[NotificationKind(row["subject"])], rules.authority, row["due"], False)
    return MessageShape(
        reference=row["reference"],
        about=row["subject"],
        subject=said["subject"],
        said=said["happened"],
        do=said["do"],
        stage=rules.ladder.stage(row["stage"]).label if rules.ladder.has(row["stage"]) else "",
        due=row["due"],
        at=row["at"],
        addressed=row["as_to"],
        read=row["read_at"] is not None,
        mail=row["mail"],
    )


def _brake(connection: Connection, asked: RequestContext) -> str:
    found = connection.execute(select(col(AuthorityRow.brake)).where(col(AuthorityRow.key) == asked.authority)).scalar()
    return found or ""
