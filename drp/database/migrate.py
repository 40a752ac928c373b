"""Bringing a database to the present schema, on both engines, from the first migration."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from drp.database.engine import Store

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 7_301_114
"""Two replicas that start together migrate one after the other (PostgreSQL advisory lock)."""


def alembic_config(connection: Connection | None = None) -> "Config":
    """Alembic's configuration, without a file of its own."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(_MIGRATIONS))
    if connection is not None:
        made.attributes["connection"] = connection
    return made


@cache
def revisions() -> tuple[str, ...]:
    """The revisions that this code knows, the oldest first: each file of a migration begins with its own."""
    return tuple(sorted(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py")))


def newest_revision() -> str:
    """The revision that this code expects."""
    return revisions()[-1]


CLOSES = ("REVOKE CREATE, TEMPORARY ON DATABASE {} FROM PUBLIC", "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
"""What closes a new database on PostgreSQL to whoever was given nothing in it."""

_OPEN = (
    "SELECT has_database_privilege(oid, current_database(), 'CREATE, TEMPORARY') "
    "OR has_schema_privilege(oid, 'public', 'CREATE') FROM pg_roles WHERE rolname = 'drp_app'"
)


def lines_to_close(store: Store) -> tuple[str, ...]:
    """What an administrator of the server runs where the service's role may still make tables: the migrating role may not say so.

    None on SQLite, and where there is no such role.
    """
    if store.is_sqlite:
        return ()
    with store.look() as connection:
        name = connection.dialect.identifier_preparer.quote(str(connection.engine.url.database))
        return tuple(f"{line.format(name)};" for line in CLOSES) if connection.execute(text(_OPEN)).scalar() else ()


def is_known(stands: str) -> bool:
    """Does this release know a revision, and so can go on from it?"""
    return stands in revisions()


def migrate_database(store: Store) -> str:
    """Apply what is missing; harmless to repeat. Returns the revision. The connection's role must own the tables.

    On PostgreSQL it also takes from everybody what a new database gives to everybody, and a dump does not bring: to make
    temporary tables in it, and tables in its schema.
    """
    with store.engine.begin() as connection:
        if not store.is_sqlite:
            for line in CLOSES:
                connection.execute(
                    text(line.format(connection.dialect.identifier_preparer.quote(str(connection.engine.url.database))))
                )
        if (stands := stored_revision(connection)) == newest_revision():
            return stands
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        migrate_to(connection, newest_revision())
        return stored_revision(connection)


def migrate_to(connection: Connection, revision: str) -> None:
    """Bring a database to a revision, within the transaction that the connection is in."""
    from alembic import command

    command.upgrade(alembic_config(connection), revision)


def stored_revision(connection: Connection) -> str:
    """The revision at which a database stands, or empty."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""
