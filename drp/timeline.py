"""The timeline: canonical entries, each bound to the one before by a keyed hash; personal words committed to, kept apart."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from drp.chance import Chance
from workflows.turn import Entry

SCHEMA_VERSION = 1
GENESIS = "0" * 64


@dataclass(frozen=True)
class ChainKey:
    """The key of the chain: kept outside the database, named so that it can be changed."""

    id: str
    secret: bytes


@dataclass(frozen=True)
class ChainedEntry:
    """One line as it is stored. `hash` covers everything above it and the line before."""

    number: int
    schema_version: int
    kind: str
    at: datetime
    recorded_at: datetime
    person: UUID | None
    parts: str
    behalf_of: UUID | None
    stage: str
    sequence: int
    visible: str
    facts: str
    words: str
    key_id: str
    previous: str
    hash: str


@dataclass(frozen=True)
class KeptWords:
    """What a person wrote in one field of one entry, with the salt that hides it in the commitment."""

    number: int
    field: str
    salt: str
    text: str


def canonical(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, as UTF-8 reads."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def commitment(words: Iterable[KeptWords]) -> str:
    """The salted hash that commits to an entry's words; empty where there are none."""
    return commitment_of((kept.field, word_hash(kept)) for kept in words)


def word_hash(kept: KeptWords) -> str:
    """The salted hash of one field's words: it stands for them where they are not shown."""
    return hashlib.sha256(f"{kept.salt}\0{kept.text}".encode()).hexdigest()


def commitment_of(hashes: Iterable[tuple[str, str]]) -> str:
    """The same, from fields and the hashes of their words: so one field may be left out and the rest still prove."""
    listed = [list(pair) for pair in hashes]
    return hashlib.sha256(canonical(sorted(listed)).encode()).hexdigest() if listed else ""


def _bound(authority: str, challenge: UUID, entry: Mapping[str, Any]) -> bytes:
    listed = {name: value for name, value in entry.items() if name != "hash"}
    for name in ("at", "recorded_at"):
        listed[name] = listed[name].isoformat(timespec="microseconds")
    for name in ("person", "behalf_of"):
        listed[name] = str(listed[name]) if listed[name] else None
    return canonical({"authority": authority, "challenge": str(challenge), **listed}).encode()


def digest(authority: str, challenge: UUID, before: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """The running digest of a timeline that somebody without the key can work out too, after these entries.

    Each entry goes in by its own hash, so that one may be left out of a copy and the rest still prove themselves.
    """
    return running(before, (own_digest(authority, challenge, row) for row in rows))


def running(before: str, own_digests: Iterable[str]) -> str:
    """The running digest after entries whose own hashes are these."""
    for own in own_digests:
        before = hashlib.sha256(f"{before}{own}".encode()).hexdigest()
    return before


def own_digest(authority: str, challenge: UUID, row: Mapping[str, Any]) -> str:
    """The hash of one entry by itself, without a key."""
    kept = {name: row[name] for name in ChainedEntry.__dataclass_fields__ if name not in ("key_id", "previous")}
    return hashlib.sha256(_bound(authority, challenge, kept)).hexdigest()


def hashed(key: ChainKey, authority: str, challenge: UUID, entry: Mapping[str, Any]) -> str:
    """The keyed hash of one entry, its `previous` included."""
    return hmac.new(key.secret, _bound(authority, challenge, entry), hashlib.sha256).hexdigest()


def chain(
    entries: Iterable[Entry],
    *,
    authority: str,
    challenge: UUID,
    number: int,
    head: str,
    recorded_at: datetime,
    key: ChainKey,
    chance: Chance,
) -> Iterator[tuple[ChainedEntry, tuple[KeptWords, ...]]]:
    """Bind new entries to a chain that has `number` entries and stands at `head`."""
    for entry in entries:
        number += 1
        words = tuple(KeptWords(number, field, chance.salt(), text) for field, text in sorted(entry.words.items()) if text)
        values: dict[str, Any] = {
            "number": number,
            "schema_version": SCHEMA_VERSION,
            "kind": entry.kind,
            "at": entry.at,
            "recorded_at": recorded_at,
            "person": UUID(entry.by.person) if entry.by.person else None,
            "parts": ",".join(sorted(part.value for part in entry.by.parts)),
            "behalf_of": UUID(entry.by.behalf_of) if entry.by.behalf_of else None,
            "stage": entry.stage,
            "sequence": entry.sequence,
            "visible": entry.visible.value,
            "facts": canonical(entry.facts),
            "words": commitment(words),
            "key_id": key.id,
            "previous": head,
        }
        head = hashed(key, authority, challenge, values)
        yield ChainedEntry(**values, hash=head), words


def first_fault(
    keys: Mapping[str, ChainKey],
    authority: str,
    challenge: UUID,
    rows: Iterable[Mapping[str, Any]],
    words: Mapping[int, tuple[KeptWords, ...]],
    count: int,
    head: str,
) -> str | None:
    """What is wrong with a stored chain, naming the first bad entry; None where it proves itself.

    `rows` in order of number; `count` and `head` as the challenge's own row has them. Words that were lawfully erased
    are absent from `words` as a whole entry and prove nothing either way.
    """
    previous, number = GENESIS, 0
    for row in rows:
        number += 1
        if row["number"] != number:
            return f"entry {number} is missing"
        if row["previous"] != previous:
            return f"entry {number} does not follow the one before"
        key = keys.get(row["key_id"])
        if key is None:
            return f"entry {number} was made with a key that is not at hand"
        values = {name: row[name] for name in ChainedEntry.__dataclass_fields__}
        if not hmac.compare_digest(hashed(key, authority, challenge, values).encode(), str(row["hash"]).encode()):
            return f"entry {number} was altered"
        kept = words.get(number, ())
        if kept and commitment(kept) != row["words"]:
            return f"the words of entry {number} were altered"
        previous = row["hash"]
    if number != count:
        return f"the chain has {number} entries where {count} were recorded"
    if previous != head:
        return "the chain's head is not the last entry"
    return None
