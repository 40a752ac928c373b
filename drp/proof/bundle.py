"""The proof that goes with a bundle: one timeline, as far as it is shown, led entry by entry to a signed checkpoint.

Whoever holds the public key and nothing else can work it out: each entry's own hash, the running digest over all of them,
the timeline's line in the checkpoint, the way from that line to the root, the signature.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drp.proof import merkle
from drp.proof.checkpoint import Checkpoint, CheckpointedLength, NoCheckpoint, name_of, tree_head_of
from drp.timeline.chain import GENESIS, ChainedEntry, KeptWords, commitment_of, continue_digest, own_digest, word_hash
from drp.timeline.read import StoredTimeline

FORMAT, READS = "drp proof 2", ("drp proof 1", "drp proof 2")
"""Written, and read: from 2 on an entry may commit to whom was told."""

MOST_FIELDS, LONGEST_WAY = 200, 64
"""Fields of words that one entry may have, and steps from a line to the root: a checkpoint of 2^64 timelines has as many."""


class NotProven(Exception):
    """A proof that does not hold. The message names the first thing that is wrong."""


@dataclass(frozen=True)
class ProvenTimeline:
    """What a proof shows: so many entries stand under the checkpoint, so many came after it and are not yet proven."""

    reference: str
    entries: int
    after: int
    checkpoint: Checkpoint | None
    kinds: Mapping[int, tuple[str, str]]
    """Kind and moment (ISO, UTC) of each entry that is shown."""
    words: Mapping[int, Mapping[str, str]]
    """The words that are shown, each held against what its entry committed to."""
    hidden: frozenset[int] = frozenset()
    """Entries that are proven by their hash alone."""


def make_proof(
    authority: str,
    challenge: UUID,
    reference: str,
    kept: StoredTimeline,
    shown: Callable[[ChainedEntry], bool],
    spoken: Callable[[ChainedEntry, KeptWords], bool],
    checkpoint: Checkpoint | None,
    standings: Sequence[CheckpointedLength],
) -> str:
    """The proof as a text. `shown`: does an entry stand in the bundle; `spoken`: does a field of its words, unaltered?"""
    listed = [_entry(authority, challenge, entry, kept.words.get(entry.number, ()), shown, spoken) for entry in kept.entries]
    proof: dict[str, Any] = {
        "format": FORMAT, "authority": authority, "challenge": str(challenge), "reference": reference, "entries": listed,
    }  # fmt: skip
    place = next((n for n, standing in enumerate(standings) if standing.challenge == challenge), None)
    if checkpoint is not None and place is not None:
        way = merkle.proof_path([standing.leaf for standing in standings], place)
        proof |= {
            "line": standings[place].line, "place": place, "way": [neighbour.hex() for neighbour in way],
            "checkpoint": checkpoint.text,
        }  # fmt: skip
    return json.dumps(proof, indent=1, ensure_ascii=False) + "\n"


def _entry(
    authority: str,
    challenge: UUID,
    entry: ChainedEntry,
    words: tuple[KeptWords, ...],
    shown: Callable[[ChainedEntry], bool],
    spoken: Callable[[ChainedEntry, KeptWords], bool],
) -> dict[str, Any]:
    if not shown(entry):
        return {"number": entry.number, "digest": own_digest(authority, challenge, vars(entry))}
    found = {name: value for name, value in vars(entry).items() if name not in ("key_id", "previous")}
    for name in ("at", "recorded_at"):
        found[name] = found[name].isoformat(timespec="microseconds")
    for name in ("person", "behalf_of"):
        found[name] = str(found[name]) if found[name] else None
    found["said"] = [
        {"field": kept.field, "salt": kept.salt, "text": kept.text}
        if spoken(entry, kept)
        else {"field": kept.field, "hash": word_hash(kept)}
        for kept in words
    ]
    return found


def check_proof(text: str, key: Ed25519PublicKey) -> ProvenTimeline:
    """Work a proof out again, from its entries up to the signature. Raises NotProven."""
    try:
        proof = json.loads(text)
        if proof["format"] not in READS:
            raise NotProven(f"The proof is written as `{proof['format']}`; this release reads `{FORMAT}`.")
        return _checked(proof, key)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ArithmeticError) as fault:
        raise NotProven(f"The proof cannot be read: {fault}.") from fault


def _checked(proof: Mapping[str, Any], key: Ed25519PublicKey) -> ProvenTimeline:
    authority, challenge = proof["authority"], UUID(proof["challenge"])
    digests, kinds, words, hidden = [], {}, {}, set()
    for number, raw in enumerate(proof["entries"], 1):
        if raw["number"] != number:
            raise NotProven(f"Entry {number} is missing from the proof.")
        if "digest" in raw:
            digests.append(str(raw["digest"]))
            hidden.add(number)
            continue
        entry = {name: raw[name] for name in ChainedEntry.__dataclass_fields__ if name not in ("key_id", "previous", "told")}
        entry["told"] = raw.get("told", "")
        for name in ("at", "recorded_at"):
            entry[name] = datetime.fromisoformat(entry[name])
        digests.append(own_digest(authority, challenge, entry))
        kinds[number] = (raw["kind"], raw["at"])
        words[number] = _words(number, raw)
    checkpoint, count = _under_a_checkpoint(proof, authority, challenge, digests, key)
    return ProvenTimeline(proof["reference"], count, len(digests) - count, checkpoint, kinds, words, frozenset(hidden))


def _words(number: int, raw: Mapping[str, Any]) -> Mapping[str, str]:
    """The words shown, held against the commitment; where they were erased, there are none and nothing to hold."""
    spoken = raw["said"]
    if not spoken:
        return {}
    if len(spoken) > MOST_FIELDS:
        raise NotProven(f"Entry {number} has more words than any entry.")
    if any("hash" in shown and "text" in shown for shown in spoken):
        raise NotProven(f"The words of entry {number} stand there twice.")
    hashes = [
        (
            shown["field"],
            shown["hash"] if "hash" in shown else word_hash(KeptWords(number, shown["field"], shown["salt"], shown["text"])),
        )
        for shown in spoken
    ]
    if commitment_of(hashes) != raw["words"]:
        raise NotProven(f"The words of entry {number} are not those that were written.")
    return {shown["field"]: shown["text"] for shown in spoken if "text" in shown}


def _under_a_checkpoint(
    proof: Mapping[str, Any], authority: str, challenge: UUID, digests: Sequence[str], key: Ed25519PublicKey
) -> tuple[Checkpoint | None, int]:
    if "checkpoint" not in proof:
        return None, 0
    try:
        checkpoint = tree_head_of(proof["checkpoint"])
    except NoCheckpoint as fault:
        raise NotProven(f"The checkpoint cannot be read: {fault}") from fault
    if checkpoint.authority != authority:
        raise NotProven(f"The checkpoint is of {checkpoint.authority}, the timeline of {authority}.")
    if not checkpoint.is_signed_by(key):
        raise NotProven(f"The key {name_of(key)} did not sign checkpoint {checkpoint.number}.")
    named, count, _, digest = proof["line"].split(" ")
    if named != str(challenge):
        raise NotProven("The line of the checkpoint is another timeline's.")
    if not int(count) <= len(digests):
        raise NotProven(f"Entry {len(digests) + 1} is missing: the checkpoint counts {count}.")
    if continue_digest(GENESIS, digests[: int(count)]) != digest:
        raise NotProven(f"An entry from 1 to {count} is not the one that the checkpoint saw.")
    if len(proof["way"]) > LONGEST_WAY:
        raise NotProven("The way to the root is longer than any.")
    own = merkle.leaf_hash(proof["line"].encode("ascii"))
    root = merkle.root_by(own, int(proof["place"]), checkpoint.size, [bytes.fromhex(neighbour) for neighbour in proof["way"]])
    if root is None or root.hex() != checkpoint.root:
        raise NotProven("The timeline's line does not lead to the root that was signed.")
    return checkpoint, int(count)


def first_altered(proven: ProvenTimeline, chronology: Iterable[Mapping[str, Any]], black: str) -> str:
    """What in a bundle's chronology is not what its timeline says; empty where all of it is.

    Words that are proven must stand there as they were written. Where a phrase was made unreadable (`black`) they are not
    proven, and neither are those that were left out.
    """
    for listed in chronology:
        number = listed["number"]
        if number in proven.hidden:
            continue
        known = proven.kinds.get(number)
        if known is None:
            return f"entry {number} of the chronology is not among those that are proven"
        if known[0] != listed["kind"] or datetime.fromisoformat(known[1]) != datetime.fromisoformat(listed["at"]):
            return f"entry {number} of the chronology is not the entry that is proven"
        texts = {spoken["text"] for spoken in listed["words"] if not spoken["left_out"]}
        if not all(text in proven.words[number].values() or black in text for text in texts):
            return f"the words of entry {number} are not those that were written"
    return ""
