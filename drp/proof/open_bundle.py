"""Opens a bundle that came from anywhere, with neither database nor key at hand, and says whether it is what was sent."""

import base64
import hashlib
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drp.items.referrals import BLACK
from drp.proof import bundle as proof
from drp.proof.checkpoint import name_of

LARGEST = 1024**3
"""Bytes that a bundle may hold when it is unpacked: beyond it nothing is read."""

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


def open_bundle(octets: bytes, key: Ed25519PublicKey | None = None) -> OpenedBundle:
    """Check a bundle whole. Without a `key` it is held against the one that it carries. Raises NoBundle."""
    files = _unpacked(octets)
    for name in (MANIFEST, SIGNATURE, "proof.json", "referral.json", "public-key.txt"):
        if name not in files:
            raise NoBundle(f"It holds no {name}: it is no bundle of this service, or a part of it was taken out.")
    signer = key or _carried(files)
    try:
        signer.verify(base64.b64decode(files[SIGNATURE].strip(), validate=True), files[MANIFEST])
    except (InvalidSignature, ValueError):
        raise NoBundle(f"The key {name_of(signer)} did not sign what is in it: it was altered, or is another's.") from None
    try:
        check_manifest(files)
        proven = proof.check_proof(files["proof.json"].decode(), signer)
        contents = json.loads(files["referral.json"])
        altered = proof.first_altered(proven, contents["chronology"], BLACK)
        found = OpenedBundle(
            contents["reference"], contents["authority"], contents["standing"], name_of(signer), len(files), proven
        )
    except proof.NotProven as fault:
        raise NoBundle(str(fault)) from fault
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise NoBundle(f"What it says cannot be read: {fault}.") from fault
    if altered or found.reference != proven.reference:
        raise NoBundle(f"What it says is not what it proves: {altered or 'the reference is another'}.")
    return found


def _unpacked(octets: bytes) -> Mapping[str, bytes]:
    try:
        with zipfile.ZipFile(BytesIO(octets)) as archive:
            listed = archive.infolist()
            names = [file.filename for file in listed]
            if len(set(names)) != len(names):
                raise NoBundle("It holds two files of one name.")
            if sum(file.file_size for file in listed) > LARGEST:
                raise NoBundle("It is larger than any bundle.")
            return {file.filename: archive.read(file) for file in listed}
    # All that the library raises for a file that is damaged, encrypted (RuntimeError) or packed in a way that it does not know.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError) as fault:
        raise NoBundle(f"It cannot be opened: it was cut short, altered, or is no ZIP file ({fault}).") from fault


def _carried(files: Mapping[str, bytes]) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(files["public-key.txt"].decode("ascii").strip()))
    except ValueError as fault:
        raise NoBundle("The key that it carries is none.") from fault


def check_manifest(files: Mapping[str, bytes]) -> None:
    """Raise NoBundle unless the files are exactly those that the manifest lists, byte for byte."""
    lines = (line.partition("  ") for line in files[MANIFEST].decode("utf-8").splitlines())
    listed = {name: digest for digest, _, name in lines}
    here = set(files) - {MANIFEST, SIGNATURE}
    if gone := sorted(set(listed) - here):
        raise NoBundle(f"{gone[0]} was taken out.")
    if more := sorted(here - set(listed)):
        raise NoBundle(f"{more[0]} was put in.")
    for name in sorted(here):
        if hashlib.sha256(files[name]).hexdigest() != listed[name]:
            raise NoBundle(f"{name} was altered.")
