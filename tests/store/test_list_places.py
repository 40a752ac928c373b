"""Places in lists: what was given is read as it was, also from a release before; nothing else is."""

import base64
import json
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from sqlalchemy import Integer, literal

from drp.database.list_places import read_place, write_place
from drp.database.register_tables import RegisterRow
from drp.items.item_search import NEWEST
from workflows.model.refusals import Unfit

AT, ITEM = datetime(2026, 4, 1, 9, 30, 0, 123456, UTC), UUID(int=7)
LINES = RegisterRow.__table__.c  # type: ignore[attr-defined]
BY_RANK = (literal(0, Integer()), LINES.raised_on, LINES.id)


def encoded(said: str) -> str:
    return base64.urlsafe_b64encode(said.encode()).decode()


@pytest.mark.parametrize(
    ("keys", "values"),
    [
        (NEWEST, [AT, ITEM]),
        (BY_RANK, [-3, date(2026, 4, 1), ITEM]),
        ((LINES.reference, LINES.id), ["7K3F-QX9M", ITEM]),
    ],
    ids=["instant", "rank", "reference"],
)
def test_a_place_is_read_as_it_was_written(keys, values) -> None:
    assert read_place(write_place("some", values), "some", keys) == values
    assert read_place("", "some", keys) is None


def test_places_that_release_0_1_gave_are_read() -> None:
    assert read_place(encoded(f"{AT.isoformat()}|{ITEM}"), "newest", NEWEST) == [AT, ITEM]
    line = encoded(json.dumps(["team", -3, "2026-04-01", str(ITEM)]))
    assert read_place(line, "team", BY_RANK) == [-3, date(2026, 4, 1), ITEM]


@pytest.mark.parametrize(
    "said",
    [
        "[", "[]", "[" * 100_000, '["other", 1, "2026-04-01", "x"]', '["some"]', '["some", 1, "2026-04-01"]',
        f'["some", 1e999, "2026-04-01", "{ITEM}"]', f'["some", true, "2026-04-01", "{ITEM}"]',
        f'["some", 99999999, "2026-04-01", "{ITEM}"]', f'["some", 1, 20260401, "{ITEM}"]', f'["some", 1, "2026-02-30", "{ITEM}"]',
        '["some", 1, "2026-04-01", 7]', f'["some", 1, "2026-04-01", "{ITEM}", 1]', f'["some", {{}}, [], "{ITEM}"]',
    ],
)  # fmt: skip
def test_what_was_never_given_is_refused(said: str) -> None:
    with pytest.raises(Unfit):
        read_place(encoded(said), "some", BY_RANK)


@pytest.mark.parametrize("said", ["2026-04-01T09:30:00", "0001-01-01T00:00:00+14:00", "now"])
def test_an_instant_without_its_zone_or_before_all_time_is_refused(said: str) -> None:
    with pytest.raises(Unfit):
        read_place(encoded(json.dumps(["newest", said, str(ITEM)])), "newest", NEWEST)


@pytest.mark.parametrize("said", ["a\0b", "a\nb", 7, None])
def test_a_reference_that_none_could_be_is_refused(said: object) -> None:
    with pytest.raises(Unfit):
        read_place(encoded(json.dumps(["some", said, str(ITEM)])), "some", (LINES.reference, LINES.id))
