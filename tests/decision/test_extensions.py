"""An extension given by mistake: taken back on its day, by whoever gave it, while nothing has been built on it."""

from dataclasses import replace

import pytest

from tests.cast.clock import on, when
from tests.cast.people import IRO, IRO_MANAGER, LOOKED_AFTER, the
from tests.cast.rules import durham_2016, durham_climbing
from tests.cast.story import AGREES, Story, refusal_of
from tests.decision.planting import plant_rule
from tests.decision.retelling import again
from workflows.decision import decide as deciding
from workflows.decision import escalation, extensions
from workflows.model import events as e
from workflows.model.actor import Act
from workflows.model.authority import Edition
from workflows.model.refusals import NotOpen, NotYours, Unfit

MISTAKE = e.WindowExtended(on("Fri 17 April 2026"), "They asked.")
BACK = e.ExtensionTakenBack("It was for another child.")
RAISED = "Wed 1 April 2026, 10:00"
LATE_IN_THE_DAY = "Wed 1 April 2026, 23:30"
TEAM_MANAGER = the("team_manager")


def asked(rules=durham_climbing) -> Story:
    return Story(rules()).raise_(RAISED, stage="stage_2", stage_reason="High.")


def extended(rules=durham_climbing) -> Story:
    return asked(rules).do(MISTAKE, at="Wed 1 April 2026, 11:00")


def test_the_earlier_promise_holds_again_and_those_asked_are_told():
    before = asked()
    story = extended()
    assert "extension_taken_back" in story.moves()
    story.do(BACK, at="Wed 1 April 2026, 11:05")
    assert story.window("reply").promise == before.window("reply").promise
    assert story.window("reply").acts_at == before.window("reply").acts_at
    assert story.window("reply").on_close == before.window("reply").on_close
    assert story.told_of("extension_taken_back") == "team_manager"
    entry = story.entry("extension_taken_back")
    assert entry.facts == {"was": "2026-04-17", "until": before.window("reply").promise.due.isoformat()}
    assert entry.words == {"why": "It was for another child."}
    assert "extension_taken_back" not in story.moves()
    assert isinstance(story.refused(BACK), NotOpen)
    # What is told before the date is told again, and it climbs on the day on which it would have climbed.
    assert {w.key.kind for w in story.running()} == {w.key.kind for w in before.running()}
    story.fast_forward(to="Thu 9 April 2026, 09:00")
    assert story.challenge.stage == "stage_3"


def test_another_person_does_not_take_it_back_though_they_may_give_one():
    story = extended()
    refusal = story.refused(BACK, by=replace(IRO, person="cover"))
    assert isinstance(refusal, NotYours)
    assert isinstance(story.refused(BACK, by=IRO_MANAGER), NotYours)


def test_only_on_its_own_day_in_london():
    assert isinstance(extended().refused(BACK, at="Thu 2 April 2026, 00:00"), NotOpen)
    extended().do(BACK, at=LATE_IN_THE_DAY)


@pytest.mark.parametrize(
    ("event", "by"),
    [
        (e.Acknowledged(), TEAM_MANAGER),
        (e.ClarificationAsked("Which sibling?"), TEAM_MANAGER),
        (e.NotForMe("Somebody else's."), TEAM_MANAGER),
        (e.Noted("We go by the new date."), TEAM_MANAGER),
        (AGREES, TEAM_MANAGER),
        (e.MeetingArranged(when("Thu 16 April 2026, 10:00")), IRO),
        (e.Escalated("Now."), IRO),
        (e.EscalationHeld("I consider."), IRO),
        (e.Resolved("Settled."), IRO),
    ],
    ids=lambda value: getattr(value, "type", ""),
)
def test_not_once_something_was_built_on_it(event, by):
    story = extended().do(event, by=by, at="Wed 1 April 2026, 11:01")
    assert story.challenge.extension is None
    assert isinstance(story.refused(BACK), NotOpen)


def test_a_note_of_the_iro_builds_nothing_on_it():
    extended().do(e.Noted("I rang them."), at="Wed 1 April 2026, 11:01").do(BACK)


def test_not_where_nobody_could_meet_the_earlier_date():
    due = asked().window("reply").promise.due
    last_day = Story(durham_climbing()).raise_(RAISED, stage="stage_2", stage_reason="High.")
    last_day.do(MISTAKE, at=f"{due:%a} {due.day} {due:%B} {due.year}, 10:00")
    refusal = last_day.refused(BACK)
    assert isinstance(refusal, NotOpen)
    assert "less than a working day off" in refusal.said
    day_before = asked().do(MISTAKE, at="Tue 7 April 2026, 10:00")
    day_before.do(BACK)  # Wednesday 8 April is one working day off


def test_only_the_last_of_two_and_only_once():
    story = extended().do(replace(MISTAKE, until=on("Mon 20 April 2026")))
    story.do(BACK)
    assert story.due == "Fri 17 April 2026"
    assert isinstance(story.refused(BACK), NotOpen)


def test_where_the_iro_was_being_asked_what_next_there_is_none_to_take_back():
    story = asked().do(e.EscalationHeld("I consider.")).do(MISTAKE)
    assert story.challenge.extension is None
    assert isinstance(story.refused(BACK), NotOpen)


def test_it_replays_and_the_first_edition_kept_none():
    story = extended()
    assert again(story, story.rules).extension == story.challenge.extension
    story.do(BACK)
    assert again(story, story.rules) == story.challenge
    old = asked()
    old.rules = replace(old.rules, edition=Edition.FIRST)
    old.do(MISTAKE)
    assert old.challenge.extension is None


# A date that is surprisingly far.


def far(story: Story, until: str, sure: bool = False) -> Unfit | None:
    event = e.WindowExtended(on(until), "They asked.", sure)
    try:
        extensions.check_far_date(story.rules, story.challenge, event, story.now)
    except Unfit as refusal:
        return refusal
    return None


def test_a_date_more_than_three_times_as_far_as_the_stage_gives_is_asked_about():
    story = asked()
    own = extensions.own_working_days(story.rules, story.challenge, story.now)
    assert own == 3  # and nine working days from Wednesday 1 April 2026 end on Thursday 16 April
    assert far(story, "Thu 16 April 2026") is None
    refusal = far(story, "Fri 17 April 2026")
    assert refusal is not None
    assert refusal.field == "sure"
    assert "3 times as long as Stage 2 gives (3 working days)" in refusal.said
    assert far(story, "Fri 17 April 2026", sure=True) is None


def test_a_date_after_the_childs_next_review_is_asked_about():
    facts = replace(LOOKED_AFTER, next_review=on("Fri 10 April 2026"))
    story = Story(durham_2016()).raise_(RAISED, facts=facts, stage="stage_2", stage_reason="High.")
    assert far(story, "Fri 10 April 2026") is None
    refusal = far(story, "Mon 13 April 2026")
    assert refusal is not None
    assert "next review, on Friday 10 April 2026" in refusal.said
    assert far(story, "Mon 13 April 2026", sure=True) is None
    # A review that is past says nothing of a date to come.
    gone = Story(durham_2016()).raise_(
        RAISED, facts=replace(facts, next_review=on("Tue 31 March 2026")), stage="stage_2", stage_reason="H"
    )
    assert far(gone, "Mon 13 April 2026") is None


def test_the_question_is_a_courtesy_that_no_decision_asks():
    story = asked()
    surprising = e.WindowExtended(on("Fri 29 May 2026"), "They asked.")
    assert refusal_of(story.rules, story.challenge, Act(surprising, IRO), story.now) is None
    story.do(surprising)
    assert "sure" not in story.entry("window_extended").facts  # an older record looks the same
    assert again(story, story.rules) == story.challenge


# Twins.


def test_planted_extension_that_anybody_takes_back_is_found(monkeypatch):
    plant_rule(monkeypatch, e.ExtensionTakenBack, needs_of_day=None)
    for test in (
        test_another_person_does_not_take_it_back_though_they_may_give_one,
        test_only_on_its_own_day_in_london,
        test_not_where_nobody_could_meet_the_earlier_date,
    ):
        with pytest.raises(AssertionError):
            test()


def test_planted_extension_that_nobodys_act_uses_up_is_found(monkeypatch):
    monkeypatch.setattr(deciding.extensions, "forget_used_extension", lambda *given: None)
    with pytest.raises(AssertionError):
        test_not_once_something_was_built_on_it(e.Acknowledged(), TEAM_MANAGER)


def test_planted_memory_in_the_first_edition_is_found(monkeypatch):
    def always(turn, before, after):
        turn.rules = replace(turn.rules, edition=Edition.SECOND)
        extensions.remember_extension(turn, before, after)

    monkeypatch.setattr(escalation, "remember_extension", always)
    with pytest.raises(AssertionError):
        test_it_replays_and_the_first_edition_kept_none()


def test_planted_date_that_does_not_come_back_is_found(monkeypatch):
    monkeypatch.setattr(extensions, "move_promise", lambda turn, window, promise: window)
    with pytest.raises(AssertionError):
        test_the_earlier_promise_holds_again_and_those_asked_are_told()


def test_planted_question_that_is_never_asked_is_found(monkeypatch):
    monkeypatch.setattr(extensions, "FAR", 1000)
    with pytest.raises(AssertionError):
        test_a_date_more_than_three_times_as_far_as_the_stage_gives_is_asked_about()
