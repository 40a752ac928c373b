"""Senior scrutiny, as Durham 2022/23 has it: an arrangement looked at by senior managers, beside the challenges."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import pytest

from tests.cast.people import IRO, LOOKED_AFTER, the
from tests.cast.rules import durham_2022, shipped
from tests.cast.story import Story
from workflows.decision import raising
from workflows.decision.decision_builder import NotificationKind
from workflows.model import events as e
from workflows.model.ladder import ItemType
from workflows.model.register_entry import kind_of, register_entry_of

UNREGISTERED = replace(LOOKED_AFTER, facts=frozenset({"unregistered_placement"}))
FOUND = "Two staff at night; a registered home by half term."


def scrutinised(ladder: str = "scrutiny_level_5", **said) -> Story:
    said = {
        "item_type": ItemType.SENIOR_SCRUTINY,
        "reasons": ("placement_unregistered",),
        "concern": "The arrangement, night by night.",
        "effect_on_child": FOUND,
        "took_part": "The IRO and the head of service.",
    } | said
    return Story(shipped("durham", ladder)).raise_("Wed 8 April 2026, 10:00", facts=UNREGISTERED, **said)


def test_it_is_told_once_has_no_window_and_never_climbs():
    story = scrutinised()
    assert story.told == ["scrutiny: head_of_cs"]
    assert story.state == "noticed"
    assert story.challenge.windows == ()
    assert story.moves() == ("withdrawn", "impact_recorded", "learning_noted", "noted", "corrected", "recorded_in_error")
    assert story.entries[0].words == {
        "concern": "The arrangement, night by night.",
        "effect_on_child": FOUND,
        "took_part": "The IRO and the head of service.",
    }
    story.fast_forward(to="Thu 8 April 2027, 09:00")
    assert story.told == []


def test_it_counts_at_its_level_and_not_among_challenges():
    line = register_entry_of(scrutinised().challenge, durham_2022().authority)
    assert line is not None
    assert (kind_of(line.item_type), line.stage, line.outcome) == ("scrutiny", "level_5", "noticed")
    assert (line.raised_on, line.ended_on, line.stays[0].reply) == (date(2026, 4, 8), None, "")
    beside = Story(durham_2022()).raise_(
        "Wed 8 April 2026, 10:00",
        facts=UNREGISTERED,
        item_type=ItemType.FORMAL,
        stage="level_5",
        stage_reason="The head decides.",
    )
    line = register_entry_of(beside.challenge, durham_2022().authority)
    assert line is not None
    assert (kind_of(line.item_type), line.stage, line.outcome) == ("challenge", "level_5", "open")


def test_at_level_4_the_iro_says_which_strategic_manager():
    assert scrutinised("scrutiny_level_4", to=(e.Chosen("strategic_manager_sqd"),)).told == ["scrutiny: strategic_manager_sqd"]


@pytest.mark.parametrize(
    ("event", "by"),
    [
        (e.Responded("agrees", "We will."), the("head_of_cs")),
        (e.Escalated("More."), IRO),
        (e.Resolved("Settled."), IRO),
        (e.Reopened("level_5", "Again."), IRO),
    ],
)
def test_it_can_neither_be_answered_nor_climb(event, by):
    assert scrutinised().refused(event, by=by)


def test_it_can_be_taken_back_or_sealed():
    for event, state in ((e.Withdrawn("Not so."), "withdrawn"), (e.RecordedInError("Another child."), "recorded_in_error")):
        assert scrutinised().do(event).state == state
    assert register_entry_of(scrutinised().do(e.RecordedInError("Another child.")).challenge, durham_2022().authority) is None


def test_planted_scrutiny_that_praises_is_caught(monkeypatch):
    praising = SimpleNamespace(
        SCRUTINY=NotificationKind.NOTICE, NOTICE=NotificationKind.NOTICE, OBSERVED=NotificationKind.OBSERVED
    )
    monkeypatch.setattr(raising, "NotificationKind", praising)
    with pytest.raises(AssertionError):
        test_it_is_told_once_has_no_window_and_never_climbs()


def test_planted_scrutiny_that_counts_at_no_level_is_caught(monkeypatch):
    right = raising.enter_notice

    def at_none(turn, event):
        right(turn, event)
        turn.change(stage="", highest_stage="")

    monkeypatch.setattr(raising, "enter_notice", at_none)
    with pytest.raises(AssertionError):
        test_it_counts_at_its_level_and_not_among_challenges()
