"""The bytes under an entry's hash are `canonical`'s own, whatever stands in the entry."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from drp.timeline import _bound, _keyed, canonical

texts = st.text(max_size=40)
zones = st.sampled_from((UTC, ZoneInfo("Europe/London"), ZoneInfo("Etc/UTC"), timezone(timedelta(hours=-3, minutes=-30))))
instants = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=zones)  # noqa: DTZ001 -- with their zones
people = st.none() | st.uuids()


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(
    authority=texts, challenge=st.uuids(), keyed=st.booleans(), same=st.booleans(),
    entry=st.fixed_dictionaries(
        {
            "number": st.integers(1), "schema_version": st.integers(1, 9), "kind": texts, "at": instants, "recorded_at": instants,
            "person": people, "parts": texts, "behalf_of": people, "stage": texts, "sequence": st.integers(0), "visible": texts,
            "facts": texts, "words": texts, "key_id": texts, "previous": texts, "hash": texts,
        }
    ),
)  # fmt: skip
def test_they_are_the_same(authority: str, challenge: Any, keyed: bool, same: bool, entry: dict[str, Any]) -> None:
    if same:
        entry["recorded_at"] = entry["at"]
    listed = {name: value for name, value in entry.items() if name != "hash" and (keyed or name not in ("key_id", "previous"))}
    for name in ("at", "recorded_at"):
        listed[name] = listed[name].isoformat(timespec="microseconds")
    for name in ("person", "behalf_of"):
        listed[name] = str(listed[name]) if listed[name] else None
    plain = canonical({"authority": authority, "challenge": str(challenge), **listed})
    assert _bound(authority, challenge, entry, keyed) == plain.encode()


@settings(max_examples=200, derandomize=True, database=None, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=2_000))
def test_the_keyed_hash_is_the_librarys_own(secret: bytes, octets: bytes) -> None:
    assert _keyed(secret, octets) == hmac.new(secret, octets, hashlib.sha256).hexdigest()
