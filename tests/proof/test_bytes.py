"""Both hashes of an entry are the library's own, over the bytes that `canonical` gives, whatever stands in the entry."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drp.timeline.chain import ChainKey, canonical_text, keyed_hash_of, own_digest

texts = st.text(max_size=40)
zones = st.sampled_from((UTC, ZoneInfo("Europe/London"), ZoneInfo("Etc/UTC"), timezone(timedelta(hours=-3, minutes=-30))))
instants = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001 -- with their zones
people = st.none() | st.uuids()
entries = st.fixed_dictionaries(
    {
        "number": st.integers(1), "schema_version": st.integers(1, 9), "kind": texts, "at": instants, "recorded_at": instants,
        "person": people, "parts": texts, "behalf_of": people, "stage": texts, "sequence": st.integers(0), "visible": texts,
        "facts": texts, "words": texts, "told": texts, "key_id": texts, "previous": texts, "hash": texts,
    }
)  # fmt: skip


def octets_of(authority: str, challenge: UUID, entry: dict[str, Any], *left_out: str) -> bytes:
    """The bytes of an entry as `canonical` gives them, without its hash and the fields that are left out."""
    listed = {name: value for name, value in entry.items() if name not in ("hash", *left_out)}
    if not listed["told"]:  # as it was before entries committed to whom they told
        del listed["told"]
    for name in ("at", "recorded_at"):
        listed[name] = listed[name].isoformat(timespec="microseconds")
    for name in ("person", "behalf_of"):
        listed[name] = str(listed[name]) if listed[name] else None
    return canonical_text({"authority": authority, "challenge": str(challenge), **listed}).encode()


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(authority=texts, challenge=st.uuids(), same=st.booleans(), entry=entries, secret=st.binary(max_size=200))
def test_both_hashes_cover_the_canonical_bytes(
    authority: str, challenge: UUID, same: bool, entry: dict[str, Any], secret: bytes
) -> None:
    if same:
        entry["recorded_at"] = entry["at"]
    keyed = octets_of(authority, challenge, entry)
    assert (
        keyed_hash_of(ChainKey("k", secret), authority, challenge, entry) == hmac.new(secret, keyed, hashlib.sha256).hexdigest()
    )
    plain = octets_of(authority, challenge, entry, "key_id", "previous")
    assert own_digest(authority, challenge, entry) == hashlib.sha256(plain).hexdigest()


@pytest.mark.parametrize("length", [0, 1, 32, 63, 64, 65, 200])
def test_the_keyed_hash_is_the_librarys_own_for_a_secret_of_any_length(length: int) -> None:
    entry: dict[str, Any] = dict.fromkeys(("kind", "parts", "stage", "visible", "words", "told", "key_id", "previous"), "a word")
    at = datetime(2026, 4, 1, 9, tzinfo=UTC)
    entry |= {"number": 1, "schema_version": 1, "sequence": 0, "at": at, "recorded_at": at, "person": None, "behalf_of": None}
    secret, challenge = bytes(range(length)), UUID(int=1)
    for size in (0, 1, 2_000):
        entry["facts"] = "x" * size
        expected = hmac.new(secret, octets_of("marsh", challenge, entry), hashlib.sha256).hexdigest()
        assert keyed_hash_of(ChainKey("k", secret), "marsh", challenge, entry) == expected
