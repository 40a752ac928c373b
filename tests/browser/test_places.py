"""The places beside the items: cover and hand-over, search, teams, inbox, documents, in and out."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.browser import journeys
from tests.browser.counting import short
from tests.browser.journeys import open_item
from tests.browser.serving import PARTS, Council
from tests.browser.test_journeys import column, ways
from workflows.calendar.working_days import local_date
from workflows.model.authority import Capacity
from workflows.model.ladder import ItemType

every_part = pytest.mark.parametrize("part", PARTS)


@ways(ItemType.FORMAL)
def test_a_caseload_is_handed_over(alone, sit, counted, part, sight):
    place = alone.council(part)
    reference = place.raised()
    iro = place.iro_of(place.child())
    hands = sit(alone, sight).at_work(place, place.acting_as(Capacity.IRO_MANAGER))
    journeys.hand_over_a_caseload(hands, place, iro)
    assert place.served.council(part).iro_of(place.loaded(reference) and place.child()) != iro
    counted("hand over a caseload", column(part, sight), hands)


@every_part
def test_an_iro_names_cover_and_the_cover_finds_the_work(alone, sit, counted, part):
    place = alone.council(part)
    reference = place.answered()
    iro = place.iro_of(place.child())
    hands = sit(alone).at_work(place, iro)
    hands.press("While I am away: who covers for me")
    other = _another_iro(place, iro)
    hands.choose("by", str(other)).date("until", local_date(alone.now) + timedelta(days=14))
    hands.press("Name them")
    hands.sees(place.name(other))
    counted("name cover", short(part), hands)
    colleague = sit(alone).at_work(place, other)
    colleague.sees("For colleagues whom you cover")
    colleague.sees(reference)


def _another_iro(place: Council, iro: UUID) -> UUID:
    return next(found for child in place.children() if (found := place.iro_of(child)) != iro)


@every_part
def test_an_item_is_found_by_its_case_number_and_on_its_teams_page(alone, sit, counted, part):
    place = alone.council(part)
    reference = place.raised()
    facts = place.loaded(reference).challenge.facts
    hands = sit(place.served).at_work(place, place.iro_of(place.child()))
    hands.go("Search").write("q", place.child().number).press("Search")
    hands.sees(reference)
    counted("search", short(part), hands)
    hands.go("Teams")
    hands.take(hands.page.locator(f'main a[href="/teams/{facts.team}"]'))
    hands.sees(reference)
    counted("search, then the team's page", short(part), hands)


@every_part
def test_a_message_is_read_and_a_document_attached_and_signing_out_ends_it(alone, sit, counted, part):
    place = alone.council(part)
    reference = place.raised()
    hands = sit(place.served).at_work(place, place.asked(reference)[0])
    hands.go("Inbox")
    hands.sees(reference)
    hands.press("Mark all as read")
    hands.sees("read")
    hands.go("My tasks")
    open_item(hands, reference)
    hands.press("See everything on this item").press("Attach a document")
    hands.page.locator('main input[type="file"]').set_input_files(
        {"name": "plan.png", "mimeType": "image/png", "buffer": hands.page.screenshot()}
    )
    hands.press("Attach it").sees("plan.png")
    hands.press_above("Sign out")
    hands.take(hands.page.locator("main form button"))
    hands.sees("Sign in again")
    hands.open(f"/challenges/{reference}")
    assert hands.heading == "Sign in"
    counted("inbox, a document, signing out", short(part), hands)
