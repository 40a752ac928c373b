"""Attached documents, kept by digest in a folder: written whole or not at all, and proved again whenever one is read."""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from sqlalchemy import Connection
from sqlmodel import col

from drp.casework.preconditions import Precondition
from drp.casework.retry_keys import Answer, RetryKey
from drp.casework.service import ActionResult, Casework, ResponseBuilder
from drp.database.challenge_tables import EntryRow
from drp.database.scope import select_of
from drp.database.unavailable import Unavailable
from drp.files.accepting import accept_document
from drp.files.names import content_disposition
from drp.identity.principal import Principal
from workflows.model.events import DocumentAttached, MediaType

AUTHORITY_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
"""What an authority's key looks like: nothing else becomes the name of a folder."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


class NotAsAttached(Exception):
    """A document is missing from its folder, or is no longer what was attached: said plainly, never shown instead."""

    def __init__(self, said: str) -> None:
        self.said = said
        self.do = "Tell whoever runs the service: the folder of attachments must be restored from its copy."
        super().__init__(said)


@dataclass(frozen=True)
class StoredDocument:
    """A document that is safely on the disk."""

    digest: str
    size: int


@dataclass(frozen=True)
class DocumentToHandOut:
    """A document to hand out, with the value of its Content-Disposition."""

    octets: bytes
    media_type: MediaType
    disposition: str


class Attachments:
    """The folder of one service: <authority>/<first two of the digest>/<digest>. No path holds anything a user gave."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self.limit = folder, limit

    def put(self, authority: str, octets: bytes) -> StoredDocument:
        """Keep these bytes, once; when this returns they survive a power cut. Raises Unavailable if the disk takes them not."""
        digest = hashlib.sha256(octets).hexdigest()
        path = self._path(authority, digest)
        try:
            for folder in (self._folder, path.parent.parent, path.parent):
                folder.mkdir(mode=0o700, parents=folder == self._folder, exist_ok=True)
            if not _holds(path, octets):
                write_whole(path, octets)
            # Also where another wrote it a moment ago, and its name may not be on the disk yet.
            for folder in (path.parent, path.parent.parent, self._folder, self._folder.parent):
                sync_folder(folder)
        except OSError as error:
            raise Unavailable(f"an attached document cannot be kept: {error.strerror}") from error
        return StoredDocument(digest, len(octets))

    def get(self, authority: str, digest: str, size: int | None = None) -> bytes:
        """The bytes of a document, proved against its digest. Raises NotAsAttached, or Unavailable if the disk fails."""
        if not _DIGEST.fullmatch(digest):
            raise NotAsAttached("This document's digest is not one.")
        try:
            octets = _read(self._path(authority, digest), size)
        except FileNotFoundError:
            raise NotAsAttached("This document is missing from where it was kept.") from None
        except OSError as error:
            raise Unavailable(f"an attached document cannot be read: {error.strerror}") from error
        if octets is None or hashlib.sha256(octets).hexdigest() != digest:
            raise NotAsAttached("This document is no longer what was attached: the file has been altered.")
        return octets

    def is_empty(self, authority: str) -> bool:
        """Was no document of an authority ever kept in this folder? It may also be that its volume is not mounted."""
        try:
            return not any((self._folder / authority).iterdir())
        except OSError:
            return True

    def erase(self, authority: str, digest: str) -> None:
        """Take a document out for good: lawful erasure, once no entry of another record names it. Harmless to repeat."""
        if _DIGEST.fullmatch(digest):
            self._path(authority, digest).unlink(missing_ok=True)

    def open(self, authority: str, facts: Mapping[str, Any], name: str) -> DocumentToHandOut:
        """The document of a timeline entry that the person may read (its facts, and its word `name`)."""
        kind: MediaType | None = next((known for known in get_args(MediaType) if known == facts.get("media_type")), None)
        if kind is None:
            raise NotAsAttached("This entry names a kind of document that is not kept.")
        return DocumentToHandOut(
            self.get(authority, str(facts.get("digest")), facts.get("size")), kind, content_disposition(name, kind)
        )

    def _path(self, authority: str, digest: str) -> Path:
        if not AUTHORITY_KEY.fullmatch(authority):
            raise ValueError("not the key of an authority")
        return self._folder / authority / digest[:2] / digest


def attach_file(
    casework: Casework, attachments: Attachments, signed: Principal, reference: str, octets: bytes, claimed: str, now: datetime,
    render: ResponseBuilder, *, about: str = "", iro_service_only: bool = False, key: str = "", if_match: str = "",
) -> Answer:  # fmt: skip
    """Attach a file to an item, as one act. Raises what `Casework.act` raises, and Unfit for a file that is not taken.

    The file is on the disk before its entry is committed, and only after the entry was allowed: no entry is ever without
    its file, and whoever may not attach leaves nothing behind. If the commit then fails, the file lies there harmlessly.
    """
    accepted = accept_document(octets, claimed, attachments.limit)
    event = DocumentAttached(
        accepted.digest, accepted.media_type, accepted.size, accepted.name, " ".join(about.split()), iro_service_only
    )

    def kept(connection: Connection, done: ActionResult) -> Answer:
        if are_documents_missing(connection, attachments, signed.authority, besides=1):
            raise Unavailable("the folder of attached documents is not the one that held those of before")
        attachments.put(signed.authority, accepted.octets)
        return render(connection, done)

    body = repr(("attach", reference.upper(), event)).encode("utf-8", "backslashreplace")
    retry = RetryKey(key, hashlib.sha256(body).hexdigest())
    return casework.act(signed, reference, event, now, kept, retry, Precondition(if_match))


def are_documents_missing(connection: Connection, attachments: Attachments, authority: str, besides: int = 0) -> bool:
    """Is an authority's folder of documents empty, though more are attached than `besides`, which are being put there now?"""
    if not attachments.is_empty(authority):
        return False
    attached = select_of(EntryRow, authority, EntryRow.number).where(col(EntryRow.kind) == "document_attached")
    return len(connection.execute(attached.limit(besides + 1)).all()) > besides


def _holds(path: Path, octets: bytes) -> bool:
    try:
        return _read(path, len(octets)) == octets
    except FileNotFoundError:
        return False


def _read(path: Path, size: int | None) -> bytes | None:
    """What a plain file holds; None if it is something else, or of another size."""
    if path.is_symlink():
        return None
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or (size is not None and found.st_size != size):
            return None
        return file.read()


def write_whole(path: Path, octets: bytes) -> None:
    """Write a file under another name (mode 0600), sync it, then rename it: a reader finds the whole file or none.

    Raises OSError; then nothing is left of it.
    """
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".incoming-")
    try:
        with open(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def sync_folder(folder: Path) -> None:
    """See the names in a folder to the disk. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
