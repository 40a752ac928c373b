"""The mid-point of every child: asked once between two reviews, half-way, where the authority turns it on (Thurrock)."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from api.jobs import heartbeat
from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow
from drp.reviews import mid_points
from drp.reviews.mid_points import day_of_mid_point
from tests.cast.councils import THURROCK
from tests.cast.rules import CALENDAR
from tests.cast.world import World
from workflows.decision import decide as deciding


@pytest.fixture
def thurrock(build: Callable[..., World]) -> World:
    return build(THURROCK)


def reviewed(world: World, child: str, last: str, following: str = "") -> None:
    """What the directory says of a child's reviews."""
    days = {"last_review": date.fromisoformat(last), "next_review": date.fromisoformat(following) if following else None}
    with world.store.write(world.key) as connection:
        mine = (col(ChildRow.authority) == world.key, col(ChildRow.number) == child)
        connection.execute(update(ChildRow).where(*mine).values(**days))


def day_of(world: World, text: str) -> World:
    """The first tick of a day."""
    world.at(text)
    heartbeat.tick_authority(world.service, world.key)
    return world


def asked(world: World, person: str = "irene") -> list[dict]:
    return list(world.as_(person).get("/challenges", state="all", item_type="mid_point").json()["items"])


@pytest.mark.parametrize(
    ("last", "following", "is_first", "day"),
    [
        ("2026-01-07", "2026-07-06", False, "2026-04-07"),
        ("2026-01-06", "2026-07-06", False, "2026-04-02"),  # 6 April is Easter Monday: the Thursday before it
        ("2026-02-27", "", False, "2026-05-27"),
        ("2025-11-30", "", False, "2026-02-27"),
        ("2026-03-02", "", True, "2026-04-13"),
    ],
)
def test_the_day_is_half_way_or_three_months_after_the_last_or_six_weeks_after_the_first(last, following, is_first, day):
    after = date.fromisoformat(following) if following else None
    assert str(day_of_mid_point(date.fromisoformat(last), after, CALENDAR, is_first)) == day


def test_the_iro_is_asked_once_on_the_day_and_not_before(thurrock: World) -> None:
    reviewed(thurrock, "T-1", "2026-01-07", "2026-07-06")
    reviewed(thurrock, "T-3", "2026-01-07", "2026-07-06")  # not looked after
    assert asked(day_of(thurrock, "Thu 2 April 2026, 10:00")) == []
    (item,) = asked(day_of(thurrock, "Tue 7 April 2026, 10:00"))
    assert item["child"]["number"] == "T-1"
    assert thurrock.told(item["reference"], "mid_point") == [("followed", {"irene"}, set())]
    day_of(thurrock, "Wed 8 April 2026, 10:00")
    assert len(asked(thurrock)) == 1
    assert thurrock.as_("irene").timeline(item["reference"])["entries"][0]["by"] == "the service"


def test_a_child_of_whom_no_review_is_known_is_not_asked_about(thurrock: World) -> None:
    assert asked(day_of(thurrock, "Tue 7 April 2026, 10:00")) == []


def test_it_is_done_by_looking_through_and_by_contact(thurrock: World) -> None:
    reviewed(thurrock, "T-1", "2026-01-07", "2026-07-06")
    (item,) = asked(day_of(thurrock, "Tue 7 April 2026, 10:00"))
    irene, reference = thurrock.as_("irene"), item["reference"]
    assert irene.brings(reference, "looked_through", on="2026-04-07").status_code == 200
    why = {"how": "none", "why_not": "The child did not want to."}
    assert irene.brings(reference, "mid_point_contact", **why).status_code == 200
    assert irene.item(reference)["phase"] == "resolved"
    day_of(thurrock, "Wed 8 April 2026, 10:00")
    assert len(asked(thurrock)) == 1, "once between two reviews"


def test_a_review_that_is_held_first_overtakes_it_and_the_next_has_its_own(thurrock: World) -> None:
    reviewed(thurrock, "T-1", "2026-01-07", "2026-07-06")
    (item,) = asked(day_of(thurrock, "Tue 7 April 2026, 10:00"))
    reviewed(thurrock, "T-1", "2026-04-10", "2026-10-09")
    day_of(thurrock, "Mon 13 April 2026, 10:00")
    assert thurrock.as_("irene").item(item["reference"])["phase"] == "overtaken"
    day_of(thurrock, "Fri 10 July 2026, 10:00")
    assert len(asked(thurrock)) == 2


def test_a_council_that_does_not_turn_it_on_asks_nobody(world: World) -> None:
    reviewed(world, "T-1", "2026-01-07", "2026-07-06")
    assert asked(day_of(world, "Tue 7 April 2026, 10:00")) == []


def test_planted_a_comparison_that_forgets_what_was_asked_is_noticed(thurrock: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mid_points, "asked_since", lambda *asked: set())
    with pytest.raises(AssertionError):
        test_the_iro_is_asked_once_on_the_day_and_not_before(thurrock)


def one_childs_fault_keeps_nobody_else(thurrock: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for child in ("T-1", "T-2"):
        reviewed(thurrock, child, "2026-01-07", "2026-07-06")
    right, raised = deciding.decide_raise, list[str]()

    def fails_once(*given: Any) -> Any:
        raised.append("")
        if len(raised) == 1:
            raise KeyError("review")
        return right(*given)

    monkeypatch.setattr(deciding, "decide_raise", fails_once)
    assert [one["child"]["number"] for one in asked(day_of(thurrock, "Tue 7 April 2026, 10:00"))] == ["T-2"]
    day_of(thurrock, "Wed 8 April 2026, 10:00")
    assert {one["child"]["number"] for one in asked(thurrock)} == {"T-1", "T-2"}, "the day after"


def test_one_childs_fault_keeps_nobody_else_from_being_asked(thurrock: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one_childs_fault_keeps_nobody_else(thurrock, monkeypatch)


def test_planted_a_fault_that_goes_through_is_noticed(thurrock: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mid_points.log, "exception", lambda *said, **more: pytest.fail("it went through"))
    with pytest.raises(pytest.fail.Exception):
        one_childs_fault_keeps_nobody_else(thurrock, monkeypatch)


def test_a_mid_point_that_names_no_review_keeps_nobody_from_being_asked(thurrock: World) -> None:
    reviewed(thurrock, "T-1", "2026-01-07", "2026-07-06")
    (item,) = asked(day_of(thurrock, "Tue 7 April 2026, 10:00"))
    (row,) = thurrock.rows(select(ChallengeRow.rest).where(ChallengeRow.reference == item["reference"]))
    with thurrock.store.write(thurrock.key) as connection:
        mine = ChallengeRow.reference == item["reference"]
        connection.execute(update(ChallengeRow).where(mine).values(rest={**row.rest, "happened": []}))
    reviewed(thurrock, "T-2", "2026-01-08", "2026-07-07")
    day_of(thurrock, "Wed 8 April 2026, 10:00")
    assert "T-2" in {one["child"]["number"] for one in asked(thurrock)}
