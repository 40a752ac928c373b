"""Checkpoints leave the database here, and are held against it: `drp audit`, and the heartbeat's witness."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from api.assembly import Service
from drp.proof import checkpoint as proof
from drp.proof.replaying import Parted, parted
from drp.proof.taking import Broken, Taken, last, noted, standing_at_last, take
from drp.proof.verifying import Fault, Seen, check_order, faults, seen

AT_MOST = 10
"""Checkpoint files that a whole verification reads, the newest: each more narrows where a timeline was written anew."""


@dataclass(frozen=True)
class Verdict:
    """What a verification of one authority found. `against`: the numbers of the checkpoints that it was held against."""

    authority: str
    against: tuple[int, ...]
    faults: tuple[Fault, ...]
    said: tuple[str, ...]
    """What is wrong with the checkpoints themselves, or with the database as a whole."""

    @property
    def is_clean(self) -> bool:
        """Nothing at all was found."""
        return not self.faults and not self.said


def witness(service: Service, authority: str) -> Taken | None:
    """Take a checkpoint, where anything was written since the last one, and let it leave the database.

    Raises Broken, OSError. A checkpoint whose file could not be written is written at the next turn.
    """
    folder = service.settings.checkpoints_folder
    now = service.clock()
    try:
        with service.store.write(authority) as connection:
            before = last(connection, authority)
            if before and not _file(folder, before).exists():
                # While the lines under it are still known: after the next one they would be those of the next.
                leave(folder, Taken(before, standing_at_last(connection, authority)))
            taken = take(connection, authority, now, service.signing)
            noted(connection, authority, now, "")
    except Broken as fault:
        with service.store.write(authority) as connection:
            noted(connection, authority, now, str(fault))
        raise
    if taken:
        leave(folder, taken)
    return taken


def leave(folder: Path, taken: Taken) -> Path:
    """Write a checkpoint's file, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    path = _file(folder, taken.checkpoint)
    part = path.with_suffix(".part")
    part.write_text(proof.written(taken.checkpoint, taken.standings), encoding="ascii")
    part.replace(path)
    return path


def _file(folder: Path, checkpoint: proof.Checkpoint) -> Path:
    return folder / f"{checkpoint.authority}-{checkpoint.number:06}.checkpoint"


def files_of(folder: Path, authority: str) -> list[Path]:
    """An authority's checkpoint files, oldest first."""
    return sorted(path for path in folder.glob(f"{authority}-*.checkpoint") if path.stem.removeprefix(f"{authority}-").isdigit())


def verify(service: Service, authority: str, paths: Sequence[Path], key: Ed25519PublicKey) -> Verdict:
    """Hold every timeline of an authority against its chain, and against checkpoints that had left the database."""
    said: list[str] = []
    checkpoints: list[Seen] = []
    for path in paths:
        try:
            checkpoints.append(seen(proof.read(path.read_text(encoding="ascii"), key)))
        except (proof.NoCheckpoint, OSError, UnicodeDecodeError) as fault:
            said.append(f"{path.name}: {fault}")
    try:
        checkpoints = list(check_order(checkpoints, authority))
    except proof.NoCheckpoint as fault:
        said.append(str(fault))
        checkpoints = checkpoints[-1:]
    chain = service.casework.keeper.key
    with service.store.snapshot(authority) as connection:
        known = last(connection, authority)
        if checkpoints and (known is None or known.number < checkpoints[-1].checkpoint.number):
            said.append(
                f"The database was put back: it knows of {known.number if known else 'no'} checkpoints, "
                f"and checkpoint {checkpoints[-1].checkpoint.number} was taken from it."
            )
        found = tuple(faults(connection, authority, {chain.id: chain}, checkpoints))
    return Verdict(authority, tuple(one.checkpoint.number for one in checkpoints), found, tuple(said))


def replayed(service: Service, authority: str) -> tuple[int, tuple[Parted, ...]]:
    """Decide every challenge again: how many there are, and those that are not what their events decide."""
    with service.store.snapshot(authority) as connection:
        every = list(parted(connection, authority, service.casework.procedures))
    return len(every), tuple(one for one in every if one is not None)
