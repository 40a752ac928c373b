"""`drp verify` on whatever anybody sends: within 200 MB and two seconds, and a line that says what it is."""

import base64
import hashlib
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drp.proof.open_bundle import LARGEST_JSON, NoBundle
from tests.referral.matter import opened_bundle

MOST_SECONDS, MOST_MB = 2.0, 200
MEG = 1024 * 1024


def signed(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files under a manifest that a key of the sender's own signed: whoever is hostile can do that."""
    key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    files = {"public-key.txt": f"{public}\n".encode(), **files}
    manifest = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
    return {**files, "manifest.sha256": manifest, "manifest.signature": base64.b64encode(key.sign(manifest)) + b"\n"}


def archived(files: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", packing) as archive:
        for name, octets in files.items():
            archive.writestr(name, octets)
    return made.getvalue()


def bomb() -> bytes:
    return archived(signed({"proof.json": b"{}", "referral.json": b" " * (300 * MEG)}), zipfile.ZIP_DEFLATED)


def many_lists() -> bytes:
    return archived(signed({"proof.json": b"[" + b"[]," * (LARGEST_JSON // 3 - 2) + b"[]]", "referral.json": b"{}"}))


def many_values() -> bytes:
    text = b'{"format": "drp proof 1", "entries": [' + b'"a",' * (LARGEST_JSON // 4 - 50) + b'"a"]}'
    return archived(signed({"proof.json": text, "referral.json": b"{}"}))


def deep() -> bytes:
    return archived(signed({"proof.json": b"[" * 90_000 + b"]" * 90_000, "referral.json": b"{}"}))


def huge_json() -> bytes:
    return archived(signed({"proof.json": b'"' + b"a" * (60 * MEG) + b'"', "referral.json": b"{}"}))


def many_files() -> bytes:
    return archived({str(n): b"" for n in range(60_000)})


def says_more_than_it_holds() -> bytes:
    """A directory whose entries all stand for the same bytes."""
    octets = archived(signed({"proof.json": b"{}", "referral.json": b"x" * (40 * MEG)}))
    at, end = octets.index(b"PK\1\2"), octets.index(b"PK\5\6")
    listed = octets[at:end]
    first = listed[: listed.index(b"PK\1\2", 4)]
    names = [first.replace(b"public-key.txt", f"public-key.{n:03}".encode()) for n in range(900)]
    directory = listed + b"".join(names)
    count = (octets[end:].count(b"") and len(names) + 5).to_bytes(2, "little")
    tail = octets[end : end + 8] + count * 2 + len(directory).to_bytes(4, "little") + octets[end + 16 :]
    return octets[:at] + directory + tail


def words_without_end() -> bytes:
    said = [{"field": f"f{n}", "hash": "0"} for n in range(90_000)]
    entry = {
        "number": 1, "schema_version": 2, "kind": "noted", "at": "2026-04-01T09:00:00+00:00",
        "recorded_at": "2026-04-01T09:00:00+00:00", "person": None, "parts": "", "behalf_of": None, "stage": "", "sequence": 0,
        "visible": "", "facts": "{}", "words": "x", "hash": "", "said": said,
    }  # fmt: skip
    proof = {"format": "drp proof 1", "authority": "a", "challenge": "0" * 32, "reference": "r", "entries": [entry]}
    return archived(signed({"proof.json": json.dumps(proof).encode(), "referral.json": b"{}"}))


def nothing() -> bytes:
    return b"\0" * (50 * MEG)


HOSTILE: tuple[Callable[[], bytes], ...] = (
    bomb, many_lists, many_values, deep, huge_json, many_files, says_more_than_it_holds, words_without_end, nothing,
)  # fmt: skip


@pytest.mark.parametrize("made", HOSTILE, ids=lambda one: one.__name__)
def test_whatever_comes_is_refused_by_name(made: Callable[[], bytes]) -> None:
    with pytest.raises(NoBundle):
        opened_bundle(made())


def seconds_of_children() -> float:
    """The processor's time that the processes started here took: what others do meanwhile is not in it."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.deep
@pytest.mark.parametrize("made", HOSTILE, ids=lambda one: one.__name__)
def test_whatever_comes_takes_two_seconds_and_two_hundred_megabytes_at_most(made: Callable[[], bytes], tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(made())
    drp = Path(sys.executable).with_name("drp")
    before, limit = seconds_of_children(), MOST_MB * MEG

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

    done = subprocess.run(
        [drp, "verify", "bundle.zip"], cwd=tmp_path, capture_output=True, text=True, check=False, preexec_fn=bounded
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "NOT AS IT WAS SENT" in done.stdout
    assert seconds_of_children() - before < MOST_SECONDS


def test_planted_reader_that_unpacks_whatever_there_is_takes_all_of_it() -> None:
    """What is refused for its packing is far larger than it looks."""
    octets = bomb()
    with zipfile.ZipFile(BytesIO(octets)) as archive:
        assert sum(one.file_size for one in archive.infolist()) > 100 * len(octets)
