"""The person's own account over JSON: who I am."""

from fastapi import APIRouter

from api.json.problems import declared_refusals
from api.presenters.shapes import MeShape
from api.request_context import CurrentRequest

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
