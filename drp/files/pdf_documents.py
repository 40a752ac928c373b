"""PDF documents: whole from their first byte to their last, and nothing in them that acts by itself or hides a file.

The file is not opened as a viewer would. Names are looked for in its bytes and in its compressed lists of objects, however they
are spelt; what cannot be looked at so is refused by name.
"""

import re
import zlib
from collections.abc import Iterator

from drp.files.refusals import FIELD, TooLarge, WrongKind, not_whole

_TAIL = 2048
_END = re.compile(rb"startxref[\r\n ]{1,4}([0-9]{1,10})[\r\n ]{1,4}%%EOF\Z")

MOST_UNPACKED = 64 * 1024 * 1024
STEP = 64 * 1024
_LONGEST_NAME = 64
"""Bytes that a name may lie across the border of two steps: thirteen letters, each in three."""
_BEFORE_STREAM = 4096
"""Bytes before a stream within which it says what it is."""


def _named(name: str) -> re.Pattern[bytes]:
    """A name of PDF in every spelling: each letter as it is, or as `#` and two hex digits."""
    letters = (f"(?:{re.escape(letter)}|#{ord(letter):02x}|#{ord(letter):02X})" for letter in name)
    return re.compile(f"/{''.join(letters)}(?![A-Za-z0-9#_-])".encode())


_SCRIPT, _LAUNCH, _ENCRYPTED = _named("JavaScript"), _named("Launch"), _named("Encrypt")
_EMBEDDED = (_named("EmbeddedFile"), _named("EmbeddedFiles"), _named("RichMedia"))
_OBJECTS, _FLATE, _PREDICTOR = _named("ObjStm"), _named("FlateDecode"), _named("Predictor")
_FILTER = _named("Filter")
_OTHER_FILTERS = tuple(
    _named(name)
    for name in ("LZWDecode", "ASCIIHexDecode", "ASCII85Decode", "RunLengthDecode", "Crypt", "AHx", "A85", "LZW", "RL")
)
_STREAM = re.compile(rb"stream\r?\n")


def check_pdf(octets: bytes) -> None:
    """Raise Unfit unless this is a whole PDF without scripts, programs to start, files inside or a password."""
    damaged = not_whole("PDF", "Open it, print or save it as PDF again, and attach that.")
    if octets[5:7] not in (b"1.", b"2.") or not octets[7:8].isdigit():
        raise damaged
    end = _END.search(octets[-_TAIL:].rstrip(b"\x00\t\n\x0c\r "))
    if end is None or int(end.group(1)) >= len(octets):
        raise damaged
    _check_names(octets)
    if _ENCRYPTED.search(octets):
        raise WrongKind("This PDF has a password, or forbids something.", "Print it to a new PDF, and attach that.", FIELD)
    unpacked = 0
    for stream in _STREAM.finditer(octets):
        said = octets[max(0, stream.start() - _BEFORE_STREAM) : stream.start()]
        said = said[said.rfind(b"obj") :] if b"obj" in said else said
        if not _OBJECTS.search(said) or not _FILTER.search(said):
            continue  # what is not packed was looked at with the rest
        if not _FLATE.search(said) or _PREDICTOR.search(said) or any(name.search(said) for name in _OTHER_FILTERS):
            raise WrongKind("This PDF is packed in a way that cannot be looked into.", _AGAIN, FIELD)
        before = b""
        for piece in _inflated(octets, stream.end()):
            unpacked += len(piece)
            if unpacked > MOST_UNPACKED:
                raise TooLarge("This PDF unpacks to more than is taken.", _AGAIN, FIELD)
            _check_names(before + piece)
            before = piece[-_LONGEST_NAME:]


_AGAIN = "Print it to a new PDF, and attach that."


def _check_names(octets: bytes) -> None:
    if _SCRIPT.search(octets):
        raise WrongKind("This PDF carries JavaScript: a program that runs where it is opened.", _AGAIN, FIELD)
    if _LAUNCH.search(octets):
        raise WrongKind("This PDF starts a program or opens another file.", _AGAIN, FIELD)
    if any(name.search(octets) for name in _EMBEDDED):
        raise WrongKind(
            "This PDF holds another file inside it.", "Attach the other file by itself, and print this one anew.", FIELD
        )


def _inflated(octets: bytes, start: int) -> Iterator[bytes]:
    """A compressed list of objects, unpacked in steps; a damaged one as far as it goes."""
    inflating, position = zlib.decompressobj(), start
    try:
        while not inflating.eof and position < len(octets):
            yield inflating.decompress(octets[position : position + STEP], STEP)
            position += STEP
            while inflating.unconsumed_tail:
                yield inflating.decompress(inflating.unconsumed_tail, STEP)
    except zlib.error:
        return
