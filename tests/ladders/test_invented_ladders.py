"""Three authorities that do not exist use the rarest parts of the language, and the values say what their words say."""

from datetime import date, time

import pytest

from tests.ladders.plainly import rows, within
from tests.ladders.reading import INVENTIONS, ladder, procedures
from workflows.calendar.working_days import Length, LengthUnit
from workflows.model.authority import Capacity, NamedFact, in_force_on, serves_item
from workflows.model.ladder import CountedFrom, ItemType, Need, NoReply, Status, Term

LADDERS = [
    (
        "eastmoor",
        "challenge",
        [
            ("talk", "raiser picks social_worker practice_lead", "-", "raiser sets, at most 10 working days", "nothing"),
            (
                "level_1",
                "practice_lead",
                "social_worker",
                "red 2 working days, amber 5 working days, green 10 working days",
                "escalate to level_2",
            ),
            (
                "level_2",
                "all service_lead practice_lead",
                "everyone above, legal_advisor (if in PLO or proceedings), "
                "head_of_resources (unless priority is green or priority is amber)",
                "5 working days",
                "escalate to level_3",
            ),
            (
                "resources_panel",
                "any head_of_resources head_of_service",
                "everyone above (if in proceedings)",
                "7 calendar days",
                "prompt",
            ),
            ("level_2_follow_up", "service_lead", "-", "3 working days", "escalate"),
            ("level_3", "one director chief_officer", "everyone above", "none", "nothing"),
            ("cafcass", "-", "-", "-", "asks the IRO"),
        ],
    ),
    (
        "eastmoor",
        "urgent_alert",
        [
            ("alert", "any duty_manager designated_lead head_of_service", "director", "4 hours", "escalate"),
            ("director", "director", "everyone above", "1 calendar day", "prompt"),
        ],
    ),
    (
        "eastmoor",
        "foster_care",
        [
            ("first", "supervising_worker", "-", "3 working days", "escalate"),
            ("second", "fostering_manager", "everyone above", "7 working days", "escalate to third"),
            ("third", "head_of_service", "-", "none", "nothing"),
        ],
    ),
    (
        "eastmoor",
        "about_reviewing",
        [
            ("reviewer", "reviewing_officer", "-", "3 working days", "escalate"),
            ("quality", "quality_manager", "reviewing_officer", "5 working days", "prompt"),
        ],
    ),
    (
        "vale_of_arrow",
        "conference",
        [
            ("talk", "social_worker", "-", "none", "nothing"),
            (
                "step_1",
                "team_manager",
                "social_worker, legal_advisor (if the child is in pre-proceedings)",
                "10 calendar days?",
                "escalate",
            ),
            ("step_2", "service_manager", "everyone above (unless the child is a care leaver)", "48 hours", "prompt"),
        ],
    ),
    (
        "vale_of_arrow",
        "partners",
        [
            ("lead", "review_manager picks health_lead school_lead police_lead", "-", "10 calendar days", "escalate to heads"),
            ("heads", "all board_chair head_of_service", "-", "raiser sets, at most 28 calendar days", "nothing"),
        ],
    ),
    (
        "vale_of_arrow",
        "reviews",
        [
            ("talk", "social_worker", "team_manager (if the IRO chooses)", "2 working days", "prompt"),
            ("step_1", "team_manager", "social_worker", "5 working days", "escalate"),
            ("step_2", "all service_manager head_of_service", "everyone above", "5 working days", "prompt"),
            ("director", "director", "legal_advisor (if in PLO and looked after or in proceedings)", "raiser sets", "prompt"),
            ("cafcass", "-", "-", "-", "asks the IRO"),
        ],
    ),
    (
        "hartsea",
        "serious",
        [
            (
                "heads",
                "all head_of_service deputy_director",
                "-",
                "serious 24 hours, usual 3 working days",
                "escalate to director",
            ),
            ("director", "director", "everyone above", "2 working days", "prompt"),
            ("cafcass", "-", "-", "-", "asks the IRO"),
            ("check", "iro_manager", "-", "10 working days", "nothing"),
        ],
    ),
    (
        "hartsea",
        "leaving_care",
        [
            ("first", "team_manager", "-", "5 working days", "escalate"),
            ("second", "service_manager", "iro_manager (if not looked after)", "10 working days", "prompt"),
        ],
    ),
]

CHALLENGE = ladder("eastmoor", "challenge")


def terms(condition):
    return [[(term.kind, term.value, term.negated) for term in alternative] for alternative in condition.alternatives]


@pytest.mark.parametrize("name", INVENTIONS)
def test_an_invented_folder_reads_and_says_that_it_is_invented(name):
    assert procedures(name).authority.name.endswith("(invented)")


@pytest.mark.parametrize(("name", "key", "table"), LADDERS)
def test_the_values_say_what_the_words_say(name, key, table):
    assert rows(ladder(name, key)) == table


def test_windows_count_from_what_the_words_name():
    assert CHALLENGE.stage("level_1").counted_from is CountedFrom.RECEIPT
    assert CHALLENGE.stage("level_2").counted_from is CountedFrom.ACKNOWLEDGEMENT
    assert CHALLENGE.stage("talk").counted_from is CountedFrom.SENT
    assert ladder("vale_of_arrow", "conference").stage("step_1").counted_from is CountedFrom.NOT_STATED
    assert ladder("hartsea", "leaving_care").stage("second").counted_from is CountedFrom.SENT


def test_the_sender_changes_as_the_item_climbs():
    sent_by = {stage.key: stage.sent_by for stage in CHALLENGE.stages}
    assert sent_by["level_1"] == ()
    assert sent_by["level_2"] == ("quality_manager",)
    assert sent_by["resources_panel"] == ("quality_manager", "head_of_quality")
    assert sent_by["level_3"] == ("head_of_quality",)


def test_the_judge_changes_by_stage_and_may_be_several():
    judged = {stage.key: (stage.judged_by.how, stage.judged_by.roles) for stage in CHALLENGE.stages}
    assert judged["level_1"] == (Need.ALL, ("raiser",))
    assert judged["level_2"] == (Need.ALL, ("raiser", "head_of_quality"))
    assert judged["level_3"] == (Need.ANY, ("raiser", "head_of_quality"))
    step_2 = ladder("vale_of_arrow", "conference").stage("step_2").judged_by
    assert (step_2.how, step_2.roles) == (Need.ALL, ("raiser", "review_manager"))
    assert CHALLENGE.stage("level_2").judge_within == Length(1, LengthUnit.WORKING_DAYS)
    assert CHALLENGE.judge_within == Length(2, LengthUnit.WORKING_DAYS)


def test_the_way_divides():
    assert CHALLENGE.onward("level_1") == ("level_2", "resources_panel")
    assert CHALLENGE.climbs_to("level_1") == "level_2"
    assert CHALLENGE.onward("level_2") == ("level_3",)
    assert CHALLENGE.onward("resources_panel") == ("level_2_follow_up",)
    assert CHALLENGE.stage("resources_panel").satisfied == "level_2_follow_up"
    serious = ladder("hartsea", "serious")
    assert serious.onward("heads") == ("director", "cafcass")
    assert serious.stage("heads").satisfied == "check"
    assert serious.stage("director").satisfied is None
    assert serious.onward("director") == ("cafcass",)


def test_an_answer_and_then_a_completion():
    assert within(CHALLENGE.stage("level_2").complete_within) == "raiser sets"
    assert within(CHALLENGE.stage("level_2_follow_up").complete_within) == "15 working days"
    assert within(ladder("vale_of_arrow", "partners").stage("lead").complete_within) == "20 working days"
    assert CHALLENGE.stage("level_1").complete_within is None


def test_an_obstacle_is_recorded_and_the_item_climbs_on():
    assert not CHALLENGE.stage("level_1").obstacle_stops
    assert CHALLENGE.stage("level_2").obstacle_stops
    assert not ladder("vale_of_arrow", "partners").stage("lead").obstacle_stops


def test_who_stands_in():
    assert CHALLENGE.stage("level_1").stand_ins == (("practice_lead", "service_lead"),)
    lead = ladder("vale_of_arrow", "partners").stage("lead")
    assert dict(lead.stand_ins) == {"health_lead": "police_lead", "school_lead": "police_lead"}


def test_who_watches():
    assert CHALLENGE.observers == ("head_of_quality",)
    assert {stage.key for stage in CHALLENGE.stages if stage.observers} == {"level_2", "level_3"}
    assert ladder("vale_of_arrow", "conference").observers == ("partnership_office",)
    assert ladder("vale_of_arrow", "partners").stage("lead").observers == ("partnership_office",)


def test_a_partner_item_is_agreed_before_it_leaves():
    lead = ladder("vale_of_arrow", "partners").stage("lead")
    assert (lead.endorsed_by.role, lead.endorsed_by.within) == ("service_manager", Length(2, LengthUnit.WORKING_DAYS))


@pytest.mark.parametrize(
    ("name", "key", "talk_to", "required"),
    [
        ("eastmoor", "challenge", "quality_manager", False),
        ("vale_of_arrow", "conference", "review_manager", True),
        ("vale_of_arrow", "partners", "review_manager", True),
        ("vale_of_arrow", "reviews", "review_manager", False),
    ],
)
def test_a_talk_before_skipping(name, key, talk_to, required):
    before = ladder(name, key).before_skipping
    assert (before.talk_to, before.required) == (talk_to, required)


def test_where_an_item_starts():
    serious, far = CHALLENGE.enter_at
    assert (terms(serious.when), serious.stages) == ([[("priority", "red", False)]], ("level_2",))
    assert terms(far.when) == [[("fact", "out_of_area", False), ("priority", "red", True)]]
    assert far.stages == ("level_1", "level_2")
    urgent, visit = ladder("hartsea", "serious").enter_at
    assert terms(urgent.when) == [[("item", "urgent", False)]]
    assert terms(visit.when) == [[("reason", "no_visit", False), ("theme", "all", False)]]


def test_conditions_on_copies():
    level_2 = CHALLENGE.stage("level_2")
    assert terms(level_2.copies[2].when) == [[("priority", "green", True), ("priority", "amber", True)]]
    director = ladder("vale_of_arrow", "reviews").stage("director")
    assert terms(director.copies[0].when) == [
        [("plo", "", False), ("status", "looked_after", False)],
        [("proceedings", "", False)],
    ]
    step_2 = ladder("vale_of_arrow", "conference").stage("step_2")
    assert terms(step_2.copies[0].when) == [[("status", "care_leaver", True)]]
    assert terms(ladder("vale_of_arrow", "conference").stage("step_1").copies[1].when) == [[("plo", "", False)]]


def test_which_ladder_serves_is_chosen_by_status_seriousness_and_item():
    hartsea = {serves.ladder: terms(serves.when) for serves in procedures("hartsea").authority.serves}
    assert hartsea == {
        "serious": [[("priority", "serious", False), ("status", "looked_after", False)]],
        "usual": [[("priority", "usual", False)], [("status", "none_recorded", False)]],
        "leaving_care": [[("status", "care_leaver", False)], [("status", "child_in_need", False)]],
    }
    eastmoor = {serves.ladder: serves.when for serves in procedures("eastmoor").authority.serves}
    assert list(eastmoor["foster_care"].terms()) == [Term("item", "about_carer")]
    arrow = {serves.ladder: serves.when for serves in procedures("vale_of_arrow").authority.serves}
    assert terms(arrow["conference"]) == [[("status", "child_protection", False), ("status", "looked_after", True)]]


@pytest.mark.parametrize(
    ("name", "key", "item", "role", "statuses", "serves"),
    [
        ("eastmoor", "challenge", ItemType.FORMAL, "reviewing_officer", {Status.LOOKED_AFTER}, True),
        ("eastmoor", "challenge", ItemType.FORMAL, "fostering_reviewer", {Status.LOOKED_AFTER}, False),
        ("eastmoor", "foster_care", ItemType.ABOUT_CARER, "foster_carer", None, True),
        ("eastmoor", "about_reviewing", ItemType.ABOUT_IRO_SERVICE, "practice_lead", None, True),
        ("eastmoor", "about_reviewing", ItemType.ABOUT_IRO_SERVICE, "reviewing_officer", None, False),
        ("vale_of_arrow", "conference", ItemType.FORMAL, "conference_chair", {Status.CHILD_PROTECTION}, True),
        ("vale_of_arrow", "conference", ItemType.FORMAL, "conference_chair", {Status.LOOKED_AFTER}, False),
        ("vale_of_arrow", "conference", ItemType.FORMAL, "iro", {Status.CHILD_PROTECTION}, False),
        ("hartsea", "leaving_care", ItemType.INFORMAL, "personal_adviser", {Status.CARE_LEAVER}, True),
        ("hartsea", "serious", ItemType.URGENT, "iro", {Status.LOOKED_AFTER, Status.CHILD_PROTECTION}, True),
    ],
)
def test_raiser_and_status_choose_the_ladder(name, key, item, role, statuses, serves):
    assert serves_item(ladder(name, key), item, role, statuses) is serves


def test_a_ladder_that_names_no_status_serves_every_child():
    usual = ladder("hartsea", "usual", "2025")
    assert usual.covers == ()
    assert serves_item(usual, ItemType.FORMAL, "iro", {Status.NONE_RECORDED})


def test_deadlines_on_the_raiser():
    found = [(str(one.length), one.of) for one in ladder("vale_of_arrow", "conference").raise_within]
    assert found == [("3 working days", "conference"), ("72 hours", "decision")]
    (talk,) = ladder("vale_of_arrow", "conference").stage("talk").raise_within
    assert (str(talk.length), talk.of) == ("5 working days", "conference")
    (review,) = CHALLENGE.raise_within
    assert (str(review.length), review.of) == ("5 working days", "review")


def test_what_must_be_raised_and_what_repeats():
    (rule,) = ladder("vale_of_arrow", "conference").must_raise
    assert (rule.when, rule.reason) == ("third review conference", "plan_not_working")
    assert [rule.reason for rule in CHALLENGE.must_raise] == ["decision_left_undone", ""]
    assert [(one.same, one.earlier, one.go_to) for one in CHALLENGE.repeats] == [
        ("theme", ItemType.INFORMAL, "level_1"),
        ("reason", None, "level_2"),
    ]


def test_limits_on_the_whole():
    carers = ladder("eastmoor", "foster_care").whole_process
    assert (carers.limit, carers.includes_informal) == (Length(10, LengthUnit.WORKING_DAYS), True)
    assert CHALLENGE.whole_process.includes_informal
    assert not ladder("vale_of_arrow", "reviews").whole_process.includes_informal
    assert ladder("hartsea", "serious").whole_process is None


def test_a_meeting_is_the_answer_unless_it_is_held_only_if():
    panel = CHALLENGE.stage("resources_panel")
    assert panel.answer_is_a_meeting
    assert panel.contact.meeting.attended_by == ("raiser", "quality_manager")
    assert panel.contact.meeting.outcome_recorded_by == "quality_manager"
    last = ladder("hartsea", "usual", "2025").stage("last")
    assert not last.answer_is_a_meeting
    assert last.contact.meeting.only_if == "the director asks for it"


def test_no_window_has_its_reason():
    assert CHALLENGE.stage("level_3").respond_within.none_because == "The Director sits once a month."
    assert ladder("vale_of_arrow", "conference").stage("talk").no_reply is NoReply.NOTHING


def test_somebody_other_than_the_raiser_picks():
    assert ladder("vale_of_arrow", "partners").stage("lead").to.chosen_by == "review_manager"
    assert ladder("hartsea", "usual", "2025").stage("last").to.chosen_by == "iro_manager"


def test_reminders_and_versions():
    assert ladder("hartsea", "usual", "2024").reminder_before is None
    assert ladder("hartsea", "usual", "2025").reminder_before == Length(2, LengthUnit.WORKING_DAYS)
    versions = [one for one in procedures("hartsea").ladders if one.key == "usual"]
    assert [one.version for one in in_force_on(date(2024, 12, 31), versions)] == ["2024"]
    assert [one.version for one in in_force_on(date(2025, 1, 1), versions)] == ["2025"]


def test_texts_are_kept_as_they_stand():
    assert {"rag", "closing_notice", "central_log", "child_informed", "legal_advice"} == set(dict(CHALLENGE.texts))
    assert dict(CHALLENGE.stage("level_1").texts)["file_record"] == "PQ1 is put on the child's file."
    assert CHALLENGE.stage("level_1").contact.form == "PQ1"
    assert CHALLENGE.stage("level_2").contact.form == "PQ2"
    assert CHALLENGE.stage("talk").contact.by == ("talk", "telephone")
    assert CHALLENGE.stage("talk").contact.followed_by == "case note"
    assert dict(CHALLENGE.labels) == {"level_1": "First level"}


def test_a_notice_with_a_choice_and_a_watcher():
    notice = ladder("vale_of_arrow", "good_work")
    assert notice.is_notice
    assert notice.raised_by == ("iro", "conference_chair", "team_manager")
    assert notice.stages[0].to.roles == ("social_worker", "team_manager", "health_lead")
    assert notice.stages[0].observers == ("partnership_office",)


def test_the_authoritys_own_days_hours_words_and_capacities():
    authority = procedures("eastmoor").authority
    assert authority.closures[0] == (date(2026, 12, 29), "Trust closed between the years")
    assert (authority.sending.start, authority.sending.end) == (time(7, 30), time(19))
    assert not authority.sending.working_days_only
    assert (authority.acts_at, authority.warns_at) == (time(8, 15), time(15, 45))
    assert authority.duty_numbers == (("Duty desk", "01632 960001"), ("Police", "999"))
    assert authority.roles_acting_as(Capacity.IRO) == ("reviewing_officer",)
    assert authority.label("urgent") == "red alert"
    assert authority.role("reviewing_officer").plural == "Care Reviewers"
    assert authority.facts == (NamedFact("out_of_area", "Placed more than 20 miles away"),)
