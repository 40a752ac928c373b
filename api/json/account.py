"""The person's own account over JSON: who I am."""

from fastapi import APIRouter

from api.json.problems import declared_refusals
from api.json.written_route import WrittenRoute
from api.presenters.shapes import MeShape, OwnRepliesShape
from api.queries.own_replies import read_own_replies
from api.request_context import CurrentRequest

router = APIRouter(prefix="/api/v1", route_class=WrittenRoute)


@router.get("/me", tags=["desk"], responses=declared_refusals(), response_model=MeShape)
def me(asked: CurrentRequest) -> MeShape:
    """Who the service takes you for, today."""
    return MeShape(
        authority=asked.authority,
        name=asked.signed.name,
        capacities=sorted(capacity.value for capacity in asked.signed.capacities),
        roles=sorted(asked.signed.roles),
    )


@router.get("/me/replies", tags=["desk"], responses=declared_refusals(), response_model=list[OwnRepliesShape])
def own_replies(asked: CurrentRequest) -> list[OwnRepliesShape]:
    """Your own figures, of this reporting year and the one before. Nobody else is shown them."""
    with asked.service.store.read(asked.authority) as connection:
        replies = read_own_replies(connection, asked)
    return [
        OwnRepliesShape(
            stage=one.stage.label,
            asked=one.asked,
            in_time=one.in_time,
            late=one.late,
            none=one.none,
            not_reached=one.not_reached,
            waiting=one.waiting,
            median_days_to_answer=one.days_to_answer,
        )
        for one in replies
    ]
