"""What is followed between reviews as figures: counted apart from challenges, each opening its items."""

import re
from collections.abc import Callable

import pytest

from drp.reports import advice_taken, between_reviews
from tests.cast.councils import WATCHING
from tests.cast.world import World
from tests.pages.browser import Page, at_browser
from tests.service.test_mid_points import day_of, reviewed


@pytest.fixture
def watching(build: Callable[..., World]) -> World:
    return build(WATCHING)


def followed(world: World) -> list[str]:
    """Irene follows four decisions of T-1's review: one is done, one a challenge now, one past its date; gives the items."""
    irene = world.as_("irene")
    lines = [{"words": f"Decision {n}.", "number": f"{n}", "due": "2026-04-10", "follow": True} for n in (1, 2, 3)]
    lines.append({"words": "Decision 4.", "number": "4", "due": "2026-06-30", "follow": True})
    paper = {"decisions_agreed_on": "2026-03-31", "record_out_on": None}
    answer = irene.post("/reviews", {"child": "T-1", "held_on": "2026-03-23", "decisions": lines, **paper})
    assert answer.status_code == 201, answer.text
    items = [one["reference"] for one in answer.json()["reviews"][0]["decisions"]]
    world.at("Fri 3 April 2026, 10:00")
    assert world.as_("sam").brings(items[0], "responded", position="agrees", answer="It is done.").status_code == 200
    assert irene.brings(items[0], "resolved", what_changed="She has been.").status_code == 200
    assert irene.raises(linked=[items[1]]).status_code == 201
    world.pass_to("Mon 13 April 2026, 10:00")
    return items


def table(page: Page, caption: str) -> list[list[str]]:
    """The rows of a table of the page, cell by cell, by what its caption begins with or holds."""
    found = next((one for one in page.html.split("<table")[1:] if caption in one.partition("</caption>")[0]), "")
    assert found, page.text
    body = found.partition("<tbody")[2].partition("</tbody>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S) for row in body.split("<tr")[1:]]
    return [[" ".join(re.sub(r"<[^>]*>", "", cell).split()) for cell in row] for row in rows]


def figures_are_right(world: World) -> None:
    items = followed(world)
    page = at_browser(world, "hugo").open("/themes/between-reviews")
    (of_team,) = table(page, "By team")
    assert of_team == ["North Team", "4", "1", "1", "0", "2", "1", "2"]
    assert table(page, "reviews held")[0][1:] == ["0", "1", "0"], "agreed on the sixth working day"
    assert table(page, "reviews held")[1][1:] == ["0", "0", "1"]
    opened = next(href for href, said in page.links if "kind=decision" in href and "outcome=ended" in href)
    assert [row[0][:9] for row in table(at_browser(world, "hugo").open(opened), "")] == [items[1]]
    assert world.as_("hugo").get("/themes", by="stage").json()["items"] == 1, "the challenge alone"


def test_decisions_are_counted_by_team_with_the_time_until_done(watching: World) -> None:
    figures_are_right(watching)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_what_is_past_its_date_counted_from_every_decision_is_seen(
    watching: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(between_reviews, "OPEN", "resolved")
    with pytest.raises(AssertionError):
        figures_are_right(watching)


def test_tracked_cases_stand_by_priority_with_their_updates(watching: World) -> None:
    irene = watching.as_("irene")
    said = {"priority": "high", "on": "2026-04-01", "update_by": "2026-04-08", "updates_every_weeks": 1}
    tracked = irene.post("/reviews/tracking", {"child": "T-1", "why": "It drifts.", **said}).json()["challenge"]["reference"]
    watching.at("Tue 7 April 2026, 10:00")
    assert watching.as_("sam").brings(tracked, "responded", position="agrees", answer="A date is set.").status_code == 200
    watching.pass_to("Mon 20 April 2026, 10:00")
    page = at_browser(watching, "hugo").open("/themes/between-reviews")
    assert table(page, "By priority")[0] == ["High", "1", "1", "0", "1"]


def test_mid_points_stand_as_asked_and_done(watching: World) -> None:
    for child in ("T-1", "T-2"):
        reviewed(watching, child, "2026-01-07", "2026-07-06")
    day_of(watching, "Tue 7 April 2026, 10:00")
    irene = watching.as_("irene")
    first, _ = (one["reference"] for one in irene.get("/challenges", item_type="mid_point").json()["items"])
    for event, more in (("looked_through", {}), ("mid_point_contact", {"how": "in person", "alone": True})):
        answer = irene.brings(first, event, on="2026-04-07", **more)
        assert answer.status_code == 200, answer.text
    page = at_browser(watching, "hugo").open("/themes/between-reviews")
    assert table(page, "Mid-points")[0] == ["2", "1", "0", "0", "1"]


def test_paper_that_goes_out_after_its_last_working_day_is_late_though_no_working_day_has_come(watching: World) -> None:
    irene = watching.as_("irene")
    for held, agreed in (("2026-03-13", "2026-03-20"), ("2026-03-20", "2026-03-28")):  # a Friday; a Saturday, past the Friday
        assert irene.post("/reviews", {"child": "T-1", "held_on": held, "decisions_agreed_on": agreed}).status_code == 201
    page = at_browser(watching, "hugo").open("/themes/between-reviews")
    assert table(page, "reviews held")[0][1:] == ["1", "1", "0"]


def test_without_anything_the_page_says_so(world: World) -> None:
    page = at_browser(world, "hugo").open("/themes/between-reviews")
    assert "No review decision was begun to be followed" in page.text
    assert "Tracked cases" not in page.text
    assert "Mid-points" not in page.text
    assert "No review of this period stands on the register" in page.text


# Independent legal advice.


def advised(world: World, by: str = "irene", child: str = "T-1", **said: str) -> str:
    reference = str(world.as_(by).raises(child).json()["reference"])
    advice = {"source": "Mr Ash", "conflict_checked": True, "content": "Apply.", "on": "2026-04-01", **said}
    assert world.as_(by).brings(reference, "legal_advice_taken", **advice).status_code == 200
    return reference


def advice_is_counted(world: World) -> None:
    advised(world, from_whom="Cafcass duty line")
    advised(world, on="2026-03-31", from_whom="Cafcass duty line")
    advised(world, by="ivor", child="T-4", from_whom="a neighbouring authority", on="2024-04-01")
    advised(world, by="ivor", child="T-4", on="2023-12-01")
    advised(world)
    wrong = advised(world, from_whom="another source")
    assert world.as_("irene").brings(wrong, "recorded_in_error", why="Another child.").status_code == 200
    for person in ("hugo", "mona", "irene"):
        page = at_browser(world, person).open("/themes/between-reviews")
        assert table(page, "Of the whole authority, by reporting year") == [
            ["Cafcass duty line", "0", "1", "1"],
            ["A neighbouring authority", "1", "0", "0"],
            ["A solicitor outside", "0", "0", "0"],
            ["The authority&#39;s own lawyer", "0", "0", "0"],
            ["Another source", "0", "0", "0"],
            ["Not said", "0", "0", "1"],
        ]
        section = page.html.partition("Independent legal advice</h2>")[2].partition("</table>")[0]
        assert "<a" not in section, "no figure leads to an item"
        for kept in ("Mr Ash", "Apply."):
            assert kept not in page.html, (person, kept)


def test_advice_is_counted_by_source_and_reporting_year_and_leads_to_no_item(world: World) -> None:
    advice_is_counted(world)


def test_another_authoritys_advice_is_not_counted(two: World) -> None:
    theirs = two.as_("irene", "elsewhere").raises().json()["reference"]
    said = {"source": "Mr Ash", "on": "2026-04-01", "conflict_checked": True, "from_whom": "Cafcass duty line"}
    assert two.as_("irene", "elsewhere").brings(theirs, "legal_advice_taken", **said).status_code == 200
    page = at_browser(two, "mona").open("/themes/between-reviews")
    assert table(page, "Of the whole authority, by reporting year")[0] == ["Cafcass duty line", "0", "0", "0"]


def test_the_form_asks_where_it_came_from(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    irene = at_browser(world, "irene")
    irene.fill(
        irene.open(f"/challenges/{reference}/do/legal_advice_taken"), from_whom="Cafcass duty line", source="The duty lawyer"
    )
    entry = world.as_("irene").timeline(reference)["entries"][-1]
    assert (entry["facts"]["from_whom"], entry["words"]["source"]) == ("Cafcass duty line", "The duty lawyer")
    assert "Cafcass duty line" in irene.open(f"/challenges/{reference}").text


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_twin_advice_of_the_calendar_year_is_noticed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(advice_taken, "quarter_of", lambda day: f"{day.year}-Q1")
    with pytest.raises(AssertionError):
        advice_is_counted(world)
