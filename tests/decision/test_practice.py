"""Excellent practice after its notice: thanks, and words that reports may quote. No window, no chasing."""

from dataclasses import replace

import pytest

from tests.cast.people import BUSINESS_SUPPORT, IRO, IRO_MANAGER, copied, playing
from tests.cast.rules import shipped
from tests.cast.story import Story
from tests.decision.planting import plant_rule
from workflows.decision import event_rules, practice
from workflows.model import events as e
from workflows.model.actor import Actor, Part
from workflows.model.challenge import Party, QuoteState
from workflows.model.ladder import ItemType

NAMED = (Party("social_worker", "sam"),)
SAM = replace(playing("sam", Part.NAMED, Part.COPIED, roles=("social_worker",)), named=NAMED)
HEAD = replace(copied("head_of_cs"), named=NAMED)
SUCCESSOR = replace(copied("social_worker"), named=NAMED)
RAISER = replace(IRO, named=NAMED)
THANKS = e.Thanked("She trusts adults again: thank you.")
WORDS = e.QuoteOffered("A worker kept every visit for a year.", True)


def noticed() -> Story:
    story = Story(shipped("durham", "excellent_practice", "2016/17"))
    return story.raise_("Wed 8 April 2026, 10:00", item_type=ItemType.EXCELLENT_PRACTICE, reasons=())


def agreed() -> Story:
    return noticed().do(WORDS, RAISER).do(e.QuoteAnswered(True, 1), SAM)


def test_whoever_was_told_thanks_by_name_as_often_as_they_like_and_no_window_opens():
    story = noticed().do(THANKS, HEAD)
    assert story.told == ["thanked: social_worker/sam (copy: raiser)"]
    story.do(e.Thanked("And again."), SUCCESSOR)
    assert (story.challenge.thanked, story.state, story.challenge.windows) == (2, "noticed", ())
    assert story.entry("thanked").words == {"words": "And again."}
    assert story.entry("thanked").facts == {}
    story.fast_forward(to="Thu 8 April 2027, 09:00")
    assert story.told == []


def test_nobody_thanks_themselves_and_nobody_who_was_not_told():
    story = noticed()
    assert "names you" in story.refused(THANKS, SAM).said
    for other in (RAISER, IRO_MANAGER, BUSINESS_SUPPORT):
        story.refused(THANKS, other)
    assert story.refused(e.Thanked("  "), HEAD).field == "words"


def test_thanks_go_to_the_post_where_nobody_held_it():
    assert noticed().do(THANKS, replace(HEAD, named=())).told == ["thanked: social_worker (copy: raiser)"]


def test_only_words_offered_said_to_tell_nothing_and_agreed_by_whoever_is_named_are_quotable():
    story = noticed()
    assert story.refused(e.QuoteOffered("She is nine and lives in Elm Road.", False), RAISER).field == "tells_nothing"
    assert story.challenge.quote is QuoteState.NONE
    story.do(WORDS, RAISER)
    assert story.told == ["quote_offered: social_worker/sam"]
    assert story.challenge.quote is QuoteState.OFFERED
    story.do(e.QuoteAnswered(True, 1), SAM)
    assert story.told == ["quote_answered: raiser"]
    assert (story.challenge.quote, story.challenge.quote_agreed) == (QuoteState.AGREED, ("sam",))
    assert story.challenge.windows == ()


@pytest.mark.parametrize("other", [HEAD, SUCCESSOR, RAISER, IRO_MANAGER])
def test_nobody_else_agrees_for_whoever_is_named(other: Actor):
    story = noticed().do(WORDS, RAISER)
    story.refused(e.QuoteAnswered(True, 1), other)
    assert "quote_answered" not in story.moves(other)
    assert "quote_answered" in story.moves(SAM)


@pytest.mark.parametrize("other", [HEAD, SAM, IRO_MANAGER])
def test_only_the_raiser_offers_words_or_takes_them_back(other: Actor):
    noticed().refused(WORDS, other)
    agreed().refused(e.QuoteTakenBack(), other)


def test_agreement_is_taken_back_at_any_time_and_given_again():
    story = agreed().do(e.QuoteAnswered(False, 1, "Not this year."), SAM, at="Thu 8 October 2026, 09:00")
    assert (story.challenge.quote, story.challenge.quote_agreed) == (QuoteState.DECLINED, ())
    assert story.do(e.QuoteAnswered(True, 1), SAM).challenge.quote is QuoteState.AGREED


def test_other_words_are_asked_about_anew_and_an_answer_to_earlier_ones_is_refused():
    story = agreed().do(e.QuoteOffered("A worker kept every visit.", True), RAISER)
    assert (story.challenge.quote, story.challenge.quote_agreed) == (QuoteState.OFFERED, ())
    assert story.told == ["quote_offered: social_worker/sam"]
    assert story.refused(e.QuoteAnswered(True, 1), SAM).field == "offer"
    assert story.do(e.QuoteAnswered(True, 2), SAM).challenge.quote is QuoteState.AGREED


def test_words_taken_back_are_not_agreed_to_any_more():
    story = agreed().do(e.QuoteTakenBack("Too near to her."), RAISER)
    assert story.challenge.quote is QuoteState.NONE
    story.refused(e.QuoteAnswered(True, 1), SAM)
    assert {"quote_answered", "quote_taken_back"}.isdisjoint({*story.moves(SAM), *story.moves(RAISER)})


def test_of_two_whom_it_names_both_agree_and_one_no_is_enough():
    both = (*NAMED, Party("social_worker", "sid"))
    sam, sid = replace(SAM, named=both), replace(SAM, person="sid", named=both)
    story = noticed().do(WORDS, replace(RAISER, named=both)).do(e.QuoteAnswered(True, 1), sam)
    assert story.challenge.quote is QuoteState.OFFERED
    assert story.do(e.QuoteAnswered(True, 1), sid).challenge.quote is QuoteState.AGREED
    assert story.do(e.QuoteAnswered(False, 1), sam).challenge.quote is QuoteState.DECLINED
    assert story.do(e.QuoteAnswered(True, 1), sid).challenge.quote is QuoteState.OFFERED


def test_a_withdrawn_notice_and_senior_scrutiny_take_neither_thanks_nor_quotes():
    story = noticed().do(e.Withdrawn("Raised twice."), RAISER)
    for event, by in ((THANKS, HEAD), (WORDS, RAISER)):
        story.refused(event, by)
    scrutiny = Story(shipped("durham", "scrutiny_level_5", "2022/23"))
    scrutiny.raise_("Wed 8 April 2026, 10:00", item_type=ItemType.SENIOR_SCRUTINY, reasons=(), effect_on_child="She is safe.")
    for event, by in ((THANKS, HEAD), (WORDS, RAISER)):
        scrutiny.refused(event, by)


# The same, with a rule broken.


def fails(test, *given) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        test(*given)


def test_planted_thanks_to_oneself_are_seen(monkeypatch):
    plant_rule(monkeypatch, e.Thanked, needs_of_day=None)
    fails(test_nobody_thanks_themselves_and_nobody_who_was_not_told)


def test_planted_an_agreement_that_anybody_told_may_give_is_seen(monkeypatch):
    plant_rule(monkeypatch, e.QuoteAnswered, may=frozenset({Part.NAMED, Part.COPIED, Part.RAISER}))
    for other in (HEAD, SUCCESSOR, RAISER):
        fails(test_nobody_else_agrees_for_whoever_is_named, other)


def test_planted_words_that_stay_agreed_when_they_change_are_seen(monkeypatch):
    right = practice.offer_quote

    def keep(turn, event):
        before = turn.challenge
        right(turn, event)
        turn.change(quote=before.quote or QuoteState.OFFERED, quote_agreed=before.quote_agreed)

    plant_rule(monkeypatch, e.QuoteOffered, does=keep)
    fails(test_other_words_are_asked_about_anew_and_an_answer_to_earlier_ones_is_refused)


def test_planted_words_taken_whether_or_not_they_tell_who_the_child_is_are_seen(monkeypatch):
    right = event_rules.EVENT_RULES[e.QuoteOffered].does
    plant_rule(monkeypatch, e.QuoteOffered, does=lambda turn, event: right(turn, replace(event, tells_nothing=True)))
    fails(test_only_words_offered_said_to_tell_nothing_and_agreed_by_whoever_is_named_are_quotable)
