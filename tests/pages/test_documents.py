"""Documents in the browser: attached by whoever may, read by whoever reads their entry, handed over as files and nothing else."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest

from api.pages.item import documents_page
from api.presenters import item_reader
from drp.database.unavailable import Unavailable
from drp.files.accepting import AcceptedDocument
from drp.items import attachments as keeping
from drp.items.attachments import Attachments
from tests.cast.councils import ELSEWHERE
from tests.cast.world import World
from tests.pages.browser import Page, Visitor, at_browser
from tests.store.files import ABUSES, docx, jpeg, pdf, png

PLAN = pdf(b"We will hold the meeting on 16 March.")
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
HTML = b"<!DOCTYPE html><script>alert(1)</script>"

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def raised(world: World, person: str = "irene", **said: object) -> str:
    answer = world.as_(person).raises(item_type="formal", effect_on_child="She waits.", outcome_sought="A plan.", **said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


def attach(visitor: Visitor, reference: str, octets: bytes = PLAN, name: str = "Action plan.pdf", **said: Any) -> Page:
    """Open the page, choose a file, press."""
    page = visitor.open(f"/challenges/{reference}/documents")
    return visitor.fill(page, f"/challenges/{reference}/documents", files={"file": (name, octets, "text/html")}, **said)


def files_of(page: Page) -> list[str]:
    """Where the documents of a page are."""
    return [href for href, _ in page.links if re.search(r"/documents/\d+$", href)]


def left_behind(world: World) -> list[str]:
    folder = world.settings.attachments_folder
    return sorted(str(path) for path in folder.rglob("*") if path.is_file())


# Attached, listed, opened.


def test_a_manager_attaches_a_plan_and_the_iro_reads_it_as_it_was_sent(world):
    reference = raised(world)
    page = attach(at_browser(world, "tess"), reference, about="What we will do by May.")
    assert page.status == 200
    assert "Attached. It stands on the record with your name." in page.text
    irene = at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}/documents")
    assert "What we will do by May." in page.text
    assert "PDF, 1 KB · Tess, Wednesday 1 April 2026, 10:00" in page.text
    answer = irene.send("GET", page.link("Action plan.pdf"))
    assert answer.status_code == 200
    assert answer.content == PLAN
    # From its entry on the timeline too.
    assert files_of(irene.open(f"/challenges/{reference}?all=1")) == files_of(page)


def test_what_is_taken_and_how_large_is_said_beside_the_field(world):
    reference = raised(world)
    page = at_browser(world, "tess").open(f"/challenges/{reference}/documents")
    assert "A PDF, a Word document (.docx), a PNG or a JPEG, of at most 10 MB." in page.text
    assert 'accept=".pdf,' in page.html
    assert "No document is attached that you can read." in page.text
    assert page.html.count('enctype="multipart/form-data"') == 1


def test_every_kind_that_is_taken_goes_round(world):
    reference = raised(world)
    irene = at_browser(world, "irene")
    for octets, kind in ((PLAN, "application/pdf"), (png(), "image/png"), (jpeg(), "image/jpeg"), (docx(), "officedocument")):
        page = attach(irene, reference, octets, "whatever.bin")
        answer = irene.send("GET", files_of(page)[0])
        assert answer.content == octets
        assert kind in answer.headers["content-type"]
    assert len(left_behind(world)) == 4


def test_without_a_document_the_page_says_so_and_keeps_what_was_typed(world):
    reference = raised(world)
    tess = at_browser(world, "tess")
    page = tess.open(f"/challenges/{reference}/documents")
    page = tess.fill(page, about="The minutes.")
    assert (page.status, page.title[:6]) == (422, "Error:")
    assert "Choose the document." in page.text
    assert page.form().inputs["about"] == ["The minutes."]
    page = attach(tess, reference, about="x" * 201)
    assert page.status == 422
    assert "This is more than a line" in page.text or "longer than" in page.text
    assert left_behind(world) == []


def test_personal_details_in_the_line_beside_it_are_asked_about(world):
    reference = raised(world)
    page = attach(at_browser(world, "tess"), reference, about="Ring her mother on 07700 900123.")
    assert page.status == 422
    assert "I have checked: it is needed here" in page.text
    assert "Choose the document once more" in page.text
    assert left_behind(world) == []


def test_pressing_twice_attaches_once_and_another_document_is_another_act(world):
    reference = raised(world)
    tess = at_browser(world, "tess")
    page = tess.open(f"/challenges/{reference}/documents")
    for octets in (PLAN, PLAN, png()):
        sent = tess.fill(page, files={"file": ("plan.pdf", octets)})
        assert sent.status == 200, sent.text
    assert len(files_of(tess.open(f"/challenges/{reference}/documents"))) == 2


def test_every_reading_is_in_the_access_log(world):
    reference = raised(world)
    irene = at_browser(world, "irene")
    irene.send("GET", files_of(attach(irene, reference))[0])
    what = [line["what"] for line in world.service.access_log.of(world.council.key, reference)]
    assert what[-1].startswith("document ")
    assert "event" in what


def test_what_cannot_be_logged_is_not_handed_over(world, monkeypatch):
    reference = raised(world)
    irene = at_browser(world, "irene")
    href = files_of(attach(irene, reference))[0]

    def full(*_: object) -> None:
        raise Unavailable("the access log cannot be written")

    monkeypatch.setattr(type(world.service.access_log), "record", full)
    answer = irene.send("GET", href)
    assert answer.status_code == 503
    assert PLAN not in answer.content


# Who may.


def unlike(first: Any, second: Any, *names: str) -> str:
    """In what two answers differ, but for what was asked for."""
    said = []
    for answer in (first, second):
        text = answer.text
        for name in names:
            text = text.replace(name, "…")
        said.append((answer.status_code, text, sorted((k, v) for k, v in answer.headers.items() if k != "content-length")))
    return "" if said[0] == said[1] else f"{said[0]}\n{said[1]}"


def test_somebody_elses_document_is_like_one_that_does_not_exist(two):
    world = two
    reference = raised(world)
    href = files_of(attach(at_browser(world, "tess"), reference))[0]
    for stranger in (at_browser(world, "tom"), at_browser(world, "ivor"), at_browser(world, "mona", ELSEWHERE.key)):
        for path in (href, f"/challenges/{reference}/documents"):
            answer = stranger.send("GET", path)
            assert answer.status_code == 404
            assert not unlike(answer, stranger.send("GET", path.replace(reference, "ABCD-2345")))
            assert "plan" not in answer.text
        refused = stranger.send("POST", f"/challenges/{reference}/documents", files={"file": ("a.pdf", PLAN)})
        assert refused.status_code == 404
    answer = at_browser(world, "tess").send("GET", f"/challenges/{reference}/documents/9999")
    assert answer.status_code == 404
    for absurd in ("0", "-1", "1e3", "1", "x", "٣", "1%00", "..%2f..%2fetc%2fpasswd", "9" * 400):
        assert at_browser(world, "tess").send("GET", f"/challenges/{reference}/documents/{absurd}").status_code == 404, absurd


def test_what_the_iro_service_keeps_is_invisible_to_the_manager(world):
    reference = raised(world)
    irene, tess = at_browser(world, "irene"), at_browser(world, "tess")
    page = attach(irene, reference, name="Advice of counsel.pdf", iro_service_only="yes")
    href = files_of(page)[0]
    assert "IRO service only" in page.text
    assert irene.send("GET", href).content == PLAN
    mine = tess.open(f"/challenges/{reference}/documents")
    assert files_of(mine) == []
    assert "counsel" not in mine.html
    assert "iro_service_only" not in mine.html
    answer = tess.send("GET", href)
    assert answer.status_code == 404
    assert not unlike(answer, tess.send("GET", f"/challenges/{reference}/documents/77"))


def test_a_manager_who_ticks_what_they_were_not_given_shares_it_with_everybody(world):
    reference = raised(world)
    tess = at_browser(world, "tess")
    form = tess.open(f"/challenges/{reference}/documents").form()
    data = {**{name: values[0] for name, values in form.inputs.items()}, "iro_service_only": "yes"}
    answer = tess.send("POST", form.action, data=data, files={"file": ("plan.pdf", PLAN)})
    assert answer.status_code == 303
    [visible] = {entry.visible for entry in world.entries(reference) if entry.kind == "document_attached"}
    assert visible == "everyone"


def test_a_sealed_item_takes_no_document_and_shows_none_to_whoever_was_asked(world):
    reference = raised(world)
    attach(at_browser(world, "tess"), reference)
    irene = at_browser(world, "irene")
    page = irene.open(f"/challenges/{reference}/documents")
    world.as_("irene").brings(reference, "recorded_in_error", why="Another child's.")
    assert "Attach it" not in irene.open(f"/challenges/{reference}/documents").text
    assert irene.fill(page, files={"file": ("plan.pdf", png())}).status == 409
    assert at_browser(world, "tess").open(f"/challenges/{reference}/documents").status == 404
    assert len(left_behind(world)) == 1


def test_nobody_signed_in_attaches_or_reads_anything(world):
    reference = raised(world)
    href = files_of(attach(at_browser(world, "tess"), reference))[0]
    nobody = Visitor(world)
    assert nobody.send("GET", href).status_code == 303
    assert nobody.send("POST", f"/challenges/{reference}/documents", files={"file": ("a.pdf", png())}).status_code == 401
    large = {"file": ("a.pdf", pdf(bytes(500_000)))}
    assert nobody.send("POST", f"/challenges/{reference}/documents", files=large).status_code == 401
    assert len(left_behind(world)) == 1


@pytest.mark.parametrize("how", ["another site", "no token", "an older session"])
def test_a_form_that_is_not_this_sessions_attaches_nothing(world, how):
    reference = raised(world)
    irene = at_browser(world, "irene")
    form = irene.open(f"/challenges/{reference}/documents").form()
    data = {name: values[0] for name, values in form.inputs.items()}
    headers = {"Origin": "https://elsewhere.example"} if how == "another site" else {}
    if how != "another site":
        data["form_token"] = (
            "" if how == "no token" else at_browser(world, "irene").open("/sign-out").form().inputs["form_token"][0]
        )
    answer = irene.send("POST", form.action, headers, data=data, files={"file": ("plan.pdf", PLAN)})
    assert answer.status_code in (403, 422)
    assert left_behind(world) == []


# As a file, and nothing else.


def check_is_a_file(answer: Any) -> None:
    """Whatever is in it: no browser shows it as a page of ours."""
    headers = answer.headers
    assert headers["content-disposition"].startswith("attachment; ")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"].partition(";")[0] in documents_page.CALLED
    assert headers["content-length"] == str(len(answer.content))
    assert "set-cookie" not in headers


def test_a_document_is_handed_over_as_a_file(world):
    reference = raised(world)
    tess = at_browser(world, "tess")
    check_is_a_file(tess.send("GET", files_of(attach(tess, reference))[0]))


@pytest.mark.parametrize("octets", [HTML, SVG, b"\n" + HTML + PLAN], ids=["HTML", "SVG", "HTML before a PDF"])
def test_a_page_named_as_a_document_is_never_kept(world, octets):
    reference = raised(world)
    page = attach(at_browser(world, "tess"), reference, octets, "plan.pdf", about="The plan.")
    assert page.status == 422
    assert "Documents of this kind are not taken." in page.text
    assert page.form().inputs["about"] == ["The plan."]
    assert left_behind(world) == []


def test_an_entry_that_claims_to_be_a_page_is_not_served(world, caplog):
    reference = raised(world)
    tess = at_browser(world, "tess")
    href = files_of(attach(tess, reference))[0]

    def served_as_html(self: Attachments, authority: str, facts: Any, name: str) -> Any:
        return real(self, authority, {**facts, "media_type": "text/html"}, name)

    real = Attachments.open
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Attachments, "open", served_as_html)
        answer = tess.send("GET", href)
    assert answer.status_code == 500
    assert PLAN not in answer.content


NAMES = {
    "plan.pdf\r\nSet-Cookie: drp=mine": "plan.pdfSet-Cookie drp=mine",
    'a"; filename=evil.html; x=".pdf': "a ; filename=evil.html; x=",
    "../../../etc/passwd": "passwd",
    "C:\\Windows\\system32\\cmd.exe": "cmd",
    "plan\u202efdp.exe": "planfdp",
    "plan.pdf%0D%0AX-Injected: yes": "plan.pdf%0D%0AX-Injected yes",
    "a\x00b.pdf": "ab",
    "<script>alert(1)</script>.pdf": "script",
    "über plan — ✓.pdf": "über plan — ✓",
    "." * 300: "document",
    "": "document",
}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_only_a_name(world, name):
    reference = raised(world)
    tess = at_browser(world, "tess")
    page = tess.open(f"/challenges/{reference}/documents")
    quoted = name.replace("\\", "\\\\").replace('"', '\\"').encode()  # as it stands, which no browser would send
    form = page.form()
    parts = [(key, b"", value[0].encode()) for key, value in form.inputs.items()]
    parts.append(("file", b'; filename="' + quoted.replace(b"\r\n", b"\x0b") + b'"', PLAN))
    body = b"".join(
        b'--xx\r\nContent-Disposition: form-data; name="' + key.encode() + b'"' + more + b"\r\n\r\n" + value + b"\r\n"
        for key, more, value in parts
    )
    kind = {"Content-Type": "multipart/form-data; boundary=xx"}
    answer = tess.send("POST", form.action, kind, content=body + b"--xx--\r\n")
    assert answer.status_code == 303, answer.text
    page = tess.open(f"/challenges/{reference}/documents")
    [href] = files_of(page)
    answer = tess.send("GET", href)
    check_is_a_file(answer)
    said = answer.headers["content-disposition"]
    assert said.startswith("attachment; filename=\"document.pdf\"; filename*=UTF-8''")
    assert re.fullmatch(r"[A-Za-z0-9._~%-]+\.pdf", said.partition("''")[2]), said
    assert unquote(said.partition("''")[2]) == f"{NAMES[name]}.pdf"
    assert "<script>" not in page.html
    assert len(left_behind(world)) == 1
    assert ".." not in left_behind(world)[0]


@one_engine
def test_whatever_is_no_document_is_refused_beside_the_field(world):
    reference, tess = raised(world), at_browser(world, "tess")
    for what, made in ABUSES.items():
        page = attach(tess, reference, made()[: world.settings.attachment_limit_bytes + 1], "../plan.pdf")
        assert page.status == 422, what
        assert 'href="#file"' in page.html, what
        assert left_behind(world) == [], what


def test_a_document_that_was_lost_or_altered_is_said_plainly_and_logged(world, caplog):
    reference = raised(world)
    tess = at_browser(world, "tess")
    href = files_of(attach(tess, reference))[0]
    [path] = world.settings.attachments_folder.glob("*/*/*")
    for harm in (lambda: path.write_bytes(PLAN.replace(b"16", b"19")), path.unlink):
        harm()
        caplog.clear()
        answer = tess.send("GET", href)
        assert answer.status_code == 500
        assert "is no longer what was attached" in answer.text
        assert "must be restored from its copy" in answer.text
        assert "%PDF" not in answer.text
        assert "a document is not as it was attached" in caplog.text
        assert "Action plan" not in caplog.text


def test_a_disk_that_takes_nothing_is_said_and_nothing_is_on_the_record(world, monkeypatch):
    reference = raised(world)
    tess = at_browser(world, "tess")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as while_full:
        while_full.setattr(keeping.os, "replace", full)
        page = attach(tess, reference, about="The minutes of the meeting.")
    assert page.status == 503
    assert "The minutes of the meeting." in page.html
    assert files_of(tess.open(f"/challenges/{reference}/documents")) == []


# Twins: a bug is planted, and the test must find it.

FOUND = (AssertionError, pytest.fail.Exception)
Plant = pytest.MonkeyPatch


def found_by(test: Callable[..., None], *given: Any) -> None:
    with pytest.raises(FOUND):
        test(*given)


def test_planted_entries_that_everybody_reads(world, monkeypatch: Plant):
    monkeypatch.setattr(item_reader, "may_read", lambda *_: True)
    found_by(test_what_the_iro_service_keeps_is_invisible_to_the_manager, world)


def test_planted_an_item_that_anybody_sees(two, monkeypatch: Plant):
    monkeypatch.setattr(item_reader.access, "check_sees", lambda actor, was: None)
    found_by(test_somebody_elses_document_is_like_one_that_does_not_exist, two)


def test_planted_a_refusal_that_says_more(two, monkeypatch: Plant):
    def tells(connection: Any, asked: Any, reference: str) -> Any:
        try:
            return real(connection, asked, reference)
        except item_reader.NotFound:
            if reference.startswith("ABCD"):
                raise
            raise item_reader.AccessEnded from None

    real = item_reader.read_seen_item
    monkeypatch.setattr(item_reader, "read_seen_item", tells)
    found_by(test_somebody_elses_document_is_like_one_that_does_not_exist, two)


def test_planted_a_document_that_is_shown(world, monkeypatch: Plant):
    for name in documents_page.AS_A_FILE:
        with monkeypatch.context() as planted:
            planted.setattr(documents_page, "AS_A_FILE", {**documents_page.AS_A_FILE, name: "inline"})
            found_by(test_a_document_is_handed_over_as_a_file, world)


def test_planted_a_name_that_goes_into_the_header(world, monkeypatch: Plant):
    monkeypatch.setattr(keeping, "content_disposition", lambda name, kind: f'attachment; filename="{name!a}"')
    found_by(test_a_name_is_only_a_name, world, "plan.pdf\r\nSet-Cookie: drp=mine")


def test_planted_a_kind_that_is_believed(world, monkeypatch: Plant):
    monkeypatch.setattr(
        keeping,
        "accept_document",
        lambda octets, name, limit: AcceptedDocument("0" * 64, "application/pdf", len(octets), name, octets),
    )
    found_by(test_a_page_named_as_a_document_is_never_kept, world, HTML)


def test_planted_a_key_that_forgets_the_document(world, monkeypatch: Plant):
    monkeypatch.setattr(
        documents_page, "sha256", lambda octets: type("Same", (), {"digest": lambda s: b"", "hexdigest": lambda s: "k"})()
    )
    found_by(test_pressing_twice_attaches_once_and_another_document_is_another_act, world)


def test_planted_a_reading_that_is_not_logged(world, monkeypatch: Plant):
    record = type(world.service.access_log).record

    def forgets(self: Any, authority: str, at: Any, person: str, what: str, *references: str) -> None:
        if not what.startswith("document"):
            record(self, authority, at, person, what, *references)

    monkeypatch.setattr(type(world.service.access_log), "record", forgets)
    found_by(test_every_reading_is_in_the_access_log, world)


def test_planted_a_tick_that_anybody_may_send(world, monkeypatch: Plant):
    monkeypatch.setattr(documents_page, "reads_iro_service", lambda actor: True)
    found_by(test_a_manager_who_ticks_what_they_were_not_given_shares_it_with_everybody, world)
