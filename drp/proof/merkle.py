"""A Merkle tree as RFC 6962 draws it: one root for many leaves, and a short way from each leaf to the root.

Hashes are SHA-256, as bytes. A leaf and a branch are told apart by their first byte, so neither can pass for the other.
"""

import hashlib
from collections.abc import Sequence


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def _branch(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_hash(leaves: Sequence[bytes]) -> bytes:
    """The root over leaves in their order; of none, the hash of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    while len(leaves) > 1:
        leaves = _level_above(leaves)
    return leaves[0]


def _level_above(level: Sequence[bytes]) -> list[bytes]:
    """A last one without a neighbour goes up as it is: the same tree as RFC 6962's, which splits from the left."""
    return [_branch(*level[n : n + 2]) if n + 1 < len(level) else level[n] for n in range(0, len(level), 2)]


def proof_path(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """The neighbours that lead from the leaf at `index` (from 0) to the root, lowest first."""
    found: list[bytes] = []
    while len(leaves) > 1:
        if index ^ 1 < len(leaves):
            found.append(leaves[index ^ 1])
        leaves, index = _level_above(leaves), index // 2
    return tuple(found)


def root_by(own: bytes, index: int, size: int, neighbours: Sequence[bytes]) -> bytes | None:
    """The root that a leaf's way leads to in a tree of `size` leaves; None where there are too few neighbours or too many."""
    if not 0 <= index < size:
        return None
    left = list(neighbours)
    while size > 1:
        if index ^ 1 < size:
            if not left:
                return None
            other = left.pop(0)
            own = _branch(other, own) if index & 1 else _branch(own, other)
        index, size = index // 2, (size + 1) // 2
    return None if left else own
