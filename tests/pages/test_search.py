"""Search in the browser: by what people know of an item, among what is theirs to see, with no word about the rest."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import Text, cast, update
from sqlmodel import col

from api.pages.my_work import search
from api.presenters import item_reader
from api.queries import item_list
from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import ChildRow
from drp.items import item_search
from drp.items.item_search import Sight
from tests.cast.councils import ELSEWHERE, procedures
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser

EVERYBODY = "irene ivor colin mona bob sam silas tess tom otto lena gina clara quinn hugo petra cora leif chris ada audrey"


def raised(world: World, child: str = "T-1", by: str = "irene", **said: object) -> str:
    answer = world.as_(by).raises(child, **{"item_type": "formal", **said})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def shown(page: Page) -> list[str]:
    """The references that a page lists, in order."""
    assert page.status == 200, page.text
    return [said.partition(":")[0] for href, said in page.links if re.fullmatch(r"/challenges/[0-9A-Z-]{9}", href)]


def found(visitor: Visitor, q: str = "", **narrowed: str) -> set[str]:
    """The references that are found, on a list or by being led straight to one."""
    path = f"/search?{urlencode({'q': q, **narrowed})}"
    there = visitor.send("GET", path).headers.get("location", "")
    return {there.removeprefix("/challenges/")} if there.startswith("/challenges/") else set(shown(visitor.open(path)))


def logged(world: World, reference: str, what: str) -> int:
    return sum(line["what"] == what for line in world.service.access_log.of(world.council.key, reference))


def reasons(world: World) -> list[tuple[str, str]]:
    """Every reason of the council: key, label."""
    return [(reason.key, reason.label) for theme in procedures(world.council).authority.themes for reason in theme.reasons]


# What is found, by what.


def test_an_item_is_found_by_reference_number_initials_team_and_reason(world):
    (first, label), (second, other) = reasons(world)[:2]
    here = raised(world, "T-1", reasons=[first])
    there = raised(world, "T-4", by="ivor", reasons=[second])
    mona = at_browser(world, "mona")
    for text in (here, here[:4], "T-1", "t-1", "KT", "kt", "K.T.", "north", "North Team", label, label.upper()):
        assert here in found(mona, text), text
        assert there not in found(mona, text) or text.lower() in other.lower(), text
    assert found(mona, "VR south T-4") == {there}
    assert found(mona, "VR north") == set(), "every word must fit"
    assert found(mona, "no such thing") == set()


def test_a_whole_reference_goes_straight_to_its_item(world):
    reference = raised(world)
    mona = at_browser(world, "mona")
    for text in (reference, reference.lower(), reference.replace("-", ""), f"  {reference.replace('-', ' ')} "):
        answer = mona.send("GET", f"/search?q={quote(text)}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/challenges/{reference}"), text


def test_filters_narrow_by_state_stage_kind_and_team(world):
    informal = raised(world, item_type="informal")
    high = raised(world, stage="stage_3", stage_reason="It cannot wait.")
    ended = raised(world, "T-2")
    world.as_("irene").brings(ended, "withdrawn", why="Settled.")
    south = raised(world, "T-4", by="ivor")
    mona = at_browser(world, "mona")
    assert found(mona) == {informal, high, ended, south}
    assert found(mona, state="open") == {informal, high, south}
    assert found(mona, state="ended") == {ended}
    assert found(mona, stage="stage_3") == {high}
    assert found(mona, kind="informal") == {informal}
    assert found(mona, team="south") == {south}
    assert found(mona, "KT", state="open", kind="formal") == {high}
    assert found(mona, team="moon") == found(mona, stage="north") == found(mona, kind="%") == set()
    page = mona.open("/search?state=ended&q=JO")
    assert "Any stage" in page.text
    assert "ended" in page.html.partition('name="state"')[2].partition("</select>")[0]


def test_what_is_listed_says_where_it_stands_and_when_it_is_due(world):
    reference = raised(world)
    page = at_browser(world, "irene").open("/search?q=KT")
    assert f"{reference}: KT (T-1)" in page.text
    assert "no reply yet · by Wednesday 8 April 2026 · raised Wed 1 Apr 2026" in page.text
    world.at("Mon 13 April 2026, 10:00")
    assert "past the date" in at_browser(world, "irene").open("/search?q=KT").text


def test_the_box_and_the_filters_keep_what_was_asked(world):
    page = at_browser(world, "irene").open("/search?q=%3Cb%3E+%26+KT&team=north")
    assert 'value="&lt;b&gt; &amp; KT"' in page.html
    assert "<b>" not in page.html
    assert re.search(r'value="north"\s+selected', page.html)


def test_opening_the_page_shows_no_item_and_logs_none(world):
    reference = raised(world)
    page = at_browser(world, "irene").open("/search")
    assert shown(page) == []
    assert logged(world, reference, "search") == 0
    assert shown(at_browser(world, "irene").open("/search?q=")) == [reference]
    assert logged(world, reference, "search") == 1


WILDCARDS = ["%", "_", "%%%%", "T_1", "K%", "____-____", "/%", "\\%", "nor%h", "*", "?", "'", '"', "' OR 1=1 --", "\\", "/", "\x00", "\x1b"]  # fmt: skip  # noqa: E501


@pytest.mark.parametrize("text", WILDCARDS, ids=ascii)
def test_what_people_type_is_looked_for_as_it_stands(world, text):
    raised(world)
    visitor = at_browser(world, "mona")
    page = visitor.open(f"/search?q={quote(text)}&team=north")
    assert page.status == 200
    if search.printable_text(text):
        assert shown(page) == []


def test_a_reason_is_not_found_by_a_key_that_is_only_like_its_own(world):
    """The mark `_` of a key stands for itself, not for any mark."""
    keys = [key for key, _ in reasons(world) if "_" in key]
    reference = raised(world, reasons=[keys[0]])
    world.write(update(ChallengeRow).where(col(ChallengeRow.reference) == reference).values(reasons=[keys[0].replace("_", "x")]))
    label = dict(reasons(world))[keys[0]]
    assert found(at_browser(world, "mona"), label) == set()


def test_a_very_long_text_or_many_words_are_cut_and_not_refused(world):
    raised(world)
    irene = at_browser(world, "irene")
    assert irene.open(f"/search?q={'x' * 5000}").status == 200
    assert irene.open(f"/search?q={'+'.join(['KT'] * 400)}").status == 200
    assert irene.open("/search?q=%ED%A0%80%ff").status == 200


# Only what is theirs.


def scene(world: World) -> list[str]:
    """Items at several stages, of both teams, ended, sealed, an excellent practice, and cover and posts that moved."""
    references = [raised(world, child, stage="stage_2", stage_reason="High.") for child in ("T-1", "T-2", "T-3")]
    references.append(raised(world, "T-4", by="ivor"))
    references += [raised(world, stage=stage, stage_reason="High.") for stage in ("stage_3", "stage_4")]
    notice = world.as_("irene").post("/notices", {"child": "T-1", "what_went_well": "Sam came.", "reasons": []})
    references.append(notice.json()["reference"])
    irene = world.as_("irene")
    irene.brings(references[0], "withdrawn", why="Settled.")
    irene.brings(references[1], "recorded_in_error", why="Wrong.")
    irene.brings(references[2], "escalated", why="Higher.")
    world.cover("tess", "silas", delegate=True)
    world.cover("irene", "colin", "2026-04-01", "2026-04-01")
    world.post_ends("quinn", "strategic_manager_sqd", "2026-03-31")
    return references


def opens(visitor: Visitor, reference: str) -> bool:
    answer = visitor.send("GET", f"/challenges/{reference}")
    return answer.status_code == 200 or answer.headers.get("location", "").startswith(f"/challenges/{reference}")


def test_everybody_finds_what_they_may_open_and_nothing_else(two):
    references = scene(two)
    sizes = {}
    for person in EVERYBODY.split():
        visitor = at_browser(two, person)
        opened = {reference for reference in references if opens(visitor, reference)}
        assert found(visitor) == opened, person
        sizes[person] = len(opened)
    assert sizes["mona"] == len(references)
    assert sizes["bob"] == len(references) - 1
    assert sizes["ada"] == sizes["audrey"] == sizes["quinn"] == 0
    assert found(at_browser(two, "mona", ELSEWHERE.key)) == set()
    assert found(at_browser(two, "mona", ELSEWHERE.key), "KT") == set()


def test_nothing_tells_whether_something_is_there_that_is_not_theirs(world):
    reference = raised(world, "T-4", by="ivor")
    sealed = raised(world, "T-1")
    world.as_("irene").brings(sealed, "recorded_in_error", why="Wrong.")
    tess = at_browser(world, "tess")
    for there, nowhere in (
        (reference, "ABCD-2345"),
        (sealed, "ABCD-2345"),
        ("VR", "XQ"),
        ("T-4", "T-9"),
        (reference[:5], "ABCD-"),
    ):
        answers = [tess.send("GET", f"/search?q={text}") for text in (there, nowhere)]
        texts = [answer.text.replace(text, "…") for answer, text in zip(answers, (there, nowhere), strict=True)]
        assert [answer.status_code for answer in answers] == [200, 200], there
        assert texts[0] == texts[1], there
        assert "No item that you may see matches all of this." in texts[0]
    assert logged(world, reference, "search") == 0


def test_access_that_has_ended_looks_like_nothing_too(world):
    reference = raised(world)
    world.post_ends("tess", "team_manager", "2026-04-01")
    world.post_begins("tess", "team_manager", "2026-04-02", "team", "south")
    world.at("Thu 2 April 2026, 10:00")
    tess = at_browser(world, "tess")
    assert tess.send("GET", f"/challenges/{reference}").status_code == 403
    answer = tess.send("GET", f"/search?q={reference}")
    assert answer.status_code == 200
    assert "No item that you may see" in answer.text


def test_every_item_listed_is_in_the_access_log_and_no_other(world):
    mine, others = raised(world, "T-1"), raised(world, "T-4", by="ivor")
    at_browser(world, "irene").open("/search?q=")
    assert (logged(world, mine, "search"), logged(world, others, "search")) == (1, 0)
    at_browser(world, "irene").open("/search?q=nothing+of+it")
    assert logged(world, mine, "search") == 1


# Page by page.


def test_page_by_page_every_item_is_shown_once_newest_first(world, monkeypatch):
    monkeypatch.setattr(search, "ON_A_PAGE", 4)
    expected = []
    for n in range(8):
        world.at(f"Wed 1 April 2026, 10:{n // 3:02}")  # several at one instant
        expected.append(raised(world, "T-1" if n % 2 else "T-2"))
        raised(world, "T-4", by="ivor")  # not hers to see
    irene = at_browser(world, "irene")
    page, seen = irene.open("/search?state=open&team=north"), []
    for number in range(2):
        seen += shown(page)
        following = [href for href, said in page.links if "Next" in said]
        assert ("Back to the newest" in page.text) == (number > 0)
        if number == 0:
            page = irene.open(following[0])
    assert following == [], "nothing follows what she may see"
    assert sorted(seen) == sorted(expected)
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("after", ["x", "====", "bm8=", "é", "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMHwwMDAwMDAwMC0wMDAwLTAwMDAtMDAwMC0wMDAwMDAwMDAwMDA="])  # fmt: skip  # noqa: E501
def test_a_place_that_was_never_given_is_refused_with_a_page(world, after):
    assert at_browser(world, "irene").open(f"/search?after={quote(after)}").status == 422


# Twins: a bug is planted, and the test must find it.

FOUND = (AssertionError, pytest.fail.Exception)
Plant = pytest.MonkeyPatch


def found_by(test: Callable[..., None], *given: Any) -> None:
    with pytest.raises(FOUND):
        test(*given)


def test_planted_a_list_that_judges_nothing(two, monkeypatch: Plant):
    monkeypatch.setattr(
        item_list, "might_see", lambda connection, signed, day: Sight(col(ChallengeRow.authority) == signed.authority, {})
    )
    monkeypatch.setattr(item_reader.access, "check_sees", lambda actor, was: None)
    monkeypatch.setattr(item_reader, "may_read", lambda *_: True)
    found_by(test_everybody_finds_what_they_may_open_and_nothing_else, two)


def test_planted_a_list_narrowed_too_far(two, monkeypatch: Plant):
    real = item_list.might_see

    def narrow(connection: Any, signed: Any, day: Any) -> Any:
        sight = real(connection, signed, day)
        return replace(sight, condition=sight.condition & (col(ChallengeRow.team) == "north") & col(ChallengeRow.is_open))

    monkeypatch.setattr(item_list, "might_see", narrow)
    found_by(test_everybody_finds_what_they_may_open_and_nothing_else, two)


def test_planted_a_reference_that_is_told_apart(world, monkeypatch: Plant):
    monkeypatch.setattr(item_reader.access, "check_sees", lambda actor, was: None)
    found_by(test_nothing_tells_whether_something_is_there_that_is_not_theirs, world)


def test_planted_an_end_of_access_that_is_told(world, monkeypatch: Plant):
    monkeypatch.setattr(search, "AccessEnded", KeyError)
    found_by(test_access_that_has_ended_looks_like_nothing_too, world)


def test_planted_wildcards_that_stand_for_others(world, monkeypatch: Plant):
    def by_reference(authority: str, words: Any, teams: Any, text: str) -> Any:
        return col(ChallengeRow.reference).like(f"{text.upper()}%")

    def by_reason(authority: str, words: Any, teams: Any, text: str) -> Any:
        [key] = [key for key, label in reasons(world) if label == text]
        return cast(col(ChallengeRow.reasons), Text).like(f'%"{key}"%')

    monkeypatch.setattr(search, "match_text", by_reason)
    found_by(test_a_reason_is_not_found_by_a_key_that_is_only_like_its_own, world)
    monkeypatch.setattr(search, "match_text", by_reference)
    found_by(test_what_people_type_is_looked_for_as_it_stands, world, "____-____")


def test_planted_a_list_that_is_not_logged(world, monkeypatch: Plant):
    monkeypatch.setattr(type(world.service.access_log), "record", lambda *_: None)
    found_by(test_every_item_listed_is_in_the_access_log_and_no_other, world)


def test_planted_a_page_that_forgets_the_rest_of_an_instant(world, monkeypatch: Plant):
    def after(query: Any, keys: Any, position: Any) -> Any:
        return query.where(col(ChallengeRow.raised_at) < position[0]) if position else query

    monkeypatch.setattr(item_search, "start_after", after)
    with monkeypatch.context() as inner:
        found_by(test_page_by_page_every_item_is_shown_once_newest_first, world, inner)


def test_planted_every_child_of_the_same_letters(world, monkeypatch: Plant):
    world.write(update(ChildRow).where(col(ChildRow.authority) == world.council.key).values(initials="KT"))
    found_by(test_an_item_is_found_by_reference_number_initials_team_and_reason, world)
