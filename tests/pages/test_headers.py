"""What every answer says to the browser beside its page; and that nothing somebody sends becomes a header, a script or a host."""

import logging
import re
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.pages.admin.home import LETTER_CSP
from api.pages.frame import layout
from api.pages.my_work import my_tasks
from drp.database.engine import Store
from drp.database.unavailable import Unavailable
from tests.cast.world import World
from tests.pages.browser import at_browser
from tests.pages.every_page import PAGES, Forms, Place, asker_of, places
from tests.pages.ground import OWN, Ground
from tests.pages.replicas import Replica
from tests.pages.test_hostile_words import Skeleton
from tests.service.connections import connections_held

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)

POLICY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    "content-security-policy": layout.CSP,
}
"""What every page says."""

NOT_A_PAGE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
DOCUMENT = "default-src 'none'; sandbox"

KNOWN = {*POLICY, "content-type", "content-length", "location", "set-cookie", "content-disposition", "retry-after", "allow"}
"""Every header that a page's answer may have."""


OTHERWISE = {
    "/administration/messages": {"content-security-policy": f"{layout.CSP}; frame-src 'self'"},
    "/administration/messages/letter": {"content-security-policy": LETTER_CSP, "x-frame-options": "SAMEORIGIN"},
}
"""Pages with a policy of their own: an example of a letter, shown in a frame in which nothing runs."""


def check(answer: Any, what: object, otherwise: dict[str, str] | None = None) -> None:
    """Fail unless an answer's headers are as the policy has them, for its kind."""
    kind = answer.headers.get("content-type", "").partition(";")[0]
    expected = POLICY | (otherwise or {})
    if answer.status_code == 303 or kind == "text/plain":
        expected |= {"content-security-policy": NOT_A_PAGE, "referrer-policy": "no-referrer"}
    if "content-disposition" in answer.headers:
        expected |= {"content-security-policy": DOCUMENT, "referrer-policy": "no-referrer"}
    if kind in ("text/css", "text/javascript", "image/svg+xml"):
        expected |= {"content-security-policy": NOT_A_PAGE, "referrer-policy": "no-referrer"}
        expected["cache-control"] = "public, max-age=31536000, immutable" if "v=" in str(what) else "no-cache"
    said = {name: answer.headers.get(name) for name in expected}
    assert said == expected, what
    assert set(answer.headers) <= KNOWN, (what, set(answer.headers) - KNOWN)
    assert all(value.isprintable() for value in answer.headers.values()), what
    assert not re.search(r"unsafe|\*|http|data:|blob:", answer.headers["content-security-policy"]), what


def looked_at(ground: Ground) -> list[Place]:
    gets = [template for method, template in PAGES if method == "GET"]
    found = [place for template in gets for place in places(ground, "GET", template) if place.whose in ("", OWN)]
    return [
        one
        for one in found
        if "{move}" not in one.template or one.path.endswith(("/noted", "/judged", "/no-such", "/redirected"))
    ]


def test_every_page_says_what_it_is_and_holds_nothing_that_runs_by_itself(ground: Ground) -> None:
    for place in looked_at(ground):
        for who in ("the child's IRO" if place.whose else "administrator", "IRO manager", "nobody signed in"):
            with connections_held(ground.world.service.store) as held:
                answer = ground.everybody[who].send("GET", place.path)
            assert held.most <= 1, (place.name, "a second connection, where the first may be the last that is free")
            check(answer, (place.name, who), OTHERWISE.get(place.template) if answer.status_code == 200 else None)
            if answer.headers.get("content-type", "").startswith("text/html"):
                is_still(answer.text, (place.name, who))


def test_an_example_of_a_letter_runs_nothing_and_is_framed_by_nobody_else(ground: Ground) -> None:
    mona = ground.everybody["IRO manager"]
    form = Forms(mona.send("GET", "/administration/messages").text).found[0][2]
    chosen = {name: next(option for option in form[name].options if option) for name in ("subject", "at")}
    assert "<iframe" in mona.send("GET", "/administration/messages", params=chosen).text
    letter = mona.send("GET", "/administration/messages/letter", params=chosen)
    assert (letter.status_code, letter.headers["content-security-policy"]) == (200, LETTER_CSP)
    assert re.search(r"default-src 'none'.*frame-ancestors 'self'.*\bsandbox$", LETTER_CSP)
    assert not re.search(r"script|allow-|https?:|data:|\*", LETTER_CSP)
    assert (letter.headers["x-frame-options"], letter.headers["cache-control"]) == ("SAMEORIGIN", "no-store")
    assert not re.search(r"<script|\son[a-z]+=|<img|<link|<form", letter.text)


OUTSIDE = re.compile(r"https://[a-z0-9.-]+\.(gov\.uk|org\.uk|org)(/|$)")
"""Addresses of elsewhere that a page of ours may name in a link to read: never an image, a script, a form."""


def is_still(html: str, what: object) -> None:
    """No script, style or handler stands in the page itself; everything it fetches, and every form, is our own."""
    page = Skeleton(html)
    for tag, *attributes in page.bones:
        assert tag not in ("style", "iframe", "object", "embed", "base", "applet"), what
        assert "style" not in attributes, what
        assert not [name for name in attributes if name.startswith("on")], what
        assert tag != "script" or "src" in attributes, what
    assert not re.search(r"<script[^>]*>[^<]", html), what
    for name, address in page.addresses:
        ours = address.startswith("#") or re.match(r"/(?![/\\])", address)
        assert ours or (name == "href" and OUTSIDE.match(address)), (what, address)


def test_answers_that_refuse_say_the_same(ground: Ground) -> None:
    asker, irene, nobody = asker_of(ground), ground.everybody["the child's IRO"], ground.everybody["nobody signed in"]
    note, own = f"/challenges/{ground.references[OWN]}/do/noted", f"/challenges/{ground.references[OWN]}"
    judged = next(
        place for place in places(ground, "POST", "/challenges/{reference}/do/{move}") if place.path.endswith("/judged")
    )
    evil = {"Origin": "https://evil.example"}
    answers = {
        303: nobody.send("GET", "/inbox"), 401: nobody.send("POST", note), 403: irene.send("POST", note, headers=evil),
        404: irene.send("GET", "/nowhere"), 405: irene.send("DELETE", "/"), 409: asker.ask(judged, irene),
        410: nobody.send("POST", f"/sign-in/link/dunmoor.{'0' * 64}"), 413: irene.send("POST", note, content=b"x" * 300_000),
        422: irene.send("POST", note), 412: asker.ask(
            next(one for one in places(ground, "POST", "/challenges/{reference}/do/{move}") if one.path == note), irene,
            said={"seen": ["1.stage_9.never"]},
        ),
    }  # fmt: skip
    for status, answer in answers.items():
        assert answer.status_code == status
        check(answer, status)
        if status != 303:
            is_still(answer.text, status)
    state = ground.world.app.state
    whole, fewer = state.service, ground.world.settings.model_copy(update={"sign_ins_per_address": 3})
    state.service = replace(whole, settings=fewer)
    for _ in range(5):
        answer = nobody.send("POST", "/sign-in", data={"email": "a@b.example", "authority": "dunmoor"})
    state.service = whole
    assert answer.status_code == 429
    check(answer, 429)
    assert 0 < int(answer.headers["retry-after"]) <= 600
    assert irene.send("GET", own).status_code == 200, "whoever is in is not held up"


@one_engine
def test_a_fault_of_our_own_says_nothing_of_itself(world: World, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    irene = at_browser(world, "irene")
    quiet = TestClient(world.app, raise_server_exceptions=False)

    def broken(*given: object) -> None:
        raise RuntimeError("Canary <script>alert(1)</script> of the inside")

    monkeypatch.setattr(my_tasks, "task_lines", broken)
    with caplog.at_level(logging.CRITICAL):
        answer = quiet.get("/", headers={"Cookie": f"drp={irene.cookie}"})
    assert answer.status_code == 500
    assert "Canary" not in answer.text
    check(answer, 500)
    is_still(answer.text, 500)


@one_engine
def test_a_database_that_is_away_is_said_and_what_was_typed_is_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    irene = at_browser(world, "irene")
    reference = world.as_("irene").raises(item_type="formal").json()["reference"]
    page = irene.open(f"/challenges/{reference}/do/noted")
    data = page.form().inputs | {"text": ["A note that is not lost."]}

    def away(*given: object) -> Any:
        raise Unavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "write", away)
        answer = irene.send("POST", f"/challenges/{reference}/do/noted", data=data)
    assert answer.status_code == 503
    check(answer, 503)
    assert "A note that is not lost." in answer.text
    assert answer.headers["retry-after"] == "5"


# Nothing that is sent becomes a header.


BREAKS = (
    "%0d%0aSet-Cookie:%20drp=planted", "%0aLocation:%20//evil.example", "%0d%0a%0d%0a<script>alert(1)</script>",
    "%E5%98%8A%E5%98%8DX:%20y", "%c4%8d%c4%8aX-Planted:%20y", "%00X-Planted:y", "%e2%80%a8X-Planted:y", "%0bX-Planted:y",
)  # fmt: skip


def test_a_line_end_in_an_address_a_query_or_a_cookie_makes_no_header(ground: Ground) -> None:
    irene, own = ground.everybody["the child's IRO"], ground.references[OWN]
    for text in BREAKS:
        for path in (
            f"/sign-in?then=/{text}", f"/sign-in?then={text}", f"/challenges/{text}", f"/challenges/{own}{text}",
            f"/raise/{text}", f"/challenges/{own}/do/{text}", f"/challenges/{own}/documents/{text}", f"/search?q={text}",
            f"/challenges/{own}?done={text}", f"/ladders/{text}", f"/teams/{text}", f"/sign-in/link/{text}",
            f"/inbox?page={text}", f"/{text}",
        ):  # fmt: skip
            for who in (irene, ground.everybody["nobody signed in"]):
                answer = who.send("GET", path)
                check(answer, path)
                assert answer.status_code in (200, 303, 404, 422), path
                assert not {"set-cookie", "x-planted", "x"} & set(answer.headers), path
                assert "planted" not in answer.headers.get("location", "").partition("?")[0], path
    for cookie in ("dunmoor.x\t; drp=y", "dunmoor.é", '"dunmoor.\\015\\012X-Planted: y"', "dunmoor.%0d%0aX-Planted:y"):
        answer = ground.world.client.get("/sign-out", headers={"Cookie": f"drp={cookie}".encode()}, follow_redirects=False)
        assert answer.status_code == 303
        check(answer, cookie)


def test_a_documents_name_makes_no_header_but_its_own(ground: Ground) -> None:
    from tests.store.files import png

    irene, place = ground.everybody["the child's IRO"], f"/challenges/{ground.references[OWN]}/documents"
    form = next(one for one in places(ground, "POST", "/challenges/{reference}/documents") if one.path == place)
    for name in (
        "plan.png\r\nSet-Cookie: drp=planted", 'plan".png; filename="evil.html', "plan\u2028.png", "../../plan.png", "плaн é.png",
        "\x00.png",
    ):  # fmt: skip
        sent = asker_of(ground).sent(form, irene.cookie)
        sent["files"] = {"file": (name, png(), "image/png")}
        assert irene.send("POST", place, **sent).status_code in (303, 422), name
        page = Skeleton(irene.send("GET", place).text)
        newest = max(
            (href for _, href in page.addresses if href.startswith(f"{place}/")), key=lambda one: int(one.rsplit("/", 1)[1])
        )
        answer = irene.send("GET", newest)
        check(answer, name)
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert answer.headers["content-type"] == "image/png"
        ground.restore()


# The host that a request names is nobody's word but the sender's.


HOSTS: tuple[dict[str, str], ...] = (
    {"Host": "evil.example"}, {"Host": "evil.example:80@testserver"}, {"X-Forwarded-Host": "evil.example"},
    {"Forwarded": "host=evil.example;proto=https"}, {"X-Original-URL": "//evil.example"}, {"X-Rewrite-Url": "/evil.example"},
    {"X-Forwarded-Proto": "evil", "X-Forwarded-Prefix": "//evil.example"},
)  # fmt: skip


def test_no_page_or_redirect_goes_where_the_host_header_says(ground: Ground) -> None:
    irene, nobody = ground.everybody["the child's IRO"], ground.everybody["nobody signed in"]
    for place in [
        *looked_at(ground)[::3],
        *(Place("GET", f"{path}/", f"{path}/") for path in ("/sign-in", "/raise", "/inbox", "/")),
    ]:
        for headers in HOSTS if "{" not in place.template else HOSTS[:1]:
            for who in (irene, nobody):
                answer = who.send("GET", place.path, headers=headers)
                assert "evil.example" not in answer.text, (place.path, headers)
                assert "evil.example" not in str(answer.headers), (place.path, headers)
                assert answer.status_code != 307, "a redirect of the framework's own names the host"


@one_engine
def test_links_in_messages_begin_as_the_operator_set_them(world: World) -> None:
    replica = Replica(world, link="https://drp.example/")
    for n, headers in enumerate(HOSTS):
        email = f"{('tess', 'otto', 'gina', 'tom', 'cora', 'hugo', 'leif')[n]}@dunmoor.example"
        replica.asks(email, headers=headers)
        letter = replica.mail.posts[-1].letter
        assert replica.mail.posts[-1].envelope == (email,)
        for text in (letter.text, letter.html, letter.subject):
            assert "evil.example" not in text
            assert set(re.findall(r"https?://[^/\s\"<]+", text)) <= {"https://drp.example"}
        assert "https://drp.example/sign-in/link/dunmoor." in letter.text
    replica.close()
