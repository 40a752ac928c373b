"""PostgreSQL: dumps of one snapshot, one for each authority, counted row by row; and their way back in one transaction.

The owner too is bound by row level security (FORCE): a plain dump fails, and one with row security on holds no row at all,
and says nothing. So what is bound is dumped authority by authority, as an ordinary transaction names them; what is not bound
goes with the schema. Every dump shares one exported snapshot, and is read again and counted against it.

A dump comes back through one connection: pg_restore only writes it out as text. So the whole is one transaction, with the
brake in it: whoever looks before it is committed finds an empty database.
"""

import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from drp.backup import contents, own_code
from drp.backup.contents import DatabaseContents
from drp.backup.folder import sync_file
from drp.backup.manifest import BackupRefused
from drp.database.unavailable import Unavailable

FOLDER, MAIN = "database", "database/everything.dump"
"""The schema, and what no policy binds us in."""

Driver = psycopg.Connection[tuple[object, ...]]
_COPY = re.compile(rb'COPY (public|access_log)\."?(\w+)"? \(')
_LOG = "access_log.access"
"""The access log of all replicas, in the schema of its own: the owner sees it whole."""


def dump_database(engine: Engine, part: Path) -> DatabaseContents:
    """Dump everything that one snapshot sees into a backup's folder. Raises BackupRefused."""
    snapshot_of_all = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with _faults_in_words(), engine.connect().execution_options(**snapshot_of_all) as connection:
        driver = _driver(connection)
        major = driver.info.server_version // 10_000
        dumping, restoring = find_program("pg_dump", major), find_program("pg_restore", major)
        if not connection.execute(text(_OURS)).scalar_one():
            raise BackupRefused(
                f"DRP_DATABASE_URL names the role {driver.info.user}, which does not own the tables: it may not see "
                "all that belongs in a backup. No backup was made. Set it to the owner's (drp_owner), and run this again."
            )
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        found = contents.read_contents(connection)
        bound = connection.execute(text(_ACTIVE)).scalars().all()  # tables of which we see one authority at a time
        env = program_environment(driver)
        (part / FOLDER).mkdir(mode=0o700)
        rows: dict[str, Mapping[str, int]] = {}

        def dump(name: str, expected: Mapping[str, int], authority: str, *options: str) -> None:
            more = {"PGOPTIONS": f"{env.get('PGOPTIONS', '')} -c drp.authority={authority}"} if authority else {}
            command = [str(dumping), "--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={part / name}"]
            run_program([*command, *options], {**env, **more})
            sync_file(part / name)
            _read_rows(restoring, part / name, expected)
            rows[name] = expected

        free = {table: contents.count_rows(connection, table) for table in contents.all_tables(connection) if table not in bound}
        free[_LOG] = int(connection.execute(text(f"SELECT count(*) FROM {_LOG}")).scalar_one())
        dump(MAIN, free, "", *(f'--exclude-table-data=public."{table}"' for table in bound))
        for authority in found.authorities if bound else ():
            contents.choose_authority_rows(connection, authority)
            seen = {table: contents.count_rows(connection, table, authority) for table in bound}
            named = (f'--table=public."{table}"' for table in bound)
            dump(f"{FOLDER}/{authority}.dump", seen, authority, "--data-only", "--enable-row-security", *named)
        roles = tuple(connection.execute(text(_RIGHTS)).scalars())
        return replace(found, rows=rows, server=major, roles=roles, strange=own_code.unknown_names(connection))


def check_code_is_ours(engine: Engine, folder: Path, revision: str) -> None:
    """Raise BackupRefused unless every function, trigger, view and rule of a dump is one of this release's, at its revision.

    Its tables are made without a row, looked at, and taken back: so nothing of it runs.
    """
    ours = own_code.code_of_release(engine, revision)
    with _faults_in_words(), engine.connect() as connection:
        trying, driver = connection.begin(), _driver(connection)
        try:
            restoring = find_program("pg_restore", driver.info.server_version // 10_000)
            for section in ("pre-data", "post-data"):
                _run(driver, restoring, folder / MAIN, section)
            driver.execute("RESET ALL")
            own_code.check_is_ours(own_code.code_in(connection), ours)
        finally:
            trying.rollback()


def load_database(
    engine: Engine, folder: Path, rows: Mapping[str, Mapping[str, int]], settle: Callable[[Connection], None]
) -> None:
    """Bring everything back in one transaction, `settle` in it. Raises BackupRefused; then nothing was written."""
    with _faults_in_words(), engine.begin() as connection:
        driver = _driver(connection)
        restoring = find_program("pg_restore", driver.info.server_version // 10_000)
        _run(driver, restoring, folder / MAIN, "pre-data")
        for name, expected in rows.items():
            _read_rows(restoring, folder / name, expected, driver)
        _run(driver, restoring, folder / MAIN, "post-data")
        driver.execute("RESET ALL")  # the search path, and what else a dump sets for itself
        settle(connection)


def check_database_is_empty(engine: Engine, server: int, roles: tuple[str, ...]) -> None:
    """Raise BackupRefused unless the database is empty, new enough and ours, with the roles that are to have rights on it."""
    with _faults_in_words(), engine.connect() as connection:
        info = _driver(connection).info
        major = info.server_version // 10_000
        find_program("pg_restore", major)
        if major < server:
            raise BackupRefused(
                f"The backup is of PostgreSQL {server}, and this server is {major}: it cannot take it. Nothing was written. "
                f"Set DRP_DATABASE_URL to a server of PostgreSQL {server} or newer."
            )
        if there := connection.execute(text(_THERE)).scalars().all():
            raise BackupRefused(
                f"The database is not empty: it has {', '.join(there[:5])}, and nothing is ever restored over anything. "
                "Nothing was written. Make a new one (CREATE DATABASE … OWNER …), set DRP_DATABASE_URL to it, and run this again."
            )
        if missing := sorted(set(roles) - set(connection.execute(text("SELECT rolname FROM pg_roles")).scalars())):
            raise BackupRefused(
                f"The server has no role {missing[0]}, which has rights on the tables of the backup. Nothing was written. "
                f"Let your database administrator make it (CREATE ROLE {missing[0]} LOGIN), and run this again."
            )
        if info.user in roles or not connection.execute(text("SELECT has_schema_privilege('public', 'CREATE')")).scalar():
            raise BackupRefused(
                f"DRP_DATABASE_URL names the role {info.user}, which is not to own the tables. Nothing was written. "
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
def _faults_in_words() -> Iterator[None]:
    try:
        yield
    except (psycopg.Error, SQLAlchemyError) as fault:
        raise Unavailable(f"{fault}") from fault


def _driver(connection: Connection) -> Driver:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


@contextmanager
def _script(program: Path, path: Path, section: str) -> Iterator[Iterator[bytes]]:
    """A part of a dump as text, line by line, as pg_restore writes it. Raises BackupRefused."""
    command = [str(program), "--file=-", "--no-owner", f"--section={section}", str(path)]
    with tempfile.TemporaryFile() as errors, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors) as process:
        assert process.stdout is not None
        try:
            yield iter(process.stdout)
        except BaseException:
            process.kill()
            raise
        if process.wait():
            errors.seek(0)
            raise failure_in_words(command[0], errors.read())


def _run(driver: Driver, program: Path, path: Path, section: str) -> None:
    with _script(program, path, section) as lines:
        _execute(driver, lines)


def _execute(driver: Driver, lines: Iterable[bytes]) -> None:
    """Execute the lines of a script, without the client commands of psql."""
    statements = b"".join(line for line in lines if not line.startswith((b"\\restrict", b"\\unrestrict")))
    if statements.strip():
        driver.execute(statements)


def _read_rows(program: Path, path: Path, expected: Mapping[str, int], driver: Driver | None = None) -> None:
    """Count the rows of each table in a dump; with `driver` load them too, and what stands between them (settings, sequences).

    Raises BackupRefused where they are not as many as expected.
    """
    found: Counter[str] = Counter()
    between: list[bytes] = []
    with _script(program, path, "data") as lines:
        for line in lines:
            matched = _COPY.match(line)
            if not matched:
                between.append(line)
                continue
            copied = takewhile(lambda row: row.rstrip(b"\r\n") != b"\\.", lines)
            named = matched[2].decode() if matched[1] == b"public" else f"{matched[1].decode()}.{matched[2].decode()}"
            found[named] += _load_table(driver, between, line, copied) if driver else sum(1 for _ in copied)
            between.clear()
        if driver:
            _execute(driver, between)
    unlike = sorted(table for table in found.keys() | expected.keys() if found.get(table, 0) != expected.get(table, 0))
    if unlike:
        table = unlike[0]
        raise BackupRefused(
            f"{path.name} has {found.get(table, 0)} rows of {table} where {expected.get(table, 0)} belong: it is not whole. "
            "Nothing is left of what was begun. Run it again; if this is said again, tell whoever supports the service."
        )


def _load_table(driver: Driver, before: Iterable[bytes], copy: bytes, rows: Iterable[bytes]) -> int:
    """Execute what stands before a COPY, then the COPY with its rows. Gives how many the server took."""
    _execute(driver, before)
    with driver.cursor() as cursor:
        with cursor.copy(copy) as copying:
            for row in rows:
                copying.write(row)
        return cursor.rowcount


# PostgreSQL's own programs, of the server's own version: a dump by an older one fails, by a newer one may not come back.

DEBIAN = "/usr/lib/postgresql/{major}/bin"
"""Where Debian and Ubuntu keep each version's programs beside the others'."""

_ENVIRONMENT = {option.keyword.decode(): option.envvar.decode() for option in psycopg.pq.Conninfo.get_defaults() if option.envvar}


def find_program(name: str, major: int) -> Path:
    """Find the program of this major version. Raises BackupRefused, naming the version wanted and those that were found."""
    folders = [DEBIAN.format(major=major), *os.environ.get("PATH", "").split(os.pathsep)]
    others: list[str] = []
    for path in (Path(folder) / name for folder in folders if folder):
        if path.is_file() and os.access(path, os.X_OK):
            version = _version(path)
            if version == major:
                return path
            others.append(f"{path} is {version or 'none'}")
    found = f" ({'; '.join(others)})" if others else ""
    raise BackupRefused(
        f"The server is PostgreSQL {major}, and there is no {name} {major} in {folders[0]} or on PATH{found}. "
        f"Nothing was written. Install postgresql-client-{major}, or put the folder of {name} {major} on PATH; run this again."
    )


def _version(path: Path) -> int:
    """The major version of a program of PostgreSQL; 0 where it tells none."""
    try:
        shown = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    matched = re.search(r"\(PostgreSQL\) (\d+)", shown)
    return int(matched[1]) if matched else 0


def program_environment(driver: Driver) -> Mapping[str, str]:
    """How a program reaches the same database: by its environment, for a command line can be read by everybody."""
    info = driver.info
    given = {_ENVIRONMENT[name]: value for name, value in info.get_parameters().items() if name in _ENVIRONMENT}
    return os.environ | given | ({"PGPASSWORD": info.password} if info.password else {})


def run_program(command: list[str], env: Mapping[str, str]) -> bytes:
    """What a program writes. Raises BackupRefused with what it said."""
    ended = subprocess.run(command, env=dict(env), capture_output=True, check=False)
    if ended.returncode:
        raise failure_in_words(command[0], ended.stderr)
    return ended.stdout


def failure_in_words(program: str, output: bytes) -> BackupRefused:
    """The refusal for a program that gave up, with the end of what it wrote."""
    return BackupRefused(
        f"{Path(program).name} gave up: {output.decode('utf-8', 'replace').strip()[-600:]}. "
        "Nothing is left of what was begun. Put that right, and run this again."
    )
