"""Every journey, walked in a real browser: for each authority, with and without scripts, at a desk and on a telephone."""

from collections.abc import Callable

import pytest

from tests.browser import journeys
from tests.browser.counting import SIGNING_IN, short
from tests.browser.hands import DESK, DESK_PLAIN, PHONE, PHONE_PLAIN, Sight
from tests.browser.serving import PARTS, Council, Served, carrying
from workflows.model.authority import Capacity
from workflows.model.ladder import ItemType

WAYS = [(part, DESK) for part in PARTS] + [("durham_2016", sight) for sight in (PHONE, DESK_PLAIN, PHONE_PLAIN)]
"""Each authority at a desk with scripts; one of them in every other way of looking."""


def ways(*items: ItemType) -> pytest.MarkDecorator:
    """Each way of looking, of the authorities whose ladders carry such an item."""
    able = [(part, sight) for part, sight in WAYS if all(carrying(part, item) for item in items)]
    missing = [part for part in PARTS if part not in {part for part, _ in able}]
    if able and "durham_2016" in missing:
        able += [(able[0][0], sight) for sight in (PHONE, DESK_PLAIN, PHONE_PLAIN)]
    return pytest.mark.parametrize(("part", "sight"), able, ids=[f"{part}, {sight}" for part, sight in able])


def column(part: str, sight: Sight) -> str:
    """Where a cost stands in the table."""
    return short(part) if sight == DESK else str(sight)


@pytest.fixture
def council(shared: Served) -> Callable[[str], Council]:
    return shared.council


@ways(ItemType.FORMAL)
def test_signing_in(council, sit, counted, part, sight):
    place = council(part)
    hands = sit(place.served, sight).sign_in(place, place.iro_of(place.child()))
    assert hands.heading == "My tasks"
    counted(SIGNING_IN, column(part, sight), hands)


@ways(ItemType.INFORMAL)
def test_a_talk_is_logged(council, sit, counted, part, sight):
    place = council(part)
    hands = sit(place.served, sight).at_work(place, place.iro_of(place.child()))
    journeys.log_a_talk(hands, place, place.child())
    counted("log a talk", column(part, sight), hands)


@ways(ItemType.FORMAL)
def test_a_challenge_is_raised(council, sit, counted, part, sight):
    place = council(part)
    hands = sit(place.served, sight).at_work(place, place.iro_of(place.child()))
    journeys.raise_item(hands, place, place.child(), ItemType.FORMAL)
    counted("raise", column(part, sight), hands)


@ways(ItemType.FORMAL)
def test_an_answer_is_judged_and_it_climbs(council, sit, counted, part, sight):
    place = council(part)
    reference = place.answered()
    hands = sit(place.served, sight).at_work(place, place.iro_of(place.child()))
    journeys.judge_and_climb(hands, place, reference)
    counted("judge and climb", column(part, sight), hands)


@ways(ItemType.FORMAL)
def test_a_manager_answers(council, sit, counted, part, sight):
    place = council(part)
    reference = place.raised()
    hands = sit(place.served, sight).at_work(place, place.asked(reference)[0])
    journeys.answer(hands, place, reference)
    counted("answer as a manager", column(part, sight), hands)


@ways(ItemType.PARTNER_AGENCY)
def test_a_partner_agency_answers(council, sit, counted, part, sight):
    place = council(part)
    reference = place.raised(ItemType.PARTNER_AGENCY)
    hands = sit(place.served, sight).at_work(place, place.asked(reference)[0])
    journeys.answer(hands, place, reference)
    counted("answer as a partner agency", column(part, sight), hands)


@ways(ItemType.EXCELLENT_PRACTICE)
def test_a_notice_of_excellent_practice_is_sent(council, sit, counted, part, sight):
    place = council(part)
    hands = sit(place.served, sight).at_work(place, place.iro_of(place.child()))
    journeys.send_a_notice(hands, place, place.child())
    counted("send a notice of excellent practice", column(part, sight), hands)


@pytest.mark.parametrize("part", [part for part in PARTS if not carrying(part, ItemType.EXCELLENT_PRACTICE)])
def test_where_the_procedure_knows_no_notice_none_is_offered(council, sit, part):
    place = council(part)
    hands = sit(place.served).be(place, place.iro_of(place.child())).open("/")
    assert "/raise" in hands.page.locator("main").inner_html()
    assert "/notices/new" not in hands.page.locator("main").inner_html()
    assert hands.open("/notices/new").status == 403


@ways(ItemType.FORMAL)
def test_an_assumption_is_confirmed(council, sit, counted, part, sight):
    place = council(part)
    hands = sit(place.served, sight).at_work(place, place.acting_as(Capacity.IRO_MANAGER))
    journeys.confirm_an_assumption(hands, place)
    counted("confirm an assumption", column(part, sight), hands)
