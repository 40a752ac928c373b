"""Search: one box and a few filters over everything that this person may see, and over nothing else."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import Request, Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, go_to, router
from api.pages.frame.field_options import stage_names
from api.pages.frame.form_fields import select_params
from api.presenters import item_reader, item_view, wording
from api.presenters.shapes import SummaryShape
from api.queries.item_list import list_items
from drp.casework.access import AccessEnded, NotFound
from drp.database.ids import ALPHABET
from drp.database.list_places import ListPage
from drp.directory.lookup import list_team_names
from drp.items.item_search import ListFilter, match_text
from workflows.model.ladder import ItemType

ON_A_PAGE = 25
LONGEST = 100
"""Marks of the box that are looked for."""

STATES = (("all", "Open and ended"), ("open", "Open"), ("ended", "Ended"))


@dataclass(frozen=True)
class FoundItem:
    """One item in a list, whoever looks at it, with where it stands and what date is next."""

    item: item_reader.SeenItem
    summary: SummaryShape


@router.get("/search")
def show_search(
    request: Request, visit: CurrentPage, q: str = "", state: str = "all", stage: str = "", kind: str = "", team: str = "",
    after: str = "",
) -> Response:  # fmt: skip
    """The box; and what was found, once something was looked for. A whole reference goes straight to its item."""
    text, state, stage, kind, team = (printable_text(one) for one in (q, state, stage, kind, team))
    asked = {"q": text, "state": state, "stage": stage, "kind": kind, "team": team}
    looked = bool(request.query_params)
    with visit.reading() as connection:
        teams = list_team_names(connection, visit.authority)
        if there := _straight_to(connection, visit, text):
            return go_to(f"/challenges/{there}")
        stages = stage_names(visit.procedures(connection))
        also = match_text(visit.authority, visit.words, teams, text) if text else None
        narrowed = ListFilter(state if state in dict(STATES) else "all", stage, kind, team=team, also=also)
        page = list_items(connection, visit, narrowed, ON_A_PAGE, after) if looked else ListPage((), "")
    lines = [found_item(visit, item) for item in page.items]
    visit.log_access("search", *(one.summary.reference for one in lines))
    kinds = [(one.value, wording.capitalised(visit.label(one.value))) for one in ItemType]
    filters = [
        select_params("state", "State", STATES, state),
        select_params("stage", "Stage", [("", "Any stage"), *stages], stage),
        select_params("kind", "Kind", [("", "Any kind"), *kinds], kind),
        select_params("team", "Team", [("", "Any team"), *sorted(teams.items(), key=lambda one: one[1])], team),
    ]
    query = {name: value for name, value in asked.items() if value}
    return visit.page(
        "search.html", title="Search", text=text, filters=filters, looked=looked, lines=lines, is_further=bool(after),
        first=f"/search?{urlencode(query)}", next=f"/search?{urlencode(query | {'after': page.next})}" if page.next else "",
    )  # fmt: skip


def found_item(visit: PageContext, item: item_reader.SeenItem) -> FoundItem:
    """One item as a line of a list."""
    return FoundItem(item, item_view.summary_shape(item.loaded, item.actor, visit.now))


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
