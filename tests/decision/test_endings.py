"""How it ends and what outlives the end: actions, follow-ups, reopening, withdrawal, what was recorded in error."""

import pytest

from tests.cast.clock import on
from tests.cast.people import BUSINESS_SUPPORT, IRO, IRO_MANAGER, in_their_line, the
from tests.cast.rules import durham_2016, invented, shipped
from tests.cast.story import AGREES, ENOUGH, REFERRED, RESOLVED, Story
from workflows.decision.decision_builder import EntryVisibility
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE
from workflows.model.events import Action
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotOpen, NotYours
from workflows.model.register_entry import register_entry_of

STAGES = """
  one: {label: One, to: team_manager, respond_within: 5 working days, no_reply: escalate}
  two: {label: Two, to: director, copy: [everyone above], respond_within: 5 working days, no_reply: prompt}
"""
TOP = (
    "items: [informal, formal]\njudge_within: 3 working days\nwhole_process: {limit: 20 working days, from: first formal stage}\n"
)


def begun() -> Story:
    return Story(invented(STAGES, TOP)).raise_("Wed 8 April 2026, 10:00")


def with_an_action() -> Story:
    story = begun()
    story.do(e.Responded("agrees", "Yes.", (Action("Book the contact", on("Fri 17 April 2026")),)), by=the("team_manager"))
    return story


# The end.


def test_an_end_closes_replies_judgements_and_the_limit_and_tells_those_who_took_part():
    story = begun().do(e.Escalated("Higher."), at="Thu 9 April 2026, 10:00")
    story.do(RESOLVED)
    assert story.state == "resolved"
    assert story.running() == []
    assert story.told == ["ended: director, team_manager"]
    assert {w.closed_as for w in story.challenge.windows if w.parent is None} == {"superseded", "ended"}


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (RESOLVED, "resolved"),
        (e.EndedUnresolved("No way on."), "ended_unresolved"),
        (e.Overtaken("She moved home."), "overtaken"),
        (e.Withdrawn("Raised twice."), "withdrawn"),
    ],
)
def test_there_are_four_ways_to_end_from_every_phase(event, state):
    answered = begun().do(AGREES, by=the("team_manager"))
    asking = begun().do(e.EscalationHeld("Wait."))
    for story in (begun(), answered, asking):
        assert story.do(event).state == state
        assert isinstance(story.refused(event), NotOpen), "once ended, it does not end again"


def test_resolving_says_what_changed_for_the_child_or_when_to_look_again():
    assert begun().refused(e.Resolved("")).field == "what_changed"
    story = begun().do(e.Resolved("", look_again_on=on("Wed 8 July 2026")))
    assert story.open == ["follow_up Wed 8 July 2026 raiser"]


def test_reasons_are_said():
    for event, field in (
        (e.Withdrawn(" "), "why"),
        (e.EndedUnresolved(""), "why"),
        (e.Overtaken(""), "by_what"),
        (e.ReferralConsidered(""), "why_not"),
        (e.RecordedInError(""), "why"),
    ):
        assert begun().refused(event).field == field


# What outlives it.


def test_actions_and_follow_ups_outlive_the_end():
    story = with_an_action().do(e.Judged("enough", look_again_on=on("Wed 8 July 2026")))
    assert story.state == "resolved"
    assert story.open == ["action Fri 17 April 2026 raiser", "follow_up Wed 8 July 2026 raiser"]
    assert story.fast_forward(to="Mon 20 April 2026, 09:00").told == ["action_due: raiser"]
    story.do(e.ActionDone(1, "I saw the letter."))
    assert story.window("action").closed_as == "done"
    assert story.fast_forward(to="Thu 9 July 2026, 09:00").told == ["follow_up_due: raiser"]
    story.do(e.ImpactRecorded("better", "She sees her brother."))
    assert story.running() == []


def test_an_action_that_nobody_confirms_is_asked_after_twice_and_then_left_on_the_record():
    story = with_an_action().do(ENOUGH)
    assert story.fast_forward(to="Mon 20 April 2026, 09:00").told == ["action_due: raiser"]
    assert story.fast_forward(to="Fri 24 April 2026, 09:00").told == ["action_due: raiser (copy: iro_manager)"]
    assert story.window("action").closed_as == "not recorded"
    assert story.fast_forward(to="Sat 24 April 2027, 09:00").told == []
    story.do(e.ActionDone(1))
    assert story.window("action").closed_as == "done"
    assert isinstance(story.refused(e.ActionDone(1)), NotOpen)


def test_an_action_not_done_is_looked_at_again():
    story = with_an_action().do(ENOUGH)
    story.do(e.ActionNotDone(1, "The letter never came.", look_again_on=on("Fri 1 May 2026")), at="Mon 20 April 2026, 10:00")
    assert story.window("action").closed_as == "not done"
    assert story.open == ["follow_up Fri 1 May 2026 raiser"]
    assert with_an_action().do(ENOUGH).refused(e.ActionDone(7)).field == "action"


def test_too_early_to_say_names_the_day_to_look_again():
    story = begun().do(RESOLVED)
    assert story.refused(e.ImpactRecorded("too early")).field == "look_again_on"
    story.do(e.ImpactRecorded("too early", look_again_on=on("Wed 8 July 2026")))
    assert story.open == ["follow_up Wed 8 July 2026 raiser"]


def test_actions_are_numbered_through_the_whole_challenge():
    story = with_an_action().do(e.Judged("needs_more", "More."))
    story.do(e.Responded("agrees", "Yes.", (Action("Move", on("Fri 1 May 2026")),)), by=the("director"))
    assert [w.key.n for w in story.challenge.windows if w.key.kind == "action"] == [1, 2]
    assert story.challenge.actions == 2


# Opened again.


def test_opened_again_with_a_fresh_window():
    story = begun().do(RESOLVED, at="Thu 9 April 2026, 10:00")
    story.do(e.Reopened("two", "It went wrong again."), at="Mon 20 April 2026, 10:00")
    assert story.state == "two.awaiting"
    assert story.due == "Mon 27 April 2026"
    assert story.told == ["asked: director (copy: team_manager)", "reopened: raiser"]
    assert "whole_process Tue 19 May 2026 raiser" in story.open, "the limit is promised anew"


def test_opened_again_to_the_date_that_was_promised():
    story = begun().do(e.Withdrawn("I thought it settled."), at="Thu 9 April 2026, 10:00")
    story.do(e.Reopened("one", "It is not.", clock="as it was"), at="Fri 10 April 2026, 10:00")
    assert story.due == "Wed 15 April 2026"
    assert story.fast_forward(to="Wed 15 April 2026, 16:00").told == ["will_climb: raiser"]
    assert story.fast_forward(to="Thu 16 April 2026, 09:00").state == "two.awaiting"


def test_a_promised_date_that_has_passed_is_not_taken_up_again():
    story = begun().do(e.Withdrawn("I thought it settled."), at="Thu 9 April 2026, 10:00")
    assert story.refused(e.Reopened("one", "No.", clock="as it was"), at="Thu 16 April 2026, 10:00").field == "clock"
    assert story.refused(e.Reopened("two", "No.", clock="as it was")).field == "clock", "none was promised there"
    assert story.refused(e.Reopened("nine", "No.")).field == "to_stage"


def test_hours_that_are_over_are_not_taken_up_again_on_the_same_day():
    hours = invented("  one: {label: One, to: team_manager, respond_within: 24 hours, no_reply: prompt}\n")
    story = Story(hours).raise_("Wed 8 April 2026, 10:00").do(e.Withdrawn("Settled."), at="Thu 9 April 2026, 09:00")
    assert story.refused(e.Reopened("one", "No.", clock="as it was"), at="Thu 9 April 2026, 12:00").field == "clock"


def test_a_date_that_the_raiser_named_is_taken_up_again_without_naming_it_anew():
    named = invented("  one: {label: One, to: team_manager, respond_within: set by the raiser, no_reply: prompt}\n")
    story = Story(named).raise_("Wed 8 April 2026, 10:00", respond_by=on("Fri 24 April 2026"))
    story.do(e.Withdrawn("Settled."), at="Thu 9 April 2026, 09:00")
    story.do(e.Reopened("one", "It is not.", clock="as it was"))
    assert story.due == "Fri 24 April 2026"


def test_only_what_has_ended_is_opened_again_and_only_by_the_iro():
    assert isinstance(begun().refused(e.Reopened("one", "Again.")), NotOpen)
    story = begun().do(RESOLVED)
    assert isinstance(story.refused(e.Reopened("one", "Again."), by=IRO_MANAGER), NotYours)


def test_the_highest_stage_stays_when_it_is_opened_again_lower_down():
    story = begun().do(e.Escalated("Higher.")).do(RESOLVED).do(e.Reopened("one", "Again."))
    assert story.state == "one.awaiting"
    assert story.challenge.highest_stage == "two"


# Recorded in error.


def test_what_was_recorded_in_error_is_sealed_at_once_and_stays_so():
    story = with_an_action().do(e.RecordedInError("Another child's."), by=IRO_MANAGER)
    assert story.state == "recorded_in_error"
    assert story.running() == []
    assert story.told == []
    assert story.entry("recorded_in_error").visible is EntryVisibility.SEALED
    assert story.fast_forward(to="Thu 8 April 2027, 09:00").told == []
    for actor in (IRO, IRO_MANAGER, BUSINESS_SUPPORT):
        assert story.moves(actor) == ()
    for event in (RESOLVED, REFERRED, e.Noted("But."), e.Reopened("one", "Again."), e.RecordedInError("Again.")):
        assert isinstance(story.refused(event), NotOpen)
    before = story.challenge
    assert story.do(e.IroChanged(), by=THE_SERVICE).challenge == before, "what the directory says no longer matters"


def test_it_can_be_sealed_after_it_has_ended_and_never_by_somebody_in_the_line():
    story = begun().do(RESOLVED)
    assert isinstance(story.refused(e.RecordedInError("Wrong."), by=in_their_line(IRO_MANAGER)), NotYours)
    assert story.do(e.RecordedInError("Another child's.")).state == "recorded_in_error"


def test_a_notice_is_withdrawn_or_sealed_and_nothing_else_ends_it():
    def told() -> Story:
        story = Story(shipped("durham", "excellent_practice"))
        return story.raise_("Wed 8 April 2026, 10:00", item_type=ItemType.EXCELLENT_PRACTICE, reasons=())

    assert told().do(e.Withdrawn("Wrong child's worker.")).state == "withdrawn"
    assert told().do(e.RecordedInError("Wrong child.")).state == "recorded_in_error"
    assert isinstance(told().refused(e.Overtaken("She left.")), NotOpen)


def test_durham_ends_at_the_last_stage_and_everyone_above_is_told_once():
    story = Story(durham_2016()).raise_(
        "Wed 8 April 2026, 10:00", item_type=ItemType.FORMAL, stage="stage_7", stage_reason="The court sits on Monday."
    )
    story.do(e.Escalated("To Cafcass.")).do(e.EndedUnresolved("It is with Cafcass."))
    assert story.told == ["ended: - (copy: chief_executive, head_of_cs, head_of_planning, corporate_director)"]


# What changed for the child, said at the end.

ENDINGS = (
    lambda **said: e.Resolved("She sees her brother.", **said),
    lambda **said: e.EndedUnresolved("No way on.", **said),
    lambda **said: e.Overtaken("She moved home.", **said),
)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("found", ["better", "partly", "no change", "worse"])
def test_an_end_may_say_what_changed_for_the_child(ending, found):
    story = begun().do(ending(found=found))
    assert story.challenge.impact == found
    assert story.entry(ending().type).facts["found"] == found
    assert counted_line(story).impact == found
    assert story.open == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_end_need_not_say_it_and_then_nothing_is_recorded_of_it(ending):
    story = begun().do(ending())
    assert story.challenge.impact == ""
    assert "found" not in story.entry(ending().type).facts, "the record reads as it did before this could be said"
    story.do(e.ImpactRecorded("worse"))
    assert counted_line(story).impact == "worse"


@pytest.mark.parametrize("ending", ENDINGS)
def test_too_early_to_say_at_the_end_names_the_day_to_look_again(ending):
    assert begun().refused(ending(found="too early")).field == "look_again_on"
    story = begun().do(ending(found="too early", look_again_on=on("Wed 8 July 2026")))
    assert story.challenge.impact == "too early"
    assert story.open == ["follow_up Wed 8 July 2026 raiser"]


def test_resolved_too_early_to_say_needs_no_words_of_a_change():
    story = begun().do(e.Resolved("", found="too early", look_again_on=on("Wed 8 July 2026")))
    assert story.state == "resolved"


def test_a_judgement_that_ends_it_says_what_changed():
    story = with_an_action().do(e.Judged("enough", found="partly"))
    assert story.state == "resolved"
    assert story.challenge.impact == "partly"
    assert with_an_action().refused(e.Judged("enough", found="too early")).field == "look_again_on"


def test_a_judgement_that_ends_nothing_says_nothing_of_the_child_yet():
    story = with_an_action().do(e.Judged("needs_more", "More.", found="better"))
    assert story.challenge.impact == ""
    stages = """
  one: {label: One, to: team_manager, respond_within: 5 working days, complete_within: 10 working days, no_reply: prompt}
"""
    agreed = Story(invented(stages, TOP)).raise_("Wed 8 April 2026, 10:00").do(AGREES, by=the("team_manager"))
    agreed.do(e.Judged("enough", found="better"))
    assert agreed.state == "one.completing"
    assert agreed.challenge.impact == "", "what is to be put right may yet change it"
    assert agreed.do(e.Resolved("Done.", found="better")).challenge.impact == "better"


def test_opened_again_what_changed_is_to_be_said_again():
    story = begun().do(e.Resolved("She sees her brother.", found="better")).do(e.Reopened("one", "She does not."))
    assert story.challenge.impact == ""
    assert counted_line(story).impact == ""
    assert story.do(e.Resolved("She does now.", found="partly")).challenge.impact == "partly"


def counted_line(story: Story):
    """The item as themes count it."""
    found = register_entry_of(story.challenge, story.rules.authority)
    assert found is not None
    return found
