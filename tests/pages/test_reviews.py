"""What a review of a child decided: entered in a minute, followed, seen to be done; undone, a challenge in three clicks."""

import re
from collections.abc import Callable

import pytest

from drp.casework import followed
from drp.reviews import following
from tests.cast.councils import NORTH
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser

HELD = {"held_on-day": "30", "held_on-month": "3", "held_on-year": "2026"}


@pytest.fixture
def north(build: Callable[..., World]) -> World:
    return build(NORTH)


def entered(irene: Visitor, child: str = "T-1", **said: str) -> Page:
    """A review with two decisions, the first of them followed if it is ticked."""
    page = irene.open(f"/reviews/new?child={child}")
    first = {
        "decisions-0-words": "Health assessment held.",
        "decisions-0-who": "social_worker|",
        "decisions-0-by": "24 April 2026",
    }
    second = {"decisions-1-words": "Contact plan written.", "decisions-1-owner": "The school nurse", "decisions-1-by": "1/5/26"}
    return irene.fill(page, **(HELD | first | second | said))


def reference_of(world: World) -> str:
    """The one item that there is."""
    (one,) = world.as_("irene").get("/challenges", state="all").json()["items"]
    return str(one["reference"])


def test_a_review_is_entered_and_what_is_ticked_is_followed(north: World) -> None:
    irene = at_browser(north, "irene")
    page = entered(irene, **{"decisions-0-follow": "yes"})
    assert page.status == 200, page.text
    assert "The review of Monday 30 March 2026" in page.text
    assert "1. Health assessment held." in page.text
    assert "2. Contact plan written." in page.text
    assert "The school nurse" in page.text
    reference = reference_of(north)
    assert f"Followed: {reference}" in page.text
    assert north.told(reference) == [("followed", {"sam"}, set())]
    seen = north.as_("irene").item(reference)
    assert (seen["item_type"], seen["label"]) == ("review_decision", "review decision")
    assert [window["due"] for window in seen["windows"]] == ["2026-04-24"]
    entry = north.as_("irene").timeline(reference)["entries"][0]
    assert entry["words"] == {"concern": "Health assessment held.", "review_decision": "1"}
    assert entry["facts"]["happened"] == [["review", "2026-03-30"]]


def test_only_the_few_that_are_ticked_have_a_window(north: World) -> None:
    entered(at_browser(north, "irene"))
    assert north.as_("irene").get("/challenges", state="all").json()["items"] == []


def test_one_that_waits_on_the_list_is_followed_later_and_an_owner_in_words_asks_the_social_worker(north: World) -> None:
    irene = at_browser(north, "irene")
    page = entered(irene)
    link = next(href for href, text in page.links if text == "Follow it: decision 2")
    page = irene.open(link)
    assert "Somebody else: The school nurse" in page.text
    after = irene.fill(page, to="other")
    assert "The decision is followed" in after.text
    reference = reference_of(north)
    assert north.told(reference) == [("followed", {"sam"}, set())]
    assert north.as_("irene").timeline(reference)["entries"][0]["words"]["owner"] == "The school nurse"
    assert irene.open(link).title.startswith(reference), "followed once"


def test_done_is_the_owners_word_and_seen_to_be_done_the_iros(north: World) -> None:
    irene, sam = at_browser(north, "irene"), at_browser(north, "sam")
    entered(irene, **{"decisions-0-follow": "yes"})
    reference = reference_of(north)
    page = sam.open(f"/challenges/{reference}")
    assert "How does it stand? To be done by Friday 24 April 2026" in page.text
    assert "It is done" in page.text
    sam.fill(page, position="agrees", answer="Held on Tuesday.")
    seen = irene.open(f"/challenges/{reference}")
    assert "It is done" in seen.text
    assert seen.link("Say whether you see it done")
    page = irene.open(f"/challenges/{reference}/do/judged")
    seen = irene.fill(page, verdict="enough", what_changed="The assessment stands on file.", found="better")
    assert seen.status == 200, seen.text
    assert "Seen to be done" in irene.open(f"/challenges/{reference}").text
    assert "seen to be done" in irene.open("/reviews/child?child=T-1").text


def test_one_left_undone_becomes_a_challenge_in_three_clicks_and_each_links_to_the_other(north: World) -> None:
    irene = at_browser(north, "irene")
    entered(irene, **{"decisions-0-follow": "yes"})
    decision = reference_of(north)
    north.mails = False
    north.pass_to("Mon 27 April 2026, 09:05")
    irene = at_browser(north, "irene")
    item = irene.open(f"/challenges/{decision}")
    page = irene.open(item.link("Make it a quality alert"))  # one
    page = irene.fill(page)  # two: everything is filled in, the reason too
    assert "Decisions of review not acted on" in page.text
    assert "A decision of the review has not been carried out: Health assessment held." in page.text
    raised = irene.fill(page, next(form.action for form in page.forms if form.action.endswith("/check")))  # three
    assert raised.status == 200, raised.text
    challenge = next(
        one["reference"]
        for one in north.as_("irene").get("/challenges", state="all").json()["items"]
        if one["reference"] != decision
    )
    assert decision in irene.open(f"/challenges/{challenge}").text
    ended = irene.open(f"/challenges/{decision}")
    assert challenge in ended.text
    seen = north.as_("irene").item(decision)
    assert (seen["phase"], seen["is_open"]) == ("ended_unresolved", False)
    assert not [window for window in seen["windows"] if window["is_open"]]
    entry = next(one for one in north.as_("irene").timeline(decision)["entries"] if one["kind"] == "made_challenge")
    assert entry["facts"]["reference"] == challenge


def test_a_challenge_raised_over_json_with_its_link_ends_what_was_followed_too(north: World) -> None:
    entered(at_browser(north, "irene"), **{"decisions-0-follow": "yes"})
    decision = reference_of(north)
    said = {"item_type": "informal", "to": [{"role": "team_manager"}], "respond_by": "2026-04-20"}
    assert north.as_("irene").raises("T-1", **said, linked=[decision]).status_code == 201
    assert north.as_("irene").item(decision)["phase"] == "ended_unresolved"


def test_several_are_marked_at_once_and_those_followed_are_not(north: World) -> None:
    irene = at_browser(north, "irene")
    page = entered(irene, **{"decisions-0-follow": "yes"})
    boxes = re.findall(r'name="decisions" value="([0-9a-f-]+)"', page.html)
    assert len(boxes) == 1, "what is followed is marked on its own page"
    after = irene.fill(page, "/reviews/marked", ("state", "done"), decisions=boxes)
    assert "Marked." in after.text
    assert "looked at on Wednesday 1 April 2026" in after.text


def test_rows_of_a_sheet_are_pasted(north: World) -> None:
    irene = at_browser(north, "irene")
    pasted = "1\tDental check\tTeam Manager\t30/4/2026\n2\tPassport\tHer aunt\t\nA visit to the new school"
    page = irene.fill(irene.open("/reviews/new?child=T-1"), **(HELD | {"pasted": pasted}))
    assert "1. Dental check" in page.text
    assert "Team Manager" in page.text
    assert "Her aunt" in page.text
    assert "A visit to the new school" in page.text
    wrong = irene.fill(irene.open("/reviews/new?child=T-1"), **(HELD | {"pasted": "3\tSwimming\tsam\tsoon"}))
    assert wrong.status == 422
    assert "Row 1: “soon” is no day." in wrong.text


def test_what_is_wrong_is_said_beside_it_and_nothing_is_kept(north: World) -> None:
    irene = at_browser(north, "irene")
    wrong = entered(irene, **{"decisions-1-by": "", "decisions-1-follow": "yes"})
    assert wrong.status == 422
    assert "To follow it, say by when it is to be done." in wrong.text
    past = entered(irene, **{"decisions-0-by": "24 March 2026", "decisions-0-follow": "yes"})
    assert past.status == 422
    assert "Tuesday 24 March 2026 has passed" in past.text
    assert "No review is on the register yet." in irene.open("/reviews/child?child=T-1").text


def test_the_paper_of_a_review_past_its_day_is_said(north: World) -> None:
    irene = at_browser(north, "irene")
    entered(irene)
    assert "Past its date" not in irene.open("/reviews/child?child=T-1").text
    north.at("Wed 6 May 2026, 10:00")
    page = at_browser(north, "irene").open("/reviews/child?child=T-1").text
    assert "its decisions are not agreed: that was due by Wednesday 8 April 2026" in page
    assert "its record is not out: that was due by Wednesday 29 April 2026" in page


def test_the_list_shows_ones_own_children_and_what_is_past_its_date(north: World) -> None:
    irene = at_browser(north, "irene")
    entered(irene)
    north.at("Mon 27 April 2026, 10:00")
    page = at_browser(north, "irene").open("/reviews").text
    assert "KT (T-1) not known not known 2 0 1" in page
    assert "T-4" not in page, "another IRO's"


def test_only_the_childs_iro_whoever_covers_and_the_desk_keep_it(north: World) -> None:
    irene = at_browser(north, "irene")
    page = entered(irene)
    link = next(href for href, text in page.links if text.startswith("Follow it"))
    for person in ("ivor", "sam", "tess", "hugo"):
        other = at_browser(north, person)
        for path in ("/reviews/child?child=T-1", "/reviews/new?child=T-1", link):
            assert other.open(path).status in (403, 404), (person, path)
    for person in ("mona", "bob"):
        assert "Health assessment held." in at_browser(north, person).open("/reviews/child?child=T-1").text, person
    north.cover("irene", "ivor", "2026-04-01")
    assert "Health assessment held." in at_browser(north, "ivor").open("/reviews/child?child=T-1").text


def test_planted_a_link_that_ends_nothing_is_noticed(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followed, "MAY_END", frozenset())
    with pytest.raises(AssertionError):
        test_a_challenge_raised_over_json_with_its_link_ends_what_was_followed_too(north)


def test_what_is_followed_is_counted_with_no_challenge(north: World) -> None:
    entered(at_browser(north, "irene"), **{"decisions-0-follow": "yes"})
    reference = reference_of(north)
    irene = north.as_("irene")
    north.mails = False
    north.at("Wed 29 April 2026, 10:00")
    assert irene.get("/themes", by="stage").json()["items"] == 0
    assert irene.get("/register", kind="all").json()["items"] == []
    assert irene.get("/themes", by="item_type", item_type="review_decision").json()["items"] == 1, "asked for, it is counted"
    mona = at_browser(north, "mona")
    assert re.search(r"Together\s*\d+\s*0\s*0\s*0\s*0", mona.open("/board").text)
    assert reference not in mona.open("/register?past=1").text
    raised = irene.raises("T-1", item_type="formal").json()
    assert raised["already_open"] == []
    assert reference in at_browser(north, "irene").open("/").text, "it presses on whoever follows it"


# What the review heard of the child's plans.


def plans_are_kept(world: World) -> None:
    irene = at_browser(world, "irene")
    days = {"care_plan_ratified_on": "31 3 2026", "pathway_plan_due_on": "10 4 2026"}
    said = {f"{name}-{part}": text for name, day in days.items()
            for part, text in zip(("day", "month", "year"), day.split(), strict=True)}  # fmt: skip
    page = entered(irene, **said)
    assert "Care plan ratified on Tuesday 31 March 2026." in page.text
    assert "First pathway plan due by Friday 10 April 2026." in page.text
    assert "the first pathway plan is not made" not in page.text
    world.at("Mon 13 April 2026, 10:00")
    place = "/reviews/child?child=T-1"
    assert (
        "the first pathway plan is not made: that was due by Friday 10 April 2026." in at_browser(world, "irene").open(place).text
    )
    made = {"child": "T-1", "held_on": "2026-03-30", "pathway_plan_made_on": "2026-04-13"}
    (review,) = world.as_("irene").post("/reviews", made).json()["reviews"]
    assert [review[name] for name in (*days, "pathway_plan_made_on")] == ["2026-03-31", "2026-04-10", "2026-04-13"], (
        "what stood stays"
    )
    page = at_browser(world, "irene").open(place)
    assert "First pathway plan made on Monday 13 April 2026." in page.text
    assert "is not made" not in page.text


def test_of_a_review_it_is_kept_when_the_care_plan_was_ratified_and_the_first_pathway_plan_made(north: World) -> None:
    plans_are_kept(north)


def test_no_plan_was_ratified_or_made_on_a_day_to_come(north: World) -> None:
    for name, status in (("care_plan_ratified_on", 422), ("pathway_plan_made_on", 422), ("pathway_plan_due_on", 201)):
        said = {"child": "T-1", "held_on": "2026-03-30", name: "2026-04-02"}
        answer = north.as_("irene").post("/reviews", said)
        assert answer.status_code == status, name
        assert status == 201 or answer.json()["field"] == name


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_twin_days_of_plans_that_are_not_kept_are_noticed(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    right = following.note_review
    monkeypatch.setattr(following, "note_review", lambda *given: right(*given[:-1]))
    with pytest.raises(AssertionError):
        plans_are_kept(north)
