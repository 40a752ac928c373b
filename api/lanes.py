"""The lanes that requests travel in, each with places of its own; `api.admission` lets them in."""

import re
from enum import StrEnum

from starlette.types import Message, Receive, Scope


class Lane(StrEnum):
    """Where a request travels."""

    COMMON = "common"
    REFERRAL = "referral"
    SIGN_IN = "sign-in"
    HEALTH = "health"
    DOCUMENTS = "documents"


KEPT_ASIDE = {Lane.REFERRAL: 4, Lane.SIGN_IN: 4, Lane.HEALTH: 2, Lane.DOCUMENTS: 4}
"""Places of the lanes that the common one does not reach into."""

OF_AN_ITEM = re.compile(r"(?:/api/v1)?/challenges/([^/]{1,64})(?:/(.*))?")
"""The address of an item, or of something of it."""

_EVENTS = re.compile(r"/api/v1/challenges/[^/]{1,64}/events")
_REFERRED = b'"referred_to_cafcass"'


async def lane_of_request(scope: Scope, receive: Receive) -> tuple[Lane, Receive]:
    """The lane of a request that has arrived whole, and its body to be read again where that had to be looked at."""
    path, sends = scope["path"], scope["method"] == "POST"
    if path.startswith("/api/v1/health"):
        return Lane.HEALTH, receive
    if path.startswith("/sign-"):
        return Lane.SIGN_IN, receive
    item = OF_AN_ITEM.fullmatch(path)
    rest = (item[2] or "") if item else ""
    if rest == "referral" or rest.startswith("referral/"):
        return Lane.REFERRAL, receive
    if scope.get("state", {}).get("streams"):
        return Lane.DOCUMENTS, receive
    if not (sends and _EVENTS.fullmatch(path)):
        return Lane.COMMON, receive
    first = await receive()  # whole by now: a body that is no document is read before

    async def again() -> Message:
        nonlocal first
        given, first = first, None  # type: ignore[assignment]
        return given or await receive()

    return Lane.REFERRAL if _REFERRED in first.get("body", b"") else Lane.COMMON, again
