"""Words about excellent practice in a report: as they may be quoted when it is read, and kept as it was released."""

from collections.abc import Callable
from typing import Any

import pytest

from api.pages.reports import reading_reports
from drp.written_reports.contents import ReportQuote
from tests.cast.councils import NORTH
from tests.cast.world import World
from tests.pages.browser import at_browser
from tests.service.test_practice import OFFER, QUOTE, brought
from tests.written_reports.test_reports import drafted, release


@pytest.fixture
def north(build: Callable[..., World]) -> World:
    return build(NORTH)


def quoted(world: World, agrees: bool = True) -> str:
    """Irene's notice of April about Sam's work, with words for reports: its reference."""
    said = {"child": "T-1", "what_went_well": "He came.", "to": [{"role": "social_worker"}]}
    answer = world.as_("irene").post("/notices", said)
    assert answer.status_code == 201, answer.text
    item = str(answer.json()["reference"])
    brought(world, "irene", item, "quote_offered", **OFFER)
    brought(world, "sam", item, "quote_answered", agrees=agrees, offer=1)
    return item


def read(world: World, path: str) -> str:
    return at_browser(world, "mona").open(path).text


def quoted_while_it_is_agreed(world: World) -> None:
    item = quoted(world)
    path = drafted(world)
    assert f"{QUOTE} (North Team)" in read(world, path)
    brought(world, "sam", item, "quote_answered", agrees=False, offer=1)
    assert QUOTE not in read(world, path)
    brought(world, "sam", item, "quote_answered", agrees=True, offer=1)
    assert "Released on" in release(world, path).text
    brought(world, "sam", item, "quote_answered", agrees=False, offer=1)
    assert QUOTE in read(world, path), "what was released is kept as it was"


def test_a_draft_quotes_what_may_be_quoted_now_and_a_release_stays_as_it_was(north: World) -> None:
    quoted_while_it_is_agreed(north)


def test_what_nobody_agreed_to_is_in_no_report(north: World) -> None:
    quoted(north, agrees=False)
    assert QUOTE not in read(north, drafted(north))


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_a_draft_that_quotes_whatever_was_once_agreed_is_seen(north: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def always(*given: Any) -> list[ReportQuote]:
        return [ReportQuote(words=QUOTE, of="North Team")]

    monkeypatch.setattr(reading_reports, "quoted_practice", always)
    with pytest.raises(AssertionError):
        quoted_while_it_is_agreed(north)
