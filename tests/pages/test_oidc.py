"""Signing in by the council's own sign-in, end to end against a real provider (oidc-provider)."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import select, update

from api.assembly import system_clock
from api.pages.sign_in import oidc, openid, sign_in
from api.pages.sign_in.rate_limit import WITHIN
from drp.database.account_tables import AccountRow, AttemptRow, SessionRow, SignInRow
from drp.database.directory_tables import PersonRow
from drp.identity import accounts
from drp.identity import sign_in as sign_in_module
from tests.cast.world import World
from tests.pages.providers import Browser, Signing, at_the_provider, change_visits, real_providers, sent_with
from tests.service.test_planted_bugs import must_fail

LINK = "http://127.0.0.1:8000"
Plant = pytest.MonkeyPatch
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def issuers() -> Iterator[dict[str, str]]:
    """Real providers, by name."""
    with real_providers(LINK) as found:
        yield found


@pytest.fixture
def sign_in_with(world: World, issuers: dict[str, str]) -> Iterator[Callable[..., Signing]]:
    """Serves Dunmoor with its own sign-in."""
    with ExitStack() as opened:

        def served(provider: str = "main", **set_: Any) -> Signing:
            made = Signing(world, LINK, issuers[provider], **set_)
            opened.callback(made.close)
            return made

        yield served


@pytest.fixture
def dunmoor(sign_in_with: Callable[..., Signing]) -> Signing:
    return sign_in_with()


def accounts_of(signing: Signing) -> dict[str, Any]:
    """Whose each account is."""
    rows = signing.world.rows(
        select(AccountRow.subject, PersonRow.key).join(
            PersonRow, (PersonRow.authority == AccountRow.authority) & (PersonRow.id == AccountRow.person)
        )
    )
    return {row.subject: row.key for row in rows}


def is_refused(answer: Any, browser: Browser, status: int, title: str) -> None:
    """A courteous page, and nobody signed in."""
    assert (answer.status_code, f">{title}</h1>" in unescape(answer.text)) == (status, True), answer.text
    assert 'href="/sign-in' in answer.text, "there must be a way on"
    assert not browser.session


# It succeeds.


def test_somebody_signs_in_and_goes_on_to_where_they_were_going(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    answer = browser.signs_in("irene", then="/inbox?page=2")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox?page=2")
    assert browser.is_signed_in("Irene")
    assert accounts_of(dunmoor) == {"irene": "irene"}
    assert [row.how for row in dunmoor.world.rows(select(SessionRow.how))] == ["provider"]


@one_engine
def test_one_source_begins_so_many_sign_ins_and_no_more(dunmoor: Signing) -> None:
    service = dunmoor.app.state.service
    fewer = service.settings.model_copy(update={"sign_ins_per_address": 2})
    dunmoor.app.state.service = replace(service, settings=fewer)
    dunmoor.later = timedelta(seconds=-(dunmoor.now().timestamp() % WITHIN.total_seconds()))  # from the beginning of a count
    browser = dunmoor.browser()
    assert [browser.sets_out().status_code for _ in range(4)] == [303, 303, 429, 429]
    assert len(dunmoor.world.rows(select(SignInRow.id))) == 2
    dunmoor.later += WITHIN
    assert browser.sets_out().status_code == 303


IMAGES: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
    {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
)


@one_engine
def test_images_of_any_page_begin_and_count_nothing(dunmoor: Signing) -> None:
    browser, path = dunmoor.browser(), f"/sign-in/with/{dunmoor.authority}"
    for headers in IMAGES * 15:
        answer = browser.here.get(path, headers=headers)
        assert (answer.status_code, "Nothing was begun" in answer.text) == (403, True)
        assert "set-cookie" not in answer.headers
    assert dunmoor.world.rows(select(SignInRow.id)) == dunmoor.world.rows(select(AttemptRow.source)) == []
    assert browser.sets_out().status_code == 303


@one_engine
def test_whoever_is_sent_here_by_another_site_presses_first(dunmoor: Signing) -> None:
    browser, path = dunmoor.browser(), f"/sign-in/with/{dunmoor.authority}"
    going = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = browser.here.get(path, params={"then": "/inbox"}, headers={**going, "Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert f'href="{path}?then=/inbox"' in answer.text
    assert dunmoor.world.rows(select(SignInRow.id)) == []
    for site in ("same-origin", "none"):
        assert browser.here.get(path, headers={**going, "Sec-Fetch-Site": site}).status_code == 303


@one_engine
def test_planted_image_that_counts_as_going_there_is_noticed(dunmoor: Signing, monkeypatch: Plant) -> None:
    monkeypatch.setattr(oidc, "is_navigation", lambda request: True)
    must_fail(lambda: test_images_of_any_page_begin_and_count_nothing(dunmoor))


@one_engine
@pytest.mark.parametrize(
    ("provider", "client"),
    [
        ("main", {"client_id": "public", "client_secret": ""}),
        ("main", {"client_id": "es"}),
        ("main", {"client_id": "ps"}),
        ("post", {}),
    ],
    ids=["public", "ES256", "PS256", "secret in the body"],
)
def test_every_kind_of_client_and_signature_signs_in(
    sign_in_with: Callable[..., Signing], provider: str, client: dict[str, str]
) -> None:
    browser = sign_in_with(provider, **client).browser()
    assert browser.signs_in("irene").status_code == 303
    assert browser.is_signed_in("Irene")


@one_engine
def test_the_code_is_bound_to_us_by_pkce_with_s256(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    asked = sent_with(browser.sets_out())
    [row] = dunmoor.world.rows(select(SignInRow.__table__))
    assert asked["code_challenge_method"] == "S256"
    assert asked["code_challenge"] == create_s256_code_challenge(row.verifier)
    assert len(row.verifier) >= 43
    assert (asked["response_type"], asked["client_id"]) == ("code", "drp")
    assert {asked["state"], browser.binding, row.nonce, row.verifier}.isdisjoint({row.hash, row.browser}), "kept as hashes only"


@one_engine
def test_a_code_without_its_verifier_or_with_another_is_worth_nothing(dunmoor: Signing, monkeypatch: Plant) -> None:
    browser = dunmoor.browser()
    back = at_the_provider(browser.sets_out().headers["location"], "irene")
    change_visits(dunmoor, verifier="x" * 64)
    is_refused(browser.comes_back(back), browser, 502, oidc.DISTRUSTED.title)

    real = openid.OAuth2Client.fetch_token

    def without(self: Any, *given: Any, code_verifier: str, **more: Any) -> Any:
        return real(self, *given, **more)

    monkeypatch.setattr(openid.OAuth2Client, "fetch_token", without)
    is_refused(browser.signs_in("irene"), browser, 502, oidc.DISTRUSTED.title)


def test_the_first_sign_in_goes_by_the_directory_and_the_next_by_the_account(dunmoor: Signing) -> None:
    assert dunmoor.browser().signs_in("irene").status_code == 303
    # The address is somebody else's by now; the account is still Irene's.
    there = dunmoor.world
    there.changes("irene", email="moved@dunmoor.example")
    there.changes("ivor", email="irene@dunmoor.example")
    browser = dunmoor.browser()
    browser.signs_in("irene")
    assert browser.is_signed_in("Irene")
    assert accounts_of(dunmoor) == {"irene": "irene"}


@one_engine
def test_the_directory_key_and_another_subject_claim_do_as_well(sign_in_with: Callable[..., Signing]) -> None:
    by_key = sign_in_with(person_claim="preferred_username", subject_claim="oid")
    browser = by_key.browser()
    browser.signs_in("mona")
    assert browser.is_signed_in("Mona")
    assert accounts_of(by_key) == {"oid-of-mona": "mona"}


@one_engine
@pytest.mark.parametrize("path", ["roles", "realm_access.roles", "https://council.example/roles"])
def test_a_role_is_found_at_its_path(sign_in_with: Callable[..., Signing], path: str) -> None:
    browser = sign_in_with(roles_claim=path, role_wanted="drp.user").browser()
    browser.signs_in("irene")
    assert browser.is_signed_in("Irene")


@one_engine
@pytest.mark.parametrize("path", ["roles", "realm_access.roles"])
def test_without_the_role_that_is_wanted_nobody_signs_in(sign_in_with: Callable[..., Signing], path: str) -> None:
    signing = sign_in_with(roles_claim=path, role_wanted="drp.user")
    browser = signing.browser()
    is_refused(browser.signs_in("mona"), browser, 403, oidc.NO_ROLE.title)
    assert accounts_of(signing) == {}


def test_signing_in_makes_another_session_and_ends_the_one_before(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    browser.signs_in("mona")
    before = browser.session
    # Whoever planted or kept the old secret holds nothing afterwards.
    thief = dunmoor.browser()
    thief.here.cookies.set("drp", before)
    assert thief.is_signed_in("Mona")
    browser.signs_in("irene")
    assert browser.session not in ("", before)
    assert browser.is_signed_in("Irene")
    assert not thief.is_signed_in()


@one_engine
def test_two_sign_ins_may_be_under_way_in_one_browser(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    first, second = browser.sets_out("/inbox"), browser.sets_out("/search")
    for begun, then in ((second, "/search"), (first, "/inbox")):
        answer = browser.comes_back(at_the_provider(begun.headers["location"], "irene"))
        assert answer.headers["location"] == then


@one_engine
def test_the_binding_cookie_is_short_lived_out_of_scripts_reach_and_comes_back_over_the_redirect(world: World) -> None:
    plain = "drp-sign-in=[0-9a-f]{64}; HttpOnly; Max-Age=900; Path=/; SameSite=lax"
    secure = "__Host-drp-sign-in=[0-9a-f]{64}; HttpOnly; Max-Age=900; Path=/; SameSite=lax; Secure"
    known = openid.Metadata("https://login.dunmoor.example/auth", "https://x.example", "https://x.example", (), False)

    class Known(openid.Discovery):
        """What the provider says of itself is known here, and it is not asked."""

        def of(self, issuer: str, now: datetime) -> openid.Metadata:
            return known

    for link, pattern in ((LINK, plain), ("https://drp.dunmoor.example", secure)):
        signing = Signing(world, link, "https://login.dunmoor.example")
        signing.app.state.discovery = Known()
        begun = signing.browser().sets_out()
        assert re.fullmatch(pattern, begun.headers["set-cookie"]), begun.headers["set-cookie"]
        assert sent_with(begun)["redirect_uri"] == f"{link}/sign-in/back"
        signing.close()


# It does not.


@one_engine
def test_another_browser_cannot_finish_what_this_one_began(dunmoor: Signing) -> None:
    mine, theirs, third = dunmoor.browser(), dunmoor.browser(), dunmoor.browser()
    back = at_the_provider(theirs.sets_out().headers["location"], "irene")
    mine.sets_out()  # a sign-in of its own does not help
    for other in (mine, third):
        is_refused(other.comes_back(back), other, 400, oidc.TOO_LATE.title)
    # The other browsers used nothing up.
    assert theirs.comes_back(back).status_code == 303


@one_engine
def test_a_browser_that_is_not_asked_for_its_own_secret_is_noticed(dunmoor: Signing, monkeypatch: Plant) -> None:
    monkeypatch.setattr(oidc, "read_binding", lambda request: "b" * 64)
    must_fail(lambda: test_another_browser_cannot_finish_what_this_one_began(dunmoor))


@one_engine
def test_a_sign_in_is_good_once(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    back = at_the_provider(browser.sets_out().headers["location"], "irene")
    assert browser.comes_back(back).status_code == 303
    browser.here.cookies.delete("drp")
    is_refused(browser.comes_back(back), browser, 400, oidc.TOO_LATE.title)


@one_engine
def test_a_sign_in_that_is_not_used_up_is_noticed(dunmoor: Signing, monkeypatch: Plant) -> None:
    real = sign_in_module.back_from_provider

    def forgetful(connection: Any, *given: Any) -> Any:
        visit = real(connection, *given)
        rows = connection.execute(select(SignInRow.__table__)).mappings().all()
        for row in rows:  # as if it had never been used: with the seal that it had
            its = update(SignInRow).where(SignInRow.id == row["id"])
            connection.execute(its.values(used_at=None, seal=given[0].of(SignInRow, {**row, "used_at": None})))
        return visit

    monkeypatch.setattr(sign_in_module, "back_from_provider", forgetful)
    must_fail(lambda: test_a_sign_in_is_good_once(dunmoor))


@one_engine
def test_a_refused_sign_in_is_used_up_too(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    state = sent_with(browser.sets_out())["state"]
    is_refused(browser.comes_back(state=state, error="access_denied"), browser, 403, oidc.DECLINED.title)
    is_refused(browser.comes_back(state=state, code="any"), browser, 400, oidc.TOO_LATE.title)


@one_engine
def test_a_sign_in_lasts_fifteen_minutes(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    back = at_the_provider(browser.sets_out().headers["location"], "irene")
    dunmoor.later += timedelta(minutes=15, seconds=1)
    is_refused(browser.comes_back(back), browser, 400, oidc.TOO_LATE.title)


@one_engine
def test_a_state_of_nobodys_making_is_refused(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    state = sent_with(browser.sets_out())["state"]
    authority, _, secret = state.partition(".")
    swapped = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    wrong = [
        "",
        "x",
        secret,
        f"elsewhere.{secret}",
        f"{authority}.{swapped}",
        f"{authority}.",
        f"../{authority}.{secret}",
        "\0",
        "é." * 40,
    ]
    for one in wrong:
        is_refused(browser.comes_back(state=one, code="any"), browser, 400, oidc.TOO_LATE.title)
    is_refused(browser.here.get("/sign-in/back"), browser, 400, oidc.TOO_LATE.title)


@one_engine
def test_an_id_token_of_another_sign_in_is_refused(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    back = at_the_provider(browser.sets_out().headers["location"], "irene")
    change_visits(dunmoor, nonce="n" * 64)
    is_refused(browser.comes_back(back), browser, 502, oidc.DISTRUSTED.title)


@one_engine
def test_whoever_stops_at_the_provider_is_told_so(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    back = at_the_provider(browser.sets_out("/inbox").headers["location"], "irene", is_willing=False)
    assert "error=access_denied" in back
    answer = browser.comes_back(back)
    is_refused(answer, browser, 403, oidc.DECLINED.title)
    assert 'href="/sign-in?then=/inbox"' in answer.text


def test_the_way_on_never_leads_to_another_site(dunmoor: Signing) -> None:
    for then in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/x\r\nSet-Cookie: a=b"):
        browser = dunmoor.browser()
        answer = browser.signs_in("irene", then=then)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        trouble = browser.sets_out(then, authority="unknown")
        assert 'href="/sign-in"' in trouble.text
        assert "evil" not in trouble.text


@one_engine
def test_a_way_on_that_is_taken_as_it_comes_is_noticed(dunmoor: Signing, monkeypatch: Plant) -> None:
    for module in (oidc, sign_in):
        monkeypatch.setattr(module, "safe_path", lambda text: text)
    must_fail(lambda: test_the_way_on_never_leads_to_another_site(dunmoor))


@one_engine
def test_whom_the_directory_does_not_know_is_refused(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    is_refused(browser.signs_in("stranger"), browser, 403, oidc.NOT_KNOWN.title)
    assert accounts_of(dunmoor) == {}


@one_engine
@pytest.mark.parametrize("login", ["unverified-irene", "silent-irene"])
def test_an_address_that_the_provider_does_not_vouch_for_binds_nobody_until_an_administrator_says_so(
    dunmoor: Signing, login: str
) -> None:
    """No `email_verified` is as good as false: who writes the address could be anybody."""
    world, browser = dunmoor.world, dunmoor.browser()
    is_refused(browser.signs_in(login), browser, 403, oidc.NOT_LET_IN[accounts.WhyNotLetIn.ASKED].title)
    is_refused(browser.signs_in(login), browser, 403, oidc.NOT_LET_IN[accounts.WhyNotLetIn.ASKED].title)
    with world.store.write(world.key) as connection:
        [asks] = accounts.list_accounts(connection, world.key)
        assert (asks.of, asks.bound_by) == ("Irene", accounts.BoundBy.ASKED)
        assert accounts.bind_account(connection, world.service.seal, world.key, asks.id, dunmoor.now())
    browser.signs_in(login)
    assert browser.is_signed_in("Irene")


@one_engine
def test_a_claim_that_the_operator_trusts_needs_no_verified_address(sign_in_with: Callable[..., Signing]) -> None:
    signing = sign_in_with(person_claim_is_trusted=True)
    browser = signing.browser()
    browser.signs_in("silent-irene")
    assert browser.is_signed_in("Irene")
    assert [row.bound_by for row in signing.world.rows(select(AccountRow.bound_by))] == ["trusted claim"]


@one_engine
def test_planted_absent_word_that_counts_as_verified_is_noticed(dunmoor: Signing) -> None:
    """As it was: a stranger at the provider writes her address and is Irene."""
    trusting = Signing(
        dunmoor.world, dunmoor.settings.link, dunmoor.settings.providers[dunmoor.authority].issuer, person_claim_is_trusted=True
    )
    try:
        with pytest.raises(AssertionError):
            test_an_address_that_the_provider_does_not_vouch_for_binds_nobody_until_an_administrator_says_so(
                trusting, "silent-irene"
            )
    finally:
        trusting.close()


@one_engine
def test_whoever_has_left_does_not_sign_in_by_account_or_for_the_first_time(dunmoor: Signing) -> None:
    yesterday = (dunmoor.now() - timedelta(days=1)).date().isoformat()
    dunmoor.browser().signs_in("irene")
    for person in ("irene", "mona"):
        dunmoor.world.leaves(person, yesterday)
        browser = dunmoor.browser()
        is_refused(browser.signs_in(person), browser, 403, oidc.NOT_LET_IN[accounts.WhyNotLetIn.LEFT].title)


@one_engine
def test_an_account_that_was_ended_is_refused_and_not_made_anew(dunmoor: Signing) -> None:
    dunmoor.browser().signs_in("irene")
    with dunmoor.world.store.write(dunmoor.authority) as connection:
        accounts.end_accounts_of(connection, dunmoor.authority, dunmoor.world.id("irene"), dunmoor.now())
    browser = dunmoor.browser()
    is_refused(browser.signs_in("irene"), browser, 403, oidc.NOT_LET_IN[accounts.WhyNotLetIn.ENDED].title)


def test_a_second_account_does_not_become_somebody_who_has_one(dunmoor: Signing) -> None:
    dunmoor.browser().signs_in("irene")
    browser = dunmoor.browser()
    is_refused(browser.signs_in("another-irene"), browser, 403, oidc.NOT_LET_IN[accounts.WhyNotLetIn.TAKEN].title)
    assert accounts_of(dunmoor) == {"irene": "irene"}


@one_engine
def test_an_authority_without_a_sign_in_of_its_own_has_none_here(dunmoor: Signing) -> None:
    browser = dunmoor.browser()
    for authority in ("elsewhere", "unknown", "%2e%2e", "dunmoor."):
        is_refused(browser.sets_out(authority=authority), browser, 404, oidc.NONE_SUCH.title)


# What the tests themselves leave behind.


def test_the_provider_of_the_tests_ends_with_them(tmp_path: Path) -> None:
    with real_providers(LINK) as found:
        port = urlsplit(found["main"]).port
    with pytest.raises(openid.Unreachable):
        openid.Discovery().of(f"http://127.0.0.1:{port}", system_clock())
