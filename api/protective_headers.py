"""Headers that every answer carries, whatever made it: nothing of a page is kept, framed, or fetched from elsewhere."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.json import problems

# The page's own library sets styles on elements; nothing is fetched from anywhere else.
_OF_DOCS = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
_EVERY = [(name.lower().encode(), value.encode()) for name, value in problems.PROTECTIVE.items()]
_EVERY.append((b"cache-control", b"no-store"))
_POLICY = b"content-security-policy"


class ProtectiveHeaders:
    """Adds to an answer those that it has not got."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                if scope["path"].startswith("/docs"):
                    given = [one for one in given if one[0] != _POLICY] + [(_POLICY, _OF_DOCS.encode())]
                names = {name for name, _ in given}
                message = {**message, "headers": given + [one for one in _EVERY if one[0] not in names]}
            await send(message)

        await self._app(scope, receive, send_protected)
