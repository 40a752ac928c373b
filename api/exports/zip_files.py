"""ZIP files that are the same bytes for the same content: no clock, no compressor and no file system leaves its mark."""

import json
import re
import zipfile
from collections.abc import Mapping


def put_in_zip(archive: zipfile.ZipFile, name: str, octets: bytes) -> None:
    """One file, stored as it is, for its owner alone to read."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o600 << 16
    entry.create_system = 3
    archive.writestr(entry, octets)


def safe_entry_name(name: str) -> str:
    """A document's name without its ending, as any file system takes it."""
    stem = name.rsplit(".", 1)[0] if "." in name else name
    return re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:60] or "document"


def json_bytes(value: Mapping[str, object]) -> bytes:
    """A value as people and programs read it."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
