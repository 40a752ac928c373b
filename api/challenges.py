"""Challenges over JSON: raise, look, bring an event, read the timeline."""

import base64
import hashlib
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Header, Query, Response
from pydantic import BaseModel
from sqlalchemy import Connection, and_, or_, select
from sqlmodel import col

from api import views
from api.deps import Asked, Asking
from api.errors import responses
from api.shapes import (
    PRINTABLE,
    ChallengeShape,
    EntryShape,
    NoticeBody,
    PageShape,
    RaiseBody,
    ReceiptShape,
    SummaryShape,
    TimelineShape,
)
from drp import access, load
from drp.access import AccessEnded, NotFound
from drp.catching_up import last_tick, up_to
from drp.directory import lookup
from drp.finding import might_see
from drp.handle import Answer, Done, Retry, check_not_sealed, etag_of, was_involved
from drp.load import Loaded
from drp.store import Unavailable
from drp.tables import ChallengeRow, ChildRow, EntryRow, LinkRow, WordsRow
from drp.timeline import KeptWords, first_fault
from workflows.events import FromOutside, MeetingArranged, Raised
from workflows.ladder import ItemType
from workflows.permits import Actor, Part
from workflows.procedure import Rules
from workflows.recipients import Establishment
from workflows.refusals import Unfit
from workflows.turn import Visible
from workflows.working_days import local_date

log = logging.getLogger("drp.api")
router = APIRouter(prefix="/api/v1", tags=["challenges"])

IdempotencyKey = Annotated[
    str, Header(alias="Idempotency-Key", max_length=128, pattern=r"^[!-~]*$", description="Makes a repeat harmless.")
]
IfMatch = Annotated[str, Header(alias="If-Match", max_length=160, description="The `version` that you were looking at.")]
FARTHEST = timedelta(days=3653)
Reference = Annotated[str, Query(max_length=16)]


@router.post("/challenges", status_code=201, responses=responses(422, 409, 413), response_model=ReceiptShape)
def raise_challenge(asked: Asked, body: RaiseBody, idempotency_key: IdempotencyKey = "") -> Answer:
    """Raise a challenge; the answer says who has been told, by when they answer, and what is already open for the child."""
    if body.item_type is ItemType.EXCELLENT_PRACTICE:
        raise Unfit("Excellent practice is not a challenge.", "Send it to /api/v1/notices.", "item_type")
    event = Raised(
        **body.model_dump(exclude={"child", "team", "ladder", "happened", "to", "reasons", "copies", "linked"}),
        reasons=tuple(body.reasons),
        to=tuple(body.to),
        copies=tuple(body.copies),
        linked=tuple(body.linked),
        happened=tuple(body.happened.items()),
    )
    return _raise(asked, event, body, idempotency_key, body.child, body.team, body.ladder)


@router.post("/notices", status_code=201, responses=responses(422, 409, 413), response_model=ReceiptShape)
def send_notice(asked: Asked, body: NoticeBody, idempotency_key: IdempotencyKey = "") -> Answer:
    """Send a notice of excellent practice: told once, no window, it never climbs."""
    event = Raised(
        ItemType.EXCELLENT_PRACTICE,
        tuple(body.reasons),
        body.what_went_well,
        effect_on_child=body.effect_on_child,
        to=tuple(body.to),
        copies=tuple(body.copies),
        raiser_role=body.raiser_role,
    )
    return _raise(asked, event, body, idempotency_key, body.child)


def _raise(asked: Asking, event: Raised, body: BaseModel, key: str, child: str, team: str = "", ladder: str = "") -> Answer:
    retry = Retry(key, _hash("raise", body.model_dump(mode="json")))
    return asked.service.casework.raise_item(asked.signed, child, event, asked.now, _renderer(asked.now), retry, team, ladder)


def _renderer(now: datetime) -> Any:
    def render(connection: Connection, done: Done) -> Answer:
        return views.receipt(connection, done, now).model_dump(mode="json", by_alias=True)

    return render


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


@router.get("/challenges", responses=responses(422), response_model=PageShape)
def list_challenges(
    asked: Asked,
    state: Annotated[str, Query(pattern="^(open|ended|all)$")] = "open",
    stage: Annotated[str, Query(max_length=64, pattern=PRINTABLE)] = "",
    item_type: Annotated[str, Query(max_length=32, pattern=PRINTABLE)] = "",
    child: Annotated[str, Query(max_length=32, pattern=PRINTABLE, description="Case number.")] = "",
    team: Annotated[str, Query(max_length=64, pattern=PRINTABLE)] = "",
    after: Annotated[str, Query(max_length=200, description="`next` of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 25,
) -> PageShape:
    """Items that you may see, newest first. The query narrows; each item is then judged like any other request for it."""
    with asked.service.store.read(asked.authority) as connection:
        query = (
            select(col(ChallengeRow.id), col(ChallengeRow.raised_at))
            .where(col(ChallengeRow.authority) == asked.authority)
            .order_by(col(ChallengeRow.raised_at).desc(), col(ChallengeRow.id).desc())
        )
        for column, wanted in ((ChallengeRow.stage, stage), (ChallengeRow.item_type, item_type), (ChallengeRow.team, team)):
            if wanted:
                query = query.where(col(column) == wanted)
        if state != "all":
            query = query.where(col(ChallengeRow.is_open) == (state == "open"))
        if child:
            of_number = select(col(ChildRow.id)).where(col(ChildRow.authority) == asked.authority, col(ChildRow.number) == child)
            query = query.where(col(ChallengeRow.child).in_(of_number))
        query = query.where(might_see(connection, asked.signed, local_date(asked.now)))
        items: list[SummaryShape] = []
        position = _read_cursor(after)
        while True:
            page = query
            if position:
                at, id_ = position
                older = and_(col(ChallengeRow.raised_at) == at, col(ChallengeRow.id) < id_)
                page = page.where(or_(col(ChallengeRow.raised_at) < at, older))
            rows = connection.execute(page.limit(limit)).all()
            shapes = _judged(connection, asked, [row.id for row in rows])
            for row in rows:
                position = (row.raised_at, row.id)
                if shape := shapes[row.id]:
                    items.append(shape)
                if len(items) == limit:
                    return _listed(asked, PageShape(items=items, next=_cursor(*position)))
            if len(rows) < limit:
                return _listed(asked, PageShape(items=items, next=None))


def _listed(asked: Asking, page: PageShape) -> PageShape:
    """A list names children too: each one shown is in the access log."""
    shown = (item.reference for item in page.items)
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "list", *shown)
    return page


def _judged(connection: Connection, asked: Asking, ids: list[UUID]) -> dict[UUID, SummaryShape | None]:
    if not ids:
        return {}
    found = load.challenges(connection, asked.authority, ids)
    establishment = load.establishment(connection, asked.authority, [about for one in found.values() for about in one.abouts()])
    shapes: dict[UUID, SummaryShape | None] = {}
    for id_ in ids:
        loaded = found[id_]
        rules = _rules(connection, asked, loaded)
        actor = access.actor_on(loaded, rules, establishment, asked.signed.person, local_date(asked.now))
        try:
            access.check_sees(actor, False)
            check_not_sealed(loaded, actor)
            shapes[id_] = views.summary(loaded, actor, asked.now)
        except (NotFound, AccessEnded):
            shapes[id_] = None
    return shapes


def _cursor(at: datetime, id_: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{id_}".encode()).decode()


def _read_cursor(text: str) -> tuple[datetime, UUID] | None:
    if not text:
        return None
    try:
        at, _, id_ = base64.urlsafe_b64decode(text.encode()).decode().partition("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return moment, UUID(id_)
    except ValueError:
        raise Unfit("That is not a place in the list.", "Use `next` as it was given.", "after") from None


def _rules(connection: Connection, asked: Asking, loaded: Loaded) -> Rules:
    challenge = loaded.challenge
    return asked.service.casework.procedures.rules(connection, asked.authority, challenge.ladder_hash, challenge.authority_hash)


def _seen(connection: Connection, asked: Asking, reference: str) -> tuple[Loaded, Rules, Establishment, Actor]:
    """An item that the person may see. Raises NotFound or AccessEnded."""
    id_ = load.by_reference(connection, asked.authority, reference)
    loaded = load.challenges(connection, asked.authority, [id_]).get(id_) if id_ else None
    if loaded is None or id_ is None:
        raise NotFound
    rules = _rules(connection, asked, loaded)
    establishment = load.establishment(connection, asked.authority, loaded.abouts())
    # As a sweep at this moment would leave it: what is shown is what an event brought now would meet.
    casework = asked.service.casework
    closed = up_to(asked.now, rules, loaded, last_tick(connection, asked.authority), casework.hold_after)
    loaded = replace(loaded, challenge=closed.challenge) if closed else loaded
    actor = access.actor_on(loaded, rules, establishment, asked.signed.person, local_date(asked.now))
    check_not_sealed(loaded, actor)
    access.check_sees(actor, was_involved(connection, asked.authority, asked.signed.person, id_))
    return loaded, rules, establishment, actor


@router.get("/challenges/{reference}", responses=responses(404, 422), response_model=ChallengeShape)
def show_challenge(asked: Asked, reference: str, response: Response) -> ChallengeShape:
    """Where it stands: its windows with their working, who is asked, the moves open to you, its version."""
    with asked.service.store.read(asked.authority) as connection:
        loaded, rules, establishment, actor = _seen(connection, asked, reference)
        shape = views.Viewer(connection, loaded, rules, establishment, actor, asked.now).challenge_shape()
        shape.linked = _linked(connection, asked, loaded.id) if access.reads_iro_service(actor) else []
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "challenge", loaded.reference)
    response.headers["ETag"] = f'"{etag_of(loaded)}"'
    return shape


def _linked(connection: Connection, asked: Asking, id_: UUID) -> list[str]:
    here, other = col(LinkRow.challenge), col(LinkRow.other)
    linked = select(other).where(col(LinkRow.authority) == asked.authority, here == id_)
    back = select(here).where(col(LinkRow.authority) == asked.authority, other == id_)
    rows = connection.execute(
        select(col(ChallengeRow.reference)).where(
            col(ChallengeRow.authority) == asked.authority,
            or_(col(ChallengeRow.id).in_(linked), col(ChallengeRow.id).in_(back)),
        )
    )
    return sorted(rows.scalars())


@router.post("/challenges/{reference}/events", responses=responses(404, 409, 412, 413, 422), response_model=ReceiptShape)
def bring_event(
    asked: Asked,
    reference: str,
    event: Annotated[FromOutside, Body(discriminator="type")],
    idempotency_key: IdempotencyKey = "",
    if_match: IfMatch = "",
) -> Answer:
    """Bring an event. Who brings it is taken from the token, never from the body."""
    event = _in_utc(event, asked.now)
    body = {"reference": reference.upper(), "event": repr(event)}
    retry = Retry(idempotency_key, _hash("event", body))
    version = if_match.strip().removeprefix("W/").strip('"')
    answer = asked.service.casework.act(asked.signed, reference, event, asked.now, _renderer(asked.now), retry, version)
    try:
        asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "event", reference.upper())
    except Unavailable:
        # It is done, and its own entry says by whom: a 503 would say that nothing was done (a referral's most of all).
        log.warning("an event is not in the access log")
    return answer


def _in_utc(event: FromOutside, now: datetime) -> FromOutside:
    """An instant as the floors below keep it. Without a zone it is left for them to refuse."""
    if not isinstance(event, MeetingArranged) or event.at.tzinfo is None:
        return event
    if abs(event.at - now) > FARTHEST:
        raise Unfit("That is more than ten years away.", "Correct the date.", "at")
    return replace(event, at=event.at.astimezone(UTC))


@router.get("/challenges/{reference}/timeline", responses=responses(404, 422), response_model=TimelineShape)
def show_timeline(asked: Asked, reference: str) -> TimelineShape:
    """Every entry that you may read, and whether the whole chain proves itself."""
    with asked.service.store.read(asked.authority) as connection:
        loaded, rules, _, actor = _seen(connection, asked, reference)
        here = (col(EntryRow.authority) == asked.authority, col(EntryRow.challenge) == loaded.id)
        table = EntryRow.__table__  # type: ignore[attr-defined]
        rows = connection.execute(select(table).where(*here).order_by(col(EntryRow.number))).mappings().all()
        words: dict[int, list[KeptWords]] = {}
        for kept in connection.execute(
            select(WordsRow.__table__).where(  # type: ignore[attr-defined]
                col(WordsRow.authority) == asked.authority, col(WordsRow.challenge) == loaded.id
            )
        ).mappings():
            words.setdefault(kept["number"], []).append(KeptWords(kept["number"], kept["field"], kept["salt"], kept["text"]))
        people = {str(row[name]) for row in rows for name in ("person", "behalf_of") if row[name]}
        names = lookup.names_of(connection, asked.authority, people)
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "timeline", loaded.reference)
    key = asked.service.casework.keeper.key
    fault = first_fault(
        {key.id: key},
        asked.authority,
        loaded.id,
        [dict(row) for row in rows],
        {number: tuple(kept) for number, kept in words.items()},
        loaded.entries,
        loaded.head,
    )
    entries = [
        EntryShape(
            number=row["number"],
            kind=row["kind"],
            at=row["at"],
            recorded_at=row["recorded_at"],
            by=names.get(str(row["person"]), "") if row["person"] else "the service",
            acting_as=[part for part in row["parts"].split(",") if part],
            on_behalf_of=names.get(str(row["behalf_of"]), "") if row["behalf_of"] else "",
            stage=rules.ladder.stage(row["stage"]).label if rules.ladder.has(row["stage"]) else "",
            facts=_shown_facts(json.loads(row["facts"]), actor),
            words={kept.field: kept.text for kept in words.get(row["number"], ())},
            iro_service_only=row["visible"] != Visible.EVERYONE.value,
            hash=row["hash"],
        )
        for row in rows
        if _may_read(row["visible"], actor)
    ]
    return TimelineShape(reference=loaded.reference, entries=entries, proven=fault is None, first_fault=fault or "")


def _shown_facts(facts: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """Facts without the references of other items, which are the IRO service's to know."""
    if access.reads_iro_service(actor):
        return facts
    return {name: value for name, value in facts.items() if name not in ("linked", "prompts")}


def _may_read(visible: str, actor: Actor) -> bool:
    if visible == Visible.EVERYONE.value:
        return True
    if visible == Visible.IRO_SERVICE.value:
        return access.reads_iro_service(actor)
    return bool(actor.parts & {Part.RAISER, Part.IRO_MANAGER})
