"""Opens a bundle that came from anywhere, with neither database nor key at hand, and says whether it is what was sent."""

import base64
import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drp.items.referrals import BLACK
from drp.proof import bundle as proof
from drp.proof.checkpoint import name_of

LARGEST = 1024**3
"""Bytes that a bundle may have: beyond it nothing is read."""

MOST_FILES = 2_000
LARGEST_JSON, MOST_NESTED, MOST_VALUES = 16 * 1024**2, 100_000, 1_000_000
"""What a bundle's JSON may have in bytes, lists and objects, and values: a record of ten thousand entries has a tenth of it."""

_END_AT_MOST = 22 + 65_535
"""Bytes from the end of a ZIP file within which its directory's end stands."""

MANIFEST, SIGNATURE = "manifest.sha256", "manifest.signature"


class NoBundle(Exception):
    """A file that is no bundle, or no longer the one that was sent. The message names the first thing that is wrong."""


@dataclass(frozen=True)
class OpenedBundle:
    """A bundle that holds: whose, made with which key, and how far its timeline is proven."""

    reference: str
    authority: str
    standing: str
    key: str
    """The name of the key: to be compared with what the authority says it is."""
    files: int
    proven: proof.ProvenTimeline


def open_bundle(file: BinaryIO, key: Ed25519PublicKey | None = None) -> OpenedBundle:
    """Check a bundle whole. Without a `key` it is held against the one that it carries. Raises NoBundle.

    Whatever the file is, it takes little memory and time: nothing is unpacked, documents are read piece by piece, and only what
    is signed is read as JSON.
    """
    try:
        _check_end(file)
        with zipfile.ZipFile(file) as archive:
            return _opened(archive, file, key)
    # All that the library raises for a file that is damaged, encrypted (RuntimeError) or packed in a way that it does not know.
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
    ) as fault:
        raise NoBundle(f"It cannot be opened: it was cut short, altered, or is no ZIP file ({fault}).") from fault


def _check_end(file: BinaryIO) -> None:
    """Raise NoBundle for a directory that no bundle has, before anything of it is read."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_AT_MOST))
    end = file.read()
    at = end.rfind(b"PK\5\6")
    if at < 0 or len(end) - at < 22:
        raise NoBundle("It cannot be opened: it was cut short, or is no ZIP file.")
    entries, directory = struct.unpack("<HI", end[at + 10 : at + 16])
    if entries > MOST_FILES or directory > MOST_FILES * 512 or size > LARGEST:
        raise NoBundle("It holds more than any bundle does.")


def _opened(archive: zipfile.ZipFile, file: BinaryIO, key: Ed25519PublicKey | None) -> OpenedBundle:
    listed = archive.infolist()
    names = [one.filename for one in listed]
    if len(set(names)) != len(names):
        raise NoBundle("It holds two files of one name.")
    if any(one.compress_type != zipfile.ZIP_STORED for one in listed):
        raise NoBundle("It was packed anew: this service packs nothing smaller. Check the file as it came.")
    if sum(one.file_size for one in listed) > file.seek(0, 2):
        raise NoBundle("It says that it holds more than it does.")
    for name in (MANIFEST, SIGNATURE, "proof.json", "referral.json", "public-key.txt"):
        if name not in names:
            raise NoBundle(f"It holds no {name}: it is no bundle of this service, or a part of it was taken out.")
    manifest = _text(archive, MANIFEST, MOST_FILES * 512)
    signer = key or _carried(_text(archive, "public-key.txt", 1024))
    try:
        signer.verify(base64.b64decode(_text(archive, SIGNATURE, 1024).strip(), validate=True), manifest)
    except (InvalidSignature, ValueError):
        raise NoBundle(f"The key {name_of(signer)} did not sign what is in it: it was altered, or is another's.") from None
    check_manifest(manifest, {name: partial(_digest, archive, name) for name in names})
    try:
        proven = proof.check_proof(_json(archive, "proof.json").decode(), signer)
        contents = json.loads(_json(archive, "referral.json"))
        altered = proof.first_altered(proven, contents["chronology"], BLACK)
        found = OpenedBundle(
            contents["reference"], contents["authority"], contents["standing"], name_of(signer), len(names), proven
        )
    except proof.NotProven as fault:
        raise NoBundle(str(fault)) from fault
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise NoBundle(f"What it says cannot be read: {fault}.") from fault
    if altered or found.reference != proven.reference:
        raise NoBundle(f"What it says is not what it proves: {altered or 'the reference is another'}.")
    return found


def _text(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """One small file whole. Raises NoBundle where it is larger than it ever is."""
    if archive.getinfo(name).file_size > most:
        raise NoBundle(f"{name} is larger than it ever is.")
    return archive.read(name)


def _json(archive: zipfile.ZipFile, name: str) -> bytes:
    """A file of JSON. Raises NoBundle where it would fill the memory: by its bytes, or by how many values it holds."""
    octets = _text(archive, name, LARGEST_JSON)
    if octets.count(b"[") + octets.count(b"{") > MOST_NESTED or octets.count(b",") + octets.count(b":") > MOST_VALUES:
        raise NoBundle(f"{name} holds more than any bundle says.")
    return octets


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    """A file's SHA-256, read piece by piece."""
    found = hashlib.sha256()
    with archive.open(name) as part:
        while piece := part.read(1 << 20):
            found.update(piece)
    return found.hexdigest()


def _carried(text: bytes) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(text.decode("ascii").strip()))
    except ValueError as fault:
        raise NoBundle("The key that it carries is none.") from fault


def check_manifest(manifest: bytes, files: Mapping[str, Callable[[], str]]) -> None:
    """Raise NoBundle unless the files, each with what gives its SHA-256, are exactly those that the manifest lists."""
    lines = (line.partition("  ") for line in manifest.decode("utf-8").splitlines())
    listed = {name: digest for digest, _, name in lines}
    here = set(files) - {MANIFEST, SIGNATURE}
    if gone := sorted(set(listed) - here):
        raise NoBundle(f"{gone[0]} was taken out.")
    if more := sorted(here - set(listed)):
        raise NoBundle(f"{more[0]} was put in.")
    for name in sorted(here):
        if files[name]() != listed[name]:
            raise NoBundle(f"{name} was altered.")
