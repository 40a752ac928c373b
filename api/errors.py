"""One table: each refusal of the floors below, its status, and how it reads: problem details (RFC 9457), or a page."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException

from api.denials import note_bad_token, note_denied_read
from api.json.problems import problem_answer
from api.pages.frame import error_pages
from api.pages.frame.browser_request import NotOurs
from drp.casework.access import AccessEnded, NotFound
from drp.casework.preconditions import PreconditionMissing, StaleView
from drp.casework.retry_keys import KeyReused, RestoredSince, restore_name
from drp.database.unavailable import Busy, Unavailable
from drp.identity.principal import NotPermitted
from drp.identity.tokens import NotSigned
from drp.items.attachments import NotAsAttached
from workflows.model.refusals import NotOpen, NotYours, Refused, Unfit

log = logging.getLogger("drp.api")


TABLE: dict[type[Exception], tuple[int, str, str, str]] = {
    NotSigned: (
        401,
        "not-signed-in",
        "You are not signed in.",
        "Send a token in force as `Authorization: Bearer …`.",
    ),
    NotPermitted: (403, "not-permitted", "Your post does not give you this.", "Ask whoever administers the service."),
    AccessEnded: (403, "access-ended", "Your access to this item has ended.", "Ask the IRO if you still need to see it."),
    NotFound: (404, "not-found", "There is no such item, or it is not yours to see.", "Check the reference."),
    NotOurs: (
        403,
        "not-from-here",
        "That form did not come from this service, or from another sign-in.",
        "Nothing was done. Open the page again from here.",
    ),
    StaleView: (412, "stale", "It has moved on since you looked.", "Read it again, then send what you wrote."),
    KeyReused: (422, "key-reused", "That Idempotency-Key came before with another body.", "Use a new key for a new request."),
    Busy: (
        503,
        "busy",
        "Others are at work on this, or on so much else that there is no room just now.",
        "Nothing was done. Send it again in a few seconds, with the same key.",
    ),
    Unavailable: (
        503,
        "unavailable",
        "It could not be saved or read just now.",
        "Nothing was done. Try again with the same key.",
    ),
    NotAsAttached: (
        500,
        "document-lost",
        "This document is missing from where it was kept, or is no longer what was attached: it is not shown.",
        "Tell whoever runs the service: the folder of attachments must be restored from its copy.",
    ),
    # Half of a character (a lone surrogate) passes through JSON and can be neither hashed nor kept.
    UnicodeEncodeError: (422, "invalid", "The request holds something that is not text.", "Remove it and send it again."),
    Exception: (
        500,
        "fault",
        "Something is wrong with the service.",
        "Nothing was done. Tell whoever runs it, with the time.",
    ),
}
"""Exception, status, type, title, what to do."""

_OF_THE_FRAMEWORK = {
    400: (422, "invalid", "The request cannot be read as JSON.", "Send JSON in UTF-8, as /docs describes."),
    404: (404, "not-found", "There is nothing here.", "Check the address."),
    405: (405, "no-such-method", "Not that way.", "See /docs."),
}
"""By the framework's own status (400: a body that it cannot read): status, type, title, what to do."""


async def answer(request: Request, status: int, kind: str, title: str, do: str, **more: Any) -> Response:
    """A refusal as whoever asked can read it: a program, or a person at a browser."""
    if request.url.path.startswith(("/api/", "/docs")):
        return problem_answer(status, kind, title, do, **more)
    return await error_pages.shown(request, status, kind, title, do)


def install_answers(app: FastAPI) -> None:
    """Let every refusal be answered from the table."""
    for kind in TABLE:
        app.add_exception_handler(kind, _from_table(kind))
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(PreconditionMissing, _precondition_missing)
    app.add_exception_handler(RestoredSince, _restored_since)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _from_table(kind: type[Exception]) -> Callable[[Request, Exception], Awaitable[Response]]:
    status, name, title, do = TABLE[kind]

    async def said(request: Request, error: Exception) -> Response:
        if kind is Unavailable:
            log.warning("unavailable: %s", error)
        if kind is NotAsAttached:
            log.error("a document is not as it was attached: %s %s", request.url.path, error)
        if kind is Exception:
            log.exception("unforeseen", exc_info=error)
        answered = await answer(request, status, name, title, do)
        if kind in DENIALS:  # once the answer has gone: how long it took tells nobody whether what they asked for exists
            answered.background = BackgroundTask(DENIALS[kind], request)
        return answered

    return said


DENIALS: dict[type[Exception], Callable[[Request], None]] = {
    NotFound: note_denied_read,
    AccessEnded: note_denied_read,
    NotPermitted: note_denied_read,
    NotSigned: note_bad_token,
}
"""Refusals that are on record, with what notes them."""


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    if isinstance(error, NotOpen):
        do = f"{error.do} Open to you: {', '.join(error.moves)}." if error.moves else error.do
        return await answer(request, 409, "not-open", error.said, do, moves=list(error.moves))
    if isinstance(error, NotYours):
        return await answer(request, 403, "not-yours", error.said, error.do)
    assert isinstance(error, Unfit)
    return await answer(request, 422, "unfit", error.said, error.do, field=error.field)


async def _restored_since(request: Request, error: Exception) -> Response:
    assert isinstance(error, RestoredSince)
    said = "The service was brought back from a backup, and does not know this Idempotency-Key."
    do = (
        f"Nothing was done. What was done from {restore_name(error.to)} to {restore_name(error.at)} is lost here, though people "
        "may have been told of it: if this was sent then, look what stands now. If you still mean it, or it is new, send it with "
        f"this header: {error.line}"
    )
    return await answer(request, 409, "restored-since", said, do, send=error.line)


async def _precondition_missing(request: Request, error: Exception) -> Response:
    assert isinstance(error, PreconditionMissing)
    said = "It is not said for which stage and stay this is meant."
    do = f"Nothing was done. Read how it stands now; if you still mean it, send it again with this header: {error.line}"
    return await answer(request, 428, "precondition-required", said, do, send=error.line)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # What was sent is not sent back: it may hold personal words.
    errors = [
        {"field": ".".join(str(part) for part in one["loc"] if part != "body"), "said": str(one["msg"])} for one in error.errors()
    ]
    return await answer(
        request, 422, "invalid", "The request does not have the form it needs.", "Correct the fields named.", errors=errors[:50]
    )


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    refused = (error.status_code, "refused", str(error.detail), "See /docs.")
    return await answer(request, *_OF_THE_FRAMEWORK.get(error.status_code, refused))
