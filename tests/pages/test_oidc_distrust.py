"""What a provider says is believed only as far as it can be checked; each check is shown to fail where it is taken out."""

import base64
import hmac
import json
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import OctKey
from sqlalchemy import select

from api.pages.sign_in import oidc, openid
from drp.database.account_tables import AccountRow, SessionRow
from drp.database.engine import Store
from tests.cast.world import World
from tests.pages.providers import SECRET, Crooked, Signing, crooked_provider, curve_key, sent_with, signing_key
from tests.pages.test_oidc import is_refused
from tests.service.test_planted_bugs import must_fail

Plant = pytest.MonkeyPatch
Told = Callable[[Crooked, str], Any]
LINK = "http://127.0.0.1:8000"
PERSONAL = ("irene@", "subject-canary", "access-canary", "code-canary", "a+b%c", "eyJ")
"""Parts of an address, an account, tokens, codes and secrets: none of them belongs in a log."""


@pytest.fixture
def store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """One engine: what is asked here ends before the database."""
    made = Store(f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'drp.sqlite')}")
    yield made
    made.close()


@pytest.fixture
def provider() -> Iterator[Crooked]:
    with crooked_provider() as made:
        yield made


@pytest.fixture
def signing(world: World, provider: Crooked) -> Iterator[Signing]:
    made = Signing(world, LINK, provider.issuer)
    yield made
    made.close()


def signs_in(signing: Signing, provider: Crooked, told: Told, **query: str) -> Any:
    """Out and back, with the ID token that the provider is told to give."""
    browser = signing.browser()
    sent = sent_with(browser.sets_out())
    provider.id_token = told(provider, sent["nonce"])
    return browser, browser.comes_back(state=sent["state"], code="code-canary", **query)


def honest(provider: Crooked, nonce: str) -> str:
    return provider.signed(nonce)


def now_of(provider: Crooked) -> int:
    return int(provider.claims("")["iat"])


def base64url(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def unsigned(provider: Crooked, nonce: str) -> str:
    parts = ({"alg": "none", "kid": "one"}, provider.claims(nonce))
    return b".".join([*(base64url(json.dumps(part).encode()) for part in parts), b""]).decode()


def signed_by_the_public_key_as_a_secret(provider: Crooked, nonce: str) -> str:
    text = b".".join(base64url(json.dumps(part).encode()) for part in ({"alg": "HS256", "kid": "one"}, provider.claims(nonce)))
    return (text + b"." + base64url(hmac.digest(signing_key().as_pem(private=False), text, "sha256"))).decode()


def signed_by_the_clients_secret(provider: Crooked, nonce: str) -> str:
    return provider.signed(nonce, OctKey.import_key(SECRET * 3), alg="HS256")


def with_its_own_key_inside(provider: Crooked, nonce: str) -> str:
    stranger = signing_key("stranger")
    header = {"alg": "RS256", "kid": "one", "jwk": stranger.as_dict(private=False)}
    wide = jws.JWSRegistry(strict_check_header=False)
    wide.max_header_length = 4096
    return jwt.encode(header, provider.claims(nonce), stranger, registry=wide)


def changed_after_signing(provider: Crooked, nonce: str) -> str:
    header, _, signature = provider.signed(nonce).split(".")
    claims = base64url(json.dumps(provider.claims(nonce, sub="another")).encode()).decode()
    return f"{header}.{claims}.{signature}"


WRONG: dict[str, Told] = {
    "another nonce": lambda p, nonce: p.signed(nonce[::-1] + "x"),
    "no nonce": lambda p, nonce: p.signed(nonce, nonce=None),
    "another audience": lambda p, nonce: p.signed(nonce, aud="another-client"),
    "no audience": lambda p, nonce: p.signed(nonce, aud=None),
    "an empty audience": lambda p, nonce: p.signed(nonce, aud=[]),
    "an audience of another kind": lambda p, nonce: p.signed(nonce, aud={"drp": True}),
    "several audiences and no party": lambda p, nonce: p.signed(nonce, aud=["drp", "another-client"]),
    "another party": lambda p, nonce: p.signed(nonce, aud=["drp", "another-client"], azp="another-client"),
    "one audience, another party": lambda p, nonce: p.signed(nonce, azp="another-client"),
    "another issuer": lambda p, nonce: p.signed(nonce, iss="https://login.evil.example"),
    "the issuer with a stroke": lambda p, nonce: p.signed(nonce, iss=p.issuer + "/"),
    "no issuer": lambda p, nonce: p.signed(nonce, iss=None),
    "expired": lambda p, nonce: p.signed(nonce, exp=now_of(p) - 61),
    "no expiry": lambda p, nonce: p.signed(nonce, exp=None),
    "an expiry in words": lambda p, nonce: p.signed(nonce, exp="tomorrow"),
    "an expiry that is no number": lambda p, nonce: p.signed(nonce, exp=float("nan")),
    "issued later": lambda p, nonce: p.signed(nonce, iat=now_of(p) + 300),
    "not yet": lambda p, nonce: p.signed(nonce, nbf=now_of(p) + 300),
    "never issued": lambda p, nonce: p.signed(nonce, iat=None),
    "no subject": lambda p, nonce: p.signed(nonce, sub=None),
    "a subject that is a number": lambda p, nonce: p.signed(nonce, sub=7),
    "unsigned": unsigned,
    "another's signature": lambda p, nonce: p.signed(nonce, signing_key("stranger")),
    "another's key": lambda p, nonce: p.signed(nonce, signing_key("stranger"), kid="stranger"),
    "its own key inside": with_its_own_key_inside,
    "the public key as a secret": signed_by_the_public_key_as_a_secret,
    "the client's secret": signed_by_the_clients_secret,
    "changed after signing": changed_after_signing,
    "an algorithm of another key": lambda p, nonce: p.signed(nonce, curve_key(), alg="ES256"),
    "no token": lambda p, nonce: None,
    "a token that is a number": lambda p, nonce: 7,
    "no text": lambda p, nonce: "",
    "words": lambda p, nonce: "eyJ.not.a.token",
    "half": lambda p, nonce: p.signed(nonce).rpartition(".")[0],
    "a list for a header": lambda p, nonce: "W10." + p.signed(nonce).partition(".")[2],
    "other letters": lambda p, nonce: p.signed(nonce) + "é",
}  # fmt: skip


def test_an_honest_token_signs_in(signing: Signing, provider: Crooked) -> None:
    browser, answer = signs_in(signing, provider, honest)
    assert answer.status_code == 303
    assert browser.is_signed_in("Irene")


UNUSUAL: dict[str, Told] = {
    "clocks apart, late": lambda p, nonce: p.signed(nonce, exp=now_of(p) - 30),
    "clocks apart, early": lambda p, nonce: p.signed(nonce, iat=now_of(p) + 30),
    "several audiences, and we are the party": lambda p, nonce: p.signed(nonce, aud=["another-client", "drp"], azp="drp"),
    "PS512": lambda p, nonce: p.signed(nonce, alg="PS512"),
    "ES256": lambda p, nonce: p.signed(nonce, curve_key(), alg="ES256", kid="curve"),
}


def test_what_is_unusual_and_right_signs_in(signing: Signing, provider: Crooked) -> None:
    provider.keys.append(curve_key())
    for unusual, told in UNUSUAL.items():
        browser, _ = signs_in(signing, provider, told)
        assert browser.is_signed_in("Irene"), unusual


def test_a_token_that_is_wrong_in_any_way_signs_nobody_in(
    signing: Signing, provider: Crooked, caplog: pytest.LogCaptureFixture
) -> None:
    for wrong in WRONG:
        is_turned_away(signing, provider, wrong, caplog)


def is_turned_away(signing: Signing, provider: Crooked, wrong: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.clear()
    caplog.set_level(logging.DEBUG, "drp")
    browser, answer = signs_in(signing, provider, WRONG[wrong])
    is_refused(answer, browser, 502, oidc.DISTRUSTED.title)
    assert not signing.world.rows(select(AccountRow.subject))
    assert not signing.world.rows(select(SessionRow.hash))
    said = logged(caplog)
    assert said.startswith("nobody was signed in at dunmoor: ")
    assert "\n" not in said, "one line says why"
    assert not [each for each in PERSONAL if each in said]


def believed(monkeypatch: Plant, check: str, does: Any = None) -> None:
    """Plant a claim that is not checked any more."""
    monkeypatch.setattr(jwt.JWTClaimsRegistry, check, does or (lambda *given: None))


PLANTED: dict[str, tuple[Callable[[Plant], None], str]] = {
    "any value of a claim": (lambda plant: believed(plant, "check_value"), "another nonce"),
    "any audience": (lambda plant: believed(plant, "validate_aud"), "another audience"),
    "any issuer": (lambda plant: believed(plant, "validate_iss"), "another issuer"),
    "any age": (lambda plant: believed(plant, "validate_exp"), "expired"),
    "any party": (lambda plant: plant.setattr(openid, "check_authorized_party", lambda *given: None), "another party"),
    "no signature": (lambda plant: plant.setattr(openid, "ALGORITHMS", ("none", *openid.ALGORITHMS)), "unsigned"),
    "any signature": (
        lambda plant: plant.setattr(jws.JWSRegistry.algorithms["RS256"].__class__, "verify", lambda *given: True),
        "changed after signing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
def test_a_check_that_is_left_out_is_noticed(
    signing: Signing, provider: Crooked, bug: str, monkeypatch: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    plant, wrong = PLANTED[bug]
    plant(monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library says so too
        must_fail(lambda: is_turned_away(signing, provider, wrong, caplog))


# What is sent, and what is asked of the provider.


def test_the_secret_goes_as_the_standard_says_and_nothing_else_of_ours_with_it(signing: Signing, provider: Crooked) -> None:
    signs_in(signing, provider, honest)
    [(_, form, headers)] = [each for each in provider.asked if each[0] == "/token"]
    assert set(form) == {"grant_type", "code", "redirect_uri", "code_verifier"}
    assert (form["code"], form["redirect_uri"]) == ("code-canary", f"{LINK}/sign-in/back")
    assert base64.b64decode(headers["Authorization"].removeprefix("Basic ")) == b"drp:a%2Bb%25c%2Fd+e%3Af~"


def test_metadata_is_asked_once_in_ten_minutes_and_keys_at_every_sign_in(signing: Signing, provider: Crooked) -> None:
    def times(path: str) -> int:
        return len([each for each in provider.asked if each[0] == path])

    signs_in(signing, provider, honest)
    # The provider changes its key: nobody waits for ours to be forgotten.
    provider.keys = [signing_key("two")]
    browser, _ = signs_in(signing, provider, lambda p, nonce: p.signed(nonce, signing_key("two"), kid="two"))
    assert browser.is_signed_in("Irene")
    assert (times("/.well-known/openid-configuration"), times("/jwks")) == (1, 2)
    signing.later += timedelta(minutes=10)
    signing.browser().sets_out()
    assert times("/.well-known/openid-configuration") == 2


def test_keys_for_other_purposes_stand_beside_the_right_one(signing: Signing, provider: Crooked) -> None:
    class Listed:
        def __init__(self, **key: Any) -> None:
            self.key = key

        def as_dict(self, private: bool) -> dict[str, Any]:
            return self.key

    secret = Listed(kty="oct", k="c2VjcmV0", kid="one")
    encryption = Listed(**{**signing_key("two").as_dict(private=False), "kid": "one", "use": "enc", "alg": "RSA-OAEP"})
    unknown = Listed(kty="AKP", alg="ML-DSA-44", pub="AA", kid="one")
    provider.keys = [secret, encryption, unknown, signing_key()]
    browser, _ = signs_in(signing, provider, honest)
    assert browser.is_signed_in("Irene")


LEADS_ELSEWHERE: tuple[dict[str, Any], ...] = (
    {"authorization_endpoint": "http://login.evil.example/auth"},
    {"authorization_endpoint": "javascript:alert(1)"},
    {"authorization_endpoint": None},
    {"token_endpoint": "http://login.evil.example/token"},
    {"jwks_uri": "file:///etc/passwd"},
    {"jwks_uri": "https://[login.evil.example/jwks"},
    {"issuer": "https://login.evil.example"},
    {"issuer": None},
)


def test_metadata_that_leads_elsewhere_is_refused_before_anybody_goes_there(signing: Signing, provider: Crooked) -> None:
    for provider.metadata in LEADS_ELSEWHERE:
        browser = signing.browser()
        is_refused(browser.sets_out(), browser, 502, oidc.DISTRUSTED.title)
        assert not browser.binding


def test_metadata_that_is_believed_as_it_comes_is_noticed(signing: Signing, provider: Crooked, monkeypatch: Plant) -> None:
    monkeypatch.setattr(openid, "check_address", lambda address, what: str(address))
    must_fail(lambda: test_metadata_that_leads_elsewhere_is_refused_before_anybody_goes_there(signing, provider))


@pytest.mark.parametrize("issuer", ["http://login.dunmoor.example", "http://127.0.0.1.evil.example", "ftp://x.example", "login"])
def test_an_issuer_without_https_is_refused_unless_it_is_this_machine(world: World, issuer: str) -> None:
    with pytest.raises(ValueError, match="is no https address of a provider"):
        Signing(world, LINK, issuer)
    assert Signing(world, LINK, "http://127.0.0.1:1").settings.providers


def test_a_provider_that_takes_no_secret_as_we_can_send_it_is_said_to_disagree(signing: Signing, provider: Crooked) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": ["private_key_jwt"]}
    browser, answer = signs_in(signing, provider, honest)
    is_refused(answer, browser, 502, oidc.DISTRUSTED.title)


# Providers mixed up.


def test_an_answer_that_names_another_issuer_is_refused(signing: Signing, provider: Crooked) -> None:
    browser, answer = signs_in(signing, provider, honest, iss="https://login.evil.example")
    is_refused(answer, browser, 502, oidc.DISTRUSTED.title)
    assert not [each for each in provider.asked if each[0] == "/token"], "the code was not shown to anybody"


def test_an_answer_that_names_nobody_is_refused_where_the_provider_always_names_itself(
    signing: Signing, provider: Crooked
) -> None:
    provider.metadata = {"authorization_response_iss_parameter_supported": True}
    browser, answer = signs_in(signing, provider, honest)
    is_refused(answer, browser, 502, oidc.DISTRUSTED.title)
    browser, answer = signs_in(signing, provider, honest, iss=provider.issuer)
    assert browser.is_signed_in("Irene")


# Providers in trouble.


def test_a_provider_that_is_not_there_is_said_to_be_out_of_reach(world: World) -> None:
    with crooked_provider() as gone:
        issuer = gone.issuer
    signing = Signing(world, LINK, issuer)
    browser = signing.browser()
    is_refused(browser.sets_out("/inbox"), browser, 503, oidc.UNREACHABLE.title)
    signing.close()


@pytest.mark.parametrize("when", ["going there", "coming back"])
def test_nobody_waits_for_ever_for_a_provider_that_says_nothing(
    signing: Signing, provider: Crooked, monkeypatch: Plant, when: str
) -> None:
    monkeypatch.setattr(openid, "TIMEOUT_SECONDS", 0.2)
    browser = signing.browser()
    if when == "going there":
        provider.hangs = True
        is_refused(browser.sets_out(), browser, 503, oidc.UNREACHABLE.title)
        return
    state = sent_with(browser.sets_out())["state"]
    provider.hangs = True
    is_refused(browser.comes_back(state=state, code="any"), browser, 503, oidc.UNREACHABLE.title)


EXCHANGES: tuple[tuple[tuple[int, Any], oidc.SignedOutMessage], ...] = (
    ((500, {"error": "server_error"}), oidc.UNREACHABLE),
    ((502, b"<html>"), oidc.UNREACHABLE),
    ((200, b"<html>"), oidc.UNREACHABLE),
    ((200, b"[]"), oidc.UNREACHABLE),
    ((200, {"id_token": "x", "expires_in": "soon"}), oidc.UNREACHABLE),
    ((400, {"error": "invalid_grant", "error_description": "irene@dunmoor.example is not assigned"}), oidc.DISTRUSTED),
    ((401, {"error": "invalid_client"}), oidc.DISTRUSTED),
    ((400, {"error": "irene@dunmoor.example"}), oidc.DISTRUSTED),
    ((400, {"error": {"irene@": 1}}), oidc.DISTRUSTED),
    ((200, {}), oidc.DISTRUSTED),
)


def test_an_exchange_that_fails_is_said_plainly_and_logged_without_a_name(
    signing: Signing, provider: Crooked, caplog: pytest.LogCaptureFixture
) -> None:
    for answer, page in EXCHANGES:
        provider.answers = lambda answer=answer: answer
        browser, shown = signs_in(signing, provider, honest)
        is_refused(shown, browser, page.status, page.title)
        assert "irene@" not in shown.text
    assert "irene@" not in logged(caplog)


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What the service itself wrote down."""
    return "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("drp"))


ERRORS = (
    ("access_denied", oidc.DECLINED),
    ("temporarily_unavailable", oidc.UNREACHABLE),
    ("server_error", oidc.UNREACHABLE),
    ("invalid_scope", oidc.DISTRUSTED),
    ("<script>alert(1)</script>\nirene@", oidc.DISTRUSTED),
    ("", oidc.DISTRUSTED),
)


def test_an_error_that_comes_back_is_said_plainly(signing: Signing, caplog: pytest.LogCaptureFixture) -> None:
    for error, page in ERRORS:
        browser = signing.browser()
        state = sent_with(browser.sets_out())["state"]
        shown = browser.comes_back(state=state, error=error, error_description="irene@dunmoor.example")
        is_refused(shown, browser, page.status, page.title)
        assert not [each for each in ("irene@", "alert") if each in shown.text + logged(caplog)]


# Whom the claims name.


UNCERTAIN: tuple[dict[str, Any], ...] = (
    {"email": "\u0130rene@dunmoor.example"},
    {"email": "irene@dunmoor.\u212aexample"},
    {"email": "%@dunmoor.example"},
    {"email": ["irene@dunmoor.example"]},
    {"email": {"value": "irene@dunmoor.example"}},
    {"email": 7},
    {"email": None},
    {"email": ""},
    {"email": "irene@dunmoor.example\0"},
    {"email": "nobody-here"},
    {"sub": "s" * 201},
    {"sub": "a\0b"},
)


def test_a_claim_that_names_nobody_for_certain_signs_nobody_in(signing: Signing, provider: Crooked) -> None:
    for claims in UNCERTAIN:
        browser, answer = signs_in(signing, provider, lambda p, nonce, said=claims: p.signed(nonce, **said))
        is_refused(answer, browser, 403, oidc.NOT_KNOWN.title)
    assert not signing.world.rows(select(AccountRow.subject))


def test_a_claim_is_found_by_its_whole_name_first_and_then_by_path() -> None:
    claims = {
        "roles": ["a"],
        "realm_access": {"roles": ["b"]},
        "https://council.example/roles": ["c"],
        "resource_access": {"drp.service": {"roles": ["d"]}},
        "x.y": "whole",
        "x": {"y": "path", "none": None, "text": "z"},
    }
    found = {
        "roles": ["a"],
        "realm_access.roles": ["b"],
        "https://council.example/roles": ["c"],
        "resource_access.drp.service.roles": ["d"],
        "x.y": "whole",
        "x.text.z": None,
        "x.none": None,
        "nothing": None,
        "": None,
        ".": None,
        "realm_access.roles.0": None,
    }
    assert {path: openid.claim_named(claims, path) for path in found} == found
