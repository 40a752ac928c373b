"""A backup's folder: made under another name, on the disk before it has its own; the attached documents in it."""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from drp.backup.manifest import BackupRefused
from drp.items.attachments import sync_folder

_DIGEST = re.compile(r"[0-9a-f]{64}")
ATTACHMENTS = "attachments"


@contextmanager
def made_folder(folder: Path) -> Iterator[Path]:
    """Give a folder to fill. It gets its name once it is whole; if that fails it is removed. Raises BackupRefused."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupRefused(f"{folder} is not an empty folder, and no backup is written over anything. Give --out another name.")
    part = folder.with_name(f"{folder.name}.part")
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        part.mkdir(mode=0o700)
    except FileExistsError:
        raise BackupRefused(
            f"{part} is there: another backup is being made, or one was cut off and is of no use. "
            "No backup was made. If none is running, remove that folder and run this again."
        ) from None
    try:
        yield part
        for path in (path for path in (*part.rglob("*"), part) if path.is_dir()):
            sync_folder(path)
        os.replace(part, folder)
        sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def put_file(path: Path, octets: bytes) -> None:
    """Write a file of a backup, readable by us alone, and see it to the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())


def sync_file(path: Path) -> None:
    """See a file to the disk, readable by us alone."""
    path.chmod(0o600)
    with path.open("rb") as file:
        os.fsync(file.fileno())


def documents_in(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """List every attached document of a folder of attachments: authority, digest, path. Unfinished files are skipped."""
    for path in sorted(folder.glob("*/*/*")):
        authority, two, digest = path.relative_to(folder).parts
        if _DIGEST.fullmatch(digest) and digest[:2] == two:
            yield authority, digest, path


def keep_documents(source: Path, part: Path, known: frozenset[tuple[str, str]]) -> tuple[int, tuple[str, ...]]:
    """Copy every document whose bytes match its digest. Gives how many, and a line for each that is altered or missing."""
    kept: set[tuple[str, str]] = set()
    amiss: list[str] = []
    for authority, digest, path in documents_in(source):
        octets = b"" if path.is_symlink() else path.read_bytes()
        if hashlib.sha256(octets).hexdigest() == digest:
            put_file(part / ATTACHMENTS / authority / digest[:2] / digest, octets)
            kept.add((authority, digest))
        else:
            amiss.append(f"{path}: altered since it was attached")
    gone = (source / authority / digest[:2] / digest for authority, digest in sorted(known - kept))
    amiss += [f"{path}: missing, though an item has it" for path in gone if not path.exists()]
    return len(kept), tuple(amiss)
