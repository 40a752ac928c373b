"""The one list of items: newest first, narrowed by the database, each judged like any other request for it, page by page."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, or_, select
from sqlmodel import col

from api.presenters import item_reader
from api.presenters.item_reader import SeenItem
from api.request_context import RequestContext
from drp.casework.item_search import might_see
from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow
from workflows.calendar.working_days import local_date
from workflows.model.refusals import Unfit

_AT_ONCE = 100
"""Items judged at a time, once the first look did not fill the page."""


@dataclass(frozen=True)
class ListFilter:
    """What a list is narrowed to. `state`: open, ended or all; `also`: a condition on challenges; the rest: exactly this."""

    state: str = "open"
    stage: str = ""
    item_type: str = ""
    child: str = ""
    team: str = ""
    also: Any = None


@dataclass(frozen=True)
class ItemPage:
    """One page of a list. `next`: where the following one begins; empty where nothing follows that they may see."""

    items: tuple[SeenItem, ...]
    next: str


def list_items(connection: Connection, asked: RequestContext, wanted: ListFilter, most: int, after: str = "") -> ItemPage:
    """Items that a person may see. Raises Unfit for a place in the list that was never given."""
    query = (
        select(col(ChallengeRow.id), col(ChallengeRow.raised_at))
        .where(*_conditions(connection, asked, wanted))
        .order_by(col(ChallengeRow.raised_at).desc(), col(ChallengeRow.id).desc())
    )
    position, size = _read_place(after), most + 1
    items: list[tuple[SeenItem, tuple[datetime, UUID]]] = []
    while True:
        rows = connection.execute(start_after(query, position).limit(size)).all()
        found = item_reader.items_they_may_see(connection, asked, [row.id for row in rows])
        for row in rows:
            position = (row.raised_at, row.id)
            if seen := found.get(row.id):
                items.append((seen, position))
        if len(items) > most:
            return ItemPage(tuple(seen for seen, _ in items[:most]), _place(*items[most - 1][1]))
        if len(rows) < size:
            return ItemPage(tuple(seen for seen, _ in items), "")
        size = _AT_ONCE


def _conditions(connection: Connection, asked: RequestContext, wanted: ListFilter) -> Sequence[Any]:
    conditions: list[Any] = [col(ChallengeRow.authority) == asked.authority]
    columns = ((ChallengeRow.stage, wanted.stage), (ChallengeRow.item_type, wanted.item_type), (ChallengeRow.team, wanted.team))
    conditions += [col(column) == value for column, value in columns if value]
    if wanted.state != "all":
        conditions.append(col(ChallengeRow.is_open) == (wanted.state == "open"))
    if wanted.child:
        of_number = select(col(ChildRow.id)).where(
            col(ChildRow.authority) == asked.authority, col(ChildRow.number) == wanted.child
        )
        conditions.append(col(ChallengeRow.child).in_(of_number))
    if wanted.also is not None:
        conditions.append(wanted.also)
    return [*conditions, might_see(connection, asked.signed, local_date(asked.now))]


def start_after(query: Any, position: tuple[datetime, UUID] | None) -> Any:
    """Begin the list after an item, by the instant when it was raised and its id: items of one instant are told apart."""
    if position is None:
        return query
    at, id_ = position
    older = and_(col(ChallengeRow.raised_at) == at, col(ChallengeRow.id) < id_)
    return query.where(or_(col(ChallengeRow.raised_at) < at, older))


def _place(at: datetime, id_: UUID) -> str:
    return base64.urlsafe_b64encode(f"{at.isoformat()}|{id_}".encode()).decode()


def _read_place(text: str) -> tuple[datetime, UUID] | None:
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
