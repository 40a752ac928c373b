"""A child's case is tracked as it was agreed at a review (Derby); and the mid-points of several are looked through at once."""

import re
from collections.abc import Callable

import pytest

from tests.cast.councils import DERBY, THURROCK
from tests.cast.world import World
from tests.pages.browser import Visitor, at_browser
from tests.service.test_mid_points import asked, day_of, reviewed

AGREED = {"priority": "high", "on-day": "1", "on-month": "4", "on-year": "2026"}
FIRST = {"update_by-day": "15", "update_by-month": "4", "update_by-year": "2026", "updates_every_weeks": "2"}


@pytest.fixture
def derby(build: Callable[..., World]) -> World:
    return build(DERBY)


@pytest.fixture
def thurrock(build: Callable[..., World]) -> World:
    return build(THURROCK)


def tracked(world: World, **more: str) -> str:
    """Irene tracks T-1; gives the reference."""
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open("/reviews/tracking?child=T-1"), why="Permanence drifts.", **AGREED, **FIRST, **more)
    assert "It is tracked so from now on." in page.text, page.text
    (item,) = world.as_("irene").get("/challenges", item_type="tracked_case").json()["items"]
    return str(item["reference"])


def test_a_case_is_tracked_and_its_first_update_asked_for(derby: World) -> None:
    reference = tracked(derby)
    assert derby.told(reference) == [("followed", {"sam"}, set())]
    seen = derby.as_("irene").item(reference)
    assert (seen["priority"], [window["kind"] for window in seen["windows"]]) == ("high", ["update"])
    sam = at_browser(derby, "sam")
    page = sam.open(f"/challenges/{reference}")
    assert "It goes to plan" in page.text
    sam.fill(page, position="in_part", answer="The panel has a date.")
    seen = derby.as_("irene").item(reference)
    assert [(window["kind"], window["due"]) for window in seen["windows"] if window["is_open"]] == [("update", "2026-04-29")]
    assert "It goes to plan in part" in at_browser(derby, "irene").open(f"/challenges/{reference}").text


def test_an_update_past_its_date_is_chased_and_stands_on_the_board(derby: World) -> None:
    reference = tracked(derby)
    derby.mails = False
    derby.pass_to("Thu 16 April 2026, 09:05")
    assert derby.told(reference, "update_late") == [("followed", {"sam"}, {"irene"})]
    derby.pass_to("Wed 22 April 2026, 09:05")
    assert derby.told(reference, "update_late")[-1] == ("followed", {"sam"}, {"irene", "mona"})
    page = at_browser(derby, "irene").open(f"/challenges/{reference}")
    assert page.text.count("The update is past its date: it was asked for again") == 2
    assert re.search(r"Tracked\s*High; an update every 2 weeks", page.text), page.text
    board = at_browser(derby, "mona").open("/board")
    assert "Tracked cases (1)" in board.text
    assert re.search(rf"{reference}.*past the date.*High; 1 past the date · next was due Wednesday 15 April 2026", board.text)
    assert derby.as_("irene").get("/register", kind="all").json()["items"] == [], "and is no challenge"


def test_it_is_agreed_anew_where_it_is_tracked_already(derby: World) -> None:
    reference = tracked(derby)
    irene = at_browser(derby, "irene")
    page = irene.open("/reviews/tracking?child=T-1")
    assert "Now: high." in page.text
    assert "Why it is tracked so" not in page.text
    irene.fill(page, **AGREED | {"priority": "low"})
    seen = derby.as_("irene").item(reference)
    assert seen["priority"] == "low"
    assert not [window for window in seen["windows"] if window["is_open"]]
    assert "low" in irene.open("/reviews/child?child=T-1").text


def test_what_a_priority_does_not_offer_is_said_beside_what_was_typed(derby: World) -> None:
    irene = at_browser(derby, "irene")
    page = irene.fill(irene.open("/reviews/tracking?child=T-1"), why="W.", **AGREED | {"priority": "medium"}, **FIRST)
    assert page.status == 422
    assert (
        "At the priority medium the procedure does not offer updates at set intervals. It offers one update, a look at the file."
        in page.text
    )
    again = irene.fill(page, updates_every_weeks="some")
    assert "Write a number of weeks, such as 4." in again.text


def test_over_json_it_is_tracked_and_agreed_anew(derby: World) -> None:
    irene = derby.as_("irene")
    said = {"child": "T-1", "why": "W.", "priority": "high", "on": "2026-04-01", "look_at_file_by": "2026-04-20"}
    made = irene.post("/reviews/tracking", {**said, "facts": ["managers_oversight_in_question"]})
    assert made.status_code == 201, made.text
    assert derby.told(made.json()["reference"], "copied") == [("followed", set(), {"mona"})]
    again = irene.post("/reviews/tracking", said)
    assert (again.status_code, again.json()["reference"]) == (201, made.json()["reference"]), "agreed anew"
    refused = irene.post("/reviews/tracking", {**said, "child": "T-2", "priority": "low"})
    assert (refused.status_code, refused.json()["field"]) == (422, "look_at_file_by")
    done = {"what": "look_at_file", "on": "2026-04-01"}
    assert irene.brings(made.json()["reference"], "tracked_done", **done).status_code == 200


def test_mid_points_of_several_are_looked_through_at_once_and_contact_is_one_at_a_time(thurrock: World) -> None:
    for child in ("T-1", "T-2"):
        reviewed(thurrock, child, "2026-01-07", "2026-07-06")
    items = asked(day_of(thurrock, "Tue 7 April 2026, 10:00"))
    irene = at_browser(thurrock, "irene")
    page = irene.open("/reviews")
    assert "Half-way between two reviews (2)" in page.text
    assert "Half-way between two reviews" in irene.open("/").text, "it is among their tasks"
    references = [item["reference"] for item in items]
    after = irene.fill(page, "/reviews/looked-through", items=references)
    assert "2 mid-points are marked: decisions looked through." in after.text
    assert after.text.count("decisions looked through") >= 2
    why = irene.open(f"/challenges/{references[0]}/do/mid_point_contact")
    irene.fill(why, **{"how": "in person", "on-day": "7", "on-month": "4", "on-year": "2026", "alone": "yes"})
    assert thurrock.as_("irene").item(references[0])["phase"] == "resolved"
    assert thurrock.as_("irene").item(references[1])["is_open"], "the other child has not been spoken with"
    other: Visitor = at_browser(thurrock, "ivor")
    assert "Half-way between two reviews (" not in other.open("/reviews").text
