"""`drp backup` and `drp restore`: everything but the keys into one folder, and back, with what must be known said plainly."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from api.assembly import Clock, Service, assemble_service, system_clock
from api.cli.declare import end, read_settings
from api.jobs.checkpoints import AT_MOST, AuditVerdict, files_of, number_of, proven_checkpoints, verify_authority
from api.keys import KeyMissing, present_keys, read_keys
from drp.backup import after_restore, contents, folder, manifest, postgresql, sqlite
from drp.backup.manifest import BackupRefused, KeyNames, Manifest, manifest_in_words
from drp.data_protection.access_log_file import ReadingsFile
from drp.database import migrate
from drp.database.engine import OF_AN_OPERATOR, Store
from drp.database.unavailable import Unavailable
from drp.items.attachments import Attachments
from drp.proof.checkpoint import name_of
from drp.proof.verify import missing_entries
from drp.settings import Settings
from workflows.calendar.working_days import so_many

ACCESS, FALLBACK = "access.sqlite", "access.jsonl"
CHECKPOINTS = "checkpoints"
AT_FAULT = 20
"""Timelines that do not prove themselves, of which a restore tells; a lost key is every one's fault."""


def keep_backup(service: Service, out: Path) -> int:
    """Keep a backup, and print what is to be known of it. Returns 1 where something is amiss."""
    try:
        report = back_up(service, out)
    except BackupRefused as refused:
        end(str(refused))
    except OSError as fault:
        end(f"{fault}: no backup was made. Put that right, and run this again.")
    print("\n".join(report.said))
    return int(not report.is_clean)


def bring_backup(folder: Path, without_keys: bool) -> None:
    """Bring a backup back, and print what is to be known of it."""
    try:
        report = restore_backup(read_settings(), folder, without_keys=without_keys)
    except BackupRefused as refused:
        end(str(refused))
    except OSError as fault:
        end(f"{fault}: the database was not brought back. Put that right; run it again.")
    print("\n".join(report.said))


@dataclass(frozen=True)
class BackupReport:
    """What a backup or a restore has to say, line by line. `is_clean`: there is nothing that somebody must look into."""

    said: tuple[str, ...]
    is_clean: bool = True


def back_up(service: Service, out: Path) -> BackupReport:
    """Write a backup whole, or nothing. Raises Refused, Unavailable, OSError."""
    settings = service.settings
    _check_revision(service.store, settings)
    with folder.made_folder(out) as part:
        moment = service.clock()
        if service.store.is_sqlite:
            found = sqlite.copy_into_backup(sqlite.path_of(settings.database_url), part)
        else:
            found = postgresql.dump_database(service.store.engine, part)
        log = _keep_access_log(settings, part)
        documents, amiss = folder.keep_documents(settings.attachments_folder, part, found.documents)
        for authority, kept in found.authorities.items():
            # Not those that were taken since the database was read: it could not go on from them.
            files = [path for path in files_of(settings.checkpoints_folder, authority) if number_of(path) <= kept.checkpoint]
            for path in files[-AT_MOST:]:
                folder.put_file(part / CHECKPOINTS / path.name, path.read_bytes())
        made = Manifest(
            at=moment,
            engine="sqlite" if service.store.is_sqlite else "postgresql",
            server=found.server,
            roles=found.roles,
            revision=found.revision,
            authorities=found.authorities,
            rows=found.rows,
            amiss=amiss,
            keys=KeyNames(
                chain=manifest.name_of_chain(service.casework.keeper.key), signing=name_of(service.signing.public_key())
            ),
            files={name: manifest.hash_file(path) for name, path in manifest.files_in(part)},
        )
        text = made.model_dump_json(indent=1).encode() + b"\n"
        folder.put_file(part / manifest.MANIFEST, text)
        folder.put_file(part / manifest.SIGNATURE, manifest.signature_of(text, service.signing))
    said = _is_kept(out, made, documents, [*log, *map(_STRANGE.format, found.strange)], settings)
    return BackupReport(said, not amiss and not found.strange)


def _is_kept(out: Path, made: Manifest, documents: int, log: Sequence[str], settings: Settings) -> tuple[str, ...]:
    challenges = sum(kept.challenges for kept in made.authorities.values())
    size = sum(kept.size for kept in made.files.values())
    return (
        f"{out} is a whole backup of {manifest_in_words(made.at)}: {so_many(len(made.authorities), 'authorities')}, "
        f"{so_many(challenges, 'challenges')}, {so_many(documents, 'attached documents')}, {size:,} bytes.",
        "It holds what people wrote about children: keep it as safe as the service.",
        *log,
        f"The keys are NOT in it: {settings.key_file}, {settings.signing_file} and {settings.seal_file}. Keep a copy of each, "
        "apart from the backups:",
        "without them nothing can be proved and nobody comes in, and whoever has them could write a history anew.",
        *(f"AMISS, and not in the backup: {said}. Bring it back from an earlier backup." for said in made.amiss),
    )


_STRANGE = (
    "AMISS: the database holds the {}, which no release made. It is in the backup, and a restore refuses it: look who put it "
    "there, take it out, and make another backup."
)


def _check_revision(store: Store, settings: Settings) -> None:
    """Raise Refused unless there is a database, of this release."""
    if store.is_sqlite and not sqlite.path_of(settings.database_url).exists():
        raise BackupRefused(
            f"There is no database at {sqlite.path_of(settings.database_url)}. No backup was made. Set DRP_DATABASE_URL."
        )
    try:
        with store.engine.connect() as connection:
            stands = migrate.stored_revision(connection)
    except SQLAlchemyError as fault:
        raise Unavailable(str(fault)) from fault
    if stands != migrate.newest_revision():
        raise BackupRefused(
            f"The database stands at {stands or 'nothing'}, and this release keeps {migrate.newest_revision()}. "
            "No backup was made. Make it with the release that serves the database, or run `drp migrate` first."
        )


def _keep_access_log(settings: Settings, part: Path) -> tuple[str, ...]:
    aside = ReadingsFile(settings.var / FALLBACK).octets()
    if aside:
        folder.put_file(part / FALLBACK, aside)
    if settings.access_log_url and not settings.access_url.startswith("sqlite"):
        return (
            "The access log is not in it: DRP_ACCESS_LOG_URL names a server's database. Keep that by the server's own means.",
        )
    if not settings.access_url.startswith("sqlite"):  # it stands in the database, and comes with it
        return ("Not in it, for it is not reached from here: the access.jsonl of each other replica, where there is one.",)
    if (path := sqlite.path_of(settings.access_url)).exists():
        sqlite.copy_database(path, part / ACCESS)
    return ()


def restore_backup(settings: Settings, kept: Path, clock: Clock = system_clock, without_keys: bool = False) -> BackupReport:
    """Bring a backup back into an empty database, held still. Raises Refused (then nothing was written), Unavailable, OSError.

    What goes first is harmless by itself; the database comes last, and all at once.
    """
    found, text = manifest.read_manifest(kept)
    chain, signing = present_keys(settings)
    if not without_keys:
        names = [manifest.name_of_chain(one) for one in chain]
        # A key that has been followed by another since is still the backup's own.
        here = found.keys.chain if found.keys.chain in names else (names or [""])[-1]
        _check_keys(settings, found.keys, here, name_of(signing.public_key()) if signing else "")
    try:
        read_keys(settings)
    except KeyMissing as missing:
        raise BackupRefused(f"{missing} Nothing was written.") from None
    manifest.check_manifest_files(kept, found, text, signing.public_key() if signing and not without_keys else None)
    store = Store(settings.database_url, waits=OF_AN_OPERATOR)
    try:
        now = clock()
        _check_target(store, settings, found)
        if store.is_sqlite:
            sqlite.check_file_code_is_ours(kept / sqlite.DATABASE, found.revision)
        else:
            postgresql.check_code_is_ours(store.engine, kept, found.revision)
        if (kept / ACCESS).exists():
            sqlite.check_file_code_is_ours(kept / ACCESS, "")
        said = [*_bring_files(settings, kept)]
        settle = partial(after_restore.settle_after_restore, moment=found.at, now=now, hold_after=settings.hold_after)
        if store.is_sqlite:
            sqlite.put_database_in_place(kept / sqlite.DATABASE, sqlite.path_of(settings.database_url), settle)
        else:
            postgresql.load_database(store.engine, kept, found.rows, settle)
        migrate.migrate_database(store)
        with store.engine.begin() as connection:
            after_restore.mark_restored(connection, found.at, now)
    finally:
        store.close()
    service = assemble_service(settings, clock, waits=OF_AN_OPERATOR)
    try:
        return BackupReport(
            (*_is_back(found, now), *said, *(line for one in found.authorities for line in _of_one(service, one, found, now)))
        )
    finally:
        service.close()


def _check_keys(settings: Settings, wanted: KeyNames, chain: str, signing: str) -> None:
    for path, named, here in ((settings.key_file, wanted.chain, chain), (settings.signing_file, wanted.signing, signing)):
        if here != named:
            what = f"The key in {path} is another ({here})" if here else f"There is no key in {path}"
            raise BackupRefused(
                f"{what}, and the backup was made with {named}: what it holds could not be proved. Nothing was written. "
                "Put the copy of that key there. "
                "Only if the key is lost for good: --without-keys; then no timeline can be proved any more."
            )


def _check_target(store: Store, settings: Settings, found: Manifest) -> None:
    """Raise Refused where the backup cannot or must not be brought back to."""
    engine = "sqlite" if store.is_sqlite else "postgresql"
    if engine != found.engine:
        raise BackupRefused(
            f"The backup is of {found.engine}, and DRP_DATABASE_URL names {engine}. Nothing was written. "
            f"Set it to a database of {found.engine}."
        )
    if not migrate.is_known(found.revision):
        raise BackupRefused(
            f"The backup stands at {found.revision}, which this release does not know: it was made by a newer one. Nothing was "
            "written. Install that release, and run this again."
        )
    if store.is_sqlite:
        sqlite.check_place_is_free(sqlite.path_of(settings.database_url))
    else:
        postgresql.check_database_is_empty(store.engine, found.server, found.roles)
    if settings.access_url.startswith("sqlite") and not (path := sqlite.path_of(settings.access_url)).exists():
        sqlite.check_place_is_free(path)


def _bring_files(settings: Settings, kept: Path) -> list[str]:
    """Documents, checkpoint files, access log: what is there already is never written over."""
    said = []
    attachments = Attachments(settings.attachments_folder, settings.attachment_limit_bytes)
    for authority, _, path in folder.documents_in(kept / folder.ATTACHMENTS):
        attachments.put(authority, path.read_bytes())
    for path in sorted((kept / CHECKPOINTS).glob("*.checkpoint")):
        there = settings.checkpoints_folder / path.name
        if not there.exists():
            folder.put_file(there, path.read_bytes())
        elif there.read_bytes() != path.read_bytes():
            said.append(
                f"{there} is not the checkpoint of that number in the backup. It was left: have both looked at by the auditor."
            )
    log = sqlite.path_of(settings.access_url) if settings.access_url.startswith("sqlite") else None
    fallback = settings.var / FALLBACK
    if (kept / ACCESS).exists() and log and not log.exists():
        sqlite.put_database_in_place(kept / ACCESS, log, lambda connection: None)
    elif (kept / ACCESS).exists():
        said.append(_LEFT.format(kept / ACCESS))
    if (kept / FALLBACK).exists() and not fallback.exists():
        folder.put_file(fallback, (kept / FALLBACK).read_bytes())
    elif (kept / FALLBACK).exists():
        said.append(_LEFT.format(kept / FALLBACK))
    return said


_LEFT = "The access log that is in use was left as it is. That of the backup is {}: keep it with the rest."


def _is_back(found: Manifest, now: datetime) -> Sequence[str]:
    challenges = sum(kept.challenges for kept in found.authorities.values())
    return (
        f"The service of {manifest_in_words(found.at)} is back: "
        f"{so_many(len(found.authorities), 'authorities')}, {so_many(challenges, 'challenges')}.",
        f"What was written between then and now ({manifest_in_words(now)}) is not in it. Ask people to write it again.",
        "No mail leaves: the brake is on, for every authority. What waited may have been sent since. An IRO manager looks "
        "through Administration, Outbox, and releases it; then they take the brake off.",
        "For a week a program that sends an Idempotency-Key which is not in the backup is told of the restore: nothing is done "
        "until it says that it knows (docs/running.md).",
        "Everybody signs in again. API tokens, accounts and posts are as they were then: end anew whatever was ended since.",
        *(f"AMISS already when the backup was made: {said}." for said in found.amiss),
    )


def _of_one(service: Service, authority: str, found: Manifest, now: datetime) -> list[str]:
    """What an authority must be told: dates that passed, and what is missing by the newest checkpoint."""
    with service.store.read(authority) as connection:
        dates = after_restore.passed_dates(connection, authority, found.at, now)
    passed = f"{so_many(len(dates), 'dates')} passed since the backup: held when the service starts, for a named release."
    said = [
        f"  {one.reference}: {one.kind.replace('_', ' ')}, due {one.due:%a} {one.due.day} {one.due:%B %Y}, with the "
        f"{one.owner_role.replace('_', ' ')}{'' if one.is_held else ' (not yet acted on: look whether a reply was lost)'}"
        for one in dates
    ]
    return [f"{authority}: {passed if dates else 'no date passed since the backup.'}", *said, *_missing(service, authority)]


def _missing(service: Service, authority: str) -> list[str]:
    paths = files_of(service.settings.checkpoints_folder, authority)[-AT_MOST:]
    public = service.signing.public_key()
    verdict = verify_authority(service, authority, paths, public)
    seen, _ = proven_checkpoints(paths, public)
    if not seen:
        return [*_faults(verdict, set()), f"{authority}: there is no checkpoint, so nobody can say what is missing."]
    newest = max(seen, key=lambda one: one.checkpoint.number)
    with service.store.read(authority) as connection:
        there = contents.timelines_in(connection, authority)
    lost = missing_entries(newest, {id_: entries for id_, (_, entries) in there.items()})
    said = [
        f"  {there[one.challenge][0]}: had {one.then} entries, has {one.now}: missing from entry {one.now + 1}"
        if one.challenge in there
        else f"  challenge {one.challenge}: gone whole, with {one.then} entries"
        for one in lost
    ]
    what = (
        f"these are missing ({so_many(len(lost), 'timelines')}):"
        if lost
        else "nothing is missing. What was written after it, nobody can name."
    )
    by = f"by checkpoint {newest.checkpoint.number} ({manifest_in_words(newest.checkpoint.at)})"
    return [f"{authority}: {by} {what}", *said, *_faults(verdict, {one.challenge for one in lost})]


def _faults(verdict: AuditVerdict, known: set[object]) -> list[str]:
    """What a verification finds beyond what is missing at the end."""
    faults = [fault for fault in verdict.faults if fault.challenge not in known]
    more = len(faults) - AT_FAULT
    said = {
        f"and {so_many(more, 'timelines')} more: run `drp audit verify`.": more > 0,
        "when this was looked through, sign on from there: `drp audit checkpoint --after-restore`.": any(
            "was put back" in said for said in verdict.said
        ),
    }
    return [*verdict.told(faults[:AT_FAULT]), *(f"{verdict.authority}: {line}" for line, is_so in said.items() if is_so)]
