"""Pages for everybody, signed in or not: help, accessibility, privacy, and a paper form for when the service is down."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import PlainTextResponse

from api.json import ladders
from api.pages.frame import layout
from api.pages.frame.browser_request import PageContext, page_context, router
from api.presenters.shapes import LadderShape
from drp.database.unavailable import Unavailable
from drp.identity.principal import NotPermitted
from drp.identity.tokens import NotSigned
from workflows.model.authority import DEFAULT_LABELS, in_force_on


def at_all(request: Request) -> PageContext | None:
    """Who is at the browser, or nobody: these pages are there even where nobody can be known."""
    try:
        return page_context(request)
    except (NotSigned, NotPermitted, Unavailable):
        return None


Perhaps = Annotated[PageContext | None, Depends(at_all)]


def _shipped_label(key: str) -> str:
    return DEFAULT_LABELS.get(key, key.replace("_", " "))


def _page(visit: PageContext | None, template: str, title: str, **more: Any) -> Response:
    """A page in the authority's words, or in the shipped ones."""
    return layout.render_page(visit, template, title=title, say=visit.label if visit else _shipped_label, **more)


TITLES = {"/help": "How it works", "/accessibility": "Accessibility", "/privacy": "Privacy"}
"""How it works, on one page; the accessibility statement and the privacy notice, as templates that the council adopts."""


@router.get("/help")
@router.get("/accessibility")
@router.get("/privacy")
def show_static_page(request: Request, visit: Perhaps) -> Response:
    """One of these pages."""
    return _page(visit, f"{request.url.path[1:]}.html", TITLES[request.url.path])


@router.get("/paper")
def show_paper_form(visit: Perhaps) -> Response:
    """The paper form: to be printed before it is needed."""
    procedures = _in_force(visit) if visit else []
    kinds = list(dict.fromkeys(item for one in procedures for item in one.items))
    return _page(
        visit, "paper.html", "Paper form", procedures=procedures, kinds=kinds or ["informal", "formal", "urgent"],
        themes=visit.words.themes if visit else (),
    )  # fmt: skip


def _in_force(visit: PageContext) -> Sequence[LadderShape]:
    """What is raised today goes by these; a notice of good work asks for no reply and can wait."""
    try:
        with visit.reading() as connection:
            current = visit.procedures(connection)
            today = {ladder.hash for ladder in in_force_on(visit.today, [rules.ladder for rules in current])}
            used = [rules for rules in current if rules.ladder.hash in today and rules.ladder.climbs]
            return [ladders.describe_ladder(connection, visit, rules) for rules in used]
    except Unavailable:
        return []


# The files that pages are made with: built from their packages at set-up, or ours. Nothing is fetched from elsewhere.

KINDS = {
    "pages.css": "text/css; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "govuk-frontend.min.js": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
}
"""Every file that there is to be had: a name that is not here is nothing."""


@router.get("/assets/{name}")
def serve_asset(name: str, v: str = "") -> Response:
    """One file. Where its address holds its content's mark, a browser may keep it."""
    file = files("api").joinpath("assets", name)
    if name not in KINDS or not file.is_file():
        return PlainTextResponse("Not here. (If nothing is styled: run `make assets`.)", status_code=404)
    kept = "public, max-age=31536000, immutable" if v else "no-cache"
    return Response(file.read_bytes(), headers={"Cache-Control": kept, "Content-Type": KINDS[name]})
