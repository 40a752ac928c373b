"""The shipped ladders say what the reports say, rung by rung, and mark what is ours."""

from datetime import date

import pytest

from tests.ladders.plainly import copied, rows, to, within
from tests.ladders.reading import AUTHORITIES, SHIPPED, ladder, procedures, texts
from workflows.calendar.working_days import Length, LengthUnit
from workflows.ladder_language.reader import read_procedures
from workflows.model.authority import Capacity, HeldFor, in_force_on
from workflows.model.ladder import CountedFrom, ItemType, Status

IN_LAW = "legal_advisor (if in PLO or proceedings)"
BOTH_STRATEGIC = "strategic_manager_cs, strategic_manager_sqd"
BOTH_HEADS = "head_of_cs, head_of_planning"

DURHAM_2016 = [
    ("informal", "social_worker", "team_manager (if the IRO chooses)", "1 working day", "prompt"),
    (
        "stage_2",
        "team_manager",
        f"social_worker, operations_manager, iro_operations_manager, {IN_LAW}",
        "3 working days",
        "escalate",
    ),
    ("stage_3", "operations_manager", f"{BOTH_STRATEGIC}, legal_manager, everyone above", "4 working days", "escalate"),
    (
        "stage_4",
        "all strategic_manager_cs strategic_manager_sqd",
        f"social_worker, operations_manager, iro_operations_manager, {IN_LAW}",
        "5 working days",
        "prompt",
    ),
    (
        "stage_5",
        "all head_of_cs head_of_planning",
        f"operations_manager, iro_operations_manager, {BOTH_STRATEGIC}, {IN_LAW}",
        "5 working days",
        "prompt",
    ),
    ("stage_6", "all corporate_director head_of_legal", f"{BOTH_STRATEGIC}, {IN_LAW}, {BOTH_HEADS}", "1 working day", "prompt"),
    ("stage_7", "chief_executive", f"{BOTH_HEADS}, corporate_director", "1 working day", "prompt"),
    ("stage_8", "-", "-", "-", "asks the IRO"),
]

DURHAM_2022 = [
    ("informal", "any social_worker team_manager", "-", "1 working day", "prompt"),
    (
        "level_2",
        "team_manager",
        f"social_worker, operations_manager, iro_operations_manager, {IN_LAW}",
        "3 working days",
        "prompt",
    ),
    ("level_3", "operations_manager", f"{BOTH_STRATEGIC}, legal_manager, everyone above", "4 working days", "prompt"),
    (
        "level_4",
        "one strategic_manager_cs strategic_manager_sqd",
        f"social_worker, operations_manager, iro_operations_manager, {IN_LAW}",
        "5 working days",
        "prompt",
    ),
    (
        "level_5",
        "head_of_cs",
        f"operations_manager, iro_operations_manager, {BOTH_STRATEGIC}, {IN_LAW}",
        "5 working days",
        "prompt",
    ),
    ("level_6", "all corporate_director head_of_legal", f"{BOTH_STRATEGIC}, {IN_LAW}, {BOTH_HEADS}", "1 working day", "prompt"),
    ("level_7", "chief_executive", f"{BOTH_HEADS}, corporate_director", "1 working day", "prompt"),
    ("referral", "-", "-", "-", "asks the IRO"),
]

DERBY = [
    (
        "informal",
        "any social_worker team_manager",
        "deputy_head_of_service_qa (if priority is high and managers oversight in question)",
        "72 hours",
        "prompt",
    ),
    (
        "formal_1",
        "team_manager",
        "social_worker, deputy_head_of_service_qa (if priority is high and managers oversight in question)",
        "10 calendar days?",
        "escalate",
    ),
    ("formal_2", "any deputy_head_of_service head_of_service", "-", "10 calendar days", "prompt"),
    ("formal_3", "head_of_service", "-", "10 calendar days", "prompt"),
    ("formal_4", "one service_director strategic_director", "-", "10 calendar days", "prompt"),
    ("referral", "-", "-", "-", "asks the IRO"),
]

NORTH_YORKSHIRE = [
    ("alert", "raiser picks social_worker team_manager service_manager", "head_of_service, director", "raiser sets", "prompt"),
    ("formal_1", "team_manager", "social_worker, everyone above", "5 working days", "escalate"),
    ("formal_2", "service_manager", "social_worker, everyone above", "5 working days", "escalate"),
    ("formal_3", "head_of_service", "social_worker, everyone above", "5 working days", "escalate"),
    ("formal_4", "director", "social_worker, everyone above", "5 working days", "escalate"),
    ("referral", "-", "-", "-", "asks the IRO"),
]

MULTI_AGENCY = [
    ("alert", "raiser picks agency_practitioner agency_manager", "head_of_service, director", "raiser sets", "prompt"),
]

THURROCK = [
    ("informal", "any social_worker team_manager", "-", "raiser sets", "prompt"),
    ("formal_1", "team_manager", "social_worker", "5 working days", "escalate"),
    ("formal_2", "service_manager", "social_worker, everyone above", "5 working days", "escalate"),
    ("formal_3", "head_of_service", "social_worker, everyone above", "5 working days", "escalate"),
    ("formal_4", "director", "social_worker, everyone above", "5 working days", "escalate"),
    ("referral", "-", "-", "-", "asks the IRO"),
]

LADDERS = [
    ("durham", "resolution", "2016/17", DURHAM_2016),
    ("durham", "resolution", "2022/23", DURHAM_2022),
    ("derby", "qa_notification", "2017/18", DERBY),
    ("north_yorkshire", "quality_alerts", "2014/15", NORTH_YORKSHIRE),
    ("north_yorkshire", "multi_agency", "2015/16 pilot", MULTI_AGENCY),
    ("thurrock", "dispute_resolution", "2017/18", THURROCK),
    ("thurrock", "dispute_resolution", "from August 2018", THURROCK),
]

STAGES = [
    pytest.param(
        ladder(name, key, version).stage(row[0]), row, rows(ladder(name, key, version))[n], id=f"{name}-{version}-{row[0]}"
    )
    for name, key, version, table in LADDERS
    for n, row in enumerate(table)
]


def test_every_folder_that_ships_is_named_here():
    assert tuple(sorted(folder.name for folder in SHIPPED.iterdir() if folder.is_dir())) == AUTHORITIES


@pytest.mark.parametrize("name", AUTHORITIES)
def test_a_shipped_folder_reads(name):
    read = read_procedures(texts(SHIPPED / name))
    assert read.authority.key == name
    assert {one.hash for one in read.ladders} | {read.authority.hash} == set(read.texts)


@pytest.mark.parametrize(("stage", "row", "found"), STAGES)
def test_a_stage_is_as_the_page_says(stage, row, found):
    assert stage.key == row[0]
    assert found == row


@pytest.mark.parametrize(("name", "key", "version", "table"), LADDERS)
def test_a_ladder_has_no_stage_beside_those(name, key, version, table):
    assert [stage.key for stage in ladder(name, key, version).stages] == [row[0] for row in table]


def test_every_ladder_that_ships_stands_in_these_tables():
    listed = {(name, key, version) for name, key, version, _ in LADDERS}
    assert {(name, one.key, one.version) for name in AUTHORITIES for one in procedures(name).ladders if one.climbs} == listed


def test_durhams_windows_of_2016_add_up():
    stages = [stage for stage in ladder("durham", "resolution", "2016/17").stages if not stage.referral]
    lengths = [stage.respond_within.length for stage in stages]
    assert {length.unit for length in lengths} == {LengthUnit.WORKING_DAYS}
    assert [length.number for length in lengths] == [1, 3, 4, 5, 5, 1, 1]
    assert sum(length.number for length in lengths) == 20
    formal = [stage.respond_within.length.number for stage in stages if not stage.informal]
    assert sum(formal) == 19


@pytest.mark.parametrize(
    ("name", "key", "version"),
    [
        ("thurrock", "dispute_resolution", "2017/18"),
        ("thurrock", "dispute_resolution", "from August 2018"),
        ("north_yorkshire", "quality_alerts", "2014/15"),
    ],
)
def test_the_handbook_shaped_ladder_fills_twenty_working_days(name, key, version):
    formal = [stage for stage in ladder(name, key, version).stages if not stage.informal and not stage.referral]
    assert sum(stage.respond_within.length.number for stage in formal) == 20


@pytest.mark.parametrize(("name", "key", "version", "table"), [row for row in LADDERS if row[1] != "multi_agency"])
def test_the_whole_process_has_the_handbooks_limit(name, key, version, table):
    whole = ladder(name, key, version).whole_process
    assert whole is not None
    assert whole.limit == Length(20, LengthUnit.WORKING_DAYS)
    assert not whole.includes_informal


@pytest.mark.parametrize(("name", "key", "version", "table"), LADDERS)
def test_the_iro_has_three_working_days_to_judge_and_that_is_ours(name, key, version, table):
    one = ladder(name, key, version)
    assert one.judge_within == Length(3, LengthUnit.WORKING_DAYS)
    assert "judge_within" in {assumption.path for assumption in one.assumed}


@pytest.mark.parametrize(("name", "key", "version", "table"), LADDERS)
def test_a_rule_for_no_reply_is_ours_except_derbys(name, key, version, table):
    one = ladder(name, key, version)
    ours = {assumption.path for assumption in one.assumed}
    waits = {stage.key for stage in one.stages if not stage.referral}
    theirs = {"formal_1"} if name == "derby" else set()
    assert {key for key in waits if f"stages.{key}.no_reply" in ours} == waits - theirs


@pytest.mark.parametrize(("stage", "row", "found"), STAGES)
def test_a_meeting_that_is_the_answer_prompts(stage, row, found):
    if stage.answer_is_a_meeting:
        assert found[4] == "prompt"


@pytest.mark.parametrize(
    ("version", "key", "attended_by"),
    [
        ("2016/17", "stage_4", "iro iro_operations_manager strategic_manager_cs strategic_manager_sqd"),
        ("2016/17", "stage_5", "strategic_manager_cs strategic_manager_sqd operations_manager iro_operations_manager"),
        ("2016/17", "stage_6", "head_of_cs head_of_planning strategic_manager_cs strategic_manager_sqd"),
        ("2016/17", "stage_7", "corporate_director head_of_cs head_of_planning"),
        ("2022/23", "level_2", "iro team_manager"),
        ("2022/23", "level_3", "iro operations_manager"),
        ("2022/23", "level_4", "iro iro_operations_manager"),
        (
            "2022/23",
            "level_5",
            "iro head_of_cs strategic_manager_cs strategic_manager_sqd operations_manager iro_operations_manager",
        ),
    ],
)
def test_durhams_meetings(version, key, attended_by):
    meeting = ladder("durham", "resolution", version).stage(key).contact.meeting
    assert meeting.arranged_by == "iro_operations_manager"
    assert meeting.attended_by == tuple(attended_by.split())
    assert meeting.outcome_recorded_by == "iro"
    assert not meeting.only_if
    assert meeting.called == ("meeting" if version == "2016/17" else "Resolution Meeting")


@pytest.mark.parametrize("key", ["stage_2", "stage_3"])
def test_durhams_monitoring_meeting_is_held_if_required(key):
    stage = ladder("durham", "resolution", "2016/17").stage(key)
    assert stage.contact.meeting.called == "DRP monitoring meeting"
    assert not stage.answer_is_a_meeting


def test_durham_tells_everyone_above_of_a_referral():
    for version, key in (("2016/17", "stage_8"), ("2022/23", "referral")):
        last = ladder("durham", "resolution", version).stage(key)
        assert (last.referral, last.tell, last.told_by) == ("cafcass", "everyone above", "iro_operations_manager")


def test_durham_scrutinises_an_unregistered_placement_at_level_4_or_5():
    (unregistered,) = ladder("durham", "resolution", "2022/23").enter_at
    (term,) = unregistered.when.terms()
    assert (term.kind, term.value) == ("fact", "unregistered_placement")
    assert unregistered.stages == ("level_4", "level_5")


@pytest.mark.parametrize(
    ("name", "key", "version", "start", "raisers"),
    [
        ("durham", "resolution", "2022/23", "level_4", ("iro",)),
        ("derby", "qa_notification", "2017/18", "formal_3", ("deputy_head_of_service_qa",)),
    ],
)
def test_an_item_about_a_service_starts_with_those_who_run_it(name, key, version, start, raisers):
    it = ladder(name, key, version)
    assert it.first_for(ItemType.ABOUT_SERVICE).key == start
    assert it.stages_for(ItemType.ABOUT_SERVICE)[0].key == start
    assert (it.raisers_of(ItemType.ABOUT_SERVICE), it.raisers_of(ItemType.FORMAL)) == (raisers, ("iro",))
    assert it.stages_for(ItemType.FORMAL) == it.stages


@pytest.mark.parametrize(
    ("level", "reasons"),
    [
        ("level_2", {"permanence_plan_delayed", "final_plan_not_ratified"}),
        ("level_3", {"placement_unregistered", "permanence_no_progress", "report_not_available", "worker_not_available"}),
        ("level_4", {"placement_unregistered"}),
        ("level_5", {"placement_unregistered"}),
    ],
)
def test_durhams_reasons_by_level(level, reasons):
    assert set(ladder("durham", "resolution", "2022/23").stage(level).reasons) == reasons


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (date(2016, 3, 31), None),
        (date(2016, 4, 1), "2016/17"),
        (date(2022, 3, 31), "2016/17"),
        (date(2022, 4, 1), "2022/23"),
    ],
)
def test_durhams_version_of_a_day(day, version):
    found = {one.key: one.version for one in in_force_on(day, procedures("durham").ladders)}
    assert found.get("resolution") == version


@pytest.mark.parametrize(
    ("name", "key", "version", "items", "covers"),
    [
        ("durham", "resolution", "2016/17", "informal formal", "looked_after child_protection"),
        ("durham", "resolution", "2022/23", "informal formal about_service", "looked_after child_protection none_recorded"),
        ("derby", "qa_notification", "2017/18", "informal formal about_service", "looked_after"),
        ("north_yorkshire", "quality_alerts", "2014/15", "informal formal", "looked_after"),
        ("north_yorkshire", "multi_agency", "2015/16 pilot", "partner_agency", "looked_after"),
        ("thurrock", "dispute_resolution", "2017/18", "informal formal", "looked_after"),
        ("thurrock", "dispute_resolution", "from August 2018", "informal formal", "looked_after"),
    ],
)
def test_what_a_ladder_carries(name, key, version, items, covers):
    one = ladder(name, key, version)
    assert one.items == tuple(ItemType(item) for item in items.split())
    assert one.covers == tuple(Status(status) for status in covers.split())
    assert one.raisers_of(one.items[0]) == ("iro",)
    first = one.first_for(ItemType.FORMAL) if ItemType.FORMAL in one.items else None
    assert first is None or not first.informal


def test_derbys_ten_days_are_of_unstated_kind():
    one = ladder("derby", "qa_notification")
    assert not one.stage("formal_1").respond_within.unit_stated
    assert "stages.formal_1.respond_within" in {assumption.path for assumption in one.assumed}
    assert one.stage("informal").respond_within.length == Length(72, LengthUnit.HOURS)


def test_derbys_repeat_and_must_raise():
    one = ladder("derby", "qa_notification")
    (repeat,) = one.repeats
    assert (repeat.same, repeat.earlier, repeat.go_to) == ("reason", ItemType.INFORMAL, "formal_1")
    assert [rule.reason for rule in one.must_raise] == [
        "drift_or_delay",
        "tasks_not_completed",
        "statutory_requirements",
        "persistent_poor_practice",
    ]
    assert one.priorities == ("high", "medium", "low")


@pytest.mark.parametrize(
    ("key", "arranged_by"),
    [("formal_2", "deputy_head_of_service_qa"), ("formal_3", "head_of_service_qa"), ("formal_4", "head_of_service_qa")],
)
def test_derbys_formal_stages_are_meetings_judged_by_the_iro(key, arranged_by):
    stage = ladder("derby", "qa_notification").stage(key)
    assert stage.answer_is_a_meeting
    assert stage.contact.meeting.arranged_by == arranged_by
    assert arranged_by in stage.contact.meeting.attended_by
    assert stage.judged_by.roles == ("raiser",)
    assert stage.sent_by == (("head_of_service_qa",) if key == "formal_4" else ())


def test_a_quality_alert_has_two_dates():
    for key in ("quality_alerts", "multi_agency"):
        alert = ladder("north_yorkshire", key).stage("alert")
        assert alert.informal
        assert within(alert.respond_within) == within(alert.complete_within) == "raiser sets"


def test_nobody_outside_north_yorkshire_is_told_but_the_one_named():
    authority = procedures("north_yorkshire").authority
    alert = ladder("north_yorkshire", "multi_agency").stage("alert")
    assert {authority.role(role).held_for for role in alert.roles_to()} == {HeldFor.AGENCY}
    assert all(authority.role(copy.role).held_for is not HeldFor.AGENCY for copy in alert.copies)


def test_thurrocks_procedure_is_followed_by_the_reviewed_one_in_august_2018():
    one = ladder("thurrock", "dispute_resolution", "2017/18")
    reviewed = ladder("thurrock", "dispute_resolution", "from August 2018")
    assert (one.in_force, one.until) == (date(2017, 4, 1), date(2018, 7, 31))
    assert (reviewed.in_force, reviewed.until) == (date(2018, 8, 1), None)
    assert in_force_on(date(2018, 7, 31), [one, reviewed]) == (one,)
    assert in_force_on(date(2018, 8, 1), [one, reviewed]) == (reviewed,)
    assert "1 August 2018" in dict(one.texts)["after_july_2018"]


def test_what_thurrocks_reviewed_procedure_says_is_all_assumed():
    reviewed = ladder("thurrock", "dispute_resolution", "from August 2018")
    ours = {assumption.path: assumption.why for assumption in reviewed.assumed}
    assert ours["version"] == "The report says that a reviewed procedure applies from this day and not what it says."
    assert {f"stages.{stage.key}" for stage in reviewed.stages} <= set(ours)
    assert {"items", "covers", "whole_process", "judge_within"} <= set(ours)


def test_who_leads_thurrocks_iros():
    authority = procedures("thurrock").authority
    assert authority.role("iro_manager").title == "Service Manager, Safeguarding and Quality Assurance"


@pytest.mark.parametrize(
    ("name", "version", "stages"),
    [
        ("durham", "2016/17", "informal stage_2 stage_3 stage_4 stage_5 stage_6 stage_7"),
        ("durham", "2022/23", ""),
        ("derby", "2017/18", "informal formal_1"),
    ],
)
def test_where_the_time_is_the_reports_own_and_its_start_is_not(name, version, stages):
    (one,) = (one for one in procedures(name).ladders if one.version == version and one.climbs)
    unsaid = [stage.key for stage in one.stages if stage.counted_from is CountedFrom.NOT_STATED]
    assert unsaid == stages.split()
    ours = {assumption.path: assumption.why for assumption in one.assumed}
    assert {ours[f"stages.{key}.counted_from"] for key in unsaid} <= {
        "The report does not say what starts the time; it is counted from sending."
    }


@pytest.mark.parametrize(
    ("name", "key", "version", "paths"),
    [
        ("durham", "resolution", "2022/23", "items text.senior_scrutiny text.impact stages.level_2.contact.form"),
        ("derby", "qa_notification", "2017/18", "stages.informal.copy.0 stages.formal_4.sent_by text.counting"),
        ("thurrock", "dispute_resolution", "2017/18", "covers"),
        ("north_yorkshire", "excellent_practice", "2015/16 pilot", "version in_force to copy"),
    ],
)
def test_what_is_ours_is_marked(name, key, version, paths):
    assert {assumption.path for assumption in ladder(name, key, version).assumed} >= set(paths.split())


def test_durham_does_not_say_since_when():
    assert "in_force" in {assumption.path for assumption in procedures("durham").authority.assumed}


@pytest.mark.parametrize("level", ["level_2", "level_3", "level_4", "level_5", "level_6", "level_7"])
def test_durhams_levels_use_its_form(level):
    assert ladder("durham", "resolution", "2022/23").stage(level).contact.form == "DRP form"


def test_derby_must_raise_excellent_practice():
    (rule,) = ladder("derby", "excellent_practice").must_raise
    assert rule.reason == "excellent_practice"
    assert procedures("derby").authority.reason("excellent_practice").label == "Excellent practice"


def test_a_notice_may_go_to_a_partner_agency_from_the_pilot_on():
    versions = procedures("north_yorkshire").ladders
    for day, version in ((date(2015, 3, 31), "2014/15"), (date(2015, 4, 1), "2015/16 pilot")):
        assert {one.key: one.version for one in in_force_on(day, versions)}["excellent_practice"] == version


@pytest.mark.parametrize(
    ("name", "version", "recipients", "copies"),
    [
        ("durham", "2016/17", "social_worker", "team_manager, head_of_cs"),
        ("derby", "2017/18", "social_worker", "team_manager, head_of_service"),
        (
            "north_yorkshire",
            "2014/15",
            "raiser picks social_worker team_manager service_manager",
            "team_manager, head_of_service, director",
        ),
        (
            "north_yorkshire",
            "2015/16 pilot",
            "raiser picks social_worker team_manager service_manager agency_practitioner agency_manager",
            "team_manager, head_of_service, director",
        ),
    ],
)
def test_a_notice_of_excellent_practice(name, version, recipients, copies):
    notice = ladder(name, "excellent_practice", version)
    (stage,) = notice.stages
    assert notice.is_notice
    assert notice.items == (ItemType.EXCELLENT_PRACTICE,)
    assert (to(stage), copied(stage)) == (recipients, copies)
    assert (notice.revision, "copy" in {one.path for one in notice.assumed}) == (2, True), "whom it is copied to is ours"
    assert stage.respond_within.none_because
    assert notice.whole_process is None


@pytest.mark.parametrize(("level", "recipients"), [("4", "one strategic_manager_cs strategic_manager_sqd"), ("5", "head_of_cs")])
def test_durhams_senior_scrutiny_is_told_once_at_its_level(level, recipients):
    scrutiny = ladder("durham", f"scrutiny_level_{level}")
    (stage,) = scrutiny.stages
    assert scrutiny.is_notice
    assert scrutiny.items == (ItemType.SENIOR_SCRUTINY,)
    assert (stage.key, stage.label, scrutiny.counts_at) == (f"level_{level}", f"Level {level}", f"level_{level}")
    assert (to(stage), copied(stage)) == (recipients, "-")
    assert stage.label == ladder("durham", "resolution", "2022/23").stage(stage.key).label
    assert stage.respond_within.none_because == "Senior scrutiny is put on the record and told; it asks for no reply."
    assert [rule.reason for rule in scrutiny.must_raise] == ["placement_unregistered"]
    assert {assumption.path for assumption in scrutiny.assumed} >= {"item", "stage", "to", "raised_by"}


def test_a_notice_that_says_neither_is_excellent_practice_and_counts_at_no_stage():
    notice = ladder("durham", "excellent_practice")
    assert (notice.stages[0].key, notice.counts_at) == ("notice", "")


REASONS = {
    "durham": {"practice", "resources", "process"},
    "derby": {
        "drift_or_delay",
        "excellent_practice",
        "tasks_not_completed",
        "persistent_poor_practice",
        "statutory_requirements",
        "decision_not_followed_up",
        "iro_not_informed",
        "review_not_prepared",
        "poor_reports",
        "required_tasks_not_done",
        "no_progress",
        "worker_absent",
        "reports_not_ready",
        "child_not_supported",
    },
    "north_yorkshire": {
        "decisions_not_acted_on",
        "other",
        "report_not_available",
        "records_not_up_to_date",
        "life_story_work",
        "exceptional_practice",
    },
    "thurrock": {
        "pathway_plan_not_completed",
        "permanency_plan_not_robust",
        "report_not_prepared",
        "education_plan",
        "health_assessment",
        "sgo_application_needed",
        "assessment_not_completed",
        "placement_not_meeting_need",
    },
}


@pytest.mark.parametrize("name", AUTHORITIES)
def test_the_reports_tables_can_be_counted(name):
    authority = procedures(name).authority
    reasons = {reason.key: reason for theme in authority.themes for reason in theme.reasons}
    known = {theme.key for theme in authority.themes} if name == "durham" else set(reasons)
    assert known >= REASONS[name]
    others = [reason for reason in reasons.values() if "other" in reason.key]
    assert others
    assert all(reason.needs_words for reason in others)
    assert {reason.key for reason in reasons.values() if reason.needs_words} == {reason.key for reason in others}


@pytest.mark.parametrize("name", AUTHORITIES)
def test_every_capacity_is_carried(name):
    authority = procedures(name).authority
    for capacity in Capacity:
        assert authority.roles_acting_as(capacity), capacity
    assert len(authority.roles_acting_as(Capacity.IRO_MANAGER)) == 1
    assert authority.roles_acting_as(Capacity.IRO) == ("iro",)


@pytest.mark.parametrize("name", AUTHORITIES)
def test_an_assumption_is_one_plain_sentence(name):
    read = procedures(name)
    for assumption in [*read.authority.assumed, *(one for each in read.ladders for one in each.assumed)]:
        assert assumption.why.endswith("."), assumption
        assert assumption.why[0].isupper(), assumption
        assert "\n" not in assumption.why, assumption


@pytest.mark.parametrize(
    ("name", "key", "label"),
    [
        ("durham", "cafcass", "CAFCASS"),
        ("derby", "cafcass", "CAFCASS"),
        ("derby", "challenge", "QA notification"),
        ("north_yorkshire", "informal", "quality alert"),
        ("thurrock", "process", "Dispute Resolution Process"),
        ("thurrock", "cafcass", "Cafcass"),
    ],
)
def test_people_read_the_authoritys_own_words(name, key, label):
    assert procedures(name).authority.label(key) == label
