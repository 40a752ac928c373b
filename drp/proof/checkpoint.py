"""A checkpoint: how every timeline of an authority stands at one moment, under one root, signed (Ed25519).

It leaves the database as a text that can be printed and kept by anybody. Given the last one, whatever was taken out of the
database, put in, changed or rolled back since is found, by whoever holds the public key and nothing else.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from drp.proof import merkle

FORMAT = "drp checkpoint 1"
NONE_BEFORE = "0" * 64
"""What the first checkpoint of an authority names as the one before it."""


class NoCheckpoint(Exception):
    """A text that is no checkpoint, or was altered. The message says what is wrong with it."""


@dataclass(frozen=True)
class CheckpointedLength:
    """How one challenge's timeline stands: its count of entries, the keyed head, and the digest that needs no key."""

    challenge: UUID
    count: int
    head: str
    digest: str

    @property
    def line(self) -> str:
        """One line of a checkpoint, and one leaf of its tree."""
        return f"{self.challenge} {self.count} {self.head} {self.digest}"

    @property
    def leaf(self) -> bytes:
        """The leaf's hash."""
        return merkle.leaf_hash(self.line.encode("ascii"))


@dataclass(frozen=True)
class Checkpoint:
    """The signed head of a checkpoint: small enough for an e-mail. `at` is an aware UTC instant, `size` counts challenges."""

    authority: str
    number: int
    at: datetime
    size: int
    root: str
    previous: str
    """The mark of the checkpoint before it: none can be left out unseen."""
    signer: str = ""
    signature: str = ""

    @property
    def statement(self) -> str:
        """What is signed."""
        return "\n".join(
            (
                FORMAT,
                f"authority {self.authority}",
                f"number {self.number}",
                f"at {self.at.isoformat(timespec='microseconds')}",
                f"challenges {self.size}",
                f"root {self.root}",
                f"previous {self.previous}",
            )
        )

    @property
    def text(self) -> str:
        """The statement with its signature."""
        return f"{self.statement}\nsigned {self.signer} {self.signature}\n"

    @property
    def mark(self) -> str:
        """What the next checkpoint calls this one by."""
        return hashlib.sha256(self.statement.encode("utf-8")).hexdigest()

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Did the holder of this key sign exactly this?"""
        try:
            signature = base64.b64decode(self.signature, validate=True)
            key.verify(signature, self.statement.encode("utf-8"))
        except (InvalidSignature, ValueError):
            return False
        # Base64 has several ways to write one signature; ours has one.
        return self.signer == name_of(key) and base64.b64encode(signature).decode("ascii") == self.signature


def name_of(key: Ed25519PublicKey) -> str:
    """A public key's name: the first 16 hex digits of its SHA-256, to compare by eye or over the telephone."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def in_order(standings: Iterable[CheckpointedLength]) -> tuple[CheckpointedLength, ...]:
    """The order of a checkpoint's leaves: by the challenge's identity."""
    return tuple(sorted(standings, key=lambda standing: standing.challenge.bytes))


def sign_checkpoint(
    authority: str, number: int, at: datetime, previous: str, standings: Sequence[CheckpointedLength], key: Ed25519PrivateKey
) -> Checkpoint:
    """The checkpoint of these standings, signed."""
    root = merkle.root_hash([standing.leaf for standing in standings]).hex()
    unsigned = Checkpoint(authority, number, at, len(standings), root, previous, name_of(key.public_key()))
    signature = base64.b64encode(key.sign(unsigned.statement.encode("utf-8"))).decode("ascii")
    return replace(unsigned, signature=signature)


def checkpoint_file(checkpoint: Checkpoint, standings: Sequence[CheckpointedLength]) -> str:
    """A checkpoint's file: the signed head, an empty line, then a line for each challenge."""
    return f"{checkpoint.text}\n" + "".join(f"{standing.line}\n" for standing in standings)


def tree_head_of(text: str) -> Checkpoint:
    """The signed head as it was written. Raises NoCheckpoint. Its signature is not yet looked at."""
    lines = text.split("\n")[:8]
    names = ("", "authority", "number", "at", "challenges", "root", "previous", "signed")
    if len(lines) < 8 or lines[0] != FORMAT:
        raise NoCheckpoint(f"It does not begin with `{FORMAT}` and seven lines: it is no checkpoint, or was cut.")
    values = {}
    for name, line in zip(names[1:], lines[1:], strict=True):
        told, _, value = line.partition(" ")
        if told != name or not value:
            raise NoCheckpoint(f"Where `{name} …` belongs there is `{line[:60]}`.")
        values[name] = value
    signer, _, signature = values["signed"].partition(" ")
    try:
        at = datetime.fromisoformat(values["at"])
        found = Checkpoint(
            values["authority"],
            int(values["number"]),
            at,
            int(values["challenges"]),
            values["root"],
            values["previous"],
            signer,
            signature,
        )
    except ValueError as fault:
        raise NoCheckpoint(f"A number or a moment in it cannot be read: {fault}.") from fault
    if at.tzinfo is None or found.text != "\n".join(lines) + "\n":
        raise NoCheckpoint("It is not written as a checkpoint is: a character was changed.")
    return found


def read_checkpoint(text: str, key: Ed25519PublicKey) -> tuple[Checkpoint, tuple[CheckpointedLength, ...]]:
    """A checkpoint's file, proven: signed by this key, and its lines those under its root. Raises NoCheckpoint."""
    found = tree_head_of(text)
    if not found.is_signed_by(key):
        raise NoCheckpoint(f"The key {name_of(key)} did not sign checkpoint {found.number}: it was altered, or is another's.")
    lines = text.split("\n")[9:]
    if lines[-1:] != [""]:
        raise NoCheckpoint(f"Checkpoint {found.number} was cut off.")
    standings = tuple(_standing(line) for line in lines[:-1])
    if checkpoint_file(found, standings) != text:
        raise NoCheckpoint(f"Checkpoint {found.number} is not written as a checkpoint is: a character was changed.")
    if len(standings) != found.size or merkle.root_hash([standing.leaf for standing in standings]).hex() != found.root:
        raise NoCheckpoint(f"The lines of checkpoint {found.number} are not those that were signed.")
    return found, standings


def _standing(line: str) -> CheckpointedLength:
    try:
        challenge, count, head, digest = line.split(" ")
        found = CheckpointedLength(UUID(challenge), int(count), head, digest)
    except ValueError as fault:
        raise NoCheckpoint(f"`{line[:80]}` is no line of a checkpoint.") from fault
    if found.line != line:
        raise NoCheckpoint(f"`{line[:80]}` is not written as a checkpoint's lines are.")
    return found
