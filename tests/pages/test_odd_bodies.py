"""Bodies that no browser sends: each is refused in words, or read as far as it is text; never a fault, on either engine."""

from typing import Any

import pytest

from drp.database.challenge_tables import EntryRow
from drp.database.draft_tables import DraftRow
from tests.cast.world import World
from tests.pages.browser import Visitor, at_browser
from tests.pages.ground import Straight


def sent(world: World, by: Visitor | None, path: str, **more: Any) -> Any:
    try:
        return Straight(world, by.cookie if by else "").send("POST", path, **more)
    except Exception as fault:
        raise AssertionError(f"{path}: a fault of our own") from fault


def test_a_nul_is_nothing_wherever_it_stands(world: World) -> None:
    irene = at_browser(world, "irene")
    reference = world.as_("irene").raises(item_type="formal").json()["reference"]
    note = f"/challenges/{reference}/do/noted"
    whole = irene.open(note).form(note).inputs | {"text": ["Written down."]}
    talk = irene.open("/talks/new").form("/talks/new").inputs | {"child": "T-1", "reason": world.reason, "concern": "Talked."}
    first = irene.open("/raise").form("/raise").inputs | {"child": "T-1", "item_type": "formal"}
    before = world.count(EntryRow)
    assert sent(world, None, "/sign-in", data={"authority": "dunmoor", "email": "tess\0@dunmoor.example"}).status_code == 200
    assert sent(world, None, f"/sign-in/link/dunmoor.{'%00' * 64}").status_code == 410
    assert sent(world, irene, note, data=whole | {"once": "a\0b"}).status_code == 303
    assert sent(world, irene, note, data=whole | {"once": "c", "text": "Writ\0ten."}).status_code == 303
    assert sent(world, irene, note, data=whole | {"seen": "\0"}).status_code == 303
    assert world.count(EntryRow) == before + 3
    assert sent(world, irene, "/talks/new", data=talk | {"child": "T\0-99"}).status_code == 422
    assert sent(world, irene, "/raise", data=first | {"child": "T\0-99"}).status_code == 422
    assert sent(world, irene, "/raise", data=first | {"a\0name": "\0"}).status_code == 303
    for path in (
        f"/challenges/{reference}%00",
        f"{note}%00",
        "/raise/%00",
        "/teams/%00",
        f"/challenges/{reference}/documents/%00",
    ):
        assert irene.send("GET", path).status_code in (404, 422, 200), path
    for name in ("q", "team", "stage", "kind", "state"):
        assert irene.send("GET", f"/search?{name}=%00").status_code == 200, name
    assert irene.send("GET", "/search?after=%00").status_code == 422
    assert "Written." in irene.open(f"/challenges/{reference}").text


def part(name: str, value: bytes) -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\n' + value + b"\r\n"


ENCODINGS = (
    "idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "utf-16", "utf-7", "utf-8-sig", "rot13", "hex",
    "zip", "mbcs", "no-such", "", "\x80", "utf-8; x",
)  # fmt: skip


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_form_that_names_an_encoding_that_is_none_is_refused_in_words(world: World) -> None:
    irene = at_browser(world, "irene")
    reference = world.as_("irene").raises(item_type="formal").json()["reference"]
    before = world.count(EntryRow)
    for encoding in ENCODINGS:
        for value in (b"\\ud800", b"\xff\xfe\xd8", b"a..b"):
            body = (
                part("text", value)
                + part("form_token", value)
                + part("email", value)
                + part("authority", b"dunmoor")
                + b"--x--\r\n"
            )
            kind = {"Content-Type": f"multipart/form-data; boundary=x; charset={encoding}".encode("latin-1")}
            for by, path in ((irene, f"/challenges/{reference}/do/noted"), (None, "/sign-in")):
                answer = sent(world, by, path, content=body, headers=kind)
                assert answer.status_code in (200, 422, 429), (encoding, value, path, answer.status_code)
    assert world.count(EntryRow) == before


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_form_that_is_broken_off_or_holds_too_much_is_refused_in_words(world: World) -> None:
    irene = at_browser(world, "irene")
    multipart = {"Content-Type": "multipart/form-data; boundary=x"}
    bodies: tuple[tuple[bytes, dict[str, str]], ...] = (
        (b"--x\r\nContent-Disp", multipart), (b"xx", multipart), (b"", multipart), (b"--x--", multipart),
        (b"--x\r\n\r\nno name\r\n--x--\r\n", multipart), (b"xx", {"Content-Type": "multipart/form-data"}),
        (part("text", b"y" * 200_000) * 1 + b"--x--\r\n", multipart), (part("a", b"b") * 2_000 + b"--x--\r\n", multipart),
        (b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n" * 9 + b"--x--\r\n", multipart),
        (b"a=b&" * 2_000, {"Content-Type": "application/x-www-form-urlencoded"}),
        (b"%" * 1_000, {"Content-Type": "application/x-www-form-urlencoded"}), (b"\xff" * 1_000, {"Content-Type": "\xff"}),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded; charset=utf-16"}),
    )  # fmt: skip
    drafts = world.count(DraftRow)
    for path in ("/raise", "/talks/new", "/notices/new", "/inbox", "/cover", "/sign-in", "/sign-in/as", "/sign-out"):
        for content, headers in bodies:
            kind = {name: value.encode("latin-1") for name, value in headers.items()}
            for by in (irene, None):
                if path != "/sign-out" or by is None:
                    answer = sent(world, by, path, content=content, headers=kind)
                    assert answer.status_code in (200, 401, 403, 404, 413, 422, 429), (path, content[:40], answer.status_code)
                    assert answer.headers["content-type"].startswith("text/html")
    assert world.count(DraftRow) == drafts
