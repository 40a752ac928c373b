"""The command line: light to start; each command imports what it needs when it runs."""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.register_commands import app as register_app
from api.cli.register_commands import population_app
from api.cli.retention_commands import app as retention_app
from api.cli.themes_command import count_themes

if TYPE_CHECKING:
    from api.assembly import Service
    from drp.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Dispute resolution for Independent Reviewing Officers.")
directory_app = typer.Typer(no_args_is_help=True, help="People, posts, teams, cover and children, from CSV files.")
token_app = typer.Typer(no_args_is_help=True, help="API tokens: shown once, kept hashed, expiring.")
audit_app = typer.Typer(no_args_is_help=True, help="Checkpoints of every timeline, and whether all of them still hold.")
app.add_typer(audit_app, name="audit")
app.add_typer(retention_app, name="retention")
app.command("themes")(count_themes)
app.add_typer(register_app, name="register")
app.add_typer(population_app, name="population")
app.add_typer(directory_app, name="directory")
app.add_typer(token_app, name="token")


DAY = ["%Y-%m-%d"]
"""How a day is written."""


def main() -> None:
    """The entry point of `drp`. What is refused is said in a line, with exit status 1."""
    from drp.database.engine import Unavailable

    try:
        app()
    except Unavailable as error:
        _stop(f"The database cannot be had: {error}. Check DRP_DATABASE_URL, and that its disk is not full.")


def _stop(said: str) -> None:
    print(said, file=sys.stderr)
    raise SystemExit(1)


def _settings() -> "Settings":
    from drp.settings import Settings

    return Settings()


def _service() -> "Service":
    from api.assembly import assemble_service

    return assemble_service(_settings())


@app.command()
def serve(
    host: str = "127.0.0.1", port: int = 8000, authorities: Annotated[Path | None, typer.Option(help="Folder of folders.")] = None
) -> None:
    """Run the service. Put a proxy with TLS in front of it; `--authorities` loads your own ladder files first."""
    import uvicorn

    from api.app import HERE, create_app
    from drp.database.migrate import migrate_database, newest_revision, stored_revision

    if _settings().choose_a_person and host not in HERE:
        _stop(f"DRP_CHOOSE_A_PERSON lets anybody be anybody, and {host} is reached by others: leave it out, or --host 127.0.0.1.")
    service = _service()
    if authorities:
        _seed(service, authorities)
    elif service.store.is_sqlite:
        migrate_database(service.store)
    with service.store.engine.connect() as connection:
        stands, expected = stored_revision(connection), newest_revision()
    service.close()
    if stands != expected:
        _stop(f"The database stands at {stands or 'nothing'}, this release expects {expected}: run `drp migrate` as its owner.")
    uvicorn.run(create_app(_settings()), host=host, port=port, log_level="info", access_log=False, server_header=False)


def _seed(service: "Service", folder: Path) -> None:
    """Load each authority's own files. One with a fault, or with a post that is asked and empty, stops here, unloaded."""
    from api.assembly import from_folder
    from drp.database.migrate import migrate_database
    from drp.directory import lookup
    from drp.directory.vacancies import PostsVacant
    from workflows.calendar.working_days import local_date
    from workflows.ladder_language.reader import Unreadable

    if service.store.is_sqlite:
        migrate_database(service.store)
    now = service.clock()
    for own in sorted(path for path in folder.iterdir() if path.is_dir()):
        try:
            read = from_folder(own)
            with service.store.write(read.authority.key) as connection:
                service.casework.procedures.seed(connection, read, now)
                empty = lookup.posts_nobody_holds(connection, read.authority, read.ladders, local_date(now))
                if empty and lookup.has_people(connection, read.authority.key):
                    raise PostsVacant(empty)
        except (Unreadable, PostsVacant) as refused:
            _stop(f"{refused}\n{own.name} was not loaded; nothing was changed.")


@app.command()
def demo(port: Annotated[int, typer.Option(envvar="PORT")] = 8000, serve: bool = True) -> None:
    """A fresh database with four authorities and invented people, told up to now; then the service, on this machine only."""
    from api.demo.run import run_demo

    run_demo(port, serve)


@app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Ladder, notice or authority files, or folders of them.")]) -> None:
    """Read files strictly, and show what each ladder keeps. Exit status 1 if anything is wrong."""
    from api.cli.check_command import check_files

    raise SystemExit(check_files(files))


@app.command()
def ladder(
    name: Annotated[str, typer.Argument(help="AUTHORITY, or AUTHORITY/LADDER, or a folder of files.")],
    diagram: Annotated[str, typer.Option(help="svg or mermaid")] = "",
) -> None:
    """Show a ladder in words, or drawn."""
    from api.cli.check_command import print_ladder

    raise SystemExit(print_ladder(name, diagram))


@app.command()
def schema() -> None:
    """The JSON Schema of ladder, notice and authority files, for editors."""
    import json

    from workflows.ladder_language.reader import ladder_file_schema as made

    print(json.dumps(made(), indent=2, ensure_ascii=False))


@directory_app.command("import")
def import_files(
    authority: Annotated[str, typer.Argument(help="The authority's key.")],
    files: Annotated[list[Path], typer.Argument(help="people.csv, units.csv, posts.csv, covers.csv, children.csv: any of them.")],
    dry_run: Annotated[bool, typer.Option(help="Say what would change, and change nothing.")] = False,
    allow_vacancies: Annotated[bool, typer.Option(help="Load although posts that a ladder asks are empty.")] = False,
) -> None:
    """Load the directory: every bad row is named and nothing is half-loaded; what is no longer listed ends."""
    from api.cli.directory_command import import_directory_files

    raise SystemExit(import_directory_files(_service(), authority, files, dry_run, allow_vacancies))


@token_app.command("create")
def create_token_command(
    authority: Annotated[str, typer.Argument(help="The authority's key.")],
    person: Annotated[str, typer.Argument(help="What the directory calls the person.")],
    name: Annotated[str, typer.Option(help="What it is for.")] = "command line",
    days: Annotated[int, typer.Option(min=1, max=366)] = 30,
) -> None:
    """Make a token and show it once."""
    from drp.directory import lookup
    from drp.identity import tokens

    service = _service()
    with service.store.write(authority) as connection:
        found = lookup.person_by_key(connection, authority, person)
        if found is None:
            _stop(f"The directory of {authority} has nobody called {person}. Look in its people.csv for the key.")
        assert found is not None
        token = tokens.create_token(
            connection, service.casework.chance, authority, found, name, service.clock(), timedelta(days=days)
        )
    service.close()
    print(token)


@audit_app.command("key")
def audit_key() -> None:
    """Show the public key by which anybody can check a checkpoint, and its name to compare over the telephone."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    from drp.proof.checkpoint import name_of

    service = _service()
    public = service.signing.public_key()
    print(f"{public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()}  (its name: {name_of(public)})")
    service.close()


@audit_app.command("checkpoint")
def audit_checkpoint(
    after_restore: Annotated[
        bool, typer.Option(help="The database was put back, and what is missing was looked through.")
    ] = False,
) -> None:
    """Take a checkpoint of every authority where anything was written since the last, and write its file."""
    from api.jobs.checkpoints import CheckpointsPutBack, leave_checkpoint
    from drp.proof.take_checkpoint import TimelineBroken

    service, broken = _service(), False
    for authority in service.store.authorities():
        try:
            taken = leave_checkpoint(service, authority, after_restore)
        except (TimelineBroken, CheckpointsPutBack, OSError) as fault:
            broken = True
            print(f"{fault}. Nothing was signed: run `drp audit verify`." if isinstance(fault, TimelineBroken) else fault)
            continue
        number = f"checkpoint {taken.checkpoint.number} of {taken.checkpoint.size} timelines" if taken else "nothing is new"
        print(f"{authority}: {number}")
    service.close()
    raise SystemExit(1 if broken else 0)


@audit_app.command("verify")
def audit_verify(
    checkpoints: Annotated[Path | None, typer.Option(help="Folder of checkpoint files; by default the service's own.")] = None,
    public_key: Annotated[str, typer.Option(help="64 hex digits, as `drp audit key` shows them; by default our own.")] = "",
) -> None:
    """Hold every timeline against its chain and the newest checkpoints; name the first bad entry. Exit status 1 if any."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from api.jobs.checkpoints import AT_MOST, files_of, verify_authority

    service, clean = _service(), True
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)) if public_key else service.signing.public_key()
    except ValueError:
        _stop("That is no public key. Copy the 64 hex digits that `drp audit key` shows.")
    for authority in service.store.authorities():
        found = verify_authority(
            service, authority, files_of(checkpoints or service.settings.checkpoints_folder, authority)[-AT_MOST:], key
        )
        clean &= found.is_clean
        for said in found.said:
            print(f"{authority}: {said}")
        for fault in found.faults:
            print(f"{authority} {fault.reference or fault.challenge}: {fault.said}")
        against = f"checkpoint {found.against[-1]}" if found.against else "no checkpoint: a cut tail would not be found"
        print(f"{authority}: {'every timeline holds' if found.is_clean else 'NOT AS IT WAS'}, against {against}")
    service.close()
    raise SystemExit(0 if clean else 1)


@audit_app.command("replay")
def audit_replay() -> None:
    """Decide every challenge again from its own events and rules, and compare. Exit status 1 where one differs."""
    from api.jobs.checkpoints import replay_authority

    service, clean = _service(), True
    for authority in service.store.authorities():
        count, found = replay_authority(service, authority)
        clean &= not found
        for one in found:
            print(f"{authority} {one.reference}: {one.said}")
        print(f"{authority}: {count - len(found)} of {count} are what their events decide")
    service.close()
    raise SystemExit(0 if clean else 1)


@app.command()
def referral(
    reference: Annotated[str, typer.Argument(help="The challenge's reference, such as ABCD-2345.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    number: Annotated[int, typer.Option(help="The entry by which it was made; by default the last referral.")] = 0,
    authority: Annotated[str, typer.Option(help="Only needed where two authorities have the same reference.")] = "",
) -> None:
    """Write the bundle of a referral to Cafcass: it needs the database to be read, and nothing else of the service."""
    from api.exports.referral.operator import write_bundle

    service = _service()
    try:
        print(write_bundle(service, reference, out, number, authority))
    except (LookupError, OSError) as fault:
        _stop(str(fault))
    finally:
        service.close()


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A bundle, as it came.")],
    public_key: Annotated[str, typer.Option(help="64 hex digits from the authority; by default the key in the bundle.")] = "",
) -> None:
    """Check a bundle with neither database nor key at hand: nothing altered, its timeline under a signed checkpoint."""
    from api.exports.referral.operator import verify_file

    code, said = verify_file(file, public_key)
    print(said)
    raise SystemExit(code)


@app.command("subject-access")
def subject_access(
    authority: str,
    child: Annotated[str, typer.Argument(help="The child's number in the case system, as it is written there.")],
    out: Annotated[Path, typer.Option(help="The ZIP to write.")],
) -> None:
    """Everything held about one child, for the officer who answers a subject access request: marked for redaction, not cut."""
    from api.exports.sar_export.export import export_subject_access

    _export(lambda service: export_subject_access(service, authority, child, out))


@app.command("access-log")
def access_log(
    authority: str,
    out: Annotated[Path, typer.Option(help="The CSV to write.")],
    since: Annotated[datetime | None, typer.Option(formats=DAY, help="From this day on.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=DAY, help="Up to this day, included.")] = None,
    person: Annotated[str, typer.Option(help="Only what this person read: their key in people.csv.")] = "",
    reference: Annotated[str, typer.Option(help="Only who read this item.")] = "",
) -> None:
    """Who read what and when, as a table. That it was exported is in the log as well."""
    from api.exports.log_export import access_log_rows as export

    _export(lambda service: export(service, authority, out, since and since.date(), until and until.date(), person, reference))


@app.command("send-log")
def send_log(
    authority: str,
    out: Annotated[Path, typer.Option(help="The CSV to write.")],
    since: Annotated[datetime | None, typer.Option(formats=DAY, help="From this day on.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=DAY, help="Up to this day, included.")] = None,
) -> None:
    """Who was sent what and when, and what became of the mail, as a table."""
    from api.exports.log_export import send_log_rows as export

    _export(lambda service: export(service, authority, out, since and since.date(), until and until.date()))


def _export(write: "Callable[[Service], str]") -> None:
    """Write a file, and say what was written or why it was not."""
    from drp.database.engine import Unavailable

    service = _service()
    try:
        print(write(service))
    except LookupError as fault:
        _stop(str(fault))
    except Unavailable as fault:
        _stop(f"It could not be exported: {fault}. Check DRP_DATABASE_URL and DRP_ACCESS_LOG_URL, and that no disk is full.")
    except OSError as fault:
        _stop(f"The file could not be written: {fault.strerror or fault} ({fault.filename or ''}). Name another with --out.")
    finally:
        service.close()


@app.command()
def backup(out: Annotated[Path, typer.Option(help="The folder to make; it must not be there, or be empty.")]) -> None:
    """Keep everything but the keys in one folder, while the service runs. On PostgreSQL, as the tables' owner."""
    from api.cli.backup_commands import back_up
    from drp.backup.manifest import BackupRefused

    service = _service()
    try:
        report = back_up(service, out)
    except (BackupRefused, OSError) as fault:
        _stop(
            str(fault)
            if isinstance(fault, BackupRefused)
            else f"{fault}: no backup was made. Put that right, and run this again."
        )
    finally:
        service.close()
    print("\n".join(report.said))
    raise SystemExit(0 if report.is_clean else 1)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup, as `drp backup` made it.")],
    without_keys: Annotated[
        bool, typer.Option(help="The keys are lost for good: no old timeline can be proved any more.")
    ] = False,
) -> None:
    """Bring a backup back into an empty database, with all mail held; say which dates passed, and what is missing."""
    from api.cli.backup_commands import restore_backup as bring_back
    from drp.backup.manifest import BackupRefused

    try:
        report = bring_back(_settings(), folder, without_keys=without_keys)
    except (BackupRefused, OSError) as fault:
        _stop(
            str(fault)
            if isinstance(fault, BackupRefused)
            else f"{fault}: the database was not brought back. Put that right; run it again."
        )
    print("\n".join(report.said))


@app.command()
def tick() -> None:
    """Look once for windows that have closed, in every authority: for cron, and for tests."""
    from api.jobs.heartbeat import clocks_agree
    from api.jobs.heartbeat import tick_authority as one

    service = _service()
    if not clocks_agree(service):
        _stop("This machine's clock and the database's disagree by more than 5 minutes: nothing was acted on. Set the clock.")
    failed = 0
    for authority in service.store.authorities():
        swept = one(service, authority)
        failed += len(swept.failed)
        print(f"{authority}: {swept.decided} decided, {swept.held} held for release, {len(swept.failed)} could not be decided")
    service.close()
    raise SystemExit(1 if failed else 0)


@app.command()
def deliver() -> None:
    """Send once what is waiting in the outbox of every authority."""
    from api.jobs.heartbeat import deliver_authority

    service = _service()
    for authority in service.store.authorities():
        done = deliver_authority(service, authority)
        rest = f"{done.braked} held, {done.lapsed} lapsed, {done.failed} failed"
        print(f"{authority}: {done.sent} sent, {done.waiting} waiting, {rest}")
    service.close()


@app.command()
def migrate() -> None:
    """Bring the database to this release's schema; harmless to repeat. On PostgreSQL, as the tables' owner."""
    from api.assembly import enter_what_is_not
    from drp.database.migrate import migrate_database as bring

    service = _service()
    print(f"The database stands at {bring(service.store)}.")
    if made := enter_what_is_not(service):
        print(f"{made} items of an earlier release were entered in the register.")
    service.close()


if __name__ == "__main__":
    main()
