"""Procedures as pages: anybody signed in reads them; IRO managers and administrators confirm or strike what is assumed."""

import re

import pytest

from api.pages.admin import procedures as room
from api.routes import ROUTES
from drp.database.authority_tables import AssumptionRow
from drp.identity.principal import RouteAudience
from tests.cast.councils import procedures
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser

PATH = "/ladders/resolution?version=2016%2F17"
JUDGE = "ladder-judge_within"


def assumed(world: World, path: str = "judge_within") -> dict[str, object]:
    shape = world.as_("irene").get("/ladders/resolution", version="2016/17").json()
    return next(one for one in shape["assumptions"] if one["path"] == path and one["of"] == "ladder")


def answers(form_page: Page, **chosen: str) -> dict[str, str]:
    """Radios are named after files' paths, which Python's keywords cannot carry: sent by hand."""
    form = next(one for one in form_page.forms if one.action.endswith("assumptions?version=2016%2F17"))
    return {"form_token": form.inputs["form_token"][0], **chosen}


def save(visitor: Visitor, page: Page, chosen: dict[str, str]) -> Page:
    answer = visitor.send("POST", "/ladders/resolution/assumptions?version=2016%2F17", data=answers(page, **chosen))
    return visitor.open(answer.headers["location"].partition("#")[0]) if answer.status_code == 303 else Page(answer)


def test_everybody_reads_the_stages_in_words(world):
    for person in ("tess", "hugo", "audrey", "irene"):
        visitor = at_browser(world, person)
        listed = visitor.open("/ladders")
        assert listed.status == 200
        assert "in force today" in listed.text
        page = visitor.open(listed.link("Dispute Resolution Process, 2016/17"))
        assert page.status == 200
        assert "Team Manager" in page.text
        assert "IRO annual report 2016/17, paragraphs 18–22 and Appendix 3" in page.text
        theme = procedures(world.council).authority.themes[0]
        assert theme.label in page.text
        assert theme.reasons[0].label in page.text


def test_the_drawing_needs_no_style_of_its_own_and_has_ids_of_its_own(world):
    page = at_browser(world, "irene").open(PATH)
    drawing = page.html[page.html.index("<svg") : page.html.index("</svg>")]
    assert "style" not in drawing
    assert "<script" not in drawing
    ids = re.findall(r'\bid="([^"]+)"', page.html)
    assert len(ids) == len(set(ids))
    assert all(name.startswith("ladder-") for name in re.findall(r'\bid="([^"]+)"', drawing))
    assert set(re.search(r'aria-labelledby="([^"]+)"', drawing)[1].split()) <= set(ids)


def test_an_assumption_is_confirmed_in_five_clicks_from_choosing_oneself(world):
    """Sign in · Procedures · the procedure · Confirm · Save."""
    mona = at_browser(world, "mona")
    page = mona.open("/")
    page = mona.open(page.link("Procedures"))
    page = mona.open(page.link("Dispute Resolution Process, 2016/17"))
    assert "Here: 3 working days." in page.text
    after = save(mona, page, {JUDGE: "confirmed"})
    assert "Saved: one answer, with your name and the day." in after.text
    assert "Confirmed by Mona, Wednesday 1 April 2026, 10:00." in after.text
    kept = assumed(world)
    assert (kept["verdict"], kept["by"]) == ("confirmed", "Mona")


def test_the_first_group_is_open_so_that_its_answers_need_no_click_more(world):
    page = at_browser(world, "mona").open(PATH)
    assert re.search(
        r'<details class="govuk-details app-group" open>\s*<summary[^>]*><h3[^>]*>The procedure as a whole', page.html
    )


def test_several_are_answered_at_once_and_the_rest_stay_open(world):
    mona = at_browser(world, "mona")
    page = mona.open(PATH)
    after = save(mona, page, {JUDGE: "confirmed", "ladder-stages.stage_2.no_reply": "struck"})
    assert "Saved: 2 answers" in after.text
    assert assumed(world, "stages.stage_2.no_reply")["verdict"] == "struck"
    assert assumed(world, "whole_process")["verdict"] == "not yet confirmed"
    assert world.count(AssumptionRow) == 2


def test_saving_nothing_says_what_to_choose(world):
    mona = at_browser(world, "mona")
    page = save(mona, mona.open(PATH), {})
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert "Choose Confirm or Strike for at least one." in page.text


def test_somebody_may_change_their_mind(world):
    mona = at_browser(world, "mona")
    page = save(mona, mona.open(PATH), {JUDGE: "confirmed"})
    changing = next(one for one in page.forms if "change=" in one.action)
    answer = mona.send("POST", changing.action, data={name: values[0] for name, values in changing.inputs.items()})
    assert answer.status_code == 303
    assert assumed(world)["verdict"] == "struck"


def test_what_a_colleague_answered_meanwhile_stays_theirs(world):
    ada, mona = at_browser(world, "ada"), at_browser(world, "mona")
    before = ada.open(PATH)
    save(mona, mona.open(PATH), {JUDGE: "struck"})
    save(ada, before, {JUDGE: "confirmed", "ladder-whole_process": "confirmed"})
    assert (assumed(world)["verdict"], assumed(world)["by"]) == ("struck", "Mona")
    assert assumed(world, "whole_process")["by"] == "Ada"


def test_only_who_keeps_procedures_is_asked_and_may_answer(world):
    for person in ("irene", "tess", "hugo", "audrey", "bob"):
        visitor = at_browser(world, person)
        page = visitor.open(PATH)
        assert not [one for one in page.forms if "assumptions" in one.action], person
        token = visitor.open("/sign-out").form().inputs["form_token"][0]
        answer = visitor.send(
            "POST", "/ladders/resolution/assumptions?version=2016%2F17", data={"form_token": token, JUDGE: "confirmed"}
        )
        assert answer.status_code == 403, person
    assert world.count(AssumptionRow) == 0


def test_planted_letting_anybody_confirm_is_caught(world, monkeypatch):
    monkeypatch.setitem(ROUTES, ("POST", "/ladders/{name}/assumptions"), RouteAudience.PERSON)
    with pytest.raises(AssertionError):
        test_only_who_keeps_procedures_is_asked_and_may_answer(world)


def test_a_form_of_another_session_keeps_nothing(world):
    mona = at_browser(world, "mona")
    page = mona.open(PATH)
    again = at_browser(world, "mona")
    shown = save(again, page, {JUDGE: "confirmed"})
    assert shown.status == 422
    assert "You have signed in again since this page was made." in shown.text
    changed = again.send(
        "POST", f"{PATH.replace('?', '/assumptions?')}&change={JUDGE}",
        data={"form_token": answers(page)["form_token"], "verdict": "struck"},
    )  # fmt: skip
    assert changed.status_code == 403
    assert world.count(AssumptionRow) == 0


def test_what_is_not_assumed_cannot_be_confirmed_and_what_is_not_there_is_not_found(world):
    mona = at_browser(world, "mona")
    token = answers(mona.open(PATH))["form_token"]
    for change, verdict in (("ladder-nothing", "confirmed"), (JUDGE, "perhaps"), ("ladder-stages", "struck")):
        sent = {"form_token": token, "verdict": verdict}
        answer = mona.send("POST", f"/ladders/resolution/assumptions?version=2016%2F17&change={change}", data=sent)
        assert answer.status_code == 422, change
    for path in ("/ladders/none", "/ladders/resolution?version=1066", "/ladders/resolution/assumptions"):
        assert mona.open(path).status in (404, 405)
    assert world.count(AssumptionRow) == 0


def test_paths_are_said_in_words():
    said = room.path_in_words(["contact", "meeting", "outcome_recorded_by"])
    assert said == "Contact: meeting: who records the outcome"
    assert room.path_in_words(["enter_at", "1", "stage"]) == "Enter at: no. 2: stage"
