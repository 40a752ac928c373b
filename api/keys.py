"""The service's keys: files that stand outside the database. Serving reads them and never makes one: `drp keys make` does.

| name | proves | file |
|---|---|---|
| chain | every entry of a timeline, by a keyed hash | a line for each key, with a name before it; the last one is used |
| signing | every checkpoint (Ed25519) | the same; the last one signs |
| seal | who may come in: sessions, tokens, links, accounts | the same; the last one seals |

A line such as `k1 lost` says that a key is gone for good: its entries can no longer be proved, and the service starts.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drp.database.ids import Randomness
from drp.proof.checkpoint import name_of
from drp.settings import Settings
from drp.timeline.chain import ChainKey

LOST = "lost"


class KeyName(StrEnum):
    """Which of the keys."""

    CHAIN = "chain"
    SIGNING = "signing"
    SEAL = "seal"


class KeyMissing(Exception):
    """A key that the service cannot do without is not there. The message says what to do."""


class KeyIsThere(Exception):
    """A key is there already: another in its place would make what it proves look altered."""


@dataclass(frozen=True)
class KeyFile:
    """What one file of keys holds: the keys by name, the newest last, and the names of those that are lost for good."""

    keys: tuple[ChainKey, ...]
    lost: frozenset[str]


@dataclass(frozen=True)
class Keys:
    """The service's keys. Of each tuple the last one is used, those before it still prove."""

    chain: tuple[ChainKey, ...]
    signing: tuple[Ed25519PrivateKey, ...]
    seal: tuple[ChainKey, ...]
    lost: frozenset[str] = frozenset()
    """The names of keys, of the chain or of signing, that the operator wrote down as lost."""


def read_keys(settings: Settings) -> Keys:
    """Read every key. Raises KeyMissing, ValueError for a file that holds none, OSError."""
    for name in KeyName:
        path = key_path(settings, name)
        if not path.exists():
            raise KeyMissing(
                f"There is no {name} key at {path}. Put the copy of it there. Only where there has never been one: "
                f"`drp keys make {name}`."
            )
    files = {name: _read(key_path(settings, name)) for name in KeyName}
    return Keys(
        files[KeyName.CHAIN].keys,
        tuple(Ed25519PrivateKey.from_private_bytes(key.secret) for key in files[KeyName.SIGNING].keys),
        files[KeyName.SEAL].keys,
        files[KeyName.CHAIN].lost | files[KeyName.SIGNING].lost,
    )


def present_keys(settings: Settings) -> tuple[tuple[ChainKey, ...], Ed25519PrivateKey | None]:
    """The chain's keys and the key that signs where they stand; none for what is not there."""
    chain, signing = (key_path(settings, name) for name in (KeyName.CHAIN, KeyName.SIGNING))
    return (
        _read(chain).keys if chain.exists() else (),
        Ed25519PrivateKey.from_private_bytes(_read(signing).keys[-1].secret) if signing.exists() else None,
    )


def make_key(settings: Settings, name: KeyName, chance: Randomness, lost: Iterable[str] = ()) -> Path:
    """Make a key where there is none, in a file that only the service may read. Gives where. Raises KeyIsThere, OSError.

    `lost`: names of keys before it that are lost for good, as the refusal to start names them.
    """
    path, gone = key_path(settings, name), tuple(lost)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    numbers = [int(one[1:]) for one in gone if one[:1] == "k" and one[1:].isdigit()]
    secret = f"k{max(numbers) + 1} {chance.secret()}" if numbers else chance.secret()
    try:
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyIsThere(
            f"There is a {name} key at {path}: it stays. To change it, add a line below it (docs/running.md)."
        ) from None
    with open(made, "w", encoding="ascii") as file:
        file.write("".join(f"{one} {LOST}\n" for one in gone) + secret + "\n")
    return path


def make_missing_keys(settings: Settings, chance: Randomness) -> None:
    """Make each key that is not there: for a service that begins from nothing, such as the demonstration."""
    for name in KeyName:
        if not key_path(settings, name).exists():
            make_key(settings, name, chance)


def key_path(settings: Settings, name: KeyName) -> Path:
    """Where a key stands."""
    return {KeyName.CHAIN: settings.key_file, KeyName.SIGNING: settings.signing_file, KeyName.SEAL: settings.seal_file}[name]


def signer_names(keys: Keys) -> frozenset[str]:
    """The names, as checkpoints have them, of the keys that sign."""
    return frozenset(name_of(key.public_key()) for key in keys.signing)


def _read(path: Path) -> KeyFile:
    """A file of keys: a line each, from the second on with a name before it, for what a key proves names it (`k2 …`)."""
    found: dict[str, ChainKey] = {}
    lost: set[str] = set()
    for line in path.read_text(encoding="ascii").split("\n"):
        *name, secret = line.split() or [""]
        if not secret:
            continue
        id_ = name[0] if name else "k1"
        if id_ in found or id_ in lost or len(name) > 1 or len(id_) > 16:
            raise ValueError(f"{path}: each key has a line and a name of its own, such as `k2 ` before its 64 hex digits.")
        if secret == LOST:
            lost.add(id_)
        else:
            found[id_] = ChainKey(id_, _octets(secret, path))
    if not found:
        raise ValueError(f"{path} does not hold a key of 32 bytes.")
    return KeyFile(tuple(found.values()), frozenset(lost))


def _octets(text: str, path: Path) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != 32:
        raise ValueError(f"{path} does not hold a key of 32 bytes.")
    return secret
