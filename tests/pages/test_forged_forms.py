"""Forms that somebody else made: every form of every page, sent from elsewhere or without its token, does nothing at all."""

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from api.pages.frame.browser_request import SIGNED_IN_AGAIN
from api.routes import ROUTES
from tests.pages.browser import Page, at_browser
from tests.pages.every_page import PAGES, SOME, UNKNOWN, Place, asker_of, places
from tests.pages.ground import OWN, Ground, Straight, token_of
from tests.pages.test_page_access import shown, written

WITHOUT_TOKEN = {
    "/sign-in": "nobody is signed in yet; where it comes from is looked at",
    "/sign-in/link/{secret}": "the secret in its address is the proof",
    "/sign-in/as": "the demonstration's; where it comes from is looked at",
    "/sign-out": "signing somebody out does no harm; where it comes from is looked at",
}
"""Forms that are taken without a session's token, and why."""

PRESSED_BY = ("the child's IRO", "IRO manager", "administrator", "asked")


def forms(ground: Ground) -> list[Place]:
    """Every form there is: of moves, those that stand for the rest (one function serves them all)."""
    found = []
    for method, template in PAGES:
        if method == "POST":
            listed = [place for place in places(ground, method, template) if place.whose in ("", OWN)]
            found += [one for one in listed if "{move}" not in template or one.path.rsplit("/", 1)[1] in SOME]
    return found


def pressing(ground: Ground, place: Place) -> Straight:
    """Somebody for whom the form does something, where there is anybody."""
    cells = dict(zip(ground.everybody, written()[place.name], strict=True))
    who = next((relation for relation in PRESSED_BY if cells[relation].endswith("+")), None)
    who = who or next((relation for relation in PRESSED_BY if cells[relation] not in ("403", "404", "no")), PRESSED_BY[0])
    return ground.everybody[who]


CROSS_SITE: dict[str, dict[str, str]] = {
    "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another site, an old browser": {"Origin": "https://evil.example"},
    "a frame without an origin": {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "an origin withheld": {"Origin": "null"},
    "a sub-domain": {"Sec-Fetch-Site": "same-site", "Origin": "https://other.drp.example"},
    "a sub-domain that says nothing else": {"Sec-Fetch-Site": "same-site"},
    "a name that begins like ours": {"Origin": "http://testserver.evil.example"},
    "a name that ends like ours": {"Origin": "http://eviltestserver"},
    "our name as a user's": {"Origin": "http://testserver@evil.example"},
    "another port": {"Origin": "http://testserver:8080"},
    "another scheme": {"Origin": "file://"},
    "no origin at all": {"Origin": ""},
}


def test_a_form_sent_from_another_site_is_refused_though_it_carries_everything(ground: Ground) -> None:
    asker = asker_of(ground)
    for place in forms(ground):
        by = pressing(ground, place)
        whole = asker.sent(place, by.cookie)
        for what in CROSS_SITE if "{" not in place.template else ("another site", "a frame without an origin", "a sub-domain"):
            answer = by.send("POST", place.path, headers=CROSS_SITE[what], **whole)
            assert shown(answer) == "form", (place.name, what)
            assert not ground.is_changed, (place.name, what)
            assert "set-cookie" not in answer.headers, (place.name, what)


OURS: dict[str, dict[str, str]] = {
    "our own page": {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"},
    "our own page, as links name us": {"Origin": "http://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"},
    "the address typed": {"Sec-Fetch-Site": "none"},
    "an old browser": {},
}


def test_the_same_form_from_our_own_page_does_what_it_says(ground: Ground) -> None:
    """Or the other tests of this file would show nothing."""
    asker, does = asker_of(ground), set()
    for place in forms(ground):
        by = pressing(ground, place)
        for headers in OURS.values() if "{" not in place.template else (OURS["our own page"],):
            answer = by.send("POST", place.path, headers=headers, **asker.sent(place, by.cookie))
            assert shown(answer) != "form", place.name
            does |= {place.name} if ground.is_changed else set()
            ground.restore()
    idle = {place.name for place in forms(ground)} - does
    assert len(does) > 20
    assert len(idle) < len(does), idle


def tokens(ground: Ground, by: Straight) -> dict[str, Any]:
    """Tokens that are not this session's; the first five are the likely ones."""
    own = token_of(by.cookie)
    others = next(cookie for cookie in (ground.irenes_again, ground.everybody["asked"].cookie) if cookie != by.cookie)
    return {
        "none": None, "empty": "", "of another session": token_of(others), "of before signing in": token_of(""),
        "of another person": token_of(ground.everybody["another IRO"].cookie), "cut short": own[:-1], "one mark more": own + "0",
        "in capitals": own.upper(), "the cookie itself": by.cookie, "not ascii": "é" * 64, "two": [own[::-1], own],
    }  # fmt: skip


def test_a_form_without_this_sessions_token_does_nothing(ground: Ground) -> None:
    asker = asker_of(ground)
    asked = [place for place in forms(ground) if place.template not in WITHOUT_TOKEN]
    for place in asked:
        by = pressing(ground, place)
        given = tokens(ground, by)
        for what, token in given.items() if place.template == "/inbox" else list(given.items())[:5]:
            whole = asker.sent(place, by.cookie)
            whole["data"] = {name: value for name, value in whole["data"].items() if name != "form_token"}
            whole["data"] |= {} if token is None else {"form_token": token}
            answer = by.send("POST", place.path, **whole)
            assert answer.status_code in (403, 404, 409, 422), (place.name, what, answer.status_code)
            assert not ground.is_changed, (place.name, what)
    assert {place.template for place in asked} | set(WITHOUT_TOKEN) == {path for method, path in PAGES if method == "POST"}


QUIET = {"session", "delivery"}
"""What looking at a page may write: that a session was used, that a message was read."""


def test_what_a_form_sends_does_nothing_by_another_way(ground: Ground) -> None:
    """As an address, as another kind of body, by another method."""
    asker = asker_of(ground)
    for place in forms(ground):
        if place.template in WITHOUT_TOKEN:
            continue
        by = pressing(ground, place)
        body = asker.sent(place, by.cookie)["data"]
        said, before = urlencode(body, doseq=True), counted(ground)
        by.send("GET", f"{place.path}?{said}")
        assert {table for table, rows in counted(ground).items() if rows != before[table]} <= QUIET, place.name
        ground.restore()
        by.send("POST", f"{place.path}?{said}")
        assert not ground.is_changed, f"{place.name}: an address that is sent"
        said_as_json = json.dumps({"form_token": token_of(by.cookie), "text": "y"})
        for kind, content in (("text/plain", said), ("text/plain", said_as_json), ("application/json", said_as_json), ("", said)):
            by.send("POST", place.path, headers={"Content-Type": kind} if kind else {}, content=content.encode())
            assert not ground.is_changed, (place.name, kind, content[:20])
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
            answer = by.send(method, place.path, headers={"X-HTTP-Method-Override": "POST"}, data=body)
            assert answer.status_code == 405, (place.name, method)
            assert not ground.is_changed, (place.name, method)


def test_looking_at_a_page_writes_nothing_but_that_it_was_read(ground: Ground) -> None:
    for method, template in PAGES:
        for place in places(ground, method, template) if method == "GET" and "{move}" not in template else ():
            quiet = QUIET | ({"sign_in"} if template.startswith("/sign-in/with") else set())
            for who in ("the child's IRO", "asked") if place.whose in ("", OWN) else ():
                ground.everybody[who].send("GET", place.path)
                if ground.is_changed:
                    before = counted(ground)
                    ground.restore()
                    changed = {table for table, rows in counted(ground).items() if rows != before[table]}
                    assert changed <= quiet, (place.name, changed)


def counted(ground: Ground) -> dict[str, list[Any]]:
    tables = [row[0] for row in ground.ask("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: ground.ask(f'SELECT * FROM "{table}"') for table in tables if not table.startswith("sqlite_")}


# What a form names, and is not theirs to name.


def test_what_is_named_in_a_form_and_belongs_elsewhere_is_answered_like_what_does_not_exist(ground: Ground) -> None:
    asker, id_ = asker_of(ground), ground.world.id
    elsewhere = {str(id_(person, "elsewhere")) for person in ("tess", "irene")}
    tried = 0
    for place in forms(ground):
        by = pressing(ground, place)
        body = asker.body(place)
        for name, value in body.items():
            named = re.search(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", " ".join(value))
            if named is None or name in ("once", "seen", "form_token", "then"):  # `then`: where to go on to (test_sessions)
                continue
            unknown = asker.ask(place, by, said={name: [value[0].replace(named[0], UNKNOWN)]})
            assert not ground.is_changed, (place.name, name)
            for theirs in elsewhere:
                tried += 1
                answer = asker.ask(place, by, said={name: [value[0].replace(named[0], theirs)]})
                assert not ground.is_changed, (place.name, name)
                assert _plain(answer.text, theirs) == _plain(unknown.text, UNKNOWN), (place.name, name)
                assert answer.status_code == unknown.status_code, (place.name, name)
    assert tried >= 6


def _plain(text: str, id_: str) -> str:
    return re.sub(r'name="once" value="\w+"', "", text).replace(id_, "<id>")


def test_a_child_whom_they_may_not_raise_for_is_answered_like_one_that_does_not_exist(ground: Ground) -> None:
    asker = asker_of(ground)
    place = next(one for one in forms(ground) if one.template == "/talks/new")
    for who in (
        "asked",
        "auditor",
        "leader",
        "administrator",
        "same role, other team",
        "another of that agency",
        "IRO elsewhere",
    ):
        by = ground.everybody[who]
        known, unknown = (asker.ask(place, by, said={"child": [child]}) for child in ("T-1", "T-99"))
        if who != "IRO elsewhere":
            assert (known.status_code, _plain(known.text, "T-1")) == (unknown.status_code, _plain(unknown.text, "T-99")), who
            assert not ground.is_changed, who
    mine = asker.ask(place, ground.everybody["the child's IRO"], said={"child": ["E-9"]})
    none = asker.ask(place, ground.everybody["the child's IRO"], said={"child": ["T-99"]})
    assert (mine.status_code, _plain(mine.text, "E-9")) == (none.status_code, _plain(none.text, "T-99"))


def test_a_form_pressed_by_somebody_else_with_the_same_mark_is_an_act_of_their_own(ground: Ground) -> None:
    asker = asker_of(ground)
    place = next(one for one in forms(ground) if one.path.endswith("/do/noted") and one.whose == OWN)
    irene, otto = ground.everybody["the child's IRO"], ground.everybody["asked"]
    assert asker.ask(place, irene, said={"once": ["the same mark"], "text": ["Irene's note."]}).status_code == 303
    answer = asker.ask(place, otto, said={"once": ["the same mark"], "text": ["Otto's note."]})
    page = Page(otto.send("GET", f"{place.path.rsplit('/do/', 1)[0]}?all=1"))
    assert answer.status_code == 303
    assert "Otto's note." in page.text
    assert page.text.count("Irene's note.") == 1


# What was typed is not lost by it.


def test_what_was_typed_waits_for_a_press_of_whoever_signed_in_again(ground: Ground) -> None:
    place = next(one for one in forms(ground) if one.path.endswith("/do/noted") and one.whose == OWN)
    old = ground.at("irene")
    page = Page(old.send("GET", place.path))
    data = page.form(place.path).inputs | {"text": ["A long note, typed slowly."]}
    new = ground.at("irene")
    again = Page(new.send("POST", place.path, data=data))
    assert again.status == 422
    assert SIGNED_IN_AGAIN in again.text
    kept = again.form(place.path).inputs
    assert kept["text"] == ["A long note, typed slowly."]
    assert kept["form_token"] == [token_of(new.cookie)]
    assert new.send("POST", place.path, data=kept).status_code == 303
    assert "A long note, typed slowly." in Page(new.send("GET", f"/challenges/{ground.references[OWN]}")).text


def test_what_was_typed_is_still_there_for_whoever_was_signed_out(ground: Ground) -> None:
    place = next(one for one in forms(ground) if one.path.endswith("/do/noted") and one.whose == OWN)
    before = ground.at("irene")
    data = Page(before.send("GET", place.path)).form(place.path).inputs | {"text": ["A long note, typed slowly."]}
    page = Page(ground.everybody["a session unused too long"].send("POST", place.path, data=data))
    assert page.status == 401
    assert page.text.count("A long note, typed slowly.") == 1
    carried = page.form(place.path).inputs
    assert carried["form_token"] == [""], "a token is never handed on"
    again = Page(before.send("POST", place.path, data=carried))
    assert (again.status, again.form(place.path).inputs["text"]) == (422, ["A long note, typed slowly."])
    assert before.send("POST", place.path, data=again.form(place.path).inputs).status_code == 303


def test_words_that_another_site_sends_are_never_shown_as_what_somebody_wrote_here(ground: Ground) -> None:
    for place in forms(ground):
        for what in ("another site", "a frame without an origin", "a sub-domain"):
            for who in ("nobody signed in", "the child's IRO"):
                headers = CROSS_SITE[what]
                data = {"text": "Words of another site.", "answer": "Words of another site."}
                answer = ground.everybody[who].send("POST", place.path, headers=headers, data=data)
                assert "Words of another site." not in answer.text, (place.name, who)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_every_form_of_a_page_carries_its_token_and_goes_to_us(two: Any) -> None:
    reference = two.as_("irene").raises(item_type="formal").json()["reference"]
    for person in ("irene", "tess", "mona", "ada"):
        visitor = at_browser(two, person)
        for method, template in PAGES:
            if method == "GET" and template.count("{") == template.count("{reference}"):
                page = visitor.open(template.replace("{reference}", reference))
                for form in page.forms:
                    assert re.fullmatch(r"/(?!/)[^\\]*", form.action), (template, form.action)
                    if form.method == "post" and form.action not in WITHOUT_TOKEN:
                        assert form.inputs["form_token"] == [token_of(visitor.cookie)], (template, form.action)
                        assert ("POST", form.action) in ROUTES or "/" in form.action
                    if form.method != "post":
                        assert "form_token" not in form.inputs, "a token never stands in an address"
