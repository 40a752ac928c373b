"""Derby's QA notifications: hours over the clock change, repeats, ten days for want of a reply, meetings of the heads."""

import pytest

from tests.cast.clock import on, shown
from tests.cast.people import IRO, LOOKED_AFTER, arranger, in_their_line, recorder, the
from tests.cast.rules import derby, shipped
from tests.cast.story import AGREES, ENOUGH, NEEDS_MORE, REFERRED, RESOLVED, Story
from workflows.model import events as e
from workflows.model.challenge import Facts
from workflows.model.events import Chosen, EarlierItem
from workflows.model.ladder import ItemType, Status
from workflows.model.refusals import NotYours, Unfit

DRIFT = ("drift_or_delay",)


def test_seventy_two_hours_elapse_over_the_change_to_summer_time():
    story = Story(derby()).raise_("Fri 27 March 2026, 10:00", reasons=("no_progress",))
    assert story.told == ["asked: social_worker, team_manager"]
    assert story.due == "Mon 30 March 2026"
    assert shown(story.window("reply").promise.closes_at) == "Mon 30 March 2026, 11:00"
    assert story.fast_forward(to="Mon 30 March 2026, 10:59").told == []
    story.fast_forward(to="Mon 30 March 2026, 11:00")
    assert story.state == "informal.asking"
    assert story.told == ["what_next: raiser"]


def test_either_of_the_two_may_answer_the_informal_notification():
    story = Story(derby()).raise_("Fri 27 March 2026, 10:00", reasons=("no_progress",))
    story.do(AGREES, by=the("social_worker"))
    assert story.state == "informal.answered"
    assert story.told == ["to_judge: raiser"]
    story.do(ENOUGH)
    assert story.state == "resolved"


def test_an_informal_ground_that_repeats_prompts_for_formal_stage_one():
    once = EarlierItem("KX-204", ItemType.INFORMAL, ("no_progress",), is_open=False)
    other = EarlierItem("KX-109", ItemType.INFORMAL, ("worker_absent",), is_open=False)
    story = Story(derby()).raise_("Fri 27 March 2026, 10:00", reasons=("no_progress",), earlier=[once, other])
    assert [(p.kind, p.stages, p.reference) for p in story.prompts] == [("repeat", ("formal_1",), "KX-204")]
    assert story.state == "informal.awaiting", "a prompt, never a refusal, and never without the IRO"
    formal = Story(derby())
    formal.raise_("Fri 27 March 2026, 10:00", reasons=("no_progress",), earlier=[once], item_type=ItemType.FORMAL)
    assert formal.prompts == ()
    assert formal.state == "formal_1.awaiting"


def test_the_same_reason_while_another_is_open_is_pointed_out():
    running = EarlierItem("KX-204", ItemType.FORMAL, DRIFT, is_open=True)
    story = Story(derby()).raise_("Fri 27 March 2026, 10:00", reasons=DRIFT, earlier=[running], item_type=ItemType.FORMAL)
    assert [(p.kind, p.reference) for p in story.prompts] == [("already_open", "KX-204")]


def test_ten_days_without_a_reply_and_it_climbs_to_the_heads_responsible():
    story = Story(derby()).raise_("Fri 27 March 2026, 10:00", reasons=DRIFT, item_type=ItemType.FORMAL)
    assert story.told == ["asked: team_manager (copy: social_worker)"]
    assert story.due == "Mon 6 April 2026", "ten calendar days, and they end on Easter Monday"
    story.fast_forward(to="Wed 1 April 2026, 09:00")
    assert story.told == ["reminder: team_manager"], "half-way: three of the five working days to the date have come"
    story.fast_forward(to="Thu 2 April 2026, 16:00")
    assert story.told == ["will_climb: raiser"], "on the last working day before a date that is not worked"
    story.fast_forward(to="Tue 7 April 2026, 09:00")
    assert story.state == "formal_2.awaiting"
    assert story.told == [
        "asked: deputy_head_of_service, head_of_service",
        "to_arrange: deputy_head_of_service_qa",
        "climbed: raiser",
    ]
    assert story.due == "Thu 16 April 2026", "ten days from the date that was due"
    # Stage 2 is answered by a meeting: who is to book it is reminded, and its date asks the IRO and moves nothing.
    story.fast_forward(to="Mon 13 April 2026, 09:00")
    assert story.told == ["to_arrange: deputy_head_of_service_qa"]
    story.fast_forward(to="Fri 17 April 2026, 09:00")
    assert story.told == ["what_next: raiser"]
    assert story.state == "formal_2.asking"


def test_the_climb_to_a_director_whom_the_sender_picks_waits_for_the_choice():
    story = Story(derby())
    story.raise_("Wed 8 April 2026, 10:00", reasons=DRIFT, item_type=ItemType.FORMAL, stage="formal_3", stage_reason="Known.")
    refusal = story.refused(e.Escalated("No agreement."))
    assert isinstance(refusal, Unfit)
    assert refusal.field == "to"
    story.do(e.Escalated("No agreement.", to=(Chosen("strategic_director"),)))
    assert story.told == ["asked: strategic_director", "to_send: head_of_service_qa", "to_arrange: head_of_service_qa"]


def test_the_deputy_head_is_alerted_where_priority_is_high_and_the_managers_oversight_is_in_question():
    doubted = Facts(statuses=frozenset({Status.LOOKED_AFTER}), facts=frozenset({"managers_oversight_in_question"}))
    said = {"reasons": DRIFT, "item_type": ItemType.FORMAL}
    at = "Fri 27 March 2026, 10:00"
    alerted = "asked: team_manager (copy: social_worker, deputy_head_of_service_qa)"
    plain = "asked: team_manager (copy: social_worker)"
    assert Story(derby()).raise_(at, facts=doubted, priority="high", **said).told == [alerted]
    assert Story(derby()).raise_(at, facts=doubted, priority="low", **said).told == [plain]
    assert Story(derby()).raise_(at, facts=doubted, **said).told == [plain]
    assert Story(derby()).raise_(at, facts=LOOKED_AFTER, priority="high", **said).told == [plain]


def test_the_meeting_of_stage_two_is_booked_and_recorded_by_quality_assurance_and_judged_by_the_iro():
    story = Story(derby())
    story.raise_(
        "Wed 8 April 2026, 10:00",
        reasons=DRIFT,
        item_type=ItemType.FORMAL,
        stage="formal_2",
        stage_reason="Stage 1 failed in February.",
    )
    assert story.owner == "deputy_head_of_service_qa"
    story.do(e.MeetingArranged(at=story.now), by=arranger("deputy_head_of_service_qa"))
    assert story.owner == "deputy_head_of_service"
    story.do(e.MeetingHeld(on("Tue 14 April 2026")), at="Tue 14 April 2026, 12:00")
    assert story.told == ["outcome_wanted: deputy_head_of_service_qa"]
    assert story.owner == "deputy_head_of_service_qa"
    concerned = in_their_line(recorder("deputy_head_of_service_qa"))
    assert isinstance(story.refused(e.OutcomeRecorded("An action plan."), by=concerned), NotYours)
    story.do(e.OutcomeRecorded("An action plan."), by=recorder("deputy_head_of_service_qa"))
    assert story.told == ["to_judge: raiser"]
    story.do(NEEDS_MORE)
    assert story.state == "formal_3.awaiting"
    assert story.told == ["asked: head_of_service", "to_arrange: head_of_service_qa"]


def test_stage_four_is_sent_by_the_head_of_service_for_quality():
    story = Story(derby())
    story.raise_(
        "Wed 8 April 2026, 10:00",
        reasons=DRIFT,
        item_type=ItemType.FORMAL,
        stage="formal_4",
        stage_reason="No agreement between the heads.",
        to=(Chosen("service_director"),),
    )
    assert story.told == ["asked: service_director", "to_send: head_of_service_qa", "to_arrange: head_of_service_qa"]
    story.do(e.OutcomeRecorded("Nothing more can be done."), by=recorder("head_of_service_qa"), at="Fri 10 April 2026, 10:00")
    story.do(NEEDS_MORE)
    assert story.state == "referral.asking"
    story.do(REFERRED)
    assert story.told == ["tell_of_referral: deputy_head_of_service_qa"], "no ladder names whose task it is: the IRO manager's"


def test_a_notice_of_excellent_practice_is_told_once_and_asks_for_nothing():
    notice = shipped("derby", "excellent_practice")
    story = Story(notice)
    story.raise_("Wed 8 April 2026, 10:00", item_type=ItemType.EXCELLENT_PRACTICE, reasons=("excellent_practice",))
    assert story.told == ["notice: social_worker (copy: team_manager, head_of_service)"]
    assert story.state == "noticed"
    assert story.challenge.windows == ()
    assert story.moves() == (
        "withdrawn", "impact_recorded", "learning_noted", "quote_offered", "noted", "corrected", "recorded_in_error"
    )  # fmt: skip
    story.do(e.ImpactRecorded("better", "She knows her story now."))
    story.fast_forward(to="Thu 8 April 2027, 09:00")
    assert story.told == []


@pytest.mark.parametrize("event", [AGREES, REFERRED, RESOLVED, e.Escalated("More."), e.Reopened("notice", "Again.")])
def test_a_notice_can_neither_be_answered_nor_climb(event):
    story = Story(shipped("derby", "excellent_practice"))
    story.raise_("Wed 8 April 2026, 10:00", item_type=ItemType.EXCELLENT_PRACTICE, reasons=())
    by = the("social_worker") if event is AGREES else IRO
    assert story.refused(event, by=by)
