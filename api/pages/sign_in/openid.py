"""OpenID Connect, as far as signing in needs it: what a provider says of itself, the way to it, the code's exchange, claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx2
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from drp.settings import Provider

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""How an ID token may be signed: by a key of which we hold the public half. Never by nothing, never by a shared secret."""

LEEWAY_SECONDS = 60
"""How far the provider's clock may be from ours."""

TIMEOUT_SECONDS = 10.0
KNOWN_FOR = timedelta(minutes=10)
"""How long a provider is not asked again what it says of itself."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Unreachable(Exception):
    """The provider gave no answer that can be read. Its text names no person and holds no secret."""


class Distrusted(Exception):
    """The provider's answer, or how it is set up here, is not what it must be. Its text names no person, holds no secret."""


@dataclass(frozen=True)
class Metadata:
    """What a provider says of itself: where its parts are, how clients prove themselves, does it name itself in its answers."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    auth_methods: tuple[str, ...]
    names_itself: bool


class Discovery:
    """What providers say of themselves, kept for some minutes."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[datetime, Metadata]] = {}

    def of(self, issuer: str, now: datetime) -> Metadata:
        """A provider's metadata. Raises Unreachable, Distrusted."""
        asked_at, kept = self._kept.get(issuer, (now, None))
        if kept is not None and timedelta(0) <= now - asked_at < KNOWN_FOR:
            return kept
        said = _asked(f"{check_address(issuer, 'issuer').rstrip('/')}/.well-known/openid-configuration", "the metadata")
        if said.get("issuer") != issuer:
            raise Distrusted("the metadata is another issuer's")
        found = Metadata(
            check_address(said.get("authorization_endpoint"), "authorization_endpoint"),
            check_address(said.get("token_endpoint"), "token_endpoint"),
            check_address(said.get("jwks_uri"), "jwks_uri"),
            tuple(said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]),
            said.get("authorization_response_iss_parameter_supported") is True,
        )
        self._kept[issuer] = (now, found)
        return found


@dataclass(frozen=True)
class Secrets:
    """What is made for one sign-in: who began it (state), which ID token answers it (nonce), who may use the code (verifier)."""

    state: str
    nonce: str
    verifier: str


def way_there(provider: Provider, metadata: Metadata, back_to: str, secrets: Secrets) -> str:
    """Where a browser goes to sign in (authorization code, PKCE with S256)."""
    return str(
        prepare_grant_uri(
            metadata.authorization_endpoint,
            client_id=provider.client_id,
            response_type="code",
            redirect_uri=back_to,
            scope=provider.scopes,
            state=secrets.state,
            nonce=secrets.nonce,
            code_challenge=create_s256_code_challenge(secrets.verifier),
            code_challenge_method="S256",
        )
    )


def exchange_code(provider: Provider, metadata: Metadata, back_to: str, code: str, verifier: str) -> str:
    """The ID token for a code. Raises Unreachable, Distrusted."""
    method = _auth_method(provider, metadata)
    # RFC 6749, 2.3.1: both halves are form-encoded before they are joined by a colon.
    basic = httpx2.BasicAuth(quote_plus(provider.client_id), quote_plus(provider.client_secret))
    try:
        with OAuth2Client(
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            token_endpoint_auth_method=method,
            redirect_uri=back_to,
            timeout=TIMEOUT_SECONDS,
        ) as client:
            token = client.fetch_token(
                metadata.token_endpoint,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                auth=basic if method == "client_secret_basic" else None,
            )
    except AuthlibBaseError as error:
        raise Distrusted(f"the code's exchange: {error_code(error.error)}") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise Unreachable(f"the code's exchange: {type(error).__name__}") from None
    found = token.get("id_token")
    if not isinstance(found, str):
        raise Distrusted("the code's exchange gave no ID token")
    return found


def claims_of(provider: Provider, metadata: Metadata, id_token: str, nonce: str, now: datetime) -> dict[str, Any]:
    """The claims of an ID token that is this provider's, for us, in time, and of this sign-in. Raises Unreachable, Distrusted."""
    keys = _asked(metadata.jwks_uri, "the keys").get("keys")
    # Keys for other purposes, or of kinds that cannot sign by the algorithms above, stand beside those that we want.
    usable = [key for key in keys or () if key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig"]
    wanted = jwt.JWTClaimsRegistry(
        int(now.timestamp()),
        LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": provider.client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        claims = jwt.decode(id_token, KeySet.import_key_set({"keys": usable}), registry=registry).claims
        wanted.validate(claims)
    except JoseError as error:
        raise Distrusted(f"the ID token: {error.error} {getattr(error, 'claim', '')}".rstrip()) from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise Distrusted(f"the ID token cannot be read: {type(error).__name__}") from None
    check_authorized_party(claims, provider.client_id)
    return claims


def claim_named(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by name, or by path: `realm_access.roles` is `roles` within `realm_access`. None: there is none.

    A name may itself hold dots (`https://council.example/roles`), so each dot is tried as part of a name first.
    """
    if path in claims:
        return claims[path]
    for at, sign in enumerate(path):
        within = claims.get(path[:at]) if sign == "." else None
        if isinstance(within, Mapping) and (found := claim_named(within, path[at + 1 :])) is not None:
            return found
    return None


def error_code(text: object) -> str:
    """An error's code, if it is one; what a provider says beside it may name a person."""
    fits = isinstance(text, str) and 0 < len(text) <= 60 and text.isascii() and text.replace("_", "").isalnum()
    return str(text) if fits else "an unreadable error"


def check_authorized_party(claims: Mapping[str, Any], client_id: str) -> None:
    """Refuse the claims of an ID token that was issued to another party, or to one among several. Raises Distrusted."""
    party, audience = claims.get("azp"), claims["aud"]
    if party is None and isinstance(audience, list) and len(audience) > 1:
        raise Distrusted("the ID token: several audiences, and none of them is named as the party (azp)")
    if party is not None and party != client_id:
        raise Distrusted("the ID token: issued to another party (azp)")


def _auth_method(provider: Provider, metadata: Metadata) -> str:
    if not provider.client_secret:
        return "none"
    for method in ("client_secret_basic", "client_secret_post"):
        if method in metadata.auth_methods:
            return method
    raise Distrusted("the provider takes a client's secret neither by client_secret_basic nor by client_secret_post")


def check_address(address: object, what: str) -> str:
    """The address, if nobody on the way can read or change what goes there: by https, or on this machine.

    `what` names it in the refusal. Raises Distrusted.
    """
    try:
        parts = urlsplit(str(address or ""))
        if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            return str(address)
    except ValueError:
        pass
    raise Distrusted(f"`{what}` is not an https address")


def _asked(url: str, what: str) -> dict[str, Any]:
    try:
        answer = httpx2.get(url, timeout=TIMEOUT_SECONDS, headers={"Accept": "application/json"})
        answer.raise_for_status()
        found = answer.json()
    except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
        raise Unreachable(f"{what}: {type(error).__name__}") from None
    if not isinstance(found, dict):
        raise Distrusted(f"{what}: not an object")
    return found
