"""The chain of a timeline: every change of what was stored is found, the first one named, and nobody is accused wrongly."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

from drp.database.challenge_tables import ChallengeRow, EntryRow, WordsRow
from drp.database.ids import Randomness
from drp.timeline.chain import GENESIS, ChainKey, KeptWords, chain_entries, first_fault
from tests.cast.world import World

Rows = list[dict[str, Any]]
MUTATIONS = 1_500


class Stored:
    """A chain as the database holds it: its entries, their words, and what the challenge's row says of it."""

    def __init__(self, world: World, reference: str) -> None:
        self.key = world.service.casework.keeper.key
        self.authority = world.council.key
        row = world.rows(select(ChallengeRow.__table__).where(ChallengeRow.reference == reference))[0]
        self.challenge, self.count, self.head = UUID(str(row.id)), row.entries, row.head
        self.rows: Rows = world.dicts(select(EntryRow.__table__).where(EntryRow.challenge == row.id).order_by(EntryRow.number))
        self.words: dict[int, tuple[KeptWords, ...]] = {}
        for one in world.rows(select(WordsRow.__table__).where(WordsRow.challenge == row.id).order_by(WordsRow.field)):
            self.words[one.number] = (*self.words.get(one.number, ()), KeptWords(one.number, one.field, one.salt, one.text))

    def fault(self, **changed: Any) -> str | None:
        """What the check says of the chain, perhaps with something changed."""
        given = {"rows": self.rows, "words": self.words, "count": self.count, "head": self.head, **changed}
        keys = {self.key.id: self.key}
        return first_fault(keys, self.authority, self.challenge, given["rows"], given["words"], given["count"], given["head"])


@pytest.fixture
def stored(world: World) -> Stored:
    """A chain of some length, made by the service: raised, noted, answered, climbed, with actions and long words."""
    irene, tess = world.as_("irene"), world.as_("tess")
    reference = irene.raises(item_type="formal", effect_on_child="She waits.", outcome_sought="A date.").json()["reference"]
    for n in range(6):
        irene.brings(reference, "noted", text=f"Note {n}: “as said” – naïve ☂")
    actions = [{"what": f"Thing {n}", "by": "2026-04-20"} for n in range(3)]
    tess.brings(reference, "responded", position="in_part", answer="Some of it.", actions=actions)
    irene.brings(reference, "judged", verdict="needs_more", why="Not the date.")
    world.pass_to("Fri 17 April 2026, 10:00")
    irene.brings(reference, "legal_advice_taken", source="Counsel", on="2026-04-16", conflict_checked=True, content="Advice.")
    irene.brings(reference, "noted", text="The last.")
    return Stored(world, reference)


def test_a_chain_that_nobody_touched_is_never_accused(world: World, stored: Stored) -> None:
    assert stored.count == len(stored.rows) > 20
    assert stored.fault() is None
    assert stored.fault(words={}) is None
    assert world.rows(select(EntryRow.number).where(EntryRow.previous == GENESIS)) == [(1,)]


def altered(value: Any, chance: random.Random) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice((-1, 1, 100))
    if hasattr(value, "isoformat"):
        return value + timedelta(microseconds=chance.choice((1, -1, 86_400_000_000)))
    if isinstance(value, UUID):
        return UUID(int=value.int ^ (1 << chance.randrange(128)))
    if value is None:
        return UUID(int=chance.getrandbits(128))
    if not value:
        return chance.choice(("x", " ", "é"))
    at = chance.randrange(len(value))
    return chance.choice((value[:at] + value[at + 1 :], value[:at] + "é" + value[at:], value[::-1] + "x", "", value + " "))


def edit(stored: Stored, chance: random.Random) -> tuple[str, dict[str, Any], int]:
    at = chance.randrange(len(stored.rows))
    fields = [name for name in stored.rows[at] if name not in ("authority", "challenge", "number")]
    field = chance.choice(fields)
    row = {**stored.rows[at], field: altered(stored.rows[at][field], chance)}
    return f"edit {field}", {"rows": [*stored.rows[:at], row, *stored.rows[at + 1 :]]}, at + 1


def remove(stored: Stored, chance: random.Random) -> tuple[str, dict[str, Any], int]:
    at = chance.randrange(len(stored.rows))
    rows = [*stored.rows[:at], *stored.rows[at + 1 :]]
    if chance.random() < 0.5:  # and close the gap in the numbers
        rows = [{**row, "number": n} for n, row in enumerate(rows, 1)]
    return "delete", {"rows": rows}, at + 1 if at < len(rows) else 0


def put_in(stored: Stored, chance: random.Random) -> tuple[str, dict[str, Any], int]:
    at = chance.randrange(len(stored.rows) + 1)
    like = stored.rows[chance.randrange(len(stored.rows))]
    rows = [*stored.rows[:at], like, *stored.rows[at:]]
    rows = [{**row, "number": n} for n, row in enumerate(rows, 1)]
    again = at < len(stored.rows) and like is stored.rows[at]  # put before itself: the second of the two is the odd one
    return "insert", {"rows": rows, "count": stored.count + chance.choice((0, 1))}, at + 1 + again


def swap(stored: Stored, chance: random.Random) -> tuple[str, dict[str, Any], int]:
    one, two = sorted(chance.sample(range(len(stored.rows)), 2))
    rows = list(stored.rows)
    rows[one], rows[two] = {**rows[two], "number": one + 1}, {**rows[one], "number": two + 1}
    return "swap", {"rows": rows}, one + 1


def cut(stored: Stored, chance: random.Random) -> tuple[str, dict[str, Any], int]:
    left = chance.randrange(len(stored.rows))
    return "tail cut", {"rows": stored.rows[:left]}, 0


def rewritten_words(stored: Stored, chance: random.Random) -> tuple[str, dict[str, Any], int]:
    number = chance.choice(sorted(stored.words))
    kept = list(stored.words[number])
    at = chance.randrange(len(kept))
    field = chance.choice(("field", "salt", "text"))
    kept[at] = replace(kept[at], **{field: altered(getattr(kept[at], field), chance)})
    if chance.random() < 0.2 and len(kept) > 1:
        del kept[at]
    return f"words {field}", {"words": {**stored.words, number: tuple(kept)}}, number


def planted_words(stored: Stored, chance: random.Random) -> tuple[str, dict[str, Any], int]:
    number = chance.choice([row["number"] for row in stored.rows if row["number"] not in stored.words])
    return "words planted", {"words": {**stored.words, number: (KeptWords(number, "why", "0" * 32, "Never said."),)}}, number


def rewritten_with_another_key(stored: Stored, chance: random.Random) -> tuple[str, dict[str, Any], int]:
    """The whole chain made anew, hashes and head and all, by somebody without the key."""
    from drp.timeline.chain import keyed_hash_of

    key = ChainKey(stored.key.id, chance.randbytes(32))
    at = chance.randrange(len(stored.rows))
    rows, head = list(stored.rows[:at]), stored.rows[at - 1]["hash"] if at else GENESIS
    for row in stored.rows[at:]:
        values = {name: row[name] for name in row if name not in ("authority", "challenge", "hash")} | {"previous": head}
        head = keyed_hash_of(key, stored.authority, stored.challenge, values)
        rows.append({**row, **values, "hash": head})
    return "rewritten", {"rows": rows, "head": head}, at + 1


KINDS = (edit, remove, put_in, swap, cut, rewritten_words, planted_words, rewritten_with_another_key)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_every_one_of_1500_random_changes_is_found_and_the_first_bad_entry_named(stored: Stored) -> None:
    chance = random.Random(20260401)
    missed: list[str] = []
    done: dict[str, int] = {}
    for n in range(MUTATIONS):
        kind, changed, first = KINDS[n % len(KINDS)](stored, chance)
        same = all(getattr(stored, name) == value for name, value in changed.items())
        if same:
            continue
        fault = stored.fault(**changed)
        done[kind.split()[0]] = done.get(kind.split()[0], 0) + 1
        if fault is None or (first and f"entry {first} " not in f"{fault} "):
            missed.append(f"{n}: {kind} at {first}: {fault}")
    print(f"\nchanges tried and found: {done}")  # noqa: T201
    assert not missed, missed[:10]
    assert sum(done.values()) > 1_000
    assert min(done.values()) > 100


def test_the_tail_is_missed_only_where_the_challenges_own_row_is_cut_as_well(stored: Stored) -> None:
    """A known limit: who can rewrite the challenge's row as well is found by checkpoints outside the database alone."""
    for left in range(1, len(stored.rows)):
        rows = stored.rows[:left]
        assert stored.fault(rows=rows) is not None
        assert stored.fault(rows=rows, count=left) == "the chain's head is not the last entry"
        assert stored.fault(rows=rows, head=rows[-1]["hash"]) is not None
        assert stored.fault(rows=rows, count=left, head=rows[-1]["hash"]) is None
    assert stored.fault(rows=[]) is not None


def test_two_chains_cannot_be_exchanged(world: World, stored: Stored) -> None:
    other = Stored(world, world.as_("irene").raises().json()["reference"])
    assert stored.fault(rows=other.rows, words=other.words, count=other.count, head=other.head) == "entry 1 was altered"
    assert first_fault({other.key.id: other.key}, "elsewhere", other.challenge, other.rows, {}, other.count, other.head)
    assert first_fault({}, other.authority, other.challenge, other.rows, {}, other.count, other.head) == (
        "entry 1 was made with a key that is not at hand"
    )


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_words_that_were_lawfully_erased_keep_the_chain_proven_and_cannot_be_guessed(world: World, stored: Stored) -> None:
    numbers = sorted(stored.words)
    for number in numbers:
        kept = {n: words for n, words in stored.words.items() if n != number}
        assert stored.fault(words=kept) is None
    world.write(delete(WordsRow).where(WordsRow.number == numbers[0]))
    reference = world.rows(select(ChallengeRow.reference))[0][0]
    seen = world.as_("irene").timeline(reference)
    assert seen["proven"]
    assert seen["entries"][numbers[0] - 1]["words"] == {}
    salts = [words.salt for kept in stored.words.values() for words in kept]
    assert len(set(salts)) == len(salts)


def test_what_a_reader_is_shown_says_where_the_chain_was_broken(world: World, stored: Stored) -> None:
    reference = world.rows(select(ChallengeRow.reference))[0][0]
    world.write(text("UPDATE words SET text = 'It was never so.' WHERE number = 1"))
    seen = world.as_("irene").timeline(reference)
    assert (seen["proven"], seen["first_fault"]) == (False, "the words of entry 1 were altered")
    assert world.as_("sam").timeline(reference)["first_fault"] == "the words of entry 1 were altered"


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_thousand_clean_chains_are_all_proven(stored: Stored, octets: Callable[[int], bytes]) -> None:
    from workflows.decision.decision_builder import TimelineEntry
    from workflows.model.actor import THE_SERVICE

    chance, made, at = random.Random(7), Randomness(octets), stored.rows[0]["at"]
    for _ in range(1_000):
        challenge = made.identity()
        entries = [
            TimelineEntry(f"kind {n}", at, THE_SERVICE, "stage", n, {"n": [n, "é", None]}, {"why": chance.randbytes(9).hex()})
            for n in range(chance.randrange(1, 12))
        ]  # fmt: skip
        bound = list(
            chain_entries(
                entries, authority="dunmoor", challenge=challenge, number=0, head=GENESIS,
                recorded_at=stored.rows[0]["at"], key=stored.key, chance=made,
            )
        )  # fmt: skip
        rows = [vars(entry) for entry, _ in bound]
        words = {entry.number: kept for entry, kept in bound if chance.random() < 0.8}
        keys = {stored.key.id: stored.key}
        assert first_fault(keys, "dunmoor", challenge, rows, words, len(rows), rows[-1]["hash"]) is None
