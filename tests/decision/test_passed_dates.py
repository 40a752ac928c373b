"""When a date passes: late answers, climbs held and recalled, part answers, reminders, judgements not made, limits."""

from datetime import timedelta

import pytest

from tests.cast.clock import on, shown, when
from tests.cast.people import IRO, judge, once_asked, the
from tests.cast.rules import durham_climbing, invented, thurrock
from tests.cast.story import AGREES, DISAGREES, ENOUGH, NEEDS_MORE, RESOLVED, Story
from workflows.calendar.working_days import at_local
from workflows.decision import windows
from workflows.model import events as e
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotOpen, Unfit

TWO = """
  one: {label: One, to: team_manager, respond_within: 2 working days, no_reply: POLICY}
  two: {label: Two, to: service_manager, copy: [team_manager], respond_within: 2 working days, no_reply: prompt}
"""


def two_stages(policy: str = "escalate") -> Story:
    """Raised on Wednesday 8 April 2026: due on Friday, acted on at nine on Monday."""
    return Story(invented(TWO.replace("POLICY", policy))).raise_("Wed 8 April 2026, 10:00")


def joint(how: str, policy: str = "escalate") -> Story:
    stages = TWO.replace("to: team_manager", f"to: {{{how} of: [social_worker, team_manager]}}").replace("POLICY", policy)
    return Story(invented(stages)).raise_("Wed 8 April 2026, 10:00")


# In time, and late.


def test_an_answer_in_the_last_minute_is_in_time():
    story = two_stages().do(AGREES, by=the("team_manager"), at="Fri 10 April 2026, 23:59")
    assert story.entry("responded").facts["late"] is False
    assert story.window("reply").closed_as == "answered"
    assert story.told == ["to_judge: raiser"]
    assert story.open == ["judgement Wed 15 April 2026 raiser"]


def test_an_answer_after_midnight_is_late_is_kept_and_stops_the_climb():
    story = two_stages().do(AGREES, by=the("team_manager"), at="Mon 13 April 2026, 08:59")
    assert story.entry("responded").facts["late"] is True
    assert story.window("reply").closed_as == "answered late"
    assert story.state == "one.answered"
    story.fast_forward(to="Mon 13 April 2026, 12:00")
    assert story.state == "one.answered", "the climb did not come"
    assert story.challenge.highest_stage == "one"


def test_a_late_answer_that_nobody_judges_within_its_day_stops_the_climb_once_and_then_it_goes():
    story = two_stages().do(AGREES, by=the("team_manager"), at="Mon 13 April 2026, 08:59")
    assert story.open == ["judgement Tue 14 April 2026 raiser"], "one working day"
    assert story.fast_forward(to="Tue 14 April 2026, 16:00").told[-1] == "will_climb: raiser"
    story.fast_forward(to="Wed 15 April 2026, 09:00")
    assert story.state == "two.awaiting"
    assert story.told[-1] == "climbed: raiser"
    assert story.due == "Fri 17 April 2026", "counted from the day on which it goes"


def test_a_late_answer_that_is_judged_in_time_climbs_no_more():
    story = two_stages().do(AGREES, by=the("team_manager"), at="Mon 13 April 2026, 08:59")
    story.do(ENOUGH, at="Tue 14 April 2026, 12:00")
    assert story.fast_forward(to="Fri 17 April 2026, 12:00").state == "resolved"


def test_an_answer_at_the_hour_of_the_climb_comes_after_it_and_the_iro_may_recall_it():
    story = two_stages()
    story.now = when("Mon 13 April 2026, 09:00")
    story.do(AGREES, by=once_asked("team_manager"))
    assert story.state == "two.awaiting", "what had closed by then is applied first"
    assert story.told[-1] == "late_answer: raiser"
    assert story.window("reply").key.sequence == 2
    late = next(w for w in story.challenge.windows if w.key.kind == "reply")
    assert (late.closed_as, late.asked[0].late) == ("no reply", True)
    story.do(e.EscalationRecalled("The team manager has answered after all."))
    assert story.state == "one.answered"
    assert story.told == ["recalled: service_manager (copy: team_manager)", "to_judge: raiser"]
    assert story.challenge.highest_stage == "two"
    story.do(ENOUGH)
    assert story.state == "resolved"


def test_a_recalled_climb_without_an_answer_asks_the_iro():
    story = two_stages().fast_forward(to="Mon 13 April 2026, 09:00")
    story.do(e.EscalationRecalled("The team manager is on leave; I had forgotten."))
    assert story.state == "one.asking"
    assert story.told == ["recalled: service_manager (copy: team_manager)", "what_next: raiser"]
    assert "escalation_recalled" not in story.moves()
    assert isinstance(story.refused(e.EscalationRecalled("Once more.")), NotOpen)
    # A late answer counts for the stage to which it was brought back.
    story.do(AGREES, by=the("team_manager"))
    assert story.state == "one.answered"


def test_only_a_climb_that_came_by_itself_is_recalled():
    story = two_stages().do(e.Escalated("It cannot wait."))
    assert isinstance(story.refused(e.EscalationRecalled("I was hasty.")), NotOpen)


def test_a_late_answer_where_the_iro_is_being_asked_goes_to_judgement():
    story = two_stages("prompt").fast_forward(to="Mon 13 April 2026, 09:00")
    assert story.state == "one.asking"
    story.do(AGREES, by=the("team_manager"), at="Tue 14 April 2026, 10:00")
    assert story.state == "one.answered"
    assert [w.closed_as for w in story.challenge.windows if w.key.kind == "judgement"] == ["answered meanwhile", ""]


def test_an_answer_after_the_end_is_kept_and_the_iro_is_told():
    story = two_stages().do(e.Withdrawn("Raised twice."))
    story.do(DISAGREES, by=the("team_manager"))
    assert story.state == "withdrawn"
    assert story.told == ["late_answer: raiser"]


def test_a_second_answer_changes_the_position_and_never_whether_it_was_in_time():
    story = two_stages().do(DISAGREES, by=the("team_manager"), at="Thu 9 April 2026, 10:00")
    story.do(AGREES, by=the("team_manager"), at="Mon 13 April 2026, 10:00")
    asked = story.window("reply").asked[0]
    assert (asked.answer, asked.late, shown(asked.answered_at)) == ("agrees", False, "Thu 9 April 2026, 10:00")
    assert story.entry("responded").facts["again"] is True
    assert story.window("reply").closed_as == "answered"


# Policies.


def test_prompt_asks_the_iro_again_and_then_tells_the_iro_manager():
    story = two_stages("prompt").fast_forward(to="Mon 13 April 2026, 09:00")
    assert story.told == ["what_next: raiser"]
    assert story.open == ["judgement Thu 16 April 2026 raiser"]
    assert story.fast_forward(to="Thu 16 April 2026, 09:00").told == ["what_next_again: raiser"]
    assert story.fast_forward(to="Fri 17 April 2026, 09:00").told == ["still_waiting: iro_manager (copy: raiser)"]
    assert story.fast_forward(to="Wed 22 April 2026, 12:00").told == []
    assert story.fast_forward(to="Thu 23 April 2026, 09:00").told == ["still_waiting: iro_manager (copy: raiser)"]
    assert story.state == "one.asking"
    assert story.open == ["judgement Thu 16 April 2026 raiser"], "the promise does not move"


def test_nothing_leaves_the_date_on_the_record_as_passed():
    story = two_stages("nothing").fast_forward(to="Mon 13 April 2026, 09:00")
    assert story.told == ["passed: raiser"]
    assert story.state == "one.awaiting"
    assert story.window("reply").closed_as == "no reply"
    story.do(AGREES, by=the("team_manager"), at="Wed 15 April 2026, 10:00")
    assert story.state == "one.answered"


def test_a_judgement_has_a_window_too_and_unmet_it_tells_the_iro_manager():
    story = two_stages().do(AGREES, by=the("team_manager"), at="Thu 9 April 2026, 10:00")
    assert story.fast_forward(to="Tue 14 April 2026, 09:00").told == ["what_next_again: raiser"]
    assert story.fast_forward(to="Wed 15 April 2026, 09:00").told == ["still_waiting: iro_manager (copy: raiser)"]
    assert story.fast_forward(to="Mon 20 April 2026, 12:00").told == []
    assert story.fast_forward(to="Tue 21 April 2026, 09:00").told == ["still_waiting: iro_manager (copy: raiser)"]
    assert story.state == "one.answered", "an answer that nobody judged climbs nowhere"


def test_a_stage_without_a_window_waits_and_says_why():
    stages = "  one: {label: One, to: team_manager, respond_within: {none: the report gives no time}}\n"
    story = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00")
    assert story.owner == "team_manager"
    assert story.window("reply").promise.is_without_date
    assert story.entry("window_opened").facts["due"] is None
    assert story.fast_forward(to="Thu 8 April 2027, 09:00").told == []
    dated = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00")
    dated.do(e.WindowExtended(on("Fri 17 April 2026"), "It needs a date after all."))
    assert dated.due == "Fri 17 April 2026"
    assert dated.entry("window_extended").facts == {"until": "2026-04-17", "was": ""}
    assert dated.fast_forward(to="Mon 20 April 2026, 09:00").told == ["passed: raiser"]
    story.do(AGREES, by=the("team_manager"))
    assert story.state == "one.answered"
    assert story.entry("responded").facts["late"] is False


# Held before it climbs.


def test_the_iro_holds_a_climb_and_considers():
    story = two_stages().fast_forward(to="Fri 10 April 2026, 16:00")
    assert story.told == ["will_climb: raiser"]
    assert "escalation_held" in story.moves()
    story.do(e.EscalationHeld("The team manager rang: they are at the hospital with the child."))
    assert story.state == "one.asking"
    assert "judgement Wed 15 April 2026 raiser" in story.open
    story.fast_forward(to="Mon 13 April 2026, 09:00")
    assert story.state == "one.asking"
    assert story.told == []
    assert "escalation_held" not in story.moves()
    story.do(e.WindowExtended(on("Fri 17 April 2026"), "They asked for a week."))
    assert story.state == "one.awaiting"
    assert story.told == ["extended: team_manager"]
    story.fast_forward(to="Mon 20 April 2026, 09:00")
    assert story.state == "two.awaiting", "extended, it would climb by itself again"


def test_a_climb_that_was_held_early_is_not_announced():
    story = two_stages().do(e.EscalationHeld("They are on it."), at="Thu 9 April 2026, 10:00")
    assert story.fast_forward(to="Fri 10 April 2026, 18:00").told == []
    story.do(AGREES, by=the("team_manager"))
    assert story.state == "one.answered"


def test_there_is_nothing_to_hold_where_nothing_climbs():
    assert isinstance(two_stages("prompt").refused(e.EscalationHeld("Wait.")), NotOpen)
    story = two_stages().do(AGREES, by=the("team_manager"))
    assert isinstance(story.refused(e.EscalationHeld("Wait.")), NotOpen)


# Several are asked.


def test_where_all_must_answer_one_answer_is_a_part_and_a_passed_date_then_asks():
    story = joint("all").do(AGREES, by=the("social_worker"), at="Thu 9 April 2026, 10:00")
    assert story.state == "one.awaiting"
    assert story.told == ["part_answered: raiser"]
    assert story.fast_forward(to="Fri 10 April 2026, 18:00").told == [], "no climb is coming, so none is announced"
    story.fast_forward(to="Mon 13 April 2026, 09:00")
    assert story.state == "one.asking"
    assert story.window("reply").closed_as == "part answered"
    story.do(AGREES, by=the("team_manager"), at="Mon 13 April 2026, 15:00")
    assert story.state == "one.answered"
    late = {asked.party.role: asked.late for asked in story.window("reply").asked}
    assert late == {"social_worker": False, "team_manager": True}


def test_more_time_after_a_part_answer_asks_only_those_who_have_not_answered():
    story = joint("all").do(AGREES, by=the("social_worker"), at="Thu 9 April 2026, 10:00")
    story.do(e.WindowExtended(on("Fri 17 April 2026"), "The manager is away."), at="Mon 13 April 2026, 10:00")
    assert story.told == ["extended: team_manager"]
    story.do(AGREES, by=the("team_manager"), at="Fri 17 April 2026, 10:00")
    assert story.state == "one.answered"


def test_where_any_may_answer_the_first_answer_is_the_answer():
    story = joint("any").do(DISAGREES, by=the("team_manager"))
    assert story.state == "one.answered"
    assert story.window("reply").closed_as == "answered"


def test_where_nobody_of_several_answers_it_climbs():
    assert joint("all").fast_forward(to="Mon 13 April 2026, 09:00").state == "two.awaiting"
    assert joint("any").fast_forward(to="Mon 13 April 2026, 09:00").state == "two.awaiting"


# Reminders.


def reminded(before: str) -> Story:
    top = f"items: [informal]\njudge_within: 3 working days\nremind_before: {before}\n"
    stages = """
  one: {label: One, to: {all of: [social_worker, team_manager]}, respond_within: 5 working days, no_reply: escalate}
  two: {label: Two, to: service_manager, respond_within: 5 working days, no_reply: prompt}
"""
    return Story(invented(stages, top)).raise_("Wed 8 April 2026, 10:00")


HALF_WAY = "items: [informal]\njudge_within: 3 working days\nremind: half-way\n"
MEETING = """
  one:
    label: One
    to: service_manager
    contact: {by: meeting, meeting: {arranged_by: iro_manager}}
    respond_within: 5 working days
    no_reply: prompt
"""


def half_way_reminded(within: str) -> Story:
    stages = f"""
  one: {{label: One, to: social_worker, respond_within: {within}, no_reply: escalate}}
  two: {{label: Two, to: service_manager, respond_within: 5 working days, no_reply: prompt}}
"""
    return Story(invented(stages, HALF_WAY)).raise_("Wed 8 April 2026, 10:00")


def test_those_who_have_not_answered_are_reminded_before_the_date():
    story = reminded("1 working day").do(AGREES, by=the("social_worker"))
    story.fast_forward(to="Tue 14 April 2026, 09:00")
    assert story.told == ["reminder: team_manager"]
    assert story.entry("reminded").facts == {"due": "2026-04-15"}


@pytest.mark.parametrize(
    ("before", "at"),
    [
        ("2 working days", "Mon 13 April 2026, 09:00"),
        ("24 hours", "Wed 15 April 2026, 00:00"),
        ("3 calendar days", "Fri 10 April 2026, 09:00"),
    ],
)
def test_a_reminder_comes_so_long_before_as_the_ladder_says(before, at):
    story = reminded(before).next_date()
    assert (shown(story.now), story.told) == (at, ["reminder: social_worker, team_manager"])


@pytest.mark.parametrize(
    ("within", "at"),
    [
        ("3 working days", "Fri 10 April 2026, 09:00"),
        ("5 working days", "Mon 13 April 2026, 09:00"),
        ("10 working days", "Wed 15 April 2026, 09:00"),
        ("10 calendar days", "Tue 14 April 2026, 09:00"),
        ("120 hours", "Fri 10 April 2026, 09:00"),
    ],
)
def test_half_way_is_in_working_days_rounded_up(within, at):
    story = half_way_reminded(within).next_date()
    assert (shown(story.now), story.told) == (at, ["reminder: social_worker"])


@pytest.mark.parametrize("within", ["1 working day", "2 working days", "48 hours"])
def test_a_window_of_fewer_than_three_working_days_reminds_nobody_by_itself(within):
    story = half_way_reminded(within)
    assert [w.key.kind for w in story.running() if w.parent] == ["warning"]


def test_who_was_reminded_by_hand_is_not_reminded_again_that_day():
    story = half_way_reminded("5 working days").do(e.Reminded(), at="Mon 13 April 2026, 08:30")
    assert story.told == ["reminder: social_worker"]
    assert story.fast_forward(to="Mon 13 April 2026, 12:00").told == []


def test_until_a_meeting_is_booked_its_arranger_is_reminded_and_after_it_was_held_who_records_the_outcome():
    def told(*acts):
        story = Story(invented(MEETING, HALF_WAY)).raise_("Wed 8 April 2026, 10:00")
        for act in acts:
            story.do(act, at="Fri 10 April 2026, 09:00")
        return story.fast_forward(to="Mon 13 April 2026, 09:00").told

    booked = e.MeetingArranged(when("Fri 10 April 2026, 10:00"))
    assert told() == ["to_arrange: iro_manager"]
    assert told(booked) == ["reminder: service_manager"]
    assert told(booked, e.MeetingHeld(on("Fri 10 April 2026"))) == ["outcome_wanted: raiser"]


def test_planted_half_the_calendar_days_is_noticed(monkeypatch):
    def of_any_day(rules, promise):
        middle = promise.counts_from + (promise.due - promise.counts_from) / 2
        return at_local(middle, rules.authority.acts_at)

    monkeypatch.setattr(windows, "half_way", of_any_day)
    with pytest.raises(AssertionError):
        test_half_way_is_in_working_days_rounded_up("5 working days", "Mon 13 April 2026, 09:00")
    with pytest.raises(AssertionError):
        test_a_window_of_fewer_than_three_working_days_reminds_nobody_by_itself("2 working days")


def test_a_reminder_of_what_no_longer_runs_lapses_unsent():
    story = reminded("1 working day").do(RESOLVED)
    assert story.fast_forward(to="Wed 15 April 2026, 18:00").told == []
    assert {w.closed_as for w in story.challenge.windows if w.parent} == {"lapsed"}


def test_a_reminder_too_late_to_help_is_not_made():
    story = reminded("9 working days")
    assert [w.key.kind for w in story.running() if w.parent] == ["warning"]


# Nobody is skipped.


def test_days_that_ran_out_before_anybody_was_asked_count_from_the_asking():
    """Over Easter two calendar days from Thursday are over before the climb of Tuesday asks anybody."""
    stages = """
  one: {label: One, to: social_worker, respond_within: 1 working day, no_reply: escalate}
  two: {label: Two, to: team_manager, respond_within: 2 calendar days, no_reply: escalate}
  three: {label: Three, to: service_manager, respond_within: 6 calendar days, no_reply: prompt}
"""
    story = Story(invented(stages)).raise_("Wed 1 April 2026, 10:00")
    assert story.due == "Thu 2 April 2026"
    story.fast_forward(to="Tue 7 April 2026, 09:00")
    assert story.state == "two.awaiting"
    assert story.due == "Thu 9 April 2026"
    story.fast_forward(to="Fri 10 April 2026, 09:00")
    assert story.due == "Wed 15 April 2026", "six days from the date that was due"


def test_hours_always_run_from_the_asking():
    stages = """
  one: {label: One, to: social_worker, respond_within: 1 working day, no_reply: escalate}
  two: {label: Two, to: team_manager, respond_within: 72 hours, no_reply: prompt}
"""
    story = Story(invented(stages)).raise_("Wed 1 April 2026, 10:00").fast_forward(to="Tue 7 April 2026, 09:00")
    assert shown(story.window("reply").promise.closes_at) == "Fri 10 April 2026, 09:00"


def test_a_late_tick_changes_no_date():
    """The climb is decided as of nine o'clock, however late it is noticed (docs/architecture.md rule 3)."""
    punctual = two_stages().fast_forward(to="Mon 13 April 2026, 09:00")
    late = two_stages()
    late.now = when("Mon 13 April 2026, 17:45")
    late.do(e.Noted("I looked in."))
    assert late.state == punctual.state
    assert late.challenge.windows == punctual.challenge.windows
    assert shown(late.entries[-2].at) == "Mon 13 April 2026, 09:00"


def test_where_counting_begins_with_the_acknowledgement_it_only_ever_lengthens():
    stages = (
        "  one: {label: One, to: team_manager, respond_within: 2 working days, counted_from: acknowledgement, no_reply: prompt}\n"
    )
    story = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00")
    assert story.due == "Fri 10 April 2026"
    story.do(e.Acknowledged(), by=the("team_manager"), at="Thu 9 April 2026, 10:00")
    assert story.due == "Mon 13 April 2026"
    assert story.entry("window_counted_from_acknowledgement").facts == {"due": "2026-04-13"}
    assert isinstance(story.refused(e.Acknowledged(), by=the("team_manager")), NotOpen)


# Beside and above.


def test_a_climb_by_itself_needs_nobodys_choice_or_it_asks():
    stages = """
  one: {label: One, to: team_manager, respond_within: 2 working days, no_reply: escalate}
  two: {label: Two, to: {one of: [service_manager, director]}, respond_within: 2 working days, no_reply: prompt}
"""
    story = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00")
    assert story.fast_forward(to="Fri 10 April 2026, 18:00").told == []
    assert story.fast_forward(to="Mon 13 April 2026, 09:00").told == ["what_next: raiser"]


def test_no_reply_may_go_elsewhere_than_an_answer_that_is_not_enough():
    stages = """
  one: {label: One, to: team_manager, respond_within: 2 working days, no_reply: {escalate: three}, not_satisfied: next}
  two: {label: Two, to: service_manager, respond_within: 2 working days, no_reply: prompt}
  three: {label: Three, to: director, respond_within: 2 working days, no_reply: prompt}
"""
    silent = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00").fast_forward(to="Mon 13 April 2026, 09:00")
    assert silent.state == "three.awaiting"
    judged = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00").do(DISAGREES, by=the("team_manager")).do(NEEDS_MORE)
    assert judged.state == "two.awaiting"


def test_time_by_priority_needs_one_from_the_start_so_that_no_climb_can_stumble_over_it():
    top = "items: [informal]\njudge_within: 3 working days\npriorities: [high, low]\n"
    stages = """
  one: {label: One, to: team_manager, respond_within: 2 working days, no_reply: escalate}
  two: {label: Two, to: director, respond_within: {high: 1 working day, low: 5 working days}, no_reply: prompt}
"""
    with pytest.raises(Unfit, match="depends on the priority"):
        Story(invented(stages, top)).raise_("Wed 8 April 2026, 10:00")
    high = Story(invented(stages, top)).raise_("Wed 8 April 2026, 10:00", priority="high")
    low = Story(invented(stages, top)).raise_("Wed 8 April 2026, 10:00", priority="low")
    assert high.fast_forward(to="Mon 13 April 2026, 09:00").due == "Mon 13 April 2026"
    assert low.fast_forward(to="Mon 13 April 2026, 09:00").due == "Fri 17 April 2026"


def test_the_limit_may_run_from_raising_where_the_authority_says_so():
    top = "items: [informal]\njudge_within: 3 working days\nwhole_process: {limit: 10 working days, from: raising}\n"
    stages = "  one: {label: One, informal: true, to: team_manager, respond_within: 2 working days, no_reply: prompt}\n"
    story = Story(invented(stages, top)).raise_("Wed 8 April 2026, 10:00")
    assert "whole_process Wed 22 April 2026 raiser" in story.open
    story.fast_forward(to="Thu 23 April 2026, 09:00")
    assert "whole_process: raiser (copy: iro_manager)" in story.told
    assert story.state == "one.asking"


def test_what_has_ended_never_climbs_or_chases():
    for event in (RESOLVED, e.EndedUnresolved("No way on."), e.Overtaken("She moved home."), e.Withdrawn("Raised twice.")):
        story = two_stages().do(event)
        assert story.running() == []
        assert story.fast_forward(to="Thu 8 April 2027, 09:00").told == []
        assert story.challenge.highest_stage == "one"


def test_each_climb_of_a_month_without_anybody_is_one_stage_for_one_closed_window():
    story = Story(durham_climbing()).raise_("Wed 1 April 2026, 10:00").fast_forward(to="Mon 1 June 2026, 09:00")
    stages = [entry.stage for entry in story.entries if entry.kind == "stage_entered"]
    assert stages == ["informal", *(f"stage_{n}" for n in range(2, 9))]
    closed = [w for w in story.challenge.windows if w.closed_as == "no reply"]
    assert len(closed) == len(stages) - 1


def test_an_extension_names_today_or_later_and_is_told_to_those_who_owe_the_answer():
    story = two_stages()
    assert story.refused(e.WindowExtended(on("Tue 7 April 2026"), "Earlier.")).field == "until"
    story.do(e.WindowExtended(on("Fri 17 April 2026"), "They asked."))
    assert story.told == ["extended: team_manager"]
    assert story.entry("window_extended").facts == {"until": "2026-04-17", "was": "2026-04-10"}
    story.do(e.WindowExtended(on("Mon 20 April 2026"), "Once more."), at="Mon 20 April 2026, 08:59")
    assert story.due == "Mon 20 April 2026", "after the date and before the climb, more time still stops it"
    assert story.fast_forward(to="Mon 20 April 2026, 12:00").state == "one.awaiting"


def test_nobody_is_asked_by_hand_with_a_date_that_is_over():
    story = Story(thurrock())
    with pytest.raises(Unfit):
        story.raise_("Wed 8 April 2026, 10:00", respond_by=on("Wed 8 April 2026") - timedelta(days=1))


def test_a_judge_beside_the_iro_is_told_as_long_as_their_view_is_wanted():
    stages = """
  one:
    label: One
    to: team_manager
    respond_within: 2 working days
    no_reply: prompt
    judged_by: {all of: [raiser, head_of_quality]}
"""
    story = Story(invented(stages)).raise_("Wed 8 April 2026, 10:00").do(AGREES, by=the("team_manager"))
    assert story.told == ["to_judge: raiser, head_of_quality"]
    story.do(ENOUGH, by=IRO)
    assert story.state == "one.answered"
    assert story.fast_forward(to="Mon 13 April 2026, 09:00").told == ["what_next_again: head_of_quality"]
    story.fast_forward(to="Tue 14 April 2026, 09:00")
    assert story.told == ["still_waiting: iro_manager (copy: raiser, head_of_quality)"]
    story.do(ENOUGH, by=judge("head_of_quality"))
    assert story.state == "resolved"


def test_a_formal_item_starts_at_the_first_formal_stage_and_any_stage_needs_a_reason():
    story = Story(durham_climbing())
    with pytest.raises(Unfit, match="no reason is given"):
        story.raise_("Wed 8 April 2026, 10:00", item_type=ItemType.FORMAL, stage="stage_5")
    story.raise_("Wed 8 April 2026, 10:00", item_type=ItemType.FORMAL, stage="stage_5", stage_reason="Court on Monday.")
    assert story.state == "stage_5.awaiting"
