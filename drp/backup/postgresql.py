"""PostgreSQL: dumps of one snapshot, one for each authority, counted row by row; and their way back in one transaction.

The owner too is bound by row level security (FORCE): a plain dump fails, and one with row security on holds no row at all,
and says nothing. So what is bound is dumped authority by authority, as an ordinary transaction names them; what is not bound
goes with the schema. Every dump shares one exported snapshot, and is read again and counted against it.

A dump comes back through one connection: pg_restore only writes it out as text. So the whole is one transaction, with the
brake in it: whoever looks before it is committed finds an empty database.
"""

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from drp.backup import contents, programs
from drp.backup.contents import DatabaseContents
from drp.backup.folder import sync_file
from drp.backup.manifest import BackupRefused
from drp.database.engine import Unavailable

FOLDER, MAIN = "database", "database/everything.dump"
"""The schema, and what no policy binds us in."""

_COPY = re.compile(rb'COPY public\."?(\w+)"? \(')


@dataclass(frozen=True)
class DumpedDatabase:
    """What was dumped: the server's major version, roles that have rights, and the rows of each table in each file."""

    server: int
    roles: tuple[str, ...]
    found: DatabaseContents
    rows: Mapping[str, Mapping[str, int]]


def dump_database(engine: Engine, part: Path) -> DumpedDatabase:
    """Dump everything that one snapshot sees. Raises Refused."""
    snapshot_of_all = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _said(), engine.connect().execution_options(**snapshot_of_all) as connection:
        driver = _driver(connection)
        major = driver.info.server_version // 10_000
        dumping, restoring = programs.find_program("pg_dump", major), programs.find_program("pg_restore", major)
        _check_is_owner(connection)
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        found = contents.read_contents(connection)
        every, bound = contents.all_tables(connection), _bound(connection)
        env = programs.program_environment(driver)
        (part / FOLDER).mkdir(mode=0o700)
        rows: dict[str, Mapping[str, int]] = {}

        def one(name: str, expected: Mapping[str, int], authority: str, *options: str) -> None:
            more = {"PGOPTIONS": f"{env.get('PGOPTIONS', '')} -c drp.authority={authority}"} if authority else {}
            command = [str(dumping), "--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={part / name}"]
            programs.run_program([*command, *options], {**env, **more})
            sync_file(part / name)
            rows[name] = _counted(restoring, part / name, expected)

        free = {table: contents.count_rows(connection, table) for table in every if table not in bound}
        one(MAIN, free, "", *(f'--exclude-table-data=public."{table}"' for table in bound))
        for authority in found.authorities if bound else ():
            contents.choose_authority_rows(connection, authority)
            seen = {table: contents.count_rows(connection, table, authority) for table in bound}
            named = (f'--table=public."{table}"' for table in bound)
            one(f"{FOLDER}/{authority}.dump", seen, authority, "--data-only", "--enable-row-security", *named)
        return DumpedDatabase(major, _roles(connection), found, rows)


def load_database(
    engine: Engine, folder: Path, rows: Mapping[str, Mapping[str, int]], settle: Callable[[Connection], None]
) -> None:
    """Bring everything back in one transaction, `settle` in it. Raises Refused; then nothing was written."""
    with _said(), engine.begin() as connection:
        driver = _driver(connection)
        restoring = programs.find_program("pg_restore", driver.info.server_version // 10_000)
        _run(driver, restoring, folder / MAIN, "pre-data")
        for name in rows:
            _fill(driver, restoring, folder / name, rows[name])
        _run(driver, restoring, folder / MAIN, "post-data")
        driver.execute("RESET ALL")  # the search path, and what else a dump sets for itself
        settle(connection)


def check_database_is_empty(engine: Engine, server: int, roles: tuple[str, ...]) -> None:
    """Raise Refused unless the database is empty, new enough and ours, with the roles that are to have rights on it."""
    with _said(), engine.connect() as connection:
        major = _driver(connection).info.server_version // 10_000
        programs.find_program("pg_restore", major)
        if major < server:
            raise BackupRefused(
                f"The backup is of PostgreSQL {server}, and this server is {major}: it cannot take it. Nothing was written. "
                f"Set DRP_DATABASE_URL to a server of PostgreSQL {server} or newer."
            )
        there = connection.execute(text(_THERE)).scalars().all()
        if there:
            raise BackupRefused(
                f"The database is not empty: it has {', '.join(there[:5])}, and nothing is ever restored over anything. "
                "Nothing was written. Make a new one (CREATE DATABASE … OWNER …), set DRP_DATABASE_URL to it, and run this again."
            )
        missing = sorted(set(roles) - set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars()))
        if missing:
            raise BackupRefused(
                f"The server has no role {missing[0]}, which has rights on the tables of the backup. Nothing was written. "
                f"Let your database administrator make it (CREATE ROLE {missing[0]} LOGIN), and run this again."
            )
        user = _driver(connection).info.user
        if user in roles or not connection.execute(text("SELECT has_schema_privilege('public', 'CREATE')")).scalar():
            raise BackupRefused(
                f"DRP_DATABASE_URL names the role {user}, which is not to own the tables. Nothing was written. "
                "Set it to the owner's (drp_owner), and run this again."
            )


_THERE = (
    "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND relnamespace = 'public'::regnamespace "
    "UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
)
_RIGHTS = (
    "SELECT DISTINCT r.rolname FROM pg_roles r JOIN ("
    "  SELECT a.grantee, c.relowner AS owner FROM pg_class c, aclexplode(c.relacl) a "
    "  WHERE c.relnamespace = 'public'::regnamespace"
    "  UNION SELECT a.grantee, p.proowner FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = 'public'::regnamespace"
    ") given ON given.grantee = r.oid AND given.grantee <> given.owner ORDER BY 1"
)
_ACTIVE = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND row_security_active(oid) "
    "ORDER BY 1"
)
_OURS = (
    "SELECT coalesce(bool_and(pg_has_role(relowner, 'USAGE')), false) FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
)


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, SQLAlchemyError) as fault:
        raise Unavailable(f"{fault}") from fault


def _driver(connection: Connection) -> "psycopg.Connection[tuple[object, ...]]":
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _bound(connection: Connection) -> tuple[str, ...]:
    """Tables of which we see one authority at a time."""
    return tuple(connection.execute(text(_ACTIVE)).scalars())


def _roles(connection: Connection) -> tuple[str, ...]:
    return tuple(connection.execute(text(_RIGHTS)).scalars())


def _check_is_owner(connection: Connection) -> None:
    if not connection.execute(text(_OURS)).scalar_one():
        raise BackupRefused(
            f"DRP_DATABASE_URL names the role {_driver(connection).info.user}, which does not own the tables: it may not see "
            "all that belongs in a backup. No backup was made. Set it to the owner's (drp_owner), and run this again."
        )


def _counted(program: Path, path: Path, expected: Mapping[str, int]) -> Mapping[str, int]:
    """The rows that a dump holds, read from the dump itself. Raises Refused where they are not those of the snapshot."""
    found: Counter[str] = Counter()
    with _script(program, path, "data") as lines:
        for line in lines:
            if matched := _COPY.match(line):
                found[matched[1].decode()] += sum(1 for _ in _copied(lines))
    _check_counts(path, found, expected)
    return dict(expected)


def _check_counts(path: Path, found: Mapping[str, int], expected: Mapping[str, int]) -> None:
    unlike = sorted(table for table in found.keys() | expected.keys() if found.get(table, 0) != expected.get(table, 0))
    if unlike:
        table = unlike[0]
        raise BackupRefused(
            f"{path.name} has {found.get(table, 0)} rows of {table} where {expected.get(table, 0)} belong: it is not whole. "
            "Nothing is left of what was begun. Run it again; if this is said again, tell whoever supports the service."
        )


@contextmanager
def _script(program: Path, path: Path, section: str) -> Iterator[Iterator[bytes]]:
    """A part of a dump as text, line by line, without the client commands of psql. Raises Refused."""
    command = [str(program), "--file=-", "--no-owner", f"--section={section}", str(path)]
    with tempfile.TemporaryFile() as said, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as process:
        assert process.stdout is not None
        try:
            yield iter(process.stdout)
        except BaseException:
            process.kill()
            raise
        if process.wait():
            said.seek(0)
            raise programs.failure_in_words(command[0], said.read())


def _copied(lines: Iterator[bytes]) -> Iterator[bytes]:
    """The rows of one COPY."""
    for line in lines:
        if line.rstrip(b"\r\n") == b"\\.":
            return
        yield line


def _run(driver: "psycopg.Connection[tuple[object, ...]]", program: Path, path: Path, section: str) -> None:
    with _script(program, path, section) as lines:
        _execute(driver, lines)


def _execute(driver: "psycopg.Connection[tuple[object, ...]]", lines: Iterator[bytes]) -> None:
    statements = b"".join(line for line in lines if not line.startswith((b"\\restrict", b"\\unrestrict")))
    if statements.strip():
        driver.execute(statements)


def _fill(driver: "psycopg.Connection[tuple[object, ...]]", program: Path, path: Path, expected: Mapping[str, int]) -> None:
    """The rows of a dump; what stands between them (settings, sequences) is done as it comes."""
    found: Counter[str] = Counter()
    between: list[bytes] = []
    with _script(program, path, "data") as lines:
        for line in lines:
            matched = _COPY.match(line)
            if not matched:
                between.append(line)
                continue
            _execute(driver, iter(between))
            between = []
            with driver.cursor() as cursor:
                with cursor.copy(line) as copying:
                    for row in _copied(lines):
                        copying.write(row)
                found[matched[1].decode()] += cursor.rowcount
        _execute(driver, iter(between))
    _check_counts(path, found, expected)
