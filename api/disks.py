"""The disks that the service writes to: how much room each has, and reserves that are given up when one is full."""

import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workflows.calendar.working_days import so_many

log = logging.getLogger("drp.disks")

MIB = 1024 * 1024
FULL_BELOW, NEARLY_FULL_BELOW = 16 * MIB, 256 * MIB
"""Octets that are left on a disk where it counts as full, and where somebody should make room."""


@dataclass(frozen=True)
class DiskReserve:
    """Room that is kept on a disk by a file of so many octets, really allocated; given up piece by piece.

    Whatever else is written takes what is given up as well: so not all of it goes at once.
    """

    file: Path
    octets: int = 4 * MIB
    piece: int = MIB

    @property
    def stands(self) -> bool:
        """Is all of the room kept?"""
        return self.file.is_file() and self.file.stat().st_size >= self.octets

    def give_up(self) -> bool:
        """Let a piece of the room go. Gives whether there was any."""
        with suppress(OSError):
            rest = self.file.stat().st_size - self.piece
            if rest > 0:
                os.truncate(self.file, rest)
            else:
                self.file.unlink()
            log.error("a disk is full: %s gave up room, and has %s octets left", self.file.name, max(rest, 0))
            return True
        return False

    def make(self) -> bool:
        """Keep the room, where the disk has four times as much to spare. Gives whether it is kept."""
        if self.stands:
            return True
        part = self.file.with_suffix(".part")
        try:
            if octets_left(self.file.parent) < 4 * self.octets:
                return False
            with part.open("wb") as opened:
                os.posix_fallocate(opened.fileno(), 0, self.octets)
            part.replace(self.file)
        except OSError as fault:
            log.warning("no room could be kept for a full disk: %s", fault)
            with suppress(OSError):
                part.unlink()
            return False
        return True


@dataclass(frozen=True)
class DisksInWords:
    """What is to be said of disks, a sentence each, by what each is used for."""

    full: tuple[str, ...]
    nearly_full: tuple[str, ...]


def octets_left(folder: Path) -> int:
    """How much may still be written to the disk of a folder, or of the nearest above it that is there. Raises OSError."""
    disk = os.statvfs(_that_is_there(folder))
    return disk.f_bavail * disk.f_frsize


def disks_in_words(folders: Mapping[str, Path], held_readings: int = 0) -> DisksInWords:
    """What is to be said of the disks of some folders, each given by what it is used for. No path is told.

    `held_readings`: how many readings are held in memory, because no disk takes them.
    """
    uses: dict[int, list[str]] = {}
    left: dict[int, int] = {}
    for use, folder in folders.items():
        with suppress(OSError):  # a folder that cannot be looked at is somebody else's to report
            disk = _that_is_there(folder).stat().st_dev
            left[disk] = octets_left(folder)
            uses.setdefault(disk, []).append(use)
    named = {disk: " and ".join(filter(None, (", ".join(of[:-1]), of[-1]))) for disk, of in uses.items()}
    held = f"{so_many(held_readings, 'readings')} held in memory, as no disk takes them: make room before the service is stopped."
    return DisksInWords(
        tuple(
            f"The disk of {named[disk]} is full: {octets // MIB} MiB left. What is written is refused, or soon is: make room."
            for disk, octets in left.items()
            if octets < FULL_BELOW
        )
        + ((held,) if held_readings else ()),
        tuple(
            f"The disk of {named[disk]} is nearly full: {octets // MIB} MiB left. Make room."
            for disk, octets in left.items()
            if FULL_BELOW <= octets < NEARLY_FULL_BELOW
        ),
    )


def _that_is_there(folder: Path) -> Path:
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.is_dir())
