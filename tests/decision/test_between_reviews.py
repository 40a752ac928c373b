"""What an IRO follows between two reviews: a review decision with its owner and its date, done when the IRO has seen it."""

from datetime import date

import pytest

from tests.cast.people import IRO, IRO_MANAGER, the
from tests.cast.rules import shipped
from tests.cast.story import ENOUGH, Story
from workflows.decision import stage_entry
from workflows.decision.decide import decide
from workflows.decision.event_rules import open_moves
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE, Act, Actor
from workflows.model.challenge import Outcome
from workflows.model.ladder import ItemType
from workflows.model.refusals import Unfit

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
