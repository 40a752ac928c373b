"""The service's own desk over JSON: who I am, my inbox, the outbox and its brake, health."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, RowMapping, func, select
from sqlmodel import col

from api.assembly import Service
from api.deps import Asked, Asking, service_of
from api.errors import responses
from api.shapes import BrakeBody, HealthShape, InboxShape, MeShape, MessageShape, OutboxShape, ReleasedShape
from drp import administered, migrate
from drp.inbox import messages, told
from drp.store import Unavailable
from drp.tables import AuthorityRow, ChallengeRow, DeliveryRow, NotificationRow, WindowRow
from notifications import brake
from notifications.wording import WORDS, sentences
from workflows.refusals import Unfit
from workflows.turn import Subject

router = APIRouter(prefix="/api/v1")


@router.get("/me", tags=["desk"], responses=responses(), response_model=MeShape)
def me(asked: Asked) -> MeShape:
    """Who the service takes you for, today."""
    return MeShape(
        authority=asked.authority,
        name=asked.signed.name,
        capacities=sorted(capacity.value for capacity in asked.signed.capacities),
        roles=sorted(asked.signed.roles),
    )


@router.get("/inbox", tags=["desk"], responses=responses(), response_model=InboxShape)
def inbox(asked: Asked) -> InboxShape:
    """What you have been told, newest first: the delivery of record, whatever became of the mail."""
    with asked.service.store.read(asked.authority) as connection:
        rows = told(connection, asked.authority, UUID(asked.signed.person), 200)
        return InboxShape(messages=[message_of(connection, asked, row) for row in rows])


@router.get("/outbox", tags=["desk"], responses=responses(), response_model=OutboxShape)
def show_outbox(asked: Asked) -> OutboxShape:
    """What is held, what waits, and what could not be delivered to somebody."""
    with asked.service.store.read(asked.authority) as connection:
        counts: dict[str, int] = {
            row.state: row.n
            for row in connection.execute(
                select(col(NotificationRow.state), func.count().label("n"))
                .where(
                    col(NotificationRow.authority) == asked.authority,
                    col(NotificationRow.state).in_(("waiting", "braked", "failed")),
                )
                .group_by(col(NotificationRow.state))
            )
        }
        failed = undelivered(connection, asked, "failed", 200)
        return OutboxShape(
            brake=_brake(connection, asked),
            waiting=counts.get("waiting", 0),
            braked=counts.get("braked", 0),
            failed=[message_of(connection, asked, row) for row in failed],
        )


@router.put("/outbox/brake", tags=["desk"], responses=responses(413, 422), response_model=OutboxShape)
def set_brake(asked: Asked, body: BrakeBody) -> OutboxShape:
    """Hold all mail, all above a stage, or none. The inbox goes on."""
    with asked.service.store.write(asked.authority) as connection:
        current = asked.service.casework.procedures.current(connection, asked.authority)
        if body.brake not in ("", "all") and not any(rules.ladder.has(body.brake) for rules in current):
            raise Unfit(f"There is no stage `{body.brake}`.", "Write `all`, a stage's key, or nothing.", "brake")
        brake.set_brake(connection, asked.authority, body.brake)
        chance = asked.service.casework.chance
        administered.note(connection, chance, asked.signed, asked.now, "brake", set_to=body.brake or "none")
    return show_outbox(asked)


@router.post("/outbox/release", tags=["desk"], responses=responses(), response_model=ReleasedShape)
def release(asked: Asked) -> ReleasedShape:
    """Let held and failed messages go, by hand."""
    with asked.service.store.write(asked.authority) as connection:
        released = brake.release(connection, asked.authority, asked.now)
        administered.note(connection, asked.service.casework.chance, asked.signed, asked.now, "mail released", messages=released)
    return ReleasedShape(released=released)


def undelivered(connection: Connection, asked: Asking, state: str, most: int) -> Sequence[RowMapping]:
    """Copies of messages that wait, are held or have failed, and have not reached their person, newest first."""
    mail = "refused" if state == "failed" else "waiting"
    # The messages first, by their own index, then each person's copy: the other way round every copy ever sent is looked at.
    newest = (
        select(col(NotificationRow.challenge))
        .where(col(NotificationRow.authority) == asked.authority, col(NotificationRow.state) == state)
        .order_by(col(NotificationRow.next_at).desc())
        .limit(most)
    )
    items = set(connection.execute(newest).scalars())
    query = messages(asked.authority).where(
        col(DeliveryRow.challenge).in_(items), col(NotificationRow.state) == state, col(DeliveryRow.mail) == mail
    )
    query = query.order_by(col(NotificationRow.next_at).desc(), col(NotificationRow.challenge), col(NotificationRow.n))
    rows: Sequence[RowMapping] = connection.execute(query.limit(most)).mappings().all()
    return rows


def message_of(connection: Connection, asked: Asking, row: RowMapping) -> MessageShape:
    """One copy of a message, in the words of the authority's file."""
    rules = asked.service.casework.procedures.rules(connection, asked.authority, row["ladder_hash"], row["authority_hash"])
    said = sentences(WORDS[Subject(row["subject"])], rules.authority, row["due"], False)
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


def _brake(connection: Connection, asked: Asking) -> str:
    found = connection.execute(select(col(AuthorityRow.brake)).where(col(AuthorityRow.key) == asked.authority)).scalar()
    return found or ""


@router.get("/health", tags=["health"], responses={503: {"model": HealthShape}}, response_model=HealthShape)
def health(request: Request) -> Any:
    """How the service is. It names no authority, person or item. Answers 503 when red, so that a monitor sees it."""
    shape = health_of(service_of(request))
    if shape.status == "red":
        return JSONResponse(shape.model_dump(mode="json"), status_code=503)
    return shape


def health_of(service: Service) -> HealthShape:
    """Oldest overdue window, oldest unsent message, last tick; red within two ticks of a stopped heartbeat."""
    now = service.clock()
    reasons: list[str] = []
    ticks, overdue, unsent = [], [], []
    witnessed: list[Witnessed] = []
    held = failed = 0
    schema = ""
    try:
        for authority in service.store.authorities():
            with service.store.read(authority) as connection:
                schema = migrate.revision(connection)
                ticks.append(
                    connection.execute(select(col(AuthorityRow.last_tick)).where(_is(AuthorityRow.key, authority))).scalar()
                )
                witnessed.append(_witnessed(connection, authority))
                due = select(func.min(col(WindowRow.acts_at))).where(
                    _is(WindowRow.authority, authority),
                    col(WindowRow.closed_at).is_(None),
                    col(WindowRow.held_since).is_(None),
                    col(WindowRow.acts_at) <= now,
                )
                overdue.append(connection.execute(due).scalar())
                waiting = select(func.min(col(NotificationRow.at))).where(
                    _is(NotificationRow.authority, authority),
                    col(NotificationRow.state) == "waiting",
                    col(NotificationRow.next_at) <= now,
                )
                unsent.append(connection.execute(waiting).scalar())
                held += connection.execute(
                    select(func.count())
                    .select_from(WindowRow)
                    .where(_is(WindowRow.authority, authority), col(WindowRow.held_since).is_not(None))
                ).scalar_one()
                failed += connection.execute(
                    select(func.count())
                    .select_from(NotificationRow)
                    .where(_is(NotificationRow.authority, authority), col(NotificationRow.state) == "failed")
                ).scalar_one()
    except Unavailable:
        reasons.append("The database cannot be read.")
    known = [tick for tick in ticks if tick is not None]
    last = min(known, default=None)
    stale = 2 * service.settings.tick_seconds + 5
    if ticks and (last is None or len(known) < len(ticks)):
        reasons.append("The heartbeat has not run yet.")
    elif last is not None and (now - last).total_seconds() > stale:
        reasons.append("The heartbeat has stopped.")
    oldest_window = min((at for at in overdue if at is not None), default=None)
    if oldest_window is not None and (now - oldest_window).total_seconds() > stale:
        reasons.append("A window that closed has not been acted on.")
    oldest_message = min((at for at in unsent if at is not None), default=None)
    if oldest_message is not None and (now - oldest_message).total_seconds() > 3600:
        reasons.append("Messages have waited for more than an hour.")
    if held:
        reasons.append("Windows are held for release.")
    reasons += _of_the_witness(witnessed, now, 2 * timedelta(minutes=service.settings.checkpoint_minutes))
    return HealthShape(
        status="red" if reasons else "green",
        reasons=reasons,
        last_tick=last,
        oldest_overdue_window=oldest_window,
        oldest_unsent_message=oldest_message,
        held_windows=held,
        failed_messages=failed,
        schema_version=schema,
    )


@dataclass(frozen=True)
class Witnessed:
    """When an authority's timelines were last held against a checkpoint, what did not go on, when its first item was raised."""

    at: datetime | None
    fault: str
    first: datetime | None


def _witnessed(connection: Connection, authority: str) -> Witnessed:
    row = connection.execute(
        select(col(AuthorityRow.witnessed_at), col(AuthorityRow.witness_fault)).where(_is(AuthorityRow.key, authority))
    ).one()
    first = connection.execute(
        select(func.min(col(ChallengeRow.raised_at))).where(_is(ChallengeRow.authority, authority))
    ).scalar()
    return Witnessed(row.witnessed_at, row.witness_fault, first)


def _of_the_witness(witnessed: Sequence[Witnessed], now: datetime, most: timedelta) -> list[str]:
    """Has a record been altered, or has nobody looked for too long?"""
    if any(one.fault for one in witnessed):
        return ["A record does not go on from its last checkpoint: run `drp audit verify`."]
    unseen = [one for one in witnessed if one.first is not None and now - (one.at or one.first) > most]
    return ["No checkpoint has been looked for in too long: is the heartbeat running?"] if unseen else []


def _is(column: Any, value: str) -> Any:
    return col(column) == value
