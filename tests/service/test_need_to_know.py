"""Need to know: what the child's IRO alone should hold is not read by the IRO service at large, nor by those asked."""

from typing import Any

import pytest

from tests.cast.world import World
from workflows.decision import off_ladder_events
from workflows.decision.decision_builder import EntryVisibility

KEPT: dict[str, dict[str, Any]] = {
    "child_view_recorded": {"about": "the issue", "view": "Canary: I am afraid.", "in_confidence": True},
    "legal_advice_taken": {"source": "Duty line", "on": "2026-04-01", "conflict_checked": True, "content": "Canary: apply."},
    "court_told": {"hearing": "2026-05-01", "view": "Canary: I do not support it."},
}


def told(world: World) -> str:
    raised = world.as_("irene").raises(item_type="formal")
    assert raised.status_code == 201, raised.text
    reference = str(raised.json()["reference"])
    for type_, said in KEPT.items():
        assert world.as_("irene").brings(reference, type_, **said).status_code == 200, type_
    return reference


def kinds_read(world: World, person: str, reference: str) -> set[str]:
    return {entry["kind"] for entry in world.as_(person).timeline(reference)["entries"]} & set(KEPT)


def test_the_childs_iro_and_whoever_covers_read_it_and_nobody_else_of_the_service(world: World) -> None:
    reference = told(world)
    assert kinds_read(world, "irene", reference) == set(KEPT)
    for person in ("mona", "bob", "tess", "sam"):
        assert kinds_read(world, person, reference) == set(), person
        assert "Canary" not in world.as_(person).get(f"/challenges/{reference}/timeline").text
    world.cover("irene", "colin")
    assert kinds_read(world, "colin", reference) == set(KEPT)


def test_whoever_wrote_it_reads_what_they_wrote(world: World) -> None:
    reference = told(world)
    said = world.as_("mona").brings(reference, "legal_advice_taken", source="Duty line", on="2026-04-01", conflict_checked=True)
    assert said.status_code == 200
    assert kinds_read(world, "mona", reference) == {"legal_advice_taken"}


def test_an_entry_says_for_whom_it_is(world: World) -> None:
    reference = told(world)
    entries = world.as_("irene").timeline(reference)["entries"]
    assert {entry["kind"] for entry in entries if entry["childs_iro_only"]} == set(KEPT)


def test_planted_confidence_for_the_service_at_large_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(off_ladder_events, "readers_of_the_iro", lambda turn, before: EntryVisibility.IRO_SERVICE)
    with pytest.raises(AssertionError):
        test_the_childs_iro_and_whoever_covers_read_it_and_nobody_else_of_the_service(world)
