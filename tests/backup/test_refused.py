"""What is not whole is never relied on, and nothing is ever written over: each refusal names what it is about."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, make_url, text

from api.assembly import SYSTEM_CHANCE
from api.cli.backup_commands import back_up, restore_backup
from api.keys import KeyName, make_key
from drp.backup import manifest, own_code, sqlite
from drp.backup import postgresql as dumps
from drp.backup.manifest import BackupRefused
from drp.database.engine import Store
from drp.database.migrate import newest_revision
from drp.database.sqlite_driver import sqlite3
from drp.settings import Settings
from tests.backup.restoring import Kept, Town
from tests.cast.stores import Postgresql

Plant = pytest.MonkeyPatch
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("store", ["postgresql"], indirect=True)


def everything(folder: Path) -> list[str]:
    """Every file below a folder, but the keys that an operator put there."""
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    return sorted(set(found) - {"chain.key", "signing.key", "seal.key"})


def refused(kept: Kept, settings: Settings | None = None, **more: Any) -> str:
    """What a restore says that wrote nothing."""
    there = settings or kept.place()
    with pytest.raises(BackupRefused) as caught:
        restore_backup(there, kept.out, lambda: kept.now, **more)
    assert everything(there.var) == []
    if not kept.is_sqlite:
        store = Store(there.database_url)
        with store.engine.connect() as connection:
            assert inspect(connection).get_table_names() == []
        store.close()
    return str(caught.value)


# A backup that is not as it was written.


def shortened(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def altered(path: Path) -> None:
    octets = bytearray(path.read_bytes())
    octets[len(octets) // 2] ^= 1
    path.write_bytes(bytes(octets))


def gone(path: Path) -> None:
    path.unlink()


def linked(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


@pytest.mark.parametrize("act", [shortened, altered, gone, linked], ids=lambda act: act.__name__)
@pytest.mark.parametrize("what", ["database", "attachment", "checkpoint", "access"])
def test_whatever_was_done_to_a_file_is_named_and_nothing_is_written(kept: Kept, act: Callable[[Path], None], what: str) -> None:
    path = {
        "database": kept.database,
        "attachment": next(iter((kept.out / "attachments").glob("*/*/*"))),
        "checkpoint": next(iter((kept.out / "checkpoints").iterdir())),
        # On PostgreSQL it stands in the database's own dump.
        "access": kept.out / "access.sqlite" if kept.is_sqlite else kept.out / "database" / "everything.dump",
    }[what]
    act(path)
    said = refused(kept)
    assert path.relative_to(kept.out).as_posix() in said
    assert "Nothing was brought back" in said


@one_engine
def test_every_byte_of_the_manifest_counts(kept: Kept) -> None:
    path, settings = kept.out / manifest.MANIFEST, kept.place()
    octets = path.read_bytes()
    for n in range(0, len(octets), 7):
        for other in (octets[:n], octets[:n] + bytes([octets[n] ^ 1]) + octets[n + 1 :]):
            path.write_bytes(other)
            with pytest.raises(BackupRefused, match=r"manifest\.json|There is no key|is another"):
                restore_backup(settings, kept.out, lambda: kept.now)
    assert everything(settings.var) == []


@one_engine
def test_a_file_more_is_named(kept: Kept) -> None:
    (kept.out / "more.txt").write_text("x")
    assert "more.txt: it was put in" in refused(kept)
    (kept.out / "more.txt").unlink()
    (kept.out / manifest.SIGNATURE).unlink()
    assert "its signature is gone" in refused(kept)
    gone(kept.out / manifest.MANIFEST)
    assert "is no backup, or was not finished" in refused(kept)


def test_planted_a_backup_is_believed(town: Town, monkeypatch: Plant) -> None:
    """Unless it is checked, an altered document comes back as if it were none."""
    town.backs_up()
    gone(next(iter((town.out / "attachments").glob("*/*/*"))))
    monkeypatch.setattr(manifest, "check_manifest_files", lambda *_: None)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        refused(town.kept)


# What a database runs by itself.

TAKES_THE_BRAKE_OFF = {
    True: ["CREATE TRIGGER afterwards AFTER UPDATE ON authority WHEN new.brake <> '' BEGIN UPDATE authority SET brake = ''; END"],
    False: [
        "CREATE FUNCTION afterwards() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.brake := ''; RETURN NEW; END $$",
        "CREATE TRIGGER afterwards BEFORE UPDATE ON authority FOR EACH ROW EXECUTE FUNCTION afterwards()",
    ],
}
"""By whether it is SQLite: what undoes what a restore does first."""

PLANTED_CODE: dict[str, tuple[list[str], list[str], str]] = {
    "trigger": (TAKES_THE_BRAKE_OFF[True], TAKES_THE_BRAKE_OFF[False], "afterwards"),
    "view": (["CREATE VIEW seen AS SELECT * FROM words"], ["CREATE VIEW seen AS SELECT 1 AS one"], "seen"),
    "virtual table": (["CREATE VIRTUAL TABLE other USING fts5(x)"], [], "virtual table other"),
    "a known trigger made otherwise": (
        [
            "DROP TRIGGER entry_never_update",
            "CREATE TRIGGER entry_never_update BEFORE UPDATE ON entry BEGIN SELECT 1; END",
        ],
        [],
        "trigger entry_never_update",
    ),
    "function": ([], ["CREATE FUNCTION other() RETURNS int LANGUAGE sql AS 'SELECT 1'"], "function public.other()"),
    "a known function made otherwise": (
        [],
        [
            "CREATE OR REPLACE FUNCTION drp_authorities() RETURNS SETOF varchar LANGUAGE sql STABLE SECURITY DEFINER "
            "SET search_path = public, pg_temp AS 'SELECT key FROM authority ORDER BY key DESC'"
        ],
        "function public.drp_authorities()",
    ),
    "rule": ([], ["CREATE RULE silently AS ON UPDATE TO authority DO ALSO NOTHING"], "rule silently on public.authority"),
    "a check that calls a function": (
        [],
        [
            "CREATE FUNCTION other(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
            "ALTER TABLE unit ADD CONSTRAINT looks CHECK (other(name))",
        ],
        "function public.other(text)",
    ),
}


def with_code(town: Town, statements: list[str]) -> Any:
    """A backup of the town's database with something more in it."""
    store = town.keeper.store
    with store.engine.connect() as connection:
        writing = connection.begin()
        for statement in statements:
            connection.exec_driver_sql(statement)
        writing.commit()
    return town.backs_up()


@pytest.fixture
def as_it_was(town: Town, request: pytest.FixtureRequest) -> Iterator[None]:
    """The database of the tests without what a test put in."""
    yield
    if not town.world.store.is_sqlite:
        with town.keeper.store.engine.begin() as connection:
            for statement in (
                "ALTER TABLE unit DROP CONSTRAINT IF EXISTS looks",
                "DROP RULE IF EXISTS silently ON authority",
                "DROP VIEW IF EXISTS seen",
                "DROP TRIGGER IF EXISTS afterwards ON authority",
                "DROP FUNCTION IF EXISTS afterwards(), other(), other(text)",
                "CREATE OR REPLACE FUNCTION drp_authorities() RETURNS SETOF varchar LANGUAGE sql STABLE SECURITY DEFINER "
                "SET search_path = public, pg_temp AS 'SELECT key FROM authority ORDER BY key'",
            ):
                connection.exec_driver_sql(statement)


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.parametrize("kind", sorted(PLANTED_CODE))
def test_what_a_database_runs_by_itself_and_no_release_made_is_refused_before_it_runs(town: Town, kind: str) -> None:
    on_sqlite, elsewhere, called = PLANTED_CODE[kind]
    statements = on_sqlite if town.world.store.is_sqlite else elsewhere
    if not statements:
        return  # the engine has no such thing
    report = with_code(town, statements)
    if "otherwise" not in kind:
        assert not report.is_clean
        assert "AMISS: the database holds the" in "\n".join(report.said)
    said = refused(town.kept)
    assert called in said
    assert "no release made it so" in said


@pytest.mark.usefixtures("as_it_was")
def test_planted_a_restore_that_runs_whatever_it_finds_sends_its_mail(town: Town, monkeypatch: Plant) -> None:
    with_code(town, TAKES_THE_BRAKE_OFF[town.world.store.is_sqlite])
    monkeypatch.setattr(own_code, "check_is_ours", lambda *_: None)
    back = town.comes_back()
    assert {row[0] for row in back.rows(text("SELECT brake FROM authority"))} == {""}


def test_what_is_ours_is_known_by_name(town: Town) -> None:
    made = own_code.code_of_release(town.keeper.store.engine, newest_revision()) if town.world.store.is_sqlite else None
    with town.keeper.store.engine.connect() as connection:
        found = own_code.code_in(connection)
        assert own_code.unknown_names(connection) == ()
    assert made in (None, found)
    assert {one.called for one in found} <= own_code.KNOWN


@one_engine
def test_a_trigger_in_a_kept_access_log_is_refused(town: Town) -> None:
    town.irene.item(town.references[0])
    with closing(sqlite3.connect(town.world.settings.access_file)) as connection, connection:
        connection.execute("CREATE TRIGGER forgets AFTER INSERT ON access BEGIN DELETE FROM access; END")
    town.backs_up()
    assert "trigger forgets" in refused(town.kept)


# Where it is to come back to.


def test_a_database_that_is_not_empty_is_left_as_it_is(town: Town) -> None:
    town.backs_up()
    there = town.place()
    restore_backup(there, town.out, lambda: town.world.now)
    town.note("Said since")
    before = everything(there.var)
    with pytest.raises(BackupRefused, match=r"There is a database|is not empty"):
        restore_backup(there, town.out, lambda: town.world.now)
    with pytest.raises(BackupRefused, match=r"There is a database|is not empty"):
        restore_backup(town.owner, town.out, lambda: town.world.now)
    assert everything(there.var) == before
    assert "Said since" in {row[0] for row in town.world.rows(text("SELECT text FROM words"))}


@one_engine
@pytest.mark.parametrize("suffix", ["-journal", "-wal", "-shm"])
@pytest.mark.parametrize("name", ["drp.sqlite", "access.sqlite"])
def test_a_stale_journal_is_refused(kept: Kept, suffix: str, name: str) -> None:
    there = kept.place()
    stale = there.var / f"{name}{suffix}"
    stale.write_bytes(b"of an older file")
    with pytest.raises(BackupRefused, match="the journal of an older file") as caught:
        restore_backup(there, kept.out, lambda: kept.now)
    assert str(stale) in str(caught.value)
    assert everything(there.var) == [stale.name]
    stale.unlink()
    restore_backup(there, kept.out, lambda: kept.now)


@one_engine
def test_planted_a_stale_journal_is_let_lie(town: Town, monkeypatch: Plant) -> None:
    """What SQLite does with it: the journal of an older file is played into the one brought back, and takes the brake off."""
    older = town.folder / "older.sqlite"
    sqlite.copy_database(Path(str(town.world.store.engine.url.database)), older)
    town.backs_up()
    there = town.place()
    with torn(older):
        shutil.copy(f"{older}-journal", there.var / "drp.sqlite-journal")
    monkeypatch.setattr(sqlite, "check_place_is_free", lambda path: None)
    restore_backup(there, town.out, lambda: town.world.now)
    with closing(sqlite3.connect(there.var / "drp.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)], "nothing is to be seen of it, and yet"
        assert connection.execute("SELECT brake FROM authority").fetchall() == [("",)]


def torn(path: Path) -> Any:
    """A writer in the middle of a large transaction: half of it is in the file, and the journal takes it back."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    connection.execute("PRAGMA journal_mode=DELETE")  # newer releases of SQLite keep a write-ahead log here
    connection.execute("PRAGMA cache_size=5")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE words SET text = text || hex(zeroblob(20000))")
    connection.execute("UPDATE authority SET name = 'Never committed'")
    connection.execute(
        "INSERT INTO unit (authority, kind, key, name, within) SELECT 'x', 'team', hex(randomblob(8)), 'x', '' FROM words"
    )
    connection.execute("UPDATE words SET text = text || hex(zeroblob(20000))")
    assert Path(f"{path}-journal").exists()
    return closing(connection)


@one_engine
def test_what_a_restore_left_that_was_cut_off_is_not_played_into_the_next(town: Town) -> None:
    older = town.folder / "older.sqlite"
    sqlite.copy_database(Path(str(town.world.store.engine.url.database)), older)
    town.backs_up()
    there = town.place()
    with torn(older):
        shutil.copy(f"{older}-journal", there.var / "drp.sqlite.part-journal")
        shutil.copy(older, there.var / "drp.sqlite.part")
    restore_backup(there, town.out, lambda: town.world.now)
    assert [name for name in everything(there.var) if "part" in name] == []
    with closing(sqlite3.connect(there.var / "drp.sqlite")) as connection:
        assert connection.execute("SELECT brake, name FROM authority").fetchall() == [("all", "Durham County Council")]


@one_engine
def test_the_keys_must_be_there_first(kept: Kept) -> None:
    there = kept.place()
    (there.var / "chain.key").unlink()
    assert "There is no key in" in refused(kept, there)
    (there.var / "chain.key").write_text("ab" * 32 + "\n")
    assert "is another" in refused(kept, there)
    (there.var / "chain.key").unlink()
    (there.var / "signing.key").unlink()
    assert "There is no chain key at" in refused(kept, there, without_keys=True)
    make_key(there, KeyName.CHAIN, SYSTEM_CHANCE, ["k1"])
    make_key(there, KeyName.SIGNING, SYSTEM_CHANCE)
    said = "\n".join(restore_backup(there, kept.out, lambda: kept.now, without_keys=True).said)
    assert "entry 1 was made with a key that is not at hand" in said
    assert "there is no checkpoint, so nobody can say what is missing" in said


@one_engine
def test_a_backup_of_a_newer_release_or_of_the_other_engine_is_refused(town: Town) -> None:
    town.backs_up()
    found, _ = manifest.read_manifest(town.out)
    key = town.world.service.signing
    for change, match in (
        ({"revision": "9999"}, "made by a newer one"),
        ({"engine": "postgresql"}, "Set it to a database of postgresql"),
    ):
        text_ = found.model_copy(update=change).model_dump_json().encode()
        (town.out / manifest.MANIFEST).write_bytes(text_)
        (town.out / manifest.SIGNATURE).write_bytes(manifest.signature_of(text_, key))
        assert match in refused(town.kept)


# Making one.


def test_nothing_is_written_over_and_nothing_half_done_is_left(town: Town, monkeypatch: Plant) -> None:
    town.out.mkdir(parents=True)
    (town.out / "mine.txt").write_text("mine")
    with pytest.raises(BackupRefused, match="is not an empty folder"):
        town.backs_up()
    assert everything(town.out) == ["mine.txt"]
    (town.out / "mine.txt").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "signature_of", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            town.backs_up()
    assert [path.name for path in town.out.parent.iterdir()] == ["backup"]
    part = town.out.with_name("backup.part")
    part.mkdir()
    with pytest.raises(BackupRefused, match="another backup is being made, or one was cut off"):
        town.backs_up()
    assert part.exists()
    part.rmdir()
    assert town.backs_up().is_clean


@one_engine
def test_a_document_that_was_altered_or_is_missing_is_named_and_left_out(town: Town) -> None:
    (path,) = town.world.settings.attachments_folder.glob("*/*/*")
    altered(path)
    report = town.backs_up()
    assert not report.is_clean
    assert f"AMISS, and not in the backup: {path}: altered since it was attached" in "\n".join(report.said)
    assert not (town.out / "attachments").exists()
    shutil.rmtree(town.out)
    path.unlink()
    assert f"{path}: missing, though an item has it" in "\n".join(town.backs_up().said)
    assert "AMISS already when the backup was made" in town.comes_back().said


@one_engine
def test_a_database_that_is_not_there_or_of_another_release_is_not_kept(town: Town) -> None:
    nowhere = town.owner.model_copy(update={"database_url": f"sqlite:///{town.folder / 'none.sqlite'}"})
    store = Store(nowhere.database_url)
    with pytest.raises(BackupRefused, match="There is no database at"):
        back_up(replace(town.keeper, settings=nowhere, store=store), town.out)
    assert not (town.folder / "none.sqlite").exists()
    store.close()
    with closing(sqlite3.connect(town.world.store.engine.url.database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
    with pytest.raises(BackupRefused, match="stands at 0003"):
        town.backs_up()
    assert not town.out.exists()


# SQLite: a moment of the database, and no half of a transaction.


class Watched(sqlite3.Connection):
    """Lets the writer go once its lock was met: the copy waited for it."""

    met: list[int]
    let_go: Callable[[], None]

    def backup(self, target: sqlite3.Connection, **_: Any) -> None:  # type: ignore[override]
        def step(status: int, remaining: int, total: int) -> None:
            if status == sqlite3.SQLITE_BUSY:
                type(self).met.append(status)
                type(self).let_go()

        super().backup(target, progress=step, sleep=0)


@pytest.fixture
def half_written(town: Town) -> Iterator[Callable[[], None]]:
    """Somebody's large transaction is half in the file; gives what takes it back.

    The backup asks an older copy which release the database is of: that transaction locks the database itself.
    """
    for store in (town.world.store, town.world.service.store, town.keeper.store):
        store.close()
    path, older = Path(str(town.world.store.engine.url.database)), town.folder / "older.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")  # no free pages: what is half written then lies behind a file that looks sound
    shutil.copy(path, older)
    town.keeper = replace(town.keeper, store=Store(f"sqlite:///{older}"))
    with torn(path) as writer:
        yield lambda: writer.execute("ROLLBACK")
    town.keeper.store.close()


def in_the_copy(town: Town) -> list[Any]:
    with closing(sqlite3.connect(town.database)) as connection:
        return connection.execute("SELECT name FROM authority").fetchall()


@one_engine
def test_what_is_half_written_is_waited_for(town: Town, half_written: Callable[[], None], monkeypatch: Plant) -> None:
    watched = type("WatchedNow", (Watched,), {"met": [], "let_go": staticmethod(half_written)})
    source, connect = Path(str(town.world.store.engine.url.database)), sqlite3.connect

    def watching(path: Any, **said: Any) -> sqlite3.Connection:
        return connect(path, timeout=0, factory=watched) if path == source else connect(path, **said)

    monkeypatch.setattr(sqlite3, "connect", watching)
    town.backs_up()
    assert watched.met
    assert in_the_copy(town) != [("Never committed",)]
    sqlite.check_database_is_sound(town.database, "it")


@one_engine
def test_planted_the_file_is_copied(town: Town, half_written: Callable[[], None], monkeypatch: Plant) -> None:
    def copy(source: Path, target: Path) -> None:
        shutil.copy(source, target)
        sqlite.check_database_is_sound(target, "it")  # every page of it is sound, and yet

    monkeypatch.setattr(sqlite, "copy_database", copy)
    town.backs_up()
    half_written()
    assert in_the_copy(town) == [("Never committed",)]


@one_engine
def test_a_database_that_is_not_sound_is_not_kept(town: Town) -> None:
    path = Path(str(town.world.store.engine.url.database))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("UPDATE window SET authority = 'nowhere'")
    with pytest.raises(BackupRefused, match="a row of window refers to a row that is not there"):
        town.backs_up()
    assert not town.out.exists()


# PostgreSQL: its own programs, and every row.


@on_postgresql
def test_the_version_that_is_wanted_is_named(town: Town, monkeypatch: Plant) -> None:
    monkeypatch.setattr(dumps, "DEBIAN", "/nowhere/{major}")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupRefused, match=r"there is no pg_dump \d+ in /nowhere/\d+ or on PATH.*Install postgresql-client-\d+"):
        town.backs_up()
    assert not town.out.exists()


@on_postgresql
def test_another_version_is_not_used(town: Town, tmp_path: Path, monkeypatch: Plant) -> None:
    other = tmp_path / "bin"
    other.mkdir()
    (other / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    (other / "pg_dump").chmod(0o755)
    monkeypatch.setattr(dumps, "DEBIAN", "/nowhere/{major}")
    monkeypatch.setenv("PATH", str(other))
    with pytest.raises(BackupRefused, match=rf"{other}/pg_dump is 9"):
        dumps.find_program("pg_dump", 15)


@on_postgresql
def test_the_role_that_owns_nothing_makes_no_backup_and_takes_none(town: Town) -> None:
    with pytest.raises(BackupRefused, match="names the role drp_app, which does not own the tables"):
        back_up(town.world.service, town.out)
    town.backs_up()
    there = town.place()
    app = make_url(there.database_url).set(username="drp_app").render_as_string(hide_password=False)
    assert "names the role drp_app, which is not to own the tables" in refused(
        town.kept, there.model_copy(update={"database_url": app})
    )


@on_postgresql
def test_a_superusers_backup_is_one_dump_and_comes_back_as_the_owners(town: Town, postgresql: Postgresql) -> None:
    admin = postgresql.admin.set(drivername="postgresql+psycopg", database=postgresql.name)
    store = Store(admin.render_as_string(hide_password=False))
    back_up(replace(town.keeper, store=store), town.out)
    store.close()
    found, _ = manifest.read_manifest(town.out)
    assert set(found.rows) == {dumps.MAIN}
    back = town.comes_back()
    assert {f"Note {n}" for n in range(3)} <= back.texts()
    assert "nothing is missing" in back.said


@on_postgresql
def test_a_role_that_the_server_has_not_is_named(kept: Kept) -> None:
    there = kept.place()
    store = Store(there.database_url)
    with pytest.raises(BackupRefused, match="The server has no role drp_nobody"):
        dumps.check_database_is_empty(store.engine, 10, ("drp_app", "drp_nobody"))
    with pytest.raises(BackupRefused, match="this server is"):
        dumps.check_database_is_empty(store.engine, 99, ())
    store.close()


@on_postgresql
def test_what_does_not_come_back_whole_does_not_come_back(kept: Kept, monkeypatch: Plant) -> None:
    """The last act fails: of all that was loaded before it in the same transaction nothing stays."""
    monkeypatch.setattr("drp.backup.after_restore.settle_after_restore", lambda *_, **__: 1 / 0)
    there = kept.place()
    with pytest.raises(ZeroDivisionError):
        restore_backup(there, kept.out, lambda: kept.now)
    store = Store(there.database_url)
    with store.engine.connect() as connection:
        assert inspect(connection).get_table_names() == []
    store.close()


@on_postgresql
def test_planted_a_dump_with_row_security_names_no_authority(town: Town, monkeypatch: Plant) -> None:
    """It holds no row of what is bound, and pg_dump says nothing: the count does."""
    real = dumps.run_program

    def run(command: list[str], env: Any) -> bytes:
        return real(command, {name: value for name, value in env.items() if name != "PGOPTIONS"})

    monkeypatch.setattr(dumps, "run_program", run)
    with pytest.raises(BackupRefused, match=r"dunmoor\.dump has 0 rows of \w+ where \d+ belong"):
        town.backs_up()
    assert not town.out.exists()


@on_postgresql
def test_no_password_stands_on_a_command_line(town: Town, monkeypatch: Plant) -> None:
    seen: list[Any] = []
    real = subprocess.run

    def run(command: list[Any], **more: Any) -> Any:
        seen.append((command, more.get("env")))
        return real(command, **more)

    monkeypatch.setattr(subprocess, "run", run)
    url = make_url(town.owner.database_url).set(password="geheim").render_as_string(hide_password=False)
    store = Store(url)
    back_up(replace(town.keeper, store=store), town.out)
    store.close()
    dumped = [(command, env) for command, env in seen if env is not None]
    assert dumped
    for command, env in dumped:
        assert not [part for part in command if "geheim" in str(part) or "drp_owner" in str(part)]
        assert env["PGPASSWORD"] == "geheim"
