"""Lists that are read page by page: where the next page begins, as text that stands in an address and is given back."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import literal, tuple_

from workflows.model.refusals import Unfit

Listed = TypeVar("Listed")


@dataclass(frozen=True)
class ListPage(Generic[Listed]):
    """One page of a list. `next`: where the following one begins; empty where nothing follows that they may see."""

    items: tuple[Listed, ...]
    next: str


def write_place(order: str, values: Sequence[Any]) -> str:
    """Write where a page ends: the list's order, and what its last line has in the columns that it is ordered by."""
    return base64.urlsafe_b64encode(json.dumps([order, *values], default=str).encode()).decode()


def read_place(text: str, order: str, keys: Sequence[Any]) -> list[Any] | None:
    """Read a place in the list that these columns order; None for an empty text. Raises Unfit for one that was never given."""
    if not text:
        return None
    try:
        said = base64.urlsafe_b64decode(text.encode()).decode()
        # In release 0.1 a place among items was an instant and an identity with a line between them.
        found = json.loads(said) if said.startswith("[") else [order, *said.split("|")]
        if found[0] != order:
            raise ValueError("another order's")
        kinds = [getattr(key.type, "impl", key.type).python_type for key in keys]
        return [_READ[kind](value) for kind, value in zip(kinds, found[1:], strict=True)]
    except (ValueError, TypeError, AttributeError, LookupError, OverflowError, RecursionError):
        raise Unfit("That is not a place in this list.", "Use `next` as it was given, in the same order.", "after") from None


def start_after(query: Any, keys: Sequence[Any], place: Sequence[Any] | None, is_descending: bool = True) -> Any:
    """Begin a list after a place (None: at its beginning). The last of its columns is each line's own: no two are alike."""
    if place is None:
        return query
    here, there = tuple_(*keys), tuple_(*(literal(value, key.type) for value, key in zip(place, keys, strict=True)))
    return query.where(here < there if is_descending else here > there)


def _instant(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError("no zone")
    return moment.astimezone(UTC)


def _rank(value: int) -> int:
    if type(value) is not int or abs(value) > 1_000_000:
        raise ValueError("no rank")
    return value


def _text(value: str) -> str:
    if type(value) is not str or not value.isprintable():
        raise ValueError("no reference")
    return value


_READ: dict[type, Any] = {date: date.fromisoformat, datetime: _instant, UUID: UUID, int: _rank, str: _text}
