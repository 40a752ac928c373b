"""People asked: acknowledging, asking back, passing it on, meeting, answering; and judges judging."""

import pytest

from tests.cast.clock import on, shown, when
from tests.cast.people import IRO, IRO_MANAGER, RAISER_ONLY, arranger, endorser, in_their_line, judge, once_asked, the
from tests.cast.rules import invented
from tests.cast.story import AGREES, DISAGREES, ENOUGH, NEEDS_MORE, RESOLVED, Story
from workflows.model import events as e
from workflows.model.events import Action, Chosen
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotOpen, NotYours, Unfit

PLAIN = """
  one: {label: One, to: team_manager, copy: [service_manager], respond_within: 2 working days, no_reply: escalate}
  two: {label: Two, to: director, respond_within: 2 working days, no_reply: prompt}
"""


def plain() -> Story:
    return Story(invented(PLAIN)).raise_("Wed 8 April 2026, 10:00")


# Acknowledged is not answered.


def test_an_acknowledgement_is_on_the_record_and_the_window_runs_on():
    story = plain().do(e.Acknowledged(), by=the("team_manager"))
    assert story.state == "one.awaiting"
    assert story.window("reply").asked[0].acknowledged_at == story.now
    assert story.window("reply").asked[0].answered_at is None
    assert story.told == []
    assert story.fast_forward(to="Mon 13 April 2026, 09:00").state == "two.awaiting"


def test_nobody_acknowledges_or_answers_what_they_were_not_asked():
    assert isinstance(plain().refused(e.Acknowledged(), by=the("director")), NotYours)
    assert isinstance(plain().refused(AGREES, by=the("director")), NotYours)
    assert isinstance(plain().refused(AGREES, by=IRO), NotYours)
    assert isinstance(plain().refused(AGREES, by=IRO_MANAGER), NotYours)


def test_somebody_may_answer_about_their_own_casework_for_that_is_why_they_are_asked():
    story = plain().do(AGREES, by=in_their_line(the("team_manager")))
    assert story.state == "one.answered"


# Not for me, asking back.


def test_not_for_me_is_told_to_the_iro_who_puts_the_question_to_another():
    story = plain().do(e.NotForMe("It is the leaving care team's.", "Their manager"), by=the("team_manager"))
    assert story.told == ["not_for_me: raiser"]
    assert story.state == "one.awaiting"
    due = story.due
    story.do(e.Redirected("team_manager", Chosen("service_manager"), "The leaving care team is hers."))
    assert story.told == ["redirected: service_manager"]
    assert story.due == due, "the same question, in the same window"
    assert story.owner == "service_manager"
    assert story.challenge.visit.copied == (), "nobody is copied where they are asked"
    assert isinstance(story.refused(AGREES, by=the("team_manager")), NotYours)
    story.do(AGREES, by=the("service_manager"))
    assert story.state == "one.answered"


def test_a_question_of_several_is_passed_on_for_one_and_kept_for_the_others():
    stages = (
        "  one: {label: One, to: {all of: [social_worker, team_manager]}, respond_within: 2 working days, no_reply: prompt}\n"
    )
    story = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00")
    story.do(AGREES, by=the("social_worker"))
    story.do(e.Redirected("team_manager", Chosen("social_worker"), "She leads on it."))
    assert [asked.party.role for asked in story.window("reply").asked] == ["social_worker"]
    assert story.window("reply").asked[0].answered_at is not None, "what was answered stays answered"


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (e.Redirected("director", Chosen("service_manager"), "Wrong."), "of"),
        (e.Redirected("team_manager", Chosen("plumber"), "Wrong."), "to"),
        (e.Redirected("team_manager", Chosen("named_nurse"), "Wrong."), "to"),
    ],
)
def test_a_question_is_passed_on_only_from_somebody_asked_to_somebody_of_the_authority(event, field):
    assert plain().refused(event).field == field


def test_a_question_back_does_not_stop_the_window():
    story = plain().do(e.ClarificationAsked("Which sibling?"), by=the("team_manager"))
    assert story.told == ["question: raiser"]
    story.do(e.ClarificationGiven("The elder."))
    assert story.told == ["clarified: team_manager"]
    assert story.fast_forward(to="Mon 13 April 2026, 09:00").state == "two.awaiting"


# Answering.


def test_an_answer_opens_its_actions_and_goes_to_the_judge():
    actions = (Action("Book the contact", on("Fri 17 April 2026")), Action("Write to her", on("Wed 22 April 2026")))
    story = plain().do(e.Responded("in_part", "We can do this much.", actions), by=the("team_manager"))
    assert story.open == [
        "action Fri 17 April 2026 raiser",
        "action Wed 22 April 2026 raiser",
        "judgement Mon 13 April 2026 raiser",
    ]
    facts = story.entry("responded").facts
    assert facts["position"] == "in_part"
    assert facts["actions"] == ["2026-04-17", "2026-04-22"]
    assert story.entry("responded").words == {
        "answer": "We can do this much.",
        "actions.0": "Book the contact",
        "actions.1": "Write to her",
    }


def test_an_action_in_the_past_is_sent_back_with_its_place():
    actions = (Action("Book", on("Fri 17 April 2026")), Action("Write", on("Tue 7 April 2026")))
    refusal = plain().refused(e.Responded("agrees", "Yes.", actions), by=the("team_manager"))
    assert refusal.field == "actions.1.by"


def test_an_obstacle_outside_their_control_is_recorded_and_the_climb_goes_on_where_the_ladder_says_so():
    stages = PLAIN.replace("no_reply: escalate}", 'no_reply: escalate, obstacle: "recorded, climbs on"}')
    story = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00")
    story.do(e.Responded("beyond_our_control", "No foster home has a place."), by=the("team_manager"))
    assert story.state == "one.awaiting"
    assert story.told == ["part_answered: raiser"]
    assert story.fast_forward(to="Fri 10 April 2026, 16:00").told == ["will_climb: raiser"]
    assert story.fast_forward(to="Mon 13 April 2026, 09:00").state == "two.awaiting"


def test_an_obstacle_is_judged_as_any_answer_where_the_ladder_says_nothing():
    story = plain().do(e.Responded("beyond_our_control", "No foster home has a place."), by=the("team_manager"))
    assert story.state == "one.answered"


def test_a_later_answer_is_for_the_present_question_not_for_an_older_one():
    """Asked at a stage, unanswered, ended, opened again at the same stage, answered: a second answer is of this stay."""
    story = plain().do(e.EndedUnresolved("No way on."), at="Thu 9 April 2026, 10:00")
    story.do(e.Reopened("one", "It went wrong again."), at="Mon 20 April 2026, 10:00")
    story.do(DISAGREES, by=the("team_manager"))
    story.do(e.Judged("needs_more", climb=False))
    story.do(AGREES, by=the("team_manager"))
    assert story.entry("responded").facts["window"] == [2, "reply", 1]
    assert story.entry("responded").facts["late"] is False


def test_late_answers_stand_on_their_own_windows_after_a_ladder_moved():
    story = plain().fast_forward(to="Mon 13 April 2026, 09:00")
    renamed = invented(PLAIN.replace("  one:", "  first:").replace("  two:", "  second:"))
    story.move_ladder(renamed, "second")
    story.do(e.Responded("beyond_our_control", "No place."), by=once_asked("team_manager"))
    assert story.told == ["late_answer: raiser"]
    assert "escalation_recalled" not in story.moves()
    story.do(e.Escalated("Start again.", to_stage="first"))
    assert story.state == "first.awaiting"


# Judging.


def test_the_iro_finds_it_enough_and_it_is_resolved():
    story = plain().do(AGREES, by=the("team_manager"))
    story.do(e.Judged("enough", what_changed="She moved.", look_again_on=on("Wed 8 July 2026")))
    assert story.state == "resolved"
    assert story.open == ["follow_up Wed 8 July 2026 raiser"]
    assert story.told == ["ended: team_manager, service_manager"]


def test_the_iro_finds_it_not_enough_and_it_climbs_or_is_considered():
    story = plain().do(AGREES, by=the("team_manager")).do(NEEDS_MORE)
    assert story.state == "two.awaiting"
    assert story.due == "Fri 10 April 2026", "the days count from the act"
    considered = plain().do(AGREES, by=the("team_manager")).do(e.Judged("needs_more", climb=False))
    assert considered.state == "one.asking"
    assert considered.told == ["what_next: raiser"]


BRANCH = """
  one: {label: One, to: team_manager, respond_within: 2 working days, no_reply: prompt, not_satisfied: {one of: [two, three]}}
  two: {label: Two, to: service_manager, respond_within: 2 working days, no_reply: prompt}
  three: {label: Three, to: director, respond_within: 2 working days, no_reply: prompt}
"""


def test_where_there_is_more_than_one_way_on_the_iro_names_it():
    story = Story(invented(BRANCH)).raise_("Wed 8 April 2026, 10:00").do(AGREES, by=the("team_manager"))
    refusal = story.refused(NEEDS_MORE)
    assert refusal.field == "to_stage"
    assert "two, three" in refusal.do
    story.do(e.Judged("needs_more", to_stage="three"))
    assert story.state == "three.awaiting"
    assert story.challenge.visit.how == "climbed"


def test_a_satisfactory_answer_may_lead_on_to_another_stage():
    stages = BRANCH.replace("not_satisfied: {one of: [two, three]}", "satisfied: three")
    story = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00").do(AGREES, by=the("team_manager")).do(ENOUGH)
    assert story.state == "three.awaiting"


def judged_by(judges: str) -> Story:
    stages = PLAIN.replace("no_reply: escalate}", f"no_reply: escalate, judged_by: {judges}}}")
    return Story(invented(stages)).raise_("Wed 8 April 2026, 10:00").do(AGREES, by=the("team_manager"))


def test_all_of_several_judges_must_find_it_enough():
    story = judged_by("{all of: [raiser, head_of_quality]}")
    assert story.told == ["to_judge: raiser, head_of_quality"]
    story.do(ENOUGH, by=judge("head_of_quality"))
    assert story.state == "one.answered"
    story.do(ENOUGH)
    assert story.state == "resolved"


def test_the_iros_needs_more_prevails_over_another_judges_enough():
    story = judged_by("{all of: [raiser, head_of_quality]}").do(ENOUGH, by=judge("head_of_quality")).do(NEEDS_MORE)
    assert story.state == "two.awaiting"


def test_where_the_iro_found_it_enough_another_judges_needs_more_asks_the_iro():
    story = judged_by("{all of: [raiser, head_of_quality]}").do(ENOUGH).do(NEEDS_MORE, by=judge("head_of_quality"))
    assert story.state == "one.asking"
    assert story.told == ["what_next: raiser"]
    story.do(RESOLVED)
    assert story.state == "resolved"


def test_another_judges_enough_never_ends_it_without_the_iro():
    for judges in ("{any of: [raiser, head_of_quality]}", "head_of_quality"):
        story = judged_by(judges).do(ENOUGH, by=judge("head_of_quality"))
        assert story.state == "one.asking", judges
        assert story.told == ["what_next: raiser"]


def test_the_iro_is_told_where_somebody_else_judges_and_may_judge_all_the_same():
    story = judged_by("head_of_quality")
    assert story.told == ["to_judge: head_of_quality (copy: raiser)"]
    story.do(ENOUGH)
    assert story.state == "resolved"


def test_a_judge_in_the_line_complained_about_does_not_judge():
    story = judged_by("{all of: [raiser, head_of_quality]}")
    assert "own casework" in story.refused(ENOUGH, by=in_their_line(judge("head_of_quality"))).said
    assert "own casework" in story.refused(ENOUGH, by=in_their_line(IRO)).said


def test_only_what_is_answered_is_judged():
    assert isinstance(plain().refused(ENOUGH), NotOpen)


# Meetings.

MEETING = """
  one:
    label: One
    to: {all of: [team_manager, service_manager]}
    contact: {meeting: {arranged_by: business_support, attended_by: [director], outcome_recorded_by: raiser}}
    respond_within: 5 working days
    no_reply: escalate
  two: {label: Two, to: director, respond_within: 2 working days, no_reply: prompt}
"""


def meeting() -> Story:
    return Story(invented(MEETING)).raise_("Wed 8 April 2026, 10:00")


def test_the_owner_of_a_meetings_window_changes_hands_and_its_date_does_not_move():
    story = meeting()
    assert story.told == ["asked: team_manager, service_manager", "to_arrange: business_support"]
    assert (story.owner, story.due) == ("business_support", "Wed 15 April 2026")
    story.do(e.MeetingArranged(when("Mon 13 April 2026, 10:00"), "Room 4"), by=arranger("business_support"))
    assert story.told == ["meeting: team_manager, service_manager, director, raiser"]
    assert (story.owner, story.due) == ("team_manager", "Wed 15 April 2026")
    story.do(e.MeetingArranged(when("Tue 14 April 2026, 10:00"), "Room 4"), by=arranger("business_support"))
    assert story.told == ["meeting_moved: team_manager, service_manager, director, raiser"]
    assert story.entry("meeting_arranged").facts["again"] is True
    story.do(e.MeetingHeld(on("Tue 14 April 2026"), ("director",)), at="Tue 14 April 2026, 12:00")
    assert story.told == ["outcome_wanted: raiser"]
    assert (story.owner, story.due) == ("raiser", "Wed 15 April 2026")
    story.do(e.OutcomeRecorded("Agreed."), at="Wed 15 April 2026, 12:00")
    assert story.state == "one.answered"
    assert all(not asked.late for asked in story.window("meeting").asked)


def test_a_meeting_not_held_by_its_date_climbs_where_the_ladder_says_so():
    story = meeting()
    story.do(e.MeetingArranged(when("Mon 20 April 2026, 10:00")), by=IRO_MANAGER)
    assert story.fast_forward(to="Wed 15 April 2026, 16:00").told == ["will_climb: raiser"]
    assert story.fast_forward(to="Thu 16 April 2026, 09:00").state == "two.awaiting"


def test_a_meeting_that_was_held_does_not_climb_for_want_of_the_iros_own_record():
    story = meeting()
    story.do(e.MeetingHeld(on("Wed 15 April 2026")), at="Wed 15 April 2026, 12:00")
    assert story.fast_forward(to="Wed 15 April 2026, 18:00").told == []
    story.fast_forward(to="Thu 16 April 2026, 09:00")
    assert story.state == "one.asking"
    story.do(e.OutcomeRecorded("Agreed, late on the record."))
    assert story.state == "one.answered"


def test_a_written_answer_where_a_meeting_is_the_answer_is_part_of_one():
    story = meeting().do(AGREES, by=the("team_manager")).do(AGREES, by=the("service_manager"))
    assert story.state == "one.awaiting"
    assert story.told == ["part_answered: raiser"]
    assert story.fast_forward(to="Thu 16 April 2026, 09:00").state == "one.asking"


def test_more_time_for_a_meeting_that_is_booked_leaves_it_with_those_asked():
    story = meeting().do(e.MeetingArranged(when("Mon 20 April 2026, 10:00")), by=IRO_MANAGER)
    story.do(AGREES, by=the("team_manager"))
    story.fast_forward(to="Thu 16 April 2026, 09:00")
    story.do(e.WindowExtended(on("Mon 20 April 2026"), "It is booked for then."))
    assert story.owner == "service_manager"


def test_those_who_attended_are_named_by_role_and_anybody_else_in_words():
    refusal = meeting().refused(e.MeetingHeld(on("Wed 8 April 2026"), ("Jane Doe",)))
    assert refusal.field == "attended"
    story = meeting().do(e.MeetingHeld(on("Wed 8 April 2026"), ("director", "raiser"), "Jane Doe"))
    assert story.entry("meeting_held").words == {"others": "Jane Doe"}


def test_there_is_no_meeting_where_the_stage_knows_none():
    assert isinstance(plain().refused(e.MeetingArranged(when("Mon 13 April 2026, 10:00"))), NotOpen)


# Endorsement, on a partner agency's route.

PARTNER = """
  one:
    label: One
    to: named_nurse
    copy: [team_manager]
    endorsed_by: {role: service_manager, within: 2 working days}
    respond_within: 5 working days
    no_reply: prompt
"""
PARTNER_TOP = "items: [partner_agency]\njudge_within: 3 working days\n"


def partner() -> Story:
    return Story(invented(PARTNER, PARTNER_TOP)).raise_(
        "Wed 8 April 2026, 10:00", item_type=ItemType.PARTNER_AGENCY, agency="health_trust"
    )


def test_nothing_is_sent_before_it_is_endorsed():
    story = partner()
    assert story.state == "one.endorsing"
    assert story.told == ["to_endorse: service_manager"]
    assert story.open == ["endorsement Fri 10 April 2026 service_manager"]
    story.do(e.Endorsed("Yes."), by=endorser("service_manager"), at="Fri 10 April 2026, 10:00")
    assert story.told == ["asked: named_nurse (copy: team_manager)"]
    assert story.due == "Fri 17 April 2026", "the days count from the sending"


def test_an_endorsement_declined_asks_the_raiser_what_next():
    story = partner().do(e.EndorsementDeclined("Talk to them first."), by=endorser("service_manager"))
    assert story.state == "one.asking"
    assert story.told == ["what_next: raiser"]
    story.do(e.Withdrawn("They were right."))
    assert story.told == [], "nobody outside ever heard of it"


def test_an_endorsement_past_its_date_asks_the_raiser_and_may_still_come():
    story = partner().fast_forward(to="Mon 13 April 2026, 09:00")
    assert story.state == "one.asking"
    assert story.told == ["what_next: raiser", "still_waiting: iro_manager"]
    story.do(e.Endorsed(), by=endorser("service_manager"))
    assert story.state == "one.awaiting"
    assert story.told == ["asked: named_nurse (copy: team_manager)"]
    assert [w.key.kind for w in story.running()] == ["reply"]
    assert isinstance(story.refused(e.Endorsed(), by=endorser("service_manager")), NotOpen)


def test_more_time_before_it_was_sent_is_for_the_endorser_and_reaches_nobody_outside():
    story = partner().fast_forward(to="Mon 13 April 2026, 09:00")
    story.do(e.WindowExtended(on("Thu 16 April 2026"), "She is back on Thursday."))
    assert story.state == "one.endorsing"
    assert story.told == ["to_endorse: service_manager"]
    assert story.open == ["endorsement Thu 16 April 2026 service_manager"]
    assert not any(who.role == "named_nurse" for telling in story.tellings for who in (*telling.to, *telling.copy))


# Jumping, advice.


def test_a_jump_goes_to_any_stage_with_a_reason():
    story = Story(invented(BRANCH)).raise_("Wed 8 April 2026, 10:00", item_type=ItemType.FORMAL)
    assert story.refused(e.Escalated("  ", to_stage="three")).field == "why"
    assert story.refused(e.Escalated("Now.", to_stage="nine")).field == "to_stage"
    assert story.refused(e.Escalated("Now.", to_stage="one")).field == "to_stage"
    story.do(e.Escalated("The director knows of it.", to_stage="three"))
    story.do(e.Escalated("She sends it back.", to_stage="two"))
    assert story.state == "two.awaiting"
    assert story.challenge.visit.how == "jumped"
    assert story.challenge.highest_stage == "three"


def test_talking_first_is_recorded_and_never_a_gate_for_a_looked_after_child():
    top = "items: [informal, formal]\njudge_within: 3 working days\nbefore_skipping: {talk_to: head_of_quality}\n"
    stages = PLAIN + "  three: {label: Three, to: iro_manager, respond_within: 2 working days, no_reply: prompt}\n"
    story = Story(invented(stages, top)).raise_("Wed 8 April 2026, 10:00")
    story.do(e.Escalated("It cannot wait.", to_stage="three", advice_before_skipping="She would wait a day."))
    assert story.entry("advice_before_skipping").facts == {"with": "head_of_quality", "given": True}
    assert story.entry("advice_before_skipping").words == {"advice": "She would wait a day."}


def test_the_person_who_was_asked_may_still_answer_from_where_they_were_asked():
    story = plain().fast_forward(to="Mon 13 April 2026, 09:00")
    story.do(AGREES, by=once_asked("team_manager"), at="Tue 14 April 2026, 10:00")
    assert story.told == ["late_answer: raiser"]
    assert story.state == "two.awaiting"
    first = next(w for w in story.challenge.windows if w.key.kind == "reply")
    assert shown(first.asked[0].answered_at) == "Tue 14 April 2026, 10:00"


def test_whoever_raised_it_without_being_the_childs_iro_does_all_but_the_referral():
    story = Story(invented(PLAIN)).raise_("Wed 8 April 2026, 10:00", by=RAISER_ONLY)
    referral = e.ReferredToCafcass(("care_plan_not_prepared",), "It drifts.")
    assert isinstance(story.refused(referral, by=RAISER_ONLY), NotYours)
    story.do(e.Escalated("Higher."), by=RAISER_ONLY)
    story.do(RESOLVED, by=RAISER_ONLY)
    assert story.state == "resolved"


def test_a_date_for_putting_it_right_may_be_set_with_the_climb():
    story = plain().do(e.Escalated("Higher.", resolve_by=on("Fri 1 May 2026")))
    assert story.challenge.resolve_by == on("Fri 1 May 2026")
    assert isinstance(plain().refused(e.Escalated("Higher.", resolve_by=on("Tue 7 April 2026"))), Unfit)
