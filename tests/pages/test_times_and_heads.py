"""The same thing written in two ways: times of day; HEAD beside GET; a sheet's day a hair under midnight."""

from datetime import date, time

import pytest

from api.pages.frame.form_fields import read_time
from api.pages.my_work import inbox
from drp.register_import.xlsx import day_of_serial
from tests.cast.world import World
from tests.pages.browser import at_browser


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("14:30", time(14, 30)), ("9:30", time(9, 30)), ("9.30", time(9, 30)), ("09:30", time(9, 30)), ("9am", time(9)),
        ("2pm", time(14)), ("2 PM", time(14)), ("2.30 pm", time(14, 30)), ("12pm", time(12)), ("12am", time(0)),
        ("noon", time(12)), (" 9.05am ", time(9, 5)), ("23:59", time(23, 59)),
    ],
)  # fmt: skip
def test_a_time_is_taken_as_people_write_it(text: str, at: time) -> None:
    assert read_time(text) == at


@pytest.mark.parametrize(
    "text", ["", "9", "25:00", "14pm", "0am", "9:3", "9:60", "half past nine", "9:30:00", "-9:30", "\u0669:\u0663\u0660"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_time(text)


@pytest.mark.parametrize(
    ("serial", "shown"),
    [
        ("44000", date(2020, 6, 18)), ("44000.5", date(2020, 6, 18)), ("43999.9999999", date(2020, 6, 18)),
        ("43999.99", date(2020, 6, 17)), ("44000.0000001", date(2020, 6, 18)),
    ],
)  # fmt: skip
def test_a_sheets_day_a_hair_under_midnight_is_the_day_that_it_shows(serial: str, shown: date) -> None:
    assert day_of_serial(serial) == shown


def test_head_answers_wherever_get_does_and_opens_nothing(world: World) -> None:
    reference = str(world.as_("irene").raises(item_type="formal", stage="stage_2", stage_reason="At once.").json()["reference"])
    tess = at_browser(world, "tess")
    unread = tess.open("/inbox").text
    for path in ("/", "/inbox", f"/challenges/{reference}/answer", "/help", "/sign-in", "/directory", "/nowhere"):
        got, head = tess.send("GET", path) if "answer" not in path else None, tess.send("HEAD", path)
        assert head.content == b""
        assert got is None or (head.status_code, head.headers["content-type"]) == (got.status_code, got.headers["content-type"])
    for path in ("/health", "/me", f"/challenges/{reference}", "/nothing"):
        head = world.client.head(f"/api/v1{path}")
        assert head.content == b""
        assert head.status_code == world.client.get(f"/api/v1{path}").status_code
    assert tess.open("/inbox").text == unread, "nobody has opened it"
    assert tess.open(f"/challenges/{reference}").status == 200
    assert tess.open("/inbox").text != unread


def test_planted_head_that_counts_as_reading_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "is_fetched_ahead", lambda request: False)
    with pytest.raises(AssertionError):
        test_head_answers_wherever_get_does_and_opens_nothing(world)
