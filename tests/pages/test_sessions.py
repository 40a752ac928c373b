"""Sessions and links to sign in: two instances of the service on one database, and nobody is in who should not be."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from api.app import create_app
from api.pages.frame.browser_request import safe_path
from drp.database.account_tables import SessionRow, SignInRow
from drp.database.directory_tables import PersonRow
from drp.database.schema import metadata
from drp.identity import sessions
from drp.settings import Settings
from tests.cast.councils import ELSEWHERE
from tests.cast.world import World
from tests.pages.browser import Visitor, at_browser
from tests.pages.replicas import Replica, cookie_of

TESS = "tess@dunmoor.example"
on_postgresql = pytest.mark.parametrize("store", ["postgresql"], indirect=True)
one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


@pytest.fixture
def opened(world: World) -> Iterator[Callable[..., Replica]]:
    """Makes instances on the world's database."""
    made: list[Replica] = []

    def one(**settings: Any) -> Replica:
        made.append(Replica(world, **settings))
        return made[-1]

    yield one
    for each in made:
        each.close()


@pytest.fixture
def first(opened: Callable[..., Replica]) -> Replica:
    return opened()


@pytest.fixture
def second(opened: Callable[..., Replica]) -> Replica:
    return opened()


def is_in(replica: Replica, cookie: str) -> bool:
    """Does this cookie open a page at this instance?"""
    answer = replica.at(cookie).send("GET", "/sign-out")
    assert answer.status_code == 200 or answer.headers["location"].startswith("/sign-in"), answer.text
    return bool(answer.status_code == 200)


def signed_in(replica: Replica, email: str = TESS) -> str:
    """Somebody comes in by a link; gives what their browser then holds."""
    replica.asks(email)
    return cookie_of(replica.signs_in(replica.mail.link()))


# A session that is over is over everywhere, at once.


def signs_out(world: World, first: Replica, person: str, cookie: str) -> None:
    page = first.at(cookie).open("/sign-out")
    assert first.at(cookie).fill(page, "/sign-out").status == 200


@one_engine
def test_signing_out_leaves_nothing_in_the_browser_and_being_refused_takes_nothing(two: World, first: Replica) -> None:
    cookie = signed_in(first)
    visitor = first.at(cookie)
    data = {"form_token": visitor.open("/sign-out").form().inputs["form_token"][0]}
    assert "clear-site-data" not in visitor.send("GET", "/sign-out").headers
    out = visitor.send("POST", "/sign-out", data=data)
    assert out.status_code == 200
    assert out.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    assert not is_in(first, cookie)
    for answer in (first.at(cookie).send("GET", "/"), first.at(cookie).send("POST", "/inbox", data={"until": ""})):
        assert "clear-site-data" not in answer.headers


def signed_out_everywhere(world: World, first: Replica, person: str, cookie: str) -> None:
    with first.service.store.write("dunmoor") as connection:
        assert sessions.end_sessions_of(connection, "dunmoor", world.id(person), world.now) == 1


def left(world: World, first: Replica, person: str, cookie: str) -> None:
    world.leaves(person, "2026-03-31")


def without_a_post(world: World, first: Replica, person: str, cookie: str) -> None:
    world.post_ends(person, "head_of_legal", "2026-03-31")


def an_hour_passes(world: World, first: Replica, person: str, cookie: str) -> None:
    world.now += timedelta(minutes=60)


def signs_in_anew(world: World, first: Replica, person: str, cookie: str) -> None:
    first.asks(f"{person}@dunmoor.example")
    assert first.signs_in(first.mail.link(), cookie).status_code == 303


ENDINGS = {
    "otto": signs_out, "tess": signs_in_anew, "gina": signed_out_everywhere, "tom": left, "leif": without_a_post,
    "mona": an_hour_passes,
}  # fmt: skip


def test_whatever_ends_a_session_at_one_instance_has_ended_it_at_the_other(world: World, first: Replica, second: Replica) -> None:
    for person, ends in ENDINGS.items():
        cookie = signed_in(first, f"{person}@dunmoor.example")
        copied = str(cookie)
        assert is_in(second, cookie), ends.__name__
        ends(world, first, person, cookie)
        for replica in (second, first):
            assert not is_in(replica, copied), ends.__name__
            posted = replica.at(copied).send("POST", "/inbox", data={"form_token": "x"})
            assert posted.status_code == 401, ends.__name__


def test_a_session_is_kept_by_use_at_either_instance_and_ends_after_its_hours_all_the_same(
    world: World, first: Replica, second: Replica
) -> None:
    cookie, began = signed_in(first), world.now
    for n in range(10):
        world.now += timedelta(minutes=59)
        assert is_in((first, second)[n % 2], cookie), world.now - began
    world.now = began + timedelta(hours=10) - timedelta(seconds=1)
    assert is_in(second, cookie)
    world.now = began + timedelta(hours=10)
    assert not is_in(second, cookie)
    assert not is_in(first, cookie)


@one_engine
def test_somebody_else_who_covers_is_in_and_out_as_the_cover_runs(world: World, first: Replica) -> None:
    world.post_ends("petra", "head_of_planning", "2026-03-31")
    world.cover("tess", "petra", "2026-04-01", "2026-04-01")
    cookie = signed_in(first, "petra@dunmoor.example")
    assert is_in(first, cookie)
    world.now += timedelta(minutes=40)
    assert is_in(first, cookie)
    with first.service.store.write("dunmoor") as connection:
        connection.execute(text("DELETE FROM cover"))
    assert not is_in(first, cookie)


@one_engine
def test_what_an_operator_sets_is_how_long_a_session_lasts(world: World, opened: Callable[..., Replica]) -> None:
    short = opened(session_idle_minutes=5, session_hours=1)
    cookie = signed_in(short)
    world.now += timedelta(minutes=5)
    assert not is_in(short, cookie)
    cookie, began = signed_in(short), world.now
    while world.now < began + timedelta(minutes=59):
        assert is_in(short, cookie)
        world.now += timedelta(minutes=4)
    world.now = began + timedelta(hours=1)
    assert not is_in(short, cookie)


# Nobody is signed in under a secret that somebody else chose.


@one_engine
def test_a_session_that_was_planted_is_neither_honoured_nor_kept(two: World, opened: Callable[..., Replica]) -> None:
    first = opened()
    attackers = {
        "made up": f"dunmoor.{'ab' * 32}",
        "the attacker's own": at_browser(two, "tom").cookie,
        "of another authority": at_browser(two, "tess", "elsewhere").cookie,
    }
    for what, planted in attackers.items():
        assert is_in(first, planted) == (what != "made up")
        first.asks(TESS)
        answer = first.signs_in(first.mail.link(), planted)
        given = cookie_of(answer)
        assert given != planted, what
        assert not is_in(first, planted), f"{what}: the session that the browser held is over"
        assert "Tess" in first.at(given).open("/sign-out").answer.text
        two.now += timedelta(minutes=13)


NOT_COOKIES = (
    "", ".", "dunmoor", "dunmoor.", "dunmoor." + "0" * 63, "dunmoor." + "0" * 65, "." + "0" * 64, "dunmoor'--." + "0" * 64,
    "DUNMOOR." + "0" * 64, "nowhere." + "0" * 64, "dunmoor." + "%" * 64, "x" * 5000, "dunmoor." + "é" * 64,
    "../dunmoor." + "0" * 64,
)  # fmt: skip


def test_what_is_no_session_opens_nothing(two: World, opened: Callable[..., Replica]) -> None:
    first = opened()
    real = at_browser(two, "tess").cookie
    secret = real.partition(".")[2]
    forged = [
        f"elsewhere.{secret}",
        f"dunmoor.{secret.upper()}",
        f"dunmoor.{secret[:-1]}",
        f"{real}.{secret}",
        secret,
        f" {real} x",
    ]
    assert is_in(first, real)
    for cookie in (*NOT_COOKIES, *forged, sessions.hash_secret(real), f"dunmoor.{sessions.hash_secret(real)}"):
        answer = first.client.get("/", headers={"Cookie": f"drp={cookie}".encode()}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?then=/"), cookie
    token = two.as_("tess").token or ""
    assert not is_in(first, token), "an API token is no session"
    assert first.client.get("/api/v1/me", headers={"Authorization": f"Bearer {real}"}).status_code == 401
    assert first.client.get("/api/v1/me", headers={"Cookie": f"drp={real}"}).status_code == 401


# What the browser is handed, and what is kept.


@one_engine
@pytest.mark.parametrize(
    ("link", "name", "flags"),
    [
        ("http://127.0.0.1:8000", "drp", {"httponly", "path=/", "samesite=lax"}),
        ("https://drp.example", "__Host-drp", {"httponly", "path=/", "samesite=lax", "secure"}),
    ],
)
def test_no_script_reads_the_cookie_and_no_other_site_sends_it(
    opened: Callable[..., Replica], link: str, name: str, flags: set[str]
) -> None:
    first = opened(link=link)
    first.asks(TESS)
    answer = first.signs_in(first.mail.link())
    line = next(line for line in answer.headers.get_list("set-cookie"))
    assert line.startswith(f"{name}=dunmoor.")
    assert {part.strip().lower() for part in line.split(";")[1:]} == flags
    cookie = cookie_of(answer, name)
    assert first.client.get("/", headers={"Cookie": f"{name}={cookie}"}, follow_redirects=False).status_code == 200
    other = {"drp": "__Host-drp", "__Host-drp": "drp"}[name]
    assert first.client.get("/", headers={"Cookie": f"{other}={cookie}"}, follow_redirects=False).status_code == 303
    out = first.client.post("/sign-out", headers={"Cookie": f"{name}={cookie}"})
    gone = next(line for line in out.headers.get_list("set-cookie")).lower()
    assert "max-age=0" in gone
    assert flags <= {part.strip() for part in gone.split(";")[1:]}


def everything_stored(world: World, replica: Replica) -> str:
    """All that the database and the service's own files hold, as text."""
    found = []
    for table in metadata.sorted_tables:
        found += world.rows(select(table))
    files = [path for path in Path(world.settings.var).rglob("*") if path.is_file() and path.suffix not in (".sqlite",)]
    return str(found) + "".join(path.read_bytes().decode("latin-1") for path in files)


def test_only_hashes_of_secrets_are_ever_kept(world: World, first: Replica, caplog: pytest.LogCaptureFixture) -> None:
    first.mail.is_down = True
    first.asks(TESS)
    before = world.rows(select(SignInRow.hash, SignInRow.person))
    assert [row.hash for row in before] == [""], "before it is sent there is no secret at all"
    first.mail.is_down = False
    first.asks(TESS)
    secrets = [first.mail.link(n).rsplit(".", 1)[1] for n in range(len(first.mail.posts))]
    cookie = cookie_of(first.signs_in(first.mail.link()))
    first.at(cookie).open("/")
    secrets.append(cookie.partition(".")[2])
    kept = everything_stored(world, first) + caplog.text
    assert len(secrets) >= 2
    assert not [secret for secret in secrets if secret in kept or re.search(secret[:40], kept)]
    assert sessions.hash_secret(cookie) in kept


# Links.


def test_a_link_signs_in_once_and_only_for_its_quarter_of_an_hour(world: World, first: Replica, second: Replica) -> None:
    first.asks(TESS, then="/inbox")
    link = first.mail.link()
    for _ in range(3):  # a mail scanner opens it, and presses nothing
        assert second.at().send("GET", link).status_code == 200
        assert second.at().send("HEAD", link).status_code in (200, 405)
    answer = second.signs_in(link)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/inbox")
    assert "Tess" in second.at(cookie_of(answer)).open("/").answer.text
    for replica in (first, second):
        used = replica.signs_in(link)
        assert used.status_code == 410
        assert "set-cookie" not in used.headers
    first.asks(TESS)
    world.now += timedelta(minutes=15) - timedelta(seconds=1)
    assert first.signs_in(first.mail.link()).status_code == 303
    first.asks(TESS)
    world.now += timedelta(minutes=15)
    assert first.signs_in(first.mail.link()).status_code == 410


@on_postgresql
def test_a_link_pressed_at_two_instances_at_one_moment_signs_in_once(world: World, first: Replica, second: Replica) -> None:
    for _ in range(4):
        first.asks(TESS)
        link, start = first.mail.link(), threading.Barrier(2)
        answers: list[int] = []

        def press(replica: Replica, link: str = link, start: threading.Barrier = start, answers: list[int] = answers) -> None:
            start.wait()
            answers.append(replica.signs_in(link).status_code)

        pressing = [threading.Thread(target=press, args=(replica,)) for replica in (first, second)]
        for one in pressing:
            one.start()
        for one in pressing:
            one.join()
        assert sorted(answers) == [303, 410]
    assert world.rows(select(func.count()).select_from(SessionRow))[0][0] == 4


def test_a_link_of_one_authority_signs_nobody_in_at_another(two: World, opened: Callable[..., Replica]) -> None:
    first = opened()
    first.asks(TESS)
    link = first.mail.link()
    for wrong in (
        link.replace("dunmoor.", "elsewhere."),
        link.upper().replace("/SIGN-IN/LINK/", "/sign-in/link/"),
        link[:-1] + "_",
    ):
        assert first.signs_in(wrong).status_code in (401, 410), wrong
    assert first.signs_in(link).status_code == 303
    first.asks(TESS, authority="elsewhere")
    assert len(first.mail.posts) == 1, "her address is not in that directory"


def test_whoever_left_is_sent_no_link_and_one_sent_before_opens_nothing(world: World, first: Replica) -> None:
    first.asks(TESS)
    world.leaves("tess", "2026-03-31")
    answer = first.signs_in(first.mail.link())
    if answer.status_code == 303:
        assert not is_in(first, cookie_of(answer))
    first.asks(TESS)
    assert len(first.mail.posts) == 1


def asked_about(replica: Replica, email: str) -> tuple[int, bytes, dict[str, str], list[str]]:
    """Everything that somebody who asks can see, and what the database is asked before the answer goes."""
    del replica.statements[:]
    statements: list[str] = []
    sent = replica.service.sender.channel.send
    from api.pages.sign_in import sign_in

    def after_the_answer(*given: Any) -> int:
        statements.extend(replica.statements)
        return real(*given)

    real = sign_in.send_links
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sign_in, "send_links", after_the_answer)
        answer = replica.asks(email)
    assert sent
    return answer.status_code, answer.content, dict(answer.headers), statements


NOT_ADDRESSES = (
    "nobody.here@dunmoor.example", "tess@elsewhere.example", "' OR 1=1 --", "tess", "%", "tess@dunmoor.example\nBcc: a@b.example",
    "*", "x" * 4000, "tess@dunmoor.example.evil.example", "a\0b",
)  # fmt: skip


def test_whether_an_address_is_known_is_told_neither_by_words_nor_by_work(world: World, first: Replica) -> None:
    world.leaves("leif", "2026-03-31")
    asked_about(first, "first of all: what is looked up once")
    known = asked_about(first, TESS)
    assert len(known[3]) >= 4
    for email in (*NOT_ADDRESSES, "leif@dunmoor.example"):
        assert asked_about(first, email) == known, email
    for _ in range(6):  # and one who asked too often
        assert asked_about(first, TESS) == known
    assert {post.envelope for post in first.mail.posts} == {(TESS,)}


def test_mail_goes_to_the_directorys_own_address_and_three_links_are_in_force_at_most(world: World, first: Replica) -> None:
    for spelt in ("Tess@Dunmoor.Example", "  tess@dunmoor.example ", TESS.upper(), TESS, TESS, TESS, TESS, TESS):
        assert first.asks(spelt).status_code == 200
        world.now += timedelta(minutes=1)
    assert [post.envelope for post in first.mail.posts] == [(TESS,)] * 3
    first.asks("otto@dunmoor.example")
    assert first.mail.posts[-1].envelope == ("otto@dunmoor.example",), "another's are not used up by it"
    assert first.signs_in(first.mail.link(0)).status_code == 303, "those that were sent stay good"
    first.asks(TESS)
    assert len(first.mail.posts) == 5, "one was used"
    world.now += timedelta(minutes=15)
    first.asks(TESS)
    assert len(first.mail.posts) == 6


@one_engine
def test_the_answer_is_out_before_any_mail_is_sent(world: World, first: Replica) -> None:
    from tests.pages.ground import Straight

    happened: list[str] = []
    real = first.mail.send

    def send(post: Any) -> Any:
        happened.append("mail")
        return real(post)

    first.mail.send = send  # type: ignore[method-assign]
    straight = Straight(first)  # type: ignore[arg-type]
    straight.heard = happened.append
    assert straight.send("POST", "/sign-in", data={"email": TESS, "authority": "dunmoor"}).status_code == 200
    assert happened == ["answered", "mail"]


# Where one goes on to.


ELSEWHERE_ON_THE_WEB = (
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example", "http:evil.example",
    "HTTPS://evil.example", "//evil.example/%2e%2e", "/\t/evil.example", "/\n/evil.example", "\r\n//evil.example",
    " //evil.example", "/%5cevil.example\\", "javascript:alert(1)", "data:text/html,x", "//127.0.0.1:8000@evil.example",
    "@evil.example", "evil.example", "/\u2028/evil.example", "/\u00a0//evil.example", "//\u0435vil.example", "/.\\evil.example",
    "?//evil.example", "#//evil.example", "/" + "a" * 400, "", "%2f%2fevil.example", "/\x00/evil.example",
    "/\x0d\x0aLocation: //evil.example", ".evil.example", ":80",
)  # fmt: skip


def goes_home(location: str) -> bool:
    """Does a browser that goes there stay with us?"""
    return bool(re.fullmatch(r"/(?![/\\])[!-\[\]-~]*", location))


def test_nobody_is_sent_on_to_another_site(world: World, first: Replica) -> None:
    assert goes_home("/inbox?page=2")
    for then in ELSEWHERE_ON_THE_WEB:
        assert goes_home(safe_path(then)), repr(then)
        page = first.at().send("GET", "/sign-in", params={"then": then})
        assert "evil" not in page.text, repr(then)
    for n, then in enumerate(ELSEWHERE_ON_THE_WEB):
        person = ("tess", "otto", "gina", "tom", "cora", "hugo", "leif")[n % 7]
        world.now += timedelta(minutes=5)
        first.asks(f"{person}@dunmoor.example", then=then)
        answer = first.signs_in(first.mail.link())
        assert goes_home(answer.headers["location"]), repr(then)
    for path in ("//evil.example/x", "//evil.example/do/x", "/%5cevil.example/do/x", "///evil.example/"):
        answer = first.at().send("GET", f"http://testserver{path}")
        hrefs = re.findall(r'(?:href|action)="([^"]*)"', answer.text)
        assert all(goes_home(href) or href.startswith("#") for href in hrefs), (path, hrefs)


ON_THIS_MACHINE = ("http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000", "https://localhost")
NOT_ON_THIS_MACHINE = (
    "https://drp.example", "http://127.0.0.1.evil.example", "http://localhost.example", "http://127.0.0.1@evil.example",
    "http://10.0.0.5", "http://0.0.0.0:8000", "",
)  # fmt: skip


@one_engine
def test_anybody_may_be_anybody_on_this_machine_alone(world: World, opened: Callable[..., Replica]) -> None:
    for link in NOT_ON_THIS_MACHINE:
        with pytest.raises((RuntimeError, ValueError), match=r"DRP_CHOOSE_A_PERSON|is no address"):
            create_app(Settings(**world.settings.model_dump() | {"choose_a_person": True, "link": link}), lambda: world.now)
    person = f"dunmoor/{world.id('tess')}"
    for link in ON_THIS_MACHINE:
        chosen = opened(choose_a_person=True, link=link)
        here = {"Host": link.partition("://")[2]}
        answer = chosen.at().send("POST", "/sign-in/as", here, data={"person": person, "then": "//evil.example"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
    nobody = ("dunmoor/x", "elsewhere/" + str(world.id("tess")), "", "/", f"dunmoor/{world.id('tess')}/x")
    for wrong in nobody:
        assert chosen.at().send("POST", "/sign-in/as", here, data={"person": wrong}).status_code == 401
    refused = Visitor(world).send("POST", "/sign-in/as", data={"person": person})
    assert refused.status_code == 401, "where it is not a demonstration"
    assert "set-cookie" not in refused.headers
    assert "Tess" not in Visitor(world).open("/sign-in").text


def test_an_address_that_two_people_share_signs_in_neither(world: World, first: Replica) -> None:
    asked_about(first, "first of all: what is looked up once")
    everybody, sent = asked_about(first, TESS), len(first.mail.posts)
    world.changes("otto", email=TESS.upper())
    assert asked_about(first, TESS) == everybody
    assert len(first.mail.posts) == sent
    world.leaves("otto", "2026-03-31")
    first.asks(TESS)
    assert "Tess" in first.at(cookie_of(first.signs_in(first.mail.link()))).open("/").answer.text


def test_a_person_who_shares_an_address_signs_in_as_nobody_else(two: World, opened: Callable[..., Replica]) -> None:
    """The same address in two authorities is two people: each link opens its own authority's."""
    first = opened()
    with two.store.write(ELSEWHERE.key) as connection:
        theirs = (PersonRow.authority == "elsewhere", PersonRow.key == "otto")
        connection.execute(update(PersonRow).where(*theirs).values(email=TESS, email_folded=TESS))
    first.asks(TESS, authority="elsewhere")
    assert first.mail.link().startswith("/sign-in/link/elsewhere.")
    cookie = cookie_of(first.signs_in(first.mail.link()))
    assert cookie.startswith("elsewhere.")
    assert "Otto" in first.at(cookie).open("/").answer.text
