"""Checkpoints leave the database here, and are held against it: `drp audit`, and the heartbeat's witness."""

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from api.assembly import Service
from drp.proof import checkpoint as proof
from drp.proof.replay_store import ReplayFault, replay_faults
from drp.proof.take_checkpoint import (
    TakenCheckpoint,
    Unsigned,
    last_checkpoint,
    standing_at_last,
    stored_checkpoints,
    take_checkpoint,
)
from drp.proof.verdicts import claim_verification, note_checked, note_verified
from drp.proof.verify import SeenCheckpoint, TimelineFault, check_order, seen_checkpoint, timeline_faults
from workflows.calendar.working_days import local_date, local_midnight_after

NOT_BEFORE = timedelta(hours=1)
"""How long after local midnight the night's verification begins: who came and went with the day comes first."""

AT_MOST = 10
"""Checkpoint files that a whole verification reads, the newest: each more narrows where a timeline was written anew."""


@dataclass(frozen=True)
class AuditVerdict:
    """What a verification of one authority found. `against`: the numbers of the checkpoints that it was held against."""

    authority: str
    against: tuple[int, ...]
    faults: tuple[TimelineFault, ...]
    said: tuple[str, ...]
    """What is wrong with the checkpoints themselves, or with the database as a whole."""

    @property
    def is_clean(self) -> bool:
        """Nothing at all was found."""
        return not self.faults and not self.said

    def told(self, faults: Sequence[TimelineFault]) -> list[str]:
        """What is to be said of the checkpoints and of some faults, a line each."""
        lines = [f"{self.authority}: {said}" for said in self.said]
        return [*lines, *(f"{self.authority} {one.reference or one.challenge}: {one.said}" for one in faults)]


class CheckpointsPutBack(Unsigned):
    """The folder has checkpoints that the database does not know: none is signed under a number that was given out already."""

    def __init__(self, authority: str, known: int, newest: Path, why: str = "") -> None:
        super().__init__(
            f"{authority}: the database knows of {known or 'no'} checkpoints, and {newest.name} was taken from it: an older "
            "state was put back. Nothing was signed, for a number would have two histories. "
            + (
                why
                or "See by `drp audit verify` what is missing; then sign on from there: `drp audit checkpoint --after-restore`."
            )
        )


class TwoServicesSign(CheckpointsPutBack):
    """The folder has another checkpoint of a number that this database signed: a second service signs, or signed, beside it."""

    def __init__(self, authority: str, file: Path, number: int) -> None:
        Unsigned.__init__(
            self,
            f"{authority}: {file} is another checkpoint {number} than this database signed: two services sign, as after one "
            "backup was brought back twice. Nothing more was signed. Stop the one that is not to go on, move what it wrote "
            "aside for the auditor, and run `drp audit verify`.",
        )


def leave_checkpoint(service: Service, authority: str, after_restore: bool = False) -> TakenCheckpoint | None:
    """Take a checkpoint, where anything was written since the last one, and let it leave the database.

    Where the folder has a newer one than the database knows, the database was put back, and would give its number out again
    with other content. That is refused (PutBack), until somebody who has seen what is missing says `after_restore`: then
    the next follows the newest in the folder. Where it has another
    of the number that was signed last, a second service signs (TwoServicesSign). Raises Broken, OSError too. A checkpoint whose
    file could not be written is written at the next turn.
    """
    folder = service.settings.checkpoints_folder
    now = service.clock()
    newest = next(reversed(files_of(folder, authority)), None)  # before the database: a file is always the later of the two
    try:
        with service.store.write(authority) as connection:
            before = last_checkpoint(connection, authority)
            follows = None
            if newest is not None and number_of(newest) > (known := before.number if before else 0):
                if not after_restore:
                    raise CheckpointsPutBack(authority, known, newest)
                follows = _ours(service, authority, known, newest)
            if before and is_anothers(_file(folder, before), before):
                raise TwoServicesSign(authority, _file(folder, before), before.number)
            if before and not _file(folder, before).exists():
                # While the lines under it are still known: after the next one they would be those of the next.
                write_checkpoint_file(folder, TakenCheckpoint(before, standing_at_last(connection, authority)))
            taken = take_checkpoint(connection, authority, now, service.signing, follows)
            note_checked(connection, authority, now, "")
    except Unsigned as fault:
        with service.store.write(authority) as connection:
            note_checked(connection, authority, now, str(fault))
        raise
    if taken:
        write_checkpoint_file(folder, taken)
    return taken


def is_anothers(file: Path, ours: proof.Checkpoint) -> bool:
    """Does a file hold another checkpoint than ours of its number? A file that is none, or is not there, is nobody's."""
    try:
        return proof.tree_head_of(file.read_text(encoding="ascii")).mark != ours.mark
    except (proof.NoCheckpoint, OSError, UnicodeDecodeError):
        return False


def _ours(service: Service, authority: str, known: int, newest: Path) -> proof.Checkpoint:
    """The newest checkpoint of the folder, proven. Raises PutBack where it is not what we signed."""
    seen, said = proven_checkpoints([newest], service.signing.public_key())
    if not seen or seen[0].checkpoint.authority != authority or seen[0].checkpoint.number != number_of(newest):
        why = said[0] if said else f"{newest.name} is of another authority or number."
        raise CheckpointsPutBack(
            authority, known, newest, f"It cannot be followed: {why} Move aside what our key did not sign; run this again."
        )
    return seen[0].checkpoint


def write_checkpoint_file(folder: Path, taken: TakenCheckpoint) -> Path:
    """Write a checkpoint's file, whole or not at all. Raises FileExistsError where another stands there: it stays."""
    folder.mkdir(parents=True, exist_ok=True)
    path, text = _file(folder, taken.checkpoint), proof.checkpoint_file(taken.checkpoint, taken.standings)
    if path.exists() and path.read_bytes() != text.encode("ascii"):
        raise FileExistsError(
            errno.EEXIST, f"another checkpoint {taken.checkpoint.number} stands there and is left: move it aside", str(path)
        )
    part = path.with_suffix(".part")
    part.write_text(text, encoding="ascii")
    part.replace(path)
    return path


def _file(folder: Path, checkpoint: proof.Checkpoint) -> Path:
    return folder / f"{checkpoint.authority}-{checkpoint.number:06}.checkpoint"


def number_of(path: Path) -> int:
    """The number of a checkpoint, by its file's name."""
    return int(path.stem.rpartition("-")[2])


def files_of(folder: Path, authority: str) -> list[Path]:
    """An authority's checkpoint files, oldest first."""
    found = (path for path in folder.glob(f"{authority}-*.checkpoint") if path.stem.removeprefix(f"{authority}-").isdigit())
    return sorted(found, key=number_of)


def newest_files(folders: Sequence[Path], authority: str) -> list[Path]:
    """The newest checkpoint files of an authority in each of some folders: what a whole verification reads."""
    return [path for folder in folders for path in files_of(folder, authority)[-AT_MOST:]]


def proven_checkpoints(paths: Sequence[Path], *keys: Ed25519PublicKey) -> tuple[list[SeenCheckpoint], list[str]]:
    """The checkpoints of some files that one of these keys signed, and what is wrong with the others."""
    said: list[str] = []
    checkpoints: list[SeenCheckpoint] = []
    for path in paths:
        try:
            text = path.read_text(encoding="ascii")
            signer = proof.tree_head_of(text).signer
            key = next((one for one in keys if proof.name_of(one) == signer), keys[-1])
            checkpoints.append(seen_checkpoint(proof.read_checkpoint(text, key)))
        except (proof.NoCheckpoint, OSError, UnicodeDecodeError) as fault:
            said.append(f"{path.name}: {fault}")
    return checkpoints, said


def verify_authority(service: Service, authority: str, paths: Sequence[Path], *keys: Ed25519PublicKey) -> AuditVerdict:
    """Hold every timeline of an authority against its chain, and against checkpoints that had left the database; and what
    is kept beside them (the challenge, its windows and who is asked, its line in the register) against what they decide."""
    checkpoints, said = proven_checkpoints(paths, *keys)
    try:
        checkpoints = list(check_order(checkpoints, authority))
    except proof.NoCheckpoint as fault:
        said.append(str(fault))
        checkpoints = checkpoints[-1:]
    with service.store.snapshot(authority) as connection:
        known = last_checkpoint(connection, authority)
        if checkpoints and (known is None or known.number < checkpoints[-1].checkpoint.number):
            said.append(
                f"The database was put back: it knows of {known.number if known else 'no'} checkpoints, "
                f"and checkpoint {checkpoints[-1].checkpoint.number} was taken from it."
            )
        said += _signed_elsewhere(connection, authority, checkpoints)
        found = tuple(timeline_faults(connection, authority, service.casework.keeper.keys, checkpoints))
        altered = {one.challenge for one in found}
        decided = (one for one in replay_faults(connection, authority, service.casework.procedures) if one is not None)
        found += tuple(TimelineFault(one.challenge, one.reference, one.said) for one in decided if one.challenge not in altered)
    return AuditVerdict(authority, tuple(one.checkpoint.number for one in checkpoints), found, tuple(said))


def _signed_elsewhere(connection: Connection, authority: str, checkpoints: Sequence[SeenCheckpoint]) -> list[str]:
    """The checkpoints that our key signed and not from this database, by what it knows under their numbers."""
    ours = stored_checkpoints(connection, authority, (one.checkpoint.number for one in checkpoints))
    return [
        f"Checkpoint {number} is not the one that this database signed: two services sign, as after one backup was brought back "
        "twice. Stop the one that is not to go on."
        for number, mark in ((one.checkpoint.number, one.checkpoint.mark) for one in checkpoints)
        if number in ours and ours[number].mark != mark
    ]


def verify_by_own_keys(service: Service, authority: str) -> AuditVerdict:
    """Verify an authority against the service's own newest checkpoints and keys, and keep for health what was found."""
    paths = newest_files([service.settings.checkpoints_folder], authority)
    verdict = verify_authority(service, authority, paths, *(key.public_key() for key in service.keys.signing))
    first = next(iter(verdict.told(verdict.faults)), "")
    with service.store.write(authority) as connection:
        note_verified(connection, authority, service.clock(), first)
    return verdict


def verify_by_night(service: Service, authority: str) -> AuditVerdict | None:
    """Verify an authority once a local day, from one in the morning on; None where it is too early or a replica has begun."""
    now = service.clock()
    if now < local_midnight_after(local_date(now) - timedelta(days=1)) + NOT_BEFORE:
        return None
    with service.store.write(authority) as connection:
        if not claim_verification(connection, authority, local_date(now)):
            return None
    return verify_by_own_keys(service, authority)


def replay_authority(service: Service, authority: str) -> tuple[int, tuple[ReplayFault, ...]]:
    """Decide every challenge again: how many there are, and those that are not what their events decide."""
    with service.store.snapshot(authority) as connection:
        every = list(replay_faults(connection, authority, service.casework.procedures))
    return len(every), tuple(one for one in every if one is not None)
