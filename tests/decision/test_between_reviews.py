"""What an IRO follows between two reviews: a review decision with its owner and its date, done when the IRO has seen it."""

from dataclasses import replace
from datetime import date

import pytest

from tests.cast.clock import written
from tests.cast.people import IRO, IRO_MANAGER, LOOKED_AFTER, the
from tests.cast.rules import shipped
from tests.cast.story import ENOUGH, Story
from workflows.decision import decide as deciding
from workflows.decision import stage_entry
from workflows.decision.decide import decide
from workflows.decision.event_rules import open_moves
from workflows.decision.windows import close_window
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE, Act, Actor
from workflows.model.challenge import ClosedAs, Outcome
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotYours, Unfit

WORKER = the("social_worker")
DONE = e.Responded("agrees", "The assessment was booked and held on Tuesday.")
NOT_DONE = e.Responded("disagrees", "The clinic has moved it to June.")


def moves(story: Story, by: Actor) -> tuple[str, ...]:
    return open_moves(story.rules, story.challenge, by)


def followed(**more: object) -> Story:
    """A decision of the review of Monday: a health assessment, by the social worker, in a fortnight."""
    said = {"to": (e.Chosen("social_worker"),), "respond_by": date(2026, 4, 24), "happened": (("review", date(2026, 4, 6)),)}
    story = Story(shipped("north_yorkshire", "review_decisions"))
    return story.raise_(
        "Tue 7 April 2026, 10:00",
        item_type=ItemType.REVIEW_DECISION,
        reasons=(),
        concern="Health assessment held.",
        review_decision="3",
        **said | more,
    )


def test_the_owner_says_that_it_is_done_and_the_iro_sees_that_it_is():
    story = followed()
    assert story.told == ["asked: social_worker"]
    assert story.due == "Fri 24 April 2026"
    story.fast_forward(to="Thu 16 April 2026, 09:00")
    assert story.told == ["reminder: social_worker"], "half-way"
    story.do(DONE, by=WORKER)
    assert story.told == ["to_judge: raiser"]
    assert story.challenge.is_open, "done is the owner's word; that it is done is the IRO's to see"
    story.do(ENOUGH)
    assert story.state == "resolved"


def test_its_date_passes_and_the_iro_is_asked_and_nothing_climbs():
    story = followed().fast_forward(to="Mon 27 April 2026, 09:00")
    assert story.told[-1] == "what_next: raiser"
    assert story.state == "followed.asking"
    assert "escalated" not in moves(story, IRO)


def test_overdue_a_second_time_it_is_asked_whether_somebody_senior_must_hear():
    story = followed().fast_forward(to="Mon 27 April 2026, 09:00")
    story.do(e.WindowExtended(date(2026, 5, 8), "The clinic moved it."))
    assert story.told == ["extended: social_worker"]
    story.fast_forward(to="Mon 11 May 2026, 09:00")
    assert story.told[-1] == "overdue_twice: raiser"


def test_a_date_given_before_the_first_has_passed_is_not_overdue():
    story = followed().do(e.WindowExtended(date(2026, 5, 8), "The clinic moved it."), at="Mon 20 April 2026, 10:00")
    story.fast_forward(to="Mon 11 May 2026, 09:00")
    assert story.told[-1] == "what_next: raiser"


def test_not_done_is_a_reply_and_the_iro_gives_another_date_or_ends_it():
    story = followed().do(NOT_DONE, by=WORKER, at="Mon 20 April 2026, 10:00")
    assert story.told == ["to_judge: raiser"]
    story.do(e.Judged("needs_more", "It must be before the summer."))
    assert story.told[-1] == "what_next: raiser"
    story.do(e.EndedUnresolved("The plan has changed."))
    assert story.challenge.phase is Outcome.ENDED


def test_made_a_challenge_it_ends_not_done_and_nothing_of_it_runs_on():
    story = followed().fast_forward(to="Mon 27 April 2026, 09:00")
    made = decide(story.rules, story.challenge, Act(e.MadeChallenge("AB12-CD34"), THE_SERVICE), story.now)
    assert made.challenge.phase is Outcome.ENDED
    assert not list(made.challenge.open_windows())
    assert [entry.facts for entry in made.entries if entry.kind == "made_challenge"] == [{"reference": "AB12-CD34"}]


def test_without_an_owner_or_a_day_it_is_not_followed():
    with pytest.raises(Unfit, match="somebody must be chosen"):
        followed(to=())
    with pytest.raises(Unfit, match="the raiser names the date"):
        followed(respond_by=None)


def test_the_iro_manager_does_not_settle_it():
    story = followed().do(DONE, by=WORKER, at="Mon 20 April 2026, 10:00")
    assert "judged" not in moves(story, IRO_MANAGER)


def test_planted_a_second_date_passed_that_is_told_as_a_first_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stage_entry, "is_overdue_twice", lambda challenge: False)
    with pytest.raises(AssertionError):
        test_overdue_a_second_time_it_is_asked_whether_somebody_senior_must_hear()


# A tracked case (Derby, section 13).


def tracked(priority: str = "high", **more: object) -> Story:
    """A case that is tracked from the review of Tuesday, with nothing chosen for it yet."""
    story = Story(shipped("derby", "case_tracking"))
    said = {"item_type": ItemType.TRACKED_CASE, "reasons": (), "priority": priority, "concern": "Permanence drifts."}
    return story.raise_("Tue 7 April 2026, 10:00", **said | more)


def agreed(priority: str = "high", **chosen: object) -> e.TrackingAgreed:
    return e.TrackingAgreed(priority, date(2026, 4, 7), **chosen)


FORTNIGHTLY = agreed(update_by=date(2026, 4, 21), updates_every_weeks=2)


def test_nobody_is_asked_until_something_is_chosen_and_low_chooses_nothing():
    story = tracked("low")
    assert (story.told, list(story.running())) == ([], [])
    story.do(agreed("low"))
    assert (story.told, list(story.running())) == ([], [])


def test_updates_are_asked_for_at_their_interval_and_read_by_the_iro():
    story = tracked().do(FORTNIGHTLY)
    assert story.told == ["asked: social_worker"]
    assert story.due == "Tue 21 April 2026"
    story.fast_forward(to="Tue 14 April 2026, 09:00")
    assert story.told == ["reminder: social_worker"], "half-way"
    story.do(e.Responded("in_part", "The panel has a date."), by=WORKER, at="Mon 20 April 2026, 10:00")
    assert story.told == ["answered: raiser", "asked: social_worker"], "the next is asked for"
    assert story.due == "Tue 5 May 2026", "a fortnight after the date that was due"
    assert story.state == "followed.awaiting", "nothing is judged"


def test_an_update_past_its_date_is_chased_until_it_is_given():
    story = tracked().do(FORTNIGHTLY).fast_forward(to="Wed 22 April 2026, 09:00")
    assert story.told[-1] == "update_late: social_worker (copy: raiser)"
    story.fast_forward(to="Tue 28 April 2026, 09:00")
    assert story.told == ["update_late: social_worker (copy: raiser, deputy_head_of_service_qa)"], "again, with the manager"
    story.do(e.Responded("agrees", "It goes to plan."), by=WORKER, at="Wed 29 April 2026, 10:00")
    assert story.told == ["answered: raiser", "asked: social_worker"]
    assert story.due == "Tue 5 May 2026"
    story.fast_forward(to="Wed 6 May 2026, 08:59")
    assert not [one for one in story.told if one.startswith("update_late")], "nobody is chased for what was given"


def test_a_file_is_looked_at_again_and_again_and_an_early_review_is_held_once():
    chosen = agreed(look_at_file_by=date(2026, 4, 14), look_every_weeks=1, early_review_by=date(2026, 5, 1))
    story = tracked().do(chosen)
    story.do(e.TrackedDone("look_at_file", date(2026, 4, 14)), at="Tue 14 April 2026, 10:00")
    assert sorted(window.key.kind for window in story.running() if window.parent is None) == ["early_review", "look_at_file"]
    assert isinstance(story.refused(e.TrackedDone("look_at_file", date(2026, 5, 14))), Unfit)
    story.fast_forward(to="Wed 22 April 2026, 09:00")
    assert story.told == ["tracked_due: raiser"]
    story.do(e.TrackedDone("early_review", date(2026, 4, 22)))
    story.fast_forward(to="Fri 29 May 2026, 09:00")
    assert not [window for window in story.running() if window.key.kind == "early_review"]


def test_what_a_priority_does_not_offer_is_refused_with_what_it_does():
    refused = tracked("medium").refused(agreed("medium", early_review_by=date(2026, 5, 1)))
    assert (refused.field, "one update, a look at the file" in refused.do) == ("early_review_by", True)
    refused = tracked("medium").refused(agreed("medium", update_by=date(2026, 5, 1), updates_every_weeks=2))
    assert refused.field == "update_by"
    assert tracked("low").refused(agreed("low", update_by=date(2026, 5, 1))).field == "update_by"
    assert tracked().refused(agreed(updates_every_weeks=2)).field == "updates_every_weeks"
    assert tracked().refused(agreed("urgent")).field == "priority"


def test_a_priority_agreed_anew_ends_what_was_chosen_before():
    story = tracked().do(FORTNIGHTLY)
    story.do(agreed("low"), at="Tue 14 April 2026, 10:00")
    assert list(story.running()) == []
    assert story.challenge.priority == "low"
    story.do(agreed("medium", update_by=date(2026, 5, 12)))
    story.do(e.Responded("agrees", "To plan."), by=WORKER, at="Mon 11 May 2026, 10:00")
    assert list(story.running()) == [], "an interim update is one"


def test_the_deputy_head_is_alerted_where_the_managers_oversight_is_in_question():
    story = tracked()
    story.do(e.FactSaid("managers_oversight_in_question"))
    assert story.told == ["copied: - (copy: deputy_head_of_service_qa)"]
    story = tracked("low").do(e.FactSaid("managers_oversight_in_question"))
    assert story.told == []
    story.do(agreed("high"))
    assert story.told == ["copied: - (copy: deputy_head_of_service_qa)"], "the priority rose"


def test_it_is_ended_and_opened_again_with_nothing_asked():
    story = tracked().do(FORTNIGHTLY).do(e.Resolved("The plan goes well."))
    assert (story.state, list(story.running())) == ("resolved", [])
    story.do(e.Reopened("followed", "It drifts again."))
    assert (story.state, list(story.running())) == ("followed.awaiting", [])


# The mid-point (Thurrock).


def mid_point() -> Story:
    """Half-way between the review of 6 January and that of 6 July: the service asks."""
    story = Story(shipped("thurrock", "mid_point"))
    facts = replace(LOOKED_AFTER, next_review=date(2026, 7, 6))
    said = {"item_type": ItemType.MID_POINT, "reasons": (), "concern": "Half-way.", "happened": (("review", date(2026, 1, 6)),)}
    return story.raise_("Tue 7 April 2026, 09:00", by=THE_SERVICE, facts=facts, **said)


LOOKED = e.LookedThrough(date(2026, 4, 9))
MET = e.MidPointContact("in person", date(2026, 4, 10), alone=True, placement="Settled.")


def test_the_iro_is_asked_and_done_once_decisions_were_looked_through_and_the_child_was_in_contact():
    story = mid_point()
    assert story.told == ["mid_point: raiser"]
    story.do(LOOKED, at="Thu 9 April 2026, 10:00")
    assert story.challenge.is_open
    story.do(MET, at="Fri 10 April 2026, 10:00")
    assert (story.state, list(story.running()), story.told) == ("resolved", [], [])


def test_no_contact_says_why_and_a_contact_says_when():
    story = mid_point()
    assert story.refused(e.MidPointContact("none")).field == "why_not"
    assert story.refused(e.MidPointContact("in person")).field == "on"
    assert story.refused(e.MidPointContact("in writing", date(2026, 5, 10))).field == "on"
    story.do(e.MidPointContact("none", why_not="Did not want to."))


def test_past_its_date_the_iro_is_asked_again_and_then_with_the_manager():
    story = mid_point().fast_forward(to="Wed 22 April 2026, 09:00")
    assert story.told == ["mid_point: raiser"]
    story.fast_forward(to="Thu 30 April 2026, 09:00")
    assert story.told == ["mid_point: raiser (copy: iro_manager)"]


def test_a_review_that_moves_moves_the_ask():
    story = mid_point()
    (before,) = story.running()
    later = e.ChildFactsChanged(("looked_after",), False, False, (), "team", "service", date(2026, 9, 7))
    story.do(later, by=THE_SERVICE, at="Wed 8 April 2026, 10:00")
    (after,) = story.running()
    assert written(before.promise.due) == "Tue 21 April 2026"
    assert written(after.promise.due) == "Fri 22 May 2026", "ten working days from half-way to the new day"


def test_a_review_that_is_held_first_overtakes_it():
    story = mid_point().do(e.ReviewHeld(date(2026, 4, 14)), by=THE_SERVICE, at="Tue 14 April 2026, 10:00")
    assert (story.state, list(story.running())) == ("overtaken", [])


def test_the_service_raises_nothing_else():
    with pytest.raises(NotYours):
        tracked(by=THE_SERVICE)


def test_planted_an_update_that_is_not_chased_is_noticed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(deciding, "ask_again", lambda turn, window: close_window(turn, window, ClosedAs.DATE_PASSED))
    with pytest.raises(AssertionError):
        test_an_update_past_its_date_is_chased_until_it_is_given()
