"""Uploads that are too large, too many, too slow or lie about themselves, sent by hand to the service as a process of its own.

Each is refused in time, takes no memory to speak of, and leaves nothing on the disk.
"""

import asyncio
import multiprocessing
import os
import re
import shutil
import socket
import time
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api import body_limit
from api.assembly import system_clock
from api.body_limit import BodyLimit
from drp.database.engine import Store
from drp.identity import sessions
from tests.cast.councils import DUNMOOR
from tests.cast.world import World
from tests.faults import served
from tests.pages.browser import at_browser
from tests.store.files import ABUSES, docx, pdf, pdf_of, png

MIB = 1024 * 1024
LIMIT = 10 * MIB
SECONDS, BYTES = 2.0, 100 * MIB

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.served"])


# The service, and what is sent to it by hand.


@dataclass
class Target:
    """A service that listens, and somebody signed in who may attach to an item."""

    port: int
    pid: int
    cookie: str
    token: str
    reference: str
    attachments: Path
    temporary: Path

    @property
    def path(self) -> str:
        return f"/challenges/{self.reference}/documents"

    def head(self, *lines: str, signed_in: bool = True, kind: str = "multipart/form-data; boundary=xx", path: str = "") -> bytes:
        """The beginning of a request."""
        said = [f"POST {path or self.path} HTTP/1.1", "Host: drp.example", f"Content-Type: {kind}"]
        if signed_in:
            said.append(f"Cookie: drp={self.cookie}")
        return "\r\n".join([*said, *lines, "", ""]).encode("latin-1")

    def body(self, octets: bytes, name: str = "plan.pdf", before: bytes = b"") -> bytes:
        """A form with a document."""
        return (
            before
            + part('name="form_token"', self.token.encode())
            + part('name="about"', b"")
            + part(f'name="file"; filename="{name}"', octets)
            + b"--xx--\r\n"
        )

    def whole(self, body: bytes, **more: Any) -> bytes:
        return self.head(f"Content-Length: {len(body)}", **more) + body

    def ask(self, *pieces: bytes, listens: bool = True, ends: bool = False) -> int:
        """Send, and read the status of the answer. 0: none came."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as there:
            with suppress(BrokenPipeError, ConnectionResetError):  # it has answered, and listens no longer
                for piece in pieces:
                    there.sendall(piece)
                if ends:
                    there.shutdown(socket.SHUT_WR)
            if not listens:
                return 0
            answer = b""
            with suppress(ConnectionResetError):
                while b"\r\n" not in answer and (more := there.recv(65536)):
                    answer += more
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
        return int(found[1]) if found else 0

    def on_the_disk(self) -> list[str]:
        """Every file that is kept, and every temporary one that has a name."""
        return sorted(str(path) for folder in (self.attachments, self.temporary) for path in folder.rglob("*"))

    def open_without_a_name(self) -> Counter[str]:
        """Files that are open and have no name any more: the service closes its own soon after it answered."""
        open_ones: Counter[str] = Counter()
        for descriptor in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(OSError):
                target = os.readlink(descriptor)
                open_ones[target] += target.endswith("(deleted)")
        return open_ones


def memory_of(pid: int, which: str) -> int:
    """VmRSS, or VmHWM (the most that it was since it was last asked from afresh), in bytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{which}:\s+(\d+) kB", text)[1]) * 1024  # type: ignore[index]


def part(disposition: str, value: bytes, *lines: str) -> bytes:
    more = "".join(f"{line}\r\n" for line in lines)
    return f"--xx\r\nContent-Disposition: form-data; {disposition}\r\n{more}\r\n".encode() + value + b"\r\n"


@contextmanager
def scales(pid: int) -> Iterator[None]:
    """Fail if a process grows by more than is allowed meanwhile."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = memory_of(pid, "VmRSS")
    yield
    assert memory_of(pid, "VmHWM") - before < BYTES


@contextmanager
def watch(pid: int) -> Iterator[None]:
    """Fail if a process works for too long meanwhile. Its own seconds, not the wall's: other tests may be running."""
    began = worked(pid)
    yield
    assert worked(pid) - began < SECONDS


def worked(pid: int) -> float:
    """Seconds of a processor that a process has had."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def target(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("attacked")
    temporary = folder / "tmp"
    temporary.mkdir()
    shutil.copy(sqlite_template, folder / "drp.sqlite")
    store = Store(f"sqlite:///{folder / 'drp.sqlite'}")
    world = World(store, folder, DUNMOOR)
    reference = str(world.as_("irene").raises(item_type="formal").json()["reference"])
    tess = at_browser(world, "tess")
    with store.read(DUNMOOR.key) as connection:
        limits = world.settings.session_limits
        token = sessions.in_force(connection, world.service.seal, DUNMOOR.key, tess.cookie, world.now, limits).form_token
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    env = {
        "DRP_DATABASE_URL": store.url, "DRP_VAR": str(folder), "DRP_HEARTBEAT": "false", "DRP_MAIL": "none",
        "DRP_HOLD_AFTER_MINUTES": "600000", "FAULTS_AHEAD": str((world.now - system_clock()).total_seconds()),
        "TMPDIR": str(temporary),
    }  # fmt: skip
    process = _FORKS.Process(target=served.serve, args=(port, env), daemon=True)
    process.start()
    assert process.pid is not None
    target = Target(
        port, process.pid, tess.cookie, token, reference, world.settings.attachments_folder, temporary
    )  # fmt: skip
    try:
        for _ in range(600):
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            process.join(0.05)
        # What is made once, at the first document: not counted against the attacks.
        assert target.ask(target.whole(target.body(PLAN))) == 303
        assert target.ask(target.whole(target.body(pdf_of(LIMIT)))) == 303
        yield target
    finally:
        process.kill()
        process.join()
        world.close()
        store.close()


PLAN = pdf(b"The plan.")


@contextmanager
def harmless(target: Target) -> Iterator[None]:
    """In time, within memory, with nothing left on the disk and the service as it was."""
    before, open_before = target.on_the_disk(), target.open_without_a_name()  # some of the request before this one, perhaps
    with scales(target.pid), watch(target.pid):
        yield
    settled(lambda: target.on_the_disk() == before and target.open_without_a_name() <= open_before)
    assert target.ask(b"GET /api/v1/ladders HTTP/1.1\r\nHost: x\r\n\r\n") == 401


def settled(what: Callable[[], bool]) -> None:
    """Somebody who went away is noticed a moment later."""
    until = time.monotonic() + 5
    while not what():
        assert time.monotonic() < until


# Too large.


def test_a_document_of_exactly_the_limit_is_taken_within_memory_and_time(target: Target) -> None:
    with scales(target.pid), watch(target.pid):
        assert target.ask(target.whole(target.body(pdf_of(LIMIT)))) == 303


def test_a_byte_more_is_refused_beside_the_field(target: Target) -> None:
    with harmless(target):
        assert target.ask(target.whole(target.body(pdf_of(LIMIT + 1)))) == 422


@pytest.mark.parametrize("size", [LIMIT + 64 * 1024 + 1, 2**40, 10**18, 10**19])
def test_what_says_that_it_is_too_large_is_refused_before_a_byte_of_it_came(target: Target, size: int) -> None:
    with harmless(target):
        assert target.ask(target.head(f"Content-Length: {size}")) == 413


def chunked(body: bytes, size: int = 65536) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        piece = body[start : start + size]
        yield b"%x\r\n" % len(piece) + piece + b"\r\n"
    yield b"0\r\n\r\n"


def test_what_does_not_say_how_large_it_is_is_counted_as_it_comes(target: Target) -> None:
    head = target.head("Transfer-Encoding: chunked")
    with harmless(target):
        assert target.ask(head, *chunked(target.body(bytes(LIMIT + 100 * 1024)))) == 413
        endless = part('name="file"; filename="a.pdf"', bytes(40 * MIB))
        assert target.ask(head, *chunked(endless)) == 413
    assert target.ask(head, *chunked(target.body(png()))) == 303, "a small one is welcome"


def test_a_length_that_lies_deceives_nobody(target: Target) -> None:
    body = target.body(pdf_of(LIMIT))
    with harmless(target):
        assert target.ask(target.head("Content-Length: 1000") + body) in (400, 422)
        assert target.ask(target.head(f"Content-Length: {len(body)}"), body[:500_000], listens=False) == 0
        assert target.ask(target.head(f"Content-Length: {len(body)}"), body[:2_000_000], ends=True) in (0, 408, 422)
        assert target.ask(target.head("Content-Length: -5"), body) == 400
        assert target.ask(target.head("Content-Length: 5", "Content-Length: 9000000"), body) == 400
        assert target.ask(target.head("Content-Length: 0x10"), body) == 400
        both = target.head("Content-Length: 5", "Transfer-Encoding: chunked")
        assert target.ask(both, *chunked(bytes(LIMIT * 2))) in (400, 413, 422)


@pytest.mark.parametrize(
    "path", ["/sign-in", "/challenges/ABCD-2345/answer", "/challenges/ABCD-2345/documents/1", "/api/v1/challenges"]
)
def test_every_other_form_has_the_small_limit(target: Target, path: str) -> None:
    with harmless(target):
        assert target.ask(target.head(f"Content-Length: {256 * 1024 + 1}", path=path)) == 413
        assert target.ask(target.head("Transfer-Encoding: chunked", path=path), *chunked(bytes(300 * 1024))) == 413


# Made to be hard to read.


def malformed() -> dict[str, bytes]:
    """Bodies whose form is the attack."""
    dashes = b"\r\n--x" * (9 * MIB // 5)
    return {
        "ten thousand parts": b"".join(part(f'name="a{n}"', b"x") for n in range(10_000)) + b"--xx--\r\n",
        "ten thousand files": b"".join(part(f'name="a{n}"; filename="a"', b"x") for n in range(10_000)) + b"--xx--\r\n",
        "a part with a header of eight megabytes": part('name="a"', b"x", "X-Long: " + "y" * 8 * MIB),
        "a part with a hundred thousand headers": part('name="a"', b"x", *(f"X-{n}: y" for n in range(100_000))),
        "a name of eight megabytes": part(f'name="{"a" * 8 * MIB}"', b"x"),
        "a file name of eight megabytes": part(f'name="file"; filename="{"a" * 8 * MIB}.pdf"', PLAN),
        "a text of nine megabytes": part('name="about"', b"a" * 9 * MIB),
        "a part without a name": part("x=y", b"x"),
        "nothing but ends of lines": b"\r\n" * (9 * MIB // 2),
        "nothing but beginnings of a border": part('name="file"; filename="a.pdf"', dashes),
        "no border at all": b"x" * 9 * MIB,
        "an end that never comes": part('name="file"; filename="a.pdf"', bytes(9 * MIB)),
        "parameters without end": part('name="a"; ' + "a=b; " * 100_000, b"x"),
        "nothing": b"",
    }


@pytest.mark.parametrize("what", malformed())
def test_a_form_made_to_be_hard_to_read_is_refused(target: Target, what: str) -> None:
    body = malformed()[what]
    with harmless(target):
        assert target.ask(target.whole(body)) in (400, 422)


@pytest.mark.parametrize("kind", ["multipart/form-data", f"multipart/form-data; boundary={'x' * 5000}", "text/plain", "multipart/form-data; boundary=\"\"", "application/x-www-form-urlencoded"])  # fmt: skip  # noqa: E501
def test_a_form_of_no_proper_kind_is_refused(target: Target, kind: str) -> None:
    with harmless(target):
        assert target.ask(target.whole(target.body(pdf(bytes(MIB))), kind=kind)) in (400, 403, 422)


HARDEST = [what for what in ABUSES if "bomb" in what or "thousand" in what or "never" in what or "nothing but" in what]


@pytest.mark.parametrize("what", HARDEST)
def test_a_document_made_to_be_hard_to_read_is_refused(target: Target, what: str) -> None:
    body = target.body(ABUSES[what](), "../../../etc/plan.pdf")
    with harmless(target):
        assert target.ask(target.whole(body)) in (413, 422)


# Who is not signed in has nothing read; many at once wait for each other.


def test_of_somebody_who_is_not_signed_in_nothing_is_read(target: Target) -> None:
    with harmless(target):
        assert target.ask(target.head("Content-Length: 9000000", signed_in=False)) == 401
        elsewhere = target.path.replace(target.reference, "ABCD-2345")
        assert target.ask(target.head("Content-Length: 9000000", path=elsewhere)) == 404


def test_many_at_once_are_taken_one_after_the_other(target: Target) -> None:
    bodies = [target.whole(target.body(pdf_of(LIMIT - n))) for n in range(12)]
    with scales(target.pid), ThreadPoolExecutor(12) as people:
        assert set(people.map(target.ask, bodies)) == {303}


def test_those_who_say_much_and_send_nothing_keep_nobody_else_waiting_who_sends_little(target: Target) -> None:
    with contextmanager(idle)(target, 12), watch(target.pid):
        assert target.ask(target.whole(target.body(docx()))) == 303


def idle(target: Target, number: int) -> Iterator[None]:
    """So many connections of somebody signed in that say they send a large document, and do not."""
    made = [socket.create_connection(("127.0.0.1", target.port), timeout=20) for _ in range(number)]
    for one in made:
        one.sendall(target.head("Content-Length: 9000000"))
    try:
        yield
    finally:
        for one in made:
            one.close()


# Too slow.


def sends(*messages: dict[str, Any]) -> Callable[[], Awaitable[dict[str, Any]]]:
    """What comes in: these, and then nothing for ever."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        if left:
            return left.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


async def reads_all(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads what it is sent, and answers."""
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def status_of(path: str, headers: list[tuple[bytes, bytes]], receive: Any, app: Any = reads_all, **set_: Any) -> tuple[int, Any]:
    """What the limit answers."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"", "server": ("x", 80)}
    scope |= {"scheme": "http", "http_version": "1.1", "root_path": "", "client": None}
    limited = BodyLimit(app, 1000, 5000, **{"seconds": 0.02, **set_})
    asyncio.run(asyncio.wait_for(limited(scope, receive, send), 3))
    return sent[0]["status"], dict(sent[0]["headers"])


PIECE = {"type": "http.request", "body": b"x", "more_body": True}
DOCUMENTS = "/challenges/ABCD-2345/documents"


@pytest.mark.parametrize("path", [DOCUMENTS, "/sign-in"])
def test_a_body_that_never_ends_is_given_up(path: str) -> None:
    status, headers = status_of(path, [], sends(PIECE, PIECE))
    assert status == 408
    assert headers[b"connection"] == b"close"


def test_a_body_in_single_bytes_costs_no_more_than_its_bytes() -> None:
    tracemalloc.start()
    status, _ = status_of("/sign-in", [], sends(*[PIECE] * 999, {**PIECE, "more_body": False}), seconds=5)
    assert status == 200
    assert tracemalloc.get_traced_memory()[1] < MIB
    tracemalloc.stop()


def test_whoever_goes_away_is_told_nothing_and_nothing_is_done() -> None:
    def app(scope: Any, receive: Any, send: Any) -> Any:
        return reads_all(scope, receive, send)

    for path in (DOCUMENTS, "/sign-in"):
        status, _ = status_of(path, [], sends(PIECE, {"type": "http.disconnect"}), app)
        assert status == 408


def test_a_place_that_never_gets_free_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "AT_ONCE", 0)
    assert status_of(DOCUMENTS, [], sends())[0] == 408


# Twins: a bug is planted, and the test must find it.

FOUND = (AssertionError, pytest.fail.Exception, TimeoutError)


def test_planted_a_service_that_grows() -> None:
    held = []
    with pytest.raises(AssertionError), scales(os.getpid()):
        held.append(bytearray(os.urandom(1)) * (BYTES + 20 * MIB))  # noqa: TID251 -- a page that was written to


def test_planted_a_service_that_is_slow() -> None:
    def slow() -> None:
        until = time.process_time() + SECONDS + 0.1
        while time.process_time() < until:
            pass

    with pytest.raises(AssertionError), watch(os.getpid()):
        slow()


def test_planted_something_left_on_the_disk(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.pages.test_uploads_under_attack.settled", lambda what: _at_once(what()))
    with pytest.raises(AssertionError), harmless(target):
        assert target.ask(target.whole(target.body(pdf(b"left behind")))) == 303


def _at_once(is_so: bool) -> None:
    assert is_so


def test_planted_a_limit_without_a_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    class Patient(BodyLimit):
        def __init__(self, app: Any, most: int, document: int, seconds: float) -> None:
            super().__init__(app, most, document, seconds + 3600)

    monkeypatch.setattr("tests.pages.test_uploads_under_attack.BodyLimit", Patient)
    with pytest.raises(FOUND):
        test_a_body_that_never_ends_is_given_up("/sign-in")


def test_a_size_that_was_not_said_is_counted() -> None:
    large = {"type": "http.request", "body": bytes(60_000), "more_body": True}
    assert status_of("/sign-in", [], sends(large, large))[0] == 413
    assert status_of(DOCUMENTS, [], sends(large, large))[0] == 413
    assert status_of(DOCUMENTS, [], sends(large, {**PIECE, "more_body": False}))[0] == 200


def test_planted_a_limit_that_believes_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def trusting(app: Any, most: int, document: int, seconds: float) -> Any:
        strict = body_limit.BodyLimit(app, most, document, seconds)
        lax = body_limit.BodyLimit(app, 10**9, 10**9, seconds)

        async def limited(scope: Any, receive: Any, send: Any) -> None:
            says_its_size = b"content-length" in dict(scope["headers"])
            await (strict if says_its_size else lax)(scope, receive, send)

        return limited

    monkeypatch.setattr("tests.pages.test_uploads_under_attack.BodyLimit", trusting)
    with pytest.raises(FOUND):
        test_a_size_that_was_not_said_is_counted()
