"""A database that is missing where there was one is not made anew in silence: a start finds what an earlier one left.

What says that there was one: the mark beside the chain key, checkpoint files, an access log that holds readings. The mark is a
file of lines, the oldest first: when, `served` or `new`, which database, and for `new` by what reason. `new` is the operator's
word that a database may begin there; it is good until that database has served.
"""

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from drp.data_protection.access_log import AccessLog
from drp.database.engine import Store
from drp.database.migrate import stored_revision
from drp.settings import Settings

log = logging.getLogger("drp.served_before")


class MarkKind(StrEnum):
    """What a line of the mark says of a database."""

    SERVED = "served"
    NEW = "new"


@dataclass(frozen=True)
class MarkLine:
    """One line of the mark: at which moment, by words of its own, what was said of which database, and why."""

    at: str
    kind: MarkKind
    database: str
    why: str = ""


def mark_file(settings: Settings) -> Path:
    """Where the mark stands: beside the chain key, which goes wherever the service goes."""
    return settings.key_file.with_name(f"{settings.key_file.name}.served")


def read_mark(settings: Settings) -> tuple[MarkLine, ...]:
    """The lines of the mark, none where there is no mark. A line that is none of ours is passed over."""
    path = mark_file(settings)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    parts = (line.split("\t") for line in lines)
    ours = (part for part in parts if len(part) == 4 and part[1] in list(MarkKind))
    return tuple(MarkLine(at, MarkKind(kind), place, why) for at, kind, place, why in ours)


def last_said_of(settings: Settings) -> MarkLine | None:
    """What the mark said last of the database that the settings name."""
    place = settings.database_place
    return next((line for line in reversed(read_mark(settings)) if line.database == place), None)


def write_mark(settings: Settings, kind: MarkKind, now: datetime, why: str = "") -> None:
    """Add a line to the mark about the database that the settings name. Raises OSError."""
    path = mark_file(settings)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("\t".join((now.isoformat(timespec="seconds"), kind, settings.database_place, " ".join(why.split()))) + "\n")
    path.chmod(0o600)


def mark_served(settings: Settings, store: Store, now: datetime) -> MarkLine | None:
    """Note that the database has served an authority, once for each database. Gives the operator's word that let it begin.

    A folder of keys that cannot be written is no reason not to serve: it is logged, and the other signs remain.
    """
    said = last_said_of(settings)
    if (said and said.kind is MarkKind.SERVED) or not store.authorities():
        return None
    try:
        write_mark(settings, MarkKind.SERVED, now)
    except OSError as fault:
        log.warning("%s could not be written (%s): checkpoints and access log alone tell of it", mark_file(settings), fault)
    return said


def is_without_file(settings: Settings, store: Store) -> bool:
    """Is there no file where a SQLite database is to be? To open one would make it."""
    return store.is_sqlite and settings.database_place != ":memory:" and not Path(settings.database_place).exists()


def what_is_missing(settings: Settings, store: Store) -> str:
    """What is not there of a database that ever served, in a sentence; empty where it serves an authority. Makes no file."""
    place = settings.database_place
    if is_without_file(settings, store):
        return f"There is no database at {place}."
    with store.look() as connection:
        if not stored_revision(connection):
            return f"The database {place} is empty."
    return "" if store.authorities() else f"The database {place} serves no authority."


def why_not_new(settings: Settings, store: Store) -> str:
    """Why a start must not go on: the database is new, and something says that there was one. Empty: it may.

    Raises Unavailable where the database cannot be asked.
    """
    missing = what_is_missing(settings, store)
    said = last_said_of(settings) if missing else None
    if not missing or (said and said.kind is MarkKind.NEW):
        return ""
    signs = list(signs_of_service(settings))
    if not signs:
        return ""
    return "\n".join(
        (
            f"{missing} There was one:",
            *(f"  {sign}" for sign in signs),
            "Most likely a volume is not mounted, or DRP_DATABASE_URL is misspelt. Nothing was made. Mount it or put the address "
            "right, and start again; if the database is lost, bring a backup back: `drp restore`.",
            'Only if the service is to begin with nothing, for good: `drp begin-anew --why "…"`.',
        )
    )


def signs_of_service(settings: Settings) -> Iterator[str]:
    """What says that a database was served with these settings: what was found, and where."""
    served = [line for line in read_mark(settings) if line.kind is MarkKind.SERVED]
    for place, at in {line.database: line.at for line in served}.items():
        yield f"{mark_file(settings)}: these keys have served {place} (first noted {at})"
    if names := sorted(path.name for path in settings.checkpoints_folder.glob("*.checkpoint")):
        yield f"{settings.checkpoints_folder}: checkpoints were taken, the newest by name {names[-1]}"
    with closing(AccessLog(settings.access_url, settings.access_fallback)) as kept:
        if kept.holds_readings:
            yield f"{settings.access_place}: the access log holds what people have read"
