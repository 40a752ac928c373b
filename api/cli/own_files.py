"""An authority's own files at a start of the service: loaded where they pass, left out where they do not.

The last good ones stay in force, which is said here and by health (docs/architecture.md rule 13). An authority of which
nothing good is stored cannot be served.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from api.assembly import Service, from_folder
from drp.data_protection.admin_audit_log import note_admin_change, operator_of
from drp.directory import lookup
from drp.directory.lookup import posts_nobody_holds
from drp.directory.vacancies import PostsVacant
from drp.staffing import going_live
from workflows.calendar.working_days import local_date
from workflows.ladder_language.reader import Unreadable
from workflows.model.authority import Authority
from workflows.model.ladder import Ladder

_KEY = re.compile(r"^authority: *[\"']?([a-z][a-z0-9_]*)", re.MULTILINE)


class NothingToServe(Exception):
    """The files of an authority do not pass, and nothing good of it is stored."""


def load_own_files(service: Service, folder: Path) -> Iterator[str]:
    """Load each authority's own files; yields what whoever starts the service should read. Raises NothingToServe."""
    for own in sorted(path for path in folder.iterdir() if path.is_dir()):
        try:
            yield from _load(service, own)
        except (Unreadable, PostsVacant) as refused:
            yield _leave_out(service, own, str(refused))


def _load(service: Service, own: Path) -> list[str]:
    procedures, now = service.casework.procedures, service.clock()
    key = from_folder(own, lambda content: True).authority.key
    with service.store.write(key) as connection:
        stored = procedures.stored(connection, key)
        # What is stored stays in force, whatever a later release asks of new files.
        read = from_folder(own, stored.__contains__)
        found_current = procedures.current_hashes(connection, key)
        procedures.seed(connection, read, now)
        if not stored:
            going_live.begin_trial(connection, key)
        procedures.note_left_out(connection, key, "")
        if {read.authority.hash, *(ladder.hash for ladder in read.ladders)} - stored:
            # A post that falls empty later is a gap on the board, and keeps no file that is in force from being so.
            empty = posts_nobody_holds(connection, read.authority, read.ladders, local_date(now))
            if empty and lookup.has_people(connection, key):
                raise PostsVacant(empty)
        if found_current != procedures.current_hashes(connection, key):
            documents: tuple[Authority | Ladder, ...] = (read.authority, *read.ladders)
            files = ", ".join(f"{one.key} {one.version} {one.hash[:16]}" for one in documents)
            note_admin_change(connection, service.casework, operator_of(key), now, "procedures loaded", files=files)
    return [f"to weigh: {fault}" for fault in read.to_weigh]


def _leave_out(service: Service, own: Path, why: str) -> str:
    """Note that an authority's files were left out. Gives what to say; raises NothingToServe where nothing is stored."""
    texts = (path.read_text("utf-8", "replace") for path in sorted(own.glob("*.yaml")))
    for key in dict.fromkeys(found[1] for found in map(_KEY.search, texts) if found):
        with service.store.write(key) as connection:
            if service.casework.procedures.current(connection, key):
                service.casework.procedures.note_left_out(connection, key, why)
                return f"{why}\n{own.name} was left out: what was loaded before stays in force. Mend it, and start again."
    raise NothingToServe(f"{why}\n{own.name} was not loaded, and nothing of it is stored that could be served.")
