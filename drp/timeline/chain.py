"""The timeline: canonical entries, each bound to the one before by a keyed hash; personal words committed to, kept apart."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from drp.database.ids import Randomness
from workflows.decision.decision_builder import TimelineEntry

_text = json.encoder.encode_basestring
"""A text as JSON has it, quotes and all, as UTF-8 reads."""

GENESIS = "0" * 64


@dataclass(frozen=True)
class ChainKey:
    """The key of the chain: kept outside the database, named so that it can be changed."""

    id: str
    secret: bytes


@dataclass(frozen=True)
class ChainedEntry:
    """One line as it is stored. `hash` covers everything above it and the line before.

    `schema_version` is the edition of the rules that the line was decided under.
    """

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
    told: str
    """The digest over every message until then, or empty: on the last entry of a decision (`drp.timeline.telling`)."""
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


def canonical_text(value: Any) -> str:
    """One text for one value: sorted keys, no spaces, as UTF-8 reads."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def words_commitment(words: Iterable[KeptWords]) -> str:
    """The salted hash that commits to an entry's words; empty where there are none."""
    return commitment_of((kept.field, word_hash(kept)) for kept in words)


def word_hash(kept: KeptWords) -> str:
    """The salted hash of one field's words: it stands for them where they are not shown."""
    return hashlib.sha256(f"{kept.salt}\0{kept.text}".encode()).hexdigest()


def commitment_of(hashes: Iterable[tuple[str, str]]) -> str:
    """The same, from fields and the hashes of their words: so one field may be left out and the rest still prove."""
    listed = [list(pair) for pair in hashes]
    return hashlib.sha256(canonical_text(sorted(listed)).encode()).hexdigest() if listed else ""


def _bound(authority: str, challenge: UUID, entry: Mapping[str, Any], keyed: bool = True) -> bytes:
    """The bytes that an entry's hash covers: `canonical_text` of its values, its authority and its challenge, written out.

    Written by hand because a whole verification does little else; a test holds it against `canonical_text` for any entry.
    `keyed`: with the name of the key and the hash of the entry before.
    """
    return _binder(authority, challenge, keyed)(entry)


@lru_cache(maxsize=256)
def _binder(authority: str, challenge: UUID, keyed: bool) -> Callable[[Mapping[str, Any]], bytes]:
    """What binds the entries of one timeline: what all of them share is written once."""
    text, identity = _text, _identity
    after_moment = f'","authority":{text(authority)},"behalf_of":'
    about = f',"challenge":"{challenge}","facts":'

    def bind(entry: Mapping[str, Any]) -> bytes:
        at, recorded_at = entry["at"], entry["recorded_at"]
        moment = at.isoformat(timespec="microseconds")
        recorded = moment
        if recorded_at is not at and not (at == recorded_at and at.tzinfo is recorded_at.tzinfo):
            recorded = recorded_at.isoformat(timespec="microseconds")
        key_id = f'"key_id":{text(entry["key_id"])},' if keyed else ""
        previous = f'"previous":{text(entry["previous"])},' if keyed else ""
        # What was kept before entries committed to whom they told has no such value, and keeps its hash.
        told = f'"told":{text(entry["told"])},' if entry["told"] else ""
        return (
            f'{{"at":"{moment}{after_moment}{identity(entry["behalf_of"])}{about}{text(entry["facts"])},{key_id}'
            f'"kind":{text(entry["kind"])},"number":{entry["number"]},"parts":{text(entry["parts"])},'
            f'"person":{identity(entry["person"])},{previous}"recorded_at":"{recorded}",'
            f'"schema_version":{entry["schema_version"]},"sequence":{entry["sequence"]},"stage":{text(entry["stage"])},'
            f'{told}"visible":{text(entry["visible"])},"words":{text(entry["words"])}}}'
        ).encode()

    return bind


@lru_cache(maxsize=8192)
def _identity(id_: UUID | None) -> str:
    return f'"{id_}"' if id_ else "null"


def running_digest(authority: str, challenge: UUID, before: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """The running digest of a timeline that somebody without the key can work out too, after these entries.

    Each entry goes in by its own hash, so that one may be left out of a copy and the rest still prove themselves.
    """
    return continue_digest(before, (own_digest(authority, challenge, row) for row in rows))


def continue_digest(before: str, own_digests: Iterable[str]) -> str:
    """The running digest after entries whose own hashes are these."""
    for own in own_digests:
        before = hashlib.sha256(f"{before}{own}".encode()).hexdigest()
    return before


def own_digest(authority: str, challenge: UUID, row: Mapping[str, Any]) -> str:
    """The hash of one entry by itself, without a key."""
    return hashlib.sha256(_bound(authority, challenge, row, keyed=False)).hexdigest()


def keyed_hash_of(key: ChainKey, authority: str, challenge: UUID, entry: Mapping[str, Any]) -> str:
    """The keyed hash of one entry, its `previous` included."""
    return keyed_hash_over(key, _bound(authority, challenge, entry))


def keyed_hash_over(key: ChainKey, octets: bytes) -> str:
    """HMAC-SHA-256 (RFC 2104), in hex: the same as `hmac`, held against it by a test, with the key set up only once."""
    inner, outer = _begun(key.secret)
    inside = inner.copy()
    inside.update(octets)
    outside = outer.copy()
    outside.update(inside.digest())
    return outside.hexdigest()


@lru_cache(maxsize=16)
def _begun(secret: bytes) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """Both hashes before their first byte: setting a key up costs as much as an entry."""
    block = (hashlib.sha256(secret).digest() if len(secret) > 64 else secret).ljust(64, b"\0")
    return hashlib.sha256(bytes(octet ^ 0x36 for octet in block)), hashlib.sha256(bytes(octet ^ 0x5C for octet in block))


def chain_entries(
    entries: Sequence[TimelineEntry],
    *,
    authority: str,
    challenge: UUID,
    number: int,
    head: str,
    recorded_at: datetime,
    key: ChainKey,
    chance: Randomness,
    told: str = "",
) -> Iterator[tuple[ChainedEntry, tuple[KeptWords, ...]]]:
    """Bind new entries to a chain that has `number` entries and stands at `head`; the last of them commits to `told`."""
    for place, entry in enumerate(entries, 1):
        number += 1
        words = tuple(KeptWords(number, field, chance.salt(), text) for field, text in sorted(entry.words.items()) if text)
        values: dict[str, Any] = {
            "number": number,
            "schema_version": entry.edition.value,
            "kind": entry.kind,
            "at": entry.at,
            "recorded_at": recorded_at,
            "person": UUID(entry.by.person) if entry.by.person else None,
            "parts": ",".join(sorted(part.value for part in entry.by.parts)),
            "behalf_of": UUID(entry.by.behalf_of) if entry.by.behalf_of else None,
            "stage": entry.stage,
            "sequence": entry.sequence,
            "visible": entry.visible.value,
            "facts": canonical_text(entry.facts),
            "words": words_commitment(words),
            "told": told if place == len(entries) else "",
            "key_id": key.id,
            "previous": head,
        }
        head = keyed_hash_of(key, authority, challenge, values)
        yield ChainedEntry(**values, hash=head), words


def link_fault(
    keys: Mapping[str, ChainKey], number: int, previous: str, row: Mapping[str, Any], bind: Callable[[Mapping[str, Any]], bytes]
) -> str | None:
    """What is wrong with one entry, as the `number`th after `previous`; None: nothing. `bind`: what its hash covers."""
    if row["number"] != number:
        return f"entry {number} is missing"
    if row["previous"] != previous:
        return f"entry {number} does not follow the one before"
    key = keys.get(row["key_id"])
    if key is None:
        return f"entry {number} was made with a key that is not at hand"
    # No constant-time comparison is needed: no attacker observes how long this takes.
    return f"entry {number} was altered" if keyed_hash_over(key, bind(row)) != row["hash"] else None


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
    previous, number, bind = GENESIS, 0, _binder(authority, challenge, True)
    for row in rows:
        number += 1
        if (fault := link_fault(keys, number, previous, row, bind)) is not None:
            return fault
        kept = words.get(number, ())
        if kept and words_commitment(kept) != row["words"]:
            return f"the words of entry {number} were altered"
        previous = row["hash"]
    if number != count:
        return f"the chain has {number} entries where {count} were recorded"
    if previous != head:
        return "the chain's head is not the last entry"
    return None
