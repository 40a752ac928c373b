"""The proof at size: 100,000 tamperings, 1,000 clean timelines, 1,000,000 entries against a bare keyed hash of the same bytes.

.venv/bin/python -m benchmarks.proof
"""

import hashlib
import hmac
import random
import time
from datetime import timedelta
from uuid import UUID

from drp.timeline.chain import _bound, _identity, first_fault
from tests.proof.tampering import AUTHORITY, KEY, WAYS, Books, books, rewritten, tampered

TAMPERINGS = 100_000
ENTRIES = 1_000_000
AT_ONCE = 20_000
LENGTH = 20


def tamper() -> None:
    """Every way, as often as every other."""
    began = time.perf_counter()
    found = tampered(TAMPERINGS, seed=7)
    took = time.perf_counter() - began
    missed, late = (sum(one[n] for one in found.values()) for n in (1, 2))
    print(f"{TAMPERINGS:,} tamperings in {len(WAYS)} ways: {missed} not found, {late} named too late ({took:.0f} s)")


def clean() -> None:
    """No false alarm."""
    chance = random.Random(3)
    accused = sum(books(chance, chance.randrange(1, 60)).fault() is not None for _ in range(1_000))
    print(f"1,000 clean timelines: {accused} accused")


def timelines(number: int) -> list[Books]:
    """Timelines as they are: some 20 entries each, two of a moment, no moment twice."""
    chance = random.Random(5)
    made = [books(chance, LENGTH, challenge=UUID(int=n)) for n in range(1, number + 1)]
    for one in made:
        for n, row in enumerate(one.rows):
            same = n % 2
            row["at"] = one.rows[n - 1]["at"] if same else row["at"] + timedelta(microseconds=chance.randrange(3_600_000_000))
            row["recorded_at"] = row["at"]
        rewritten(one)
    return made


def speed() -> None:
    """Verifying whole entries, against nothing but the keyed hash over the bytes that it hashes."""
    made = timelines(AT_ONCE // LENGTH)
    bound = [_bound(AUTHORITY, one.id, row) for one in made for row in one.rows]
    whole = bare = 0.0
    for _ in range(ENTRIES // AT_ONCE):
        _identity.cache_clear()
        began = time.perf_counter()
        for one in made:
            assert first_fault({KEY.id: KEY}, AUTHORITY, one.id, one.rows, {}, one.count, one.head) is None
        whole += time.perf_counter() - began
        began = time.perf_counter()
        for octets in bound:
            hmac.new(KEY.secret, octets, hashlib.sha256).hexdigest()
        bare += time.perf_counter() - began
    print(f"{ENTRIES:,} entries verified in {whole:.1f} s, bare keyed hashes in {bare:.1f} s: {whole / bare:.2f} times")


if __name__ == "__main__":
    speed()
    clean()
    tamper()
