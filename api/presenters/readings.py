"""Readings of the access log in words, with the names of those who read."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from api.presenters import wording
from drp.data_protection.access_log import OF_THE_LOG, LoggedReading
from drp.data_protection.access_log_table import THINNED
from drp.directory import lookup

IN_WORDS = {
    "page": "Opened",
    "challenge": "Read by a program",
    "timeline": "Read by a program, with all that happened",
    "event": "Acted on",
    "list": "Shown in a list",
    "search": "Found by a search",
    "team": "Shown on a team's page",
    "board": "Shown on the service board",
    "hand over": "Shown in handing over",
    "supervision": "Shown for supervision",
    "inbox": "Shown in the inbox",
    "outbox": "Shown in the outbox",
    "register": "Shown in the register",
    "court statement": "Made into a statement to the court",
    "subject access": "Exported whole, for a subject access request",
    "send log": "Exported the send log",
    "audit": "Read by an auditor: stages, dates, acts and proof",
    "audit readings": "An auditor looked through this log",
    "audit changes": "An auditor read who changed what",
    "audit key": "Asked whose key a child's is",
}


@dataclass(frozen=True)
class ReadingInWords:
    """One reading, in words."""

    at: datetime
    person: str
    name: str
    what: str
    references: tuple[str, ...]

    @property
    def reference(self) -> str:
        """The item, where it was one; else empty."""
        return self.references[0] if len(self.references) == 1 else ""


def identities_among(*texts: str) -> set[str]:
    found = set()
    for text in texts:
        try:
            found.add(str(UUID(text)))
        except ValueError:
            continue
    return found


def readings_in_words(connection: Connection, authority: str, readings: list[LoggedReading]) -> list[ReadingInWords]:
    """Readings in words, with names."""
    looked_up = {one.id: one.what.removeprefix(f"{OF_THE_LOG}: ") for one in readings if one.what.startswith(f"{OF_THE_LOG}: ")}
    people = identities_among(*(one.person for one in readings), *looked_up.values())
    names = lookup.names_of(connection, authority, people)
    return [
        ReadingInWords(one.at, one.person, reader_name(one.person, names), _what(one, names, looked_up), one.references)
        for one in readings
    ]


def reader_name(person: str, names: dict[str, str]) -> str:
    """An operator at the command line has no identity here: what is written stands for them."""
    return names.get(person) or ("somebody unknown" if identities_among(person) else person)


def _what(one: LoggedReading, names: dict[str, str], looked_up: dict[int, str]) -> str:
    if one.id in looked_up:
        return f"Looked up here what {names.get(looked_up[one.id], 'somebody')} had read"
    if one.what == OF_THE_LOG:
        return "Looked up here who had read it" if one.reference else "Looked through this log"
    if one.what.startswith(f"{THINNED}: "):
        count, _, before = one.what.removeprefix(f"{THINNED}: ").partition(" before ")
        return f"Took {count} readings from before {before} out of this log: their time was over"
    if one.what.startswith("raising "):
        return f"Shown in raising an item about the child of key {one.what.removeprefix('raising ')}"
    if one.what.startswith("denied "):
        return f"Asked for it and was refused ({one.what.removeprefix('denied ')})"
    if one.what.startswith("bad token "):
        return f"Somebody sent a token that is none ({one.what.removeprefix('bad token ')})"
    return IN_WORDS.get(one.what, wording.capitalised(one.what.replace("_", " ")))
