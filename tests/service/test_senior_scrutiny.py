"""Senior scrutiny over JSON, in a council that works as Durham did in 2022/23."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from api.json import challenges
from drp.casework import procedures
from drp.database.challenge_tables import WindowRow
from drp.database.message_tables import NotificationRow
from drp.database.register_tables import RegisterRow
from tests.cast.councils import LEVELS
from tests.cast.world import World
from tests.service.test_json_api import problem

LOOKED_AT = {
    "child": "T-1",
    "item_type": "senior_scrutiny",
    "ladder": "scrutiny_level_5",
    "reasons": ["placement_unregistered"],
    "what_was_looked_at": "The arrangement, night by night.",
    "effect_on_child": "Two staff at night.",
    "who_took_part": "The IRO and the head of service.",
}


@pytest.fixture
def levels(build: Callable[..., World]) -> World:
    """Durham's procedure of 2022/23, on Wednesday 1 April 2026."""
    return build(LEVELS)


def recorded(world: World, **said: Any) -> Any:
    return world.as_("irene").post("/notices", LOOKED_AT | said)


def test_it_is_told_once_and_counted_at_its_level_apart_from_challenges(levels: World) -> None:
    answer = recorded(levels)
    assert answer.status_code == 201, answer.text
    reference = answer.json()["reference"]
    assert [(stage, to) for stage, to, _ in levels.told(reference, "scrutiny")] == [("level_5", {"hugo"})]
    assert {row.subject for row in levels.rows(select(col(NotificationRow.subject)))} == {"scrutiny"}
    assert not levels.rows(select(col(WindowRow.kind)))
    seen = levels.as_("hugo").item(reference)
    assert (seen["item_type"], seen["label"], seen["stage"]["label"]) == ("senior_scrutiny", "senior scrutiny", "Level 5")
    assert (seen["is_open"], seen["highest_stage"], seen["windows"]) == (False, "level_5", [])
    [line] = levels.rows(select(col(RegisterRow.kind), col(RegisterRow.stage), col(RegisterRow.outcome)))
    assert tuple(line) == ("scrutiny", "level_5", "noticed")
    words = levels.as_("hugo").timeline(reference)["entries"][0]["words"]
    assert words["took_part"] == "The IRO and the head of service."


def test_it_is_said_at_which_level_and_at_level_4_with_whom(levels: World) -> None:
    missing = problem(recorded(levels, ladder=""), 422, "unfit", "ladder")
    assert "scrutiny_level_4, scrutiny_level_5" in missing["what_to_do"]
    problem(recorded(levels, ladder="resolution"), 422, "unfit", "item_type")
    problem(recorded(levels, ladder="scrutiny_level_4"), 422, "unfit", "to")
    answer = recorded(levels, ladder="scrutiny_level_4", to=[{"role": "strategic_manager_sqd"}])
    assert answer.status_code == 201, answer.text
    assert [(stage, to) for stage, to, _ in levels.told(answer.json()["reference"], "scrutiny")] == [("level_4", {"quinn"})]


def test_it_is_no_challenge_and_its_words_are_its_own(levels: World) -> None:
    problem(levels.as_("irene").raises(item_type="senior_scrutiny"), 422, "unfit", "item_type")
    problem(recorded(levels, item_type="formal"), 422, "unfit", "item_type")
    problem(recorded(levels, what_was_looked_at=" "), 422, "unfit", "what_was_looked_at")
    problem(recorded(levels, what_went_well="All."), 422, "unfit", "what_went_well")
    problem(recorded(levels, item_type="excellent_practice"), 422, "unfit", "what_was_looked_at")
    praise = {"child": "T-1", "what_went_well": "Sam came to school with her."}
    problem(levels.as_("irene").post("/notices", praise | {"who_took_part": "Sam."}), 422, "unfit", "who_took_part")
    assert levels.as_("irene").post("/notices", praise).status_code == 201


def test_where_no_procedure_carries_it_nothing_is_recorded(world: World) -> None:
    problem(recorded(world, ladder="", reasons=[]), 422, "unfit", "item_type")
    assert not world.rows(select(col(RegisterRow.kind)))


def test_planted_a_level_that_is_chosen_for_the_iro_is_caught(levels: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(procedures, "TOLD_ONCE", ())
    with pytest.raises(AssertionError):
        test_it_is_said_at_which_level_and_at_level_4_with_whom(levels)


def test_planted_scrutiny_that_may_be_raised_as_a_challenge_is_caught(levels: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(challenges, "TOLD_ONCE", ())
    with pytest.raises(AssertionError):
        test_it_is_no_challenge_and_its_words_are_its_own(levels)
