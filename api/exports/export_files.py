"""Files that leave: written whole or not at all; ZIPs that are the same bytes for the same content; pages without a script."""

import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

from jinja2 import Environment, PackageLoader, Template

EXTENSIONS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}

Fetch = Callable[[str, int], bytes]
"""The bytes of a document by digest and size. Raises NotAsAttached, Unavailable."""


@contextmanager
def whole_file(out: Path) -> Iterator[IO[bytes]]:
    """Somewhere to write to; it becomes `out` at the end, and nothing is left of it where that is not reached. Raises OSError.

    Only whoever asked for it may read it.
    """
    part = out.with_name(out.name + ".part")
    part.unlink(missing_ok=True)  # of an export that was cut off: never written on, and its mode is not ours
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(part, flags, 0o600), "w+b") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
            part.replace(out)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise


def put_in_zip(archive: zipfile.ZipFile, name: str, octets: bytes) -> None:
    """One file, stored as it is, for its owner alone to read. No clock, compressor or file system leaves its mark."""
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o600 << 16
    entry.create_system = 3
    archive.writestr(entry, octets)


def document_file_name(name: str, media_type: str) -> str:
    """A document's name as any file system takes it, with the ending of what it is."""
    stem = name.rsplit(".", 1)[0] if "." in name else name
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', stem).strip('-')[:60] or 'document'}.{EXTENSIONS.get(media_type, 'bin')}"


def json_bytes(value: Mapping[str, object]) -> bytes:
    """A value as people and programs read it."""
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


@cache
def export_template(path: str) -> Template:
    """A page that leaves, by its path under `api/templates`: no script, no file beside it."""
    return Environment(
        loader=PackageLoader("api", "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    ).get_template(path)
