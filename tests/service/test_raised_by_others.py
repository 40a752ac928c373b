"""Who raises something carries it on, whoever they are: a manager, a social worker. Nobody is asked to answer themselves."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from drp.casework import resolve_recipients
from drp.database.register_tables import RegisterRow
from drp.database.scope import core_table
from tests.cast import rules
from tests.cast.councils import MARSH
from tests.cast.world import World
from workflows.decision import independence, raising, recipients
from workflows.model import register_entry

CONCERN = rules.ladder(
    "concern",
    """\
  stage_1: {label: Stage 1, to: team_manager, copy: [social_worker], respond_within: 3 working days, no_reply: prompt}
  stage_2: {label: Stage 2, to: service_manager, respond_within: 3 working days, no_reply: prompt}
  stage_3: {label: Stage 3, to: head_of_quality, respond_within: 3 working days, no_reply: prompt}
""",
    "items: [formal]\njudge_within: 3 working days\n",
).replace("raised_by: [iro]", "raised_by: [iro, team_manager, service_manager, social_worker]")

RAISES = {"item_type": "formal", "reasons": ["drift"]}


@pytest.fixture
def council(build: Callable[..., World]) -> World:
    return build(replace(MARSH, ladders=(CONCERN,)))


def raised(world: World, by: str = "tess", role: str = "team_manager", **said: Any) -> str:
    answer = world.as_(by).raises("C-1", **RAISES, raiser_role=role, **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def test_a_stage_that_asks_whoever_raised_it_asks_the_post_above(council: World) -> None:
    reference = raised(council)
    assert council.told(reference) == [("stage_1", {"otto"}, {"sam"})]
    tess, otto = council.as_("tess"), council.as_("otto")
    assert "responded" not in tess.item(reference)["moves"]
    assert tess.brings(reference, "responded", position="agrees", answer="I agree with myself.").status_code == 403
    assert otto.brings(reference, "responded", position="agrees", answer="It is done.").status_code == 200
    assert tess.brings(reference, "judged", verdict="needs_more", why="It is not.").status_code == 200
    assert tess.item(reference)["stage"]["key"] == "stage_2"


def test_with_a_colleague_in_the_same_post_it_is_the_colleague_who_is_asked(council: World) -> None:
    council.post_begins("tom", "team_manager", "2020-01-01", "team", "north")
    assert council.told(raised(council)) == [("stage_1", {"tom"}, {"sam"})]


def test_it_is_no_gap_that_whoever_raised_it_is_not_asked(council: World) -> None:
    """The nightly look at posts finds nobody newly to be told, and no empty post."""
    reference = raised(council)
    council.pass_to("Thu 2 April 2026, 09:00")
    kinds = [entry.kind for entry in council.entries(reference)]
    assert "post_taken_over" not in kinds
    assert "post_emptied" not in kinds


@pytest.mark.parametrize(("by", "role"), [("tess", "team_manager"), ("otto", "service_manager"), ("sam", "social_worker")])
def test_whoever_raised_it_carries_it_to_its_end_though_stages_ask_posts_of_theirs(council: World, by: str, role: str) -> None:
    reference = raised(council, by, role)
    caller = council.as_(by)
    asked = council.told(reference)[0][1].pop()
    assert council.as_(asked).brings(reference, "responded", position="agrees", answer="It is done.").status_code == 200
    assert caller.brings(reference, "judged", verdict="needs_more", why="Not yet.").status_code == 200
    assert caller.brings(reference, "escalated", why="Still not.").status_code == 200
    assert caller.brings(reference, "window_extended", until="2026-04-10", why="They are ill.").status_code == 200
    assert caller.brings(reference, "resolved", what_changed="It is done.").status_code == 200


def test_the_childs_iro_hears_that_day_and_may_raise_their_own(council: World) -> None:
    reference = raised(council)
    assert council.told(reference, "raised_by_another") == [("stage_1", {"irene"}, set())]
    irene = council.as_("irene")
    assert irene.item(reference)["child"]["number"] == "C-1"
    own = irene.raises("C-1", **RAISES)
    assert own.status_code == 201
    assert council.told(str(own.json()["reference"]), "raised_by_another") == []


def outcome(world: World, reference: str) -> str:
    table = core_table(RegisterRow)
    return str(world.rows(select(table.c.outcome).where(table.c.reference == reference))[0].outcome)


def test_resolved_in_the_word_of_another_is_neither_shown_nor_counted_as_the_iros(council: World) -> None:
    reference = raised(council)
    assert council.as_("tess").brings(reference, "resolved", what_changed="It is done.").status_code == 200
    assert outcome(council, reference) == "resolved_by_raiser"
    assert council.as_("irene").item(reference)["where"] == "resolved, as the Team Manager says who raised it"
    own = str(council.as_("irene").raises("C-1", **RAISES).json()["reference"])
    assert council.as_("irene").brings(own, "resolved", what_changed="It is done.").status_code == 200
    assert outcome(council, own) == "resolved"


def test_nobody_chooses_themselves_to_answer(build: Callable[..., World]) -> None:
    chosen = CONCERN.replace("to: team_manager", "to: {chosen by: raiser, from: [team_manager, service_manager]}")
    world = build(replace(MARSH, ladders=(chosen,)))
    to_self = [{"role": "team_manager", "person": str(world.id("tess"))}]
    answer = world.as_("tess").raises("C-1", **RAISES, raiser_role="team_manager", to=to_self)
    assert (answer.status_code, answer.json()["field"]) == (422, "to")


def test_a_stand_in_is_asked_and_the_empty_post_is_still_told(build: Callable[..., World]) -> None:
    standing_in = CONCERN.replace("to: team_manager, copy", "to: team_manager, stand_in: {team_manager: head_of_quality}, copy")
    world = build(replace(MARSH, ladders=(standing_in,)))
    world.post_ends("tess", "team_manager", "2026-03-31")
    reference = raised(world, "irene", "iro")
    assert world.told(reference) == [("stage_1", {"quinn"}, {"sam"})]
    assert "post_emptied" in [entry.kind for entry in world.entries(reference)]


def test_planted_stand_in_that_hides_an_empty_post_is_caught(
    build: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resolve_recipients, "nobody_is_asked", lambda *_: False)
    with pytest.raises(AssertionError):
        test_a_stand_in_is_asked_and_the_empty_post_is_still_told(build)


# Each of them fails where its rule is taken out.


def test_planted_question_to_oneself_is_caught(council: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipients, "raisers_asked", lambda *_: frozenset())
    with pytest.raises(AssertionError):
        test_a_stage_that_asks_whoever_raised_it_asks_the_post_above(council)


def test_planted_bar_on_whoever_raised_it_is_caught(council: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(independence, "raised_it", lambda *_: False)
    with pytest.raises(AssertionError):
        test_whoever_raised_it_carries_it_to_its_end_though_stages_ask_posts_of_theirs(council, "otto", "service_manager")


def test_planted_silence_to_the_childs_iro_is_caught(council: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raising, "tell_childs_iro", lambda turn: None)
    with pytest.raises(AssertionError):
        test_the_childs_iro_hears_that_day_and_may_raise_their_own(council)


def test_planted_resolved_of_anybody_is_caught(council: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_entry, "is_resolved_by_another", lambda challenge, authority: False)
    with pytest.raises(AssertionError):
        test_resolved_in_the_word_of_another_is_neither_shown_nor_counted_as_the_iros(council)
