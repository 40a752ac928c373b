"""How often sign-ins may be begun: strangers lock nobody out, and every replica counts the same."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from fastapi import Request
from sqlalchemy import select

from api.pages.sign_in import rate_limit, sign_in
from api.pages.sign_in.rate_limit import WITHIN
from api.request_context import address_of
from drp.database.account_tables import AttemptRow, SignInRow
from drp.identity.attempts import AttemptLimit, count_attempt, forget_attempts
from drp.identity.known_browser import KEPT, read_known_browser, remember_browser
from tests.cast.world import World
from tests.pages.browser import at_browser
from tests.pages.replicas import Replica, cookie_of
from tests.pages.test_sessions import opened

__all__ = ["opened"]

NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TESS = "tess@dunmoor.example"
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def test_so_many_are_let_through_within_the_time_and_none_more_until_it_is_over(world: World) -> None:
    seal, limit = world.service.seal, AttemptLimit(3, 10 * MINUTE)

    def wait(source: str, now: datetime) -> timedelta | None:
        with world.store.write(world.key) as connection:
            return count_attempt(connection, seal, world.key, source, now, limit)

    assert [wait("a", NOON + n * MINUTE) for n in range(3)] == [None] * 3
    assert wait("a", NOON + 3 * MINUTE) == 7 * MINUTE
    assert wait("b", NOON + 3 * MINUTE) is None, "another source is not held up"
    assert wait("a", NOON + 10 * MINUTE) is None
    with world.store.write(world.key) as connection:
        assert forget_attempts(connection, world.key, NOON + timedelta(days=2)) == 3


def test_an_address_is_kept_as_a_keyed_hash_and_not_as_it_is(world: World, opened: Callable[..., Replica]) -> None:
    opened().asks(TESS)
    [row] = world.rows(select(AttemptRow.source))
    assert len(row.source) == 64
    assert "testclient" not in row.source


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
    assert address_of(Request({"type": "http", "client": (host, 1), "headers": []})) == source
    assert address_of(Request({"type": "http", "client": None, "headers": []})) == ""


def test_beyond_it_a_page_says_how_long_to_wait_whoever_was_asked_for_at_every_replica(
    world: World, opened: Callable[..., Replica]
) -> None:
    first, second = opened(sign_ins_per_address=6), opened(sign_ins_per_address=6)
    first.asks(TESS)
    link, signed_in = first.mail.link(), at_browser(world, "otto")
    for n in range(5):
        assert (first, second)[n % 2].asks(f"nobody.{n}@dunmoor.example").status_code == 200
    known, unknown = second.asks("otto@dunmoor.example"), first.asks("nobody@dunmoor.example")
    assert known.status_code == unknown.status_code == 429
    assert (known.content, known.headers) == (unknown.content, unknown.headers)
    assert known.headers["retry-after"] == "600"
    assert "try again in 10 minutes" in known.text
    assert len(first.mail.posts) == 1
    assert len(world.rows(select(SignInRow.id))) == 6, "what is refused is not written down either"
    assert cookie_of(first.signs_in(link)), "a link that was sent is good"
    assert signed_in.send("GET", "/").status_code == 200
    world.now += WITHIN
    assert first.asks("otto@dunmoor.example").status_code == 200
    assert first.mail.posts[-1].envelope == ("otto@dunmoor.example",)


# Strangers.


def test_what_others_ask_for_drops_nobodys_own_link(world: World, opened: Callable[..., Replica]) -> None:
    """Three are in force at most, each stays good; and where she signed in before, hers are counted by themselves."""
    first, second = opened(), opened()
    first.asks(TESS)
    answer = first.signs_in(first.mail.link())
    known = cookie_of(answer, "drp-known")
    for _ in range(5):
        second.asks(TESS)
    assert len(second.mail.posts) == 3
    said = first.asks(TESS)
    assert "those that arrived are still good" in said.text
    assert len(first.mail.posts) == 1, "a browser like any other: the three that she has are good"
    assert second.signs_in(second.mail.link(0)).status_code == 303
    first.client.cookies.clear()
    first.at().send("POST", "/sign-in", {"Cookie": f"drp-known={known}"}, data={"email": TESS, "authority": "dunmoor"})
    assert len(first.mail.posts) == 2, "at her own browser nobody's requests are in her way"


def test_a_known_browser_is_not_held_up_by_what_comes_from_its_address(world: World, opened: Callable[..., Replica]) -> None:
    replica = opened(sign_ins_per_address=2, sign_ins_per_browser=3)
    replica.asks(TESS)
    known = cookie_of(replica.signs_in(replica.mail.link()), "drp-known")

    def asks(cookie: str) -> int:
        sent = {"Cookie": f"drp-known={cookie}"}
        answer = replica.at().send("POST", "/sign-in", sent, data={"email": TESS, "authority": "dunmoor"})
        return int(answer.status_code)

    assert [replica.asks("x@dunmoor.example").status_code for _ in range(2)] == [200, 429]
    assert [asks(known) for _ in range(4)] == [200, 200, 200, 429]
    assert asks(known[:-1] + ("0" if known[-1] != "0" else "1")) == 429, "one that we did not make is none"


def test_a_known_browser_is_known_for_ninety_days_and_at_its_own_authority(two: World) -> None:
    seal, tess = two.service.seal, two.id("tess")
    held = remember_browser(seal, two.key, tess, NOON)
    assert read_known_browser(seal, held, two.key, NOON + KEPT) == tess
    assert read_known_browser(seal, held, two.key, NOON + KEPT + timedelta(days=1)) is None
    assert read_known_browser(seal, held, "elsewhere", NOON) is None
    for forged in ("", "x", held.replace(two.key, "elsewhere"), f"{held}0", held.partition(".")[2], "k1:0", "\u0661" * 9):
        assert read_known_browser(seal, forged, two.key, NOON) is None


@one_engine
def test_planted_browser_that_says_for_itself_who_it_is_is_noticed(
    two: World, opened: Callable[..., Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "read_known_browser", lambda seal, held, authority, now: two.id("tess") if held else None)
    with pytest.raises(AssertionError):
        test_a_known_browser_is_not_held_up_by_what_comes_from_its_address(two, opened)


# The demonstration's chooser.

NOT_HERE: tuple[dict[str, str], ...] = (
    {"Host": "drp.example"}, {"Host": "10.0.0.5:8000"}, {"Host": "127.0.0.1.evil.example"}, {"Host": "["}, {"Host": ""},
    {"Host": "127.0.0.1:8000", "X-Forwarded-For": "192.0.2.1"}, {"Host": "127.0.0.1:8000", "Forwarded": "for=192.0.2.1"},
    {"Host": "localhost", "X-Forwarded-Host": "drp.example"}, {"Host": "localhost", "X-Real-IP": "192.0.2.1"},
    {"Host": "localhost", "Via": "1.1 proxy"},
)  # fmt: skip


def test_the_chooser_is_refused_by_what_the_request_shows(world: World, opened: Callable[..., Replica]) -> None:
    replica = opened(choose_a_person=True, link="http://127.0.0.1:8000")
    person = {"person": f"dunmoor/{world.id('tess')}"}
    here = {"Host": "127.0.0.1:8000"}
    assert "choose a person" in replica.at().send("GET", "/sign-in", here).text
    assert replica.at().send("POST", "/sign-in/as", here, data=person).status_code == 303
    for headers in NOT_HERE:
        assert replica.at().send("POST", "/sign-in/as", headers, data=person).status_code == 401, headers
        assert "choose a person" not in replica.at().send("GET", "/sign-in", headers).text, headers


def test_planted_chooser_that_looks_at_the_settings_alone_is_noticed(
    world: World, opened: Callable[..., Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in, "is_from_this_machine", lambda request: True)
    with pytest.raises(AssertionError):
        test_the_chooser_is_refused_by_what_the_request_shows(world, opened)
