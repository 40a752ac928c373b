"""Whether a file is taken, told from its content: its kind, its size, its digest, and a name that does no harm."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from drp.files.names import safe_name
from drp.files.pdf_documents import check_pdf
from drp.files.picture_details import plain_jpeg, plain_png
from drp.files.pictures import JPEG, PNG, check_jpeg, check_png
from drp.files.refusals import FIELD, TooLarge, WrongKind, not_whole
from drp.files.word_documents import END_OF_ZIP, ZIP, check_word
from workflows.model.events import MediaType
from workflows.model.refusals import Unfit

LARGEST = 10 * 1024 * 1024


@dataclass(frozen=True)
class AcceptedDocument:
    """A document that is taken. `digest` is its SHA-256 in hexadecimal, `name` is safe to show and to keep."""

    digest: str
    media_type: MediaType
    size: int
    name: str
    octets: bytes
    """What is kept: the file as it came, or a picture without what it said beside itself."""


def accept_document(octets: bytes, claimed: str, largest: int = LARGEST) -> AcceptedDocument:
    """What a file is, whatever it is called, and what of it is kept. Raises Unfit (TooLarge, WrongKind) for what is not taken."""
    if not octets:
        raise Unfit("The document is empty.", "Choose it again: perhaps it was still being saved.", FIELD)
    if len(octets) > largest:
        raise TooLarge(f"The document is larger than {_size(largest)}.", "Make it smaller, or attach it in parts.", FIELD)
    for start, kind, check in KINDS:
        if octets.startswith(start):
            kept = check(octets)
            return AcceptedDocument(hashlib.sha256(kept).hexdigest(), kind, len(kept), safe_name(claimed, kind), kept)
    if OUTLOOK in octets or is_mail(octets):
        raise WrongKind(
            "This is an e-mail, saved as a file (.msg or .eml).",
            "Open it, print it as PDF, and attach that; attach what came with it one by one.", FIELD,
        )  # fmt: skip
    for start, at, said, do in _OTHERS:
        if octets.startswith(start, at):
            raise WrongKind(said, do, FIELD)
    raise WrongKind("Documents of this kind are not taken.", "Attach a PDF, a Word document (.docx), a PNG or a JPEG.", FIELD)


def _size(largest: int) -> str:
    return f"{largest / (1024 * 1024):g} MB" if largest >= 1024 * 1024 else f"{largest:,} bytes"


_OTHERS = (
    (
        b"\xd0\xcf\x11\xe0", 0, "This is an older Office document, or one with a password.",
        "Save it as .docx without a password, or as PDF, and attach that.",
    ),
    (
        b"ftyp", 4, "This is a picture or film in a telephone's own format.",
        "Share it as a JPEG picture, and attach that.",
    ),
)  # fmt: skip
"""How other files begin, and where: said by name, because people do try them."""


def _pdf(octets: bytes) -> bytes:
    check_pdf(octets)
    check_not_also_a_zip(octets, "PDF")
    return octets


def check_not_also_a_zip(octets: bytes, what: str) -> None:
    """Raise WrongKind for a file that is a zip too: a zip is read from its end, whatever the file begins as."""
    if octets.rfind(END_OF_ZIP, max(0, len(octets) - 0xFFFF - 22)) >= 0:
        raise not_whole(what, "Attach the document and the archive's contents one by one.")


def _png(octets: bytes) -> bytes:
    check_png(octets)
    check_not_also_a_zip(octets, "PNG picture")
    return plain_png(octets)


def _jpeg(octets: bytes) -> bytes:
    check_jpeg(octets)
    check_not_also_a_zip(octets, "JPEG picture")
    return plain_jpeg(octets)


def _word(octets: bytes) -> bytes:
    check_word(octets)
    return octets


KINDS: tuple[tuple[bytes, MediaType, Callable[[bytes], bytes]], ...] = (
    (b"%PDF-", "application/pdf", _pdf),
    (PNG, "image/png", _png),
    (JPEG, "image/jpeg", _jpeg),
    (ZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", _word),
)
"""How each kind begins, at its very first byte; what it is called; what looks whether it is taken, and gives what is kept."""

OUTLOOK = "__properties_version1.0".encode("utf-16-le")
"""What an e-mail saved from Outlook holds, and no other file of its kind."""
_MAIL = re.compile(rb"(?:[A-Za-z][A-Za-z0-9-]{1,60}:[^\r\n]{0,998}\r?\n(?:[ \t][^\r\n]{0,998}\r?\n)*){2}")
_MAIL_HEADERS = (b"\nfrom:", b"\nreceived:", b"\nmime-version:", b"\nsubject:", b"\nreturn-path:")


def is_mail(octets: bytes) -> bool:
    """Does a file begin as a message does (.eml): headers, some of those that every message has among them?"""
    head = b"\n" + octets[:8192].lower()
    return _MAIL.match(octets) is not None and sum(name in head for name in _MAIL_HEADERS) >= 2
