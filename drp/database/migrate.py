"""Bringing a database to the present schema, on both engines, from the first migration."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from drp.database.engine import Store

_LOCK = 7_301_114
"""Two replicas that start together migrate one after the other (PostgreSQL advisory lock)."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if connection is not None:
        made.attributes["connection"] = connection
    return made


@cache
def newest_revision() -> str:
    """The revision that this code expects."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


def is_known(stands: str) -> bool:
    """Does this release know a revision, and so can go on from it?"""
    return any(script.revision == stands for script in ScriptDirectory.from_config(alembic_config()).walk_revisions())


def migrate_database(store: Store) -> str:
    """Apply what is missing; harmless to repeat. Returns the revision. The connection's role must own the tables."""
    with store.engine.begin() as connection:
        if (stands := stored_revision(connection)) == newest_revision():
            return stands
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(alembic_config(connection), "head")
        return stored_revision(connection)


def migrate_to(connection: Connection, revision: str) -> None:
    """Bring an empty database to a revision, within the transaction that the connection is in."""
    command.upgrade(alembic_config(connection), revision)


def stored_revision(connection: Connection) -> str:
    """The revision at which a database stands, or empty."""
    return MigrationContext.configure(connection).get_current_revision() or ""
