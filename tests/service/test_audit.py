"""What an auditor reads: stages, dates, who acted, proofs, who read what, who changed what; and no child."""

import pytest
from sqlalchemy import update

from api.json import audit
from drp.database.challenge_tables import ChallengeRow
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
    assert [(one["by"], one["what"], one["said"]["of"], one["said"]["by"]) for one in changes] == [
        ("Mona", "cover", "Irene", "Ivor")
    ]


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
