"""How many requests are worked on at once, and which are never kept waiting by the others.

| lane | who travels in it | places |
|---|---|---|
| referral | a referral to Cafcass, by page or over JSON | its own |
| sign-in | whoever signs in or out | its own |
| health | whoever asks whether the service serves, and what is wrong | its own |
| documents | a large document, while it comes in | its own |
| common | everything else | as many as the service has connections for them |

A place is a connection to the database and a thread, and both are there: what waits, waits here, where it costs nothing. No one
address takes more than half of the common places, and of those at work on one item one writes and two read: who meets a locked
or heavy item waits for that one. Whoever has no place within half a second is told when to come back, rather than served in
fifty.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import errors
from api.lanes import KEPT_ASIDE, OF_AN_ITEM, Lane, lane_of_request
from drp.database.unavailable import Busy

SECONDS = 0.5
"""How long a request waits for its place."""


_FREE = ("/assets/", "/docs")
"""Addresses that need neither the database nor a place."""


class Admission:
    """Lets requests in by lanes. `places`: how many travel in the common lane at once."""

    def __init__(self, app: ASGIApp, places: int, seconds: float = SECONDS) -> None:
        self._app, self._seconds, self._places = app, seconds, places
        self._half = max(1, places // 2)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lanes: dict[Lane, asyncio.Semaphore] = {}
        self._narrow: dict[tuple[str, bool], tuple[asyncio.Semaphore, list[None]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_FREE):
            await self._app(scope, receive, send)
            return
        self._open_lanes()
        lane, receive = await lane_of_request(scope, receive)
        try:
            place = _Place(send)
            async with self._admitted(lane, scope, place):
                await self._app(scope, receive, place.send)
        except Busy:
            kind, title, do = errors.TABLE[Busy][1:]
            answer = await errors.answer(Request(scope, receive), 503, kind, title, do)
            await answer(scope, receive, send)

    def _open_lanes(self) -> None:
        """Places belong to one event loop: a test client's each request may come in a loop of its own."""
        if self._loop is not (loop := asyncio.get_running_loop()):
            self._loop, self._narrow = loop, {}
            self._lanes = {lane: asyncio.Semaphore(KEPT_ASIDE.get(lane, self._places)) for lane in Lane}

    @asynccontextmanager
    async def _admitted(self, lane: Lane, scope: Scope, place: "_Place") -> AsyncIterator[None]:
        """A place for one request, until its answer begins: by then the work is done. Raises Busy."""
        with self._shared(scope if lane is Lane.COMMON else None) as narrow:
            wanted = [*narrow, self._lanes[lane]]
            try:
                async with asyncio.timeout(self._seconds):
                    for one in wanted:
                        await one.acquire()
                        place.taken.append(one)
            except TimeoutError:
                place.give_back()
                raise Busy("no place in time") from None
            except BaseException:
                place.give_back()
                raise
            try:
                yield
            finally:
                place.give_back()

    @contextmanager
    def _shared(self, scope: Scope | None) -> Iterator[list[asyncio.Semaphore]]:
        """The narrow place that a request shares with others for the same item, or address; forgotten with the last of them."""
        if scope is None:
            yield []
            return
        writes = scope["method"] not in ("GET", "HEAD")
        item = OF_AN_ITEM.fullmatch(scope["path"])
        key, most = ((item[1].upper(), 1 if writes else 2)) if item else (scope["path"], self._half)
        shared = self._narrow
        place, waiting = shared.setdefault((key, writes), (asyncio.Semaphore(most), []))
        waiting.append(None)
        try:
            yield [place]
        finally:
            waiting.pop()
            if not waiting:
                del shared[key, writes]


class _Place:
    """What one request has taken, given back when its answer begins."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.taken: list[asyncio.Semaphore] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.give_back()  # whoever reads slowly keeps nobody waiting
        await self._send(message)

    def give_back(self) -> None:
        while self.taken:
            self.taken.pop().release()
