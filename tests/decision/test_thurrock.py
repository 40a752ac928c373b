"""Thurrock: an informal step whose date the IRO names, then the Handbook's shape."""

from tests.cast.clock import on
from tests.cast.people import once_asked, the
from tests.cast.rules import thurrock
from tests.cast.story import AGREES, REFERRED, Story
from workflows.model import events as e
from workflows.model.ladder import ItemType

LATE_REPORT = ("report_not_prepared",)


def test_informal_first_with_a_date_of_the_iros_own_and_either_may_answer():
    story = Story(thurrock())
    story.raise_("Wed 8 April 2026, 10:00", reasons=LATE_REPORT, respond_by=on("Wed 15 April 2026"))
    assert story.told == ["asked: social_worker, team_manager"]
    story.fast_forward(to="Mon 13 April 2026, 09:00")
    assert story.told == ["reminder: social_worker, team_manager"]
    story.fast_forward(to="Thu 16 April 2026, 09:00")
    assert story.told == ["what_next: raiser"]
    story.do(e.Escalated("No report."))
    assert story.told == ["asked: team_manager (copy: social_worker)"]
    assert story.due == "Thu 23 April 2026"


def test_the_formal_process_climbs_to_the_director_and_then_asks_about_cafcass():
    story = Story(thurrock()).raise_("Wed 8 April 2026, 10:00", reasons=LATE_REPORT, item_type=ItemType.FORMAL)
    story.fast_forward(to="Thu 16 April 2026, 09:00")
    assert story.told_of("asked") == "service_manager (copy: social_worker, team_manager)"
    story.fast_forward(to="Thu 23 April 2026, 09:00")
    assert story.told_of("asked") == "head_of_service (copy: social_worker, team_manager, service_manager)"
    story.fast_forward(to="Thu 30 April 2026, 09:00")
    assert story.told_of("asked") == "director (copy: social_worker, team_manager, service_manager, head_of_service)"
    story.fast_forward(to="Fri 8 May 2026, 09:00")
    assert story.state == "referral.asking"
    assert story.told_of("about_cafcass") == "raiser"
    # What the service manager says now is late, is kept on their own window, and the referral is the IRO's all the same.
    story.do(AGREES, by=once_asked("service_manager"))
    assert story.told == ["late_answer: raiser"]
    story.do(REFERRED)
    assert story.challenge.highest_stage == "referral"


def test_the_day_of_the_clock_change_promises_until_local_midnight():
    story = Story(thurrock()).raise_("Mon 19 October 2026, 10:00", reasons=LATE_REPORT, item_type=ItemType.FORMAL)
    assert story.due == "Mon 26 October 2026"
    story.do(AGREES, by=the("team_manager"), at="Mon 26 October 2026, 23:59")
    assert not story.window("reply").asked[0].late
