"""Saved views: a person's own names for ways of looking at the register."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select
from sqlmodel import col

from drp.database.register_tables import SavedViewRow
from drp.database.scope import in_authority
from workflows.model.refusals import Unfit

MOST = 30
"""Views that one person keeps."""

LONGEST_NAME, LONGEST_QUERY = 200, 600


def views_of(connection: Connection, authority: str, person: str) -> list[tuple[str, str]]:
    """A person's views by name, each with its query."""
    rows = connection.execute(
        select(col(SavedViewRow.name), col(SavedViewRow.query))
        .where(*_theirs(authority, person))
        .order_by(col(SavedViewRow.name))
    )
    return [(row.name, row.query) for row in rows]


def save_view(connection: Connection, authority: str, person: str, name: str, query: str, now: datetime) -> None:
    """Keep a view under a name, in the place of an earlier one of that name. Raises Unfit."""
    if not name or len(name) > LONGEST_NAME:
        raise Unfit(f"A view needs a name of at most {LONGEST_NAME} marks.", "Write a shorter one.", "name")
    if len(query) > LONGEST_QUERY:
        raise Unfit("This view is narrowed to more than can be kept.", "Take something out, and save it again.", "name")
    if "child" in parse_qs(query):
        # It would outlive the child's record, and stand in no request for access.
        raise Unfit("A view of one child is not kept.", "Take the child out, and save the view; search finds a child.", "name")
    remove_view(connection, authority, person, name)
    kept = connection.execute(select(func.count()).select_from(SavedViewRow).where(*_theirs(authority, person))).scalar_one()
    if kept >= MOST:
        raise Unfit(f"You keep {MOST} views, which is as many as there can be.", "Remove one that you need no more.", "name")
    row = {"authority": authority, "person": UUID(person), "name": name, "query": query, "at": now}
    connection.execute(insert(SavedViewRow), [row])


def remove_view(connection: Connection, authority: str, person: str, name: str) -> None:
    """Forget a view; nothing where there is none."""
    connection.execute(delete(SavedViewRow).where(*_theirs(authority, person), col(SavedViewRow.name) == name))


def _theirs(authority: str, person: str) -> list[Any]:
    return [in_authority(SavedViewRow, authority), col(SavedViewRow.person) == UUID(person)]
