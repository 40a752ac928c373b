"""How the service is, at two addresses: may this replica serve, and what is wrong. Neither names an authority, person or item."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from api.assembly import Service
from api.disks import disks_in_words
from api.json.problems import declared_refusals
from api.json.written_route import WrittenRoute
from api.presenters.shapes import HealthShape, ServingShape
from api.pulse import LOOK, Pulse
from api.request_context import CurrentRequest, service_of_request
from drp.casework.sweep import LONG_LOCKED
from drp.database import migrate
from drp.database.unavailable import Unavailable
from drp.items.service_condition import ServiceCondition, read_conditions
from workflows.calendar.working_days import so_many

router = APIRouter(prefix="/api/v1", route_class=WrittenRoute)

LONGEST_UNSENT = timedelta(hours=1)
CLOCK_MAY_LAG = timedelta(minutes=5)
"""How far this machine's clock may stand behind that of the replica which looked last."""

LONGEST_PAUSE = timedelta(hours=1)
LONGEST_UNVERIFIED = timedelta(days=2)


DOCUMENTS_MISSING = (
    "Documents are attached to items and their folder is empty: is its volume mounted, is DRP_ATTACHMENTS right? "
    "Until then none is shown, and none is taken."
)


@router.get("/health/serving", tags=["health"], responses={503: {"model": ServingShape}}, response_model=ServingShape)
def serving(request: Request) -> Any:
    """May this replica be sent requests? For a load balancer: 200 if so, else 503 with the reasons.

    Asks only what another replica could do better: does its database answer, with the schema that this release needs?
    """
    shape = serving_of(service_of_request(request))
    return shape if shape.serves else JSONResponse(shape.model_dump(mode="json"), status_code=503)


@router.get(
    "/health", tags=["health"], responses={**declared_refusals(), 503: {"model": HealthShape}}, response_model=HealthShape
)
def health(asked: CurrentRequest) -> Any:
    """What is wrong with the service, for whoever looks after it: with a token. Answers 503 when red, so that a monitor sees it.

    Amber: nothing is broken, and something wants looking at. Whether the service serves is said to everybody, at `/serving`.
    """
    shape = health_of(asked.service)
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
    """What is wrong, over all authorities: as the last look of each counted it, and as this process's own clocks say now.

    Red within two ticks of a stopped heartbeat, whatever the clock on the wall says. Costs the same however many there are.
    """
    now, settings = service.clock(), service.settings
    conditions: Sequence[ServiceCondition] = ()
    reasons: list[str] = []
    schema = ""
    try:
        conditions = read_conditions(service.store)
        with service.store.look() as connection:
            schema = migrate.stored_revision(connection)
    except Unavailable:
        reasons.append("The database cannot be read.")
    two_ticks = timedelta(seconds=2 * settings.tick_seconds + 5)
    reasons += what_the_clocks_say(service.pulse, conditions, now, two_ticks)
    reasons += what_is_wrong(conditions, now, two_ticks, 2 * timedelta(minutes=settings.checkpoint_minutes))
    disks = disks_in_words(settings.folders, service.access_log.held_readings)
    reasons += disks.full
    warnings = [
        f"Sending has been paused for more than an hour: {so_many(one.paused_messages, 'messages')} held."
        for one in conditions
        if one.paused_since is not None and now - one.paused_since > LONGEST_PAUSE
    ]
    warnings += disks.nearly_full
    if any(not one.is_live for one in conditions):
        warnings.append("An authority is not live: what is raised there is a trial, and no mail leaves but links to sign in.")
    if any(one.has_files_left_out for one in conditions):
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


def what_the_clocks_say(
    pulse: Pulse, conditions: Sequence[ServiceCondition], now: datetime, two_ticks: timedelta
) -> Iterator[str]:
    """What is wrong with this process's heartbeat by a clock that nobody sets, and with the clock on the wall."""
    silent = pulse.silent_for(LOOK)
    if silent > two_ticks.total_seconds():
        yield f"This replica's heartbeat has not looked for {so_many(int(silent), 'seconds')}."
    if pulse.clocks_differ:
        yield "This machine's clock and the database's disagree: no date is acted on here until the clock is put right."
    ahead = max((one.last_tick - now for one in conditions if one.last_tick is not None), default=timedelta())
    if ahead > CLOCK_MAY_LAG:
        minutes = so_many(int(ahead.total_seconds() // 60), "minutes")
        yield (
            f"The clock stands {minutes} before the last look that is on record, so it was set back: no date is acted on until "
            "it is put right, or has caught up."
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
    broken = any(one.is_unwitnessed for one in conditions)
    began = [one for one in conditions if one.first_raised_at is not None]
    looked = (one.witnessed_at or one.first_raised_at for one in began)
    verified = (one.verified_at or one.first_raised_at for one in began)
    reasons = {
        "The heartbeat has not run yet.": never,
        "The heartbeat has stopped.": not never and are_past((one.last_tick for one in conditions), two_ticks),
        "A window that closed has not been acted on.": are_past((one.oldest_overdue_window for one in conditions), two_ticks),
        "An item has been locked at every look for an hour: the log names it.": are_past(
            (one.locked_since for one in conditions), LONG_LOCKED
        ),
        "Messages have waited for more than an hour.": are_past(
            (one.oldest_unsent_message for one in conditions), LONGEST_UNSENT
        ),
        DOCUMENTS_MISSING: any(one.are_documents_missing for one in conditions),
        "Windows are held for release.": any(one.held_windows for one in conditions),
        "A record does not go on from its last checkpoint: run `drp audit verify`.": broken,
        "No checkpoint has been looked for in too long: is the heartbeat running?": not broken and are_past(looked, unwitnessed),
        "A record is not as it was: run `drp audit verify`, which names it.": any(one.is_altered for one in conditions),
        "No whole verification has run for two days: run `drp audit verify`.": are_past(verified, LONGEST_UNVERIFIED),
    }
    return [reason for reason, is_so in reasons.items() if is_so]


def _earliest(instants: Iterable[datetime | None]) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)
