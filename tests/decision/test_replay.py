"""Decided again from the timeline alone it comes out the same; whatever was altered, the replay names the entry."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from tests.cast.clock import on
from tests.cast.people import COVER, the
from tests.cast.rules import durham_2016, durham_climbing, shipped
from tests.cast.story import REFERRED, Story
from tests.decision.lives import BOUNDED, begin, live, lives, long_life
from tests.decision.retelling import GOLDEN, again, parts, recorded, replayed
from workflows.decision import escalation, stage_entry
from workflows.model import events as e
from workflows.model.authority import PRESENT_EDITION, Edition
from workflows.proofs.replay import ReplayDiffers, first_difference


@given(lives())
@BOUNDED
def test_every_life_is_decided_again_to_the_same_end(life):
    rules, at, plan = life
    story = begin(rules, at)
    live(story, plan)
    assert first_difference(again(story, rules), story.challenge) == ""


@pytest.mark.parametrize("seed", range(60))
def test_long_lives_are_too(seed):
    rules, at, plan = long_life(seed)
    story = begin(rules, at)
    live(story, plan)
    assert first_difference(again(story, rules), story.challenge) == ""


def a_story() -> Story:
    story = Story(durham_climbing()).raise_("Wed 1 April 2026, 10:00").fast_forward("Fri 10 April 2026, 12:00")
    story.do(e.Responded("in_part", "Soon.", (e.Action("Write it.", on("Mon 20 April 2026")),)), by=the("operations_manager"))
    story.do(e.Judged("needs_more", "No date.", climb=False)).do(REFERRED, by=COVER).do(e.Noted("I rang."))
    return story.fast_forward("Mon 27 April 2026, 12:00")


def test_a_move_to_another_version_is_followed():
    first, second = durham_2016(), shipped("durham", "resolution", "2022/23")
    story = Story(first).raise_("Wed 1 April 2026, 10:00")
    story.move_ladder(second, "stage_1" if second.ladder.has("stage_1") else second.ladder.stages[0].key)
    story.do(e.Noted("On the new one."))
    assert first_difference(again(story, first), story.challenge) == ""


@pytest.mark.parametrize("number", range(1, len(a_story().entries) + 1))
def test_any_entry_that_was_altered_or_taken_out_is_named(number):
    story = a_story()
    told = recorded(story.entries)
    for change in ({"kind": "acknowledged"}, {"stage": "stage_9"}, {"sequence": 99}, {"visible": "sealed"}):
        altered = [replace(one, **change) if one.number == number else one for one in told]
        with pytest.raises(ReplayDiffers) as unlike:
            again(story, story.rules, altered)
        assert unlike.value.number <= number + 1
    left = [one for one in told if one.number != number]
    try:
        ended = again(story, story.rules, left)
    except ReplayDiffers:
        return
    # What moved nothing leaves no hole that the rules could know of: that is the chain's to find.
    assert told[number - 1].kind in ("noted", "warned", "reminded", "still_waiting", "due") or first_difference(
        ended, story.challenge
    )


@pytest.mark.parametrize("seed", range(12))
def test_lives_whose_words_were_erased_are_decided_again_too(seed):
    rules, at, plan = long_life(seed)
    story = begin(rules, at)
    live(story, plan)
    told = [replace(one, words={}) for one in recorded(story.entries)]
    assert first_difference(again(story, rules, told), story.challenge) == ""


def test_erased_words_change_nothing_that_was_decided():
    story = a_story()
    told = [replace(one, words={}) for one in recorded(story.entries)]
    assert first_difference(again(story, story.rules, told), story.challenge) == ""


def test_a_state_that_was_put_right_by_hand_is_found():
    story = a_story()
    bent = replace(story.challenge, highest_stage="informal")
    assert first_difference(again(story, story.rules), bent) == "highest stage"


# Editions of the rules.


@pytest.fixture
def across_editions(monkeypatch) -> Story:
    """A story that climbs under the first edition of the rules and again under the second, which decides climbs otherwise."""
    first_way = stage_entry.enter_stage

    def second_way(turn, *given, **more):
        first_way(turn, *given, **more)
        if turn.rules.edition >= Edition.SECOND:
            turn.note("stage_entered", {"how": "as edition 2 has it"})

    monkeypatch.setattr(escalation, "enter_stage", second_way)
    story = Story(replace(durham_climbing(), edition=Edition.FIRST)).raise_("Wed 1 April 2026, 10:00")
    story.fast_forward("Fri 10 April 2026, 12:00").do(e.Escalated("It cannot wait."))
    story.rules = replace(story.rules, edition=Edition.SECOND)
    return story.do(e.Escalated("It still cannot wait."))


def test_each_entry_is_decided_again_under_its_own_edition(across_editions):
    assert [entry.edition for entry in across_editions.entries if entry.kind == "escalated"] == [1, 2]
    assert first_difference(again(across_editions, across_editions.rules), across_editions.challenge) == ""


@pytest.mark.parametrize("edition", list(Edition))
def test_planted_a_timeline_replayed_under_one_edition_alone(across_editions, edition):
    told = [replace(one, edition=edition) for one in recorded(across_editions.entries)]
    with pytest.raises(ReplayDiffers):
        again(across_editions, across_editions.rules, told)


def test_an_edition_that_this_release_does_not_know_is_named():
    story = a_story()
    told = [replace(one, edition=max(Edition) + 1) if one.number == 4 else one for one in recorded(story.entries)]
    with pytest.raises(ReplayDiffers, match="does not know") as unlike:
        again(story, story.rules, told)
    assert unlike.value.number == 4


def test_new_acts_are_decided_under_the_present_edition():
    assert {entry.edition for entry in a_story().entries} == {PRESENT_EDITION}


GOLDEN_FILES = sorted(GOLDEN.rglob("*.json"))


@pytest.mark.parametrize("path", GOLDEN_FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_histories_of_earlier_releases_still_replay(path):
    told = json.loads(path.read_text(encoding="utf-8"))
    assert parts(told["end"], replayed(told)) == ""


def test_there_are_histories():
    assert {path.parent.name for path in GOLDEN_FILES} == {"0.1", "0.2"}
    assert len(GOLDEN_FILES) == 12


def test_planted_a_rule_that_changed_since(monkeypatch):
    """A golden history that a changed rule would break does break."""
    whole = stage_entry.enter_stage

    def another(turn, *given, **more):
        whole(turn, *given, **more)
        turn.change(highest_stage=turn.rules.ladder.stages[0].key)

    monkeypatch.setattr(escalation, "enter_stage", another)
    broken = 0
    for path in GOLDEN_FILES:
        told = json.loads(path.read_text(encoding="utf-8"))
        broken += bool(parts(told["end"], replayed(told)))
    assert broken
