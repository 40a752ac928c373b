"""A challenge in the browser: the IRO looks and acts, the manager lands on the one question and answers it on one page."""

import pytest

from api.pages.item import item_page
from api.pages.item.move_forms import BY_TYPE
from drp.casework.preconditions import NOT_SAID
from tests.cast.world import World
from tests.pages.browser import at_browser, day


def raised(world: World, **said: object) -> str:
    answer = world.as_("irene").raises(item_type="formal", effect_on_child="She waits.", outcome_sought="A plan.", **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def test_the_iro_reads_where_it_stands_and_what_comes_next(world):
    reference = raised(world)
    page = at_browser(world, "irene").open(f"/challenges/{reference}")
    assert page.status == 200
    assert "Team Manager replies by the end of Wednesday 8 April 2026." in page.text
    assert "not counted: Fri 3 Good Friday, Sat 4, Sun 5, Mon 6 Easter Monday" in page.text
    assert "She waits." in page.text


def test_a_manager_lands_on_the_one_question_and_answers_on_one_page(world):
    reference = raised(world)
    tess = at_browser(world, "tess")
    page = tess.open(f"/challenges/{reference}")
    assert page.title.startswith(f"Reply to {reference}")
    assert "Reply by Wednesday 8 April 2026" in page.text
    by = day("actions__0__by", "20 4 2026")
    after = tess.fill(page, position="agrees", answer="We will write it.", actions__0__what="Write the plan.", **by)
    assert after.status == 200, after.text
    assert "Write the plan. – by Monday 20 April 2026" in after.text
    assert world.as_("irene").item(reference)["phase"] == "answered"


def test_what_was_typed_survives_an_error_with_the_error_named(world):
    reference = raised(world)
    tess = at_browser(world, "tess")
    page = tess.fill(tess.open(f"/challenges/{reference}"), answer="We will write it.", actions__0__what="Write the plan.")
    assert page.status == 422
    assert page.title.startswith("Error: ")
    assert "Choose what you reply." in page.text
    assert "Say by which day this will be done." in page.text
    assert page.form(f"/challenges/{reference}/answer").inputs["answer"] == ["We will write it."]


def test_the_iro_judges_and_it_climbs(world):
    reference = raised(world)
    world.as_("tess").brings(reference, "responded", position="disagrees", answer="No.")
    irene = at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}")
    page = irene.fill(irene.open(page.link("Judge the answer")), verdict="needs_more", why="No plan is no plan.")
    assert page.status == 200, page.text
    assert world.as_("irene").item(reference)["stage"]["key"] == "stage_3"


def test_pressing_twice_does_it_once(world):
    reference = raised(world)
    irene = at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}/do/noted")
    irene.fill(page, text="Spoke with school.")
    irene.fill(page, text="Spoke with school.")
    notes = [entry for entry in world.as_("irene").timeline(reference)["entries"] if entry["kind"] == "noted"]
    assert len(notes) == 1


def test_a_form_says_for_which_stay_its_move_is_meant(world):
    reference = raised(world)
    stay, irene = world.as_("irene").item(reference)["stay"], at_browser(world, "irene")
    path = f"/challenges/{reference}/do/escalated"
    forms = [irene.open(path) for _ in range(3)]  # each may be sent once, and all were made for the same stay
    statuses = [irene.fill(page, why="It cannot wait.").status for page in forms]
    assert statuses == [200, 412, 412]
    assert world.as_("irene").item(reference)["stay"] == stay + 1
    unsaid = irene.send("POST", path, data=irene.open(path).form(path).inputs | {"why": "It cannot wait.", "seen": ""})
    assert unsaid.status_code == 428
    assert "The form did not say how the item stood when you looked at it." in unsaid.text
    assert "It cannot wait." in unsaid.text
    assert world.as_("irene").item(reference)["stay"] == stay + 1


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_form_that_asks_nothing_of_what_was_seen_is_found(world, monkeypatch):
    monkeypatch.setattr(item_page, "Precondition", lambda *said, **more: NOT_SAID)
    with pytest.raises(AssertionError):
        test_a_form_says_for_which_stay_its_move_is_meant(world)


def test_personal_details_are_asked_about_once_and_never_refused(world):
    reference = raised(world)
    irene = at_browser(world, "irene")
    page = irene.fill(irene.open(f"/challenges/{reference}/do/noted"), text="Ring 07700 900123 or write to a@b.example.")
    assert page.status == 422
    assert "a telephone number, an e-mail address" in page.text
    page = irene.fill(page, details_checked="yes")
    assert page.status == 200, page.text


def test_every_move_of_an_item_without_a_stage_has_its_page(world):
    notice = world.as_("irene").post("/notices", {"child": "T-1", "what_went_well": "Sam came.", "reasons": []}).json()
    irene = at_browser(world, "irene")
    statuses = {move: irene.open(f"/challenges/{notice['reference']}/do/{move}").status for move in BY_TYPE}
    assert set(statuses.values()) == {200}, statuses
