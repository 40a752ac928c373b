"""Looks at every timeline of an authority: does each prove itself, and is it the one that the checkpoints saw?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from drp.database.challenge_tables import ChallengeRow, EntryRow, WordsRow
from drp.database.record_tables import ErasureRow
from drp.database.scope import core_table, select_of
from drp.proof.checkpoint import Checkpoint, CheckpointedLength, NoCheckpoint
from drp.timeline.chain import GENESIS, ChainKey, KeptWords, first_fault, running_digest

AT_ONCE = 2_000


@dataclass(frozen=True)
class TimelineFault:
    """One timeline that is not as it was. `reference` is empty where the challenge itself is gone."""

    challenge: UUID
    reference: str
    said: str


@dataclass(frozen=True)
class SeenCheckpoint:
    """A proven checkpoint, with its lines by challenge."""

    checkpoint: Checkpoint
    standings: Mapping[UUID, CheckpointedLength]


def seen_checkpoint(read: tuple[Checkpoint, Sequence[CheckpointedLength]]) -> SeenCheckpoint:
    """A checkpoint as `checkpoint.read` gives it."""
    return SeenCheckpoint(read[0], {one.challenge: one for one in read[1]})


def check_order(checkpoints: Sequence[SeenCheckpoint], authority: str) -> tuple[SeenCheckpoint, ...]:
    """The checkpoints of one authority, oldest first. Raises NoCheckpoint where two of them cannot both be true."""
    ordered = sorted(checkpoints, key=lambda one: one.checkpoint.number)
    for one in ordered:
        if one.checkpoint.authority != authority:
            raise NoCheckpoint(f"Checkpoint {one.checkpoint.number} is of {one.checkpoint.authority}, not of {authority}.")
    for before, after in pairwise(ordered):
        numbers = before.checkpoint.number, after.checkpoint.number
        if numbers[0] == numbers[1] and before.checkpoint != after.checkpoint:
            raise NoCheckpoint(f"There are two checkpoints {numbers[0]}, and they do not agree: one history was put for another.")
        if numbers[1] == numbers[0] + 1 and after.checkpoint.previous != before.checkpoint.mark:
            raise NoCheckpoint(f"Checkpoint {numbers[1]} does not follow checkpoint {numbers[0]}.")
    return tuple(ordered)


def timeline_faults(
    connection: Connection, authority: str, keys: Mapping[str, ChainKey], checkpoints: Sequence[SeenCheckpoint] = ()
) -> Iterator[TimelineFault]:
    """Every timeline at fault, with its first bad entry, as near as the checkpoints at hand can tell.

    Without a checkpoint what was cut off at the end, taken out whole or written anew with the key is not found.
    """
    challenges = {
        row.id: row
        for row in connection.execute(
            select_of(ChallengeRow, authority, ChallengeRow.id, ChallengeRow.reference, ChallengeRow.entries, ChallengeRow.head)
        )
    }
    ordered = check_order(checkpoints, authority)
    erased = set(connection.execute(select_of(ErasureRow, authority, ErasureRow.challenge)).scalars())
    words = _words(connection, authority)
    timelines = _timelines(connection, authority)
    for id_ in sorted(challenges, key=str):
        row = challenges[id_]
        rows = timelines.of(id_)
        spoken = _by_entry(words.of(id_))
        said = first_fault(keys, authority, id_, rows, spoken, row.entries, row.head)
        if said is None and id_ not in erased:
            said = words_gone(rows, spoken)
        if said is None:
            said = differs_from_checkpoints(authority, id_, rows, [one for one in ordered if id_ in one.standings])
        if said is not None:
            yield TimelineFault(id_, row.reference, said)
    gone = {id_: one.checkpoint.number for one in ordered for id_ in one.standings if id_ not in challenges}
    for id_, number in sorted(gone.items(), key=lambda pair: str(pair[0])):
        yield TimelineFault(id_, "", f"the whole timeline is gone; checkpoint {number} had it")


def words_gone(rows: Sequence[Mapping[str, Any]], words: Mapping[int, tuple[KeptWords, ...]]) -> str | None:
    """Words that an entry committed to and that nobody erased lawfully."""
    gone = next((row["number"] for row in rows if row["words"] and not words.get(row["number"])), None)
    return f"the words of entry {gone} are gone, and no erasure is on record" if gone else None


def differs_from_checkpoints(
    authority: str, challenge: UUID, rows: Sequence[Mapping[str, Any]], ordered: Sequence[SeenCheckpoint]
) -> str | None:
    """What is unlike the checkpoints in a timeline that otherwise proves itself."""
    good, reached = 0, GENESIS
    for one in ordered:
        was, number = one.standings[challenge], one.checkpoint.number
        if len(rows) < was.count:
            return f"entry {len(rows) + 1} is missing; checkpoint {number} had {was.count} entries"
        reached = running_digest(authority, challenge, reached, rows[good : was.count])
        if reached != was.digest or (was.count and rows[was.count - 1]["hash"] != was.head):
            return f"an entry from {good + 1} to {was.count} was written anew since checkpoint {number}"
        good = was.count
    return None


@dataclass(frozen=True)
class MissingEntries:
    """A timeline that is shorter than a checkpoint saw it: entries `now + 1` to `then` are missing; 0 `now`: all of them."""

    challenge: UUID
    then: int
    now: int


def missing_entries(newest: SeenCheckpoint, entries: Mapping[UUID, int]) -> tuple[MissingEntries, ...]:
    """What a checkpoint saw and is no longer there, by how many entries each challenge has."""
    counts = {id_: (one.count, entries.get(id_, 0)) for id_, one in newest.standings.items()}
    return tuple(
        MissingEntries(id_, *counts[id_])
        for id_ in sorted(counts, key=str)
        if id_ not in entries or counts[id_][1] < counts[id_][0]
    )


class _Grouped:
    """Rows of many challenges, read once in the order of their challenges."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._groups = groupby(rows, key=lambda row: row["challenge"])
        self._next = next(self._groups, None)
        self._kept: list[Mapping[str, Any]] = list(self._next[1]) if self._next else []

    def of(self, challenge: UUID) -> list[Mapping[str, Any]]:
        """The rows of one challenge; challenges are asked for in order. Rows of a challenge that is not there are passed by."""
        while self._next is not None and str(self._next[0]) < str(challenge):
            self._go_on()
        if self._next is None or self._next[0] != challenge:
            return []
        found = self._kept
        self._go_on()
        return found

    def _go_on(self) -> None:
        self._next = next(self._groups, None)
        self._kept = list(self._next[1]) if self._next else []


def _by_entry(rows: Iterable[Mapping[str, Any]]) -> dict[int, tuple[KeptWords, ...]]:
    found: dict[int, tuple[KeptWords, ...]] = {}
    for row in rows:
        number = row["number"]
        found[number] = (*found.get(number, ()), KeptWords(number, row["field"], row["salt"], row["text"]))
    return found


def _timelines(connection: Connection, authority: str) -> _Grouped:
    table = core_table(EntryRow)
    query = select(table).where(table.c.authority == authority).order_by(table.c.challenge, table.c.number)
    return _Grouped(map(dict, connection.execution_options(yield_per=AT_ONCE).execute(query).mappings()))


def _words(connection: Connection, authority: str) -> _Grouped:
    table = core_table(WordsRow)
    query = select(table).where(table.c.authority == authority).order_by(table.c.challenge, table.c.number, table.c.field)
    return _Grouped(map(dict, connection.execution_options(yield_per=AT_ONCE).execute(query).mappings()))
