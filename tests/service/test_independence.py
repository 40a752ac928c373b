"""Nobody settles what concerns them, through whichever door they come; and nobody's referral is refused for it."""

from typing import Any

import pytest

from tests.cast.world import World
from workflows.decision import relation

ENDINGS: dict[str, dict[str, Any]] = {
    "resolved": {"what_changed": "It is settled."},
    "ended_unresolved": {"why": "No way on."},
    "withdrawn": {"why": "Raised twice."},
    "recorded_in_error": {"why": "The wrong child."},
}


def answered(world: World, by: str = "irene", child: str = "T-1") -> str:
    """A challenge that the team manager has answered, so that it is to be judged."""
    raised = world.as_(by).raises(child, item_type="formal")
    assert raised.status_code == 201, raised.text
    reference = str(raised.json()["reference"])
    said = world.as_("tess" if child != "T-4" else "tom").brings(reference, "responded", position="agrees", answer="It is done.")
    assert said.status_code == 200, said.text
    return reference


def status(world: World, person: str, reference: str, type_: str, **said: Any) -> int:
    return int(world.as_(person).brings(reference, type_, **said).status_code)


def test_the_chief_executive_as_cover_neither_judges_nor_ends_what_a_stage_would_ask_of_them(world: World) -> None:
    world.cover("irene", "chris")
    reference = answered(world)
    assert status(world, "chris", reference, "judged", verdict="enough") == 403
    assert status(world, "chris", reference, "judged", verdict="needs_more", why="w") == 403
    for type_, said in ENDINGS.items():
        assert status(world, "chris", reference, type_, **said) == 403, type_
    assert status(world, "chris", reference, "window_extended", until="2026-04-20", why="w") in (403, 409)


def test_whoever_was_asked_does_not_judge_though_they_cover_the_iro_later(world: World) -> None:
    reference = answered(world)
    world.cover("irene", "tess")
    assert status(world, "tess", reference, "judged", verdict="enough") == 403
    assert status(world, "tess", reference, "withdrawn", why="w") == 403


def test_an_iro_manager_who_held_the_childs_case_ends_nothing(world: World) -> None:
    world.post_begins("mona", "social_worker", "2025-01-01", "child", str(world.child("T-1")))
    reference = answered(world)
    assert status(world, "mona", reference, "recorded_in_error", why="The wrong child.") == 403


def test_an_appointed_iro_with_a_past_in_the_line_carries_everything_on_and_another_ends_it(world: World) -> None:
    world.post_begins("irene", "social_worker", "2025-01-01", "child", str(world.child("T-1")))
    world.post_ends("irene", "social_worker", "2025-06-30")
    reference = answered(world)
    assert status(world, "irene", reference, "judged", verdict="enough") == 403
    assert status(world, "irene", reference, "resolved", what_changed="w") == 403
    assert status(world, "irene", reference, "judged", verdict="needs_more", why="It is not done.") == 200
    assert status(world, "irene", reference, "referred_to_cafcass", grounds=["case_not_reviewed"], why="She waits.") == 200
    world.cover("irene", "colin")
    assert status(world, "colin", reference, "resolved", what_changed="It is settled.") == 200


def test_a_referral_is_never_refused_for_it_and_the_iro_manager_alone_hears_of_the_conflict(world: World) -> None:
    world.post_begins("irene", "social_worker", "2025-01-01", "child", str(world.child("T-1")))
    reference = answered(world)
    assert status(world, "irene", reference, "referred_to_cafcass", grounds=["case_not_reviewed"], why="She waits.") == 200
    assert [(to, copy) for _, to, copy in world.told(reference, "conflict_noted")] == [({"mona"}, set())]
    assert "conflict_noted" not in {entry["kind"] for entry in world.as_("tess").timeline(reference)["entries"]}


def test_no_field_of_the_directory_refuses_a_referral(world: World) -> None:
    raised = world.as_("irene").raises("T-3", item_type="formal")
    assert raised.status_code == 201, raised.text
    reference = str(raised.json()["reference"])
    assert status(world, "irene", reference, "referred_to_cafcass", grounds=["case_not_reviewed"], why="She waits.") == 200


def test_ended_by_another_hand_whoever_raised_it_is_told_by_name_and_the_childs_iro_opens_it_again(world: World) -> None:
    reference = answered(world)
    world.cover("irene", "colin")
    assert status(world, "colin", reference, "withdrawn", why="I think it is settled.") == 200
    assert [to for _, to, _ in world.told(reference, "ended_by_another")] == [{"irene"}]
    assert status(world, "irene", reference, "reopened", stage="stage_2", why="It is not.", clock="fresh") == 200


def test_what_an_iro_manager_seals_is_told_to_whoever_raised_it_in_their_inbox(world: World) -> None:
    reference = answered(world)
    assert status(world, "mona", reference, "recorded_in_error", why="The wrong child.") == 200
    messages = world.as_("irene").get("/inbox").json()["messages"]
    assert [one["reference"] for one in messages if one["about"] == "ended_by_another"] == [reference]


def test_where_whoever_raised_it_has_left_the_childs_iro_now_is_told(world: World) -> None:
    reference = answered(world)
    for number in ("T-1", "T-2", "T-3"):
        world.post_begins("ivor", "iro", "2026-04-01", "child", str(world.child(number)))
    world.post_ends("irene", "iro", "2026-03-31")
    world.cover("ivor", "colin")
    assert status(world, "colin", reference, "withdrawn", why="I think it is settled.") == 200
    assert [to for _, to, _ in world.told(reference, "ended_by_another")] == [{"colin"}]


def test_a_cover_in_the_middle_of_a_window_was_asked_too(world: World) -> None:
    raised = world.as_("irene").raises(item_type="formal")
    reference = str(raised.json()["reference"])
    world.cover("tess", "hugo", "2026-04-02", "2026-04-07")
    world.at("Wed 8 April 2026, 10:00")
    assert world.as_("tess").brings(reference, "responded", position="agrees", answer="It is done.").status_code == 200
    world.cover("irene", "hugo")
    assert status(world, "hugo", reference, "judged", verdict="enough") == 403


def test_what_whoever_raised_it_ends_is_told_to_nobody_as_anothers_act(world: World) -> None:
    reference = answered(world)
    assert status(world, "irene", reference, "withdrawn", why="Raised twice.") == 200
    assert world.told(reference, "ended_by_another") == []


def test_another_version_of_the_ladder_is_never_the_same_and_never_a_way_down(world: World) -> None:
    reference = answered(world)
    version = "2016/17"
    answer = world.as_("mona").brings(reference, "ladder_moved", version=version, stage="stage_2", why="w")
    assert (answer.status_code, answer.json()["field"]) == (422, "version"), answer.text


def test_planted_item_that_concerns_nobody_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relation, "concern_of", lambda *given: (False, False))
    with pytest.raises(AssertionError):
        test_the_chief_executive_as_cover_neither_judges_nor_ends_what_a_stage_would_ask_of_them(world)


def test_planted_ending_told_to_nobody_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows.decision import outcomes

    monkeypatch.setattr(outcomes, "tell_raiser_by_name", lambda turn: None)
    with pytest.raises(AssertionError):
        test_ended_by_another_hand_whoever_raised_it_is_told_by_name_and_the_childs_iro_opens_it_again(world)
