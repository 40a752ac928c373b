"""A file that is written whole or not at all, and that only whoever asked for it may read."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO


@contextmanager
def whole_file(out: Path) -> Iterator[IO[bytes]]:
    """Somewhere to write to; it becomes `out` at the end, and nothing is left of it where that is not reached. Raises OSError."""
    part = out.with_name(out.name + ".part")
    with suppress(FileNotFoundError):
        part.unlink()  # of an export that was cut off: never written on, and its mode is not ours
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
