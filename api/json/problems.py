"""A refusal as a program reads it: problem details (RFC 9457), and the refusals that a route declares."""

from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict


class Problem(BaseModel):
    """What went wrong: what happened, what it means, what to do."""

    model_config = ConfigDict(extra="allow")
    type: str
    title: str
    status: int
    detail: str
    what_to_do: str = ""
    field: str = ""
    moves: list[str] = []
    errors: list[dict[str, str]] = []


PROTECTIVE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every answer, a fault's too: that one is made outside all middleware."""


RETRY_AFTER = {"busy": "2"}
"""Seconds after which to come back, by the kind of a refusal; five for others."""


def problem_answer(status: int, kind: str, title: str, do: str, **more: Any) -> JSONResponse:
    """A problem+json answer."""
    body = {"type": f"urn:drp:{kind}", "title": title, "status": status, "detail": title, "what_to_do": do, **more}
    headers = {"Content-Type": "application/problem+json", "Cache-Control": "no-store", **PROTECTIVE}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = RETRY_AFTER.get(kind, "5")
    return JSONResponse(body, status_code=status, headers=headers)


def declared_refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that a route declares, for its OpenAPI description (which holds the schema once: `api.app`)."""
    every = {*statuses, 401, 403, 503}
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {"application/problem+json": schema}}
        for status in sorted(every)
    }
