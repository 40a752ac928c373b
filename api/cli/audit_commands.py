"""`drp audit …`: checkpoints of every timeline, and whether all of them still hold."""

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.assembly import Service
from api.cli.declare import end
from api.jobs.checkpoints import (
    CheckpointsPutBack,
    leave_checkpoint,
    newest_files,
    replay_authority,
    verify_authority,
    verify_by_own_keys,
)
from drp.proof.checkpoint import name_of
from drp.proof.take_checkpoint import TimelineBroken


def print_public_key(service: Service) -> None:
    """Print the public half of the key that signs checkpoints, and its name."""
    public = service.signing.public_key()
    print(f"{public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()}  (its name: {name_of(public)})")


def take_checkpoints(service: Service, after_restore: bool) -> int:
    """Take a checkpoint of every authority. Returns 1 where one was refused."""
    broken = False
    for authority in service.store.authorities():
        try:
            taken = leave_checkpoint(service, authority, after_restore)
        except (TimelineBroken, CheckpointsPutBack, OSError) as fault:
            broken = True
            print(f"{fault}. Nothing was signed: run `drp audit verify`." if isinstance(fault, TimelineBroken) else fault)
            continue
        number = f"checkpoint {taken.checkpoint.number} of {taken.checkpoint.size} timelines" if taken else "nothing is new"
        print(f"{authority}: {number}")
    return int(broken)


def verify_timelines(service: Service, checkpoints: Sequence[Path] | None, public_key: str) -> int:
    """Hold every timeline against its chain and the newest checkpoints. Returns 1 if anything is wrong."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)) if public_key else None
    except ValueError:
        end("That is no public key. Copy the 64 hex digits that `drp audit key` shows.")
    clean, folders = True, checkpoints or [service.settings.checkpoints_folder]
    for authority in service.store.authorities():
        found = (
            verify_authority(service, authority, newest_files(folders, authority), key or service.signing.public_key())
            if key or checkpoints
            else verify_by_own_keys(service, authority)
        )
        clean &= found.is_clean
        for said in found.told(found.faults):
            print(said)
        against = f"checkpoint {found.against[-1]}" if found.against else "no checkpoint: a cut tail would not be found"
        print(f"{authority}: {'every timeline holds' if found.is_clean else 'NOT AS IT WAS'}, against {against}")
    return int(not clean)


def replay_timelines(service: Service) -> int:
    """Decide every challenge again from its own events. Returns 1 where one differs."""
    clean = True
    for authority in service.store.authorities():
        count, found = replay_authority(service, authority)
        clean &= not found
        for one in found:
            print(f"{authority} {one.reference}: {one.said}")
        print(f"{authority}: {count - len(found)} of {count} are what their events decide")
    return int(not clean)
