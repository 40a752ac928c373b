"""Who may come in: accounts by whose word they are somebody's, tokens that want confirming, sign-ins that are suspended."""

from fastapi import Response
from sqlalchemy import Connection

from api.pages.frame.browser_request import CurrentPage, PageContext, SentForm, go_to, router
from drp.directory import people
from drp.identity import accounts, tokens
from drp.identity.accounts import BoundBy
from drp.staffing import changes

WORDS = {
    BoundBy.ASKED: "nobody's yet: it waits for your word",
    BoundBy.UNASKED: "nobody's: bound before a word was asked for",
    BoundBy.VERIFIED: "an address that the provider verified",
    BoundBy.TRUSTED: "a name that the provider itself gives",
    BoundBy.ADMINISTRATOR: "an administrator's",
}
"""By whose word an account is somebody's."""

UNSURE = (BoundBy.ASKED, BoundBy.UNASKED)
"""Those that want an administrator's word."""

DONE = {
    "account": "That account is theirs, by your word. They may sign in.",
    "token": "That token goes on to its own last day.",
}


def count_wanting_word(connection: Connection, visit: PageContext) -> int:
    """How many accounts and tokens want an administrator's word."""
    accounts_ = sum(one.bound_by is BoundBy.ASKED for one in accounts.list_accounts(connection, visit.authority))
    return accounts_ + sum(one.confirm_by is not None for one in tokens.list_tokens(connection, visit.authority, visit.now))


@router.get("/administration/who-may-come-in")
def show_who_may_come_in(visit: CurrentPage, done: str = "") -> Response:
    """Accounts, tokens, suspended people, and addresses that several people share."""
    with visit.reading() as connection:
        listed = accounts.list_accounts(connection, visit.authority)
        return visit.page(
            "who_may_come_in.html", title="Who may come in", done=DONE.get(done, ""),
            unsure=[one for one in listed if one.bound_by in UNSURE], bound=[one for one in listed if one.bound_by not in UNSURE],
            words=WORDS, tokens=tokens.list_tokens(connection, visit.authority, visit.now),
            suspended=people.list_suspended(connection, visit.authority),
            shared=people.shared_addresses(connection, visit.authority, visit.today),
        )  # fmt: skip


@router.post("/administration/who-may-come-in/account")
def press_account(visit: CurrentPage, sent: SentForm) -> Response:
    """Say that an account is somebody's: they sign in by it from now on."""
    changes.approve_account(visit.service.casework, visit.service.seal, visit.signed, visit.now, sent.pressed("which"))
    return go_to("/administration/who-may-come-in?done=account")


@router.post("/administration/who-may-come-in/token")
def press_token(visit: CurrentPage, sent: SentForm) -> Response:
    """Let a token that was made before tokens were sealed go on."""
    changes.confirm_token(visit.service.casework, visit.service.seal, visit.signed, visit.now, sent.pressed("which"))
    return go_to("/administration/who-may-come-in?done=token")
