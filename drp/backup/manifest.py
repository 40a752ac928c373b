"""The manifest of a backup: what is in it, byte for byte, signed; and the check of a backup against it."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from drp.timeline.chain import ChainKey

MANIFEST, SIGNATURE = "manifest.json", "manifest.signature"


class BackupRefused(Exception):
    """A backup or a restore that was not done. The message says what happened, what it means, and what to do."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BackedUpFile(_Value):
    """One file of a backup."""

    sha256: str
    size: int


class BackedUpAuthority(_Value):
    """One authority in a backup: the number of its last checkpoint (0: none), and how many challenges it has."""

    checkpoint: int
    challenges: int


class KeyNames(_Value):
    """The names of the keys without which what is in a backup cannot be proved. The keys themselves are never in it."""

    chain: str
    signing: str


class Manifest(_Value):
    """What a backup holds. `at` is a moment just before the database was read: all that was acknowledged by then is in it."""

    format: Literal["drp backup 1"] = "drp backup 1"
    at: AwareDatetime
    engine: Literal["sqlite", "postgresql"]
    server: int
    """The major version of the PostgreSQL server; 0 for SQLite."""
    roles: tuple[str, ...]
    """Roles that have rights on the tables, and must exist where they are brought back."""
    revision: str
    authorities: Mapping[str, BackedUpAuthority]
    rows: Mapping[str, Mapping[str, int]]
    """How many rows of each table each file of the database holds."""
    keys: KeyNames
    amiss: tuple[str, ...]
    """Attached documents that were missing or altered already when the backup was made."""
    files: Mapping[str, BackedUpFile]


def name_of_chain(key: ChainKey) -> str:
    """A name for the chain's key that gives nothing of it away: the key has 256 random bits."""
    return hashlib.sha256(b"drp chain key\0" + key.secret).hexdigest()[:16]


def hash_file(path: Path) -> BackedUpFile:
    """The digest and the size of a file."""
    with path.open("rb") as file:
        return BackedUpFile(sha256=hashlib.file_digest(file, "sha256").hexdigest(), size=path.stat().st_size)


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file of a backup but the manifest and its signature, by its name in the manifest."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or (not path.is_dir() and name not in (MANIFEST, SIGNATURE)):
            yield name, path


def signature_of(text: bytes, key: Ed25519PrivateKey) -> bytes:
    """What stands beside the manifest."""
    return base64.b64encode(key.sign(text)) + b"\n"


def read_manifest(folder: Path) -> tuple[Manifest, bytes]:
    """The manifest of a backup, and its own bytes. Raises BackupRefused."""
    try:
        text = (folder / MANIFEST).read_bytes()
    except OSError as fault:
        raise BackupRefused(
            f"{folder / MANIFEST} cannot be read ({fault.strerror}): {folder} is no backup, or was not finished. "
            "Nothing was written. Name the folder that `drp backup --out` made."
        ) from fault
    try:
        return Manifest.model_validate_json(text), text
    except ValidationError as fault:
        raise _not_as_written(MANIFEST, "it is cut short, altered, or of another release") from fault


def check_manifest_files(folder: Path, manifest: Manifest, text: bytes, key: Ed25519PublicKey | None) -> None:
    """Raise BackupRefused unless a backup is byte for byte what was written. Without a key its signature is not checked."""
    if key is not None:
        try:
            key.verify(base64.b64decode((folder / SIGNATURE).read_bytes(), validate=False), text)
        except (OSError, ValueError, InvalidSignature) as fault:
            raise _not_as_written(MANIFEST, "our key did not sign it as it stands, or its signature is gone") from fault
    found = dict(files_in(folder))
    for name, kept in sorted(manifest.files.items()):
        if name not in found:
            raise _not_as_written(name, "it is missing")
        if found[name].is_symlink():
            raise _not_as_written(name, "it is a link to somewhere else")
        size = found[name].stat().st_size
        if size != kept.size:
            raise _not_as_written(name, f"it has {size} bytes and had {kept.size}")
        if hash_file(found[name]) != kept:
            raise _not_as_written(name, "it was altered")
    if more := sorted(found.keys() - manifest.files.keys()):
        raise _not_as_written(more[0], "it was put in")


def _not_as_written(name: str, why: str) -> BackupRefused:
    return BackupRefused(
        f"The backup is not as it was written: {name}: {why}. Nothing was brought back. "
        "Use another copy of this backup, or another backup."
    )


def manifest_in_words(moment: datetime) -> str:
    """A moment as an operator reads it."""
    return f"{moment:%a} {moment.day} {moment:%B %Y, %H:%M:%S} UTC"
