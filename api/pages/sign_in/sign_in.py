"""Signing in and out: by the authority's own sign-in, by a link that is good once, or (demonstration) by choosing a person."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import BackgroundTasks, Depends, Request, Response
from fastapi.responses import HTMLResponse

from api.assembly import Service
from api.pages.frame import layout
from api.pages.frame.browser_request import (
    CurrentPage,
    check_origin,
    cookie_name,
    give_cookie,
    go_to,
    read_form,
    router,
    safe_path,
)
from api.pages.frame.form_fields import Form, Given, SelectMenu, TextLine, single_value
from api.pages.sign_in.rate_limit import remember_here, too_often, wait_of, who_was_here
from api.pulse import LINKS
from api.request_context import service_of_request
from drp.database.engine import Store
from drp.directory.lookup import read_authority_name
from drp.directory.people import RoleOfPerson, list_all_roles
from drp.identity import sessions, sign_in, tokens
from drp.settings import LOOPBACK
from notifications.sign_in_links import send_links
from workflows.calendar.working_days import local_date
from workflows.model.authority import Authority


@dataclass(frozen=True)
class ChosenPerson:
    """Somebody to be, in the demonstration."""

    authority: str
    authority_name: str
    id: UUID
    name: str
    titles: list[str] = field(default_factory=list)


SENT = (
    "If that address is in the directory, a link is on its way to it. It is good once, for 15 minutes. "
    "Where several were asked for already, those that arrived are still good and no other is sent."
)


CurrentService = Annotated[Service, Depends(service_of_request)]


@router.get("/sign-in")
def show_sign_in(request: Request, service: CurrentService, then: str = "/") -> Response:
    """Who are you?"""
    form = Form(_fields(service), {"then": (safe_path(then),)})
    return _asked(service, form, safe_path(then), is_here_alone=is_from_this_machine(request))


FORWARDED = ("forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip")
"""Headers by which a proxy says that it passes on what another asked, beside those that begin with `x-forwarded`."""


def is_from_this_machine(request: Request) -> bool:
    """Does a request show that it comes from this machine: to a loopback name, and passed on by nobody?"""
    is_passed_on = any(name in FORWARDED or name.startswith("x-forwarded") for name in request.headers)
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    return host in LOOPBACK and not is_passed_on


def _asked(
    service: Service, form: Form, then: str, status: int = 200, sent: bool = False, is_here_alone: bool = True
) -> HTMLResponse:
    settings = service.settings
    return layout.render_page(
        None,
        "sign_in.html",
        status,
        title="Sign in",
        form=form,
        then=then,
        then_quoted=quote(then),
        sent=SENT if sent else "",
        by_link=settings.link_sign_in and settings.mail != "none",
        people=_people(service) if settings.choose_a_person and is_here_alone else [],
        providers=sorted(settings.providers),
        names=_names(service.store),
    )


def _fields(service: Service) -> list[Any]:
    names = _names(service.store)
    email = TextLine(
        name="email", label="Your work e-mail address", autocomplete="email", spellcheck=False,
        need="Write the e-mail address that your authority's directory has for you.",
    )  # fmt: skip
    if len(names) == 1:
        return [email]
    options = [(key, name, "") for key, name in names.items()]
    return [SelectMenu(name="authority", label="Your authority", options=options, need="Choose your authority."), email]


async def _from_here(request: Request, service: CurrentService) -> Given:
    """What somebody sent who need not be signed in. Raises NotOurs for another site's form."""
    check_origin(request, service.settings)
    given, _ = await read_form(request)
    return given


FromHere = Annotated[Given, Depends(_from_here)]


@router.post("/sign-in")
def send_link(request: Request, service: CurrentService, given: FromHere, background: BackgroundTasks) -> Response:
    """A link is asked for. Whether the address is anybody's is not told, by words or by time."""
    if not service.settings.link_sign_in:
        raise tokens.NotSigned
    form = Form(_fields(service), given)
    values = form.read()
    then = safe_path(single_value(given, "then"))
    if form.is_faulty:
        return _asked(service, form, then, status=422)
    authority = str(values.get("authority") or next(iter(_names(service.store))))
    with service.store.write(authority) as connection:
        # Before the address is looked at: whether it is anybody's changes nothing here either.
        if wait := wait_of(connection, request, service, authority):
            return too_often(wait)
        known = who_was_here(request, service, authority)
        asked = sign_in.LinkRequest(str(values["email"]), then, service.settings.links_at_once, known)
        sign_in.request_link(connection, service.casework.chance, service.seal, authority, asked, service.clock())
    # After the answer has gone, so that its time tells nothing.
    background.add_task(_send_now, service, authority)
    return _asked(service, Form(_fields(service)), then, sent=True)


def _send_now(service: Service, authority: str) -> None:
    """Let the links leave at once, by the heartbeat; here, where another process has it."""
    if not service.pulse.wake(LINKS):
        send_links(service.casework, service.seal, authority, service.clock, service.sender)


@router.get("/sign-in/link/{secret}")
def follow_link(secret: str) -> Response:
    """The link, opened: one press signs in. (Mail scanners open links; they press nothing.)"""
    return layout.render_page(None, "sign_in_link.html", title="Sign in with your link", secret=secret)


@router.post("/sign-in/link/{secret}")
def sign_in_by_link(request: Request, service: CurrentService, secret: str) -> Response:
    """The link, used up."""
    check_origin(request, service.settings)
    authority = sessions.authority_in(secret)
    try:
        with service.store.write(authority) as connection:
            person, then = sign_in.redeem_link(connection, service.seal, authority, secret, service.clock())
    except tokens.NotSigned:
        return layout.trouble_page(
            410,
            "That link is used up, or older than 15 minutes",
            "Each link is good once, for 15 minutes.",
            "Ask for a new one.",
            back="/sign-in",
            back_text="Ask for a new link",
        )
    return signed_in(request, authority, person, "link", then)


@router.post("/sign-in/as")
def sign_in_as(request: Request, service: CurrentService, given: FromHere) -> Response:
    """Demonstration: be somebody."""
    if not service.settings.choose_a_person or not is_from_this_machine(request):
        raise tokens.NotSigned
    chosen = single_value(given, "person")
    one = next((one for one in _people(service) if f"{one.authority}/{one.id}" == chosen), None)
    if one is None:
        raise tokens.NotSigned
    return signed_in(request, one.authority, one.id, "demonstration", safe_path(single_value(given, "then")))


def signed_in(request: Request, authority: str, person: UUID, how: str, then: str) -> Response:
    """Somebody proved who they are: a new session under a new secret, and the one that the browser had is over."""
    service = service_of_request(request)
    now = service.clock()
    _end_session(request, service)
    with service.store.write(authority) as connection:
        current = service.casework.procedures.current(connection, authority)
        whole = tokens.principal_of(connection, current[0].authority, person, now) if current else None
        if whole is None or not tokens.has_a_place(connection, whole, now):
            return layout.trouble_page(
                403,
                "You hold no post here today",
                "The service knows you, and the directory gives you no post or cover today.",
                "If that is not right, ask whoever keeps your authority's directory.",
            )
        secret = sessions.begin_session(connection, service.casework.chance, service.seal, authority, person, how, now)
    response = go_to(safe_path(then))
    give_cookie(response, service.settings, cookie_name(service.settings), secret)
    remember_here(response, service, authority, person)
    return response


def _end_session(request: Request, service: Service) -> None:
    """The session that the browser held is over; it may have held none."""
    cookie = request.cookies.get(cookie_name(service.settings), "")
    with suppress(tokens.NotSigned):
        authority = sessions.authority_in(cookie)
        with service.store.write(authority) as connection:
            sessions.end_session(connection, authority, cookie, service.clock())


NOTHING_LEFT = '"cache", "cookies", "storage"'
"""What a browser lets go of when somebody signs out: on a shared machine the next person finds nothing, by no way back.

Not where a session is refused because it is over: what was typed is shown once more there, and kept until they sign in
again; a sign-in begun in another tab would lose its cookie; and every answer of ours is `no-store` anyway.
"""


@router.get("/sign-out")
def sign_out(visit: CurrentPage) -> Response:
    """Ask before signing out: a link somewhere else must not do it."""
    return visit.page("sign_out.html", title="Sign out")


@router.post("/sign-out")
def signed_out(request: Request, service: CurrentService) -> Response:
    """Signed out, on every replica at its next request."""
    check_origin(request, service.settings)
    _end_session(request, service)
    response = layout.render_page(None, "signed_out.html", title="You are signed out")
    response.delete_cookie(cookie_name(service.settings), path="/", secure=service.settings.is_https, httponly=True)
    response.headers["Clear-Site-Data"] = NOTHING_LEFT
    return response


def _names(store: Store) -> dict[str, str]:
    """The authorities served, by key."""
    found = {}
    for authority in store.authorities():
        with store.read(authority) as connection:
            found[authority] = read_authority_name(connection, authority) or authority
    return found


def authority_name(service: Service, authority: str) -> str:
    """What an authority is called."""
    return _names(service.store).get(authority, authority)


def _people(service: Service) -> list[ChosenPerson]:
    """Everybody who may be chosen in the demonstration, with what they are, authority by authority."""
    day = local_date(service.clock())
    found = []
    for authority in service.store.authorities():
        with service.store.read(authority) as connection:
            current = service.casework.procedures.current(connection, authority)
            roles = list_all_roles(connection, authority, day)
        if current:
            found += _grouped(authority, current[0].authority, roles)
    return found


def _grouped(authority: str, words: Authority, roles: Iterable[RoleOfPerson]) -> list[ChosenPerson]:
    """One line a person, with all their roles."""
    people: dict[UUID, ChosenPerson] = {}
    for held in roles:
        title = words.role(held.role).title if words.has_role(held.role) else held.role
        people.setdefault(held.person, ChosenPerson(authority, words.name, held.person, held.name)).titles.append(title)
    order = [role.title for role in words.roles]
    return sorted(people.values(), key=lambda one: min((order.index(t) for t in one.titles if t in order), default=99))
