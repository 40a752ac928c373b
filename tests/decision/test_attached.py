"""Documents that people attach: by whom, where, read by whom, and never on a caller's own word."""

from dataclasses import replace
from types import UnionType

import pytest
from pydantic import TypeAdapter, ValidationError

from tests.cast.people import (
    ADMINISTRATOR,
    AUDITOR,
    BUSINESS_SUPPORT,
    IRO,
    IRO_MANAGER,
    LEADER,
    copied,
    in_their_line,
    once_asked,
    the,
)
from tests.cast.story import RESOLVED, Story
from tests.decision.planting import plant_rule
from tests.decision.samples import everybody, sample
from tests.decision.test_around import begun
from tests.decision.test_permitted_moves import EVERY, EVERYTHING, actors
from tests.decision.test_planted_bugs import fails
from workflows.decision import off_ladder_events
from workflows.decision.decide import decide
from workflows.decision.decision_builder import EntryVisibility
from workflows.decision.event_rules import Bars, is_open_to, open_moves
from workflows.model import events
from workflows.model import events as e
from workflows.model.actor import THE_SERVICE, Act, Part
from workflows.model.refusals import NotOpen, NotYours, Refused, Unfit

PLAN = e.DocumentAttached("0f" * 32, "application/pdf", 40_000, "Action plan for Kay.pdf", "What we will do for Kay.")
TO_OURSELVES = replace(PLAN, iro_service_only=True)


# By whom.


def test_whoever_is_asked_attaches_their_action_plan_and_that_answers_nothing_and_moves_nothing():
    story = begun()
    before = story.challenge
    story.do(PLAN, by=the("team_manager"))
    assert replace(story.challenge, last_at=before.last_at) == before
    assert story.told == []
    assert story.kinds[-1] == "document_attached"


def test_everybody_on_it_attaches_and_nobody_else():
    for actor in (IRO, IRO_MANAGER, BUSINESS_SUPPORT, the("team_manager"), once_asked("team_manager"), copied("social_worker")):
        begun().do(PLAN, by=actor)
    for actor in (ADMINISTRATOR, LEADER, AUDITOR, THE_SERVICE):
        assert isinstance(begun().refused(PLAN, by=actor), NotYours)


def test_somebody_in_their_own_line_attaches_as_they_note():
    begun().do(PLAN, by=in_their_line(the("team_manager")))


# Where.


def test_a_document_goes_wherever_a_note_goes_on_every_ladder_and_never_on_what_is_sealed():
    for name, where, story in EVERY:
        noted = "noted" in open_moves(story.rules, story.challenge, EVERYTHING)
        assert is_open_to(e.DocumentAttached, story.rules, story.challenge, EVERYTHING) == noted == accepted(story), (name, where)
        assert not noted or not story.challenge.is_sealed
        for part, actor in actors().items():
            theirs = "noted" in open_moves(story.rules, story.challenge, actor)
            assert is_open_to(e.DocumentAttached, story.rules, story.challenge, actor) == theirs, (name, where, part)


def accepted(story: Story) -> bool:
    try:
        decide(story.rules, story.challenge, Act(sample(e.DocumentAttached, story, 1), everybody(story)), story.now)
    except Refused:
        return False
    return True


def test_it_is_not_among_the_moves_which_are_what_json_may_bring():
    for _, where, story in EVERY:
        assert "document_attached" not in open_moves(story.rules, story.challenge, EVERYTHING), where


def test_what_has_ended_still_takes_a_document_and_what_is_sealed_takes_none():
    story = begun().do(RESOLVED).do(PLAN, by=once_asked("team_manager"))
    story.do(e.RecordedInError("Another child's."))
    assert isinstance(story.refused(PLAN), NotOpen)


# Read by whom.


def test_the_record_has_its_digest_as_a_fact_and_its_name_as_words():
    entry = begun().do(PLAN).entry("document_attached")
    assert entry.facts == {"digest": "0f" * 32, "media_type": "application/pdf", "size": 40_000, "iro_service_only": False}
    assert entry.words == {"name": "Action plan for Kay.pdf", "about": "What we will do for Kay."}
    assert entry.visible is EntryVisibility.EVERYONE


def test_only_the_iro_service_keeps_a_document_to_itself():
    for actor in (IRO, IRO_MANAGER, BUSINESS_SUPPORT):
        assert begun().do(TO_OURSELVES, by=actor).entry("document_attached").visible is EntryVisibility.IRO_SERVICE
    for actor in (the("team_manager"), copied("social_worker"), replace(IRO, outside_iro_service=True)):
        assert isinstance(begun().refused(TO_OURSELVES, by=actor), NotYours)


# Never on a caller's own word.


def test_no_json_brings_one_whatever_digest_it_claims():
    claimed = {"type": "document_attached", "digest": "0f" * 32, "media_type": "application/pdf", "size": 1, "name": "x.pdf"}
    with pytest.raises(ValidationError):
        TypeAdapter(events.FromOutside).validate_python(claimed)
    assert e.DocumentAttached not in (*e.EXTERNAL_TYPES, *e.INTERNAL_TYPES)


@pytest.mark.parametrize("digest", ["", "0f" * 31, "0f" * 33, "0F" * 32, "../" * 21 + "x", "0f" * 31 + "g\n"])
def test_a_digest_is_one_or_it_is_refused(digest):
    assert begun().refused(replace(PLAN, digest=digest)).field == "digest"


@pytest.mark.parametrize(
    ("field", "unfit"),
    [
        ("media_type", "text/html"),
        ("size", 0),
        ("name", " "),
        ("name", "x" * 201),
        ("name", "two\nlines.pdf"),
        ("name", "a\u2028b.pdf"),
        ("about", "Two\nlines."),
        ("about", "x" * 201),
        ("about", "a\x00b"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_field(field, unfit):
    refused = begun().refused(replace(PLAN, **{field: unfit}))
    assert isinstance(refused, Unfit)
    assert refused.field == field


# Twins: a bug is planted, and the test must find it.


def test_planted_a_document_that_json_may_bring(monkeypatch):
    union: UnionType = e.FromOutside | e.DocumentAttached
    monkeypatch.setattr(events, "FromOutside", union)
    with pytest.raises(pytest.fail.Exception):
        test_no_json_brings_one_whatever_digest_it_claims()


def test_planted_a_document_among_the_moves(monkeypatch):
    monkeypatch.setattr(e, "EXTERNAL_TYPES", (*e.EXTERNAL_TYPES, e.DocumentAttached))
    fails(test_it_is_not_among_the_moves_which_are_what_json_may_bring)


def test_planted_a_document_that_everybody_reads(monkeypatch):
    monkeypatch.setattr(off_ladder_events, "readers_of", lambda turn, event: EntryVisibility.EVERYONE)
    fails(test_only_the_iro_service_keeps_a_document_to_itself)


def test_planted_a_recipient_who_hides_a_document(monkeypatch):
    hidden = lambda turn, event: EntryVisibility.IRO_SERVICE if event.iro_service_only else EntryVisibility.EVERYONE  # noqa: E731
    monkeypatch.setattr(off_ladder_events, "readers_of", hidden)
    fails(test_only_the_iro_service_keeps_a_document_to_itself)


def test_planted_a_document_anywhere(monkeypatch):
    plant_rule(monkeypatch, e.DocumentAttached, does=lambda turn, event: turn.note_event(event))
    fails(test_only_the_iro_service_keeps_a_document_to_itself)
    fails(lambda: test_a_digest_is_one_or_it_is_refused("../" * 21 + "x"))
    plant_rule(monkeypatch, e.DocumentAttached, move="")
    fails(test_a_document_goes_wherever_a_note_goes_on_every_ladder_and_never_on_what_is_sealed)


def test_planted_leaders_who_attach(monkeypatch):
    plant_rule(monkeypatch, e.DocumentAttached, may=frozenset(Part))
    fails(test_everybody_on_it_attaches_and_nobody_else)


def test_planted_a_line_that_may_not(monkeypatch):
    plant_rule(monkeypatch, e.DocumentAttached, bars=Bars.CONCERNED)
    fails(test_somebody_in_their_own_line_attaches_as_they_note)


def test_planted_a_name_among_the_facts(monkeypatch):
    def attach(turn, event):
        turn.note_event(event, {"name": "Action plan.pdf"})

    plant_rule(monkeypatch, e.DocumentAttached, does=attach)
    fails(test_the_record_has_its_digest_as_a_fact_and_its_name_as_words)
