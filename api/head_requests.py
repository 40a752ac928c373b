"""HEAD answers wherever GET does: the same status and headers, no body; and it counts as nobody's reading of an item."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadRequests:
    """Asks the application as if GET had been asked, and leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        # What only looks whether something is there has not opened it: as a browser that fetches ahead says.
        headers = [*scope["headers"], (b"sec-purpose", b"prefetch")]
        await self._app({**scope, "method": "GET", "headers": headers}, receive, send_head)
