"""`drp check`: what is shown, what is counted, what is weighed; and a planted fault is found."""

from contextlib import redirect_stdout
from datetime import date, time, timedelta
from functools import cache
from io import StringIO
from pathlib import Path

import pytest

from api.assembly import shipped_calendar
from api.cli.check_command import check_files
from drp.directory import vacancies
from drp.directory.values import Directory
from tests.decision.planting import plant_rule
from tests.ladders.bad_files import GOOD, A, L
from tests.ladders.reading import INVENTED, SHIPPED, ladder, procedures
from workflows.calendar.working_days import at_local
from workflows.ladder_language import fault_location
from workflows.ladder_language.reader import AuthorityProcedures, read_procedures
from workflows.model import events
from workflows.model.actor import Part
from workflows.model.authority import Rules
from workflows.model.challenge import Outcome
from workflows.model.ladder import RECIPIENTS
from workflows.model.refusals import NotOpen
from workflows.model.register_entry import VisitCause, register_entry_of
from workflows.proofs import ladder_check, lived_check, simulate
from workflows.proofs.ladder_check import last_day, prove_ladder

WHEN = at_local(date(2026, 6, 1), time(10))
EVERY = sorted(folder for at in (SHIPPED, INVENTED) for folder in at.iterdir() if folder.is_dir())


def rules(name: str, key: str, version: str = "") -> Rules:
    authority = procedures(name).authority
    days = shipped_calendar()
    if authority.closures:
        days = days.closed_also_on(dict(authority.closures), "closures")
    return Rules(ladder(name, key, version), authority, days)


def changed(old: str, new: str) -> tuple[Rules, AuthorityProcedures]:
    """The tests' own ladder with one thing changed."""
    assert GOOD[L].count(old) == 1
    read = read_procedures({**GOOD, L: GOOD[L].replace(old, new)})
    (one,) = (one for one in read.ladders if one.key == "challenge")
    return Rules(one, read.authority, shipped_calendar()), read


@pytest.mark.parametrize("folder", EVERY, ids=lambda folder: folder.name)
def test_nothing_is_wrong_with_what_ships(folder):
    said = printed(folder)
    assert not any("WRONG" in line for line in said)
    assert "nothing wrong" in said[-1]


@pytest.mark.parametrize("version", ["2016/17", "2022/23"])
def test_durhams_days_add_up(version):
    proof = prove_ladder(rules("durham", "resolution", version))
    assert (proof.formal_days, proof.with_informal_days) == (19, 20)
    assert proof.failures == ()
    assert proof.counted.startswith("19 working days in its formal stages")
    assert proof.counted.endswith(", 20 with the informal")


def test_how_many_of_durhams_windows_are_assumed():
    assert prove_ladder(rules("durham", "resolution", "2016/17")).formal.assumed == 0
    proof = prove_ladder(rules("durham", "resolution", "2022/23"))
    assert (proof.formal.assumed, proof.formal.windows) == (6, 6)
    assert "(all 6 windows are assumed)" in proof.counted


def test_calendar_days_are_not_working_days():
    proof = prove_ladder(rules("derby", "qa_notification"))
    assert (proof.formal_days, proof.with_informal_days) == (0, 0)
    assert (proof.formal.calendar_days, proof.informal.hours) == (40, 72)
    assert (proof.formal.least, proof.formal.most) == (25, 30)
    assert "40 calendar days (25 to 30 working days) in its formal stages" in proof.counted
    assert "at least 25 working days, more than 20; all 4 windows are assumed" in proof.warnings[0]


def test_the_run_is_over_every_first_day_of_a_year():
    # 40 days are five weeks and five days: all five worked from a Sunday, three of them from a Wednesday or Thursday, say,
    # less Christmas Day, the substitute for Boxing Day, and New Year's Day.
    proof = prove_ladder(rules("derby", "qa_notification"))
    assert proof.formal.most == 5 * 5 + 5
    assert proof.formal.least == 5 * 5 + 3 - 3


def test_what_may_be_too_long_is_said_so():
    proof = prove_ladder(rules("eastmoor", "challenge"))
    assert (proof.formal.working_days, proof.formal.calendar_days) == (18, 7)
    assert proof.formal.least <= 20 < proof.formal.most
    assert any("may add up to" in warning for warning in proof.warnings)


@pytest.mark.parametrize(
    ("name", "key", "version", "said"),
    [
        ("north_yorkshire", "multi_agency", "", "it has no formal stage and an informal step by a date set for each item"),
        ("thurrock", "dispute_resolution", "2017/18", " and an informal step by a date set for each item"),
        ("north_yorkshire", "quality_alerts", "", " and an informal step by a date set for each item"),
        ("vale_of_arrow", "conference", "", " and an informal step without a date"),
        ("eastmoor", "about_reviewing", "", "5 working days in its formal stages, 8 with the informal"),
    ],
)
def test_what_is_counted(name, key, version, said):
    assert prove_ladder(rules(name, key, version)).counted.endswith(said)


@pytest.mark.parametrize(
    ("name", "key", "version", "is_open", "not_looked_after"),
    [
        ("durham", "resolution", "2016/17", True, ("a child with a protection plan",)),
        (
            "durham",
            "resolution",
            "2022/23",
            True,
            ("a child with a protection plan", "a child with no status recorded", "an item about no child"),
        ),
        ("thurrock", "dispute_resolution", "2017/18", True, ()),
        ("vale_of_arrow", "partners", "", True, ("a child with no status recorded",)),
        ("hartsea", "leaving_care", "", False, ("a care leaver", "a child in need")),
        ("eastmoor", "foster_care", "", True, ("a child with no status recorded", "an item about no child")),
    ],
)
def test_a_child_of_each_status_is_played(name, key, version, is_open, not_looked_after):
    proof = prove_ladder(rules(name, key, version))
    assert (proof.open_to_looked_after, proof.not_looked_after) == (is_open, not_looked_after)


@pytest.mark.parametrize("part", [Part.IRO_MANAGER, Part.ASKED, Part.SERVICE])
def test_somebody_else_who_could_refer_is_found(part, monkeypatch):
    plant_rule(monkeypatch, events.ReferredToCafcass, may=frozenset({Part.CHILDS_IRO, part}))
    failures = prove_ladder(rules("thurrock", "dispute_resolution", "2017/18")).failures
    assert f"formal_1.awaiting: {part.value} could refer to Cafcass" in failures


def test_an_iro_who_cannot_refer_is_found(monkeypatch):
    plant_rule(monkeypatch, events.ReferredToCafcass, may=frozenset())
    failures = prove_ladder(rules("durham", "resolution", "2016/17")).failures
    assert any("a referral is refused to the child's IRO" in failure for failure in failures)


def test_a_referral_that_a_childs_status_would_refuse_is_found(monkeypatch):
    def looked_after_alone(rules, challenge):
        return None if challenge.facts.is_looked_after else NotOpen("Not looked after.", "Correct the directory.")

    plant_rule(monkeypatch, events.ReferredToCafcass, needs=(looked_after_alone,))
    failures = prove_ladder(rules("durham", "resolution", "2016/17")).failures
    assert any("refused to the child's IRO for a child with a protection plan" in failure for failure in failures)


def test_a_planted_fault_is_said_and_counted(monkeypatch, capsys):
    plant_rule(monkeypatch, events.ReferredToCafcass, may=frozenset({Part.CHILDS_IRO, Part.IRO_MANAGER}))
    assert check_files([SHIPPED / "thurrock" / "dispute-resolution.yaml"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "  WRONG    informal.awaiting: IRO manager could refer to Cafcass" in lines
    assert not any(line.startswith("  shown") for line in lines)
    assert lines[-1] == "1 procedure read, 16 things wrong, 2 things to weigh."


DURHAM = """\
Durham County Council: Dispute Resolution Process 2016/17, revision 2 (resolution), in force \
from 2016-04-01 to 2022-03-31; then 2022/23
  shown    wherever an open item can stand (22 places), somebody owns the next step, with a date or a stated reason for none
  shown    Cafcass is open to the child's IRO, wherever an open item stands, for a looked-after child, and to nobody else
  shown    for others too a referral is the IRO's to decide (played: a child with a protection plan)
  counted  19 working days in its formal stages, 20 with the informal; the Handbook's limit for the formal process is 20 \
working days
  assumed  First day: The report describes its own year and does not say since when.
  assumed  Informal challenge; Stage 2; Stage 3, no reply: The report gives a time and no rule for no reply.
  assumed  Stage 3, copies; Stage 8, referral to CAFCASS, who is told: Everyone above is read as every recipient, \
and every copy whose condition holds, of the stages before, whether or not it passed through them.
  assumed (authority file) First day: The reports describe their own years and do not say since when.
  assumed (authority file) Legal Advisor, for what it is held: The report names one Legal Advisor; we assume one for each \
service.
1 procedure read, nothing wrong, 1 thing to weigh.
"""


@cache
def printed(path: Path) -> tuple[str, ...]:
    """What is printed of a file, or of an authority's folder; nothing is wrong."""
    with redirect_stdout(StringIO()) as out:
        assert check_files([path]) == 0
    return tuple(out.getvalue().splitlines())


@pytest.mark.parametrize("line", DURHAM.splitlines())
def test_what_is_printed_of_durham(line):
    assert line in printed(SHIPPED / "durham" / "resolution-2016.yaml")


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("derby", "  weigh    Formal stage 1: the kind of day is not stated; calendar days are counted"),
        ("derby", "  assumed  Informal QA notification, first copy; Formal stage 1, second copy: The report has the IRO alert"),
        ("derby", "  shown    it asks for no reply, has no window and never climbs"),
        ("derby", "  assumed (authority file) Fact “The concern includes the manager's oversight of the case”: "),
        (
            "thurrock",
            "  assumed  Formal stage 1; Formal stage 2; Formal stage 3; Formal stage 4, time to answer: The time is ours",
        ),
        ("north_yorkshire", "  counted  it has no formal stage and an informal step by a date set for each item"),
    ],
)
def test_what_is_printed_of_others(name, line):
    assert any(said.startswith(line) for said in printed(SHIPPED / name))


def test_the_authority_files_assumptions_are_printed_once():
    said = [line for line in printed(SHIPPED / "north_yorkshire") if line.startswith("  assumed (authority file) Themes")]
    assert len(said) == 1


def test_what_cannot_be_read_is_counted(tmp_path, capsys):
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text.replace("to: director", "to: dirctor"), encoding="utf-8")
    assert check_files([tmp_path]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{tmp_path / L}:")
    assert lines[-1] == "0 procedures read, 1 thing wrong, nothing to weigh."


def test_a_version_that_nothing_follows_is_weighed():
    ended, read = changed("until: 2026-12-31", "until: 2026-12-30")
    assert last_day(ended.ladder, read.ladders) == (date(2026, 12, 30), None)
    assert "nothing follows after 2026-12-30, its last day" in prove_ladder(ended, read.ladders).warnings


def test_a_gap_between_two_versions_is_weighed():
    second = GOOD[L].replace('version: "2025/26"', 'version: "2027"').replace("until: 2026-12-31\n", "")
    second = second.replace("in_force: 2025-01-01", "in_force: 2027-02-01")
    read = read_procedures({**GOOD, "second.yaml": second})
    first, last = sorted((one for one in read.ladders if one.key == "challenge"), key=lambda one: one.in_force)
    proof = prove_ladder(Rules(first, read.authority, shipped_calendar()), read.ladders)
    assert "nothing follows after 2026-12-31, its last day until 2027 begins on 2027-02-01" in proof.warnings
    assert last_day(last, read.ladders) == (None, None)


@pytest.mark.parametrize(
    ("name", "key", "version", "expected"),
    [
        ("durham", "resolution", "2016/17", date(2022, 3, 31)),
        ("durham", "resolution", "2022/23", None),
        ("thurrock", "dispute_resolution", "2017/18", date(2018, 7, 31)),
        ("thurrock", "dispute_resolution", "from August 2018", None),
        ("north_yorkshire", "excellent_practice", "2014/15", date(2015, 3, 31)),
    ],
)
def test_a_versions_last_day(name, key, version, expected):
    versions = procedures(name).ladders
    one = ladder(name, key, version)
    assert last_day(one, versions)[0] == expected
    assert not any("nothing follows" in warning for warning in prove_ladder(rules(name, key, version), versions).warnings)


@pytest.mark.parametrize("contact", ["", "    contact: {meeting: {called: Panel, attended_by: [recipients, iro]}}\n"])
def test_what_was_agreed_is_completed(contact):
    stage = "    to: director\n" + contact + "    complete_within: as agreed\n"
    agreed, _ = changed("    to: director\n", stage)
    proof = prove_ladder(agreed)
    assert proof.failures == ()
    assert "step_2.completing" in _open(agreed)


def _open(of: Rules) -> set[str]:
    return set(simulate.shortest_ways(of, simulate.facts_for(of.ladder), at_local(date(2026, 6, 1), time(10))))


def test_a_meeting_may_be_attended_by_the_recipients():
    read, _ = changed("    to: director\n", "    to: director\n    contact: {meeting: {attended_by: [recipients, iro]}}\n")
    assert read.ladder.stage("step_2").contact.meeting.attended_by == (RECIPIENTS, "iro")
    assert RECIPIENTS not in read.ladder.roles()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("stages.formal_1.copy.1", "Formal stage 1, second copy"),
        ("stages.formal_2.contact.meeting.arranged_by", "Formal stage 2, who arranges the meeting"),
        ("stages.referral", "Referral to CAFCASS, the whole stage"),
        ("repeat.0.same", "First rule for a repeat, what counts as the same"),
        ("text.counting", "Note “counting”"),
        ("in_force", "First day"),
        ("whole_process.limit", "Limit of the whole, limit"),
        ("stages.formal_1.something_else", "Formal stage 1, something else"),
    ],
)
def test_a_place_in_words(path, said):
    assert fault_location.locate_in_ladder(ladder("derby", "qa_notification"), path) == said


@pytest.mark.parametrize("name", ["derby", "durham", "north_yorkshire", "thurrock"])
def test_no_place_is_left_as_a_key(name):
    read = procedures(name)
    said = [fault_location.locate_in_authority_file(read.authority, assumption.path) for assumption in read.authority.assumed]
    said += [fault_location.locate_in_ladder(one, assumption.path) for one in read.ladders for assumption in one.assumed]
    assert not [place for place in said if "_" in place or "." in place or place[0].islower()]


def test_recipients_who_attend_are_not_a_post_of_their_own():
    meeting = "    contact: {meeting: {attended_by: [recipients, iro_manager]}}\n"
    held, read = changed("    to: director\n", "    to: director\n" + meeting)
    facts, start = simulate.facts_for(held.ladder), at_local(date(2026, 6, 1), time(10))
    way = simulate.shortest_ways(held, facts, start)["step_2.awaiting"]
    challenge = simulate.play_way(held, way, facts, start)
    assert challenge.last_at
    booked = simulate.Step(events.MeetingArranged(challenge.last_at + timedelta(days=2)))
    (telling,) = simulate.take_step(held, challenge, booked, facts, challenge.last_at).tellings
    assert [party.role for party in telling.to] == ["director", "iro_manager", "raiser"]
    empty = vacancies.vacant_posts(Directory(), read.authority, [held.ladder], date(2026, 6, 1))
    assert "director" in {vacancy.role for vacancy in empty}
    assert RECIPIENTS not in {vacancy.role for vacancy in empty}


@pytest.mark.parametrize(
    ("name", "key", "version"),
    [
        ("durham", "resolution", "2016/17"),
        ("durham", "resolution", "2022/23"),
        ("derby", "qa_notification", "2017/18"),
        ("north_yorkshire", "quality_alerts", "2014/15"),
        ("thurrock", "dispute_resolution", "2017/18"),
    ],
)
def test_an_item_that_nobody_answers_and_one_never_answered_well_enough_climb_three_stages(name, key, version):
    held = rules(name, key, version)
    facts, start = simulate.facts_for(held.ladder), at_local(date(2026, 6, 1), time(10))
    for is_answered, cause in ((False, VisitCause.NO_REPLY), (True, VisitCause.NEEDS_MORE)):
        way = simulate.way_up(held, facts, start, is_answered)
        challenge = simulate.play_way(held, way, facts, start)
        line = register_entry_of(challenge, held.authority)
        assert challenge.phase == Outcome.RESOLVED
        assert [stay.cause for stay in line.stays] == [VisitCause.RAISED, cause, cause]
        assert len({stay.stage for stay in line.stays}) == 3


def test_a_notice_and_what_is_settled_by_a_reply_alone_do_not_climb():
    start = at_local(date(2026, 6, 1), time(10))
    for held in (rules("north_yorkshire", "excellent_practice", "2014/15"), rules("north_yorkshire", "multi_agency")):
        facts = simulate.facts_for(held.ladder)
        assert simulate.way_up(held, facts, start, is_answered=False) == ()


def test_what_only_new_files_are_refused_for_is_weighed_of_one_in_force(tmp_path, capsys):
    for name, text in (
        GOOD | {L: GOOD[L].replace("items: [informal, formal]", "items: [informal, formal, about_service]")}
    ).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert check_files([tmp_path]) == 1
    assert "would ask the Social Worker" in capsys.readouterr().out
    assert check_files([tmp_path], in_force=True) == 0
    said = capsys.readouterr().out.splitlines()
    assert any(line.startswith("  weigh") and "would ask the Social Worker" in line for line in said)


def test_a_label_that_mail_cannot_carry_is_weighed_of_files_in_force_and_says_its_line(tmp_path, capsys):
    for name, text in (
        GOOD | {A: GOOD[A].replace("name: Moorland", 'name: "Moor\\Lland'), L: GOOD[L].replace("label: Step 2", "label: =?2")}
    ).items():
        (tmp_path / name).write_text(text.replace("(invented)", '(invented)"') if name == A else text, encoding="utf-8")
    assert check_files([tmp_path]) == 1
    assert "authority.yaml:2: the text holds U+2028" in capsys.readouterr().out
    assert check_files([tmp_path], in_force=True) == 0
    weighed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  weigh")]
    assert any("authority.yaml:2: the text holds U+2028" in line for line in weighed)
    assert any("challenge.yaml:" in line and "`=?` stands in this text" in line for line in weighed)


STUCK = INVENTED.parent / "stuck"


def stuck_ladder(name: str) -> tuple[str, Rules]:
    """The reason that a file of `stuck` gives in its first line, and its rules."""
    text = (STUCK / name).read_text(encoding="utf-8")
    read = read_procedures({"authority": (STUCK / "authority.yaml").read_text(encoding="utf-8"), name: text})
    return text.partition("\n")[0].removeprefix("# "), Rules(read.ladders[0], read.authority, shipped_calendar())


STUCK_FILES = sorted(path.name for path in STUCK.glob("*.yaml") if path.name != "authority.yaml")


@pytest.mark.parametrize("name", STUCK_FILES)
def test_a_ladder_that_gets_stuck_is_wrong_for_its_own_reason(name):
    reason, held = stuck_ladder(name)
    assert "; ".join(prove_ladder(held).failures) == reason


def test_there_are_ten_of_them_and_one():
    assert len(STUCK_FILES) == 11


def test_only_where_neighbours_are_the_same_person_does_the_last_of_them_stop():
    _, held = stuck_ladder("neighbours.yaml")
    single, paired = lived_check.invented_directories(held)
    assert single.people["team_manager"] != single.people["service_manager"]
    assert paired.people["team_manager"] == paired.people["service_manager"]
    assert lived_check.find_stuck(held, WHEN, [single]) == ()
    assert lived_check.find_stuck(held, WHEN, [paired]) != ()


@pytest.mark.parametrize("name", STUCK_FILES)
def test_planted_parts_taken_from_the_file_alone_find_none_of_them(name, monkeypatch):
    """What the check did before: whoever the file names is taken to be there, and may."""
    monkeypatch.setattr(ladder_check, "find_stuck", lambda rules, now: ())
    with pytest.raises(AssertionError):
        test_a_ladder_that_gets_stuck_is_wrong_for_its_own_reason(name)
