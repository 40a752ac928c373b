"""How often one source may ask for a link: enough for a whole council in the morning, not enough to fill a table with."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import Request

from api.pages.sign_in.rate_limit import AT_MOST, WITHIN, RateLimit, source_of
from tests.cast.world import World
from tests.pages.browser import at_browser
from tests.pages.replicas import Replica, cookie_of

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def test_so_many_are_let_through_within_the_time_and_then_one_for_each_that_is_old() -> None:
    rate = RateLimit(at_most=3, within=10 * MINUTE)
    assert [rate.wait("a", NOON + n * MINUTE) for n in range(3)] == [None] * 3
    assert rate.wait("a", NOON + 3 * MINUTE) == 7 * MINUTE
    assert rate.wait("a", NOON + 9 * MINUTE) == MINUTE
    assert rate.wait("b", NOON + 9 * MINUTE) is None, "another source is not held up"
    assert rate.wait("a", NOON + 10 * MINUTE) is None
    assert rate.wait("a", NOON + 10 * MINUTE) == MINUTE
    assert rate.wait("a", NOON + 30 * MINUTE) is None


def test_what_was_refused_is_not_counted_so_that_nobody_waits_for_ever() -> None:
    rate = RateLimit(at_most=1, within=10 * MINUTE)
    assert rate.wait("a", NOON) is None
    assert all(rate.wait("a", NOON + n * MINUTE) for n in range(1, 10))
    assert rate.wait("a", NOON + 10 * MINUTE) is None


def test_it_remembers_no_more_sources_than_it_says() -> None:
    rate = RateLimit(at_most=1, within=10 * MINUTE, sources=100)
    for n in range(1000):
        assert rate.wait(f"source {n}", NOON) is None
    assert all(rate.wait(f"source {n}", NOON) for n in range(900, 1000)), "of a flood of sources the newest are remembered"
    assert not any(rate.wait(f"source {n}", NOON) for n in range(900)), "the others are forgotten"


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:0db8:0001:0002::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:0db8:0001:0002::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80:0000:0000:0000::/64"),
        ("testclient", "testclient"),
        ("", ""),
        ("x" * 500, "x" * 64),
    ],
)
def test_a_source_is_an_address_or_a_household(host: str, source: str) -> None:
    assert source_of(Request({"type": "http", "client": (host, 1), "headers": []})) == source
    assert source_of(Request({"type": "http", "client": None, "headers": []})) == ""


@one_engine
def test_beyond_it_a_page_says_how_long_to_wait_whoever_was_asked_for(world: World) -> None:
    replica = Replica(world)
    replica.asks("tess@dunmoor.example")
    link, signed_in = replica.mail.link(), at_browser(world, "otto")
    for n in range(AT_MOST - 1):
        assert replica.asks(f"nobody.{n}@dunmoor.example").status_code == 200
    known, unknown = replica.asks("otto@dunmoor.example"), replica.asks("nobody@dunmoor.example")
    assert known.status_code == unknown.status_code == 429
    assert (known.content, known.headers) == (unknown.content, unknown.headers)
    assert known.headers["retry-after"] == "600"
    assert "try again in 10 minutes" in known.text
    assert len(replica.mail.posts) == 1
    assert len(world.rows(_sign_ins())) == AT_MOST, "what is refused is not written down either"
    assert cookie_of(replica.signs_in(link)), "a link that was sent is good"
    assert signed_in.send("GET", "/").status_code == 200
    world.now += WITHIN
    assert replica.asks("otto@dunmoor.example").status_code == 200
    assert replica.mail.posts[-1].envelope == ("otto@dunmoor.example",)
    replica.close()


def _sign_ins() -> Any:
    from sqlalchemy import select

    from drp.database.account_tables import SignInRow

    return select(SignInRow.id)
