"""What every other test relies on being noticed is noticed: each is planted once and must be found."""

from contextlib import nullcontext

import pytest

from tests.browser.counting import MOST_CLICKS, Count, check, table

PLANTED = {
    "the console": "document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">inline</p>')",
    "a script failed": "setTimeout(() => { throw new Error('planted') })",
    "404 for": "document.body.append(Object.assign(document.createElement('img'), {src: '/assets/none.svg', alt: ''}))",
}


@pytest.fixture
def hands(shared, chromium):
    """A browser whose watch is looked at by the test itself."""
    from tests.browser.hands import DESK, Hands
    from tests.browser.watching import Watch

    context = chromium.new_context()
    watch = Watch(context, shared.link)
    yield Hands(context.new_page(), watch, shared.link, DESK).open("/sign-in")
    context.close()


@pytest.mark.parametrize("wanted", PLANTED)
def test_it_is_noticed(hands, wanted):
    assert hands.watch.faults == []
    # Left before its answer is there, a file is only said to have been given up.
    answered = hands.page.expect_response("**/assets/none.svg") if wanted == "404 for" else nullcontext()
    with answered:
        hands.page.evaluate(f"() => {{ {PLANTED[wanted]} }}")
    hands.page.evaluate("() => new Promise(done => setTimeout(done, 0))")
    hands.open("/help")
    assert any(wanted in fault for fault in hands.watch.faults), hands.watch.faults


def test_a_request_that_leaves_is_noticed(hands):
    with hands.page.expect_request("http://127.0.0.1:9/**"):
        hands.page.evaluate("() => { location.href = 'http://127.0.0.1:9/elsewhere'; }")
    assert hands.watch.faults == ["a request left for http://127.0.0.1:9/elsewhere"]


def test_a_journey_of_eleven_clicks_is_refused():
    check("raise", Count(MOST_CLICKS, 99))
    check("several acts in one", Count(MOST_CLICKS + 1, 99))
    with pytest.raises(AssertionError, match="raise: 11 clicks"):
        check("raise", Count(MOST_CLICKS + 1, 1))


def test_each_click_and_each_load_counts(shared, sit):
    place = shared.council("derby")
    hands = sit(shared).at_work(place, place.iro_of(place.child()))
    assert hands.count == Count(0, 0)
    hands.press("Log a talk").choose("reason", place.reason()).tick("clock").write("concern", "A word.").press("Log it")
    assert hands.count == Count(clicks=4, loads=2)


def test_the_table_has_the_named_journeys_first_and_every_way_beside():
    lines = table([("search", "Derby", 2, 2), ("raise", "Durham 2016", 9, 7), ("raise", "phone", 10, 7)])
    assert lines[0].split() == ["Durham", "2016", "Derby", "phone"]
    assert lines[1].split() == ["raise", "9/7", "–", "10/7"]
    assert lines[2].split() == ["search", "–", "2/2", "–"]
    assert table([]) == []
