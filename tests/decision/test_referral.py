"""Cafcass: for a looked-after child from every open state of every ladder, at once, by the child's IRO; the ladder runs on."""

from datetime import timedelta

import pytest

from tests.cast.clock import on
from tests.cast.people import (
    ADMINISTRATOR,
    AUDITOR,
    BUSINESS_SUPPORT,
    COVER,
    IRO,
    IRO_MANAGER,
    LEADER,
    PROTECTION_PLAN,
    RAISER_ONLY,
    endorser,
    in_their_line,
    judge,
    recorder,
    the,
)
from tests.cast.rules import NOTICES, SHIPPED, durham_climbing
from tests.cast.story import REFERRED, RESOLVED, Story
from tests.decision.lives import POOL, ladder
from tests.decision.states import every_open_state
from workflows.decision.decision_builder import EntryVisibility
from workflows.decision.tasks import TaskKind, tasks_of
from workflows.model import events as e
from workflows.model.actor import Actor, Part
from workflows.model.ladder import ItemType
from workflows.model.refusals import NotOpen, NotYours, Unfit


@pytest.mark.parametrize("name", SHIPPED)
def test_a_looked_after_child_is_referred_from_every_open_state_and_the_ladder_runs_on(name):
    rules = SHIPPED[name]()
    for story in every_open_state(rules):
        where, running = story.state, story.running()
        assert {"referred_to_cafcass", "referral_considered"} <= set(story.moves(IRO)), where
        story.do(REFERRED)
        assert story.state == where
        assert story.running() == running, "no window closed, none moved"
        assert story.challenge.referral == "referred"
        assert len(story.told) == 1
        assert story.told[0].startswith("tell_of_referral: ")
        top = next((stage.key for stage in rules.ladder.stages if stage.referral), story.challenge.highest_stage)
        assert story.challenge.highest_stage == top


@pytest.mark.parametrize("n", range(0, POOL, 5))
def test_so_on_ladders_as_anybody_might_write_them_and_nobody_else_ever(n):
    """From the shortest to the longest, with every kind of stage that the language knows (`tests.decision.lives`)."""
    rules = ladder(n)
    for story in every_open_state(rules):
        where, running = story.state, story.running()
        for actor in (RAISER_ONLY, IRO_MANAGER, BUSINESS_SUPPORT, ADMINISTRATOR, LEADER, AUDITOR, the("team_manager")):
            assert isinstance(story.refused(REFERRED, by=actor), NotYours), actor
        story.do(REFERRED)
        assert (story.state, story.running(), story.challenge.referral) == (where, running, "referred")


@pytest.mark.parametrize("name", SHIPPED)
def test_no_field_of_the_directory_refuses_it_whatever_the_childs_status(name):
    for story in every_open_state(SHIPPED[name](), facts=PROTECTION_PLAN):
        assert "referred_to_cafcass" in story.moves(IRO)
        assert story.do(REFERRED).challenge.referral == "referred"


@pytest.mark.parametrize("name", SHIPPED)
def test_nobody_else_refers_whatever_the_state(name):
    others = [
        RAISER_ONLY, IRO_MANAGER, BUSINESS_SUPPORT, ADMINISTRATOR, LEADER, AUDITOR,
        the("team_manager"), judge("team_manager"), recorder("team_manager"), endorser("team_manager"),
    ]  # fmt: skip
    for story in every_open_state(SHIPPED[name]()):
        for actor in others:
            assert isinstance(story.refused(REFERRED, by=actor), NotYours), actor
            assert not {move for move in story.moves(actor) if move.startswith("refer")}


def test_neither_a_conflict_nor_an_absence_blocks_it():
    for actor in (in_their_line(IRO), COVER):
        story = Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00").do(REFERRED, by=actor)
        assert story.challenge.referral == "referred"
    assert story.entry("referred_to_cafcass").by.behalf_of == "irene"


def test_an_outage_does_not_block_it():
    story = Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00")
    story.away("Wed 8 April 2026, 12:00", "Fri 17 April 2026, 12:00").do(REFERRED)
    assert story.challenge.referral == "referred"


@pytest.mark.parametrize("name", NOTICES)
def test_a_notice_of_good_practice_has_nothing_to_refer(name):
    rules = NOTICES[name]()
    to = (e.Chosen("social_worker"),) if rules.ladder.stages[0].to.how == "chosen" else ()
    story = Story(rules).raise_("Wed 8 April 2026, 10:00", item_type=ItemType.EXCELLENT_PRACTICE, reasons=(), to=to)
    assert isinstance(story.refused(REFERRED), NotOpen)


def test_no_passing_of_time_refers_however_long():
    for name, rules in SHIPPED.items():
        for story in every_open_state(rules()):
            story.fast_forward(to=story.now + timedelta(days=200))
            assert story.challenge.referral == "none", name


def test_a_referral_has_a_small_life_of_its_own():
    story = Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00")
    assert isinstance(story.refused(e.ReferralAcknowledged("CAF-77", on("Fri 10 April 2026"))), NotOpen)
    story.do(e.ReferralConsidered("One more stage first."))
    assert story.challenge.referral == "considered, not referred"
    assert story.challenge.highest_stage == "informal"
    story.do(e.ReferredToCafcass(("case_not_reviewed",), "It drifts.", follow_up_on=on("Fri 15 May 2026")))
    assert "follow_up Fri 15 May 2026 raiser" in story.open
    assert "referred_to_cafcass" not in story.moves()
    assert isinstance(story.refused(REFERRED), NotOpen)
    story.do(e.ReferralAcknowledged("CAF-77", on("Fri 10 April 2026")))
    assert story.challenge.referral == "acknowledged"
    story.do(RESOLVED)
    story.do(e.ReferralOutcome("negotiation", on("Mon 4 May 2026")))
    assert story.challenge.referral == "concluded"
    assert story.state == "resolved"


def test_after_an_outcome_the_child_may_be_referred_again():
    story = Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00").do(REFERRED)
    story.do(e.ReferralOutcome("no_action", on("Mon 4 May 2026"))).do(REFERRED)
    assert story.challenge.referral == "referred"


def test_a_referral_does_not_stop_the_climb_or_the_answers():
    story = Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00").do(REFERRED)
    story.fast_forward(to="Fri 10 April 2026, 09:00")
    assert story.state == "stage_2.awaiting"
    assert story.challenge.highest_stage == "stage_8", "it was reached by the referral, and stays"
    story.do(e.Responded("agrees", "Yes."), by=the("team_manager"))
    assert story.state == "stage_2.answered"


def test_nothing_that_is_missing_blocks_it_not_even_a_ground_or_a_word():
    story = Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00").do(e.ReferredToCafcass())
    assert story.challenge.referral == "referred"
    assert story.entry("referred_to_cafcass").facts["grounds"] == []


def test_what_it_says_stands_on_the_record_item_by_item():
    story = Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00")
    said = (e.ReferralStatement("effect", "She has waited a year."), e.ReferralStatement("guardian", applies=False))
    story.do(e.ReferredToCafcass(("case_not_reviewed",), "It drifts.", said=said, includes=(1, 3), leaves_out="Mr Grey"))
    made, statement = story.entry("referred_to_cafcass"), story.entry("referral_statement")
    assert (made.visible, made.words, made.facts["said"]) == (EntryVisibility.EVERYONE, {"why": "It drifts."}, {})
    assert statement.visible is EntryVisibility.IRO_SERVICE, "what it tells of the child is not for everybody who was ever asked"
    assert statement.facts == {"said": {"effect": True, "guardian": False}, "includes": [1, 3]}
    assert statement.words == {"said.effect": "She has waited a year.", "leaves_out": "Mr Grey"}


@pytest.mark.parametrize(
    "event",
    [
        e.ReferredToCafcass(said=(e.ReferralStatement("horoscope", "Leo."),)),
        e.ReferredToCafcass(said=(e.ReferralStatement("chronology", "Mine is better."),)),
        e.ReferredToCafcass(said=(e.ReferralStatement("effect", "One."), e.ReferralStatement("effect", "Two."))),
        e.ReferredToCafcass(includes=(0,)),
        e.ReferredToCafcass(said=(e.ReferralStatement("effect", "x" * 10_001),)),
        e.ReferredToCafcass(said=(e.ReferralStatement("effect", "\x00"),)),
    ],
)
def test_what_is_no_item_of_the_list_is_refused(event):
    assert isinstance(Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00").refused(event), Unfit)


def test_telling_everyone_above_is_a_task_of_whom_the_ladder_names_until_it_is_done():
    told = e.ReferralTold(("head_of_cs", "corporate_director"), on("Thu 9 April 2026"), "By telephone.")
    story = Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00")
    assert isinstance(story.refused(told), NotOpen), "nothing to tell yet"
    story.do(REFERRED)
    assert [party.role for party in story.challenge.to_tell] == ["iro_operations_manager"]
    teller = Actor("olive", frozenset({Part.TELLER}), frozenset({"iro_operations_manager"}))
    assert [one.task for one in tasks_of(story.challenge, teller, story.now)] == [TaskKind.TELL]
    assert "referral_told" in story.moves(teller)
    assert "referral_told" not in story.moves(the("team_manager"))
    assert isinstance(story.refused(e.ReferralTold((), on("Thu 9 April 2026")), by=teller), Unfit)
    assert isinstance(story.refused(e.ReferralTold(("town_crier",), on("Thu 9 April 2026")), by=teller), Unfit)
    story.do(told, by=teller)
    assert story.challenge.to_tell == ()
    assert tasks_of(story.challenge, teller, story.now) == ()
    assert isinstance(story.refused(told), NotOpen), "done once"


def test_it_can_still_be_told_after_the_ladder_has_ended():
    story = Story(durham_climbing()).raise_("Wed 8 April 2026, 10:00").do(REFERRED).do(RESOLVED)
    story.do(e.ReferralTold(("head_of_cs",), on("Thu 9 April 2026")))
    assert story.challenge.to_tell == ()
