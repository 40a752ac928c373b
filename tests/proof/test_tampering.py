"""Every way of tampering is found, given the last checkpoint; a clean timeline is never accused."""

import random

import pytest

from tests.proof import tampering
from tests.proof.tampering import ONLY_BY_CHECKPOINT, WAYS, books, tampered

TAMPERINGS = 1_700
"""Here; `python -m benchmarks.proof` makes 100,000."""


def test_every_tampering_is_found_and_the_first_bad_entry_named():
    found = tampered(TAMPERINGS)
    assert sum(tried for tried, _, _ in found.values()) == TAMPERINGS
    assert all(tried >= TAMPERINGS // len(WAYS) for tried, _, _ in found.values())
    assert {name: (missed, late) for name, (_, missed, late) in found.items() if missed or late} == {}


def test_a_clean_timeline_is_never_accused():
    chance = random.Random(2)
    assert [books(chance, chance.randrange(1, 30)).fault() for _ in range(1_000)] == [None] * 1_000


def test_a_chain_alone_does_not_show_what_only_a_checkpoint_shows():
    """Why checkpoints leave the database: these twins are found by nothing else."""
    found = tampered(len(WAYS) * 20, with_checkpoint=False)
    for way in ONLY_BY_CHECKPOINT:
        tried, missed, _ = found[way.__name__]
        assert missed == tried, way.__name__
    for name in ("edit", "delete", "swap", "rewrite_one"):
        assert found[name][1] == 0, name


def test_planted_a_verification_that_looks_at_the_count_alone(monkeypatch: pytest.MonkeyPatch):
    def by_count(authority, challenge, rows, ordered):
        return "entry 1 is missing" if len(rows) < ordered[0].standings[challenge].count else None

    monkeypatch.setattr(tampering, "differs_from_checkpoints", by_count)
    found = tampered(len(WAYS) * 20)
    assert found["rewrite_same_length"][1] == 20
