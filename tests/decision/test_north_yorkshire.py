"""North Yorkshire's quality alerts, its formal process after the Handbook, and its alerts to partner agencies."""

from datetime import timedelta

import pytest

from tests.cast.clock import on
from tests.cast.people import the
from tests.cast.rules import multi_agency, north_yorkshire, shipped
from tests.cast.story import AGREES, ENOUGH, NEEDS_MORE, REFERRED, RESOLVED, Story
from workflows.model import events as e
from workflows.model.events import Chosen
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotOpen, Unfit

NOT_ACTED_ON = ("decisions_not_acted_on",)


def alert(**said) -> Story:
    said.setdefault("to", (Chosen("team_manager"),))
    said.setdefault("respond_by", on("Fri 17 April 2026"))
    said.setdefault("resolve_by", on("Fri 22 May 2026"))
    return Story(north_yorkshire()).raise_("Wed 8 April 2026, 10:00", reasons=NOT_ACTED_ON, **said)


def test_the_iro_names_who_is_to_respond_and_both_dates_and_senior_managers_are_copied_in():
    story = alert()
    assert story.told == ["asked: team_manager (copy: head_of_service, director)"]
    assert story.due == "Fri 17 April 2026"
    story.do(AGREES, by=the("team_manager"), at="Thu 16 April 2026, 10:00")
    story.do(ENOUGH)
    assert story.state == "alert.completing"
    assert story.open == ["completion Fri 22 May 2026 team_manager"]
    assert story.told == ["agreed: team_manager (copy: raiser)"]
    story.do(RESOLVED, at="Wed 20 May 2026, 10:00")
    assert story.state == "resolved"
    assert story.open == []


def test_the_second_date_passes_and_the_iro_is_asked_what_next():
    story = alert()
    story.do(AGREES, by=the("team_manager"), at="Thu 16 April 2026, 10:00")
    story.do(ENOUGH)
    story.fast_forward(to="Tue 26 May 2026, 09:00")
    assert story.state == "alert.asking"
    assert story.told == ["what_next: raiser"]
    story.do(e.Escalated("Nothing was put right."))
    assert story.state == "formal_1.awaiting"
    assert story.told == ["asked: team_manager (copy: social_worker, head_of_service, director)"]


def test_the_second_date_may_be_named_when_the_answer_is_judged():
    story = alert(resolve_by=None)
    story.do(AGREES, by=the("team_manager"), at="Thu 16 April 2026, 10:00")
    refusal = story.refused(ENOUGH)
    assert isinstance(refusal, Unfit)
    assert refusal.field == "resolve_by"
    story.do(e.Judged("enough", resolve_by=on("Fri 29 May 2026")))
    assert story.open == ["completion Fri 29 May 2026 team_manager"]


def test_a_second_date_that_has_passed_by_the_time_of_the_answer_is_named_anew():
    story = alert(resolve_by=on("Mon 20 April 2026"))
    story.do(AGREES, by=the("team_manager"), at="Tue 21 April 2026, 10:00")
    assert story.refused(ENOUGH).field == "resolve_by"
    story.do(e.Judged("enough", resolve_by=on("Fri 29 May 2026")))
    assert story.state == "alert.completing"
    story.do(e.WindowExtended(on("Fri 5 June 2026"), "They asked for a week."))
    assert story.state == "alert.completing"
    assert story.open == ["completion Fri 5 June 2026 team_manager"]


def test_somebody_and_a_day_must_be_named():
    with pytest.raises(Unfit, match="somebody must be chosen"):
        alert(to=())
    with pytest.raises(Unfit, match="may not be asked"):
        alert(to=(Chosen("director"),))
    with pytest.raises(Unfit, match="names the date"):
        alert(respond_by=None)
    with pytest.raises(Unfit, match="has passed"):
        alert(respond_by=on("Tue 7 April 2026"))
    with pytest.raises(Unfit, match="two years"):
        alert(respond_by=on("Wed 8 April 2026") + timedelta(days=731))


def test_the_formal_process_climbs_by_itself_and_fills_the_handbooks_twenty_days():
    story = Story(north_yorkshire())
    story.raise_("Wed 1 April 2026, 10:00", reasons=NOT_ACTED_ON, item_type=ItemType.FORMAL)
    climbed = [(story.state, story.due)]
    while not story.state.startswith("referral"):
        story.next_date()
        if "climbed: raiser" in story.told:
            climbed.append((story.state, story.due if story.challenge.main_window() else ""))
    assert climbed == [
        ("formal_1.awaiting", "Fri 10 April 2026"),
        ("formal_2.awaiting", "Fri 17 April 2026"),
        ("formal_3.awaiting", "Fri 24 April 2026"),
        ("formal_4.awaiting", "Fri 1 May 2026"),
        ("referral.asking", ""),
    ]
    assert "whole_process Fri 1 May 2026 raiser" not in story.open, "the limit fell due on the same day, and was told of"


def test_a_partner_agency_alert_reaches_the_chosen_person_of_the_agency_and_nobody_else_outside():
    story = Story(multi_agency())
    story.raise_(
        "Wed 8 April 2026, 10:00",
        reasons=NOT_ACTED_ON,
        item_type=ItemType.PARTNER_AGENCY,
        to=(Chosen("agency_manager", "nora"),),
        respond_by=on("Fri 17 April 2026"),
        resolve_by=on("Fri 22 May 2026"),
    )
    assert story.told == ["asked: agency_manager/nora (copy: head_of_service, director)"]
    # Another person in the same role is not asked, and cannot answer for her.
    assert story.refused(AGREES, by=the("agency_manager", "oscar"))
    story.do(AGREES, by=the("agency_manager", "nora"))
    story.do(NEEDS_MORE)
    assert story.state == "alert.asking", "nothing stands above: the IRO considers"
    story.do(e.WindowExtended(on("Fri 24 April 2026"), "Once more."))
    assert story.told == ["extended: agency_manager/nora"]
    story.do(RESOLVED)
    assert story.told == ["ended: agency_manager/nora, head_of_service, director"]
    outside = {who for telling in story.tellings for who in (*telling.to, *telling.copy) if who.role.startswith("agency")}
    assert {who.person for who in outside} == {"nora"}


def test_an_alert_within_the_authority_never_reaches_a_partner_agency():
    story = alert()
    assert isinstance(story.refused(e.Redirected("team_manager", Chosen("agency_manager", "nora"), "They hold it.")), Unfit)
    assert isinstance(story.refused(e.CopyAdded("agency_manager")), Unfit)
    assert isinstance(story.refused(e.CopyAdded("somebody@example.org")), Unfit)


def test_a_child_of_a_partner_agency_alert_can_be_referred_and_the_iro_manager_is_told():
    story = Story(multi_agency())
    chosen = (Chosen("agency_practitioner", "pat"),)
    story.raise_(
        "Wed 8 April 2026, 10:00",
        reasons=NOT_ACTED_ON,
        item_type=ItemType.PARTNER_AGENCY,
        to=chosen,
        respond_by=on("Fri 17 April 2026"),
    )
    story.do(REFERRED)
    assert story.told == ["tell_of_referral: iro_manager"]
    assert story.state == "alert.awaiting"
    assert isinstance(story.refused(e.Escalated("Higher.")), NotOpen)


def test_exceptional_practice_goes_to_the_practitioner_with_the_same_copies_and_the_teams_manager():
    story = Story(shipped("north_yorkshire", "excellent_practice", "2014/15"))
    said = {"item_type": ItemType.EXCELLENT_PRACTICE, "reasons": ("exceptional_practice",)}
    with pytest.raises(Unfit, match="somebody must be chosen"):
        story.raise_("Wed 8 April 2026, 10:00", **said)
    story.raise_("Wed 8 April 2026, 10:00", to=(Chosen("social_worker"),), **said)
    assert story.told == ["notice: social_worker (copy: team_manager, head_of_service, director)"]
