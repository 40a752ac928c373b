"""What is done on an item between raising and ending, by everybody on it, as each authority's ladder has it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.browser import journeys
from tests.browser.counting import short
from tests.browser.journeys import offers, open_item, refer, send, turn_to
from tests.browser.serving import PARTS, Council, Served, carrying
from workflows.calendar.working_days import local_date
from workflows.model.authority import Capacity
from workflows.model.challenge import ASKS_RECIPIENTS
from workflows.model.ladder import RAISER, ItemType, NoReply, Stage

every_part = pytest.mark.parametrize("part", PARTS)


def formal_stages(part: str) -> list[Stage]:
    """The written stages at which somebody is asked, from the first up."""
    rules = carrying(part, ItemType.FORMAL)
    assert rules
    return [stage for stage in rules.ladder.stages if not stage.informal and not stage.referral]


CLIMBING = [part for part in PARTS if formal_stages(part)[0].no_reply is NoReply.ESCALATE]
"""Where the first written stage climbs by itself when its date has passed."""
MEETING = [part for part in PARTS if any(stage.answer_is_a_meeting for stage in formal_stages(part))]
"""Where the answer of some stage is a meeting."""


@pytest.fixture
def council(shared: Served) -> Callable[[str], Council]:
    return shared.council


@every_part
def test_the_iro_gives_another_date_refers_to_cafcass_ends_it_and_opens_it_again(council, sit, counted, part):
    place = council(part)
    reference = place.raised()
    raised = place.loaded(reference).challenge
    stage, (reply, *_) = raised.stage, [one for one in raised.open_windows() if one.key.kind in ASKS_RECIPIENTS]
    hands = sit(place.served).at_work(place, place.iro_of(place.child()))
    open_item(hands, reference)

    turn_to(hands, "window_extended")
    hands.date("until", reply.promise.due + timedelta(days=1)).write("why", "The worker is away until then.")
    send(hands)

    refer(hands, reference)
    turn_to(hands, "referral_acknowledged")
    hands.write("cafcass_reference", "CAF-2026-17")
    send(hands)

    turn_to(hands, "resolved")
    hands.write("what_changed", "There is a plan, and the child has read it.")
    send(hands)
    hands.sees("Resolved")

    turn_to(hands, "reopened")
    hands.tick("stage", stage).tick("clock", "fresh").write("why", "The plan was put off again.")
    send(hands)
    assert place.loaded(reference).challenge.is_open
    counted("another date, referral, ending, opening again", short(part), hands)


@every_part
def test_the_iro_considers_after_an_answer_and_then_takes_it_higher(council, sit, counted, part):
    place = council(part)
    reference = place.answered()
    challenge = place.loaded(reference).challenge
    ladder = place.rules(ItemType.FORMAL).ladder
    above = ladder.stage(ladder.onward(challenge.stage)[0])
    hands = sit(place.served).at_work(place, place.iro_of(place.child()))
    open_item(hands, reference)
    turn_to(hands, "judged")
    hands.tick("verdict", "needs_more").write("why", "It names no day.").tick("consider_first")
    send(hands)
    turn_to(hands, "referral_considered")
    hands.write("why_not", "The next stage may still settle it.")
    send(hands)
    turn_to(hands, "escalated")
    hands.write("why", "A week on, still no day is named.")
    if len(ladder.onward(challenge.stage)) > 1:
        hands.tick("to_stage", above.key)
    journeys.send_to(hands, place, above)
    send(hands)
    assert place.loaded(reference).challenge.stage == above.key
    counted("consider, then take higher", short(part), hands)


@pytest.mark.parametrize("part", CLIMBING)
def test_the_iro_holds_a_climb_or_takes_it_back(alone, sit, counted, part):
    place = alone.council(part)
    first, second = place.raised(), place.raised()
    stage = place.loaded(first).challenge.stage
    hands = sit(alone).at_work(place, place.iro_of(place.child()))
    open_item(hands, first)
    turn_to(hands, "escalation_held")
    hands.write("why", "They have rung: the answer is written.")
    send(hands)
    window = place.loaded(second).challenge.main_window()
    assert window
    place.pass_to(window.acts_at + timedelta(hours=1))
    assert place.loaded(first).challenge.stage == stage
    assert place.loaded(second).challenge.stage != stage

    hands = sit(alone).at_work(place, place.iro_of(place.child()))
    open_item(hands, second)
    turn_to(hands, "escalation_recalled")
    hands.write("why", "The answer came by another way.")
    send(hands)
    assert place.loaded(second).challenge.stage == stage
    counted("hold a climb; take one back", short(part), hands)


@every_part
def test_a_manager_says_that_it_has_arrived_and_asks_a_question_and_the_iro_answers_it(council, sit, counted, part):
    place = council(part)
    reference = place.raised()
    asked = place.asked(reference)[0]
    manager = sit(place.served).at_work(place, asked)
    open_item(manager, reference)
    manager.press("See everything on this item")
    turn_to(manager, "acknowledged")
    send(manager)
    manager.open(f"/challenges/{reference}")
    manager.tick("position", "question").write("answer", "Which review is meant?").press("Send my reply")
    counted("acknowledge, then ask a question", short(part), manager)

    iro = sit(place.served).at_work(place, place.iro_of(place.child()))
    open_item(iro, reference)
    iro.sees("Which review is meant?")
    turn_to(iro, "clarification_given")
    iro.write("answer", "That of 3 March.")
    send(iro)
    counted("answer a question", short(part), iro)


@every_part
def test_it_is_not_for_me_and_the_iro_puts_it_to_somebody_else(council, sit, counted, part):
    place = council(part)
    reference = place.raised()
    role = place.loaded(reference).challenge.main_window().asked[0].party.role
    manager = sit(place.served).at_work(place, place.asked(reference)[0])
    open_item(manager, reference)
    manager.tick("position", "not_for_me").write("answer", "The team has changed.").write("suggests", "The other team.")
    manager.press("Send my reply")
    counted("not for me", short(part), manager)

    iro = sit(place.served).at_work(place, place.iro_of(place.child()))
    open_item(iro, reference)
    turn_to(iro, "redirected")
    iro.tick("of", role)
    options = iro.page.locator('main select[name="to"] option').evaluate_all("all => all.map(one => one.value)")
    iro.choose("to", next(one for one in options if one and not one.startswith((f"{role}|", "social_worker"))))
    iro.write("why", "It is theirs since Monday.")
    send(iro)
    counted("put it to somebody else", short(part), iro)


@pytest.mark.parametrize("part", MEETING)
def test_business_support_books_the_meeting_it_is_held_and_its_outcome_written_down(council, sit, counted, part):
    place = council(part)
    stage = next(stage for stage in formal_stages(part) if stage.answer_is_a_meeting)
    meeting = stage.contact.meeting
    first = place.rules(ItemType.FORMAL).ladder.first_for(ItemType.FORMAL)
    reference = place.raised(stage="" if stage is first else stage.key)
    desk = sit(place.served).at_work(place, place.acting_as(Capacity.BUSINESS_SUPPORT))
    desk.go("Service board")
    desk.take(desk.page.locator(f'main a[href="/challenges/{reference}/do/meeting_arranged"]'))
    desk.date("at", local_date(place.served.now) + timedelta(days=1)).write("at-time", "14:30").write("where", "Room 4")
    send(desk)
    counted("book a meeting", short(part), desk)
    turn_to(desk, "meeting_held")
    desk.date("on", local_date(place.served.now))
    send(desk)

    role = meeting.outcome_recorded_by
    recorder = place.loaded(reference).raiser if role in (RAISER, "iro") else place.holding(role, reference)[0]
    hands = sit(place.served).at_work(place, recorder)
    open_item(hands, reference)
    if not offers(hands, "outcome_recorded"):
        hands.press("See everything on this item")
    turn_to(hands, "outcome_recorded")
    hands.write("outcome", "An action plan was agreed.").write("actions-0-what", "Write it down.")
    hands.date("actions-0-by", local_date(place.served.now) + timedelta(days=7))
    send(hands)
    assert place.loaded(reference).challenge.phase == "answered"
    counted("write down a meeting's outcome", short(part), hands)


@every_part
def test_business_support_logs_a_talk_for_an_iro(council, sit, counted, part):
    place = council(part)
    desk = sit(place.served).at_work(place, place.acting_as(Capacity.BUSINESS_SUPPORT))
    journeys.log_a_talk(desk, place, place.child())
    counted("log a talk for an IRO", short(part), desk)
