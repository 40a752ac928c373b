"""Durham's Dispute Resolution Process of 2016/17 and its Resolution Process of 2022/23, as the reports tell them."""

import pytest

from tests.cast.clock import on, shown, when
from tests.cast.people import IN_PLO, IRO_MANAGER, LOOKED_AFTER, PROTECTION_PLAN, arranger, the
from tests.cast.rules import durham_2016, durham_2022, durham_climbing, invented
from tests.cast.story import AGREES, ENOUGH, NEEDS_MORE, REFERRED, RESOLVED, Story
from workflows.decision import addressing
from workflows.model import events as e
from workflows.model.challenge import Facts
from workflows.model.events import Chosen
from workflows.model.ladder import ItemType, Ladder, Status
from workflows.model.refusals import NotOpen, Unfit

THE_CLIMB = [
    # entered at, stage, due, to, copies; the child is in PLO
    ("Wed 1 April 2026, 10:00", "informal", "Thu 2 April 2026", "social_worker", ""),
    (
        "Tue 7 April 2026, 09:00", "stage_2", "Thu 9 April 2026", "team_manager",
        "social_worker, operations_manager, iro_operations_manager, legal_advisor",
    ),
    (
        "Fri 10 April 2026, 09:00", "stage_3", "Wed 15 April 2026", "operations_manager",
        "strategic_manager_cs, strategic_manager_sqd, legal_manager, "
        "social_worker, team_manager, iro_operations_manager, legal_advisor",
    ),
    (
        "Thu 16 April 2026, 09:00", "stage_4", "Wed 22 April 2026", "strategic_manager_cs, strategic_manager_sqd",
        "social_worker, operations_manager, iro_operations_manager, legal_advisor",
    ),
    (
        "Thu 23 April 2026, 09:00", "stage_5", "Wed 29 April 2026", "head_of_cs, head_of_planning",
        "operations_manager, iro_operations_manager, strategic_manager_cs, strategic_manager_sqd, legal_advisor",
    ),
    (
        "Thu 30 April 2026, 09:00", "stage_6", "Thu 30 April 2026", "corporate_director, head_of_legal",
        "strategic_manager_cs, strategic_manager_sqd, legal_advisor, head_of_cs, head_of_planning",
    ),
    (
        "Fri 1 May 2026, 09:00", "stage_7", "Fri 1 May 2026", "chief_executive",
        "head_of_cs, head_of_planning, corporate_director",
    ),
]  # fmt: skip


@pytest.mark.parametrize("in_plo", [True, False], ids=["in PLO", "not in PLO"])
def test_nobody_answers_and_it_climbs_to_the_top_in_twenty_working_days_over_easter_and_may_day(in_plo):
    story = Story(durham_climbing()).raise_("Wed 1 April 2026, 10:00", facts=IN_PLO if in_plo else LOOKED_AFTER)
    for entered, stage, due, to, copies in THE_CLIMB:
        story.fast_forward(to=entered)
        # The Legal Advisor is copied only if the child is in PLO or in proceedings.
        named = copies if in_plo else copies.replace("legal_advisor, ", "").replace(", legal_advisor", "")
        assert story.state == f"{stage}.awaiting"
        assert story.due == due
        if stage == "informal":
            assert story.told == []
            assert story.tellings[0].to[0].role == to
            assert story.tellings[0].copy == ()
        else:
            assert story.told_of("asked") == f"{to} (copy: {named})"
            assert story.told_of("climbed") == "raiser"
    story.fast_forward(to="Tue 5 May 2026, 08:59")
    assert story.state == "stage_7.awaiting"
    story.fast_forward(to="Tue 5 May 2026, 09:00")
    assert story.state == "stage_8.asking"
    assert story.told == ["about_cafcass: raiser", "climbed: raiser"]
    assert story.challenge.highest_stage == "stage_7", "the last stage counts only when a referral was made"
    story.do(REFERRED)
    assert story.told == ["tell_of_referral: iro_operations_manager"]
    assert story.challenge.highest_stage == "stage_8"


def test_at_the_top_of_a_child_who_is_not_looked_after_the_iro_is_asked_what_next_and_may_refer_all_the_same():
    story = Story(durham_climbing()).raise_("Wed 1 April 2026, 10:00", facts=PROTECTION_PLAN)
    story.fast_forward(to="Tue 5 May 2026, 09:00")
    assert story.told[-2:] == ["what_next: raiser", "climbed: raiser"]
    assert story.do(REFERRED).challenge.referral == "referred"


def test_each_climb_is_announced_at_four_in_the_afternoon_of_the_due_date():
    story = Story(durham_climbing()).raise_("Wed 1 April 2026, 10:00")
    announced = []
    while story.state != "stage_8.asking":
        story.next_date()
        if story.told == ["will_climb: raiser"]:
            announced.append(shown(story.now))
    assert announced == [
        "Thu 2 April 2026, 16:00",
        "Thu 9 April 2026, 16:00",
        "Wed 15 April 2026, 16:00",
        "Wed 22 April 2026, 16:00",
        "Wed 29 April 2026, 16:00",
        "Thu 30 April 2026, 16:00",
        "Fri 1 May 2026, 16:00",
    ]


def test_as_shipped_the_informal_step_asks_the_iro_what_next_and_they_take_it_on():
    story = Story(durham_2016()).raise_("Wed 1 April 2026, 10:00", copies=("team_manager",))
    assert story.told == ["asked: social_worker (copy: team_manager)"]
    story.fast_forward(to="Tue 7 April 2026, 09:00")
    assert story.state == "informal.asking"
    assert story.told == ["what_next: raiser"]
    assert story.open == ["judgement Fri 10 April 2026 raiser"]
    # The IRO's own act: the days count from the day of the act.
    story.do(e.Escalated("No reply, and the placement ends in June."), at="Wed 8 April 2026, 11:00")
    assert story.state == "stage_2.awaiting"
    assert story.due == "Mon 13 April 2026"
    assert story.told == ["asked: team_manager (copy: social_worker, operations_manager, iro_operations_manager)"]
    # Stages 2 and 3 climb by themselves; the copies of the informal step are among everyone above.
    story.fast_forward(to="Tue 14 April 2026, 09:00")
    assert story.due == "Fri 17 April 2026"
    assert story.told_of("asked") == (
        "operations_manager (copy: strategic_manager_cs, strategic_manager_sqd, legal_manager, "
        "social_worker, team_manager, iro_operations_manager)"
    )
    # From stage 4 the answer is a meeting that the IRO's own side arranges: a passed date asks.
    story.fast_forward(to="Mon 20 April 2026, 09:00")
    assert story.state == "stage_4.awaiting"
    assert story.due == "Fri 24 April 2026"
    assert story.owner == "iro_operations_manager"
    story.fast_forward(to="Wed 22 April 2026, 09:00")
    assert story.told == ["to_arrange: iro_operations_manager"], "who is to book the meeting is reminded, not who is to attend"
    story.fast_forward(to="Mon 27 April 2026, 09:00")
    assert story.state == "stage_4.asking"
    assert story.told == ["what_next: raiser"]


def test_the_team_manager_is_copied_at_the_informal_step_only_if_the_iro_chooses():
    story = Story(durham_2016()).raise_("Wed 1 April 2026, 10:00")
    assert story.told == ["asked: social_worker"]
    story.do(e.CopyAdded("team_manager", "They should know."))
    assert story.told == ["copied: - (copy: team_manager)"]


def test_a_monitoring_meeting_if_required_has_an_outcome_and_does_not_end_the_wait():
    story = Story(durham_2016()).raise_("Wed 8 April 2026, 10:00", item_type=ItemType.FORMAL)
    assert story.state == "stage_2.awaiting"
    story.do(e.MeetingArranged(at=story.now), by=IRO_MANAGER)
    story.do(e.OutcomeRecorded("They will write by Monday."))
    assert story.state == "stage_2.awaiting"
    story.do(AGREES, by=the("team_manager"), at="Mon 13 April 2026, 23:59")
    assert story.state == "stage_2.answered"
    assert not story.window("reply").asked[0].late


def test_stage_four_is_answered_by_a_meeting_that_the_iro_operations_manager_arranges_and_the_iro_records():
    story = Story(durham_2016())
    story.raise_("Wed 8 April 2026, 10:00", item_type=ItemType.FORMAL, stage="stage_4", stage_reason="Both managers know of it.")
    assert story.told == [
        "asked: strategic_manager_cs, strategic_manager_sqd (copy: social_worker, operations_manager, iro_operations_manager)",
        "to_arrange: iro_operations_manager",
    ]
    assert story.owner == "iro_operations_manager"
    story.do(e.MeetingArranged(at=story.now), by=arranger("iro_operations_manager"))
    assert story.told == ["meeting: strategic_manager_cs, strategic_manager_sqd, iro, iro_operations_manager, raiser"]
    assert story.owner == "strategic_manager_cs"
    story.do(e.MeetingArranged(at=story.now), by=arranger("iro_operations_manager"))
    assert story.told == ["meeting_moved: strategic_manager_cs, strategic_manager_sqd, iro, iro_operations_manager, raiser"]
    story.do(e.MeetingHeld(on("Tue 14 April 2026"), ("iro", "strategic_manager_cs")), at="Tue 14 April 2026, 12:00")
    assert story.told == ["outcome_wanted: iro"]
    assert story.owner == "iro"
    assert story.due == "Wed 15 April 2026", "the due date has not moved"
    story.do(e.OutcomeRecorded("A date was agreed.", (e.Action("Ratify the plan", on("Fri 24 April 2026")),)))
    assert story.state == "stage_4.answered"
    assert story.window("meeting").closed_as == "outcome recorded"
    assert story.told == ["to_judge: raiser"]
    assert [text for text in story.open if not text.startswith("whole")] == [
        "action Fri 24 April 2026 raiser",
        "judgement Fri 17 April 2026 raiser",
    ]
    story.do(ENOUGH)
    assert story.state == "resolved"


def test_the_whole_process_has_a_limit_that_warns_and_moves_nothing():
    story = Story(durham_2016()).raise_("Wed 1 April 2026, 10:00")
    assert [w.key.kind for w in story.running()] == ["reply"], "the informal day does not count"
    story.do(e.Escalated("It cannot wait."), at="Thu 2 April 2026, 12:00")
    assert "whole_process Tue 5 May 2026 raiser" in story.open
    story.do(e.WindowExtended(on("Fri 29 May 2026"), "The social worker is in hospital."))
    story.fast_forward(to="Tue 5 May 2026, 18:00")
    story.fast_forward(to="Wed 6 May 2026, 09:00")
    assert story.told == ["whole_process: raiser (copy: iro_operations_manager)"]
    assert story.state == "stage_2.awaiting"
    assert story.due == "Fri 29 May 2026"
    assert not [w for w in story.running() if w.key.kind == "whole_process"]


def test_needs_more_at_stage_seven_asks_about_cafcass():
    story = Story(durham_2016())
    story.raise_("Wed 8 April 2026, 10:00", stage="stage_7", stage_reason="The court sits next week.", item_type=ItemType.FORMAL)
    story.do(e.OutcomeRecorded("Nothing was agreed."))
    story.do(NEEDS_MORE)
    assert story.state == "stage_8.asking"
    assert story.told == ["about_cafcass: raiser"]
    assert story.refused(e.Escalated("Higher.")).said == "Stage 8, referral to CAFCASS is the highest stage."


# 2022/23


def test_2022_silence_at_the_informal_step_asks_and_either_of_two_may_answer():
    story = Story(durham_2022()).raise_("Wed 8 April 2026, 10:00")
    assert story.told == ["asked: social_worker, team_manager"]
    story.do(AGREES, by=the("team_manager"))
    assert story.state == "informal.answered"
    quiet = Story(durham_2022()).raise_("Wed 8 April 2026, 10:00")
    quiet.fast_forward(to="Fri 10 April 2026, 09:00")
    assert quiet.told == ["what_next: raiser"]


def test_2022_no_level_climbs_by_itself_for_each_is_answered_by_a_resolution_meeting():
    story = Story(durham_2022()).raise_("Wed 8 April 2026, 10:00", item_type=ItemType.FORMAL)
    assert story.state == "level_2.awaiting"
    assert story.told == [
        "asked: team_manager (copy: social_worker, operations_manager, iro_operations_manager)",
        "to_arrange: iro_operations_manager",
    ]
    story.fast_forward(to="Tue 14 April 2026, 09:00")
    assert story.state == "level_2.asking"
    story.do(e.Escalated("No meeting."))
    assert story.state == "level_3.awaiting"
    assert story.told_of("asked") == (
        "operations_manager (copy: strategic_manager_cs, strategic_manager_sqd, legal_manager, "
        "social_worker, team_manager, iro_operations_manager)"
    )
    story.do(e.OutcomeRecorded("Not agreed."), at="Thu 16 April 2026, 15:00")
    # Level 4 goes to a strategic manager: the IRO says which.
    assert isinstance(story.refused(NEEDS_MORE), Unfit)
    story.do(e.Judged("needs_more", to=(Chosen("strategic_manager_sqd"),)))
    assert story.state == "level_4.awaiting"
    assert story.told_of("asked") == ("strategic_manager_sqd (copy: social_worker, operations_manager, iro_operations_manager)")
    assert story.due == "Thu 23 April 2026"


def test_2022_an_unregistered_placement_prompts_for_level_four_or_five_and_never_refuses():
    unregistered = Facts(statuses=frozenset({Status.LOOKED_AFTER}), facts=frozenset({"unregistered_placement"}))
    story = Story(durham_2022()).raise_("Wed 8 April 2026, 10:00", facts=unregistered, reasons=("placement_unregistered",))
    assert story.state == "informal.awaiting", "the IRO's own choice of stage is never pre-empted"
    assert [(prompt.kind, prompt.stages) for prompt in story.prompts] == [("enter_at", ("level_4", "level_5"))]
    assert story.entry("raised").facts["prompts"] == [{"kind": "enter_at", "stages": ["level_4", "level_5"], "reference": ""}]
    high = Story(durham_2022())
    high.raise_(
        "Wed 8 April 2026, 10:00", facts=unregistered, stage="level_5", stage_reason="Unregistered.", item_type=ItemType.FORMAL
    )
    assert high.prompts == ()
    assert high.told_of("asked").startswith("head_of_cs (copy: operations_manager, iro_operations_manager")


ABOUT_SERVICE = {"facts": None, "item_type": ItemType.ABOUT_SERVICE, "to": (Chosen("strategic_manager_cs"),)}


def test_2022_a_matter_of_the_service_starts_at_level_four_and_nobody_of_a_child_is_told():
    story = Story(durham_2022()).raise_("Wed 8 April 2026, 10:00", **ABOUT_SERVICE)
    assert story.state == "level_4.awaiting"
    assert story.told_of("asked") == "strategic_manager_cs (copy: operations_manager, iro_operations_manager)"
    story.do(e.MeetingArranged(when("Fri 10 April 2026, 10:00")))
    assert story.told == ["meeting: strategic_manager_cs, iro_operations_manager, raiser"]
    refusal = story.refused(REFERRED)
    assert isinstance(refusal, NotOpen)
    assert "names no child" in refusal.said


def test_2022_the_stages_below_do_not_exist_for_a_matter_of_the_service():
    with pytest.raises(Unfit, match="starts at Level 4, and `level_2` is below it"):
        Story(durham_2022()).raise_("Wed 8 April 2026, 10:00", **ABOUT_SERVICE, stage="level_2", stage_reason="Known.")
    story = Story(durham_2022()).raise_("Wed 8 April 2026, 10:00", **ABOUT_SERVICE)
    assert isinstance(story.refused(e.Escalated("Down.", to_stage="level_3")), Unfit)
    story.do(RESOLVED)
    assert isinstance(story.refused(e.Reopened("informal", "fresh", "It is back.")), Unfit)


def test_planted_stages_that_all_exist_for_it_are_noticed(monkeypatch):
    monkeypatch.setattr(Ladder, "stages_for", lambda ladder, item: ladder.stages)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test_2022_the_stages_below_do_not_exist_for_a_matter_of_the_service()


def test_planted_copies_that_nobody_holds_are_noticed(monkeypatch):
    monkeypatch.setattr(addressing, "with_a_holder", lambda rules, challenge, parties: list(parties))
    with pytest.raises(AssertionError):
        test_2022_a_matter_of_the_service_starts_at_level_four_and_nobody_of_a_child_is_told()


def test_the_running_challenge_is_moved_from_one_version_to_the_next_by_name_and_keeps_its_date():
    story = Story(durham_2016()).raise_(
        "Wed 8 April 2026, 10:00", item_type=ItemType.FORMAL, stage="stage_3", stage_reason="Known."
    )
    due = story.due
    story.move_ladder(durham_2022(), "level_3")
    assert story.state == "level_3.awaiting"
    assert story.due == due
    assert story.told == ["ladder_moved: raiser"]
    assert story.challenge.highest_stage == "level_3"
    story.do(e.Escalated("Still nothing.", to=(Chosen("strategic_manager_cs"),)), at="Thu 9 April 2026, 10:00")
    assert story.state == "level_4.awaiting"
    assert story.challenge.highest_stage == "level_4"


def test_a_ladder_moves_only_to_a_stage_that_it_has_and_only_while_it_is_open():
    story = Story(durham_2016()).raise_("Wed 8 April 2026, 10:00")
    with pytest.raises(Unfit, match="has no stage `stage_2`"):
        story.move_ladder(durham_2022(), "stage_2")
    with pytest.raises(Unfit, match="has no stage `referral` at which this could stand"):
        story.move_ladder(durham_2022(), "referral")
    story = Story(durham_2016()).raise_("Wed 8 April 2026, 10:00").do(e.Withdrawn("Raised twice."))
    with pytest.raises(NotOpen):
        story.move_ladder(durham_2022(), "informal")


def test_a_ladder_that_gives_time_by_priority_does_not_take_over_an_item_without_one():
    plain = invented("  one: {label: One, to: team_manager, respond_within: 2 working days, no_reply: prompt}\n")
    by_priority = invented(
        "  one: {label: One, to: team_manager, respond_within: {high: 1 working day, low: 5 working days}, no_reply: prompt}\n",
        "items: [informal, formal]\njudge_within: 3 working days\npriorities: [high, low]\n",
    )
    with pytest.raises(Unfit, match="none of its priorities"):
        Story(plain).raise_("Wed 8 April 2026, 10:00").move_ladder(by_priority, "one")


# Direct entry: the rows above that it did not pass through.


def copied_at(story: Story) -> set[str]:
    return {party.role for party in story.challenge.visit.copied}


def test_entered_at_stage_3_everyone_above_is_copied_though_it_never_passed_through_their_stages():
    story = Story(durham_2016()).raise_("Wed 1 April 2026, 10:00", stage="stage_3", stage_reason="It cannot wait.")
    assert copied_at(story) == {
        "strategic_manager_cs", "strategic_manager_sqd", "legal_manager",
        "social_worker", "team_manager", "iro_operations_manager",
    }  # fmt: skip


def test_a_copy_of_a_row_above_keeps_its_condition():
    story = Story(durham_2016()).raise_("Wed 1 April 2026, 10:00", facts=IN_PLO, stage="stage_3", stage_reason="It cannot wait.")
    assert "legal_advisor" in copied_at(story)


def test_after_a_jump_down_nobody_of_a_higher_stage_is_copied_as_above():
    story = Story(durham_2016()).raise_("Wed 1 April 2026, 10:00", stage="stage_7", stage_reason="It cannot wait.")
    story.do(e.Escalated("It goes back to where it belongs.", "stage_3"))
    assert "chief_executive" not in copied_at(story)


def test_planted_everyone_above_that_is_only_who_was_told_so_far_is_caught(monkeypatch):
    from workflows.decision import addressing

    monkeypatch.setattr(addressing, "everyone_above", lambda rules, challenge, stage: challenge.everyone_told())
    with pytest.raises(AssertionError):
        test_entered_at_stage_3_everyone_above_is_copied_though_it_never_passed_through_their_stages()
