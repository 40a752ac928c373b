"""How often sign-ins may be begun: by a browser that signed in before, else by address; and what does not begin one at all."""

from datetime import timedelta
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import Connection

from api.assembly import Service
from api.pages.frame import layout
from api.pages.frame.browser_request import give_cookie
from api.request_context import address_of
from drp.identity.attempts import AttemptLimit, count_attempt
from drp.identity.known_browser import KEPT, read_known_browser, remember_browser
from drp.settings import Settings

WITHIN = timedelta(minutes=10)


def known_cookie_name(settings: Settings) -> str:
    """The cookie of a browser at which somebody signed in before."""
    return "__Host-drp-known" if settings.is_https else "drp-known"


def remember_here(response: Response, service: Service, authority: str, person: UUID) -> None:
    """Let the browser be known from now on."""
    text = remember_browser(service.seal, authority, person, service.clock())
    name = known_cookie_name(service.settings)
    give_cookie(response, service.settings, name, text, int(KEPT.total_seconds()))


def who_was_here(request: Request, service: Service, authority: str) -> UUID | None:
    """Who signed in at this browser before, at this authority."""
    held = request.cookies.get(known_cookie_name(service.settings), "")
    return read_known_browser(service.seal, held, authority, service.clock())


def wait_of(connection: Connection, request: Request, service: Service, authority: str) -> timedelta | None:
    """Count a sign-in that is begun: None, or for how long whoever begins it is to wait."""
    known, settings = who_was_here(request, service, authority), service.settings
    source, most = (
        (f"browser {request.cookies[known_cookie_name(settings)]}", settings.sign_ins_per_browser)
        if known
        else (f"address {address_of(request)}", settings.sign_ins_per_address)
    )
    return count_attempt(connection, service.seal, authority, source, service.clock(), AttemptLimit(most, WITHIN))


def is_navigation(request: Request) -> bool:
    """Does a browser go to a page, rather than fetch an image or a script of one? One that says nothing counts as going."""
    mode, dest = (request.headers.get(f"sec-fetch-{name}", "") for name in ("mode", "dest"))
    return mode in ("", "navigate") and dest in ("", "document")


def is_from_elsewhere(request: Request) -> bool:
    """Did another site send the browser here?"""
    return request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")


def too_often(wait: timedelta) -> Response:
    """What is shown instead of a link."""
    minutes = max(1, -(-wait // timedelta(minutes=1)))
    response = layout.trouble_page(
        429,
        "Too many sign-ins were begun",
        "From where you are, very many sign-ins were begun within a few minutes. This time nothing was sent or begun.",
        f"Use a link that you have, or try again in {minutes} minute{'s' if minutes > 1 else ''}.",
        back="/sign-in",
        back_text="Back to signing in",
    )
    response.headers["Retry-After"] = str(max(1, -(-wait // timedelta(seconds=1))))
    return response
