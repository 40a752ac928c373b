"""What an auditor reads: stages, dates, who acted, proofs, who read what, who changed what; and no child."""

from datetime import date

import pytest
from sqlalchemy import update

from api.json import audit
from drp.database.challenge_tables import ChallengeRow
from drp.identity import tokens
from drp.staffing import taken_caseloads
from drp.staffing.changes import hand_over_cases
from tests.cast.councils import DUNMOOR, procedures
from tests.cast.world import World
from tests.pages.browser import at_browser


def a_life(world: World) -> str:
    """One challenge, answered and settled, with a confidence on it."""
    irene = world.as_("irene")
    reference = str(irene.raises(item_type="formal", concern="Canary: the plan drifts.").json()["reference"])
    assert irene.brings(reference, "child_view_recorded", about="the issue", view="Canary: I am afraid.").status_code == 200
    assert world.as_("tess").brings(reference, "responded", position="agrees", answer="Canary: it is done.").status_code == 200
    assert irene.brings(reference, "judged", verdict="enough", what_changed="Canary: it is settled.").status_code == 200
    return reference


def test_an_auditor_reads_stages_dates_acts_and_proof_and_neither_words_nor_a_child(world: World) -> None:
    reference = a_life(world)
    answer = world.as_("audrey").get("/audit/items")
    assert answer.status_code == 200, answer.text
    (item,) = answer.json()["items"]
    assert (item["reference"], item["state"], item["proven"]) == (reference, "resolved", True)
    assert [stay["stage"] for stay in item["stays"]] == ["stage_2"]
    assert ("reply", "2026-04-08", "answered") in [(one["kind"], one["due"], one["closed_as"]) for one in item["windows"]]
    acts = [(one["kind"], one["by"]) for one in item["acts"]]
    assert ("raised", "Irene") in acts
    assert ("responded", "Tess") in acts
    for kept in ("Canary", "T-1", "KT", str(world.child("T-1"))):
        assert kept not in answer.text, kept


def test_what_was_altered_does_not_prove_itself_to_the_auditor(world: World) -> None:
    a_life(world)
    world.write(update(ChallengeRow).values(head="0" * 64))
    (item,) = world.as_("audrey").get("/audit/items").json()["items"]
    assert item["proven"] is False
    assert item["first_fault"]


def test_the_same_child_has_the_same_key_and_only_the_iro_manager_says_whose_it_is(world: World) -> None:
    a_life(world)
    a_life(world)
    first, second = world.as_("audrey").get("/audit/items").json()["items"]
    key = first["child_key"]
    assert key == second["child_key"]
    for person in ("audrey", "irene", "bob", "ada", "tess"):
        assert world.as_(person).get(f"/audit/children/{key}").status_code == 403, person
    assert world.as_("mona").get(f"/audit/children/{key}").json() == {"number": "T-1", "initials": "KT"}
    assert world.as_("mona").get("/audit/children/0000000000000000").status_code == 404


def test_who_read_what_and_who_changed_what_are_the_auditors_to_see(world: World) -> None:
    reference = a_life(world)
    world.as_("otto").item(reference)
    readings = world.as_("audrey").get("/audit/readings").json()["readings"]
    assert ("Otto", reference) in [(one["by"], one["reference"]) for one in readings]
    mona = at_browser(world, "mona")
    mona.fill(mona.open(f"/cover?of={world.id('irene')}"), by=str(world.id("ivor")))
    changes = world.as_("audrey").get("/audit/changes").json()
    assert [(one["by"], one["what"], one["said"]["of"], one["said"]["by"]) for one in changes[:1]] == [
        ("Mona", "cover", "Irene", "Ivor")
    ]
    assert [(one["by"], one["what"]) for one in changes[1:]] == [("the service by itself", "record begun")]


def test_a_caseload_taken_by_ones_own_hand_and_what_was_then_ended_stand_on_the_list_and_are_told(world: World) -> None:
    """Mona is made colin's colleague as an IRO, hands irene's child to herself and ends what came with it."""
    world.post_begins("mona", "iro", "2020-01-01", "child", str(world.child("T-5")))
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    with world.service.casework.store.read(world.key) as connection:
        signed = tokens.principal_of(connection, procedures(DUNMOOR).authority, world.id("mona"), world.now)
    hand_over_cases(
        world.service.casework, signed, world.now,
        of=world.id("irene"), to=world.id("mona"), since=date(2026, 4, 1), children=[world.child("T-1")],
    )  # fmt: skip
    others = str(world.as_("mona").raises(item_type="formal").json()["reference"])
    assert world.as_("mona").brings(reference, "withdrawn", why="Raised twice.").status_code == 200
    world.cover("mona", "colin")
    assert world.as_("colin").brings(others, "withdrawn", why="Raised twice.").status_code == 200, "and is on nobody's list"
    for person in ("audrey", "chris"):
        (taken,) = world.as_(person).get("/audit/taken-caseloads").json()
        assert (taken["by"], taken["of"], taken["children"]) == ("Mona", "Irene", 1)
        assert [(one["reference"], one["how"]) for one in taken["ended"]] == [(reference, "withdrawn")]
    for person in ("mona", "irene", "bob", "ada", "tess"):
        assert world.as_(person).get("/audit/taken-caseloads").status_code == 403, person
    assert "Mona took over a child of yours" in at_browser(world, "irene").open("/").text
    assert "took over" not in at_browser(world, "colin").open("/").text


def test_planted_list_of_nobodys_endings_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taken_caseloads, "ENDINGS", ())
    with pytest.raises(AssertionError):
        test_a_caseload_taken_by_ones_own_hand_and_what_was_then_ended_stand_on_the_list_and_are_told(world)


def test_nobody_but_an_auditor_reads_it_and_the_reading_is_written_down(world: World) -> None:
    reference = a_life(world)
    for path in ("items", "readings", "changes"):
        for person in ("irene", "mona", "bob", "ada", "chris", "tess"):
            assert world.as_(person).get(f"/audit/{path}").status_code == 403, (path, person)
    world.as_("audrey").get("/audit/items")
    readings = world.as_("audrey").get("/audit/readings").json()["readings"]
    assert ("Audrey", reference) in [(one["by"], one["reference"]) for one in readings]


def test_it_is_read_page_by_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "A_PAGE", 2)
    made = sorted(a_life(world) for _ in range(3))
    first = world.as_("audrey").get("/audit/items").json()
    second = world.as_("audrey").get("/audit/items", after=first["next"]).json()
    assert [one["reference"] for one in first["items"] + second["items"]] == made
    assert second["next"] == ""


def test_planted_case_number_for_a_key_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "child_key", lambda secret, authority, child: "T-1")
    with pytest.raises(AssertionError):
        test_an_auditor_reads_stages_dates_acts_and_proof_and_neither_words_nor_a_child(world)
