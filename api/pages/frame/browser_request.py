"""Who is at the browser, and what they sent: a session asked of the database at every request, a form that only we can send."""

import hmac
import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import Connection
from starlette.datastructures import UploadFile

from api.assembly import Service
from api.pages.frame import layout
from api.pages.frame.form_fields import Form, FormField, Given, WrongAnswer, single_value
from api.request_context import ASKERS, RequestContext, service_of_request
from api.routes import ROUTES
from drp.database.unavailable import Unavailable
from drp.identity import sessions, tokens
from drp.identity.principal import NotPermitted, Principal, serves_principal
from drp.messages.inbox import PausedInWords, read_beginning_of_page
from drp.settings import Settings
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority, Capacity, Rules
from workflows.model.events import Action
from workflows.model.personal_details import personal_details

log = logging.getLogger("drp.pages")

router = APIRouter(include_in_schema=False)
"""Every page stands on it: `api.pages.routers` imports the modules that put them there."""

SIGNED_IN_AGAIN = (
    "You have signed in again since this page was made. Nothing was sent: what you wrote is below. Check it and press once more."
)
MOST_PARTS = 400
"""Inputs that one form may carry."""


class NotOurs(Exception):
    """A form that another site sent, or that carries no token of this session: nothing is done."""


@dataclass(frozen=True)
class PageContext(RequestContext):
    """One request of somebody signed in at a browser. `words`: their authority, in the words chosen for a child."""

    session: sessions.Session
    words: Authority
    unread: int
    path: str
    paused: PausedInWords | None = None
    """How sending is paused, for those who are to know."""
    is_live: bool = True
    """Is the authority in use, rather than on trial?"""

    @property
    def person(self) -> UUID:
        """The person, as tables have them."""
        return self.session.person

    @property
    def today(self) -> date:
        """The day in London."""
        return local_date(self.now)

    def idempotency_key(self, form: Form) -> str:
        """What makes pressing twice harmless: kept while the same form is put right, new with a new one."""
        return single_value(form.given, "once")[:64] or self.service.casework.chance.salt()

    def label(self, key: str) -> str:
        """The authority's own word for a thing."""
        return self.words.label(key)

    def reading(self) -> AbstractContextManager[Connection]:
        """A short reading transaction of their authority. Raises Unavailable."""
        return self.service.store.read(self.authority)

    def writing(self) -> AbstractContextManager[Connection]:
        """A writing transaction of their authority, committed at the end. Raises Unavailable."""
        return self.service.store.write(self.authority)

    def procedures(self, connection: Connection) -> tuple[Rules, ...]:
        """The authority's procedures as they are now."""
        return self.service.casework.procedures.current(connection, self.authority)

    def page(self, template: str, status: int = 200, form: Form | None = None, **values: Any) -> Response:
        """A page for them; with status 422 if its form is shown again with what is wrong."""
        return layout.render_page(self, template, status, form, **values)

    def log_access(self, what: str, *references: str) -> None:
        """Write down what they read or did, and of which items, each once. Raises Unavailable."""
        self.service.access_log.record(self.authority, self.now, self.signed.person, what, *dict.fromkeys(references))


def go_to(path: str) -> Response:
    """On to another page, after something was done."""
    return RedirectResponse(path, status_code=303)


def cookie_name(settings: Settings) -> str:
    """The session cookie's name: where the service is reached by https, one that no other host can set."""
    return "__Host-drp" if settings.is_https else "drp"


def give_cookie(response: Response, settings: Settings, name: str, value: str, seconds: int | None = None) -> None:
    """Hand a browser a cookie that no script reads and no other site sends along."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=settings.is_https, httponly=True, samesite="lax")


def page_context(request: Request) -> PageContext:
    """Who is at the browser. Raises NotSigned, NotPermitted."""
    service = service_of_request(request)
    now, settings = service.clock(), service.settings
    cookie = request.cookies.get(cookie_name(settings), "")
    authority = sessions.authority_in(cookie)
    with service.store.read(authority) as connection:
        session = sessions.in_force(connection, service.seal, authority, cookie, now, settings.session_limits)
        current = service.casework.procedures.current(connection, authority)
        if not current:
            raise tokens.NotSigned
        signed = tokens.principal_of(connection, current[0].authority, session.person, now)
        # Whoever has no post today, nor stands in or sees for somebody, has nothing here: the session ends with the post.
        if not tokens.has_a_place(connection, signed, now):
            raise tokens.NotSigned
        begins = read_beginning_of_page(connection, authority, session.person, layout.MANY)
    if session.stale:
        _note_use(service, session, authority)
    request.state.asked = RequestContext(service, now, signed)
    if not serves_principal(ROUTES[request.method, request.scope["route"].path], signed.capacities):
        raise NotPermitted
    words = current[0].authority.in_words_of(begins.pack)
    paused = begins.paused if _hears_of_pauses(signed, current) else None
    return PageContext(service, now, signed, session, words, begins.unread, request.url.path, paused, begins.is_live)


HEAR_OF_PAUSES = frozenset({Capacity.IRO, Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT, Capacity.ADMINISTRATOR})
"""Who reads on every page that sending is paused; beside them whoever may raise an item."""


def _hears_of_pauses(signed: Principal, current: Sequence[Rules]) -> bool:
    return bool(HEAR_OF_PAUSES & signed.capacities) or any(signed.roles & set(rules.ladder.raised_by) for rules in current)


def _note_use(service: Service, session: sessions.Session, authority: str) -> None:
    try:
        with service.store.write(authority) as connection:
            sessions.note_session_used(connection, service.seal, session, service.clock())
    except Unavailable:
        log.warning("the use of a session could not be written down")  # reading goes on without it


ASKERS.add(page_context)
CurrentPage = Annotated[PageContext, Depends(page_context)]


@dataclass(frozen=True)
class FormSubmission:
    """What somebody sent from a form of ours. Nothing of it can be had without its token having been looked at."""

    visit: PageContext
    _given: Given
    files: dict[str, UploadFile]
    is_fresh: bool

    def form(self, fields: Sequence[FormField], may_hold_details: bool = False) -> tuple[Form, dict[str, Any]]:
        """The form as it was filled in, and its answers. Whoever signed in again since presses once more."""
        form = Form(fields, self._given)
        values = form.read()
        if not self.is_fresh:
            form.faults[""] = WrongAnswer(SIGNED_IN_AGAIN)
        elif not form.is_faulty and not may_hold_details and not single_value(self._given, "details_checked"):
            kinds = {kind for value in values.values() for text in _texts(value) for kind in personal_details(text)}
            if kinds:
                form.faults["details_checked"] = WrongAnswer(", ".join(sorted(kinds)))
        return form, values

    @property
    def once(self) -> str:
        """What makes sending this form twice harmless."""
        return single_value(self._given, "once")[:64]

    @property
    def seen_at(self) -> str:
        """The version of the item that was looked at when the form was made."""
        return single_value(self._given, "seen")[:160]

    def pressed(self, name: str) -> str:
        """Which button was pressed, or what a hidden input carried. Raises NotOurs for another session's form."""
        self.confirm()
        return single_value(self._given, name)

    def wants_more(self) -> bool:
        """Was another row asked for, rather than the form sent?"""
        return bool(single_value(self._given, "more"))

    def confirm(self) -> None:
        """For a form of nothing but a button. Raises NotOurs unless it is this session's."""
        if not self.is_fresh:
            raise NotOurs


def _texts(value: object) -> tuple[str, ...]:
    """What a person wrote in one answer."""
    if isinstance(value, str):
        return (value,)
    return tuple(each.what for each in value if isinstance(each, Action)) if isinstance(value, tuple) else ()


async def posted(request: Request, visit: CurrentPage) -> FormSubmission:
    """What was sent. A form from another site is refused whole; one of an earlier session is shown again to be sent anew."""
    check_origin(request, visit.service.settings)
    given, files = await read_form(request)
    request.state.typed = given  # for the page that is shown if it cannot be kept
    # As bytes: whatever a stranger writes there is only ever another token.
    is_fresh = hmac.compare_digest(single_value(given, "form_token").encode(), visit.session.form_token.encode())
    return FormSubmission(visit, given, files, is_fresh)


SentForm = Annotated[FormSubmission, Depends(posted)]


async def read_form(request: Request) -> tuple[dict[str, tuple[str, ...]], dict[str, UploadFile]]:
    """The inputs of a form, with line ends as one kind and without NUL, which no keyboard writes and no database keeps.

    Raises HTTPException for what cannot be read, UnicodeEncodeError for half of a character.
    """
    try:
        read = await request.form(max_files=5, max_fields=MOST_PARTS, max_part_size=256 * 1024)
    except UnicodeError:  # it named an encoding that is none
        raise HTTPException(400) from None
    texts: dict[str, list[str]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in read.multi_items():
        if isinstance(value, UploadFile):
            files[name] = value
        else:
            value.encode()
            texts.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\0", ""))
    return {name: tuple(values) for name, values in texts.items()}, files


def check_origin(request: Request, settings: Settings) -> None:
    """Raise NotOurs for what a browser says comes from another site."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise NotOurs
    origin = request.headers.get("origin")
    if origin is None:
        return
    here = {urlsplit(settings.link).netloc, request.headers.get("host", "")}
    if origin == "null" or urlsplit(origin).netloc not in here:
        raise NotOurs


def safe_path(text: str) -> str:
    """A path of this service to go on to, or the first page: never another site."""
    fits = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isascii() and text.isprintable()
    return text if fits and "\\" not in text and len(text) <= 300 else "/"
