"""SQLite: a copy that is one moment of the database while others write, and its way back, whole or not at all."""

import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from drp.backup import contents, own_code
from drp.backup.contents import DatabaseContents
from drp.backup.folder import sync_file
from drp.backup.manifest import BackupRefused
from drp.database.sqlite_driver import sqlite3
from drp.database.unavailable import Unavailable
from drp.items.attachments import sync_folder

DATABASE = "database.sqlite"


def path_of(url: str) -> Path:
    """The file of a database. Raises BackupRefused where it has none."""
    database = make_url(url).database
    if not database or database == ":memory:":
        raise BackupRefused("The database is in memory only: it has no file to keep. Set DRP_DATABASE_URL.")
    return Path(database)


def copy_database(source: Path, target: Path) -> None:
    """Copy a database by its own backup call, in one step: whoever writes waits for as long as that takes, and goes on.

    A copy of the file would have what is half written, and not the journal that takes it back. Raises BackupRefused.
    """
    try:
        with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(target)) as copy:
            copy.execute("PRAGMA synchronous=OFF")  # it is synced once, at the end
            live.backup(copy, sleep=0.01)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, wherever it is read
    except sqlite3.Error as fault:
        raise BackupRefused(
            f"{source} could not be copied ({fault}). No backup was made. Look whether the disk is full or failing; run it again."
        ) from fault
    check_database_is_sound(target, f"The copy of {source}")
    sync_file(target)


def check_database_is_sound(path: Path, called: str) -> None:
    """Raise BackupRefused unless a database is sound: every page, every index, every reference."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            faults = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(3)")]
            astray = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error as fault:
        faults, astray = [str(fault)], None
    if faults != ["ok"] or astray:
        wrong = "; ".join(faults) if faults != ["ok"] else f"a row of {astray[0]} refers to a row that is not there"
        raise BackupRefused(
            f"{called} is not sound: {wrong}. It is not kept: it could not be relied on. "
            "Keep the last good backup, and look at the disk."
        )


def copy_into_backup(source: Path, part: Path) -> DatabaseContents:
    """Copy the database into a backup's folder, and look at what the copy holds. Raises BackupRefused."""
    copy_database(source, part / DATABASE)
    with _engine_of(part / DATABASE).connect() as connection:
        rows = {table: contents.count_rows(connection, table) for table in contents.all_tables(connection)}
        return replace(contents.read_contents(connection), rows={DATABASE: rows}, strange=own_code.unknown_names(connection))


def _engine_of(path: Path) -> Engine:
    """An engine for a file that no service uses: it leaves the journal's mode as it is, and keeps no connection."""
    return create_engine(f"sqlite:///{path}", module=sqlite3, poolclass=NullPool, hide_parameters=True)


def check_file_code_is_ours(kept: Path, revision: str) -> None:
    """Raise BackupRefused unless every trigger and view of a kept file is one of this release's, at its revision. Runs none.

    An empty `revision`: the access log's own file, which has none.
    """
    try:
        with _reading(kept).connect() as connection:
            found = own_code.code_in(connection)
    except (SQLAlchemyError, sqlite3.Error) as fault:
        raise BackupRefused(f"{kept.name} cannot be read ({fault}). Nothing was written. Use another backup.") from fault
    ours = own_code.code_of_release(_reading(kept), revision) if revision else own_code.code_of_log()
    own_code.check_is_ours(found, ours)


def _reading(path: Path) -> Engine:
    """An engine that can change nothing of a file, and trusts nothing that its schema calls."""
    url = f"sqlite:///{path.resolve().as_uri()}?mode=ro&immutable=1&uri=true"
    engine = create_engine(url, module=sqlite3, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, record: object) -> None:
        connection.execute("PRAGMA trusted_schema=OFF")

    return engine


def check_place_is_free(path: Path) -> None:
    """Raise BackupRefused where a database stands already, or where the journal of an older one would be played into the new."""
    if path.exists() and path.stat().st_size:
        raise BackupRefused(
            f"There is a database at {path} already, and nothing is ever restored over one. Nothing was written. "
            "Stop the service and move the file aside, or set DRP_DATABASE_URL to another place; then run this again."
        )
    for beside in _beside(path):
        if beside.exists():
            raise BackupRefused(
                f"{beside} lies where the database is to be: the journal of an older file, which SQLite would play into the one "
                "brought back. Nothing was written. Make sure that no service runs, move it aside, and run this again."
            )


def put_database_in_place(kept: Path, path: Path, settle: Callable[[Connection], None]) -> None:
    """Put a database in its place, once `settle` has made it safe to start: nobody ever finds it without."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    try:
        _forget(part)
        shutil.copyfile(kept, part)
        with _engine_of(part).begin() as connection:
            settle(connection)
        check_database_is_sound(part, f"{kept.name}, as it was brought back,")
        sync_file(part)
        check_place_is_free(path)
        os.replace(part, path)
        sync_folder(path.parent)
    except (SQLAlchemyError, sqlite3.Error) as fault:
        raise Unavailable(f"{path} could not be brought back ({fault})") from fault
    finally:
        _forget(part)


def _forget(part: Path) -> None:
    """Take away what was begun, here or by a restore that was cut off: with its journal, which would be played into the next."""
    for path in (part, *_beside(part)):
        path.unlink(missing_ok=True)


def _beside(path: Path) -> tuple[Path, ...]:
    return tuple(path.with_name(f"{path.name}{suffix}") for suffix in ("-journal", "-wal", "-shm"))
