"""Teams in the browser: what a team's meeting looks at, as far as each of them may see it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import true

from api.pages.my_work import teams
from api.presenters import item_reader
from api.queries import item_list
from drp.items.item_search import Sight
from tests.cast.councils import ELSEWHERE
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser


def raised(world: World, child: str = "T-1", by: str = "irene", **said: object) -> str:
    answer = world.as_(by).raises(child, **{"item_type": "formal", **said})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def notice(world: World, well: str, child: str = "T-1", by: str = "irene", **said: object) -> str:
    answer = world.as_(by).post("/notices", {"child": child, "what_went_well": well, "reasons": [], **said})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def shown(page: Page) -> list[str]:
    """The references that a page lists, in order."""
    assert page.status == 200, page.text
    return [said.partition(":")[0] for href, said in page.links if re.fullmatch(r"/challenges/[0-9A-Z-]{9}", href)]


def logged(world: World, reference: str) -> int:
    return sum(line["what"] == "team" for line in world.service.access_log.of(world.council.key, reference))


def headings(page: Page) -> list[str]:
    return [
        " ".join(re.sub(r"<[^>]+>", "", text).split()) for _, text in re.findall(r"<(h[1-6])[^>]*>(.*?)</\1>", page.html, re.S)
    ]


# The list of teams.


@pytest.mark.parametrize(
    ("person", "own"), [("tess", "North Team"), ("sam", "North Team"), ("silas", "South Team"), ("otto", "North Team South Team")]
)
def test_ones_own_team_comes_first(world, person, own):
    page = at_browser(world, person).open("/teams")
    said = page.text.partition("Your team")[2].removeprefix("s").strip()
    assert said.startswith(own)
    assert page.text.count("North Team") == page.text.count("South Team") == 1


@pytest.mark.parametrize("person", ["irene", "mona", "gina", "ada"])
def test_for_whoever_is_of_no_team_all_stand_by_their_service(world, person):
    page = at_browser(world, person).open("/teams")
    assert "Your team" not in page.text
    assert headings(page)[:2] == ["Teams", "Care Service"]


def test_whoever_covers_for_a_manager_finds_that_team_first(world):
    world.cover("tom", "tess", "2026-04-01", "2026-04-30")
    page = at_browser(world, "tess").open("/teams")
    assert "Your teams North Team South Team" in page.text
    world.at("Fri 1 May 2026, 10:00")
    assert "Your team North Team" in at_browser(world, "tess").open("/teams").text


# One team.


def test_a_teams_meeting_reads_what_went_well_newest_first(world):
    first = notice(world, "Sam came to school with her.", effect_on_child="She felt safe.")
    world.at("Thu 2 April 2026, 10:00")
    second = notice(world, "The review began with his questions.", "T-2")
    page = at_browser(world, "sam").open("/teams/north")
    assert shown(page) == [second, first]
    assert "Sam came to school with her." in page.text
    assert "The effect on the child She felt safe." in page.text
    assert "Wednesday 1 April 2026 · to Sam (Social Worker)" in page.text
    assert "KT (T-1)" in page.text


def test_what_is_open_stands_by_what_presses_on_whoever_looks(world):
    asked = raised(world, stage="stage_2", stage_reason="High.")
    answered = raised(world, "T-2", stage="stage_2", stage_reason="High.")
    world.as_("tess").brings(answered, "responded", position="disagrees", answer="No.")
    page = at_browser(world, "irene").open("/teams/north")
    assert headings(page)[2] == "What its challenges are about"  # for whoever reads figures
    assert headings(page)[3:] == ["Open for its children in care (2)", "For you to consider (1)", "Waiting for others (1)"]
    assert shown(page) == [answered, asked]
    page = at_browser(world, "tess").open("/teams/north")
    assert headings(page)[3:] == ["A reply is asked of you (1)", "Open, and nothing asked of you (1)"]
    assert shown(page) == [asked, answered]
    world.as_("irene").brings(asked, "withdrawn", why="Settled.")
    assert shown(at_browser(world, "tess").open("/teams/north")) == [answered]


def test_a_person_sees_and_counts_only_what_is_theirs(two):
    world = two
    both = raised(world, stage="stage_2", stage_reason="High.")
    gone = raised(world, "T-2", stage="stage_3", stage_reason="High.")
    sealed = raised(world, "T-3", stage="stage_2", stage_reason="High.")
    world.as_("irene").brings(sealed, "recorded_in_error", why="Wrong.")
    praised = notice(world, "Sam came to school with her.")
    everything = {both, gone, praised}
    mine = {
        person: set(shown(at_browser(world, person).open("/teams/north"))) for person in ("irene", "mona", "tess", "tom", "ada")
    }
    assert mine["irene"] == mine["mona"] == everything
    assert both in mine["tess"]
    assert sealed not in mine["tess"]
    assert mine["tom"] == mine["ada"] == set()
    for person, seen in mine.items():
        caller = at_browser(world, person)
        for reference in everything - seen:
            assert caller.send("GET", f"/challenges/{reference}").status_code in (403, 404), person
        number = len(seen - {praised})
        said = f"Open for its children in care ({number})" if number else "Nothing is open here for you to see."
        assert said in caller.open("/teams/north").text, person
    assert shown(at_browser(world, "mona", ELSEWHERE.key).open("/teams/north")) == []


def test_a_team_that_does_not_exist_and_one_of_which_nothing_is_theirs_differ_by_name_alone(world):
    raised(world, "T-4", by="ivor")
    notice(world, "Silas rang.", "T-4", by="ivor")
    tess = at_browser(world, "tess")
    answers = [tess.send("GET", f"/teams/{team}") for team in ("south", "moon", "%00", "%3Cscript%3E")]
    assert {answer.status_code for answer in answers} == {200}
    texts = {answer.text.replace("South Team", "…").replace("This team", "…") for answer in answers}
    assert len(texts) == 1
    assert "None is here for you to see yet." in texts.pop()
    assert "script>" not in re.sub(r"<script src=[^>]*></script>|<script type=\"module\"[^>]*></script>", "", answers[-1].text)


def test_every_item_shown_is_in_the_access_log(world):
    mine, theirs = raised(world), raised(world, "T-4", by="ivor")
    praised = notice(world, "Sam came to school with her.")
    irene = at_browser(world, "irene")
    irene.open("/teams")
    assert logged(world, mine) == 0
    irene.open("/teams/north")
    irene.open("/teams/south")
    assert [logged(world, one) for one in (mine, praised, theirs)] == [1, 1, 0]


def test_what_is_more_than_a_meeting_gets_through_is_a_link_to_the_search(world, monkeypatch):
    monkeypatch.setattr(teams, "MOST_OPEN", 2)
    monkeypatch.setattr(teams, "MOST_NOTICES", 1)
    references = [raised(world) for _ in range(3)]
    notices = [notice(world, f"Well done, {n}.") for n in range(2)]
    irene = at_browser(world, "irene")
    page = irene.open("/teams/north")
    assert len(shown(page)) == 3
    assert "(the newest 2 of more)" in page.text
    assert set(shown(irene.open(page.link("Everything open for this team")))) == set(references)
    assert set(shown(irene.open(page.link("All notices of this team")))) == set(notices)


def test_words_of_a_notice_are_text(world):
    notice(world, "<script>alert(1)</script> & “so on”")
    page = at_browser(world, "irene").open("/teams/north")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; “so on”" in page.html


def test_nobody_signed_in_sees_a_team(world):
    for path in ("/teams", "/teams/north"):
        assert Visitor(world).send("GET", path).headers["location"].startswith("/sign-in")


def test_the_words_of_a_notice_are_read_as_its_entry_is(world, monkeypatch):
    notice(world, "Sam came to school with her.")
    monkeypatch.setattr(item_reader, "may_read", lambda *_: False)
    assert "Sam came" not in at_browser(world, "irene").open("/teams/north").text


def test_a_notice_that_was_recorded_in_error_is_for_no_meeting(world):
    reference = notice(world, "Another child's.")
    assert world.as_("irene").brings(reference, "recorded_in_error", why="Another child's.").status_code == 200
    for person in ("irene", "mona", "sam"):
        assert "Another" not in at_browser(world, person).open("/teams/north").text


# Twins: a bug is planted, and the test must find it.

FOUND = (AssertionError, pytest.fail.Exception)
Plant = pytest.MonkeyPatch


def found_by(test: Callable[..., None], *given: Any) -> None:
    with pytest.raises(FOUND):
        test(*given)


def test_planted_a_team_that_shows_everything_to_its_people(two, monkeypatch: Plant):
    monkeypatch.setattr(item_reader.access, "check_sees", lambda actor, was: None)
    monkeypatch.setattr(item_list, "might_see", lambda connection, signed, day: Sight(true(), {}))
    found_by(test_a_person_sees_and_counts_only_what_is_theirs, two)


def test_planted_a_team_that_does_not_exist_is_told(world, monkeypatch: Plant):
    monkeypatch.setattr(teams.lookup, "list_team_names", lambda *given: {"south": "South Team", "moon": "No such team"})
    found_by(test_a_team_that_does_not_exist_and_one_of_which_nothing_is_theirs_differ_by_name_alone, world)


def test_planted_a_reading_that_is_not_logged(world, monkeypatch: Plant):
    monkeypatch.setattr(type(world.service.access_log), "record", lambda *_: None)
    found_by(test_every_item_shown_is_in_the_access_log, world)
