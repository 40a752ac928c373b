"""Looks at every timeline of an authority: does each prove itself, and is it the one that the checkpoints saw?"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from drp.data_protection.admin_audit_log import RECORD, power_fault, read_record_length, record_entries, record_fault
from drp.database.challenge_tables import ChallengeRow, EntryRow, WordsRow
from drp.database.gathering import gather_by_key
from drp.database.record_tables import ErasureRow
from drp.database.scope import core_table, select_of
from drp.database.tables import Row
from drp.proof.checkpoint import Checkpoint, CheckpointedLength, NoCheckpoint
from drp.timeline.chain import GENESIS, ChainKey, KeptWords, continue_digest, first_fault, own_digest

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
    """A checkpoint with its lines by challenge, from what `read_checkpoint` gives."""
    return SeenCheckpoint(read[0], {standing.challenge: standing for standing in read[1]})


def check_order(checkpoints: Sequence[SeenCheckpoint], authority: str) -> tuple[SeenCheckpoint, ...]:
    """The checkpoints of one authority, oldest first. Raises NoCheckpoint where two of them cannot both be true."""
    each = {seen.checkpoint: seen for seen in checkpoints}  # the same one may come from two folders
    ordered = sorted(each.values(), key=lambda seen: seen.checkpoint.number)
    heads = [seen.checkpoint for seen in ordered]
    for head in heads:
        if head.authority != authority:
            raise NoCheckpoint(f"Checkpoint {head.number} is of {head.authority}, not of {authority}.")
    for before, after in pairwise(heads):
        if before.number == after.number:
            raise NoCheckpoint(
                f"There are two checkpoints {before.number}, and they do not agree: one history was put for another, or two "
                "services sign, as after one backup was brought back twice."
            )
        if after.number == before.number + 1 and after.previous != before.mark:
            raise NoCheckpoint(f"Checkpoint {after.number} does not follow checkpoint {before.number}.")
    return tuple(ordered)


def timeline_faults(
    connection: Connection, authority: str, keys: Mapping[str, ChainKey], checkpoints: Sequence[SeenCheckpoint] = ()
) -> Iterator[TimelineFault]:
    """Every timeline at fault, with its first bad entry, as near as the checkpoints at hand can tell.

    Without a checkpoint what was cut off at the end, taken out whole or written anew with the key is not found.
    """
    heads = select_of(ChallengeRow, authority, ChallengeRow.id, ChallengeRow.reference, ChallengeRow.entries, ChallengeRow.head)
    challenges = {row.id: row for row in connection.execute(heads)}
    ordered = check_order(checkpoints, authority)
    erased = set(connection.execute(select_of(ErasureRow, authority, ErasureRow.challenge)).scalars())
    words = _grouped(connection, WordsRow, authority, WordsRow.number, WordsRow.field)
    timelines = _grouped(connection, EntryRow, authority, EntryRow.number)
    for id_ in sorted(challenges, key=str):
        row = challenges[id_]
        rows = timelines.of(id_)
        spoken = _by_entry(words.of(id_))
        fault = first_fault(keys, authority, id_, rows, spoken, row.entries, row.head)
        if fault is None and id_ not in erased:
            fault = words_gone(rows, spoken)
        if fault is None:
            fault = differs_from_checkpoints(authority, id_, rows, [seen for seen in ordered if id_ in seen.standings])
        if fault is not None:
            yield TimelineFault(id_, row.reference, fault)
    if (
        fault := _record_at_fault(connection, authority, keys, [seen for seen in ordered if RECORD in seen.standings])
    ) is not None:
        yield TimelineFault(RECORD, "the administrators' record", fault)
    there = {*challenges, RECORD}
    gone = {id_: seen.checkpoint.number for seen in ordered for id_ in seen.standings if id_ not in there}
    for id_, number in sorted(gone.items(), key=lambda pair: str(pair[0])):
        yield TimelineFault(id_, "", f"the whole timeline is gone; checkpoint {number} had it")


def _record_at_fault(
    connection: Connection, authority: str, keys: Mapping[str, ChainKey], ordered: Sequence[SeenCheckpoint]
) -> str | None:
    """What is wrong with the administrators' record: by itself, with what it found, or unlike the checkpoints."""
    if (fault := record_fault(connection, authority, keys)) is not None:
        return fault
    length = read_record_length(connection, authority)
    if length is None and ordered:
        was = ordered[-1].standings[RECORD].count
        return f"the whole record is gone; checkpoint {ordered[-1].checkpoint.number} had {was} entries"
    rows = record_entries(connection, authority, 1, length.count) if length else []
    unlike = unlike_checkpoints(RECORD, [row["own"] for row in rows], [row["hash"] for row in rows], ordered)
    return unlike or power_fault(connection, authority)


def words_gone(rows: Sequence[Mapping[str, Any]], words: Mapping[int, tuple[KeptWords, ...]]) -> str | None:
    """Words that an entry committed to and that nobody erased lawfully."""
    gone = next((row["number"] for row in rows if row["words"] and not words.get(row["number"])), None)
    return f"the words of entry {gone} are gone, and no erasure is on record" if gone else None


def differs_from_checkpoints(
    authority: str, challenge: UUID, rows: Sequence[Mapping[str, Any]], ordered: Sequence[SeenCheckpoint]
) -> str | None:
    """What is unlike the checkpoints in a timeline that otherwise proves itself."""
    own = [own_digest(authority, challenge, row) for row in rows] if ordered else []
    return unlike_checkpoints(challenge, own, [row["hash"] for row in rows], ordered)


def unlike_checkpoints(
    challenge: UUID, own: Sequence[str], hashes: Sequence[str], ordered: Sequence[SeenCheckpoint]
) -> str | None:
    """What is unlike the checkpoints in a timeline, given each entry's digest without a key and its keyed hash."""
    good, reached = 0, GENESIS
    for seen in ordered:
        was, number = seen.standings[challenge], seen.checkpoint.number
        if len(own) < was.count:
            return f"entry {len(own) + 1} is missing; checkpoint {number} had {was.count} entries"
        reached = continue_digest(reached, own[good : was.count])
        if reached != was.digest or (was.count and hashes[was.count - 1] != was.head):
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
    return tuple(
        MissingEntries(id_, standing.count, entries.get(id_, 0))
        for id_, standing in sorted(newest.standings.items(), key=lambda pair: str(pair[0]))
        if id_ not in entries or entries[id_] < standing.count
    )


class _Grouped:
    """Rows of many challenges, read once in the order of their challenges."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self._groups = groupby(rows, key=lambda row: row["challenge"])
        self._go_on()

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
        self._kept: list[Mapping[str, Any]] = list(self._next[1]) if self._next else []


def _by_entry(rows: Iterable[Mapping[str, Any]]) -> dict[int, tuple[KeptWords, ...]]:
    words = gather_by_key((row["number"], KeptWords(row["number"], row["field"], row["salt"], row["text"])) for row in rows)
    return {number: tuple(kept) for number, kept in words.items()}


def _grouped(connection: Connection, table: type[Row], authority: str, *order: Any) -> _Grouped:
    """The rows of a table by their challenge, and in each challenge's rows in an order."""
    query = select_of(table, authority).order_by(core_table(table).c.challenge, *order)
    return _Grouped(map(dict, connection.execution_options(yield_per=AT_ONCE).execute(query).mappings()))
