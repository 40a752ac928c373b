"""Signing in by the authority's own sign-in: there and back, and what is said when it does not succeed."""

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Request, Response

from api.assembly import Service
from api.pages.frame import layout
from api.pages.frame.browser_request import give_cookie, go_to, router, safe_path
from api.pages.sign_in.openid import (
    Discovery,
    Distrusted,
    Secrets,
    Unreachable,
    claim_named,
    claims_of,
    error_code,
    exchange_code,
    way_there,
)
from api.pages.sign_in.rate_limit import is_from_elsewhere, is_navigation, too_often, wait_of
from api.pages.sign_in.sign_in import CurrentService, authority_name, signed_in
from api.request_context import service_of_request
from drp.data_protection.admin_audit_log import note_admin_change
from drp.identity import sessions, sign_in
from drp.identity.accounts import BoundBy, NotLetIn, VouchedAccount, WhyNotLetIn, person_signing_in
from drp.identity.principal import Principal
from drp.identity.tokens import NotSigned
from drp.settings import Provider, Settings

log = logging.getLogger("drp.sign_in")


@dataclass(frozen=True)
class SignedOutMessage:
    """A page for somebody who is not signed in: what happened, what it means, what to do."""

    status: int
    title: str
    said: str
    do: str


NONE_SUCH = SignedOutMessage(
    404, "There is no such sign-in",
    "No authority's own sign-in is connected under this address.", "Choose how to sign in.",
)  # fmt: skip
NO_NAVIGATION = SignedOutMessage(
    403, "Nothing was begun",
    "A page asked for this address as if it were a picture or a script. Signing in begins only when somebody goes to it.",
    "Open the sign-in page.",
)  # fmt: skip
TOO_LATE = SignedOutMessage(
    400, "That sign-in took too long, or began in another browser",
    "Each sign-in is good once, for 15 minutes, in the browser that began it. You are not signed in.", "Sign in again.",
)  # fmt: skip
DECLINED = SignedOutMessage(
    403, "You did not finish signing in",
    "Your council's sign-in says that it was stopped there, or that your account may not use this service.",
    "Sign in again. If it says so again, ask your council's IT desk to give your account this service.",
)  # fmt: skip
UNREACHABLE = SignedOutMessage(
    503, "Your council's sign-in cannot be reached",
    "It gave no answer that this service can read. You are not signed in.",
    "Wait a moment and sign in again. If it goes on, tell whoever runs the service.",
)  # fmt: skip
DISTRUSTED = SignedOutMessage(
    502, "Your council's sign-in and this service do not agree",
    "It sent an answer that this service must not trust. You are not signed in.",
    "Sign in again. If it happens again, tell whoever runs the service, with the time.",
)  # fmt: skip
NO_ROLE = SignedOutMessage(
    403, "Your account has not been given this service",
    "You are who you say you are, but your council lets only accounts with a certain role in.",
    "Ask your council's IT desk to give your account the role for this service.",
)  # fmt: skip
NOT_KNOWN = SignedOutMessage(
    403, "This service does not know your account",
    "You are signed in at your council, but the directory of this service has nobody, or several people, by the name or address "
    "that it gave.",
    "Ask whoever administers the service to look at your entry in the directory.",
)  # fmt: skip
NOT_LET_IN = {
    WhyNotLetIn.LEFT: SignedOutMessage(
        403, "The directory says that you have left", "Whoever has left cannot sign in.",
        "If you have not left, ask whoever administers the service to put the directory right.",
    ),
    WhyNotLetIn.ENDED: SignedOutMessage(
        403, "Your account has no access any more", "Its access to this service was ended.",
        "If you need it, ask whoever administers the service.",
    ),
    WhyNotLetIn.SUSPENDED: SignedOutMessage(
        403, "Your sign-in is suspended", "Somebody suspended it, for example because a laptop was lost. Nobody signs in as you.",
        "Ask whoever administers the service, or your IRO manager, to let you in again.",
    ),
    WhyNotLetIn.ASKED: SignedOutMessage(
        403, "An administrator has to say that this account is yours",
        "You are signed in at your council, but it does not vouch for the address or name by which this service would know you. "
        "Your account is on the administrators' list.",
        "Ask whoever administers the service to let your account in, under Administration, Who may come in. Then sign in again.",
    ),
    WhyNotLetIn.TAKEN: SignedOutMessage(
        403, "You sign in here with another account",
        "Your entry in the directory belongs to another account of your council, and only to that one.",
        "Sign in with that account. If you no longer have it, ask whoever administers the service to end it.",
    ),
}  # fmt: skip


class _NotSignedIn(Exception):
    """A sign-in that does not succeed: what is said to the person, and the reason for the log, which names nobody."""

    def __init__(self, said: SignedOutMessage, reason: str) -> None:
        super().__init__(reason)
        self.said = said


@router.get("/sign-in/with/{authority}")
def go_there(request: Request, service: CurrentService, authority: str, then: str = "/") -> Response:
    """On to the authority's own sign-in. What is no going there (an image of some page) begins and counts nothing."""
    then = safe_path(then)
    if not is_navigation(request):
        return _page(NO_NAVIGATION, then)
    provider = service.settings.providers.get(authority)
    if provider is None or authority not in service.store.authorities():
        return _page(NONE_SUCH, then)
    now, chance = service.clock(), service.casework.chance
    if is_from_elsewhere(request):
        # Another site sent the browser here: its person presses first.
        return layout.render_page(
            None, "sign_in_there.html", title="Sign in", name=authority_name(service, authority), here=request.url.path, then=then
        )
    with service.store.write(authority) as connection:
        if wait := wait_of(connection, request, service, authority):
            return too_often(wait)
    try:
        metadata = _discovery(request).of(provider.issuer, now)
    except (Unreachable, Distrusted) as error:
        return _refused(authority, _as_said(error), then)
    secrets = Secrets(f"{authority}.{chance.secret()}", chance.secret(), chance.secret())
    # A browser that has two sign-ins under way keeps one secret for both.
    browser = read_binding(request) or chance.secret()
    with service.store.write(authority) as connection:
        sign_in.visit_provider(
            connection, chance, service.seal, authority, secrets.state, browser, secrets.verifier, secrets.nonce, then, now
        )
    response = go_to(way_there(provider, metadata, _back_to(service.settings), secrets))
    seconds = int(sign_in.LASTS.total_seconds())
    give_cookie(response, service.settings, oidc_cookie_name(service.settings), browser, seconds)
    return response


@router.get("/sign-in/back")
def come_back(
    request: Request, service: CurrentService, state: str = "", code: str = "", error: str = "", iss: str = ""
) -> Response:
    """Back from there, with a code or with a refusal. It is used up by this, whatever comes of it."""
    try:
        authority = sessions.authority_in(state)
        provider = service.settings.providers.get(authority)
        if provider is None:
            raise NotSigned
        with service.store.write(authority) as connection:
            visit = sign_in.back_from_provider(connection, service.seal, authority, state, read_binding(request), service.clock())
    except NotSigned:
        log.warning("somebody came back from a sign-in that is unknown, used, too old or another browser's")
        return _page(TOO_LATE, "/")
    try:
        _check_answer(error, code)
        claims = _claims(request, provider, visit, code, iss)
        _check_role(provider, claims)
        person = _person(service, authority, provider, claims)
    except _NotSignedIn as refusal:
        return _refused(authority, refusal, visit.then)
    return signed_in(request, authority, person, "provider", visit.then)


def oidc_cookie_name(settings: Settings) -> str:
    """The cookie that binds a sign-in to the browser that began it."""
    return "__Host-drp-sign-in" if settings.is_https else "drp-sign-in"


def _check_answer(error: str, code: str) -> None:
    if error == "access_denied":
        raise _NotSignedIn(DECLINED, "the provider says access_denied")
    if error in ("temporarily_unavailable", "server_error"):
        raise _NotSignedIn(UNREACHABLE, f"the provider says {error}")
    if error or not code:
        raise _NotSignedIn(DISTRUSTED, f"the provider says {error_code(error)}" if error else "no code came back")


def _claims(request: Request, provider: Provider, visit: sign_in.ProviderVisit, code: str, iss: str) -> dict[str, Any]:
    """What the provider vouches for."""
    service = service_of_request(request)
    try:
        metadata = _discovery(request).of(provider.issuer, service.clock())
        # RFC 9207: an answer by another provider than the one that was asked.
        if iss != provider.issuer and (iss or metadata.names_itself):
            raise Distrusted("the answer came from another issuer")
        id_token = exchange_code(provider, metadata, _back_to(service.settings), code, visit.verifier)
        return claims_of(provider, metadata, id_token, visit.nonce, service.clock())
    except (Unreachable, Distrusted) as error:
        raise _as_said(error) from None


def _check_role(provider: Provider, claims: dict[str, Any]) -> None:
    if not provider.role_wanted:
        return
    found = claim_named(claims, provider.roles_claim)
    if provider.role_wanted not in (found if isinstance(found, list) else [found]):
        raise _NotSignedIn(NO_ROLE, "the role wanted is not among the account's")


def _person(service: Service, authority: str, provider: Provider, claims: dict[str, Any]) -> UUID:
    account = VouchedAccount(
        provider.issuer, claim_named(claims, provider.subject_claim), claim_named(claims, provider.person_claim),
        _word_of(provider, claims),
    )  # fmt: skip
    with service.store.write(authority) as connection:
        try:
            found = person_signing_in(connection, service.seal, authority, account, service.clock())
            if found.is_new:
                by = Principal(authority, str(found.person), "", frozenset(), frozenset())
                word = account.word.value
                note_admin_change(
                    connection, service.casework, by, service.clock(), "account bound", of=found.person, by_word=word
                )
            return found.person
        except NotLetIn as error:  # inside, so that an account that asks is kept
            refused = error
    raise _NotSignedIn(NOT_LET_IN.get(refused.why, NOT_KNOWN), str(refused))


def _word_of(provider: Provider, claims: dict[str, Any]) -> BoundBy:
    """By whose word the claim that names the person can be relied on: what is absent, or false, is nobody's."""
    if provider.person_claim_is_trusted:
        return BoundBy.TRUSTED
    is_verified = claim_named(claims, provider.verified_claim) in (True, "true", 1, "1")
    return BoundBy.VERIFIED if is_verified else BoundBy.ASKED


def read_binding(request: Request) -> str:
    """What the browser holds of a sign-in under way, or nothing."""
    held = request.cookies.get(oidc_cookie_name(service_of_request(request).settings), "")
    return held if len(held) == 64 and held.isalnum() and held.isascii() else ""


def _discovery(request: Request) -> Discovery:
    """What this application's providers say of themselves."""
    state = request.app.state
    if not hasattr(state, "discovery"):
        state.discovery = Discovery()
    kept: Discovery = state.discovery
    return kept


def _back_to(settings: Settings) -> str:
    """The redirect address that is registered with the provider."""
    return f"{settings.link.rstrip('/')}/sign-in/back"


def _as_said(error: Unreachable | Distrusted) -> _NotSignedIn:
    return _NotSignedIn(UNREACHABLE if isinstance(error, Unreachable) else DISTRUSTED, str(error))


def _refused(authority: str, refusal: _NotSignedIn, then: str) -> Response:
    log.warning("nobody was signed in at %s: %s", authority, refusal)
    return _page(refusal.said, then)


def _page(said: SignedOutMessage, then: str) -> Response:
    back = f"/sign-in?then={quote(then, safe='/')}" if then != "/" else "/sign-in"
    return layout.trouble_page(said.status, said.title, said.said, said.do, back=back, back_text="Go to the sign-in page")
