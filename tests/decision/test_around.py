"""What happens around a challenge: messages that come back, posts that change hands, the child's facts, outages, advice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.cast.clock import on, shown, when
from tests.cast.people import ADMINISTRATOR, BUSINESS_SUPPORT, COVER, IRO, IRO_MANAGER, PROTECTION_PLAN, copied, the
from tests.cast.rules import durham_2016, invented
from tests.cast.story import AGREES, REFERRED, RESOLVED, Story
from tests.decision.retelling import again
from workflows.calendar.working_days import local_date
from workflows.decision import decide
from workflows.decision.decision_builder import EntryVisibility
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE
from workflows.model.authority import Edition
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotOpen, NotYours, Unfit

STAGES = """
  one: {label: One, to: team_manager, copy: [social_worker], respond_within: 3 working days, no_reply: escalate}
  two: {label: Two, to: service_manager, respond_within: 3 working days, no_reply: escalate}
  three: {label: Three, to: director, respond_within: 3 working days, no_reply: prompt}
"""


def begun() -> Story:
    """Raised on Wednesday 8 April 2026: due on Monday, acted on at nine on Tuesday 14 April."""
    return Story(invented(STAGES)).raise_("Wed 8 April 2026, 10:00")


def facts(statuses=("looked_after",), in_plo=False, team="", service="") -> e.ChildFactsChanged:
    return e.ChildFactsChanged(statuses, in_plo, False, (), team, service)


# Messages that come back.


def test_a_message_that_came_back_is_said_once_for_a_window():
    story = begun().do(e.DeliveryFailed("team_manager", "mailbox full"), by=THE_SERVICE)
    assert story.told == ["delivery_failed: iro_manager (copy: raiser)"]
    assert story.do(e.DeliveryFailed("team_manager", "mailbox full"), by=THE_SERVICE).told == []


def test_by_the_first_edition_a_climb_waits_for_the_iro_after_a_message_that_came_back():
    story = begun()
    story.rules = replace(story.rules, edition=Edition.FIRST)
    story.do(e.DeliveryFailed("team_manager", "mailbox full"), by=THE_SERVICE)
    assert story.fast_forward(to="Mon 13 April 2026, 18:00").told == [], "no climb is coming, so none is announced"
    story.fast_forward(to="Tue 14 April 2026, 09:00")
    assert story.state == "one.asking", "the window ran on and the climb waits for the IRO"
    assert story.told == ["what_next: raiser"]


# Whoever is not reached is not blamed.


def unreached(story: Story, why: str = "did not leave") -> e.AskNotReached:
    key = story.window("reply").key
    return e.AskNotReached(key.sequence, key.kind.value, key.n, ("team_manager",), why)


def until_its_day(story: Story) -> None:
    """Up to the moment when the reply was due, with what reminds before it."""
    day = story.window("reply").acts_at
    story.fast_forward(day - timedelta(minutes=1))
    story.now = day


def test_who_was_not_reached_is_not_said_to_have_given_no_reply_and_it_climbs_on_its_day():
    story = begun()
    until_its_day(story)
    story.do(unreached(story), by=THE_SERVICE)
    assert next(w for w in story.challenge.windows if w.key.kind == "reply").closed_as == "not reached"
    assert story.challenge.visit.how == "not_reached"
    assert story.told[0] == "ask_not_reached: raiser (copy: iro_manager)"
    assert story.due == "Thu 16 April 2026", "counted from the day that was due, as for any climb by itself"


def test_a_warning_that_found_no_climb_to_warn_of_is_passed_again_where_the_record_alone_is_read():
    two = STAGES.replace("to: team_manager, copy: [social_worker]", "to: {all of: [team_manager, social_worker]}")
    story = Story(invented(two)).raise_("Wed 8 April 2026, 10:00").do(AGREES, by=the("social_worker"))
    until_its_day(story)
    assert story.told == []
    assert "warned" not in [entry.kind for entry in story.entries]
    story.do(unreached(story), by=THE_SERVICE)
    assert again(story, story.rules) == story.challenge


def test_planted_a_replay_that_leaves_such_a_warning_open_is_caught(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(decide, "apply_reminders", lambda turn, now: None)
    with pytest.raises(AssertionError):
        test_a_warning_that_found_no_climb_to_warn_of_is_passed_again_where_the_record_alone_is_read()


def test_the_afternoon_before_the_iro_hears_that_it_climbs_unreached_and_may_hold_it():
    story = begun()
    story.now = when("Mon 13 April 2026, 16:00")
    story.do(unreached(story), by=THE_SERVICE)
    assert story.told == ["will_climb_unreached: raiser"]
    assert story.window("reply").closed_as == ""
    assert story.fast_forward(to="Mon 13 April 2026, 18:00").told == [], "told once"
    story.do(e.EscalationHeld("I ring her first."))
    assert story.state == "one.asking"


def test_after_two_stages_that_were_not_reached_it_waits_for_the_iro():
    story = begun()
    for _ in range(2):
        until_its_day(story)
        story.do(unreached(story), by=THE_SERVICE)
    assert story.state == "two.asking"
    assert story.told == ["ask_not_reached: raiser (copy: iro_manager)", "what_next: raiser"]
    day = story.window("judgement").promise.due
    assert day == story.rules.calendar.working_day_after(local_date(story.now)), "one working day"
    assert "still_waiting: iro_manager (copy: raiser)" in story.fast_forward(to=story.window("judgement").acts_at).told


def test_told_otherwise_is_kept_for_the_day_and_moves_no_date():
    story = begun()
    due = story.due
    story.do(e.ToldOtherwise("team_manager", "rang", on("Wed 8 April 2026")), by=BUSINESS_SUPPORT)
    assert story.window("reply").asked[0].told_on == on("Wed 8 April 2026")
    assert story.due == due
    assert story.told == ["told_otherwise: team_manager"]
    assert isinstance(story.refused(e.ToldOtherwise("team_manager", "rang", on("Tue 7 April 2026"))), Unfit)
    assert isinstance(story.refused(e.ToldOtherwise("team_manager", "met", on("Thu 9 April 2026"))), Unfit)
    assert isinstance(story.refused(e.ToldOtherwise("director", "met", on("Wed 8 April 2026"))), Unfit)


def test_those_who_owe_are_reminded_by_hand_once_a_day():
    story = begun().do(e.Reminded(), by=IRO_MANAGER)
    assert story.told == ["reminder: team_manager"]
    assert isinstance(story.refused(e.Reminded()), NotOpen)
    story.do(e.Reminded(), at="Thu 9 April 2026, 10:00")
    assert story.told == ["reminder: team_manager"]


def test_a_message_that_came_back_from_somebody_copied_changes_nothing():
    before = begun()
    story = begun().do(e.DeliveryFailed("social_worker", "mailbox full"), by=THE_SERVICE)
    assert story.challenge == before.challenge
    assert story.told == []


def test_only_the_service_says_that_a_message_came_back():
    assert isinstance(begun().refused(e.DeliveryFailed("team_manager", "x"), by=IRO_MANAGER), NotYours)


# Posts and people.


def test_a_post_taken_over_is_told_and_keeps_its_date():
    story = begun().do(e.PostTakenOver("team_manager"), by=THE_SERVICE, at="Fri 10 April 2026, 10:00")
    assert story.told == ["post_taken_over: team_manager"]
    assert story.due == "Mon 13 April 2026"
    assert begun().do(e.PostTakenOver("director"), by=THE_SERVICE).told == []


def test_a_post_that_nobody_holds_alarms_the_iro_manager_and_the_window_runs_on():
    story = begun().do(e.PostEmptied("team_manager"), by=THE_SERVICE)
    assert story.told == ["post_empty: iro_manager (copy: raiser)"]
    assert story.due == "Mon 13 April 2026"


def test_the_childs_iro_changes_and_the_next_one_takes_over():
    story = begun().do(e.IroChanged(), by=THE_SERVICE)
    assert story.told == ["iro_changed: raiser"]
    assert story.state == "one.awaiting"


def test_an_absent_iros_cover_does_all_that_they_can_at_once():
    story = begun()
    assert story.moves(COVER) == story.moves(IRO)
    story.do(REFERRED, by=COVER)
    assert story.decision.entries[-1].by.behalf_of == "irene"
    story.do(RESOLVED, by=COVER)
    assert story.state == "resolved"


# The child's facts.


def test_a_child_who_stops_being_looked_after_stays_on_the_ladder_and_the_iro_decides_whether_to_refer():
    story = begun()
    assert "referred_to_cafcass" in story.moves()
    story.do(facts(("care_leaver",)), by=THE_SERVICE, at="Thu 9 April 2026, 10:00")
    assert story.told == ["facts_changed: raiser"]
    assert story.state == "one.awaiting"
    said = story.entry("child_facts_changed").facts
    assert (said["was_looked_after"], said["is_looked_after"]) == (True, False)
    assert "referred_to_cafcass" in story.moves()
    assert story.challenge.facts_at_raising.is_looked_after


def test_a_referral_made_before_runs_on_when_the_child_is_no_longer_looked_after():
    story = begun().do(REFERRED).do(facts(("care_leaver",)), by=THE_SERVICE)
    story.do(e.ReferralAcknowledged("CAF-77", on("Fri 10 April 2026")))
    story.do(e.ReferralOutcome("advice", on("Mon 4 May 2026")))
    assert story.challenge.referral == "concluded"


def test_the_record_says_where_a_ladder_no_longer_covers_the_child():
    story = Story(durham_2016()).raise_("Wed 8 April 2026, 10:00").do(facts(("care_leaver",)), by=THE_SERVICE)
    assert story.entry("child_facts_changed").facts["ladder_still_covers"] is False
    assert story.state == "informal.awaiting", "the ladder does not change silently"


def test_a_child_who_enters_plo_brings_the_legal_advisor_in_from_the_next_stage_on():
    story = Story(durham_2016()).raise_("Wed 8 April 2026, 10:00", item_type=ItemType.FORMAL)
    assert story.told_of("asked") == "team_manager (copy: social_worker, operations_manager, iro_operations_manager)"
    story.do(facts(in_plo=True), by=THE_SERVICE).do(e.Escalated("It is in PLO now.", to_stage="stage_4"))
    assert story.told_of("asked").endswith("(copy: social_worker, operations_manager, iro_operations_manager, legal_advisor)")


def test_a_child_who_moves_team_takes_the_question_to_the_new_holder():
    story = begun().do(facts(team="north"), by=THE_SERVICE)
    assert story.told == ["post_taken_over: team_manager", "facts_changed: raiser"]
    assert begun().do(facts(), by=THE_SERVICE).told == [], "nothing new, nothing told"


def test_what_the_directory_says_after_the_end_changes_nothing():
    story = begun().do(RESOLVED)
    ended = story.challenge
    for event in (facts(("care_leaver",)), e.IroChanged(), e.PostTakenOver("team_manager"), e.PostEmptied("team_manager")):
        assert story.do(event, by=THE_SERVICE).challenge == ended


# Who sees what.


def test_legal_advice_is_seen_by_the_iro_side_only():
    advice = e.LegalAdviceTaken("Cafcass duty line", on("Wed 8 April 2026"), True, "Refer if the plan is not ratified.")
    story = begun().do(advice)
    assert story.entry("legal_advice_taken").visible is EntryVisibility.CHILDS_IRO
    assert story.entry("legal_advice_taken").facts == {"on": "2026-04-08", "conflict_checked": True}
    assert story.told == []
    assert isinstance(story.refused(advice, by=the("team_manager")), NotYours)


def test_a_childs_confidence_and_the_iro_services_own_notes_are_seen_by_the_iro_service_only():
    story = begun().do(e.ChildViewRecorded("taking it higher", "I am afraid of him.", in_confidence=True))
    assert story.entry("child_view_recorded").visible is EntryVisibility.CHILDS_IRO
    story.do(e.ChildViewRecorded("the issue", "I want to see my brother."))
    assert story.entry("child_view_recorded").visible is EntryVisibility.EVERYONE
    story.do(e.Noted("For supervision.", iro_service_only=True))
    assert story.entry("noted").visible is EntryVisibility.IRO_SERVICE
    assert isinstance(story.refused(e.Noted("Ours alone.", iro_service_only=True), by=the("team_manager")), NotYours)
    story.do(e.Noted("I rang on Monday."), by=copied("social_worker"))
    assert story.entry("noted").visible is EntryVisibility.EVERYONE


def test_what_is_recorded_about_a_child_needs_a_child():
    story = Story(invented(STAGES, "items: [about_service]\njudge_within: 3 working days\n"))
    story.raise_("Wed 8 April 2026, 10:00", facts=None, item_type=ItemType.ABOUT_SERVICE)
    for event in (
        e.ChildViewRecorded("the issue", "I want to go home."),
        e.ChildTold(True, on("Wed 8 April 2026")),
        e.AdvocateRecorded("offered"),
        e.ComplaintOpened("C-9"),
        e.CourtTold(on("Mon 20 April 2026")),
    ):
        assert isinstance(story.refused(event), Unfit)
        assert event.type not in story.moves()


def test_nobody_speaks_for_a_child_where_there_is_none():
    story = Story(invented(STAGES, "items: [about_service]\njudge_within: 3 working days\n"))
    story.raise_("Wed 8 April 2026, 10:00", facts=None, item_type=ItemType.ABOUT_SERVICE)
    assert story.refused(e.ImpactRecorded("better", childs_words="I sleep.")).field == "childs_words"
    story.do(e.ImpactRecorded("better", "The panel meets weekly."))
    assert begun().do(e.ImpactRecorded("better", childs_words="I sleep.")).entry("impact_recorded").words == {
        "childs_words": "I sleep."
    }


def test_words_stand_apart_from_facts():
    story = begun().do(e.CourtTold(on("Mon 20 April 2026"), "I do not support the plan."))
    assert story.entry("court_told").facts == {"hearing": "2026-04-20"}
    assert story.entry("court_told").words == {"view": "I do not support the plan."}


# Away.


def held() -> Story:
    """Away from Friday the 10th to Thursday the 16th: due on Monday the 13th, acted on the 14th."""
    return begun().fast_forward(to="Fri 10 April 2026, 12:00").away("Fri 10 April 2026, 12:00", "Thu 16 April 2026, 12:00")


def test_nobody_is_skipped_by_an_outage_what_closed_is_held_for_a_named_release():
    story = held()
    assert story.told == ["held: iro_manager"]
    assert story.state == "one.awaiting"
    assert story.entry("windows_held").words == {"why": "the service was away"}
    assert story.fast_forward(to="Mon 20 April 2026, 09:00").told == []
    story.do(e.Noted("I looked in."))
    assert story.state == "one.awaiting", "whoever comes by does not release it either"
    assert "windows_released" in story.moves(IRO_MANAGER)
    assert "windows_released" not in story.moves(ADMINISTRATOR)
    assert "windows_released" not in story.moves(IRO)


def test_released_as_due_it_climbs_one_stage_and_the_next_has_its_full_time_from_the_release():
    story = held().do(e.WindowsReleased("as due", "Nothing came."), by=IRO_MANAGER, at="Mon 20 April 2026, 10:00")
    story.fast_forward(to="Mon 20 April 2026, 10:01")
    assert story.state == "two.awaiting"
    assert story.due == "Thu 23 April 2026"
    assert story.fast_forward(to="Thu 23 April 2026, 12:00").state == "two.awaiting"
    assert shown(story.challenge.visit.entered_at) == "Mon 20 April 2026, 10:00"


def test_released_on_the_day_itself_the_next_stages_days_count_from_the_release():
    story = begun().fast_forward(to="Mon 13 April 2026, 18:00").away("Mon 13 April 2026, 18:00", "Tue 14 April 2026, 12:00")
    story.do(e.WindowsReleased("as due", "Nothing came."), by=IRO_MANAGER)
    story.fast_forward(to="Tue 14 April 2026, 12:01")
    assert story.state == "two.awaiting"
    assert story.due == "Fri 17 April 2026"


def test_released_with_the_time_given_back_those_asked_have_what_they_had_left():
    story = held().do(e.WindowsReleased("time given back", "Our own fault."), by=IRO_MANAGER, at="Mon 20 April 2026, 10:00")
    # On Friday one working day was left.
    assert story.due == "Tue 21 April 2026"
    assert story.entry("windows_released").facts == {"how": "time given back", "due": ["2026-04-21"]}
    assert story.fast_forward(to="Tue 21 April 2026, 16:00").told == ["will_climb: raiser"]
    assert story.fast_forward(to="Wed 22 April 2026, 09:00").state == "two.awaiting"


@pytest.mark.parametrize(
    ("within", "due"),
    [
        # Eight of the ten days were left, or 70 of the 120 hours.
        ("10 calendar days", "Tue 28 April 2026"),
        ("120 hours", "Thu 23 April 2026"),
    ],
)
def test_time_is_given_back_in_the_unit_in_which_it_was_promised(within, due):
    stages = f"  one: {{label: One, to: team_manager, respond_within: {within}, no_reply: prompt}}\n"
    story = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00").fast_forward(to="Fri 10 April 2026, 12:00")
    story.away("Fri 10 April 2026, 12:00", "Mon 20 April 2026, 10:00")
    story.do(e.WindowsReleased("time given back", "Our own fault."), by=IRO_MANAGER)
    assert story.due == due


def test_an_answer_reaches_a_held_window_as_any_other():
    story = held().do(AGREES, by=the("team_manager"))
    assert story.state == "one.answered"
    assert story.entry("responded").facts["late"] is True


def test_a_climb_or_an_end_by_hand_needs_no_release():
    assert held().do(e.Escalated("Nothing came.")).state == "two.awaiting"
    assert held().do(RESOLVED).running() == []
    assert held().do(REFERRED).challenge.referral == "referred"


def test_more_time_by_name_frees_a_held_window():
    story = held().do(e.WindowExtended(on("Wed 22 April 2026"), "They could not reach us."))
    assert [w for w in story.running() if w.held_since] == []
    assert story.due == "Wed 22 April 2026"


def test_holding_again_changes_nothing_and_releasing_nothing_is_refused():
    story = held()
    before = story.challenge
    assert story.away("Fri 10 April 2026, 12:00", "Thu 16 April 2026, 12:00").challenge == before
    assert isinstance(begun().refused(e.WindowsReleased("as due", "Why not."), by=IRO_MANAGER), NotOpen)


def test_only_the_service_holds_windows():
    assert isinstance(
        begun().refused(e.WindowsHeld(when("Fri 10 April 2026, 12:00"), when("Thu 16 April 2026, 12:00"))), NotYours
    )


def test_a_warning_missed_in_a_short_outage_comes_late_rather_than_never():
    """The climb of the next morning is not held, so the IRO must hear of it."""
    story = begun().fast_forward(to="Mon 13 April 2026, 15:00").away("Mon 13 April 2026, 15:00", "Mon 13 April 2026, 18:30")
    assert story.told == []
    assert story.fast_forward(to="Mon 13 April 2026, 18:31").told == ["will_climb: raiser"]


def test_a_judgement_told_of_before_the_outage_gets_no_new_date_by_it():
    story = begun().do(AGREES, by=the("team_manager"))
    story.fast_forward(to="Tue 14 April 2026, 09:00")
    assert story.told[-1] == "still_waiting: iro_manager (copy: raiser)"
    story.away("Wed 15 April 2026, 09:00", "Mon 20 April 2026, 09:00")
    story.do(e.WindowsReleased("time given back", "Our own fault."), by=IRO_MANAGER)
    assert story.open == ["judgement Mon 13 April 2026 raiser"]


def test_actions_of_what_has_ended_are_held_and_released_too():
    actions = (e.Action("Book", on("Mon 13 April 2026")),)
    story = begun().do(e.Responded("agrees", "Yes.", actions), by=the("team_manager")).do(RESOLVED)
    story.away("Fri 10 April 2026, 12:00", "Thu 16 April 2026, 12:00")
    assert story.told == ["held: iro_manager"]
    story.do(e.WindowsReleased("as due", "Go on."), by=IRO_MANAGER)
    assert story.fast_forward(to="Thu 16 April 2026, 12:01").told == ["action_due: raiser"]


def test_the_clock_of_a_second_server_that_is_behind_never_turns_the_record_back():
    story = begun().do(RANG, at="Thu 9 April 2026, 12:00")
    story.now = when("Thu 9 April 2026, 11:58")
    story.do(RANG)
    assert [shown(entry.at) for entry in story.entries[-2:]] == ["Thu 9 April 2026, 12:00"] * 2


RANG = e.Noted("I rang.")


def test_text_is_bounded_and_holds_no_control_characters():
    story = begun()
    assert story.refused(e.Noted("x" * 10_001)).field == "text"
    assert story.refused(e.Noted("a\x00b")).field == "text"
    assert story.refused(e.Noted("a\u2028b")).field == "text"
    assert story.refused(e.CopyAdded("x" * 201)).field == "role"
    assert story.refused(e.Redirected("team_manager", e.Chosen("director", "x" * 201), "Why.")).field == "to.person"
    assert story.refused(e.MeetingHeld(on("Wed 8 April 2026"), ("director",) * 51)).field == "attended"
    assert story.refused(e.MeetingArranged(when("Fri 10 April 2026, 10:00").replace(tzinfo=None))).field == "at"
    bad = (e.Action("ok", on("Mon 13 April 2026")), e.Action("a\x07", on("Mon 13 April 2026")))
    assert story.refused(e.Responded("agrees", "Yes.", bad), by=the("team_manager")).field == "actions.1.what"


def test_a_child_with_only_a_protection_plan_stands_on_the_ladder_and_may_be_referred():
    story = Story(durham_2016()).raise_("Wed 8 April 2026, 10:00", facts=PROTECTION_PLAN)
    assert {"referred_to_cafcass", "referral_considered"} <= set(story.moves())


# What the IRO side did beside the ladder.


def test_a_risk_that_was_acted_on_elsewhere_is_kept_and_moves_nothing():
    story = begun()
    before = story.state
    story.do(e.RiskActedOn("LADO", on("Wed 8 April 2026"), "The duty officer has it."))
    assert story.entry("risk_acted_on").facts == {"how": "LADO", "on": "2026-04-08"}
    assert story.entry("risk_acted_on").words == {"words": "The duty officer has it."}
    assert story.entry("risk_acted_on").visible is EntryVisibility.EVERYONE
    assert story.state == before
    assert story.refused(e.RiskActedOn("the police", on("Wed 15 April 2026"))).field == "on"


def test_what_was_learned_is_kept_with_who_was_told_also_after_the_end():
    story = begun()
    story.do(e.Withdrawn("It is settled."))
    story.do(e.LearningNoted("Ask the school sooner.", "The team's meeting.", on("Wed 8 April 2026")))
    assert story.entry("learning_noted").words == {"learned": "Ask the school sooner.", "told_of_it": "The team's meeting."}
