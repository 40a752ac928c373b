"""The application, built from settings and a clock; nothing global."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from api import errors, request_context
from api.admission import Admission
from api.assembly import Clock, Service, assemble_service, enter_what_is_not, system_clock
from api.body_limit import BodyLimit
from api.denials import Denials
from api.head_requests import HeadRequests
from api.jobs import alarm_clock
from api.json import account, audit, challenges, health, inbox, ladders, outbox, problems, reports, reviews, told_otherwise
from api.pages.routers import ROUTERS
from api.protective_headers import ProtectiveHeaders
from api.readiness import check_not_new, check_ready, note_served
from drp.database.migrate import migrate_database
from drp.settings import LOOPBACK, Settings

JSON_ROUTERS = (
    challenges.router, ladders.router, account.router, inbox.router, outbox.router, health.router, reports.router, audit.router,
    told_otherwise.router,
    reviews.router,
)  # fmt: skip
"""The JSON interface, in the order in which it is described."""

ABOUT = """
A challenge that an Independent Reviewing Officer raises climbs its authority's own ladder: who is told, who is copied,
by when an answer is due, what happens if none comes. Times are UTC; promised dates are Europe/London.
"""

DOCS = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>The service's interface</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><main id="swagger-ui"></main><noscript>This page needs JavaScript; the description itself is at
<a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""

START = """SwaggerUIBundle({url: "/api/v1/openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null,
  persistAuthorization: false, tryItOutEnabled: true});
"""

_ASSETS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}


class _Described(FastAPI):
    """An application whose description holds the form of every refusal once."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI description."""
        made = super().openapi()
        made["components"]["schemas"]["Problem"] = problems.Problem.model_json_schema()
        return made


def create_app(settings: Settings | None = None, clock: Clock = system_clock) -> FastAPI:
    """Build the service. `clock` returns an aware UTC datetime, so that a test can own time.

    Raises Undeclared if a route is not in the table of access, KeyMissing, NotReady if the database is missing where there
    was one, is not migrated, or the keys are not those that its record was made with.
    """
    settings = settings or Settings()
    if settings.choose_a_person and urlsplit(settings.link).hostname not in LOOPBACK:
        raise RuntimeError("DRP_CHOOSE_A_PERSON lets anybody be anybody: it is for a demonstration on this machine alone.")
    service = assemble_service(settings, clock)
    try:
        return _app_of(service)
    except BaseException:
        service.close()
        raise


def _app_of(service: Service) -> FastAPI:
    settings = service.settings
    check_not_new(service)
    if service.store.is_sqlite:
        # The embedded database is this process's own; on PostgreSQL the tables' owner runs `drp migrate`.
        migrate_database(service.store)
        enter_what_is_not(service.store, service.casework.procedures)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        beating = alarm_clock.start_heartbeat(service) if settings.heartbeat else None
        yield
        if beating:
            beating.stop()
        service.close()

    app = _Described(
        title="Dispute resolution for Independent Reviewing Officers",
        description=ABOUT,
        version="1",
        routes=[route for router in (*JSON_ROUTERS, *ROUTERS) for route in router.routes],
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,  # the framework's redirect goes to whatever host the request names
    )
    app.state.service = service
    app.state.denials = Denials()
    _docs(app)
    errors.install_answers(app)
    app.add_middleware(Admission, places=settings.pool_size)  # a place is for what has arrived whole
    app.add_middleware(BodyLimit, most=settings.body_limit_bytes, document=settings.attachment_limit_bytes)
    app.add_middleware(ProtectiveHeaders)
    app.add_middleware(HeadRequests)
    request_context.check_declared(app)
    check_ready(service)
    note_served(service)
    return app


def _docs(app: FastAPI) -> None:
    @app.get("/docs", include_in_schema=False)
    def docs() -> HTMLResponse:
        """The interactive description, from files of our own."""
        return HTMLResponse(DOCS)

    @app.get("/docs/{name}", include_in_schema=False)
    def asset(name: str) -> Response:
        """A file of that page: built from its package at set-up, never fetched from elsewhere."""
        if name == "start.js":
            return Response(START, media_type="text/javascript")
        file = files("api").joinpath("assets", name)
        if name not in _ASSETS or not file.is_file():
            return PlainTextResponse("Not built: run `make assets`.", status_code=404)
        return Response(file.read_bytes(), media_type=_ASSETS[name])
