"""What lets the databases of the tests be quick. The service itself has neither: nobody pulls the plug on a test.

Both hang on SQLAlchemy's own events, for every engine that a test or the service under test makes in this process. A
service that tests start as a process of its own (tests/faults) is as it is served.
"""

from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.pool import Pool

from drp.database.sqlite_driver import sqlite3

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
