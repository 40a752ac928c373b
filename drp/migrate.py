"""Bringing a database to the present schema, on both engines, from the first migration."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from drp import administered as administered  # its table belongs to the schema
from drp import drafts as drafts
from drp import register as register
from drp import retention as retention
from drp.proof import taking as taking
from drp.store import Store

_LOCK = 7_301_114
"""Two replicas that start together migrate one after the other (PostgreSQL advisory lock)."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    if connection is not None:
        made.attributes["connection"] = connection
    return made


def newest() -> str:
    """The revision that this code expects."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def is_known(stands: str) -> bool:
    """Does this release know a revision, and so can go on from it?"""
    return any(script.revision == stands for script in ScriptDirectory.from_config(config()).walk_revisions())


def migrate(store: Store) -> str:
    """Apply what is missing; harmless to repeat. Returns the revision. The connection's role must own the tables."""
    with store.engine.begin() as connection:
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        command.upgrade(config(connection), "head")
        return revision(connection)


def revision(connection: Connection) -> str:
    """The revision at which a database stands, or empty."""
    return MigrationContext.configure(connection).get_current_revision() or ""
