"""Whoever can write the database and has not the key comes in by nothing: every row that lets somebody in is sealed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select, update

from api.cli.key_commands import seal_once
from drp.database.account_tables import AccountRow, SessionRow, SignInRow, TokenRow
from drp.identity.accounts import BoundBy, NotLetIn, VouchedAccount, link_account, person_signing_in
from drp.identity.seal import Seal
from drp.identity.tokens import hash_secret
from tests.cast.world import Caller, World
from tests.pages.browser import Visitor, at_browser
from tests.pages.replicas import Replica
from tests.pages.test_sessions import first, is_in, opened, second, signed_in

__all__ = ["first", "opened", "second"]

SECRET = "f" * 64
ISSUER = "https://login.example"


def is_home(visitor: Visitor) -> bool:
    """Is somebody signed in at this browser?"""
    return not visitor.open("/").title.startswith("Sign in")


Forged = Callable[[World], bool]
"""Writes a row as whoever has the database can, and tries it: did it let them in?"""


def forged_session(world: World) -> bool:
    cookie = f"{world.key}.{SECRET}"
    row = {"authority": world.key, "hash": hash_secret(cookie), "person": world.id("mona"), "how": "link"}
    world.write(insert(SessionRow).values(**row, began_at=world.now, seen_at=world.now, seal="k1:" + "0" * 64))
    visitor = at_browser(world, "tess")
    visitor.cookie = cookie
    return is_home(visitor)


def forged_token(world: World) -> bool:
    token = f"drp.{world.key}.{SECRET}"
    row = {"authority": world.key, "hash": hash_secret(token), "person": world.id("mona"), "name": "x", "created_at": world.now}
    world.write(insert(TokenRow).values(**row, expires_at=world.now + timedelta(days=9), seal="k1:" + "0" * 64))
    return Caller(world, token).get("/me").status_code == 200


def forged_link(world: World) -> bool:
    secret = f"{world.key}.{SECRET}"
    row = {"authority": world.key, "id": UUID(int=7), "how": "link", "person": world.id("mona"), "hash": hash_secret(secret)}
    world.write(insert(SignInRow).values(**row, asked_at=world.now, seal=""))
    return world.client.post(f"/sign-in/link/{secret}", follow_redirects=False).status_code == 303


def forged_account(world: World) -> bool:
    row = {"authority": world.key, "issuer": ISSUER, "subject": "stranger", "person": world.id("mona"), "seal": ""}
    world.write(insert(AccountRow).values(**row, bound_by="administrator", bound_at=world.now))
    return comes_in(world, "stranger")


def comes_in(world: World, subject: str) -> bool:
    """Does the provider's account sign Mona in?"""
    with world.store.write(world.key) as connection:
        try:
            account = VouchedAccount(ISSUER, subject, None, BoundBy.VERIFIED)
            return person_signing_in(connection, world.service.seal, world.key, account, world.now).person == world.id("mona")
        except NotLetIn:
            return False


def anothers_session(world: World) -> bool:
    """Tess's own session, with Mona's name written into it."""
    tess = at_browser(world, "tess")
    world.write(update(SessionRow).values(person=world.id("mona")))
    return "Mona" in tess.open("/").text


def longer_token(world: World) -> bool:
    caller = Caller(world, world.token("tess", lasts=timedelta(minutes=1)))
    world.write(update(TokenRow).values(expires_at=world.now + timedelta(days=9)))
    world.now += timedelta(minutes=2)
    return caller.get("/me").status_code == 200


def revived_session(world: World) -> bool:
    tess = at_browser(world, "tess")
    tess.fill(tess.open("/sign-out"), "/sign-out")
    world.write(update(SessionRow).values(ended_at=None))
    return is_home(tess)


def later_session(world: World) -> bool:
    """Over for want of use, and its last use written anew."""
    tess = at_browser(world, "tess")
    world.now += timedelta(hours=2)
    world.write(update(SessionRow).values(seen_at=world.now))
    return is_home(tess)


def revived_account(world: World) -> bool:
    with world.store.write(world.key) as connection:
        named = (ISSUER, "monas")
        link_account(connection, world.service.seal, world.key, named, world.id("mona"), BoundBy.VERIFIED, world.now)
    assert comes_in(world, "monas")
    world.write(update(AccountRow).values(ended_at=world.now, seal=""))
    world.write(update(AccountRow).values(ended_at=None))
    return comes_in(world, "monas")


def revived_token(world: World) -> bool:
    caller = world.as_("tess")
    assert caller.get("/me").status_code == 200
    ada = at_browser(world, "ada")
    ada.fill(ada.open(f"/directory/{world.id('tess')}"), f"/directory/{world.id('tess')}/tokens")
    world.write(update(TokenRow).values(revoked_at=None))
    return caller.get("/me").status_code == 200


FORGERIES: tuple[Forged, ...] = (
    forged_session, forged_token, forged_link, forged_account, anothers_session, longer_token, revived_session, later_session,
    revived_account, revived_token,
)  # fmt: skip


@pytest.mark.parametrize("forged", FORGERIES, ids=lambda one: one.__name__)
def test_what_is_written_without_the_key_lets_nobody_in(world: World, forged: Forged) -> None:
    assert not forged(world)


class Unlooked(Seal):
    """A seal at which nobody looks."""

    def holds(self, kind: Any, row: Any) -> bool:
        """Every row holds."""
        return True


@pytest.mark.parametrize("forged", FORGERIES[:7], ids=lambda one: one.__name__)
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_planted_seal_that_nobody_looks_at_lets_them_in(world: World, forged: Forged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Seal, "holds", Unlooked.holds)
    assert forged(world)


def test_a_seal_of_another_key_is_none_and_an_older_key_of_the_file_still_proves(world: World) -> None:
    tess = world.as_("tess")
    assert tess.get("/me").status_code == 200
    (world.settings.seal_file).write_text((world.settings.seal_file).read_text() + f"k2 {'2c' * 32}\n")
    replica = Replica(world)
    try:
        assert replica.service.seal.keys[-1].id == "k2"
        headers = {"Authorization": f"Bearer {tess.token}"}
        assert replica.client.get("/api/v1/me", headers=headers).status_code == 200
    finally:
        replica.close()
    world.settings.seal_file.write_text("3d" * 32 + "\n")
    replica = Replica(world)
    try:
        assert replica.client.get("/api/v1/me", headers=headers).status_code == 401
    finally:
        replica.close()


def test_a_column_that_a_later_release_adds_breaks_no_seal(world: World) -> None:
    row = {"authority": "a", "hash": "h", "person": world.id("tess"), "name": "n", "created_at": world.now}
    row |= {"expires_at": world.now, "revoked_at": None}
    assert world.service.seal.of(TokenRow, row) == world.service.seal.of(TokenRow, {**row, "confirm_by": None})
    assert world.service.seal.of(TokenRow, row) != world.service.seal.of(TokenRow, {**row, "confirm_by": world.now})


# Ended is ended.


def test_signing_out_everywhere_ends_links_on_their_way_and_those_still_to_be_sent(world: World, first: Replica) -> None:
    first.asks("tess@dunmoor.example")
    sent = first.mail.link()
    first.mail.is_down = True
    first.asks("tess@dunmoor.example")
    ada = at_browser(world, "ada")
    here = f"/directory/{world.id('tess')}"
    at_browser(world, "tess")
    ada.fill(ada.open(here), f"{here}/sign-out")
    first.mail.is_down = False
    before = len(first.mail.posts)
    first.sends_links()
    assert len(first.mail.posts) == before, "what still waited is not sent"
    assert first.signs_in(sent).status_code == 410
    first.asks("tess@dunmoor.example")
    assert first.signs_in(first.mail.link()).status_code == 303, "they may sign in again"


def test_an_ended_account_is_not_gone_round_by_a_link_or_a_token(world: World, first: Replica) -> None:
    with world.store.write(world.key) as connection:
        named = (ISSUER, "tess")
        link_account(connection, world.service.seal, world.key, named, world.id("tess"), BoundBy.VERIFIED, world.now)
    caller, browser = world.as_("tess"), at_browser(world, "tess")
    assert caller.get("/me").status_code == browser.open("/").status == 200
    ada, here = at_browser(world, "ada"), f"/directory/{world.id('tess')}"
    ada.fill(ada.open(here), f"{here}/accounts")
    assert caller.get("/me").status_code == 401
    assert browser.open("/").title.startswith("Sign in")
    first.asks("tess@dunmoor.example")
    assert first.mail.posts == []


def test_a_sign_in_is_suspended_by_one_press_and_let_in_again_by_another(world: World, first: Replica) -> None:
    caller, cookie = world.as_("tess"), signed_in(first, "tess@dunmoor.example")
    assert caller.get("/me").status_code == 200
    first.asks("tess@dunmoor.example")
    link = first.mail.link()
    ada, here = at_browser(world, "ada"), f"/directory/{world.id('tess')}"
    page = ada.fill(ada.open(here), f"{here}/suspend")
    assert "Nobody signs in as them" in page.text
    assert "suspended Wednesday 1 April 2026" in page.text
    assert "Tess" in ada.open("/administration/who-may-come-in").text
    assert caller.get("/me").status_code == 401
    assert not is_in(first, cookie)
    assert first.signs_in(link).status_code == 410
    sent = len(first.mail.posts)
    first.asks("tess@dunmoor.example")
    assert len(first.mail.posts) == sent
    page = ada.fill(page, f"{here}/let-in")
    assert "They may sign in again." in page.text
    assert caller.get("/me").status_code == 401, "what ended stays ended"
    first.asks("tess@dunmoor.example")
    assert first.signs_in(first.mail.link()).status_code == 303


def test_who_suspended_themselves_does_not_let_themselves_in(world: World) -> None:
    mona = at_browser(world, "mona")
    form = mona.open(f"/directory/{world.id('mona')}")
    assert mona.fill(form, f"/directory/{world.id('mona')}/suspend").title.startswith("Sign in")


def test_whoever_lost_their_last_post_is_out_at_once_and_for_good(world: World) -> None:
    caller, browser = world.as_("tess"), at_browser(world, "tess")
    world.post_ends("tess", "team_manager", "2026-03-31")
    assert caller.get("/me").status_code == 401
    assert browser.open("/").title.startswith("Sign in")
    world.sweep()
    world.post_begins("tess", "team_manager", "2026-04-01", "team", "north")
    assert caller.get("/me").status_code == 401
    assert browser.open("/").title.startswith("Sign in")


# What was there before.


def test_tokens_and_accounts_of_before_are_sealed_once_and_a_token_ends_unless_it_is_confirmed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, dropped = world.as_("tess"), world.as_("otto")
    world.write(insert(AccountRow).values(authority=world.key, issuer=ISSUER, subject="m", person=world.id("mona")))
    world.write(update(TokenRow).values(seal="", confirm_by=None))
    assert kept.get("/me").status_code == 401
    assert not comes_in(world, "m")
    seal_once(world.service)
    said = capsys.readouterr().out
    assert "dunmoor: 1 accounts and 2 tokens were sealed" in said
    assert "test, as Tess: ends 2026-04-15 unless an administrator confirms it" in said
    assert kept.get("/me").status_code == 200
    assert comes_in(world, "m")
    ada = at_browser(world, "ada")
    page = ada.open("/administration/who-may-come-in")
    assert "bound before a word was asked for" in page.text
    page = ada.fill(page, "/administration/who-may-come-in/account")
    assert "by the word of an administrator" in page.text
    which = {row.person: row.hash[:16] for row in world.rows(select(TokenRow.person, TokenRow.hash))}[world.id("tess")]
    pressed = next(form for form in page.forms if which in form.inputs.get("which", ()))
    assert (
        ada.send("POST", pressed.action, data={name: list(values) for name, values in pressed.inputs.items()}).status_code == 303
    )
    world.now += timedelta(days=15)
    assert (kept.get("/me").status_code, dropped.get("/me").status_code) == (200, 401)


def test_nobody_vouches_for_their_own_account(world: World) -> None:
    with world.store.write(world.key) as connection:
        named = (ISSUER, "a")
        link_account(connection, world.service.seal, world.key, named, world.id("ada"), BoundBy.ASKED, world.now)
    ada = at_browser(world, "ada")
    page = ada.fill(ada.open("/administration/who-may-come-in"), "/administration/who-may-come-in/account")
    assert page.status == 403


# Addresses.


def test_a_link_goes_to_the_domains_that_mail_may_go_to(world: World, opened: Callable[..., Replica]) -> None:
    elsewhere = opened(mail_domains=("council.example",))
    elsewhere.asks("tess@dunmoor.example")
    assert elsewhere.mail.posts == []
    here = opened(mail_domains=("dunmoor.example",))
    here.asks("tess@dunmoor.example")
    assert here.mail.posts


def test_planted_link_that_obeys_no_domain_is_noticed(world: World, opened: Callable[..., Replica]) -> None:
    def lax(**settings: Any) -> Replica:
        made = opened(**settings)
        made.service = made.app.state.service = replace(made.service, sender=replace(made.service.sender, allowed_domains=()))
        return made

    with pytest.raises(AssertionError):
        test_a_link_goes_to_the_domains_that_mail_may_go_to(world, lax)
