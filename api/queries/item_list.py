"""The one list of items: newest first, narrowed by the database, each judged like any other request for it, page by page."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import Connection

from api.presenters import item_reader
from api.presenters.item_reader import SeenItem
from api.request_context import RequestContext
from drp.items.item_search import ListFilter, Place, list_newest, might_see
from workflows.calendar.working_days import local_date
from workflows.model.refusals import Unfit

_AT_ONCE = 100
"""Items judged at a time, once the first look did not fill the page."""


@dataclass(frozen=True)
class ItemPage:
    """One page of a list. `next`: where the following one begins; empty where nothing follows that they may see."""

    items: tuple[SeenItem, ...]
    next: str


def list_items(connection: Connection, asked: RequestContext, wanted: ListFilter, most: int, after: str = "") -> ItemPage:
    """Items that a person may see. Raises Unfit for a place in the list that was never given."""
    theirs = might_see(connection, asked.signed, local_date(asked.now))
    place, size = _read_place(after), most + 1
    items: list[tuple[SeenItem, Place]] = []
    while True:
        places = list_newest(connection, asked.authority, wanted, theirs, place, size)
        found = item_reader.items_they_may_see(connection, asked, [id_ for _, id_ in places])
        for place in places:
            if seen := found.get(place[1]):
                items.append((seen, place))
        if len(items) > most:
            return ItemPage(tuple(seen for seen, _ in items[:most]), _place(*items[most - 1][1]))
        if len(places) < size:
            return ItemPage(tuple(seen for seen, _ in items), "")
        size = _AT_ONCE


def _place(at: datetime, id_: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{id_}".encode()).decode()


def _read_place(text: str) -> Place | None:
    if not text:
        return None
    try:
        at, _, id_ = base64.urlsafe_b64decode(text.encode()).decode().partition("|")
        moment = datetime.fromisoformat(at)
        if moment.tzinfo is None:
            raise ValueError("no zone")
        return moment.astimezone(UTC), UUID(id_)
    except (ValueError, OverflowError):
        raise Unfit("That is not a place in the list.", "Use `next` as it was given.", "after") from None
