"""A timeline as it is stored: its entries in order, and the words that were kept apart."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow, EntryRow, WordsRow
from drp.database.gathering import gather_by_key
from drp.database.scope import in_authority, select_of
from drp.timeline.chain import ChainedEntry, KeptWords
from workflows.model.challenge import Outcome


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
    entries = select_of(EntryRow, authority).where(col(EntryRow.challenge) == challenge).order_by(col(EntryRow.number))
    rows = connection.execute(entries).mappings()
    chain = tuple(ChainedEntry(**{name: row[name] for name in ChainedEntry.__dataclass_fields__}) for row in rows)
    spoken = connection.execute(
        select_of(WordsRow, authority)
        .where(col(WordsRow.challenge) == challenge)
        .order_by(col(WordsRow.number), col(WordsRow.field))
    )
    words = gather_by_key((row.number, KeptWords(row.number, row.field, row.salt, row.text)) for row in spoken)
    return StoredTimeline(chain, {number: tuple(kept) for number, kept in words.items()})


def read_visibility_at_raising(connection: Connection, authority: str, challenges: Sequence[UUID]) -> dict[UUID, str]:
    """Who may read the first entry of some challenges (`EntryVisibility`), by their ids."""
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


def list_items_with(
    connection: Connection, authority: str, kind: str, since: datetime, until: datetime, team: str = ""
) -> list[str]:
    """The references of the items with an entry of a kind from `since` on and before `until` (aware UTC), each once, the
    earliest entry first. Only items on which anything happened since are looked at; of one team, if one is named.
    """
    entries = (
        select_of(EntryRow, authority, ChallengeRow.reference)
        .join(ChallengeRow, in_authority(ChallengeRow, authority) & (col(ChallengeRow.id) == col(EntryRow.challenge)))
        .where(
            col(ChallengeRow.last_at) >= since,
            col(ChallengeRow.phase) != Outcome.IN_ERROR.value,
            col(EntryRow.kind) == kind,
            col(EntryRow.at) >= since,
            col(EntryRow.at) < until,
            *([col(ChallengeRow.team) == team] if team else []),
        )
        .order_by(col(EntryRow.at), col(ChallengeRow.reference), col(EntryRow.number))
    )
    return list(dict.fromkeys(connection.execute(entries).scalars()))


def read_last_words(
    connection: Connection, authority: str, challenges: Sequence[UUID], kinds: Collection[str], field: str
) -> dict[UUID, str]:
    """The last words of one field, by entries of some kinds, of each of some challenges; erased words are absent."""
    said = (
        select_of(WordsRow, authority, WordsRow.challenge, WordsRow.text)
        .join(
            EntryRow,
            in_authority(EntryRow, authority)
            & (col(EntryRow.challenge) == col(WordsRow.challenge))
            & (col(EntryRow.number) == col(WordsRow.number)),
        )
        .where(
            col(WordsRow.challenge).in_(challenges),
            col(WordsRow.field) == field,
            col(WordsRow.text) != "",
            col(EntryRow.kind).in_(kinds),
        )
        .order_by(col(WordsRow.challenge), col(WordsRow.number))
    )
    return {row.challenge: row.text for row in connection.execute(said)}
