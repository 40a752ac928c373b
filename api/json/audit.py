"""What an auditor reads: stages, dates, acts, proofs, who read what, who changed what. No words, no child but by a key."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection

from api.json.problems import declared_refusals
from api.json.written_route import WrittenRoute
from api.presenters import item_reader
from api.presenters.readings import readings_in_words
from api.presenters.shapes import Shape
from api.request_context import CurrentRequest, RequestContext
from drp.casework import load
from drp.casework.access import NotFound
from drp.data_protection.admin_audit_log import latest_admin_changes
from drp.data_protection.child_key import child_key, child_of_key, without_children
from drp.items.audit_items import list_items_by_reference
from drp.staffing.taken_caseloads import list_taken_caseloads
from drp.timeline.chain import first_fault
from drp.timeline.read import read_timeline

router = APIRouter(prefix="/api/v1/audit", route_class=WrittenRoute)

A_PAGE = 50
"""Items in one answer."""

KEY = "The child's key: the same for the same child. Only an IRO manager can ask whose it is."


class AuditStayShape(Shape):
    """One stay at a stage."""

    stage: str
    entered_at: datetime
    how: str


class AuditWindowShape(Shape):
    """One promise: what of, for when, and how it closed."""

    kind: str
    stage: str
    due: str
    closed_at: datetime | None
    closed_as: str


class AuditActShape(Shape):
    """One entry of a timeline: who did what, in which part, and the entry's own hash. None of its words."""

    number: int
    kind: str
    at: datetime
    by: str
    acting_as: list[str]
    on_behalf_of: str
    hash: str


class AuditItemShape(Shape):
    """One item as an auditor needs it."""

    reference: str
    item_type: str
    child_key: str = Field(description=KEY)
    team: str
    state: str
    stays: list[AuditStayShape]
    windows: list[AuditWindowShape]
    acts: list[AuditActShape]
    proven: bool = Field(description="Does the whole timeline prove itself, sealed entries too?")
    first_fault: str


class AuditItemsShape(Shape):
    """Items in the order of their references. `next`: where the following page begins; empty at the end."""

    items: list[AuditItemShape]
    next: str


class AuditReadingShape(Shape):
    """One reading: who, when, what, of which item; a list that was shown is one reading, with every item that stood in it."""

    at: datetime
    by: str
    what: str
    reference: str = Field(description="The item, where it was one; empty where there were several, or none was named.")
    references: list[str]


class AuditReadingsShape(Shape):
    """Readings, newest first. `before`: pass it on for the page before; 0 at the end."""

    readings: list[AuditReadingShape]
    before: int


class AuditChangeShape(Shape):
    """One change of the directory, of an account or of a setting: who, when, what. Children stand under their keys."""

    at: datetime
    by: str
    what: str
    said: dict[str, str]


class EndedItemShape(Shape):
    """An item that came with a caseload, and how whoever took it ended it."""

    reference: str
    how: str
    at: datetime


class TakenCaseloadShape(Shape):
    """A caseload that somebody handed over to themselves, and what they then ended of it."""

    by: str
    of: str
    at: datetime
    children: int
    ended: list[EndedItemShape]


class AuditedChildShape(Shape):
    """Whose key it is."""

    number: str
    initials: str


@router.get("/items", tags=["audit"], responses=declared_refusals(422), response_model=AuditItemsShape)
def list_audit_items(
    asked: CurrentRequest, after: Annotated[str, Query(max_length=16, description="`next` of the page before.")] = ""
) -> AuditItemsShape:
    """Every item's stages, dates, acts and proof. What was written, and who the child is, does not stand in it."""
    with asked.service.store.read(asked.authority) as connection:
        ids = list_items_by_reference(connection, asked.authority, after, A_PAGE + 1)
        found = load.load_challenges(connection, asked.authority, [id_ for id_, _ in ids[:A_PAGE]])
        items = [_audit_item(connection, asked, found[id_]) for id_, _ in ids[:A_PAGE] if id_ in found]
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "audit", *(one.reference for one in items))
    return AuditItemsShape(items=items, next=ids[A_PAGE - 1][1] if len(ids) > A_PAGE else "")


def _audit_item(connection: Connection, asked: RequestContext, loaded: load.StoredChallenge) -> AuditItemShape:
    challenge = loaded.challenge
    kept = read_timeline(connection, asked.authority, loaded.id)
    names = item_reader.names_on(connection, asked.authority, kept)
    rows = [vars(entry) for entry in kept.entries]
    keys = asked.service.casework.keeper.keys
    fault = first_fault(keys, asked.authority, loaded.id, rows, kept.words, loaded.entries, loaded.head)
    acts = [
        AuditActShape(
            number=entry.number,
            kind=entry.kind,
            at=entry.at,
            by=names.get(str(entry.person), "") if entry.person else "the service",
            acting_as=[part for part in entry.parts.split(",") if part],
            on_behalf_of=names.get(str(entry.behalf_of), "") if entry.behalf_of else "",
            hash=entry.hash,
        )
        for entry in kept.entries
    ]
    windows = [
        AuditWindowShape(
            kind=window.key.kind.value,
            stage=challenge.stage_of(window),
            due="" if window.promise.is_without_date else window.promise.due.isoformat(),
            closed_at=window.closed_at,
            closed_as=window.closed_as.value,
        )
        for window in challenge.windows
    ]
    return AuditItemShape(
        reference=loaded.reference,
        item_type=challenge.item_type.value,
        child_key=child_key(_secret(asked), asked.authority, loaded.child) if loaded.child else "",
        team=challenge.facts.team,
        state=challenge.state,
        stays=[AuditStayShape(stage=one.stage, entered_at=one.entered_at, how=one.how.value) for one in challenge.visits],
        windows=windows,
        acts=acts,
        proven=fault is None,
        first_fault=fault or "",
    )


@router.get("/readings", tags=["audit"], responses=declared_refusals(422), response_model=AuditReadingsShape)
def list_audit_readings(asked: CurrentRequest, before: Annotated[int, Query(ge=0, le=2**62)] = 0) -> AuditReadingsShape:
    """Who read what, newest first."""
    page = asked.service.access_log.readings(asked.authority, before=before, most=200)
    with asked.service.store.read(asked.authority) as connection:
        told = readings_in_words(connection, asked.authority, page)
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "audit readings", "")
    readings = [
        AuditReadingShape(at=one.at, by=one.name, what=one.what, reference=one.reference, references=list(one.references))
        for one in told
    ]
    return AuditReadingsShape(readings=readings, before=page[-1].id if len(page) == 200 else 0)


@router.get("/changes", tags=["audit"], responses=declared_refusals(), response_model=list[AuditChangeShape])
def list_audit_changes(asked: CurrentRequest) -> list[AuditChangeShape]:
    """Who changed what: posts, covers, accounts, settings; the newest 500."""
    with asked.service.store.read(asked.authority) as connection:
        changes = latest_admin_changes(connection, asked.authority, 500)
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "audit changes", "")
    secret = _secret(asked)
    return [
        AuditChangeShape(at=one.at, by=one.by, what=one.what, said=without_children(secret, asked.authority, one.said))
        for one in changes
    ]


@router.get("/taken-caseloads", tags=["audit"], responses=declared_refusals(), response_model=list[TakenCaseloadShape])
def list_audited_caseloads(asked: CurrentRequest) -> list[TakenCaseloadShape]:
    """Caseloads that somebody handed over to themselves, and what they ended of it since: it stands, and is looked at."""
    with asked.service.store.read(asked.authority) as connection:
        taken = list_taken_caseloads(connection, asked.authority)
    references = [one.reference for each in taken for one in each.ended]
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "audit", *(references or [""]))
    return [
        TakenCaseloadShape(
            by=each.by,
            of=each.of,
            at=each.at,
            children=each.children,
            ended=[EndedItemShape(reference=one.reference, how=one.how, at=one.at) for one in each.ended],
        )
        for each in taken
    ]


@router.get("/children/{key}", tags=["audit"], responses=declared_refusals(404, 422), response_model=AuditedChildShape)
def show_audited_child(asked: CurrentRequest, key: str) -> AuditedChildShape:
    """Whose key an auditor asks about: for the IRO service to answer, and written down."""
    with asked.service.store.read(asked.authority) as connection:
        found = child_of_key(connection, _secret(asked), asked.authority, key)
    if found is None:
        raise NotFound
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "audit key", "")
    return AuditedChildShape(number=found[0], initials=found[1])


def _secret(asked: RequestContext) -> bytes:
    """A secret that every replica has and that lasts: the first key of the timeline's."""
    return next(iter(asked.service.casework.keeper.keys.values())).secret
