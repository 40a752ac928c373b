"""An informal talk is logged without a clock, and becomes what it needs to become without being written again."""

import pytest

from tests.cast.clock import on
from tests.cast.people import IRO, the
from tests.cast.rules import derby, durham_2016, durham_2022, north_yorkshire, thurrock
from tests.cast.story import Story
from workflows.decision.tasks import tasks_of
from workflows.model import events as e
from workflows.model.challenge import Phase
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotOpen, Unfit
from workflows.model.register_entry import register_entry_of

AT = "Wed 1 April 2026, 10:00"
EVERYWHERE = {rules.__name__: rules for rules in (durham_2016, durham_2022, derby, north_yorkshire, thurrock)}


def talk(rules) -> Story:
    return Story(rules).raise_(AT, without_clock=True)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_talk_is_on_the_record_and_nobody_is_asked_anything(name):
    story = talk(EVERYWHERE[name]())
    assert story.told == []
    assert story.challenge.windows == ()
    assert story.challenge.phase is Phase.ASKING
    assert story.challenge.highest_stage == story.challenge.stage
    assert [entry.kind for entry in story.entries] == ["raised", "talk_logged"]


@pytest.mark.parametrize("name", EVERYWHERE)
def test_no_time_that_passes_moves_a_talk(name):
    story = talk(EVERYWHERE[name]())
    before = story.challenge
    story.fast_forward(to="Thu 1 April 2027, 10:00")
    assert story.challenge == before


def test_a_talk_is_made_formal_without_writing_it_again():
    story = talk(durham_2016())
    story.do(e.Escalated("The talk did not settle it."), at="Fri 10 April 2026, 11:00")
    assert story.state == "stage_2.awaiting"
    assert story.told_of("asked").startswith("team_manager (copy: social_worker")
    assert story.due == "Wed 15 April 2026"
    assert story.challenge.reasons


def test_a_clock_wanted_after_all_asks_the_stage_as_if_it_had_just_been_raised():
    story = talk(durham_2016())
    story.do(e.WindowExtended(on("Fri 10 April 2026"), "I want an answer now."), at="Wed 8 April 2026, 09:00")
    assert story.state == "informal.awaiting"
    assert story.told == ["asked: social_worker"]
    assert story.due == "Fri 10 April 2026"
    story.do(e.Responded("agrees", "We will."), by=the("social_worker"))
    assert story.state == "informal.answered"


def test_a_talk_is_settled_in_one_step():
    story = talk(derby())
    story.do(e.Resolved("Life-story work began."))
    assert story.state == "resolved"


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_talk_is_settled_with_its_effect_and_no_clock(name):
    story = talk(EVERYWHERE[name]()).do(e.Resolved("Life-story work began.", found="better"))
    assert story.told == []
    assert story.challenge.windows == ()
    line = register_entry_of(story.challenge, story.rules.authority)
    assert line is not None
    assert (line.item_type, line.outcome, line.impact) == (ItemType.INFORMAL, "resolved", "better")


def test_nobody_hears_of_a_talk_when_it_ends():
    story = talk(durham_2016()).do(e.Withdrawn("It was another child."))
    assert story.told == []


def test_a_talk_needs_an_informal_stage():
    with pytest.raises(Unfit) as refused:
        Story(durham_2016()).raise_(AT, item_type=ItemType.FORMAL, without_clock=True)
    assert refused.value.field == "without_clock"


def test_where_somebody_must_be_chosen_a_talk_goes_higher_or_is_raised_anew():
    story = talk(north_yorkshire())
    refusal = story.refused(e.WindowExtended(on("Fri 10 April 2026"), "An answer."))
    assert isinstance(refusal, NotOpen)
    assert "Take it higher" in refusal.do


def tasks(story: Story, actor) -> list[str]:
    return [f"{one.task.name}{' late' if one.is_late else ''}" for one in tasks_of(story.challenge, actor, story.now)]


def test_what_presses_on_whom_as_a_challenge_goes_its_way():
    story = talk(durham_2016())
    assert tasks(story, IRO) == ["SETTLE"]
    story.do(e.Escalated("It was not settled."))
    assert tasks(story, IRO) == ["WAIT"]
    assert tasks(story, the("team_manager")) == ["ANSWER"]
    assert tasks(story, the("operations_manager")) == []
    story.do(e.Responded("agrees", "We will.", (e.Action("Write the plan.", on("Mon 20 April 2026")),)), by=the("team_manager"))
    assert tasks(story, the("team_manager")) == []
    assert tasks(story, IRO)[0] == "CONSIDER"
    story.do(e.Judged("enough", what_changed="There is a plan."))
    assert tasks(story, IRO) == ["CHECK"]
    story.fast_forward(to="Tue 21 April 2026, 10:00")
    assert tasks(story, IRO) == ["CHECK late"]


def test_a_date_that_passed_presses_on_the_iro_who_waits():
    story = Story(thurrock()).raise_(AT, item_type=ItemType.FORMAL)
    due = story.challenge.main_window().promise.closes_at
    assert tasks(story, IRO) == ["WAIT"]
    story.now = due
    assert tasks(story, IRO) == ["WAIT_PAST late"]
