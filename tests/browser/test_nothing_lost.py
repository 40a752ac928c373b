"""What somebody wrote survives: a fault, the database away, a session that ran out, going back, pressing twice."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from drp.database.challenge_tables import ChallengeRow
from tests.browser import journeys
from tests.browser.hands import DESK, PHONE_PLAIN
from tests.browser.journeys import CONCERN, EFFECT, begin, say_what, say_why, send
from workflows.calendar.working_days import local_date
from workflows.model.ladder import ItemType

PART = "durham_2016"
SAID = "We agree: the plan is written by half term.\n\nÉowyn’s “own words” <b>stay</b> & are kept."
with_and_without = pytest.mark.parametrize("sight", [DESK, PHONE_PLAIN], ids=str)
"""At a desk with scripts, on a telephone without."""


@pytest.fixture
def replying(shared, sit):
    """A manager who has written a reply and not sent it yet."""

    def at(sight, served=shared):
        place = served.council(PART)
        reference = place.raised()
        manager = place.asked(reference)[0]
        hands = sit(served, sight).be(place, manager).open(f"/challenges/{reference}/answer")
        hands.tick("position", "agrees").write("answer", SAID).write("actions-0-what", "Write the plan.")
        hands.write("actions-0-by-day", "")  # the day of the next review stands there
        return place, reference, manager, hands

    return at


def replies(place, reference):
    """The replies on the record, as their words."""
    from drp.database.challenge_tables import WordsRow

    with place.served.service.store.read(place.key) as connection:
        query = select(WordsRow.text).where(
            WordsRow.authority == place.key, WordsRow.challenge == place.loaded(reference).id, WordsRow.field == "answer"
        )
        return list(connection.execute(query).scalars())


def finish(place, hands):
    """Put the one fault right that is left, and send."""
    hands.date("actions-0-by", local_date(place.served.now) + timedelta(days=10))
    return hands.press("Send my reply")


@with_and_without
def test_a_fault(replying, sight):
    place, reference, _, hands = replying(sight)
    hands.press("Send my reply")
    assert hands.status == 422
    expect(hands.element("answer")).to_have_value(SAID)
    expect(hands.element("position", "agrees")).to_be_checked()
    expect(hands.element("actions-0-what")).to_have_value("Write the plan.")
    finish(place, hands)
    assert replies(place, reference) == [SAID]


@with_and_without
def test_the_database_is_away(replying, sight):
    place, reference, _, hands = replying(sight)
    with place.served.unavailable():
        finish(place, hands)
        assert hands.status == 503
        hands.sees("What you wrote is still here")
        assert hands.page.locator("main .app-words").all_inner_texts() == [SAID, "Write the plan."]
        hands.press("Go on with what I wrote")
        assert hands.status == 503
    hands.press("Go on with what I wrote")
    assert hands.status == 200
    assert replies(place, reference) == [SAID]


@with_and_without
def test_the_session_has_run_out(replying, alone, sight):
    place, reference, manager, hands = replying(sight, alone)
    place.served.now += timedelta(hours=2)
    finish(place, hands)
    assert hands.status == 401
    hands.sees("What you wrote is still here")
    _sign_in_in_a_new_tab(place, manager, hands)
    hands.press("Go on with what I wrote")
    hands.sees("You have signed in again since this page was made.")
    expect(hands.element("answer")).to_have_value(SAID)
    assert replies(place, reference) == []
    hands.press("Send my reply")
    assert replies(place, reference) == [SAID]


def _sign_in_in_a_new_tab(place, person, hands):
    with hands.page.context.expect_page() as opened:
        hands.page.get_by_role("link", name="Sign in again in a new tab").click()
    tab = opened.value
    summary = tab.locator("summary", has_text=place.authority.name)
    button = tab.locator(f'button[value="{place.key}/{person}"]')
    if not button.is_visible():
        summary.click()
    button.click()
    expect(tab.locator("h1")).to_have_text("My tasks")
    tab.close()


@with_and_without
def test_somebody_acted_on_it_meanwhile(replying, sit, sight):
    """A form that was looked at before something moved is not sent blindly, and its words are still there."""
    place, reference, _, hands = replying(sight)
    place.acts(place.asked(reference)[0], reference, _acknowledged())
    finish(place, hands)
    assert replies(place, reference) == [SAID]  # a reminder or a nod throws nothing away

    iro = sit(place.served, sight).be(place, place.iro_of(place.child())).open(f"/challenges/{reference}/do/escalated")
    iro.write("why", SAID)
    place.acts(place.iro_of(place.child()), reference, _escalated(place))
    send_at_odds(iro)
    assert iro.status == 412
    iro.sees("Somebody acted on it while you wrote.")
    iro.sees("Éowyn’s “own words” <b>stay</b> & are kept.")


def send_at_odds(hands):
    """Send what can no longer be done."""
    hands.take(hands.page.locator("main form#form button").last)


def _acknowledged():
    from workflows.model.events import Acknowledged

    return Acknowledged()


def _escalated(place):
    from workflows.model.events import Escalated

    return Escalated("It cannot wait.")


@with_and_without
def test_going_back_in_the_steps(shared, sit, sight):
    place = shared.council(PART)
    child = place.child()
    stage = place.rules(ItemType.FORMAL).ladder.first_for(ItemType.FORMAL)
    hands = sit(shared, sight).be(place, place.iro_of(child)).open("/")
    begin(hands, place, child, ItemType.FORMAL)
    say_why(hands, place)
    say_what(hands, place, stage)
    hands.press_above("Back")
    expect(hands.element("concern")).to_have_value(CONCERN)
    hands.press_above("Back").press_above("Back")
    expect(hands.element("child")).to_have_value(child.number)
    hands.press("Continue").press("Continue")
    expect(hands.element("effect_on_child")).to_have_value(EFFECT)
    hands.press("Continue").press("Continue").press("Continue")
    hands.sees(CONCERN)
    draft = hands.path.rsplit("/", 1)[0]
    hands.open("/")
    hands.take(hands.page.locator(f'main a[href="{draft}"]'))
    hands.sees(EFFECT)


def _raised_in(place):
    with place.served.service.store.read(place.key) as connection:
        return connection.execute(select(func.count()).where(ChallengeRow.authority == place.key)).scalar_one()


@with_and_without
def test_pressing_twice_raises_once(shared, sit, sight):
    place = shared.council(PART)
    child = place.child()
    hands = sit(shared, sight).be(place, place.iro_of(child)).open("/")
    begin(hands, place, child, ItemType.FORMAL)
    say_why(hands, place)
    say_what(hands, place, place.rules(ItemType.FORMAL).ladder.first_for(ItemType.FORMAL))
    hands.press("Continue").press("Continue")
    before = _raised_in(place)
    _press_twice(hands, "Raise it now")
    hands.sees("It is raised")
    assert _raised_in(place) == before + 1


@with_and_without
def test_pressing_twice_replies_once_and_notes_once(replying, sit, sight):
    place, reference, _, hands = replying(sight)
    hands.date("actions-0-by", local_date(place.served.now) + timedelta(days=10))
    _press_twice(hands, "Send my reply")
    hands.sees("We agree: the plan is written by half term.")
    assert replies(place, reference) == [SAID]


@with_and_without
def test_pressing_twice_logs_a_talk_once_and_sends_a_notice_once(shared, sit, sight):
    place = shared.council(PART)
    hands = sit(shared, sight).be(place, place.iro_of(place.child())).open("/talks/new")
    hands.write("child", place.child().number).choose("reason", place.reason()).write("concern", "A talk.")
    before = _raised_in(place)
    _press_twice(hands, "Log it")
    hands.sees("A talk, on the record")
    hands.open("/notices/new").write("child", place.child().number).write("concern", "Kept every promise.")
    _press_twice(hands, "Send it")
    hands.sees("It is sent")
    assert _raised_in(place) == before + 2


def _press_twice(hands, name):
    """A double click: the button's second press comes before the next page does."""
    hands.page.get_by_role("button", name=name, exact=True).dblclick(no_wait_after=True)
    expect(hands.page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    hands.page.wait_for_load_state("load")


def test_without_what_makes_it_harmless_pressing_twice_would_do_it_twice(shared, sit):
    """The twin that must fail: the same two presses, from a form that has lost its mark."""
    place = shared.council(PART)
    hands = sit(shared).be(place, place.iro_of(place.child())).open("/talks/new")
    hands.write("child", place.child().number).choose("reason", place.reason()).write("concern", "A talk.")
    sent = hands.page.evaluate("() => Object.fromEntries(new FormData(document.querySelector('#form')))")
    assert sent.pop("once")
    before = _raised_in(place)
    for _ in range(2):
        assert hands.page.request.post(f"{hands.link}/talks/new", form=sent).ok
    assert _raised_in(place) == before + 2


@with_and_without
def test_what_was_written_and_not_sent_is_there_when_one_comes_back_by_the_browsers_own_button(shared, sit, sight):
    place = shared.council(PART)
    reference = place.raised()
    hands = sit(shared, sight).be(place, place.asked(reference)[0]).open(f"/challenges/{reference}/answer")
    hands.write("answer", SAID)
    hands.press("See everything on this item")
    hands.page.go_back()
    expect(hands.element("answer")).to_have_value(SAID)


def test_a_whole_item_is_judged_after_a_fault_and_an_absence(alone, sit):
    """One after another on one form: a fault, the database away, the session over; the words are sent once."""
    place = alone.council(PART)
    reference = place.answered()
    iro = place.iro_of(place.child())
    hands = sit(alone).be(place, iro).open(f"/challenges/{reference}/do/judged")
    hands.write("why", SAID).press("Send my judgement")
    assert hands.status == 422
    hands.tick("verdict", "needs_more")
    with alone.unavailable():
        hands.press("Send my judgement")
        assert hands.status == 503
    alone.now += timedelta(hours=2)
    hands.press("Go on with what I wrote")
    assert hands.status == 401
    _sign_in_in_a_new_tab(place, iro, hands)
    hands.press("Go on with what I wrote")
    expect(hands.element("why")).to_have_value(SAID)
    expect(hands.element("verdict", "needs_more")).to_be_checked()
    send(hands)
    assert place.loaded(reference).challenge.phase == "awaiting"
    assert journeys.CONCERN not in hands.page.content()
