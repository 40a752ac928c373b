"""How the JSON interface writes its answers: once, in the thread that found them."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from fastapi import Response
from fastapi.routing import APIRoute
from pydantic_core import to_json


class WrittenRoute(APIRoute):
    """A route whose endpoint's answer is written as it is: the shape that it is has been checked when it was made.

    The framework would check it once more and write it in another thread, which takes longer than to read an item.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        super().__init__(path, _writes(endpoint, more.get("status_code") or 200), **more)


def _writes(endpoint: Callable[..., Any], status: int) -> Callable[..., Any]:
    @wraps(endpoint)
    def written(*args: Any, **given: Any) -> Response:
        made = endpoint(*args, **given)
        if isinstance(made, Response):
            return made
        set_beside = given.get("response")
        headers = dict(set_beside.headers) if isinstance(set_beside, Response) else None
        return Response(to_json(made, by_alias=True), status, headers, "application/json")

    return written
