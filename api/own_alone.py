"""Everything that the service writes is its own alone: files 0600, folders 0700, whatever an earlier release left."""

import os
import stat
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The rights of everybody but the service's own user."""


def write_for_oneself() -> None:
    """From here on this process makes no file that another user may read."""
    os.umask(0o077)


def close_to_others(folder: Path) -> int:
    """Take every right of others from a folder and all that is in it. Returns how many had some; a link is not followed."""
    closed = 0
    for path in (folder, *folder.rglob("*")) if folder.is_dir() else ():
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & OTHERS:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
            closed += 1
    return closed
