"""Raising in the browser: a talk in three fields, a challenge in steps, siblings, a notice; nothing written is lost."""

import re

import pytest

from drp.database.challenge_tables import ChallengeRow
from drp.database.message_tables import NotificationRow
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser


def steps(irene: Visitor, reason: str, **more: str) -> Page:
    """Through the steps to the check, for T-1."""
    page = irene.fill(irene.open("/raise"), "/raise", child="T-1", item_type="formal")
    page = irene.fill(page, _action(page), **{reason: more.pop("ticked", "")})
    page = irene.fill(page, _action(page), concern="The plan drifts.", effect_on_child="She waits.", outcome_sought="A plan.")
    page = irene.fill(page, _action(page))
    return irene.fill(page, _action(page), **more)


def _action(page: Page) -> str:
    found = [form.action for form in page.forms if form.method == "post" and form.action.count("/") == 3]
    assert len(found) == 1, (page.status, page.text)
    return found[0]


@pytest.fixture
def irene(world: World) -> Visitor:
    return at_browser(world, "irene")


def box(world: World) -> tuple[str, str]:
    """The tick box of the world's first reason."""
    from tests.cast.councils import procedures

    theme = procedures(world.council).authority.themes[0]
    return f"reasons__{theme.key}", theme.reasons[0].key


def test_when_it_was_first_known_is_asked_once_and_may_stay_empty(world, irene):
    page = irene.fill(irene.open("/raise"), "/raise", child="T-1", item_type="formal")
    name, key = box(world)
    page = irene.fill(page, _action(page), **{name: key})
    assert "When did you first know of this? Leave empty if today." in page.text
    days = {"first_known_on__day": "2", "first_known_on__month": "3", "first_known_on__year": "2026"}
    page = irene.fill(page, _action(page), concern="The plan drifts.", **days)
    page = irene.fill(page, _action(page))
    page = irene.fill(page, _action(page))
    assert re.search(r"First known on\s*Monday 2 March 2026", page.text)
    page = irene.fill(page, page.forms[-1].action)
    (item,) = world.as_("irene").get("/challenges").json()["items"]
    assert world.as_("irene").timeline(item["reference"])["entries"][0]["facts"]["first_known_on"] == "2026-03-02"


def test_a_talk_is_three_fields_and_one_press(world, irene):
    page = irene.fill(irene.open("/talks/new"), child="T-1", reason=world.reason, concern="Talked about school with the worker.")
    assert page.status == 200, page.text
    assert "A talk, on the record: nobody is asked and no date runs." in page.text
    assert world.count(NotificationRow) == 0


def test_a_talk_becomes_formal_without_writing_it_again(world, irene):
    page = irene.fill(irene.open("/talks/new"), child="T-1", reason=world.reason, concern="Talked about school.")
    page = irene.open(page.link("Make it formal"))
    assert "Take it higher" not in page.html, "the button says what it does"
    page = irene.fill(page, why="It was not settled.")
    assert "At Stage 2" in page.text
    assert "Talked about school." in page.text


def test_a_talk_with_a_clock_asks_the_stage(world, irene):
    page = irene.fill(irene.open("/talks/new"), child="T-1", reason=world.reason, concern="Talked about school.", clock="yes")
    assert "Social Worker replies by the end of" in page.text


def test_a_talk_that_is_settled_is_logged_with_its_effect_in_one_press(world, irene):
    page = irene.open("/talks/new")
    said = {"child": "T-1", "reason": world.reason, "concern": "Talked about school."}
    said |= {"what_changed": "She is back at her own school.", "found": "better"}
    after = irene.fill(page, **said)
    assert after.status == 200, after.text
    assert "The talk is on the record, with what changed for the child." in after.text
    assert "What changed for the childBetter for the child" in after.text
    reference = after.title[:9]
    seen = world.as_("irene").item(reference)
    assert (seen["phase"], seen["impact"], seen["windows"]) == ("resolved", "better", [])
    assert [entry["kind"] for entry in world.as_("irene").timeline(reference)["entries"]] == ["raised", "talk_logged", "resolved"]
    assert world.count(NotificationRow) == 0, "nobody is asked or told anything"
    again = irene.fill(page, **said)
    assert again.title == after.title, "pressing twice logs one talk"
    assert world.count(ChallengeRow) == 1


def test_a_talk_settled_in_part_of_the_form_says_what_is_missing_and_keeps_nothing(world, irene):
    page = irene.open("/talks/new")
    page = irene.fill(page, child="T-1", reason=world.reason, concern="Talked about school.", found="partly", clock="yes")
    assert page.status == 422
    assert "Say in a line what changed for the child." in page.text
    assert "It is settled, or an answer is wanted: choose one of the two." in page.text
    assert world.count(ChallengeRow) == 0


def test_who_logs_a_talk_for_the_iro_does_not_settle_it(world):
    bob = at_browser(world, "bob")
    said = {"child": "T-1", "reason": world.reason, "concern": "Talked about school."}
    page = bob.fill(bob.open("/talks/new"), what_changed="She is back at her own school.", **said)
    assert page.status == 422
    assert "whoever raises it settles it" in page.text
    assert world.count(ChallengeRow) == 0, "both are kept, or neither"
    assert bob.fill(page, what_changed="").status == 200


def test_a_challenge_is_raised_in_steps_and_the_last_page_says_who_was_told(world, irene):
    field, reason = box(world)
    check = steps(irene, field, ticked=reason)
    assert "Their time: 3 working days from Wednesday 1 April 2026" in check.text
    assert "To: Team Manager" in check.text
    page = irene.fill(check, _action(check))
    assert page.title.startswith("It is raised")
    assert "To: Tess (Team Manager)" in page.text
    assert "by the end of Wednesday 8 April 2026" in page.text
    assert "Good Friday" in page.text


def test_what_was_written_waits_under_my_work_until_it_is_sent(world, irene):
    field, reason = box(world)
    check = steps(irene, field, ticked=reason)
    home = irene.open("/")
    page = irene.open(home.link("Go on with what you began about T-1"))
    assert page.text.count("The plan drifts.") == check.text.count("The plan drifts.")
    irene.fill(page, _action(page))
    assert "Not sent yet" not in irene.open("/").text


def test_a_draft_is_its_writers_alone(world, irene):
    field, reason = box(world)
    steps(irene, field, ticked=reason)
    place = irene.open("/").link("Go on with what you began about T-1")
    assert at_browser(world, "mona").send("GET", place).status_code == 404
    assert at_browser(world, "mona").send("GET", f"{place}/effect").status_code == 404


def test_an_other_reason_needs_words_and_says_so_beside_the_field(world, irene):
    page = irene.fill(irene.open("/raise"), "/raise", child="T-1", item_type="formal")
    page = irene.fill(page, _action(page), reasons__practice="other_practice")
    assert page.status == 422
    assert "Say in words what the reason is." in page.text


def test_a_sibling_gets_a_challenge_of_its_own_and_never_this_childs_words_unless_said(world, irene):
    field, reason = box(world)
    check = steps(irene, field, ticked=reason, sibling__1="T-2")
    page = irene.fill(check, _action(check))
    assert "still to be written" in page.text
    sibling = irene.open(page.link("Write the one about T-2"))
    assert "The plan drifts." not in sibling.text
    assert sibling.title.startswith("The effect")


def test_the_same_words_for_siblings_only_where_somebody_said_that_they_fit(world, irene):
    field, reason = box(world)
    check = steps(irene, field, ticked=reason, sibling__1="T-2", alike="same")
    page = irene.fill(check, _action(check))
    first = irene.open(page.link(f"Open {page.text.split(' – ')[0].split()[-1]}"))
    assert "Raised together with" in first.text


def test_initials_are_enough_where_they_are_one_childs_alone(world, irene):
    from sqlalchemy import select

    from drp.database.directory_tables import ChildRow

    rows = world.rows(select(ChildRow.number, ChildRow.initials))
    initials = next(row.initials for row in rows if row.number == "T-1")
    alone = sum(row.initials == initials for row in rows) == 1
    page = irene.fill(irene.open("/talks/new"), child=initials, reason=world.reason, concern="Talked.")
    assert page.status == (200 if alone else 422), page.text


def test_a_child_of_another_iro_is_not_found_by_a_talk(world):
    page = at_browser(world, "ivor")
    answer = page.fill(page.open("/talks/new"), child="NO-SUCH", reason=world.reason, concern="Talked.")
    assert answer.status == 422
    assert "No such child is known to you." in answer.text


def test_a_notice_is_one_page(world, irene):
    page = irene.fill(irene.open("/notices/new"), child="T-1", concern="The worker stayed late to read with him.")
    assert page.status == 200, page.text
    assert "It is sent" in page.text
    assert "To: Social Worker" in page.text
