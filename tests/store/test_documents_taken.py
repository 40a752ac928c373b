"""Which files are taken: told from what is in them, within bounds; and the names they are given."""

import struct
import time
import tracemalloc
import unicodedata
from collections.abc import Callable, Iterable
from contextlib import suppress
from email.message import Message
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drp.files import accepting, names, pictures, word_documents
from drp.files.accepting import accept_document
from drp.files.names import ENDINGS, LONGEST, content_disposition, safe_name
from drp.files.refusals import TooLarge, WrongKind
from tests.store.files import (
    ABUSES,
    ACTIVE,
    DAMAGED,
    INSIDE,
    LIMIT,
    TOO_MUCH,
    TWO_AT_ONCE,
    WHOLE,
    WRONG_KIND,
    blocks_without_end,
    chunk,
    docx,
    jpeg,
    pdf,
    pdf_of,
    png,
    segment,
    the_most_that_is_unpacked,
)
from workflows.model.events import MediaType
from workflows.model.refusals import Unfit

PDF, DOCX = "application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SECONDS = 2
BYTES = 16 * 1024 * 1024
"""How much more than the file itself the looking may take."""


def within_bounds(look: Callable[[], Any]) -> None:
    """Look twice, once with a watch and once with scales: seconds of this process, and bytes at the most."""
    began = time.process_time()
    look()
    assert time.process_time() - began < SECONDS
    tracemalloc.start()
    try:
        look()
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()


def refused(octets: bytes, name: str = "plan.pdf") -> Unfit:
    with pytest.raises(Unfit) as refusal:
        accept_document(octets, name)
    return refusal.value


# What is taken.


@pytest.mark.parametrize("what", WHOLE)
def test_whole_documents_are_taken_for_what_they_are_whatever_they_are_called(what: str) -> None:
    octets = WHOLE[what]()
    accepted = accept_document(octets, "malware.exe")
    kinds = {"PDF": PDF, "PNG": "image/png", "JPEG": "image/jpeg", "Word": DOCX}
    assert accepted.media_type == next(kind for word, kind in kinds.items() if word in what)
    assert accepted.size == len(accepted.octets) <= len(octets)
    assert accepted.octets == octets or "PNG" in what or "JPEG" in what
    assert accepted.name == f"malware{ENDINGS[accepted.media_type][0]}"


def test_a_document_of_exactly_the_limit_is_taken() -> None:
    assert accept_document(pdf_of(LIMIT), "plan.pdf").size == LIMIT
    assert accept_document(pdf_of(5000), "plan.pdf", 5000).size == 5000
    with pytest.raises(TooLarge, match="larger than 5,000 bytes"):
        accept_document(pdf_of(5001), "plan.pdf", 5000)


@pytest.mark.parametrize("made", [the_most_that_is_unpacked, blocks_without_end, lambda: pdf_of(LIMIT)])
def test_the_most_that_is_taken_is_taken_within_bounds(made: Callable[[], bytes]) -> None:
    octets = made()
    within_bounds(lambda: accept_document(octets, "plan"))


# What is not.


@pytest.mark.parametrize("what", ABUSES)
def test_whatever_is_something_else_or_too_much_is_refused_plainly_and_within_bounds(what: str) -> None:
    octets = ABUSES[what]()
    refusal = refused(octets)
    assert refusal.said.endswith(".")
    assert refusal.do.endswith(".")
    assert refusal.field == "file"
    within_bounds(lambda: refused(octets))


@pytest.mark.parametrize("what", [*WRONG_KIND, *TWO_AT_ONCE, *DAMAGED])
def test_what_is_of_no_kind_that_is_taken_says_so(what: str) -> None:
    assert isinstance(refused(ABUSES[what]()), WrongKind)


@pytest.mark.parametrize("what", ["a bomb", "a bomb of many parts", "ten thousand parts", "a byte more than is taken"])
def test_what_is_too_large_says_so(what: str) -> None:
    assert isinstance(refused(ABUSES[what]()), TooLarge)


def test_nothing_at_all_is_refused() -> None:
    assert refused(b"").said == "The document is empty."


@pytest.mark.parametrize("made", [pdf, png, jpeg, docx])
def test_a_document_that_was_cut_short_is_refused_wherever_it_was_cut(made: Callable[[], bytes]) -> None:
    octets = made()
    for length in range(len(octets) - 1):
        refused(octets[:length])


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([pdf, png, jpeg, docx, lambda: docx() * 2, lambda: WHOLE["a telephone's JPEG with a preview behind"]()]),
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=6), st.integers(0, 8)), max_size=4),
)
def test_whatever_is_changed_in_a_document_it_is_taken_or_refused_and_nothing_breaks(
    made: Callable[[], bytes], changes: list[tuple[int, bytes, int]]
) -> None:
    octets = made()
    for at, put_in, taken_out in changes:
        at %= len(octets) + 1
        octets = octets[:at] + put_in + octets[at + taken_out :]
    with suppress(Unfit):
        accepted = accept_document(octets, "plan")
        assert accepted.size == len(accepted.octets) <= len(octets) + 40
        assert accept_document(accepted.octets, "plan").octets == accepted.octets, "what was taken is taken as it is"


# Names.

NAMES = {
    "Action plan.pdf": "Action plan.pdf",
    "PLAN.PDF": "PLAN.PDF",
    "plan": "plan.pdf",
    "": "document.pdf",
    "..": "document.pdf",
    ".pdf": "pdf.pdf",
    "../../etc/passwd": "passwd.pdf",
    "C:\\fakepath\\Plan v1.2.pdf": "Plan v1.2.pdf",
    "Plan v1.2": "Plan v1.2.pdf",
    "plan.exe": "plan.pdf",
    "plan.pdf.exe": "plan.pdf",
    "plan.docx": "plan.pdf",
    "Plan \u202efdp.exe": "Plan fdp.pdf",
    "pl\u200ban\u2066.pdf\x00.exe": "plan.pdf",
    'say "plan"\r\nSet-Cookie: a=b.pdf': "say plan Set-Cookie a=b.pdf",
    "Plän für Kay – 5\u202f%.pdf": "Plän für Kay – 5 %.pdf",
    "план.pdf": "план.pdf",
    "\ud800plan.pdf": "plan.pdf",
    "plan.pdf:stream": "plan.pdf stream.pdf",
    "x" * 5000 + ".pdf": "x" * 116 + ".pdf",
    "x" * 5000: "x" * 116 + ".pdf",
}


@pytest.mark.parametrize("claimed", NAMES)
def test_a_name_is_made_harmless_and_stays_its_own(claimed: str) -> None:
    assert safe_name(claimed, PDF) == NAMES[claimed]


KINDS = st.sampled_from(get_args(MediaType))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), KINDS)
def test_no_name_leads_anywhere_or_hides_anything(claimed: str, kind: MediaType) -> None:
    name = safe_name(claimed, kind)
    assert 0 < len(name) <= LONGEST
    assert not set(name) & set('/\\:"<>|?*')
    assert not {unicodedata.category(mark) for mark in name} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert name.lower().endswith(ENDINGS[kind])
    assert not name.startswith(".")
    assert safe_name(name, kind) == name, "what is kept is what is shown"


def test_a_jpeg_keeps_either_ending_and_other_kinds_get_their_own() -> None:
    assert safe_name("a.jpeg", "image/jpeg") == "a.jpeg"
    assert safe_name("a.jpg", "image/png") == "a.png"
    assert set(ENDINGS) == set(get_args(MediaType))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), KINDS)
def test_a_header_says_the_name_and_nothing_else(claimed: str, kind: MediaType) -> None:
    value = content_disposition(claimed, kind)
    assert value.isascii()
    assert value.isprintable()
    assert value.count('"') == 2, "a quotation mark in a name would end it"
    assert value.startswith(f"attachment; filename=\"document{ENDINGS[kind][0]}\"; filename*=UTF-8''")
    read = Message()
    read["Content-Disposition"] = value.replace(f' filename="document{ENDINGS[kind][0]}";', "")
    assert read.get_filename() == safe_name(claimed, kind)


def test_a_very_long_name_is_cut_at_once() -> None:
    claimed = "\u202e." * 5_000_000
    within_bounds(lambda: safe_name(claimed, PDF))


# Twins: a safeguard is taken out, and the tests must see what then gets in.


def let_in(whats: Iterable[str]) -> None:
    """Each of these must now fail its test."""
    for what in whats:
        with pytest.raises((AssertionError, pytest.fail.Exception)):
            test_whatever_is_something_else_or_too_much_is_refused_plainly_and_within_bounds(what)


Plant = pytest.MonkeyPatch


def test_planted_a_check_of_the_beginning_only(monkeypatch: Plant) -> None:
    kinds = tuple((start, kind, lambda octets: octets) for start, kind, _ in accepting.KINDS)
    monkeypatch.setattr(accepting, "KINDS", kinds)
    let_in(
        [*(what for what in TWO_AT_ONCE if "behind a program" not in what), *DAMAGED, *(f"Word with {what}" for what in INSIDE)]
    )
    let_in(what for what in TOO_MUCH if what != "a byte more than is taken")
    for made in (pdf, png, jpeg, docx):
        with pytest.raises(pytest.fail.Exception):
            test_a_document_that_was_cut_short_is_refused_wherever_it_was_cut(made)


def test_planted_a_kind_that_is_told_from_the_name(monkeypatch: Plant) -> None:
    monkeypatch.setattr(accepting, "KINDS", ((b"", PDF, lambda octets: octets), *accepting.KINDS))
    let_in(WRONG_KIND)
    with pytest.raises(AssertionError):
        test_whole_documents_are_taken_for_what_they_are_whatever_they_are_called("a PNG")


def test_planted_no_limit(monkeypatch: Plant) -> None:
    monkeypatch.setitem(globals(), "accept_document", lambda octets, name: accepting.accept_document(octets, name, 1 << 30))
    let_in(["a byte more than is taken"])


def test_planted_nobody_looking_for_a_zip(monkeypatch: Plant) -> None:
    monkeypatch.setattr(accepting, "check_not_also_a_zip", lambda octets, what: None)
    let_in(["a PNG with a zip inside", "a JPEG with a zip inside"])


def test_planted_pictures_of_any_size(monkeypatch: Plant) -> None:
    monkeypatch.setattr(pictures, "check_dimensions", lambda width, height, kind: None)
    let_in(["a PNG of the most that its numbers can say", "a JPEG of the most that its numbers can say", "a PNG of no width"])


def test_planted_pictures_of_any_number_of_pieces(monkeypatch: Plant) -> None:
    monkeypatch.setattr(pictures, "MOST_PIECES", 10**9)
    let_in(["a JPEG of nothing but pictures"])


def test_planted_a_zip_that_is_believed_about_its_sizes(monkeypatch: Plant) -> None:
    right = word_documents.unpack_entry

    def unpacked(octets: bytes, entry: Any, start: int) -> Any:
        for step in right(octets, entry, start):
            yield step
            return

    monkeypatch.setattr(word_documents, "unpack_entry", unpacked)
    let_in(["a bomb that says nothing follows", "a Word document with a part of a wrong check sum"])


def test_planted_a_zip_that_unpacks_without_bounds(monkeypatch: Plant) -> None:
    monkeypatch.setattr(word_documents, "MOST_RATIO", 1 << 30)
    monkeypatch.setattr(word_documents, "MOST_UNPACKED", 1 << 40)
    let_in(["a bomb", "a bomb of many parts"])


def test_planted_a_zip_unpacked_at_one_go(monkeypatch: Plant) -> None:
    monkeypatch.setattr(word_documents, "STEP", 1 << 30)
    let_in(["a bomb that says it is small"])


def test_planted_any_number_of_parts(monkeypatch: Plant) -> None:
    monkeypatch.setattr(word_documents, "MOST_ENTRIES", 60_000)
    monkeypatch.setattr(word_documents, "MOST_DIRECTORY", 1 << 30)
    let_in(["ten thousand parts"])


def test_planted_parts_of_any_name(monkeypatch: Plant) -> None:
    monkeypatch.setattr(word_documents, "check_names", lambda entries: None)
    let_in(f"Word with {what}" for what in INSIDE if what.startswith("a part named") and "\\x00" not in what)
    let_in(["Word with macros written large", "Word with another document", "a Word document with one part twice"])


def test_planted_parts_anywhere(monkeypatch: Plant) -> None:
    monkeypatch.setattr(word_documents, "check_gap", lambda after, begins: None)
    let_in(["a bomb that packs one content twice", "a Word document with something between its parts"])


def test_planted_parts_that_nobody_looks_at(monkeypatch: Plant) -> None:
    monkeypatch.setattr(word_documents, "inspect_entry", lambda entry, steps: b"".join(steps).lower())
    let_in(f"Word with {what}" for what in INSIDE if "entity" in what or what.startswith(("a zip", "a program", "an older")))


def test_planted_a_look_for_one_kind_of_writing_only(monkeypatch: Plant) -> None:
    class Plain(bytes):
        """What is unpacked, its zeros left in."""

        def replace(self, *_: Any) -> bytes:
            return bytes(self)

    right = word_documents.unpack_entry
    monkeypatch.setattr(word_documents, "unpack_entry", lambda *said: (Plain(step) for step in right(*said)))
    let_in(["Word with an outside entity in UTF-16", "Word with an outside entity in UTF-16 without its mark"])


def test_planted_a_pdf_that_nobody_looks_into(monkeypatch: Plant) -> None:
    monkeypatch.setattr(accepting, "check_pdf", lambda octets: None)
    let_in(f"PDF with {what}" for what in ACTIVE)


def test_planted_a_document_wherever_it_is(monkeypatch: Plant) -> None:
    monkeypatch.setattr(word_documents, "check_main", lambda seen, names: None)
    let_in(["a Word document whose relations lead elsewhere", "a Word document whose main part is not there"])


# What a picture says beside itself.


def exif(orientation: int = 1, words: bytes = b"") -> bytes:
    """Exif as a telephone writes it: how to turn the picture, and `words` behind."""
    tiff = b"II*\x00" + struct.pack("<LHHHLHHL", 8, 1, 0x0112, 3, 1, orientation, 0, 0) + words
    return segment(0xE1, b"Exif\x00\x00" + tiff)


DETAILS = b"GPS 54.77 -1.57 Example Phone 12"
TELLING: dict[str, Callable[[], bytes]] = {
    "Exif": lambda: jpeg(exif(words=DETAILS)),
    "XMP": lambda: jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00" + DETAILS)),
    "IPTC": lambda: jpeg(segment(0xED, b"Photoshop 3.0\x00" + DETAILS)),
    "a note": lambda: jpeg(segment(0xFE, DETAILS)),
    "a list of previews": lambda: jpeg(segment(0xE2, b"MPF\x00" + DETAILS)),
    "a preview behind": lambda: jpeg(ending=jpeg(segment(0xFE, DETAILS))),
    "a PNG's text": lambda: png(chunk(b"tEXt", b"Comment\x00" + DETAILS)),
    "a PNG's Exif": lambda: png(chunk(b"eXIf", DETAILS)),
    "a PNG's own part": lambda: png(chunk(b"prIv", DETAILS)),
}


@pytest.mark.parametrize("what", TELLING)
def test_places_and_devices_are_taken_out_of_pictures_and_the_picture_stays(what: str) -> None:
    octets = TELLING[what]()
    assert DETAILS in octets
    kept = accept_document(octets, "photo").octets
    assert DETAILS not in kept
    assert kept == accept_document(png() if "PNG" in what else jpeg(), "photo").octets


@pytest.mark.parametrize("orientation", range(1, 9))
def test_how_a_picture_is_to_be_turned_is_kept(orientation: int) -> None:
    kept = accept_document(jpeg(exif(orientation, DETAILS)), "photo").octets
    assert DETAILS not in kept
    assert (struct.pack(">HHLH", 0x0112, 3, 1, orientation) in kept) == (orientation != 1)
    assert accept_document(kept, "photo").octets == kept


def test_colours_are_kept() -> None:
    profile, adobe = segment(0xE2, b"ICC_PROFILE\x00\x01\x01profile"), segment(0xEE, b"Adobe\x00d\x00\x00\x00\x00\x01")
    kept = accept_document(jpeg(profile, adobe), "photo").octets
    assert profile in kept
    assert adobe in kept
    srgb = chunk(b"sRGB", b"\x00")
    assert srgb in accept_document(png(srgb), "photo").octets


def test_planted_a_picture_that_is_kept_as_it_came(monkeypatch: Plant) -> None:
    kinds = tuple((start, kind, lambda octets: octets) for start, kind, _ in accepting.KINDS)
    monkeypatch.setattr(accepting, "KINDS", kinds)
    for what in TELLING:
        with pytest.raises(AssertionError):
            test_places_and_devices_are_taken_out_of_pictures_and_the_picture_stays(what)


def test_each_refusal_says_what_it_is_and_what_to_do() -> None:
    said = {what: refused(made()) for what, made in ABUSES.items() if what.startswith(("PDF with", "an e-mail"))}
    assert "JavaScript" in said["PDF with JavaScript in a compressed list"].said
    assert "starts a program" in said["PDF with a program to start"].said
    assert "another file inside" in said["PDF with a list of files"].said
    assert "password" in said["PDF with a password"].said
    for what in ("an e-mail saved from Outlook", "an e-mail saved as a file"):
        assert ".msg or .eml" in said[what].said
        assert "print it as PDF" in said[what].do


def test_planted_names_as_they_come(monkeypatch: Plant) -> None:
    monkeypatch.setitem(globals(), "safe_name", lambda claimed, kind: claimed)
    monkeypatch.setattr(names, "safe_name", lambda claimed, kind: claimed)
    for claimed in ("../../etc/passwd", "Plan \u202efdp.exe", "x" * 5000):
        with pytest.raises(AssertionError):
            test_a_name_is_made_harmless_and_stays_its_own(claimed)
    with pytest.raises((AssertionError, ExceptionGroup)):
        test_no_name_leads_anywhere_or_hides_anything()


def test_planted_a_name_in_a_header_as_it_is(monkeypatch: Plant) -> None:
    monkeypatch.setattr(names, "quote", lambda name, safe: name)
    with pytest.raises((AssertionError, ExceptionGroup)):
        test_a_header_says_the_name_and_nothing_else()
