"""What the service is for, over HTTP: the ladder climbs on its dates, to exactly the right people."""

from collections.abc import Callable

import pytest

from tests.cast.councils import DERBY, NORTH
from tests.cast.world import World

IN_PLO, NOT_IN_PLO = "T-2", "T-1"
LEGAL = {"lena"}
FIRST = {"otto", "mona", "sam"}
STRATEGIC, HEADS = {"clara", "quinn"}, {"hugo", "petra"}


def ladder_of_2016(legal: set[str]) -> list[tuple[str, set[str], set[str]]]:
    """Durham's procedure of 2016/17: stage, addressed, copied."""
    return [
        ("informal", {"sam"}, set()),
        ("stage_2", {"tess"}, FIRST | legal),
        ("stage_3", {"otto"}, STRATEGIC | {"gina", "sam", "tess", "mona"} | legal),
        ("stage_4", STRATEGIC, FIRST | legal),
        ("stage_5", HEADS, {"otto", "mona"} | STRATEGIC | legal),
        ("stage_6", {"cora", "leif"}, STRATEGIC | HEADS | legal),
        ("stage_7", {"chris"}, HEADS | {"cora"}),
    ]


@pytest.mark.parametrize(("child", "legal"), [(NOT_IN_PLO, set()), (IN_PLO, LEGAL)], ids=["not in PLO", "in PLO"])
def test_a_challenge_never_answered_climbs_on_its_dates_to_exactly_its_people(
    climbing: World, child: str, legal: set[str]
) -> None:
    irene = climbing.as_("irene")
    reference = irene.raises(child).json()["reference"]
    climbing.pass_to("Tue 5 May 2026, 08:59")
    item = irene.item(reference)
    dues = [window["due"] for window in item["windows"] if window["kind"] in ("reply", "meeting")]
    assert dues == [f"2026-{day}" for day in ("04-02", "04-09", "04-15", "04-22", "04-29", "04-30", "05-01")]
    assert item["stage"]["key"] == "stage_7"
    assert climbing.told(reference) == ladder_of_2016(legal)
    assert climbing.told(reference, "about_cafcass") == []
    climbing.pass_to("Tue 5 May 2026, 09:00")
    item = irene.item(reference)
    assert (item["stage"]["key"], item["phase"], item["referral"]["state"]) == ("stage_8", "asking", "none")
    assert climbing.told(reference, "about_cafcass") == [("stage_8", {"irene"}, set())]
    assert item["highest_stage"] == "stage_7"
    assert irene.timeline(reference)["proven"]


def test_each_window_says_how_its_date_was_worked_out(climbing: World) -> None:
    irene = climbing.as_("irene")
    reference = irene.raises().json()["reference"]
    climbing.pass_to("Tue 7 April 2026, 09:00")
    window = next(w for w in irene.item(reference)["windows"] if w["kind"] == "reply" and w["is_open"])
    assert (window["due"], window["due_in_words"]) == ("2026-04-09", "by the end of Thursday 9 April 2026")
    assert "Easter Monday" in window["working"]


def test_the_shipped_ladder_asks_the_iro_at_informal_and_climbs_where_a_written_answer_is_owed(world: World) -> None:
    irene = world.as_("irene")
    reference = irene.raises().json()["reference"]
    world.pass_to("Tue 7 April 2026, 09:00")
    item = irene.item(reference)
    assert (item["stage"]["key"], item["phase"]) == ("informal", "asking")
    assert world.told(reference, "what_next") == [("informal", {"irene"}, set())]
    assert irene.brings(reference, "escalated", why="No reply yet.").status_code == 200
    world.pass_to("Mon 13 April 2026, 09:00")
    assert irene.item(reference)["stage"]["key"] == "stage_3"


def test_the_shipped_ladder_asks_the_iro_where_the_answer_is_a_meeting(world: World) -> None:
    irene = world.as_("irene")
    said = {"item_type": "formal", "stage": "stage_4", "stage_reason": "It cannot wait."}
    reference = irene.raises(**said).json()["reference"]
    assert world.told(reference, "to_arrange") == [("stage_4", {"mona"}, set())]
    world.pass_to("Mon 13 April 2026, 09:00")
    item = irene.item(reference)
    assert (item["stage"]["key"], item["phase"]) == ("stage_4", "asking")


def test_derbys_72_hours_end_to_the_minute_on_monday_in_summer_time(build: Callable[..., World]) -> None:
    derby = build(DERBY).at("Fri 27 March 2026, 10:00")
    irene = derby.as_("irene")
    reference = irene.raises(reasons=["reports_not_ready"]).json()["reference"]
    derby.pass_to("Mon 30 March 2026, 10:59")
    assert irene.item(reference)["phase"] == "awaiting"
    derby.pass_to("Mon 30 March 2026, 11:00")
    assert irene.item(reference)["phase"] == "asking"
    window = irene.item(reference)["windows"][0]
    assert (window["closes_at"], window["closed_as"]) == ("2026-03-30T10:00:00Z", "no reply")


def test_a_north_yorkshire_alert_reaches_whom_the_iro_chose_with_its_dates_and_copies(build: Callable[..., World]) -> None:
    north = build(NORTH)
    irene = north.as_("irene")
    said = {"respond_by": "2026-04-10", "resolve_by": "2026-04-30"}
    receipt = irene.raises(to=[{"role": "team_manager"}], **said).json()
    reference = receipt["reference"]
    assert north.told(reference) == [("alert", {"tess"}, {"hugo", "cora"})]
    assert north.everyone_reached(reference) == {"tess", "hugo", "cora"}
    item = receipt["challenge"]
    assert [window["due"] for window in item["windows"]] == ["2026-04-10"]
    assert item["resolve_by"] == "2026-04-30"


def test_a_matter_with_a_partner_agency_reaches_one_person_there_and_nobody_else_outside(build: Callable[..., World]) -> None:
    north = build(NORTH)
    irene, outside = north.as_("irene"), {"nina", "nora", "noel", "stella"}
    said = {"item_type": "partner_agency", "respond_by": "2026-04-10", "resolve_by": "2026-04-30"}
    without = irene.raises(to=[{"role": "agency_practitioner"}], **said)
    assert (without.status_code, without.json()["field"]) == (422, "agency")
    chosen = {"role": "agency_practitioner", "person": str(north.id("nina"))}
    reference = irene.raises(to=[chosen], **said).json()["reference"]
    assert north.told(reference) == [("alert", {"nina"}, {"hugo", "cora"})]
    assert north.everyone_reached(reference) & outside == {"nina"}
    assert north.as_("nina").item(reference)["you_are"] == ["asked", "copied"]
    for other in outside - {"nina"}:
        assert north.as_(other).get(f"/challenges/{reference}").status_code == 404
    answered = north.as_("nina").brings(reference, "responded", position="agrees", answer="It is in hand.")
    assert answered.status_code == 200
    assert north.everyone_reached(reference) & outside == {"nina"}


REFER = {"grounds": ["case_not_reviewed"], "why": "It cannot wait."}


@pytest.mark.parametrize("phase", ["awaiting", "answered", "asking"])
def test_a_looked_after_child_is_referred_from_every_open_stage_and_the_ladder_runs_on(world: World, phase: str) -> None:
    irene = world.as_("irene")
    for stage in [name for name, _, _ in ladder_of_2016(set())]:
        said = {} if stage == "informal" else {"item_type": "formal", "stage": stage, "stage_reason": "It cannot wait."}
        reference = irene.raises(**said).json()["reference"]
        if phase == "answered":
            for recipient in next(to for name, to, _ in ladder_of_2016(set()) if name == stage):
                world.as_(recipient).brings(reference, "responded", position="in_part", answer="Soon.")
        if phase == "asking":
            if stage not in ("stage_2", "stage_3"):
                assert irene.item(reference)["phase"] == "awaiting"
                continue  # only a climb by itself can be held; the others are asked below, when their date has passed
            assert irene.brings(reference, "escalation_held", why="I consider.").status_code == 200
        before = irene.item(reference)
        if phase == "answered" and stage in ("informal", "stage_2", "stage_3"):
            assert before["phase"] == "answered"
        assert before["referral"] == {"state": "none", "open_to_you": True, "why_not": ""}
        made = irene.brings(reference, "referred_to_cafcass", **REFER)
        assert made.status_code == 200, made.text
        after = made.json()["challenge"]
        assert after["referral"]["state"] == "referred"
        assert [after[part] for part in ("stage", "phase", "windows")] == [before[part] for part in ("stage", "phase", "windows")]
        assert world.told(reference, "tell_of_referral") == [(stage, {"mona"}, set())]


def test_a_referral_is_made_where_the_iro_is_asked_and_the_next_date_still_comes(climbing: World) -> None:
    irene = climbing.as_("irene")
    reference = irene.raises().json()["reference"]
    assert irene.brings(reference, "referred_to_cafcass", **REFER).status_code == 200
    climbing.pass_to("Tue 5 May 2026, 09:00")
    item = irene.item(reference)
    assert (item["stage"]["key"], item["referral"]["state"]) == ("stage_8", "referred")
    assert len(climbing.told(reference)) == 7
    again = irene.brings(reference, "referred_to_cafcass", **REFER)
    assert again.status_code == 409


def test_the_covers_referral_needs_nobody_and_names_for_whom_it_is_made(world: World) -> None:
    reference = world.as_("irene").raises().json()["reference"]
    world.cover("irene", "colin", "2026-04-01", "2026-04-10")
    made = world.as_("colin").brings(reference, "referred_to_cafcass", **REFER)
    assert made.status_code == 200
    entry = next(e for e in world.as_("irene").timeline(reference)["entries"] if e["kind"] == "referred_to_cafcass")
    assert (entry["by"], entry["on_behalf_of"]) == ("Colin", "Irene")


def test_for_any_other_child_a_referral_is_the_iros_to_decide(world: World) -> None:
    irene = world.as_("irene")
    reference = irene.raises("T-3").json()["reference"]
    referral = irene.item(reference)["referral"]
    assert referral["open_to_you"]
    assert irene.brings(reference, "referred_to_cafcass", **REFER).status_code == 200
    assert irene.item(reference)["referral"]["state"] == "referred"


@pytest.mark.parametrize("person", ["sam", "tess", "mona", "bob"])
def test_nobody_but_the_childs_iro_refers(world: World, person: str) -> None:
    said = {"item_type": "formal"}
    reference = world.as_("irene").raises(**said).json()["reference"]
    refused = world.as_(person).brings(reference, "referred_to_cafcass", **REFER)
    assert refused.status_code == 403
    assert "Only the child's IRO" in refused.json()["detail"]
