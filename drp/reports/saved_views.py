"""Saved views: a person's own names for ways of looking at the register."""

from datetime import datetime
from urllib.parse import parse_qs
from uuid import UUID

from sqlalchemy import Connection, insert
from sqlmodel import col

from drp.database.register_tables import SavedViewRow
from drp.database.scope import count_of, delete_rows, select_of
from workflows.model.refusals import Unfit

MOST = 30
"""Views that one person keeps."""

LONGEST_NAME, LONGEST_QUERY = 200, 600


def views_of(connection: Connection, authority: str, person: str) -> list[tuple[str, str]]:
    """A person's views by name, each with its query."""
    views = select_of(SavedViewRow, authority, SavedViewRow.name, SavedViewRow.query)
    theirs = views.where(col(SavedViewRow.person) == UUID(person)).order_by(col(SavedViewRow.name))
    return [(row.name, row.query) for row in connection.execute(theirs)]


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
    if count_of(connection, SavedViewRow, authority, col(SavedViewRow.person) == UUID(person)) >= MOST:
        raise Unfit(f"You keep {MOST} views, which is as many as there can be.", "Remove one that you need no more.", "name")
    connection.execute(insert(SavedViewRow).values(authority=authority, person=UUID(person), name=name, query=query, at=now))


def remove_view(connection: Connection, authority: str, person: str, name: str) -> None:
    """Forget a view; nothing where there is none."""
    named = (col(SavedViewRow.person) == UUID(person), col(SavedViewRow.name) == name)
    delete_rows(connection, SavedViewRow, authority, *named)
