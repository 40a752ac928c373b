"""Whom the child's IRO lets read what is kept to them; why a stage was skipped; supervision between an IRO and their manager."""

import pytest

from api.presenters import item_reader
from tests.cast.world import World
from tests.decision.planting import plant_rule
from tests.pages.browser import at_browser
from tests.service.test_need_to_know import KEPT, kinds_read, told
from workflows.decision import raising
from workflows.decision.decision_builder import EntryVisibility
from workflows.model.events import ReaderNamed


def test_whom_the_iro_names_reads_it_until_it_is_taken_back(world: World) -> None:
    reference = told(world)
    leif = str(world.id("leif"))
    assert world.as_("leif").get(f"/challenges/{reference}").status_code == 404
    assert world.as_("irene").brings(reference, "reader_named", person=leif, why="Counsel asked.").status_code == 200
    assert kinds_read(world, "leif", reference) == set(KEPT)
    assert world.as_("irene").brings(reference, "reader_removed", person=leif, why="Named in error.").status_code == 200
    assert world.as_("leif").get(f"/challenges/{reference}/timeline").json()["type"].endswith("access-ended")
    kinds = [entry.kind for entry in world.entries(reference)]
    assert [kind for kind in kinds if kind.startswith("reader_")] == ["reader_named", "reader_removed"], "both on the record"


def test_a_reader_is_named_and_taken_back_on_the_page(world: World) -> None:
    reference, irene = told(world), at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}/do/reader_named")
    assert "Leif, Head of Legal Services" in page.text
    irene.fill(page, person=str(world.id("leif")))
    assert kinds_read(world, "leif", reference) == set(KEPT)
    irene.fill(irene.open(f"/challenges/{reference}/do/reader_removed"), person=str(world.id("leif")))
    assert world.as_("leif").get(f"/challenges/{reference}/timeline").status_code == 403


def test_whoever_is_named_is_told_and_finds_it_and_nobody_who_covers_them_does(world: World) -> None:
    reference = told(world)
    world.cover("leif", "petra", "2026-04-01")
    assert world.as_("irene").brings(reference, "reader_named", person=str(world.id("leif"))).status_code == 200
    assert world.told(reference, "let_read") == [("stage_2", set(), {"leif"})]
    (message,) = world.as_("leif").get("/inbox").json()["messages"]
    assert (message["reference"], message["about"]) == (reference, "let_read")
    assert "You may read something kept to few" in at_browser(world, "leif").open("/inbox").text
    assert [one["reference"] for one in world.as_("leif").get("/challenges").json()["items"]] == [reference]
    assert world.as_("petra").get("/challenges").json()["items"] == []
    assert world.as_("petra").get(f"/challenges/{reference}").status_code == 404
    assert "let_read" not in world.as_("tess").get("/inbox").text


def test_nobody_else_names_a_reader_and_nobody_is_named_who_is_not_of_the_directory(world: World) -> None:
    reference = told(world)
    leif = str(world.id("leif"))
    for person in ("mona", "bob", "tess"):
        assert world.as_(person).brings(reference, "reader_named", person=leif).status_code == 403, person
    for stranger in ("somebody@elsewhere.example", "00000000-0000-4000-8000-00000000000a"):
        answer = world.as_("irene").brings(reference, "reader_named", person=stranger)
        assert (answer.status_code, answer.json()["field"]) == (422, "person")
    assert world.as_("irene").brings(reference, "reader_removed", person=leif).status_code == 409


SKIPS = {
    "item_type": "formal",
    "stage": "stage_3",
    "stage_reason": "Canary: I distrust the team.",
    "line_for_skipped": "It is urgent.",
}


def test_why_a_stage_was_skipped_is_for_the_childs_iro_and_those_skipped_read_a_line(world: World) -> None:
    raised = world.as_("irene").raises(**SKIPS)
    assert raised.status_code == 201, raised.text
    reference = str(raised.json()["reference"])
    assert "Canary" in world.as_("irene").get(f"/challenges/{reference}/timeline").text
    for person in ("mona", "bob", "otto", "tess"):
        text = world.as_(person).get(f"/challenges/{reference}/timeline").text
        assert "Canary" not in text, person
        assert "It is urgent." in text, person


def test_supervision_is_between_the_iro_and_their_manager(world: World) -> None:
    reference = told(world)
    assert world.as_("mona").brings(reference, "noted", text="Canary: talk to me.", for_supervision=True).status_code == 200
    world.cover("irene", "colin")

    def reads(person: str) -> bool:
        return "Canary: talk" in world.as_(person).get(f"/challenges/{reference}/timeline").text

    assert [person for person in ("irene", "mona", "colin", "bob", "tess") if reads(person)] == ["irene", "mona"]
    assert world.as_("bob").brings(reference, "noted", text="Mine.", for_supervision=True).status_code == 403


# Each of them fails where its rule is taken out.


def test_planted_reader_of_any_name_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plant_rule(monkeypatch, ReaderNamed, does=lambda turn, event: turn.note_event(event))
    with pytest.raises(AssertionError):
        test_whom_the_iro_names_reads_it_until_it_is_taken_back(world)


def test_planted_reason_on_the_first_entry_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raising, "note_raised", lambda turn, event, more: turn.note_event(event, more))
    with pytest.raises(AssertionError):
        test_why_a_stage_was_skipped_is_for_the_childs_iro_and_those_skipped_read_a_line(world)


def test_planted_supervision_for_the_service_at_large_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    keeps = item_reader.may_read

    def widely(visible: str, actor: object, kind: str = "") -> bool:
        return keeps("iro_service" if visible == EntryVisibility.SUPERVISION.value else visible, actor, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(item_reader, "may_read", widely)
    with pytest.raises(AssertionError):
        test_supervision_is_between_the_iro_and_their_manager(world)
