"""Chance, passed in: identities, references, tokens and salts come from the edge, so that a test can own them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, 1 and I and L, U and V to be mistaken for each other on the telephone."""


@dataclass(frozen=True)
class Randomness:
    """Where randomness comes from: `octets(n)` gives n random bytes."""

    octets: Callable[[int], bytes]

    def identity(self) -> UUID:
        """A random identity."""
        return UUID(bytes=self.octets(16), version=4)

    def reference(self) -> str:
        """A reference that people can say: 7K3F-QX9M, about 39 bits."""
        letters = [ALPHABET[octet % len(ALPHABET)] for octet in self.octets(8)]
        return f"{''.join(letters[:4])}-{''.join(letters[4:])}"

    def secret(self) -> str:
        """A secret of 256 bits, as hexadecimal text."""
        return self.octets(32).hex()

    def salt(self) -> str:
        """A salt of 128 bits, as hexadecimal text."""
        return self.octets(16).hex()


@lru_cache(maxsize=4096)
def text_of_identity(kept: UUID | str) -> str:
    """An identity as values have it, from what the driver gives: a UUID, or (SQLite) its 32 digits."""
    return str(kept if isinstance(kept, UUID) else UUID(kept))
