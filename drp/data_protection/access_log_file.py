"""The access log's file: readings that its store could not take, a line each, until the store takes them."""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Any

from drp.data_protection.access_log_table import row_of_reading

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def is_disk_full(fault: BaseException) -> bool:
    """Was something not written because a disk, a quota or a file may not grow?"""
    return isinstance(fault, OSError) and fault.errno in _FULL


@dataclass(frozen=True)
class ReadingsAside:
    """What a file holds: its readings as rows of the log, how many lines are none, and a name for exactly these bytes."""

    rows: tuple[dict[str, Any], ...]
    cut: int
    name: str


class ReadingsFile:
    """A file to which every process of this machine may add. What is brought into the store is first moved aside."""

    def __init__(self, path: Path) -> None:
        self._path, self._aside = path, path.with_suffix(".bringing" + path.suffix)

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add readings, all of them or none, and let the disk have them. Raises OSError."""
        octets = "".join(json.dumps(_line_of(row), ensure_ascii=False) + "\n" for row in rows).encode()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked() as file:
            end = file.seek(0, os.SEEK_END)
            try:
                # A line that an earlier release could not end must not swallow this one.
                rest = memoryview((b"\n" if _is_cut(file, end) else b"") + octets)
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except OSError:
                with suppress(OSError):
                    file.truncate(end)
                raise

    @property
    def has_readings(self) -> bool:
        """Does it hold any?"""
        return any(path.is_file() and path.stat().st_size > 0 for path in (self._aside, self._path))

    def read(self) -> tuple[dict[str, Any], ...]:
        """Every reading that it holds, as rows of the log, oldest first. Raises OSError."""
        return tuple(row for path in (self._aside, self._path) for row in _read(path).rows)

    def octets(self) -> bytes:
        """All that it holds, as it stands there. Raises OSError."""
        return b"".join(path.read_bytes() for path in (self._aside, self._path) if path.is_file())

    @contextmanager
    def set_aside(self) -> Iterator[ReadingsAside | None]:
        """What is to be brought into the store next, moved aside so that nothing is added to it; it goes at the end.

        None: there is nothing, or another process is about it. What is raised within leaves it where it is. Raises OSError.
        """
        if not self._aside.is_file() and self.has_readings:
            with self._locked():
                if not self._aside.is_file():
                    self._path.rename(self._aside)
        with ExitStack() as stack:
            aside = None
            with suppress(FileNotFoundError, BlockingIOError):
                file = stack.enter_context(self._aside.open("rb"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                aside = _read(self._aside) if os.path.samestat(os.fstat(file.fileno()), self._aside.stat()) else None
            yield aside
            if aside is not None:
                self._aside.unlink()

    @contextmanager
    def _locked(self) -> Iterator[FileIO]:
        """The file that stands at the path, to be written by nobody else meanwhile."""
        while True:
            with self._path.open("ab+", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                with suppress(FileNotFoundError):  # set aside by another, between opening and locking
                    if os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
                        yield file
                        return


def _is_cut(file: FileIO, end: int) -> bool:
    if not end:
        return False
    file.seek(end - 1)
    return file.read(1) != b"\n"


def _line_of(row: Mapping[str, Any]) -> dict[str, Any]:
    references = row["shown"] or [row["reference"]]
    return {
        "authority": row["authority"], "at": row["at"].isoformat(), "person": row["person"], "what": row["what"],
        "references": references,
    }  # fmt: skip


def _read(path: Path) -> ReadingsAside:
    """A line that was cut short when the disk filled says nothing that could be trusted, and is passed over."""
    try:
        if not path.is_file():
            return ReadingsAside((), 0, "")
        octets, of = path.read_bytes(), path.stat()
    except FileNotFoundError:  # what was set aside has just come into the store
        return ReadingsAside((), 0, "")
    rows, cut = list[dict[str, Any]](), 0
    for line in octets.decode("utf-8", "replace").splitlines():
        try:
            said = json.loads(line)
            at = datetime.fromisoformat(said["at"])
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
            references = said["references"] if "references" in said else [said["reference"]]
            rows.append(row_of_reading(said["authority"], at, said["person"], said["what"], map(str, references)))
        except (ValueError, KeyError, TypeError):
            cut += bool(line.strip())
    digest = hashlib.sha256(octets + f"{of.st_ino} {of.st_mtime_ns}".encode()).hexdigest()
    return ReadingsAside(tuple(rows), cut, digest)
