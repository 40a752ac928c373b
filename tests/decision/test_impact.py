"""Between two reviews somebody looks again: the mid-point to the child's next review, by default or named, and never twice."""

from dataclasses import replace

import pytest

from tests.cast.clock import on
from tests.cast.people import IRO, LOOKED_AFTER, PROTECTION_PLAN, the
from tests.cast.rules import durham_2016, shipped
from tests.cast.story import AGREES, Story
from tests.decision import test_endings
from tests.decision.planting import plant_rule
from tests.decision.retelling import again
from workflows.decision import impact, off_ladder_events
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.decision.tasks import tasks_of
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE
from workflows.model.challenge import THE_RAISER, ClosedAs
from workflows.model.ladder import ItemType
from workflows.proofs.replay import first_difference

AT = "Wed 8 April 2026, 10:00"
REVIEWED = replace(LOOKED_AFTER, next_review=on("Thu 8 October 2026"))
MIDDLE = "Wed 8 July 2026"
"""91 of the 183 days from 8 April to 8 October."""

RESOLVED = e.Resolved("She has a plan.")
ENDINGS = (RESOLVED, e.EndedUnresolved("No way on."))


def thurrock():
    """As in force since August 2018: its young people had said that nobody asks until the next review."""
    return shipped("thurrock", "dispute_resolution", "from August 2018")


def begun(facts=REVIEWED, rules=thurrock) -> Story:
    return Story(rules()).raise_(AT, item_type=ItemType.FORMAL, facts=facts)


# The window.


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_ending_that_does_not_say_what_changed_is_looked_at_again_half_way_to_the_next_review(ending):
    story = begun().do(ending)
    assert story.open == [f"follow_up {MIDDLE} raiser"]
    assert story.challenge.impact == ""


def test_at_the_mid_point_the_iro_is_asked_and_asked_again_with_their_manager():
    story = begun().do(RESOLVED)
    assert story.fast_forward(to="Thu 9 July 2026, 09:00").told == ["follow_up_due: raiser"]
    assert story.fast_forward(to="Tue 14 July 2026, 23:00").told == []
    assert story.fast_forward(to="Wed 15 July 2026, 09:00").told == ["follow_up_due: raiser (copy: iro_manager)"]
    assert story.window("follow_up").closed_as == "not recorded"


def test_what_is_found_at_the_mid_point_closes_it():
    story = begun().do(RESOLVED).fast_forward(to="Thu 9 July 2026, 09:00")
    story.do(e.ImpactRecorded("better", "She sees her brother."))
    assert story.running() == []
    assert story.challenge.impact == "better"


def test_still_too_early_at_the_mid_point_is_looked_at_half_way_through_what_is_left():
    story = begun().do(RESOLVED).fast_forward(to="Thu 9 July 2026, 09:00")
    story.do(e.ImpactRecorded("too early"))
    assert story.open == ["follow_up Fri 21 August 2026 raiser"], "the 45th of 91 days is a Sunday"


def test_a_judgement_that_ends_it_opens_it_too():
    story = begun().do(AGREES, by=the("team_manager")).do(e.Judged("enough"))
    assert story.open == [f"follow_up {MIDDLE} raiser"]


def test_too_early_without_a_day_means_the_mid_point_everywhere():
    for rules in (thurrock, durham_2016):
        story = begun(rules=rules).do(e.Resolved("", found="too early"))
        assert story.open == [f"follow_up {MIDDLE} raiser"]
        assert story.challenge.impact == "too early"


def test_a_mid_point_that_is_no_working_day_is_the_working_day_before():
    story = begun(replace(REVIEWED, next_review=on("Fri 2 October 2026"))).do(RESOLVED)
    assert story.open == ["follow_up Fri 3 July 2026 raiser"], "the 88th of 177 days is Sunday 5 July"


# Where there is none.


def test_another_day_that_the_iro_names_stands_alone():
    story = begun().do(e.Resolved("She has a plan.", look_again_on=on("Mon 1 June 2026")))
    assert story.open == ["follow_up Mon 1 June 2026 raiser"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_iro_says_that_it_is_not_needed(ending):
    story = begun().do(replace(ending, no_look_again=True))
    assert story.open == []
    assert begun().refused(replace(ending, no_look_again=True, found="too early")).field == "found"
    assert begun().refused(replace(ending, no_look_again=True, look_again_on=on("Mon 1 June 2026"))).field == "found"


@pytest.mark.parametrize(
    "ending",
    [
        e.Resolved("She sees her brother.", found="better"),
        e.EndedUnresolved("No way on.", found="no change"),
        e.Overtaken("She moved home."),
        e.Withdrawn("Raised twice."),
    ],
)
def test_what_was_said_overtaken_or_withdrawn_is_not_asked_again(ending):
    assert begun().do(ending).open == []


@pytest.mark.parametrize(
    "facts",
    [
        LOOKED_AFTER,
        replace(REVIEWED, next_review=on("Wed 1 April 2026")),
        replace(REVIEWED, next_review=on("Thu 7 May 2026")),
        replace(REVIEWED, next_review=on("Mon 1 May 2028")),
    ],
    ids=["not known", "past", "20 working days away", "two years away"],
)
def test_without_a_review_that_is_far_enough_there_is_no_mid_point(facts):
    assert begun(facts).do(RESOLVED).open == []
    assert begun(facts).refused(e.Resolved("", found="too early")).field == "look_again_on"


def test_one_working_day_more_than_twenty_is_far_enough():
    story = begun(replace(REVIEWED, next_review=on("Fri 8 May 2026"))).do(RESOLVED)
    assert story.open == ["follow_up Thu 23 April 2026 raiser"]


def test_a_child_who_is_not_looked_after_has_no_mid_point():
    story = Story(durham_2016()).raise_(AT, facts=replace(PROTECTION_PLAN, next_review=on("Thu 8 October 2026")))
    assert story.refused(e.Resolved("", found="too early")).field == "look_again_on"


def test_where_the_procedure_does_not_say_so_nobody_is_asked_by_default():
    assert begun(rules=durham_2016).do(RESOLVED).open == []


def test_a_day_that_runs_already_is_enough():
    agreed = e.Responded("agrees", "Yes.", (e.Action("Book the contact", on("Fri 17 April 2026")),))
    story = begun().do(agreed, by=the("team_manager"))
    story.do(e.ActionNotDone(1, "It never came.", look_again_on=on("Fri 1 May 2026"))).do(RESOLVED)
    assert story.open == ["follow_up Fri 1 May 2026 raiser"]


# The review's day.


def moved_to(day) -> e.ChildFactsChanged:
    return e.ChildFactsChanged(("looked_after",), False, False, (), "", "", day)


def test_another_day_for_the_review_is_on_the_record_and_tells_nobody():
    story = begun()
    before = story.open
    story.do(moved_to(on("Tue 8 December 2026")), by=THE_SERVICE)
    assert story.told == []
    assert story.open == before, "no promised date moves"
    assert story.entry("child_facts_changed").facts["next_review"] == "2026-12-08"
    story.do(RESOLVED)
    assert story.open == ["follow_up Fri 7 August 2026 raiser"], "counted to the review as it is known at the end"


def test_a_change_that_matters_is_told_as_ever_also_where_the_review_moved_with_it():
    story = begun().do(e.ChildFactsChanged(("looked_after",), True, False, (), "", "", on("Tue 8 December 2026")), by=THE_SERVICE)
    assert story.told == ["facts_changed: raiser"]


def test_a_mid_point_that_is_promised_stays_when_the_review_moves():
    story = begun().do(RESOLVED).do(moved_to(on("Tue 8 December 2026")), by=THE_SERVICE)
    assert story.open == [f"follow_up {MIDDLE} raiser"]


@pytest.mark.parametrize("ending", [*ENDINGS, e.Resolved("", found="too early"), replace(RESOLVED, no_look_again=True)])
def test_all_of_it_is_decided_again_from_the_record(ending):
    story = begun().do(moved_to(on("Tue 8 December 2026")), by=THE_SERVICE).do(moved_to(None), by=THE_SERVICE)
    story.do(moved_to(on("Tue 3 November 2026")), by=THE_SERVICE).do(ending)
    story.fast_forward(to="Tue 1 December 2026, 10:00")
    assert first_difference(again(story, story.rules), story.challenge) == ""


# Agreed actions are followed to done or not done.


def test_an_action_that_nobody_confirmed_still_presses_on_the_iro():
    agreed = e.Responded("agrees", "Yes.", (e.Action("Book the contact", on("Fri 17 April 2026")),))
    story = begun(LOOKED_AFTER).do(agreed, by=the("team_manager")).do(e.Resolved("Booked.", found="better"))
    story.fast_forward(to="Fri 1 May 2026, 10:00")
    assert story.window("action").closed_as == "not recorded"
    assert [(one.task.name, one.is_late) for one in tasks_of(story.challenge, IRO, story.now)] == [("CHECK", True)]
    story.do(e.ActionNotDone(1, "It was never booked."))
    assert tasks_of(story.challenge, IRO, story.now) == ()


# Planted.


def test_planted_a_mid_point_that_is_the_review_itself(monkeypatch):
    monkeypatch.setattr(impact, "mid_point", lambda challenge, day, calendar: challenge.facts.next_review)
    with pytest.raises(AssertionError):
        test_an_ending_that_does_not_say_what_changed_is_looked_at_again_half_way_to_the_next_review(RESOLVED)


def test_planted_a_day_to_look_again_that_nobody_opens(monkeypatch):
    monkeypatch.setattr(impact, "open_window", lambda *given: None)
    with pytest.raises(AssertionError):
        test_at_the_mid_point_the_iro_is_asked_and_asked_again_with_their_manager()


def test_planted_a_new_day_of_review_that_is_told(monkeypatch):
    right = off_ladder_events.note_facts_changed

    def told(turn, event):
        right(turn, event)
        turn.tell(NotificationKind.FACTS_CHANGED, [THE_RAISER])

    plant_rule(monkeypatch, e.ChildFactsChanged, does=told)
    with pytest.raises(AssertionError):
        test_another_day_for_the_review_is_on_the_record_and_tells_nobody()


def test_planted_a_reopening_that_keeps_what_was_said(monkeypatch):
    right = DecisionBuilder.move

    def move(turn, name):
        said = turn.challenge.impact
        right(turn, name)
        turn.change(impact=said)

    monkeypatch.setattr(DecisionBuilder, "move", move)
    with pytest.raises(AssertionError):
        test_endings.test_opened_again_what_changed_is_to_be_said_again()


def test_planted_too_early_without_anybody_looking_again(monkeypatch):
    monkeypatch.setattr(
        impact, "promise_to_look_again", lambda turn, found, named: named and impact.named_date(turn, named, "look_again_on")
    )
    for ending in test_endings.ENDINGS:
        with pytest.raises(AssertionError):
            test_endings.test_too_early_to_say_at_the_end_names_the_day_to_look_again(ending)


def test_planted_a_mid_point_that_is_asked_once_and_forgotten(monkeypatch):
    def due(turn, window):
        turn.put(replace(window, closed_at=turn.at, closed_as=ClosedAs.TOLD))
        turn.tell(NotificationKind.FOLLOW_UP_DUE, [THE_RAISER], window=window.key)

    monkeypatch.setattr(off_ladder_events, "ask_about_promise", due)
    with pytest.raises(AssertionError):
        test_at_the_mid_point_the_iro_is_asked_and_asked_again_with_their_manager()
