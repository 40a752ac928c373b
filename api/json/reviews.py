"""Reviews over JSON: what a child's reviews decided, and following one of it."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from api.json.problems import declared_refusals
from api.json.written_route import WrittenRoute
from api.presenters import item_view
from api.presenters.review_shapes import DecisionShape, FollowBody, ReviewBody, ReviewShape, ReviewsShape, TrackingBody
from api.presenters.shapes import PRINTABLE, ChildShape, ReceiptShape
from api.request_context import CurrentRequest, RequestContext
from drp.casework.access import NotFound
from drp.casework.retry_keys import Answer
from drp.casework.service import ActionResult, ResponseBuilder
from drp.directory import lookup
from drp.directory.lookup import ItemSubject
from drp.reviews import review_register
from drp.reviews.following import EnteredDecision, EnteredReview, HowFollowed, enter_review, follow_decision
from drp.reviews.review_register import PLAN_DAYS, DecisionLine, HeldReview, PlanDays, check_keeps_reviews
from drp.reviews.tracking import find_tracked, track_case
from workflows.calendar.working_days import local_date
from workflows.model.events import TrackingAgreed

router = APIRouter(prefix="/api/v1", route_class=WrittenRoute, tags=["reviews"])


def _child(connection: Connection, asked: RequestContext, number: str) -> tuple[ItemSubject, UUID]:
    """The child of a case number, whose register of reviews they keep. Raises NotFound for any other."""
    found = lookup.child_by_number(connection, asked.authority, number)
    if found is None or found.child is None:
        raise NotFound
    _check_keeps(connection, asked, found.child)
    return found, found.child


def _check_keeps(connection: Connection, asked: RequestContext, child: UUID) -> None:
    current = asked.service.casework.procedures.current(connection, asked.authority)
    check_keeps_reviews(connection, current[0].authority, asked.signed, child, local_date(asked.now))


def _shape(connection: Connection, asked: RequestContext, child: ItemSubject, id_: UUID) -> ReviewsShape:
    reviews = review_register.list_reviews(connection, asked.authority, id_)
    return ReviewsShape(child=ChildShape(number=child.number, initials=child.initials), reviews=[_review(one) for one in reviews])


def _review(held: HeldReview) -> ReviewShape:
    return ReviewShape(
        held_on=held.held_on,
        decisions_agreed_on=held.decisions_agreed_on,
        record_out_on=held.record_out_on,
        **asdict(held.plans),
        decisions=[
            DecisionShape(
                id=one.id, number=one.line.number, words=one.line.words, owner_role=one.line.owner_role, owner=one.line.owner,
                due=one.line.due, state=one.state, state_on=one.state_on, looked_on=one.looked_on, reference=one.reference,
            )
            for one in held.decisions
        ],
    )  # fmt: skip


@router.get("/reviews", responses=declared_refusals(404, 422), response_model=ReviewsShape)
def list_reviews_of_child(
    asked: CurrentRequest, child: Annotated[str, Query(max_length=32, pattern=PRINTABLE, description="Case number.")]
) -> ReviewsShape:
    """A child's reviews and what they decided: for the child's IRO, whoever covers, and the IRO service's desk."""
    with asked.service.store.read(asked.authority) as connection:
        subject, id_ = _child(connection, asked, child)
        shape = _shape(connection, asked, subject, id_)
    followed = [one.reference for held in shape.reviews for one in held.decisions if one.reference]
    asked.service.access_log.record(asked.authority, asked.now, asked.signed.person, "reviews of a child", *(followed or [""]))
    return shape


@router.post("/reviews", status_code=201, responses=declared_refusals(404, 413, 422), response_model=ReviewsShape)
def enter_review_of_child(asked: CurrentRequest, body: ReviewBody) -> ReviewsShape:
    """Put a review and what it decided on the register; what is to be followed is followed: all of it, or nothing."""
    entered = tuple(
        EnteredDecision(DecisionLine(one.words, one.number, one.owner_role, one.owner, one.due), one.person, one.follow)
        for one in body.decisions
    )
    plans = PlanDays(**{name: getattr(body, name) for name in PLAN_DAYS})
    review = EnteredReview(body.held_on, body.decisions_agreed_on, body.record_out_on, entered, plans)
    with asked.service.store.write(asked.authority) as connection:
        subject, id_ = _child(connection, asked, body.child)
        enter_review(connection, asked.service.casework, asked.signed, id_, review, asked.now)
        return _shape(connection, asked, subject, id_)


def _receipt(now: datetime) -> ResponseBuilder:
    def render(connection: Connection, done: ActionResult) -> Answer:
        return item_view.receipt_shape(connection, done, now).model_dump(mode="json", by_alias=True)

    return render


@router.post("/reviews/tracking", status_code=201, responses=declared_refusals(404, 409, 413, 422), response_model=ReceiptShape)
def track_case_of_child(asked: CurrentRequest, body: TrackingBody) -> ReceiptShape:
    """Track a child's case as it was agreed at a review; the answer says who was asked for an update.

    A case that is tracked already is agreed anew: what was chosen before gives way, and `why` and `facts` are left as they were.
    """
    agreed, casework = TrackingAgreed(**body.model_dump(exclude={"child", "why", "facts"})), asked.service.casework
    with asked.service.store.read(asked.authority) as connection:
        _, id_ = _child(connection, asked, body.child)
        tracked = find_tracked(connection, asked.authority, id_)
    if tracked:
        return ReceiptShape(**casework.act(asked.signed, tracked.reference, agreed, asked.now, _receipt(asked.now)))
    with asked.service.store.write(asked.authority) as connection:
        subject, id_ = _child(connection, asked, body.child)
        done = track_case(connection, casework, asked.signed, id_, subject.number, agreed, body.why, tuple(body.facts), asked.now)
        return item_view.receipt_shape(connection, done, asked.now)


@router.post(
    "/reviews/decisions/{decision}/follow",
    status_code=201,
    responses=declared_refusals(404, 409, 413, 422),
    response_model=ReceiptShape,
)
def follow_decision_of_review(asked: CurrentRequest, decision: UUID, body: FollowBody) -> ReceiptShape:
    """Follow a decision that waits on the list; the answer says who was asked."""
    how = HowFollowed(body.to, body.by, tuple(body.reasons))
    with asked.service.store.write(asked.authority) as connection:
        found = review_register.find_decision(connection, asked.authority, decision)
        _check_keeps(connection, asked, found.child)
        done = follow_decision(connection, asked.service.casework, asked.signed, decision, how, asked.now)
        return item_view.receipt_shape(connection, done, asked.now)
