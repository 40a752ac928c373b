"""The one SQLite that this process uses: `pysqlite3` where its wheel installs, else Python's own module.

The wheel carries an SQLite in which a write-ahead log is safe; Python's own may be older. Never both in one process on one file:
each would let go of the locks that the other holds. So everything that opens an SQLite file takes `sqlite3` from here.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        from pysqlite3 import dbapi2 as sqlite3
    except ImportError:  # no wheel for this machine
        import sqlite3

__all__ = ["WAL_IS_SAFE_FROM", "journal_mode", "sqlite3"]

WAL_IS_SAFE_FROM = (3, 51, 3)
"""Older SQLite can corrupt a write-ahead log with two writers (fixed in 3.51.3): a rollback journal below it."""


def journal_mode() -> str:
    """How transactions are made durable: "WAL" (a write-ahead log), or "DELETE" (a rollback journal) where that is not safe."""
    return "WAL" if sqlite3.sqlite_version_info >= WAL_IS_SAFE_FROM else "DELETE"
