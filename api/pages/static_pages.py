"""Pages for everybody, signed in or not: help, accessibility, privacy, and a paper form for when the service is down."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from api.json import ladders
from api.pages.frame import layout
from api.pages.frame.browser_request import PageContext, page_context
from api.presenters.shapes import LadderShape
from drp.database.engine import Unavailable
from drp.identity.principal import NotPermitted
from drp.identity.tokens import NotSigned
from workflows.calendar.working_days import local_date
from workflows.model.authority import DEFAULT_LABELS, in_force_on

router = APIRouter(include_in_schema=False)


def at_all(request: Request) -> PageContext | None:
    """Who is at the browser, or nobody: these pages are there even where nobody can be known."""
    try:
        return page_context(request)
    except (NotSigned, NotPermitted, Unavailable):
        return None


Perhaps = Annotated[PageContext | None, Depends(at_all)]


def _words(visit: PageContext | None) -> Callable[[str], str]:
    """The authority's words, or the shipped ones."""
    return visit.label if visit else lambda key: DEFAULT_LABELS.get(key, key.replace("_", " "))


def _page(visit: PageContext | None, template: str, title: str, **more: Any) -> Response:
    return layout.render_page(visit, template, title=title, say=_words(visit), **more)


@router.get("/help")
def help_page(visit: Perhaps) -> Response:
    """How it works, on one page."""
    return _page(visit, "help.html", "How it works")


@router.get("/accessibility")
def show_accessibility(visit: Perhaps) -> Response:
    """The accessibility statement, as a template that the council adopts."""
    return _page(visit, "accessibility.html", "Accessibility")


@router.get("/privacy")
def show_privacy(visit: Perhaps) -> Response:
    """The privacy notice, as a template that the council adopts."""
    return _page(visit, "privacy.html", "Privacy")


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
        with visit.service.store.read(visit.authority) as connection:
            current = visit.service.casework.procedures.current(connection, visit.authority)
            today = {ladder.hash for ladder in in_force_on(local_date(visit.now), [rules.ladder for rules in current])}
            used = [rules for rules in current if rules.ladder.hash in today and not rules.ladder.is_notice]
            return [ladders.describe_ladder(connection, visit, rules) for rules in used]
    except Unavailable:
        return []
