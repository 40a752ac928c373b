"""What lets the databases of the tests be quick. The service itself has none of it: nobody pulls the plug on a test.

It hangs on SQLAlchemy's own events, for every engine that a test or the service under test makes in this process, and on
where Alembic looks for migrations. A service that tests start as a process of its own (tests/faults) is as it is served.
"""

from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.pool import Pool

from drp.database.sqlite_driver import sqlite3

_MIGRATIONS: dict[str, ScriptDirectory] = {}
_DIALECTS: dict[str, Dialect] = {}
_COMPILED: dict[Any, Any] = {}


@event.listens_for(Pool, "checkout")
def leave_syncing_out(connection: Any, record: object, proxy: object) -> None:
    """Do not wait for the disk at each commit on SQLite: 5 to 25 ms each. What is read back is the same."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


@event.listens_for(Engine, "engine_connect")
def share_compiled_statements(connection: Connection) -> None:
    """Compile a statement once a process and not once an engine: each test has engines of its own, of the same two kinds."""
    connection.dialect = _DIALECTS.setdefault(connection.dialect.name, connection.dialect)
    connection.execution_options(compiled_cache=_COMPILED)


_read_migrations = ScriptDirectory.from_config


def read_migrations_once(config: Config) -> ScriptDirectory:
    """Read the migrations of a folder once a process: each service that starts asks for them again, 10 ms each time."""
    place = str(config.get_main_option("script_location"))
    if place not in _MIGRATIONS:
        _MIGRATIONS[place] = _read_migrations(config)
    return _MIGRATIONS[place]


ScriptDirectory.from_config = staticmethod(read_migrations_once)
