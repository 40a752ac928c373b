"""What one IRO has in hand, for supervision: the IRO manager opens it, the IRO their own, and nobody else."""

import re
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from api.pages.service_board import supervision
from drp.database.directory_tables import PostRow
from tests.cast.councils import THURROCK
from tests.cast.world import World
from tests.pages.browser import Page, at_browser
from tests.pages.test_board import a_busy_week, raised, row_of
from tests.service.test_mid_points import asked, day_of, reviewed


@pytest.fixture
def thurrock(build: Callable[..., World]) -> World:
    return build(THURROCK)


def opened(world: World, iro: str = "irene", by: str = "mona") -> Page:
    return at_browser(world, by).open(f"/iros/{world.id(iro)}")


def listed(page: Page) -> list[str]:
    """The references of the page, in their order."""
    return re.findall(r">([A-Z0-9]{4}-[A-Z0-9]{4})</a>", page.html)


def test_it_lists_what_the_board_counts_oldest_first_with_what_each_waits_for(world: World) -> None:
    a_busy_week(world)
    page, board = opened(world), at_browser(world, "mona").open("/board")
    assert board.link("Irene") == f"/iros/{world.id('irene')}"
    children, open_items, *_ = row_of(board, "Irene")
    assert f"{children} children; {open_items} open items" in page.text
    mine = world.as_("irene").get("/challenges", state="open").json()["items"]
    when = {one["reference"]: one["raised_at"] for one in mine}
    assert sorted(listed(page)) == sorted(when)
    assert [when[reference] for reference in listed(page)] == sorted(when.values())
    assert re.search(r"Stage 2: answered, to be judged.*considers what comes next", page.text), page.text
    assert "Ivor" not in page.text


def test_what_is_past_its_date_says_so_and_since_when_it_waits(world: World) -> None:
    reference = raised(world)
    world.at("Thu 9 April 2026, 00:30")
    page = opened(world)
    assert "1 open item, of these 1 past its date" in page.text
    assert re.search(rf"{reference}.*past the date No reply yet from Team Manager: it was due .* Wed 1 Apr 2026", page.text), (
        page.text
    )


@pytest.mark.parametrize("by", ["ivor", "colin", "bob", "hugo", "tess", "audrey", "ada", "sam"])
def test_nobody_but_the_manager_and_the_iro_opens_it(world: World, by: str) -> None:
    raised(world)
    world.cover("irene", "colin", "2026-04-01")
    for iro in (world.id("irene"), "00000000-0000-4000-8000-000000000000"):
        answer = at_browser(world, by).send("GET", f"/iros/{iro}")
        assert answer.status_code == 403, (by, iro)
        assert "KT" not in answer.text


def test_the_iro_opens_their_own_from_their_tasks(world: World) -> None:
    reference = raised(world)
    irene = at_browser(world, "irene")
    page = irene.open(irene.open("/").link("All that you have in hand, as it is read in supervision"))
    assert listed(page) == [reference]
    assert "You and the IRO manager read this" in page.text


def test_who_is_no_iro_of_here_is_not_found(two: World) -> None:
    mona = at_browser(two, "mona")
    for one in (two.id("tess"), two.id("irene", "elsewhere"), "nobody"):
        assert mona.open(f"/iros/{one}").status == 404


def test_children_without_contact_at_the_mid_point_are_listed_until_there_was_some(thurrock: World) -> None:
    for child in ("T-1", "T-2"):
        reviewed(thurrock, child, "2026-01-07", "2026-07-06")
    day_of(thurrock, "Tue 7 April 2026, 10:00")
    first, second = sorted(asked(thurrock), key=lambda one: one["child"]["number"])
    heading = "No contact with the child recorded at the last mid-point"
    assert f"{heading} (2)" in opened(thurrock).text
    irene = thurrock.as_("irene")
    met: dict[str, Any] = {"how": "in person", "on": "2026-04-07", "alone": True}
    assert irene.brings(first["reference"], "mid_point_contact", **met).status_code == 200
    none = {"how": "none", "why_not": "He did not want to."}
    assert irene.brings(second["reference"], "mid_point_contact", **none).status_code == 200
    page = opened(thurrock)
    assert f"{heading} (1)" in page.text
    assert f"{second['reference']}: JO (T-2), asked Tuesday 7 April 2026; it is noted that there was none, and why" in page.text
    assert "He did not want to" not in page.text


def test_figures_by_iro_lead_to_it(world: World) -> None:
    raised(world)
    page = at_browser(world, "mona").open("/themes?by=iro&span=year")
    assert page.link("Irene") == f"/iros/{world.id('irene')}"


def test_it_is_written_down_who_read_it(world: World) -> None:
    reference = raised(world)
    opened(world)
    assert "supervision" in [line["what"] for line in world.service.access_log.of(world.council.key, reference)]


# Children without an IRO.


def children_without_iro_are_listed(world: World) -> None:
    assert "Children without an IRO" not in at_browser(world, "mona").open("/board").text
    world.post_ends("ivor", "iro", "2026-03-20")
    world.post_ends("irene", "iro", "2026-03-31")
    world.at("Mon 13 April 2026, 10:00")
    for person in ("mona", "bob"):
        text = at_browser(world, person).open("/board").text
        assert "Children without an IRO (3)" in text, person
        assert "(T-4), South Team: without one since Saturday 21 March 2026, 23 days; no review is known yet" in text, text
        section = text.partition("Children without an IRO (3)")[2].partition("Held after an outage")[0]
        assert re.findall(r"\((T-\d)\)", section) == ["T-4", "T-1", "T-2"], (
            "the longest without first, and T-3 is not looked after"
        )


def test_looked_after_children_without_an_iro_stand_on_the_board_the_longest_first(world: World) -> None:
    children_without_iro_are_listed(world)


def test_a_new_child_counts_from_the_first_day_in_the_directory(world: World) -> None:
    with world.store.write(world.key) as connection:
        mine = (col(PostRow.authority) == world.key, col(PostRow.key) == str(world.child("T-1")))
        connection.execute(update(PostRow).where(*mine).values(since=date(2026, 3, 30)))
        connection.execute(update(PostRow).where(*mine, col(PostRow.role) == "iro").values(since=date(2026, 4, 20)))
    text = at_browser(world, "mona").open("/board").text
    assert "KT (T-1), North Team: listed here since Monday 30 March 2026, 2 days; no review is known yet" in text, text


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_twin_a_list_of_children_of_another_standing_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whoever = SimpleNamespace(LOOKED_AFTER=SimpleNamespace(value="child_protection"))
    monkeypatch.setattr("drp.staffing.supervision.Status", whoever)
    with pytest.raises(AssertionError):
        children_without_iro_are_listed(world)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_twin_a_page_open_to_every_iro_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "check_supervises", lambda visit, iro: None)
    with pytest.raises(AssertionError):
        test_nobody_but_the_manager_and_the_iro_opens_it(world, "ivor")
