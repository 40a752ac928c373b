"""The journeys by keyboard alone: Tab, arrows, Space and Enter, and the focus seen at every stop."""

import pytest

from tests.browser import journeys
from tests.browser.hands import DESK, PHONE_PLAIN, Keys
from workflows.model.ladder import ItemType

PART = "durham_2016"
ways = pytest.mark.parametrize("sight", [DESK, PHONE_PLAIN], ids=str)


@ways
def test_a_challenge_is_raised(shared, sit, sight):
    place = shared.council(PART)
    keys = sit(shared, sight, hands=Keys).be(place, place.iro_of(place.child())).open("/")
    journeys.raise_item(keys, place, place.child(), ItemType.FORMAL)


@ways
def test_a_manager_answers(shared, sit, sight):
    place = shared.council(PART)
    reference = place.raised()
    keys = sit(shared, sight, hands=Keys).be(place, place.asked(reference)[0]).open("/")
    journeys.answer(keys, place, reference)


def test_an_answer_is_judged_and_an_assumption_confirmed(shared, sit):
    from workflows.model.authority import Capacity

    place = shared.council(PART)
    reference = place.answered()
    keys = sit(shared, hands=Keys).be(place, place.iro_of(place.child())).open("/")
    journeys.judge_and_climb(keys, place, reference)
    head = sit(shared, hands=Keys).be(place, place.acting_as(Capacity.IRO_MANAGER)).open("/")
    journeys.confirm_an_assumption(head, place)


def test_signing_in(shared, sit):
    place = shared.council(PART)
    keys = sit(shared, hands=Keys).sign_in(place, place.iro_of(place.child()))
    assert keys.heading == "My tasks"


def test_a_focus_that_is_not_seen_is_found(shared, sit):
    """The twin that must fail."""
    place = shared.council(PART)
    keys = sit(shared, hands=Keys).be(place, place.iro_of(place.child())).open("/")
    keys.page.evaluate(
        "() => document.querySelectorAll('main .govuk-button').forEach(e =>"
        " Object.assign(e.style, {outline: 'none', boxShadow: 'none'}))"
    )
    with pytest.raises(AssertionError, match="does not show it"):
        keys.press("Log a talk")


def test_what_cannot_be_reached_is_found(shared, sit):
    """The twin that must fail."""
    place = shared.council(PART)
    keys = sit(shared, hands=Keys).be(place, place.iro_of(place.child())).open("/")
    keys.page.evaluate("() => document.querySelector('main .govuk-button').setAttribute('tabindex', '-1')")
    with pytest.raises(AssertionError, match="cannot be reached"):
        keys.press("Log a talk")
