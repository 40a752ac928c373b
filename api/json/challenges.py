"""Challenges over JSON: raise, look, bring an event, read the timeline."""

import hashlib
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel
from sqlalchemy import Connection

from api.exports.referral.bundle import bundle_file_name, find_referral, gather_bundle, log_bundle_export, make_bundle
from api.json.event_bodies import EventBody, split_body
from api.json.inbox import is_fetched_ahead, note_item_opened
from api.json.problems import declared_refusals
from api.json.retry_headers import RepeatHeaders, SaidOfRepeats
from api.json.written_route import WrittenRoute
from api.presenters import item_reader, item_view
from api.presenters.shapes import (
    PRINTABLE,
    ChallengeShape,
    NoticeBody,
    PageShape,
    RaiseBody,
    ReceiptShape,
    TimelineShape,
)
from api.queries.item_list import list_items
from api.request_context import CurrentRequest, RequestContext
from drp.casework.preconditions import Precondition, etag_of
from drp.casework.retry_keys import Answer, RetryKey
from drp.casework.service import ActionResult
from drp.database.unavailable import Unavailable
from drp.items.item_search import ListFilter
from workflows.decision.relation import reads_iro_service
from workflows.model.events import Event, MeetingArranged, Raised, facts_of, words_of
from workflows.model.ladder import BETWEEN_REVIEWS, TOLD_ONCE, ItemType
from workflows.model.refusals import NotYours, Unfit

log = logging.getLogger("drp.api")
router = APIRouter(prefix="/api/v1", route_class=WrittenRoute, tags=["challenges"])

IfMatch = Annotated[
    str,
    Header(
        alias="If-Match",
        max_length=160,
        description="The `version` that you were looking at. What climbs, ends, reopens, recalls or extends needs it, or `seen`.",
    ),
]
FARTHEST = timedelta(days=3653)


@router.post("/challenges", status_code=201, responses=declared_refusals(422, 409, 413), response_model=ReceiptShape)
def raise_challenge(asked: CurrentRequest, body: RaiseBody, repeats: SaidOfRepeats) -> Answer:
    """Raise a challenge; the answer says who has been told, by when they answer, and what is already open for the child."""
    if body.item_type in TOLD_ONCE:
        said = f"{body.item_type.value.replace('_', ' ').capitalize()} is not a challenge."
        raise Unfit(said, "Send it to /api/v1/notices.", "item_type")
    if body.item_type in BETWEEN_REVIEWS:
        raise Unfit("That is followed between reviews, and is no challenge.", "Send it to /api/v1/reviews.", "item_type")
    event = Raised(
        **body.model_dump(exclude={"child", "team", "ladder", "happened", "to", "reasons", "copies", "linked", "facts"}),
        reasons=tuple(body.reasons),
        to=tuple(body.to),
        copies=tuple(body.copies),
        linked=tuple(body.linked),
        facts=tuple(body.facts),
        happened=tuple(body.happened.items()),
    )
    return _raise(asked, event, body, repeats, body.child, body.team, body.ladder)


@router.post("/notices", status_code=201, responses=declared_refusals(422, 409, 413), response_model=ReceiptShape)
def send_notice(asked: CurrentRequest, body: NoticeBody, repeats: SaidOfRepeats) -> Answer:
    """Send a notice of excellent practice, or record senior scrutiny: told once, no window, it never climbs."""
    event = Raised(
        body.item_type,
        tuple(body.reasons),
        _said_once(body),
        effect_on_child=body.effect_on_child,
        took_part=body.who_took_part,
        to=tuple(body.to),
        copies=tuple(body.copies),
        raiser_role=body.raiser_role,
    )
    return _raise(asked, event, body, repeats, body.child, ladder=body.ladder)


_ITS_WORDS = {
    ItemType.EXCELLENT_PRACTICE: ("what_went_well",),
    ItemType.SENIOR_SCRUTINY: ("what_was_looked_at", "who_took_part"),
}
"""What is told once, and the fields of words that are its own; it must say the first."""


def _said_once(body: NoticeBody) -> str:
    """The words that such an item is about. Raises Unfit for an item that is a challenge, and for another kind's words."""
    if body.item_type not in _ITS_WORDS:
        raise Unfit("That is a challenge, not something told once.", "Send it to /api/v1/challenges.", "item_type")
    wanted, *_ = its_own = _ITS_WORDS[body.item_type]
    for field in ("what_went_well", "what_was_looked_at", "who_took_part"):
        if getattr(body, field) and field not in its_own:
            raise Unfit(f"`{field}` does not belong to this kind of item.", f"Say it in `{wanted}`, or leave it out.", field)
    said = str(getattr(body, wanted))
    if not said.strip():
        raise Unfit("Nothing is said of what it is about.", f"Say it in `{wanted}`.", wanted)
    return said


def _raise(
    asked: RequestContext, event: Raised, body: BaseModel, repeats: RepeatHeaders, child: str, team: str = "", ladder: str = ""
) -> Answer:
    retry = RetryKey(repeats.key, _hash("raise", body.model_dump(mode="json")), made_after=repeats.made_after)
    return asked.service.casework.raise_item(asked.signed, child, event, asked.now, _renderer(asked.now), retry, team, ladder)


def _renderer(now: datetime) -> Any:
    def render(connection: Connection, done: ActionResult) -> Answer:
        return item_view.receipt_shape(connection, done, now).model_dump(mode="json", by_alias=True)

    return render


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@router.get("/challenges", responses=declared_refusals(422), response_model=PageShape)
def list_challenges(
    asked: CurrentRequest,
    state: Annotated[str, Query(pattern="^(open|ended|all)$")] = "open",
    stage: Annotated[str, Query(max_length=64, pattern=PRINTABLE)] = "",
    item_type: Annotated[str, Query(max_length=32, pattern=PRINTABLE)] = "",
    child: Annotated[str, Query(max_length=32, pattern=PRINTABLE, description="Case number.")] = "",
    team: Annotated[str, Query(max_length=64, pattern=PRINTABLE)] = "",
    after: Annotated[str, Query(max_length=200, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
) -> PageShape:
    """Items that you may see, newest first. The query narrows; each item is then judged like any other request for it."""
    wanted = ListFilter(state, stage, item_type, child, team)
    with asked.service.store.read(asked.authority) as connection:
        found = list_items(connection, asked, wanted, limit, after)
    items = [item_view.summary_shape(seen.loaded, seen.actor, asked.now) for seen in found.items]
    # A list names children too: each one shown is in the access log.
    shown = (item.reference for item in items)
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "list", *shown)
    return PageShape(items=items, next=found.next or None)


@router.get("/challenges/{reference}", responses=declared_refusals(404, 422), response_model=ChallengeShape)
def show_challenge(request: Request, asked: CurrentRequest, reference: str, response: Response) -> ChallengeShape:
    """Where it stands: its windows with their working, who is asked, the moves open to you, its version."""
    with asked.service.store.read(asked.authority) as connection:
        seen = item_reader.read_seen_item(connection, asked, reference)
        shape = item_reader.shape_of_item(connection, asked, seen)
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "challenge", shape.reference)
    if not is_fetched_ahead(request):
        note_item_opened(asked, seen.loaded.id)
    response.headers["ETag"] = f'"{etag_of(seen.loaded)}"'
    return shape


def _as_0_1_wrote(event: Event) -> str:
    """An event as 0.1 wrote it down for the hash of its body, which knew no `sure`: a key brought across the upgrade holds."""
    return repr(event).replace(", sure=False, type=", ", type=")


@router.post(
    "/challenges/{reference}/events", responses=declared_refusals(404, 409, 412, 413, 422, 428), response_model=ReceiptShape
)
def bring_event(
    asked: CurrentRequest,
    reference: str,
    body: EventBody,
    repeats: SaidOfRepeats,
    if_match: IfMatch = "",
) -> Answer:
    """Bring an event. Who brings it is taken from the token, never from the body.

    What climbs, ends, reopens, recalls or extends says for which stage and stay it is meant: `If-Match`, or `seen`.
    """
    event, seen = split_body(body)
    event = _in_utc(event, asked.now)
    retry = RetryKey(
        repeats.key,
        _hash("event", reference.upper(), event.type, facts_of(event), words_of(event)),
        _hash("event", {"reference": reference.upper(), "event": _as_0_1_wrote(event)}),
        repeats.made_after,
    )
    version = if_match.strip().removeprefix("W/").strip('"')
    meant = Precondition(version, (seen.stage, seen.stay) if seen else None, is_required=True)
    answer = asked.service.casework.act(asked.signed, reference, event, asked.now, _renderer(asked.now), retry, meant)
    try:
        asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "event", reference.upper())
    except Unavailable:
        # It is done, and its own entry says by whom: a 503 would say that nothing was done (a referral's most of all).
        log.warning("an event is not in the access log")
    return answer


def _in_utc(event: Event, now: datetime) -> Event:
    """An instant as the floors below keep it. Without a zone it is left for them to refuse."""
    if not isinstance(event, MeetingArranged) or event.at.tzinfo is None:
        return event
    if abs(event.at - now) > FARTHEST:
        raise Unfit("That is more than ten years away.", "Correct the date.", "at")
    return replace(event, at=event.at.astimezone(UTC))


@router.get("/challenges/{reference}/timeline", responses=declared_refusals(404, 422), response_model=TimelineShape)
def show_timeline(asked: CurrentRequest, reference: str) -> TimelineShape:
    """Every entry that you may read, and whether the whole chain proves itself."""
    with asked.service.store.read(asked.authority) as connection:
        shape = item_reader.timeline_shape(connection, asked, item_reader.read_seen_item(connection, asked, reference))
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "timeline", shape.reference)
    return shape


@router.get(
    "/challenges/{reference}/referral/{number}/bundle",
    responses=declared_refusals(403, 404, 422) | {200: {"content": {"application/zip": {}}, "description": "The bundle."}},
    response_class=Response,
)
def referral_bundle(asked: CurrentRequest, reference: str, number: Annotated[int, Path(ge=0, le=100_000)]) -> Response:
    """The bundle of a referral to Cafcass, by the number of its entry (0: the last one). For the IRO service only."""
    with asked.service.store.snapshot(asked.authority) as connection:
        seen = item_reader.read_seen_item(connection, asked, reference)
        if not reads_iro_service(seen.actor):
            raise NotYours("The bundle of a referral is the IRO service's.", "Ask the child's IRO.")
        made = find_referral(connection, asked.authority, seen, number)
        octets = make_bundle(
            connection, asked.service, asked.authority, gather_bundle(connection, asked, seen, made.event, made, "referral")
        )
    log_bundle_export(asked.service, asked.authority, asked.signed.person, seen.loaded.reference)
    name = bundle_file_name(seen.loaded.reference, "referral")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(octets, media_type="application/zip", headers=headers)
