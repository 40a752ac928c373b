"""What a database runs by itself: triggers, functions, views, rules. What no release made is never brought back.

A trigger in a SQLite file runs in the process of whoever writes; one in PostgreSQL, or a function that a policy calls, as its
owner. So a backup's are held against those that the release's own migrations make, up to the revision at which the backup stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, StaticPool, create_engine, text

from drp.backup.manifest import BackupRefused
from drp.data_protection.access_log_table import bring_log_to_shape
from drp.database.migrate import migrate_to
from drp.database.sqlite_driver import sqlite3


@dataclass(frozen=True, order=True)
class OwnCode:
    """One thing that a database runs by itself: what it is called, and what it does, as the engine tells it."""

    called: str
    does: str


_SQLITE = (
    "SELECT CASE WHEN type = 'table' THEN 'virtual table' ELSE type END || ' ' || name, sql FROM sqlite_master "
    "WHERE type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%' ORDER BY 1"
)
_HERE = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_POSTGRESQL = (
    "SELECT 'function ' || p.oid::regprocedure, concat_ws(' ', l.lanname, p.prokind, p.prosecdef, p.proconfig, p.provolatile, "
    "p.prorettype::regtype, p.prosrc, pg_get_function_sqlbody(p.oid)) "
    f"FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang WHERE {_HERE} "
    "UNION ALL SELECT 'trigger ' || tgname || ' on ' || tgrelid::regclass, tgenabled::text || ' ' || pg_get_triggerdef(oid) "
    "FROM pg_trigger WHERE NOT tgisinternal "
    "UNION ALL SELECT 'event trigger ' || evtname, evtfoid::regprocedure || ' ' || evtevent FROM pg_event_trigger "
    "UNION ALL SELECT 'rule ' || r.rulename || ' on ' || c.oid::regclass, pg_get_ruledef(r.oid) "
    f"FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_HERE} "
    "ORDER BY 1, 2"
)

_APPEND_ONLY = ("administered", "checkpoint", "entry", "erasure")
_WITH_ITS_ITEM = ("entry", "notification", '"window"')
KNOWN = frozenset(
    (
        *(f"trigger {table}_never_{act}" for table in _APPEND_ONLY for act in ("delete", "update")),
        *(f"trigger with_its_item on public.{table}" for table in _WITH_ITS_ITEM),
        *(f"trigger next_number on public.{table}" for table in ("administered", "checkpoint")),
        *(
            f"function public.drp_{name}()"
            for name in ("authorities", "conditions", "next_number", "not_yet_in_force", "with_its_entries", "with_its_item")
        ),
        "function access_log.showings_of(text)",
        "function access_log.thin(timestamp with time zone,integer)",
        "function public.drp_take_out(text,jsonb)",
        "trigger with_its_entries on public.challenge",
        "trigger not_yet_in_force on public.document",
    )
)
"""What this release's own is called, on either engine: for a backup that is being made, and cannot ask an empty database."""


def code_in(connection: Connection) -> frozenset[OwnCode]:
    """Everything that a database runs by itself. Reading it runs none of it."""
    if connection.dialect.name == "sqlite":
        return _named(connection, _SQLITE)
    choose_path = text("SELECT set_config('search_path', :path, true)")
    before = connection.execute(text("SELECT current_setting('search_path')")).scalar_one()
    connection.execute(choose_path, {"path": ""})  # or the same thing has two names: a dump sets the path
    try:
        return _named(connection, _POSTGRESQL)
    finally:
        connection.execute(choose_path, {"path": before})


def _named(connection: Connection, query: str) -> frozenset[OwnCode]:
    return frozenset(OwnCode(row[0], " ".join(str(row[1]).split())) for row in connection.execute(text(query)))


def unknown_names(connection: Connection) -> tuple[str, ...]:
    """What a database runs by itself and is not called as anything of this release."""
    return tuple(sorted(one.called for one in code_in(connection) if one.called not in KNOWN))


def code_of_release(engine: Engine, revision: str) -> frozenset[OwnCode]:
    """What this release's migrations make, up to a revision: tried in an empty database, and taken back.

    On SQLite the engine says only of which kind; it is tried in memory.
    """
    if engine.dialect.name == "sqlite":
        engine = create_engine("sqlite://", module=sqlite3, poolclass=StaticPool)
    with engine.connect() as connection:
        trying = connection.begin()
        try:
            migrate_to(connection, revision)
            return code_in(connection)
        finally:
            trying.rollback()


def code_of_log() -> frozenset[OwnCode]:
    """What this release makes of the access log's own file (SQLite): tried in memory."""
    engine = create_engine("sqlite://", module=sqlite3, poolclass=StaticPool)
    with engine.connect() as connection:
        bring_log_to_shape(connection)
        return code_in(connection)


def check_is_ours(found: Iterable[OwnCode], ours: frozenset[OwnCode]) -> None:
    """Raise BackupRefused where a backup runs something that no release made, or something of ours made otherwise."""
    strange = sorted(set(found) - ours)
    if strange:
        raise BackupRefused(
            f"The backup's database holds the {strange[0].called}, and no release made it so"
            f"{f' (and {len(strange) - 1} more)' if len(strange) > 1 else ''}: it would run in the service, with all its rights. "
            "Nothing was written. Use a backup from before it came in. If it is your own, bring the database up by hand on a "
            "machine without the service, take it out there, and make a new backup of that."
        )
