"""Attack tests that cannot fail are worth nothing: each is shown to fail where its safeguard is taken out."""

import hmac
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Response
from sqlalchemy import select, update
from sqlmodel import col

from api.json import problems
from api.pages.frame import browser_request, error_pages, layout
from api.pages.item import move_forms
from api.pages.sign_in import sign_in
from api.presenters import item_reader
from drp.casework import access
from drp.database import draft_tables
from drp.database.account_tables import SessionRow, SignInRow
from drp.identity import principal, sessions
from drp.identity import sign_in as sign_in_module
from drp.identity.principal import NotPermitted
from drp.identity.tokens import NotSigned
from drp.items import drafts
from tests.cast.world import World
from tests.pages import test_forged_forms as forged
from tests.pages import test_headers as headers
from tests.pages import test_hostile_words as hostile
from tests.pages import test_odd_bodies as bodies
from tests.pages import test_page_access as accesses
from tests.pages import test_rate as rates
from tests.pages import test_sessions as signing_in
from tests.pages.ground import OWN, Ground
from tests.pages.replicas import Replica
from tests.pages.test_sessions import opened

__all__ = ["opened"]

Plant = pytest.MonkeyPatch
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def must_fail(check: Callable[[], Any]) -> None:
    """The check must find the planted fault."""
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check()


@pytest.fixture
def first(world: World) -> Iterator[Replica]:
    made = Replica(world)
    yield made
    made.close()


@pytest.fixture
def second(world: World) -> Iterator[Replica]:
    made = Replica(world)
    yield made
    made.close()


# The table.


def some(ground: Ground, *paths: str) -> Callable[[], None]:
    """The table's check, of a few of its rows."""
    wanted = [place for place in accesses.every_place(ground) if place.name in paths]
    assert len(wanted) == len(paths), [place.name for place in wanted]
    return lambda: accesses.check(ground, wanted)


SHOW, NOTE = "GET /challenges/<own>", "POST /challenges/<own>/do/noted"
THEIRS = "GET /challenges/<another authority's>"
DRAFT = "GET /raise/<draft, another child's>/child"


def test_these_rows_are_right_where_nothing_is_planted(ground: Ground) -> None:
    some(ground, SHOW, NOTE, THEIRS, DRAFT, "POST /raise/<draft, another child's>", "GET /administration")()


def test_an_item_shown_to_whoever_asks_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    monkeypatch.setattr(access, "check_sees", lambda actor, was_involved: None)
    must_fail(some(ground, SHOW))


def test_a_former_holder_who_still_sees_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    real = access.check_sees
    monkeypatch.setattr(access, "check_sees", lambda actor, was: None if was() else real(actor, was))
    must_fail(some(ground, SHOW))


def test_a_refusal_that_tells_that_it_exists_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    real = item_reader.read_seen_item

    def telling(connection: Any, asked: Any, reference: str) -> Any:
        try:
            return real(connection, asked, reference)
        except access.NotFound:
            raise (NotPermitted if reference in ground.references.values() else access.NotFound) from None

    monkeypatch.setattr(item_reader, "read_seen_item", telling)
    must_fail(some(ground, SHOW))
    must_fail(lambda: accesses.rows(ground, [at for at in accesses.every_place(ground) if at.name == THEIRS], ["another IRO"]))


def test_a_refusal_whose_page_differs_by_a_word_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    real = layout.trouble_page

    def told(status: int, title: str, said: str, do: str, *more: Any, **named: Any) -> Any:
        exists = ground.references[OWN] in named.get("back", "") and status == 404
        return real(status, title, said, f"{do} (Yes.)" if exists else do, *more, **named)

    monkeypatch.setattr(layout, "trouble_page", told)
    must_fail(some(ground, NOTE))


def test_a_draft_that_is_everybodys_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    monkeypatch.setattr(drafts, "match_own_draft", lambda authority, person, id_: (drafts.col(draft_tables.DraftRow.id) == id_,))
    must_fail(some(ground, DRAFT))
    must_fail(some(ground, "POST /raise/<draft, another child's>"))


def test_a_route_open_to_every_capacity_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    monkeypatch.setattr(browser_request, "serves_principal", lambda who, capacities: True)
    must_fail(some(ground, "GET /administration"))


def test_a_refusal_that_writes_all_the_same_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    real = browser_request.serves_principal

    def scribbling(who: Any, capacities: Any) -> bool:
        ground.world.cover("tom", "sam", "2026-04-02")
        return real(who, capacities)

    monkeypatch.setattr(browser_request, "serves_principal", scribbling)
    must_fail(some(ground, "GET /administration"))


def test_a_document_that_is_the_iro_services_and_is_given_to_everybody_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    monkeypatch.setattr(item_reader, "may_read", lambda *_: True)
    must_fail(some(ground, "GET /challenges/<own>/documents/<a document kept to the IRO service>"))


@pytest.mark.parametrize("what", ["ended", "limits", "left", "posts", "authority"])
def test_a_session_that_should_be_over_and_is_not_is_noticed(ground: Ground, monkeypatch: Plant, what: str) -> None:
    forget(what, monkeypatch)
    must_fail(some(ground, "GET /"))


def forget(what: str, monkeypatch: Plant) -> None:
    """Take one of the rules out that end a session."""
    real, signed = sessions.in_force, browser_request.tokens.principal_of

    def lenient(connection: Any, seal: Any, authority: str, secret: str, now: Any, limits: Any) -> Any:
        if what == "limits":
            return real(
                connection, seal, authority, secret, now, replace(limits, idle=timedelta(days=9), absolute=timedelta(days=9))
            )
        if what == "left":
            return real(connection, seal, authority, secret, now - timedelta(days=5), limits)
        owner = "dunmoor" if what == "authority" else authority
        if what == "authority":
            secret = f"dunmoor.{secret.partition('.')[2]}"
        row = connection.execute(
            select(col(SessionRow.person)).where(
                sessions.col(sessions.SessionRow.authority) == owner,
                sessions.col(sessions.SessionRow.hash) == sessions.hash_secret(secret),
            )
        ).first()
        if row is None or what == "posts":
            return real(connection, seal, authority, secret, now, limits)
        return sessions.Session(owner, row.person, "link", secret, False)

    def with_a_post(connection: Any, authority: Any, person: Any, now: Any) -> Any:
        found = signed(connection, authority, person, now)
        return replace(found, roles=found.roles or frozenset({"team_manager"}))

    def anybody(connection: Any, authority: Any, person: Any, now: Any) -> Any:
        try:
            return signed(connection, authority, person, now)
        except NotSigned:
            return principal.Principal(authority.key, str(person), "Somebody", frozenset(), frozenset({"team_manager"}))

    monkeypatch.setattr(sessions, "in_force", lenient)
    if what == "posts":
        monkeypatch.setattr(browser_request.tokens, "principal_of", with_a_post)
    if what == "authority":
        monkeypatch.setattr(browser_request.tokens, "principal_of", anybody)


# Sessions and links.

ENDS = signing_in.test_whatever_ends_a_session_at_one_instance_has_ended_it_at_the_other
HOURS = signing_in.test_a_session_is_kept_by_use_at_either_instance_and_ends_after_its_hours_all_the_same


@one_engine
@pytest.mark.parametrize("what", ["ended", "limits", "posts", "remembered"])
def test_a_session_that_one_instance_still_honours_is_noticed(
    world: World, first: Replica, second: Replica, monkeypatch: Plant, what: str
) -> None:
    if what == "remembered":  # a cache in each process, asked before the database
        known: dict[str, Any] = {}
        real = sessions.in_force

        def cached(connection: Any, authority: str, secret: str, *more: Any) -> Any:
            known[secret] = known.get(secret) or real(connection, authority, secret, *more)
            return known[secret]

        monkeypatch.setattr(sessions, "in_force", cached)
    else:
        forget(what, monkeypatch)
    must_fail(lambda: ENDS(world, first, second))


@one_engine
def test_a_session_without_a_last_hour_is_noticed(world: World, first: Replica, second: Replica, monkeypatch: Plant) -> None:
    real = sessions.in_force

    def idle_only(connection: Any, seal: Any, authority: str, secret: str, now: Any, limits: Any) -> Any:
        return real(connection, seal, authority, secret, now, replace(limits, absolute=timedelta(days=9)))

    monkeypatch.setattr(sessions, "in_force", idle_only)
    must_fail(lambda: HOURS(world, first, second))


@one_engine
def test_a_session_that_is_kept_through_signing_in_is_noticed(two: World, monkeypatch: Plant) -> None:
    made: list[Replica] = []

    def opened() -> Replica:
        made.append(Replica(two))
        return made[-1]

    check = signing_in.test_a_session_that_was_planted_is_neither_honoured_nor_kept
    with monkeypatch.context() as patched:
        patched.setattr(sessions, "end_session", lambda *given: None)
        must_fail(lambda: check(two, opened))
    with monkeypatch.context() as patched:
        patched.setattr(sign_in, "give_cookie", lambda response, settings, name, value: None)
        must_fail(lambda: check(two, opened))
    for each in made:
        each.close()


@one_engine
@pytest.mark.parametrize("without", ["httponly", "samesite", "path", "secure"])
def test_a_cookie_without_one_of_its_flags_is_noticed(world: World, monkeypatch: Plant, without: str) -> None:
    made: list[Replica] = []

    def opened(**settings: Any) -> Replica:
        made.append(Replica(world, **settings))
        return made[-1]

    def careless(response: Response, settings: Any, name: str, value: str, seconds: int | None = None) -> None:
        flags: dict[str, Any] = {"httponly": True, "samesite": "lax", "path": "/", "secure": True}
        flags |= {
            "httponly": {"httponly": False},
            "samesite": {"samesite": "none"},
            "path": {"path": "/x"},
            "secure": {"secure": False},
        }[without]
        response.set_cookie(name, value, **flags)

    monkeypatch.setattr(sign_in, "give_cookie", careless)
    check = signing_in.test_no_script_reads_the_cookie_and_no_other_site_sends_it
    must_fail(lambda: check(opened, "https://drp.example", "__Host-drp", {"httponly", "path=/", "samesite=lax", "secure"}))
    for each in made:
        each.close()


ONCE = signing_in.test_a_link_signs_in_once_and_only_for_its_quarter_of_an_hour


@one_engine
def test_a_link_that_is_good_twice_or_too_long_or_is_used_up_by_looking_is_noticed(
    world: World, first: Replica, second: Replica, monkeypatch: Plant
) -> None:
    real = sign_in_module.redeem_link

    def twice(connection: Any, *given: Any) -> Any:
        found = real(connection, *given)
        rows = connection.execute(select(SignInRow.__table__)).mappings().all()
        for row in rows:  # as if it had never been used: with the seal that it had
            again = {**row, "used_at": None}
            its = update(SignInRow).where(col(SignInRow.id) == row["id"])
            connection.execute(its.values(used_at=None, seal=given[0].of(SignInRow, again)))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(sign_in_module, "redeem_link", twice)
        must_fail(lambda: ONCE(world, first, second))
    with monkeypatch.context() as patched:
        patched.setattr(sign_in_module, "LASTS", timedelta(minutes=20))
        must_fail(lambda: ONCE(world, first, second))
    follow = layout.render_page

    def used_by_looking(visit: Any, template: str, *more: Any, **named: Any) -> Any:
        if template == "sign_in_link.html":
            with first.service.store.write("dunmoor") as connection:
                connection.execute(update(SignInRow).values(used_at=world.now))
        return follow(visit, template, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(layout, "render_page", used_by_looking)
        must_fail(lambda: ONCE(world, first, second))


UNKNOWN = signing_in.test_whether_an_address_is_known_is_told_neither_by_words_nor_by_work


@one_engine
@pytest.mark.parametrize("how", ["words", "work", "another question"])
def test_an_answer_that_tells_whether_an_address_is_known_is_noticed(
    world: World, first: Replica, monkeypatch: Plant, how: str
) -> None:
    real = sign_in_module.request_link

    def telling(connection: Any, chance: Any, seal: Any, authority: str, asked: Any, now: Any) -> None:
        is_known = asked.email.strip().lower() == signing_in.TESS
        if how == "work" and not is_known:
            return
        real(connection, chance, seal, authority, asked, now)
        if how == "words":
            monkeypatch.setattr(sign_in, "SENT", "It is on its way." if is_known else "That address is nobody's.")

    monkeypatch.setattr(sign_in_module, "request_link", telling)
    if how == "another question":
        monkeypatch.setattr(sign_in_module, "NOBODY", None)
    must_fail(lambda: UNKNOWN(world, first))


@one_engine
def test_a_secret_that_is_kept_is_noticed(world: World, first: Replica, monkeypatch: Plant, caplog: Any) -> None:
    for module in (sessions, sign_in_module):
        monkeypatch.setattr(module, "hash_secret", lambda secret: secret[-64:])
    must_fail(lambda: signing_in.test_only_hashes_of_secrets_are_ever_kept(world, first, caplog))


@one_engine
def test_a_link_to_whoever_comes_first_of_several_is_noticed(world: World, first: Replica, monkeypatch: Plant) -> None:
    monkeypatch.setattr(sign_in_module, "len", lambda listed: min(len(listed), 1), raising=False)
    must_fail(lambda: signing_in.test_an_address_that_two_people_share_signs_in_neither(world, first))


@one_engine
def test_a_fourth_link_in_force_is_noticed(world: World, first: Replica, monkeypatch: Plant) -> None:
    real = sign_in_module.request_link

    def more(connection: Any, chance: Any, seal: Any, authority: str, asked: Any, now: Any) -> None:
        real(connection, chance, seal, authority, replace(asked, at_once=4), now)

    monkeypatch.setattr(sign_in_module, "request_link", more)
    must_fail(lambda: signing_in.test_mail_goes_to_the_directorys_own_address_and_three_links_are_in_force_at_most(world, first))


@one_engine
def test_mail_that_goes_before_the_answer_is_noticed(world: World, first: Replica, monkeypatch: Plant) -> None:
    real = sign_in_module.request_link

    def at_once(*given: Any) -> None:
        real(*given)
        first.mail.send(SimpleNamespace(envelope=()))  # type: ignore[arg-type]

    monkeypatch.setattr(sign_in_module, "request_link", at_once)
    must_fail(lambda: signing_in.test_the_answer_is_out_before_any_mail_is_sent(world, first))


@one_engine
def test_a_way_on_to_another_site_is_noticed(world: World, first: Replica, monkeypatch: Plant) -> None:
    naive: Callable[[str], str] = lambda text: text if text.startswith("/") else "/"  # noqa: E731
    with monkeypatch.context() as patched:
        for module in (browser_request, sign_in, error_pages, signing_in):
            patched.setattr(module, "safe_path", naive)
        must_fail(lambda: signing_in.test_nobody_is_sent_on_to_another_site(world, first))
    monkeypatch.setattr(error_pages, "safe_path", lambda text: text)
    must_fail(lambda: signing_in.test_nobody_is_sent_on_to_another_site(world, first))


@one_engine
def test_a_count_that_refuses_nobody_is_noticed(world: World, opened: Callable[..., Replica], monkeypatch: Plant) -> None:
    monkeypatch.setattr(sign_in, "wait_of", lambda *given: None)
    must_fail(lambda: rates.test_beyond_it_a_page_says_how_long_to_wait_whoever_was_asked_for_at_every_replica(world, opened))


# Forms.


def test_a_form_from_another_site_that_is_taken_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    def lenient(request: Any, settings: Any) -> None:
        if request.headers.get("sec-fetch-site") == "cross-site":
            raise browser_request.NotOurs

    for check in (lambda request, settings: None, lenient):
        with monkeypatch.context() as patched:
            for module in (browser_request, sign_in, error_pages):
                patched.setattr(module, "check_origin", check)
            must_fail(lambda: forged.test_a_form_sent_from_another_site_is_refused_though_it_carries_everything(ground))
        ground.restore()


def test_a_token_that_nobody_compares_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    class Never:
        """A module in which everything is the same as everything."""

        compare_digest = staticmethod(lambda one, other: True)
        new = staticmethod(hmac.new)

    monkeypatch.setattr(browser_request, "hmac", Never)
    must_fail(lambda: forged.test_a_form_without_this_sessions_token_does_nothing(ground))


def test_a_token_that_is_the_same_for_everybody_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    monkeypatch.setattr(sessions.Session, "form_token", property(lambda self: forged.token_of(self.secret.partition(".")[0])))
    monkeypatch.setattr(
        forged, "token_of", lambda cookie: hmac.new(cookie.partition(".")[0].encode(), b"form", "sha256").hexdigest()
    )
    must_fail(lambda: forged.test_a_form_without_this_sessions_token_does_nothing(ground))


def test_words_of_another_site_that_are_shown_are_noticed(ground: Ground, monkeypatch: Plant) -> None:
    monkeypatch.setattr(error_pages, "check_origin", lambda request, settings: None)
    must_fail(lambda: forged.test_words_that_another_site_sends_are_never_shown_as_what_somebody_wrote_here(ground))


def test_what_was_typed_and_is_lost_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    real = layout.trouble_page

    def forgetful(status: int, title: str, said: str, do: str, typed: Any = None, **named: Any) -> Any:
        return real(status, title, said, do, {}, **named)

    monkeypatch.setattr(layout, "trouble_page", forgetful)
    must_fail(lambda: forged.test_what_was_typed_is_still_there_for_whoever_was_signed_out(ground))


def test_a_stranger_s_person_in_a_form_who_is_known_apart_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    from api.pages.frame import form_fields

    real = form_fields.RadioPick.read

    def telling(self: Any, given: Any) -> Any:
        chosen = form_fields.single_value(given, self.name)
        if str(ground.world.id("tess", "elsewhere")) in chosen:
            raise form_fields.WrongAnswer("They work elsewhere.")
        return real(self, given)

    monkeypatch.setattr(form_fields.RadioPick, "read", telling)
    check = forged.test_what_is_named_in_a_form_and_belongs_elsewhere_is_answered_like_what_does_not_exist
    must_fail(lambda: check(ground))


@one_engine
def test_a_body_that_is_taken_as_it_comes_is_noticed(world: World, monkeypatch: Plant) -> None:
    async def careless(request: Any) -> Any:
        read = await request.form()
        return {name: tuple(v for v in read.getlist(name) if isinstance(v, str)) for name in read}, {}

    for module in (browser_request, sign_in):
        monkeypatch.setattr(module, "read_form", careless)
    must_fail(lambda: bodies.test_a_nul_is_nothing_wherever_it_stands(world))
    must_fail(lambda: bodies.test_a_form_that_names_an_encoding_that_is_none_is_refused_in_words(world))


# Words, headers.


def test_words_that_are_not_escaped_are_noticed(ground: Ground, monkeypatch: Plant) -> None:
    layout.page_environment.cache_clear()
    try:
        layout.page_environment().autoescape = False
        must_fail(lambda: hostile.comes_out_as_typed(ground, hostile.hostile()[:3]))
        must_fail(lambda: hostile.test_no_word_becomes_an_element_an_attribute_or_a_template_on_any_page(ground))
        must_fail(hostile.test_every_template_escapes_and_none_says_that_it_knows_better)
        must_fail(lambda: hostile.test_the_directorys_words_are_text_too(ground))
    finally:
        layout.page_environment.cache_clear()


def test_one_place_that_knows_better_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    from markupsafe import Markup

    from api.presenters import timeline_text

    real = timeline_text.entry_in_words

    def trusting(*given: Any) -> Any:
        made = real(*given)
        return replace(made, words=[(question, Markup(text)) for question, text in made.words])

    monkeypatch.setattr(timeline_text, "entry_in_words", trusting)
    must_fail(lambda: hostile.test_no_word_becomes_an_element_an_attribute_or_a_template_on_any_page(ground))


def test_words_that_are_taken_for_a_template_or_a_format_are_noticed(ground: Ground, monkeypatch: Plant) -> None:
    real = layout.render_page

    def changed(change: Callable[[str], str]) -> Callable[..., Any]:
        def page(visit: Any, template: str, *more: Any, **named: Any) -> Any:
            if template == "search.html":
                named["text"] = change(named["text"])
            return real(visit, template, *more, **named)

        return page

    for line, change in (
        ("{{7*7}}", lambda text: layout.page_environment().from_string(text).render()),
        ("{0.__class__}", lambda text: text.format(text)),
        ("%s", lambda text: text % "x" if "%" in text else text),
    ):
        hostile.comes_out_as_typed(ground, [line])
        with monkeypatch.context() as patched:
            patched.setattr(layout, "render_page", changed(change))
            must_fail(lambda line=line: hostile.comes_out_as_typed(ground, [line]))


EVERY_PAGE = headers.test_every_page_says_what_it_is_and_holds_nothing_that_runs_by_itself


@pytest.mark.parametrize("name", ["Content-Security-Policy", "Cache-Control", "X-Frame-Options", "Referrer-Policy"])
def test_a_page_without_one_of_its_headers_is_noticed(ground: Ground, monkeypatch: Plant, name: str) -> None:
    weaker = {**layout.HEADERS, name: {"Content-Security-Policy": f"{layout.CSP}; style-src 'unsafe-inline'"}.get(name, "x")}
    monkeypatch.setattr(layout, "HEADERS", weaker)
    must_fail(lambda: EVERY_PAGE(ground))


@one_engine
def test_the_page_of_a_fault_without_its_headers_is_noticed(world: World, monkeypatch: Plant, caplog: Any) -> None:
    few = {name: value for name, value in layout.HEADERS.items() if not name.startswith("X-")}
    monkeypatch.setattr(layout, "HEADERS", few)
    check = headers.test_a_fault_of_our_own_says_nothing_of_itself
    must_fail(lambda: check(world, monkeypatch, caplog))


RESTLESS = (
    '<p style="color:red">x</p>', "<p onclick=x>x</p>", "<style>p{}</style>", "<script>x</script>",
    "<script src=//evil.example/x></script>", '<a href="javascript:x">x</a>', '<img src="https://evil.example/x">',
    '<form action="//evil.example">', '<a href="//evil.example">', '<base href="/">', '<iframe src="/x"></iframe>',
    '<a href="https://evil.example">x</a>', '<a href="/\\evil.example">x</a>',
)  # fmt: skip


def test_a_style_or_a_handler_in_a_page_is_noticed() -> None:
    for html in RESTLESS:
        must_fail(lambda html=html: headers.is_still(html, html))
    headers.is_still('<a href="/x">x</a><script src="/assets/start.js"></script>', "")


def test_a_header_that_what_was_sent_becomes_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    real = layout.render_page

    def echoing(visit: Any, template: str, *more: Any, **named: Any) -> Any:
        made = real(visit, template, *more, **named)
        if named.get("text"):
            made.headers["X-Planted"] = "y"
        return made

    monkeypatch.setattr(layout, "render_page", echoing)
    must_fail(lambda: headers.test_a_line_end_in_an_address_a_query_or_a_cookie_makes_no_header(ground))


def test_a_redirect_to_the_host_that_a_request_names_is_noticed(ground: Ground, monkeypatch: Plant) -> None:
    monkeypatch.setattr(ground.world.app.router, "redirect_slashes", True)
    must_fail(lambda: headers.test_no_page_or_redirect_goes_where_the_host_header_says(ground))


@one_engine
def test_a_link_to_the_host_that_a_request_names_is_noticed(world: World, monkeypatch: Plant) -> None:
    real = sign_in.send_links

    def trusting(casework: Any, seal: Any, authority: str, now: Any, sender: Any) -> int:
        return real(casework, seal, authority, now, replace(sender, link="https://evil.example"))

    monkeypatch.setattr(sign_in, "send_links", trusting)
    must_fail(lambda: headers.test_links_in_messages_begin_as_the_operator_set_them(world))


def test_everything_planted_here_is_taken_out_again(ground: Ground) -> None:
    assert problems.PROTECTIVE["X-Frame-Options"] == "DENY"
    assert move_forms.BY_TYPE
    assert layout.page_environment().autoescape is True
    assert not ground.is_changed
