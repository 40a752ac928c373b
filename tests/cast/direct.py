"""An application that is asked straight, in the thread of whoever asks: no network, no client's thread, none for each function.

Starlette's TestClient hands every request to a thread of its own and back, nine times; that took longer than many an answer.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from contextlib import closing
from contextvars import ContextVar
from typing import Any
from urllib.parse import unquote

import anyio.to_thread
import httpx2
from fastapi import FastAPI

LOOP = asyncio.new_event_loop()
"""Where the main thread's requests run: made once, for as long as the process lives."""
STRAIGHT = ContextVar("straight", default=False)
"""Is a request running that was asked straight?"""

_in_a_thread = anyio.to_thread.run_sync


async def in_a_thread_or_here(function: Callable[..., Any], *given: Any, **how: Any) -> Any:
    """One request at a time: a thread for each plain function would only cost time."""
    return function(*given) if STRAIGHT.get() else await _in_a_thread(function, *given, **how)


anyio.to_thread.run_sync = in_a_thread_or_here


class Answer:
    """An answer as it comes."""

    def __init__(self, heard: Callable[[str], object] | None) -> None:
        self._heard = heard
        self._start: dict[str, Any] = {}
        self._body = bytearray()
        self._done = asyncio.Event()

    def receiving(self, body: bytes) -> Any:
        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await self._done.wait()
            return {"type": "http.disconnect"}

        return receive

    async def take(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            self._done.set()
            if self._heard:
                self._heard("answered")

    def whole(self, method: str) -> httpx2.Response:
        content = b"" if method == "HEAD" else bytes(self._body)
        return httpx2.Response(self._start["status"], headers=self._start["headers"], content=content)


def ask(
    app: FastAPI,
    request: httpx2.Request,
    heard: Callable[[str], object] | None = None,
    client: tuple[str, int] = ("testclient", 50000),
) -> httpx2.Response:
    """One request and its answer. `heard` is told when the answer is out. What the application raises is raised."""
    body, answer = request.read(), Answer(heard)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": request.method, "scheme": "http",
        "path": unquote(request.url.path), "raw_path": request.url.raw_path.split(b"?", 1)[0],
        "query_string": request.url.query, "root_path": "", "client": client, "server": ("testserver", 80), "state": {},
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
    }  # fmt: skip
    straight = STRAIGHT.set(True)
    try:
        _run(app(scope, answer.receiving(body), answer.take))
    finally:
        STRAIGHT.reset(straight)
    return answer.whole(request.method)


def _run(asked: Coroutine[Any, Any, None]) -> None:
    if threading.current_thread() is threading.main_thread():
        LOOP.run_until_complete(asked)
        return
    with closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(asked)


class Direct(httpx2.BaseTransport):
    """What lets a client ask an application straight."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        return ask(self._app, request)


def client_of(app: FastAPI) -> httpx2.Client:
    """A client that asks an application straight, and follows where it is sent."""
    return httpx2.Client(
        transport=Direct(app), base_url="http://testserver", follow_redirects=True, headers={"user-agent": "testclient"}
    )


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
