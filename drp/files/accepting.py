"""Whether a file is taken, told from its content: its kind, its size, its digest, and a name that does no harm."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from drp.files.names import safe_name
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


def accept_document(octets: bytes, claimed: str, largest: int = LARGEST) -> AcceptedDocument:
    """What a file is, whatever it is called. Raises Unfit (TooLarge, WrongKind) for what is not taken."""
    if not octets:
        raise Unfit("The document is empty.", "Choose it again: perhaps it was still being saved.", FIELD)
    if len(octets) > largest:
        raise TooLarge(f"The document is larger than {_size(largest)}.", "Make it smaller, or attach it in parts.", FIELD)
    for start, kind, check in KINDS:
        if octets.startswith(start):
            check(octets)
            return AcceptedDocument(hashlib.sha256(octets).hexdigest(), kind, len(octets), safe_name(claimed, kind))
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

# PDF: its end is looked at, not its inside.

_TAIL = 2048
_PDF_END = re.compile(rb"startxref[\r\n ]{1,4}([0-9]{1,10})[\r\n ]{1,4}%%EOF\Z")


def _check_pdf(octets: bytes) -> None:
    damaged = not_whole("PDF", "Open it, print or save it as PDF again, and attach that.")
    if octets[5:7] not in (b"1.", b"2.") or not octets[7:8].isdigit():
        raise damaged
    end = _PDF_END.search(octets[-_TAIL:].rstrip(b"\x00\t\n\x0c\r "))
    if end is None or int(end.group(1)) >= len(octets):
        raise damaged
    check_not_also_a_zip(octets, "PDF")


def check_not_also_a_zip(octets: bytes, what: str) -> None:
    """Raise WrongKind for a file that is a zip too: a zip is read from its end, whatever the file begins as."""
    if octets.rfind(END_OF_ZIP, max(0, len(octets) - 0xFFFF - 22)) >= 0:
        raise not_whole(what, "Attach the document and the archive's contents one by one.")


def _check_png(octets: bytes) -> None:
    check_png(octets)
    check_not_also_a_zip(octets, "PNG picture")


def _check_jpeg(octets: bytes) -> None:
    check_jpeg(octets)
    check_not_also_a_zip(octets, "JPEG picture")


KINDS: tuple[tuple[bytes, MediaType, Callable[[bytes], None]], ...] = (
    (b"%PDF-", "application/pdf", _check_pdf),
    (PNG, "image/png", _check_png),
    (JPEG, "image/jpeg", _check_jpeg),
    (ZIP, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", check_word),
)
"""How each kind begins, at its very first byte; what it is called; what else must be true of it."""
