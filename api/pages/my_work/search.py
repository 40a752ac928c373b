"""Search: one box and a few filters over everything that this person may see, and over nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from api.pages.frame import layout
from api.pages.frame.browser_request import CurrentPage, PageContext
from api.pages.my_work.my_tasks import about_in_words, child_in_words
from api.presenters import item_reader, item_view, wording
from api.presenters.item_reader import SeenItem
from api.queries.item_list import list_items
from drp.casework.access import AccessEnded, NotFound
from drp.database.ids import ALPHABET
from drp.directory.lookup import list_team_names
from drp.items.item_search import ListFilter, match_text
from workflows.calendar.working_days import local_date
from workflows.model.ladder import ItemType

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 25
LONGEST = 100
"""Marks of the box that are looked for."""

STATES = (("all", "Open and ended"), ("open", "Open"), ("ended", "Ended"))


@dataclass(frozen=True)
class FoundItem:
    """One item in a list, whoever looks at it: what it is about, where it stands, what date is next."""

    reference: str
    href: str
    child: str
    about: str
    where: str
    raised: date
    due: date | None
    is_late: bool
    is_open: bool


@router.get("/search")
def show_search(
    request: Request, visit: CurrentPage, q: str = "", state: str = "all", stage: str = "", kind: str = "", team: str = "",
    after: str = "",
) -> Response:  # fmt: skip
    """The box; and what was found, once something was looked for. A whole reference goes straight to its item."""
    text, state, stage, kind, team = (printable_text(one) for one in (q, state, stage, kind, team))
    asked = {"q": text, "state": state, "stage": stage, "kind": kind, "team": team}
    looked = bool(request.query_params)
    with visit.service.store.read(visit.authority) as connection:
        teams = list_team_names(connection, visit.authority)
        if there := _straight_to(connection, visit, text):
            return layout.go_to(f"/challenges/{there}")
        stages = _stages(connection, visit)
        items: tuple[SeenItem, ...] = ()
        following = ""
        if looked:
            also = match_text(visit.authority, visit.words, teams, text) if text else None
            narrowed = ListFilter(state if state in dict(STATES) else "all", stage, kind, team=team, also=also)
            page = list_items(connection, visit, narrowed, ON_A_PAGE, after)
            items, following = page.items, page.next
    lines = [found_item(visit, item) for item in items]
    visit.service.access_log.record(visit.authority, visit.now, visit.signed.person, "search", *(one.reference for one in lines))
    kinds = [(one.value, wording.capitalised(visit.label(one.value))) for one in ItemType]
    filters = [
        _menu("state", "State", STATES, asked["state"], ""),
        _menu("stage", "Stage", stages, stage, "Any stage"),
        _menu("kind", "Kind", kinds, kind, "Any kind"),
        _menu("team", "Team", sorted(teams.items(), key=lambda one: one[1]), team, "Any team"),
    ]
    query = {name: value for name, value in asked.items() if value}
    return layout.render_page(
        visit, "search.html", title="Search", text=text, filters=filters, looked=looked, lines=lines, is_further=bool(after),
        first=f"/search?{urlencode(query)}", next=f"/search?{urlencode(query | {'after': following})}" if following else "",
    )  # fmt: skip


def found_item(visit: PageContext, item: SeenItem) -> FoundItem:
    """One item as a line of a list."""
    summary = item_view.summary_shape(item.loaded, item.actor, visit.now)
    return FoundItem(
        reference=summary.reference,
        href=f"/challenges/{summary.reference}",
        child=child_in_words(item),
        about=about_in_words(item),
        where=item_view.where_in_words(item.rules, item.loaded.challenge),
        raised=local_date(summary.raised_at),
        due=summary.next_due if summary.is_open else None,
        is_late=summary.past_its_date and summary.is_open,
        is_open=summary.is_open,
    )


def _straight_to(connection: Connection, visit: PageContext, text: str) -> str:
    """The reference that was typed, whole, if it is of an item that they may see."""
    marks = "".join(mark for mark in text.upper() if mark not in " -")
    if len(marks) != 8 or set(marks) - set(ALPHABET):
        return ""
    try:
        return item_reader.read_seen_item(connection, visit, f"{marks[:4]}-{marks[4:]}").loaded.reference
    except (NotFound, AccessEnded):
        return ""  # the list is looked through as for any other word, and says the same


def printable_text(text: str) -> str:
    """What was typed, as far as it is looked for: nothing that no database holds."""
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text[:LONGEST]).split())


def _stages(connection: Connection, visit: PageContext) -> list[tuple[str, str]]:
    """Every stage of the authority's procedures, once, in their order; each with all the names that it bears."""
    named: dict[str, dict[str, None]] = {}
    for rules in visit.service.casework.procedures.current(connection, visit.authority):
        for stage in rules.ladder.stages:
            named.setdefault(stage.key, {})[stage.label] = None
    return [(key, " / ".join(labels)) for key, labels in named.items()]


def _menu(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str, any_: str) -> dict[str, Any]:
    """A plain select, as the design system's macro takes it."""
    every = [("", any_), *options] if any_ else list(options)
    items = [{"value": value, "text": text, "selected": value == chosen} for value, text in every]
    return {"id": name, "name": name, "label": {"text": label}, "items": items}
