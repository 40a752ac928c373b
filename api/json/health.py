"""How the service is, at two addresses: may this replica serve, and what is wrong. Neither names an authority, person or item."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.assembly import Service
from api.presenters.shapes import HealthShape, ServingShape
from api.request_context import service_of_request
from drp.database import migrate
from drp.database.engine import Unavailable
from drp.items.service_condition import ServiceCondition, read_condition
from workflows.calendar.working_days import so_many

router = APIRouter(prefix="/api/v1")

LONGEST_UNSENT = timedelta(hours=1)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_UNVERIFIED = timedelta(days=2)


@router.get("/health/serving", tags=["health"], responses={503: {"model": ServingShape}}, response_model=ServingShape)
def serving(request: Request) -> Any:
    """May this replica be sent requests? For a load balancer: 200 if so, else 503 with the reasons.

    Asks only what another replica could do better: does its database answer, with the schema that this release needs?
    """
    shape = serving_of(service_of_request(request))
    return shape if shape.serves else JSONResponse(shape.model_dump(mode="json"), status_code=503)


@router.get("/health", tags=["health"], responses={503: {"model": HealthShape}}, response_model=HealthShape)
def health(request: Request) -> Any:
    """What is wrong with the service, for whoever looks after it. Answers 503 when red, so that a monitor sees it.

    Amber: nothing is broken, and something wants looking at.
    """
    shape = health_of(service_of_request(request))
    return shape if shape.status != "red" else JSONResponse(shape.model_dump(mode="json"), status_code=503)


def serving_of(service: Service) -> ServingShape:
    """Whether this replica may serve, and why not."""
    try:
        with service.store.look() as connection:
            stands = migrate.stored_revision(connection)
    except Unavailable:
        return ServingShape(serves=False, reasons=["The database cannot be read."])
    # A revision that this release does not know is a later one: replicas serve on beside it until they are replaced.
    if stands != migrate.newest_revision() and (not stands or migrate.is_known(stands)):
        return ServingShape(serves=False, reasons=["The database is older than this release: run `drp migrate`."])
    return ServingShape(serves=True, reasons=[])


def health_of(service: Service) -> HealthShape:
    """What is wrong, over all authorities; red within two ticks of a stopped heartbeat."""
    now = service.clock()
    conditions: list[ServiceCondition] = []
    reasons: list[str] = []
    schema = ""
    try:
        for authority in service.store.authorities():
            with service.store.read(authority) as connection:
                schema = schema or migrate.stored_revision(connection)
                conditions.append(read_condition(connection, authority, now))
    except Unavailable:
        reasons.append("The database cannot be read.")
    settings = service.settings
    two_ticks = timedelta(seconds=2 * settings.tick_seconds + 5)
    reasons += what_is_wrong(conditions, now, two_ticks, 2 * timedelta(minutes=settings.checkpoint_minutes))
    warnings = [
        f"Sending has been paused for more than an hour: {so_many(one.paused_messages, 'messages')} held."
        for one in conditions
        if one.paused_since is not None and now - one.paused_since > LONGEST_PAUSE
    ]
    if any(not one.is_live for one in conditions):
        warnings.append("An authority is not live: what is raised there is a trial, and no mail leaves but links to sign in.")
    if any(one.files_left_out for one in conditions):
        warnings.append("Files of a procedure were left out at the last start: earlier ones stay in force.")
    return HealthShape(
        status="red" if reasons else "amber" if warnings else "green",
        reasons=[*reasons, *warnings],
        last_tick=_earliest(one.last_tick for one in conditions),
        oldest_overdue_window=_earliest(one.oldest_overdue_window for one in conditions),
        oldest_unsent_message=_earliest(one.oldest_unsent_message for one in conditions),
        held_windows=sum(one.held_windows for one in conditions),
        failed_messages=sum(one.failed_messages for one in conditions),
        schema_version=schema,
        database=service.store.in_words,
    )


def what_is_wrong(
    conditions: Sequence[ServiceCondition], now: datetime, two_ticks: timedelta, unwitnessed: timedelta
) -> list[str]:
    """The reasons for which the service is red at `now` (aware UTC), in the order in which to look at them.

    `two_ticks`: how long what is due may lie; `unwitnessed`: how long timelines may go without a checkpoint.
    """

    def are_past(instants: Iterable[datetime | None], allowed: timedelta) -> bool:
        return any(at is not None and now - at > allowed for at in instants)

    never = any(one.last_tick is None for one in conditions)
    broken = any(one.witness_fault for one in conditions)
    began = [one for one in conditions if one.first_raised_at is not None]
    looked = (one.witnessed_at or one.first_raised_at for one in began)
    verified = (one.verified_at or one.first_raised_at for one in began)
    reasons = {
        "The heartbeat has not run yet.": never,
        "The heartbeat has stopped.": not never and are_past((one.last_tick for one in conditions), two_ticks),
        "A window that closed has not been acted on.": are_past((one.oldest_overdue_window for one in conditions), two_ticks),
        "Messages have waited for more than an hour.": are_past(
            (one.oldest_unsent_message for one in conditions), LONGEST_UNSENT
        ),
        "Windows are held for release.": any(one.held_windows for one in conditions),
        "A record does not go on from its last checkpoint: run `drp audit verify`.": broken,
        "No checkpoint has been looked for in too long: is the heartbeat running?": not broken and are_past(looked, unwitnessed),
        "A record is not as it was: run `drp audit verify`, which names it.": any(one.verify_fault for one in conditions),
        "No whole verification has run for two days: run `drp audit verify`.": are_past(verified, LONGEST_UNVERIFIED),
    }
    return [reason for reason, is_so in reasons.items() if is_so]


def _earliest(instants: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)
