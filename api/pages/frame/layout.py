"""Every page's frame: templates, the words of the authority, the headers, and what is said when something goes wrong."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, PrefixLoader
from markupsafe import Markup

from api.pages.frame.form_fields import Form
from api.presenters.item_reader import SeenItem
from api.presenters.item_view import where_in_words
from api.presenters.wording import capitalised, moment_in_words, short_date
from drp.identity.principal import RouteAudience, serves_principal
from workflows.calendar.reporting_periods import period_in_words
from workflows.calendar.working_days import local_date, long_date
from workflows.model.authority import Capacity

if TYPE_CHECKING:
    from api.pages.frame.browser_request import PageContext

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

# With no-referrer a browser says "null" for the origin of our own forms, and could not be told from another site's.
HEADERS = {
    "Content-Security-Policy": CSP,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    # Also on the page of a fault, which is made outside everything that adds headers.
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}

NAME = "Resolution service"

MANY = 100
"""Unread messages beyond which it is only said that there are many."""


@cache
def page_environment() -> Environment:
    """The templates. What a person wrote is text wherever it is shown: escaping is on for all of them."""
    made = Environment(
        loader=PrefixLoader(
            {
                "govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
                "pages": PackageLoader("api", "templates/pages"),
            }
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "long_date": long_date,
        "short_date": short_date,
        "moment": moment_in_words,
        "sentence": capitalised,
        "period": period_in_words,
        "london_day": local_date,
        "child": child_in_words,
        "about": about_in_words,
        "where": lambda item: where_in_words(item.rules, item.loaded.challenge),
    }
    made.globals |= {"asset": asset_address, "service_name": NAME}
    return made


@cache
def asset_address(name: str) -> str:
    """The address of a file of ours: it changes when the file does, so that browsers may keep it."""
    file = files("api").joinpath("assets", name)
    mark = sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else "0"
    return f"/assets/{name}?v={mark}"


def child_in_words(item: SeenItem) -> str:
    """The child as pages name them: initials and case number. Or the team, where an item is about a service."""
    loaded = item.loaded
    return f"{loaded.child_initials} ({loaded.child_number})" if loaded.child else loaded.challenge.facts.team


def about_in_words(item: SeenItem) -> str:
    """What kind of item it is, and its reasons, in the authority's words."""
    challenge, words = item.loaded.challenge, item.rules.authority
    kind = capitalised(words.label(challenge.item_type.value))
    reasons = [words.reason(key).label for key in challenge.reasons if words.has_reason(key)]
    return f"{kind}: {'; '.join(reasons)}" if reasons else kind


def navigation_of(visit: "PageContext") -> list[dict[str, Any]]:
    """The places that this person's posts give them."""
    has = visit.signed.capacities
    desk = has & {Capacity.IRO_MANAGER, Capacity.BUSINESS_SUPPORT}
    figures = serves_principal(RouteAudience.FIGURES, has)
    keeps = has & {Capacity.IRO_MANAGER, Capacity.ADMINISTRATOR}
    unread = f" ({visit.unread})" if 0 < visit.unread < MANY else f" ({MANY - 1}+)" if visit.unread else ""
    places = [
        ("/", "My tasks", True),
        ("/inbox", f"Inbox{unread}", True),
        ("/reviews", "Reviews", serves_principal(RouteAudience.IRO_SERVICE, has)),
        ("/search", "Search", True),
        ("/board", "Service board", desk),
        ("/teams", "Teams", True),
        ("/register", "Register", figures),
        ("/themes", "Themes", figures),
        ("/reports", "Reports", figures),
        ("/ladders", "Procedures", True),
        ("/administration", "Administration", keeps),
    ]
    shown = [(href, text) for href, text, is_theirs in places if is_theirs]
    here = max((href for href, _ in shown if visit.path == href or visit.path.startswith(f"{href}/")), key=len, default="")
    return [{"href": href, "text": text, "active": href == here} for href, text in shown]


def render_page(
    visit: "PageContext | None", template: str, status: int = 200, form: Form | None = None, **values: Any
) -> HTMLResponse:
    """A page; with status 422 if its form is shown again with what is wrong. `visit` None: nobody is signed in."""
    made = (
        page_environment()
        .get_template(f"pages/{template}")
        .render(
            visit=visit,
            label=visit.label if visit else lambda key: key,
            navigation=navigation_of(visit) if visit else [],
            form=form,
            **values,
        )
    )
    return HTMLResponse(made, status_code=422 if form and form.is_faulty else status, headers=HEADERS)


def drawn_markup(svg: str) -> Markup:
    """A drawing of ours, into a page as it stands: its text was escaped where it was drawn."""
    return Markup(svg)


def trouble_page(
    status: int, title: str, said: str, do: str, typed: Mapping[str, tuple[str, ...]] | None = None, **more: Any
) -> HTMLResponse:
    """What is shown when a page cannot be: what happened, what it means, what to do. What was typed is not lost."""
    return render_page(None, "trouble.html", status, title=title, said=said, do=do, typed=typed or {}, **more)
