"""Excellent practice at a browser: thanks, words for reports, and the page of those who lead."""

import pytest

from api.pages.reports import practice_page
from tests.cast.world import World
from tests.pages.browser import Page, at_browser
from tests.pages.test_between_reviews_figures import table
from tests.service.test_practice import OFFER, QUOTE, agreed, brought, noticed

PATH = "/themes/practice"


def page_of(world: World, person: str, item: str) -> Page:
    return at_browser(world, person).open(f"/challenges/{item}?all=1")


def pressed(world: World, person: str, item: str, move: str, **said: str) -> Page:
    """Somebody follows a button of the item's page, fills the form in and sends it."""
    there = at_browser(world, person)
    form = there.open(there.open(f"/challenges/{item}?all=1").link(move))
    return there.fill(form, **said)


def test_a_leader_thanks_and_the_practitioner_reads_it(world: World) -> None:
    item = noticed(world)
    first = page_of(world, "sam", item).text
    assert "Nobody has written a line of thanks yet." in first
    assert "The concern" not in first, "nobody is concerned"
    assert first.count("What went well") == 3, "as the section's heading, its question, and on the timeline"
    done = pressed(world, "hugo", item, "Thank them", words="That is how it should be.")
    assert "Your thanks are on the record" in done.text
    read = page_of(world, "sam", item).text
    assert "Hugo thanks you:That is how it should be." in read
    assert "Hugo thanks them:That is how it should be." in page_of(world, "tess", item).text
    assert "Thank them" not in [said for _, said in page_of(world, "sam", item).links]
    inbox = at_browser(world, "sam").open("/inbox").text
    assert "You are thanked for your work" in inbox
    assert "That is how it should be." not in inbox
    assert "Copied to you: thanks for excellent practice" in at_browser(world, "irene").open("/inbox").text


def test_the_iro_offers_words_and_the_practitioner_agrees_and_takes_it_back(world: World) -> None:
    item = noticed(world)
    unsaid = pressed(world, "irene", item, "Let reports quote this", quote=QUOTE)
    assert unsaid.status == 422
    assert "It is not said that nothing in these words tells who the child is." in unsaid.text
    assert QUOTE in unsaid.text
    assert (
        "Whoever the notice names is asked"
        in pressed(world, "irene", item, "Let reports quote this", quote=QUOTE, tells_nothing="yes").text
    )
    assert "nothing is quoted" in page_of(world, "tess", item).text
    there = at_browser(world, "sam")
    form = there.open(there.open(f"/challenges/{item}?all=1").link("Say whether reports may quote you"))
    for said in (f"The words: “{QUOTE}”", "Agree to be quoted", "Do not quote me"):
        assert said in form.text
    assert "Your answer is on the record" in there.fill(form, agrees="yes-1").text
    assert "Reports may quote these words." in page_of(world, "irene", item).text
    pressed(world, "sam", item, "Say whether reports may quote you", agrees="no-1")
    assert "does not want to be quoted" in page_of(world, "irene", item).text
    assert pressed(world, "irene", item, "Take the words back from reports").status == 200
    assert QUOTE not in page_of(world, "sam", item).text.partition("Everything that happened")[0]


def test_an_answer_to_words_that_have_changed_meanwhile_is_asked_again(world: World) -> None:
    item = noticed(world)
    brought(world, "irene", item, "quote_offered", **OFFER)
    sam = at_browser(world, "sam")
    form = sam.open(f"/challenges/{item}/do/quote_answered")
    brought(world, "irene", item, "quote_offered", quote="Other words.", tells_nothing=True)
    again = sam.fill(form, agrees="yes-1")
    assert again.status == 422
    assert "Other words." in again.text
    assert "Choose one of those listed." in again.text


# Those who lead.


def shown_as_it_should_be(world: World) -> None:
    item = agreed(world)
    brought(world, "hugo", noticed(world, "T-2"), "thanked", words="w")
    page = at_browser(world, "hugo").open(PATH)
    assert table(page, "Notices by team") == [["North Team", "2", "1", "1"]]
    assert QUOTE in page.text
    assert "North Team · not thanked yet" in page.text
    assert page.link(item) == f"/challenges/{item}"
    assert page.links[[said for _, said in page.links].index("2")][0].startswith("/register?kind=practice")
    others = at_browser(world, "ivor").open(PATH)
    assert QUOTE in others.text
    assert item not in others.html, "no link to what he may not open"
    assert "Sam" not in others.text


def test_the_page_shows_what_may_be_quoted_and_opens_it_for_whoever_may_see_it(world: World) -> None:
    shown_as_it_should_be(world)
    assert PATH in at_browser(world, "hugo").open("/themes").html
    assert at_browser(world, "tess").open(PATH).status == 403
    agreed(world)
    later = at_browser(world, "hugo").open(f"{PATH}?since=2025-01&until=2025-12")
    assert "No notice of excellent practice was raised in this period." in later.text
    assert "There are none in this period." in later.text


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_a_link_for_whoever_may_not_open_it_is_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practice_page, "items_they_may_see", lambda connection, asked, ids: dict.fromkeys(ids))
    with pytest.raises(AssertionError):
        shown_as_it_should_be(world)
