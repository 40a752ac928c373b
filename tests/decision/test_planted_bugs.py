"""Twins of the safety tests: a bug that somebody might well write is planted, and the check of it must fail.

A check that stays green with its bug planted proves nothing, and turns this page red.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.cast import story
from tests.decision import (
    test_answering,
    test_around,
    test_durham,
    test_endings,
    test_north_yorkshire,
    test_passed_dates,
    test_permitted_moves,
    test_properties,
    test_referral,
)
from tests.decision.lives import lives
from tests.decision.planting import plant_rule
from workflows.decision import (
    addressing,
    decide,
    decision_builder,
    escalation,
    event_rules,
    off_ladder_events,
    outcomes,
    raising,
    reaching,
    replies,
    stage_entry,
    windows,
)
from workflows.decision.decision_builder import DecisionBuilder, NotificationKind
from workflows.decision.event_rules import EVENT_RULES, Bars
from workflows.decision.windows import close_window
from workflows.model import actor as actor_module
from workflows.model import events as e
from workflows.model.actor import Part
from workflows.model.challenge import THE_RAISER, ClosedAs, Party, ReferralState, WindowKind
from workflows.model.challenge import Phase as At
from workflows.model.ladder import NoReply
from workflows.model.refusals import NotOpen, Refused


def fails(check: Callable[[], object]) -> None:
    """The check must fail, and by its own judgement."""
    try:
        check()
    except (AssertionError, Refused, pytest.fail.Exception):
        return
    raise pytest.fail.Exception(f"{check} stayed green with a bug planted")


def property_of(test: Callable[..., None]) -> Callable[[], None]:
    """A property tried briefly, and not shrunk: it is to fail, not to explain."""
    brief = settings(
        max_examples=80, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return brief(given(lives())(test.hypothesis.inner_test))


# Time.


def test_a_sweep_that_takes_held_windows_too(monkeypatch):
    monkeypatch.setattr(windows, "is_due", lambda window, now: window.is_open and window.acts_at <= now)
    fails(test_around.test_nobody_is_skipped_by_an_outage_what_closed_is_held_for_a_named_release)


def test_a_release_that_counts_from_the_date_long_past(monkeypatch):
    right = escalation.act_on_reply_date

    def reply_passed(turn, window):
        right(turn, replace(window, acts_at=turn.at))

    monkeypatch.setattr(escalation, "act_on_reply_date", reply_passed)
    fails(test_around.test_released_on_the_day_itself_the_next_stages_days_count_from_the_release)


def test_a_climb_that_counts_from_the_hour_at_which_it_was_noticed(monkeypatch):
    right = stage_entry.enter_stage
    monkeypatch.setattr(
        escalation, "enter_stage", lambda turn, move, how, **rest: right(turn, move, how, **rest | {"counts_from": None})
    )
    fails(lambda: test_durham.test_nobody_answers_and_it_climbs_to_the_top_in_twenty_working_days_over_easter_and_may_day(True))


def test_a_date_that_depends_on_the_tick(monkeypatch):
    def apply_closed(turn, now):
        actor, turn.by, turn.at = turn.by, actor_module.THE_SERVICE, now
        while (window := windows.next_due(turn.challenge, now)) is not None:
            decide.act_on_passed_date(turn, window)
        turn.by = actor

    monkeypatch.setattr(decide, "apply_closed_windows", apply_closed)
    fails(test_passed_dates.test_a_late_tick_changes_no_date)
    fails(property_of(test_properties.test_dates_never_depend_on_how_late_the_tick_is))


def test_a_service_that_leaves_what_has_closed_to_the_sweep(monkeypatch):
    right = decide.apply_closed_windows

    def apply_closed(turn, now):
        if turn.by.parts == {Part.SERVICE}:
            right(turn, now)

    monkeypatch.setattr(decide, "apply_closed_windows", apply_closed)
    fails(test_passed_dates.test_an_answer_at_the_hour_of_the_climb_comes_after_it_and_the_iro_may_recall_it)
    fails(property_of(test_properties.test_a_sweep_just_before_an_event_changes_nothing))


def test_a_closing_window_that_need_not_name_itself(monkeypatch):
    monkeypatch.setattr(decide, "is_named_by", lambda window, event: True)
    check = test_properties.test_a_window_that_is_not_there_or_not_due_decides_nothing_and_repeating_is_harmless
    fails(property_of(check))


def test_days_that_are_over_before_anybody_was_asked(monkeypatch):
    def counted(turn, length, counts_from=None):
        if counts_from is None or length.unit == "hours":
            return windows.working_days.promise_from_instant(length, turn.at, turn.rules.calendar)
        return windows.working_days.promise_from_date(length, counts_from, turn.rules.calendar)

    monkeypatch.setattr(windows, "count_promise", counted)
    fails(test_passed_dates.test_days_that_ran_out_before_anybody_was_asked_count_from_the_asking)


def test_a_record_that_a_slow_clock_turns_back(monkeypatch):
    right = decide.decide

    def forgetful(rules, challenge, act, now):
        return right(rules, replace(challenge, last_at=None), act, now)

    monkeypatch.setattr(story, "decide", forgetful)
    fails(test_around.test_the_clock_of_a_second_server_that_is_behind_never_turns_the_record_back)


# Climbing.


def test_a_climb_although_somebody_has_answered(monkeypatch):
    def climbs_by_itself(rules, challenge, window):
        return rules.ladder.climbs_to(challenge.stage) if window.on_close is NoReply.ESCALATE else None

    monkeypatch.setattr(escalation, "climbs_by_itself", climbs_by_itself)
    fails(test_passed_dates.test_where_all_must_answer_one_answer_is_a_part_and_a_passed_date_then_asks)
    fails(test_passed_dates.test_a_climb_by_itself_needs_nobodys_choice_or_it_asks)


def test_late_answers_thrown_away(monkeypatch):
    right = replies.record_response

    def respond(turn, event):
        if not replies.window_of_actor(turn).is_late(turn.at):
            right(turn, event)

    plant_rule(monkeypatch, e.Responded, does=respond)
    fails(test_passed_dates.test_an_answer_after_midnight_is_late_is_kept_and_stops_the_climb)


def test_late_answers_kept_that_stop_nothing(monkeypatch):
    right = replies.record_response

    def respond(turn, event):
        window = replies.window_of_actor(turn)
        if window.is_late(turn.at):
            turn.note_event(event, {"late": True})
            turn.tell(NotificationKind.LATE_ANSWER, [THE_RAISER], window=window.key)
        else:
            right(turn, event)

    plant_rule(monkeypatch, e.Responded, does=respond)
    fails(test_passed_dates.test_an_answer_after_midnight_is_late_is_kept_and_stops_the_climb)


def test_a_second_answer_that_makes_the_first_one_late(monkeypatch):
    monkeypatch.setattr(
        replies,
        "mark_answered",
        lambda turn, window, position, late: replies.mark_asked(turn, window, answered_at=turn.at, answer=position, late=late),
    )
    fails(test_passed_dates.test_a_second_answer_changes_the_position_and_never_whether_it_was_in_time)


def test_a_hold_that_holds_nothing(monkeypatch):
    plant_rule(monkeypatch, e.EscalationHeld, does=lambda turn, event: turn.note_event(event))
    fails(test_passed_dates.test_the_iro_holds_a_climb_and_considers)


def test_a_bounced_message_taken_for_no_reply(monkeypatch):
    monkeypatch.setattr(reaching, "close_window", lambda turn, window, how, **more: close_window(turn, window, ClosedAs.NO_REPLY))
    fails(test_around.test_who_was_not_reached_is_not_said_to_have_given_no_reply_and_it_climbs_on_its_day)


def test_a_climb_that_goes_on_though_two_stages_were_not_reached(monkeypatch):
    monkeypatch.setattr(reaching, "ask_what_next", lambda turn, within=None: None)
    fails(test_around.test_after_two_stages_that_were_not_reached_it_waits_for_the_iro)


def test_a_reminder_by_hand_as_often_as_one_likes(monkeypatch):
    plant_rule(monkeypatch, e.Reminded, does=lambda turn, event: turn.tell(NotificationKind.REMINDER, [Party("team_manager")]))
    fails(test_around.test_those_who_owe_are_reminded_by_hand_once_a_day)


def test_a_late_answer_that_stops_the_climb_for_ever(monkeypatch):
    monkeypatch.setattr(replies, "climb_target", lambda rules, challenge: None)
    fails(test_passed_dates.test_a_late_answer_that_nobody_judges_within_its_day_stops_the_climb_once_and_then_it_goes)


def test_a_notice_that_asks_for_a_reply(monkeypatch):
    tells = raising.enter_notice

    def asks(turn, event):
        tells(turn, event)
        day = turn.at.date() + timedelta(days=7)
        windows.open_window(turn, WindowKind.JUDGEMENT, THE_RAISER, windows.named_date(turn, day, "respond_by"))

    monkeypatch.setattr(raising, "enter_notice", asks)
    fails(test_properties.test_a_notice_never_has_a_window_and_never_climbs)


def test_an_end_that_leaves_the_windows_running(monkeypatch):
    monkeypatch.setattr(outcomes, "close_all", lambda turn, how: None)
    fails(test_passed_dates.test_what_has_ended_never_climbs_or_chases)


def test_a_stay_that_leaves_its_windows_running(monkeypatch):
    for module in (escalation, stage_entry):
        monkeypatch.setattr(module, "close_stay", lambda turn, how: None)
    fails(test_passed_dates.test_only_a_climb_that_came_by_itself_is_recalled)


def test_reminders_that_outlive_what_they_remind_of(monkeypatch):
    monkeypatch.setattr(windows, "lapse_children", lambda turn, window: None)
    fails(test_passed_dates.test_a_reminder_of_what_no_longer_runs_lapses_unsent)


def test_a_highest_stage_that_falls(monkeypatch):
    right = stage_entry.enter_stage

    def enter(turn, move, how, **rest):
        right(turn, move, how, **rest)
        turn.change(highest_stage=turn.challenge.stage)

    monkeypatch.setattr(escalation, "enter_stage", enter)
    monkeypatch.setattr(outcomes, "enter_stage", enter)
    fails(test_endings.test_the_highest_stage_stays_when_it_is_opened_again_lower_down)
    fails(test_answering.test_a_jump_goes_to_any_stage_with_a_reason)


def test_a_meeting_that_moves_the_due_date(monkeypatch):
    def arrange(turn, event):
        replies.arrange_meeting(turn, event)
        main = turn.challenge.main_window()
        if main and main.is_open:
            day = windows.working_days.local_date(event.at)
            windows.move_promise(turn, main, windows.named_date(turn, day, "at"))

    plant_rule(monkeypatch, e.MeetingArranged, does=arrange)
    fails(test_answering.test_the_owner_of_a_meetings_window_changes_hands_and_its_date_does_not_move)


# Cafcass.


def test_an_iro_manager_who_may_refer(monkeypatch):
    plant_rule(monkeypatch, e.ReferredToCafcass, may=frozenset({Part.CHILDS_IRO, Part.IRO_MANAGER}))
    fails(lambda: test_permitted_moves.test_only_the_childs_iro_ever_has_a_move_about_cafcass(Part.IRO_MANAGER))
    fails(lambda: test_referral.test_nobody_else_refers_whatever_the_state("thurrock"))


def test_a_referral_that_waits_for_the_answer(monkeypatch):
    def not_while_waiting(rules, challenge):
        return NotOpen("They have until Friday.", "Wait.") if challenge.phase is At.AWAITING else None

    plant_rule(monkeypatch, e.ReferredToCafcass, needs=(not_while_waiting,))
    fails(lambda: test_referral.test_a_looked_after_child_is_referred_from_every_open_state_and_the_ladder_runs_on("derby"))


def test_a_referral_that_stops_the_ladder(monkeypatch):
    def refer(turn, event):
        off_ladder_events.refer_to_cafcass(turn, event)
        windows.close_stay(turn, ClosedAs.SUPERSEDED)

    plant_rule(monkeypatch, e.ReferredToCafcass, does=refer)
    fails(lambda: test_referral.test_a_looked_after_child_is_referred_from_every_open_state_and_the_ladder_runs_on("derby"))
    fails(test_referral.test_a_referral_does_not_stop_the_climb_or_the_answers)


def test_a_last_stage_that_refers_by_itself(monkeypatch):
    right = stage_entry.ask_about_cafcass

    def ask(turn):
        right(turn)
        turn.change(referral=ReferralState.REFERRED)

    monkeypatch.setattr(stage_entry, "ask_about_cafcass", ask)
    fails(test_referral.test_no_passing_of_time_refers_however_long)


def test_a_conflict_that_blocks_a_referral(monkeypatch):
    plant_rule(monkeypatch, e.ReferredToCafcass, bars=Bars.CONCERNED)
    fails(test_referral.test_neither_a_conflict_nor_an_absence_blocks_it)


# Who, and to whom.


def test_a_manager_who_may_withdraw(monkeypatch):
    plant_rule(monkeypatch, e.Withdrawn, may=frozenset({Part.RAISER, Part.ASKED}))
    fails(lambda: test_permitted_moves.test_only_the_raiser_ends_reopens_holds_recalls_or_gives_time(Part.ASKED))


def test_a_conflict_that_nobody_looks_at(monkeypatch):
    for kind in EVENT_RULES:
        plant_rule(monkeypatch, kind, bars=Bars.NOBODY)
    fails(lambda: test_permitted_moves.test_whoever_is_in_the_line_neither_judges_nor_ends_nor_stops_anything(Part.RAISER))
    monkeypatch.setattr(event_rules, "is_barred", lambda actor, bars: False)
    fails(test_answering.test_a_judge_in_the_line_complained_about_does_not_judge)


def test_another_judge_whose_enough_ends_it(monkeypatch):
    monkeypatch.setattr(
        replies, "let_raiser_consider", lambda turn: outcomes.finish_challenge(turn, "resolve", e.Judged("enough"))
    )
    fails(test_answering.test_another_judges_enough_never_ends_it_without_the_iro)


def test_a_legal_advisor_copied_whatever_the_facts(monkeypatch):
    monkeypatch.setattr(addressing, "condition_holds", lambda condition, challenge, authority, chosen=False: True)
    fails(lambda: test_durham.test_nobody_answers_and_it_climbs_to_the_top_in_twenty_working_days_over_easter_and_may_day(False))


def test_a_recipient_who_is_copied_as_well(monkeypatch):
    monkeypatch.setattr(addressing, "without_parties", lambda parties, excluded: tuple(dict.fromkeys(parties)))
    fails(test_north_yorkshire.test_the_second_date_passes_and_the_iro_is_asked_what_next)


def test_an_alert_that_strays_to_another_agency(monkeypatch):
    monkeypatch.setattr(replies, "check_reachable", lambda turn, role: None)
    fails(test_north_yorkshire.test_an_alert_within_the_authority_never_reaches_a_partner_agency)


def test_an_alert_that_asks_the_role_and_not_the_person(monkeypatch):
    monkeypatch.setattr(Party, "of", classmethod(lambda cls, chosen: cls(chosen.role)))
    fails(test_north_yorkshire.test_a_partner_agency_alert_reaches_the_chosen_person_of_the_agency_and_nobody_else_outside)


def test_something_sent_before_it_is_endorsed(monkeypatch):
    monkeypatch.setattr(stage_entry, "first_phase", lambda stage: At.AWAITING)
    fails(test_answering.test_nothing_is_sent_before_it_is_endorsed)


def test_legal_advice_for_everybody(monkeypatch):
    plant_rule(monkeypatch, e.LegalAdviceTaken, does=lambda turn, event: turn.note_event(event))
    fails(test_around.test_legal_advice_is_seen_by_the_iro_side_only)


def test_words_among_the_facts(monkeypatch):
    monkeypatch.setattr(
        decision_builder, "facts_of", lambda event: e.facts_of(event) | {"said": " / ".join(e.words_of(event).values())}
    )
    fails(test_around.test_words_stand_apart_from_facts)
    fails(test_around.test_an_absent_iros_cover_does_all_that_they_can_at_once)


def test_a_seal_that_leaves_promises_running(monkeypatch):
    monkeypatch.setattr(outcomes, "close_window", lambda turn, window, how, quietly=False: None)
    fails(test_endings.test_what_was_recorded_in_error_is_sealed_at_once_and_stays_so)


def test_a_seal_that_everybody_reads(monkeypatch):
    right = DecisionBuilder.note_event
    monkeypatch.setattr(DecisionBuilder, "note_event", lambda turn, event, more=None, visible=None: right(turn, event, more))
    fails(test_endings.test_what_was_recorded_in_error_is_sealed_at_once_and_stays_so)


def test_a_notice_with_a_window(monkeypatch):
    right = raising.enter_notice

    def notice(turn, event):
        right(turn, event)
        promise = windows.count_promise(turn, turn.rules.ladder.judge_within)
        windows.open_window(turn, WindowKind.REPLY, Party("social_worker"), promise)

    monkeypatch.setattr(raising, "enter_notice", notice)
    fails(test_endings.test_a_notice_is_withdrawn_or_sealed_and_nothing_else_ends_it)


def test_nobody_asking_who_acts(monkeypatch):
    monkeypatch.setattr(decide, "check_may_bring", lambda act: None)
    fails(test_around.test_only_the_service_holds_windows)


def test_an_act_on_a_day_that_is_still_to_come(monkeypatch):
    monkeypatch.setattr(off_ladder_events, "check_day_has_come", lambda turn, day, do: None)
    fails(test_around.test_a_risk_that_was_acted_on_elsewhere_is_kept_and_moves_nothing)


def test_a_childs_words_without_a_child(monkeypatch):
    plant_rule(monkeypatch, e.ImpactRecorded, does=lambda turn, event: turn.note_event(event))
    fails(test_around.test_nobody_speaks_for_a_child_where_there_is_none)


def test_what_was_learned_is_not_kept(monkeypatch):
    plant_rule(monkeypatch, e.LearningNoted, does=lambda turn, event: None)
    fails(test_around.test_what_was_learned_is_kept_with_who_was_told_also_after_the_end)
