"""Timelines in memory, and every way of tampering with them that somebody with all rights could think of."""

import hashlib
import random
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from drp.database.ids import Randomness
from drp.proof.checkpoint import Checkpoint, CheckpointedLength
from drp.proof.verify import SeenCheckpoint, differs_from_checkpoints
from drp.timeline.chain import (
    GENESIS,
    ChainedEntry,
    ChainKey,
    KeptWords,
    chain_entries,
    first_fault,
    keyed_hash_of,
    running_digest,
    words_commitment,
)
from workflows.decision.decision_builder import TimelineEntry
from workflows.model.actor import Actor, Part

KEY = ChainKey("k1", b"k" * 32)
AUTHORITY = "dunmoor"
BEGAN = datetime(2026, 4, 1, 9, tzinfo=UTC)
ID = UUID(int=7)

Row = dict[str, Any]


@dataclass
class Books:
    """One challenge as a database keeps it, and how it stood at the last checkpoint."""

    rows: list[Row]
    words: dict[int, tuple[KeptWords, ...]]
    count: int
    head: str
    seen: SeenCheckpoint | None = None
    is_there: bool = True
    authority: str = AUTHORITY
    id: UUID = field(default=ID)

    def fault(self) -> str | None:
        """What a verification says of it."""
        if not self.is_there:
            return "the whole timeline is gone" if self.seen else None
        said = first_fault({KEY.id: KEY}, self.authority, self.id, self.rows, self.words, self.count, self.head)
        if said is None and self.seen:
            said = differs_from_checkpoints(self.authority, self.id, self.rows, [self.seen])
        return said


def books(chance: random.Random, length: int, authority: str = AUTHORITY, challenge: UUID = ID) -> Books:
    """A clean timeline of some entries, under a checkpoint."""
    entries = [
        TimelineEntry(
            chance.choice(("noted", "responded", "escalated", "window_closed")), BEGAN + timedelta(hours=n),
            Actor(str(UUID(int=chance.randrange(1, 9))), frozenset({Part.RAISER})), f"stage_{chance.randrange(9)}", n,
            {"n": chance.randrange(100)}, {"text": f"said {chance.randrange(10**6)}"} if n % 2 else {},
        )
        for n in range(length)
    ]  # fmt: skip
    chained = list(
        chain_entries(
            entries, authority=authority, challenge=challenge, number=0, head=GENESIS, recorded_at=BEGAN, key=KEY,
            chance=Randomness(chance.randbytes),
        )
    )  # fmt: skip
    rows = [dict(vars(entry)) for entry, _ in chained]
    words = {entry.number: kept for entry, kept in chained if kept}
    head = rows[-1]["hash"]
    made = Books(rows, words, length, head, authority=authority, id=challenge)
    made.seen = seen(made)
    return made


def seen(made: Books) -> SeenCheckpoint:
    """A checkpoint of a timeline as it stands."""
    reached = running_digest(made.authority, made.id, GENESIS, made.rows)
    standing = CheckpointedLength(made.id, made.count, made.head, reached)
    return SeenCheckpoint(Checkpoint(made.authority, 1, BEGAN, 1, "", ""), {made.id: standing})


def rewritten(made: Books, with_words: bool = False) -> None:
    """Every hash made right again, with the key: whoever runs the server can."""
    head = GENESIS
    for number, row in enumerate(made.rows, 1):
        row |= {"number": number, "previous": head}
        if with_words:
            row["words"] = words_commitment(made.words.get(number, ()))
        values = {name: row[name] for name in ChainedEntry.__dataclass_fields__}
        head = row["hash"] = keyed_hash_of(KEY, made.authority, made.id, values)
    made.count, made.head = len(made.rows), head


# Each returns the number of the first entry that is not as it was (0: none can be named).

Tampering = Callable[[Books, random.Random], int]


def edit(made: Books, chance: random.Random) -> int:
    row = chance.choice(made.rows)
    name = chance.choice(
        (
            "kind",
            "at",
            "recorded_at",
            "person",
            "parts",
            "stage",
            "sequence",
            "visible",
            "facts",
            "words",
            "told",
            "key_id",
            "hash",
        )
    )
    changed = {
        "at": row["at"] + timedelta(seconds=1), "recorded_at": row["recorded_at"] + timedelta(microseconds=1),
        "person": UUID(int=99), "sequence": row["sequence"] + 1, "facts": '{"n":101}', "hash": hashlib.sha256(b"x").hexdigest(),
    }  # fmt: skip
    row[name] = changed.get(name, f"{row[name]}x")
    return int(row["number"])


def reword(made: Books, chance: random.Random) -> int:
    number = chance.choice(sorted(made.words))
    first, *rest = made.words[number]
    made.words[number] = (KeptWords(number, first.field, first.salt, first.text + "!"), *rest)
    return number


def delete(made: Books, chance: random.Random) -> int:
    place = chance.randrange(len(made.rows))
    del made.rows[place]
    return place + 1


def delete_and_recount(made: Books, chance: random.Random) -> int:
    place = delete(made, chance)
    made.count = len(made.rows)
    made.head = made.rows[-1]["hash"] if made.rows else GENESIS
    return place


def insert(made: Books, chance: random.Random) -> int:
    """Among what was there. Behind the last one, with the key, it is an entry like any other: the next one."""
    place = chance.randrange(1, len(made.rows))
    made.rows.insert(place, deepcopy(made.rows[place - 1]))
    made.count += 1
    return place + 1


def insert_and_rewrite(made: Books, chance: random.Random) -> int:
    place = insert(made, chance)
    made.words = {}
    rewritten(made)
    return place


def swap(made: Books, chance: random.Random) -> int:
    a, b = sorted(chance.sample(range(len(made.rows)), 2))
    made.rows[a], made.rows[b] = made.rows[b], made.rows[a]
    return a + 1


def cut_tail(made: Books, chance: random.Random) -> int:
    """The last entries go, and the challenge's own row is made to fit."""
    left = chance.randrange(1, len(made.rows))
    del made.rows[left:]
    made.count, made.head = left, made.rows[-1]["hash"]
    return left + 1


def take_out_whole(made: Books, chance: random.Random) -> int:
    made.is_there = False
    return 0


def rewrite_same_length(made: Books, chance: random.Random) -> int:
    """Other facts, and every hash right again."""
    row = chance.choice(made.rows)
    row["facts"] = '{"n":-1}'
    number = int(row["number"])
    rewritten(made)
    return number


def reword_and_rewrite(made: Books, chance: random.Random) -> int:
    number = reword(made, chance)
    rewritten(made, with_words=True)
    return number


def swap_and_rewrite(made: Books, chance: random.Random) -> int:
    number = swap(made, chance)
    made.words = {}
    rewritten(made)
    return number


def roll_back(made: Books, chance: random.Random) -> int:
    """Yesterday's database: whole, proper, and older."""
    return cut_tail(made, chance)


def another_authoritys(made: Books, chance: random.Random) -> int:
    other = books(chance, len(made.rows), "elsewhere")
    made.rows, made.words, made.count, made.head = other.rows, other.words, other.count, other.head
    return 1


def another_challenges(made: Books, chance: random.Random) -> int:
    other = books(chance, len(made.rows), challenge=UUID(int=8))
    made.rows, made.words, made.count, made.head = other.rows, other.words, other.count, other.head
    return 1


def head_of_another(made: Books, chance: random.Random) -> int:
    made.head = hashlib.sha256(chance.randbytes(8)).hexdigest()
    return 0


def rewrite_one(made: Books, chance: random.Random) -> int:
    """With the key, and its own hash made right again: the next entry still follows what was there before."""
    row = chance.choice(made.rows[:-1])
    row["facts"] = '{"n":101}'
    row["hash"] = keyed_hash_of(KEY, made.authority, made.id, {name: row[name] for name in ChainedEntry.__dataclass_fields__})
    return int(row["number"])


def another_count(made: Books, chance: random.Random) -> int:
    made.count += chance.choice((-1, 1))
    return 0


WAYS: tuple[Tampering, ...] = (
    edit, reword, delete, delete_and_recount, insert, insert_and_rewrite, swap, cut_tail, take_out_whole, rewrite_same_length,
    reword_and_rewrite, swap_and_rewrite, roll_back, another_authoritys, another_challenges, head_of_another, another_count,
    rewrite_one,
)  # fmt: skip

ONLY_BY_CHECKPOINT = (cut_tail, take_out_whole, rewrite_same_length, reword_and_rewrite, roll_back)
"""What a chain alone cannot show, to somebody who holds its key or cuts its end."""


def tampered(count: int, seed: int = 1, with_checkpoint: bool = True) -> dict[str, list[int]]:
    """Tamper so many times; by way: how many were tried, how many not found, how many named too late."""
    chance = random.Random(seed)
    clean = [books(chance, chance.randrange(3, 14)) for _ in range(40)]
    found: dict[str, list[int]] = {way.__name__: [0, 0, 0] for way in WAYS}
    for n in range(count):
        way = WAYS[n % len(WAYS)]
        made = deepcopy(chance.choice(clean))
        if not with_checkpoint:
            made.seen = None
        first = way(made, chance)
        tried = found[way.__name__]
        tried[0] += 1
        said = made.fault()
        if said is None:
            tried[1] += 1
        elif first and not _names(said, first):
            tried[2] += 1
    return found


def _names(said: str, first: int) -> bool:
    """Is the first bad entry named: by its number, or by the run of entries in which it stands?"""
    numbers = [int(word) for word in said.replace(",", " ").replace(";", " ").split() if word.isdigit()]
    return bool(numbers) and (numbers[0] <= first if "from" in said else numbers[0] <= first + 1)
