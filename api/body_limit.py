"""How much of a request is taken, and for how long: a small one whole, a document piece by piece as it comes, counted."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from api.presenters.wording import in_megabytes

SECONDS = 120.0
"""From its first byte to its last; ten megabytes come through a slow line from home in less."""
AT_ONCE = 4
"""Documents that are taken in at a time: each may fill its limit twice over while it is looked at and kept. Others wait."""

_UPLOAD = re.compile(r"/challenges/[^/]{1,64}/documents")


class _TooLarge(Exception):
    """More came than is taken."""


class _TooSlow(Exception):
    """It has not come in time."""


class _Gone(Exception):
    """Whoever sent it went away before the end."""


class BodyLimit:
    """Refuses a body that is too large before it is read whole, whether it says its size or not, and one that never ends.

    A form with a document is not read before the application asks for it: it asks who is there first, so nobody unknown
    has it read.
    """

    def __init__(self, app: ASGIApp, most: int, document: int, seconds: float = SECONDS) -> None:
        self._app, self._most, self._document, self._seconds = app, most, document, seconds
        self._most_of_upload = document + 64 * 1024
        self._places = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_upload = scope["method"] == "POST" and _UPLOAD.fullmatch(scope["path"]) is not None
        most = self._most_of_upload if is_upload else self._most
        declared = dict(scope["headers"]).get(b"content-length")
        counted = _Counted(receive, most, asyncio.get_running_loop().time() + self._seconds)
        if is_upload:
            # Beside a document stands a line: for its sake nothing is read where what is sent cannot be taken anyway.
            scope.setdefault("state", {})["typed"] = {}
        try:
            if declared is not None and not _is_within(declared, most):
                raise _TooLarge
            if is_upload and (declared is None or int(declared) > self._most):
                await self._stream(scope, counted, send)
            else:
                await self._app(scope, await _whole(counted), send)
        except (_TooLarge, _TooSlow, _Gone) as refusal:
            await self._refuse(refusal, is_upload, scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._places.acquire()
        except TimeoutError:
            raise _TooSlow from None
        scope["state"]["streams"] = True
        try:
            await self._app(scope, receive, send)
        finally:
            self._places.release()

    async def _refuse(self, refusal: Exception, is_upload: bool, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if isinstance(refusal, _TooLarge):
            said = f"The request is larger than {self._most // 1024} KiB."
            if is_upload:
                said = f"What you sent is larger than {in_megabytes(self._document)}: no larger document is taken."
            answer = await errors.answer(request, 413, "too-large", said, "Shorten what you send.")
        else:
            said = "It took too long to arrive, and nothing of it was kept."
            answer = await errors.answer(request, 408, "too-slow", said, "Try again, on a better line or with less at once.")
            answer.headers["Connection"] = "close"
        await answer(scope, receive, send)


class _Counted:
    """What comes in, counted, until a moment of the event loop's clock."""

    def __init__(self, receive: Receive, most: int, until: float) -> None:
        self._receive, self._most, self._until = receive, most, until
        self._size, self._is_over = 0, False

    async def __call__(self) -> Message:
        if self._is_over:
            return await self._receive()  # the application waits for whoever listens to leave
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise _TooSlow from None
        if message["type"] == "http.disconnect":
            raise _Gone
        self._size += len(message.get("body", b""))
        if self._size > self._most:
            raise _TooLarge
        self._is_over = not message.get("more_body", False)
        return message


async def _whole(counted: Callable[[], Awaitable[Message]]) -> Receive:
    """The body, read to its end."""
    body, more = bytearray(), True
    while more:
        message = await counted()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    whole: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def replay() -> Message:
        return whole.pop() if whole else await counted()

    return replay


def _is_within(declared: bytes, most: int) -> bool:
    return declared.isdigit() and len(declared) < 16 and int(declared) <= most
