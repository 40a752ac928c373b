"""The one list of items: newest first, narrowed by the database, each judged like any other request for it, page by page."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from api.presenters import item_reader
from api.presenters.item_reader import SeenItem
from api.request_context import RequestContext
from drp.database.list_places import ListPage, read_place, write_place
from drp.items.item_search import NEWEST, ListFilter, list_newest, might_see
from workflows.calendar.working_days import local_date

_ORDER = "newest"
_AT_ONCE = 100
"""Items judged at a time, once the first look did not fill the page."""


def list_items(
    connection: Connection, asked: RequestContext, wanted: ListFilter, most: int, after: str = ""
) -> ListPage[SeenItem]:
    """Items that a person may see. Raises Unfit for a place in the list that was never given."""
    theirs = might_see(connection, asked.signed, local_date(asked.now))
    place: Sequence[Any] | None = read_place(after, _ORDER, NEWEST)
    size = most + 1
    items: list[tuple[SeenItem, Sequence[Any]]] = []
    while True:
        places = list_newest(connection, asked.authority, wanted, theirs, place, size)
        found = item_reader.items_they_may_see(connection, asked, [id_ for _, id_ in places])
        items += [(found[place[1]], place) for place in places if place[1] in found]
        if len(items) > most or len(places) < size:
            following = write_place(_ORDER, items[most - 1][1]) if len(items) > most else ""
            return ListPage(tuple(seen for seen, _ in items[:most]), following)
        place, size = places[-1], _AT_ONCE
