"""A timeline as it is stored: its entries in order, and the words that were kept apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select
from sqlmodel import col

from drp.database.challenge_tables import EntryRow, WordsRow
from drp.database.scope import core_table, select_of
from drp.timeline.chain import ChainedEntry, KeptWords


@dataclass(frozen=True)
class StoredTimeline:
    """One challenge's entries (oldest first) and their words by the number of the entry; erased words are absent."""

    entries: tuple[ChainedEntry, ...]
    words: Mapping[int, tuple[KeptWords, ...]]

    def text_of(self, number: int) -> dict[str, str]:
        """The words of one entry, by field."""
        return {kept.field: kept.text for kept in self.words.get(number, ())}


def read_timeline(connection: Connection, authority: str, challenge: UUID) -> StoredTimeline:
    """Read one timeline, whole."""
    table = core_table(EntryRow)
    rows = connection.execute(
        select(table).where(table.c.authority == authority, table.c.challenge == challenge).order_by(table.c.number)
    ).mappings()
    entries = tuple(ChainedEntry(**{name: row[name] for name in ChainedEntry.__dataclass_fields__}) for row in rows)
    words: dict[int, list[KeptWords]] = {}
    spoken = core_table(WordsRow)
    for kept in connection.execute(
        select(spoken)
        .where(spoken.c.authority == authority, spoken.c.challenge == challenge)
        .order_by(spoken.c.number, spoken.c.field)
    ).mappings():
        words.setdefault(kept["number"], []).append(KeptWords(kept["number"], kept["field"], kept["salt"], kept["text"]))
    return StoredTimeline(entries, {number: tuple(listed) for number, listed in words.items()})


def read_visibility_at_raising(connection: Connection, authority: str, challenges: Sequence[UUID]) -> dict[UUID, str]:
    """Who may read the first entry of some challenges (`Visible`), by their ids."""
    rows = connection.execute(
        select_of(EntryRow, authority, EntryRow.challenge, EntryRow.visible).where(
            col(EntryRow.number) == 1, col(EntryRow.challenge).in_(challenges)
        )
    )
    return {row.challenge: row.visible for row in rows}


def read_words_at_raising(connection: Connection, authority: str, challenges: Sequence[UUID]) -> dict[UUID, dict[str, str]]:
    """The words of the first entry of some challenges, by their ids and by field; erased words are absent."""
    found: dict[UUID, dict[str, str]] = {id_: {} for id_ in challenges}
    rows = connection.execute(
        select_of(WordsRow, authority, WordsRow.challenge, WordsRow.field, WordsRow.text).where(
            col(WordsRow.number) == 1, col(WordsRow.challenge).in_(challenges)
        )
    )
    for row in rows:
        found[row.challenge][row.field] = row.text
    return found
