"""Word documents (.docx): a zip whose entries are inflated in small steps within bounds, looked at, and never parsed."""

import re
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from drp.files.refusals import FIELD, TooLarge, WrongKind, not_whole

ZIP = b"PK\x03\x04"
END_OF_ZIP = b"PK\x05\x06"
MOST_ENTRIES = 1_000
MOST_UNPACKED = 64 * 1024 * 1024
MOST_RATIO = 200
"""Times that one entry may grow when it is unpacked, if it grows to more than a mebibyte."""
MOST_DIRECTORY = 256 * 1024
"""Bytes of the zip's own directory, and of the document's list of its parts."""
STEP = 64 * 1024
"""Bytes that are unpacked at a time."""

_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_DESCRIPTOR = 24
"""What may stand between two entries: the sizes once more, where they were not known beforehand."""
_ENCRYPTED = 0x41
_MEBIBYTE = 1024 * 1024

_TYPES, _RELATIONS = "[Content_Types].xml", "_rels/.rels"
_OVERRIDE = re.compile(rb"<[a-z0-9:]{0,20}override\s[^<>]{1,600}>")
_RELATION = re.compile(rb"<[a-z0-9:]{0,20}relationship\s[^<>]{1,600}>")
_PART = re.compile(rb"\spartname\s?=\s?[\"']/([a-z0-9_./-]{1,120})[\"']")
_TARGET = re.compile(rb"\starget\s?=\s?[\"']/?([a-z0-9_./-]{1,120})[\"']")
"""How the lists of a document name its parts, in small letters."""
_MAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_MACROS = (b"macroenabled", b"vbaproject")
_INSIDE = (ZIP, b"\xd0\xcf\x11\xe0", b"Rar!", b"7z\xbc\xaf", b"MSCF", b"MZ", b"\x7fELF", b"%PDF")
"""How files begin that have no place in a letter: archives, older Office files, programs."""
_ENCODING = re.compile(rb"encoding\s?=\s?[\"']([a-z0-9_-]{1,20})[\"']")
_ENCODINGS = {b"utf-8", b"utf-16", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252"}
"""In each of these (and without their zeros) a declaration reads as it does in ASCII, so that looking for it finds it."""
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_START = 1024
"""Bytes of an entry by which it is known."""

_AGAIN = "Open it in Word and save it again as .docx, or save it as PDF, and attach that."


def _no_word() -> WrongKind:
    return WrongKind("This is not a Word document (.docx).", "Save it as PDF; of an archive, attach each document.", FIELD)


def _damaged() -> WrongKind:
    return not_whole("Word document", _AGAIN)


def check_word(octets: bytes) -> None:
    """Raise Unfit unless this is a plain Word document: no macros, no files inside, no outside entities, no bomb."""
    entries = _entries(octets)
    names = {entry.filename for entry in entries}
    if _TYPES not in names or _RELATIONS not in names:
        raise _no_word()
    check_names(entries)
    _check_sizes(entries)
    after, seen = 0, dict[str, bytes]()
    for entry in sorted(entries, key=lambda each: each.header_offset):
        start = _start_of(octets, entry)
        check_gap(after, entry.header_offset)
        text = inspect_entry(entry, unpack_entry(octets, entry, start))
        if entry.filename in (_TYPES, _RELATIONS):
            seen[entry.filename] = text
        after = start + entry.compress_size
    check_gap(after, _END.unpack_from(octets, len(octets) - _END.size)[6])
    check_main(seen, {name.lower().encode() for name in names})


def check_main(seen: dict[str, bytes], names: set[bytes]) -> None:
    """Raise WrongKind unless the document is there.

    It is the part that the relationships name: Word itself, Word on the web and other programs call it differently.
    """
    relations = (one for one in _RELATION.findall(seen[_RELATIONS]) if b'/officedocument"' in one or b"/officedocument'" in one)
    targets = {found[1] for one in relations if (found := _TARGET.search(one))}
    mains = {found[1] for one in _OVERRIDE.findall(seen[_TYPES]) if _MAIN in one and (found := _PART.search(one))}
    if not targets & mains & names:
        raise _damaged()


def check_gap(after: int, begins: int) -> None:
    """Raise WrongKind where an entry begins within the one before, or more than its sizes lies between them.

    `after`: where the one before ends, 0 for the first entry; `begins`: where this one begins.
    """
    if not 0 <= begins - after <= (_DESCRIPTOR if after else 0):
        raise _damaged()


def _entries(octets: bytes) -> list[ZipInfo]:
    """The directory of the zip, read only where its own end says that it is small, and that nothing follows it."""
    at = len(octets) - _END.size
    if at < 0:
        raise _damaged()
    mark, disk, first_disk, here, count, size, offset, comment = _END.unpack_from(octets, at)
    is_very_large = octets[at - 20 : at - 16] == b"PK\x06\x07"  # another end, of the kind for very large zips
    if mark != END_OF_ZIP or is_very_large or disk or first_disk or here != count or comment or offset + size != at:
        raise _damaged()
    if count > MOST_ENTRIES or size > MOST_DIRECTORY:
        raise TooLarge("This Word document is made of too many parts.", "Save it as PDF, and attach that.", FIELD)
    try:
        with ZipFile(BytesIO(octets)) as zipped:
            entries = zipped.infolist()
    # All that the library raises for a list of parts that is damaged, or packed in a way that it does not know.
    except (BadZipFile, NotImplementedError, ValueError, struct.error, OverflowError):
        raise _damaged() from None
    if len(entries) != count:
        raise _damaged()
    return entries


def check_names(entries: list[ZipInfo]) -> None:
    """Raise WrongKind for a name that stands twice, leads elsewhere or hides something, or is a macro's or another file's."""
    if len({entry.filename.casefold() for entry in entries}) != len(entries):
        raise _damaged()
    for entry in entries:
        name = entry.orig_filename
        parts = name.removesuffix("/").split("/")
        if (
            name != entry.filename
            or len(name) > 255
            or not name.isprintable()
            or set(name) & set("\\:")
            or {"", ".", ".."} & set(parts)
        ):
            raise _damaged()
        inner = [part.casefold() for part in parts]
        if inner[-1].startswith("vba"):
            raise _macros()
        if {"embeddings", "activex"} & set(inner[:-1]):
            raise _holds_another()


def _macros() -> WrongKind:
    return WrongKind("This Word document carries macros.", "Save it as PDF or as a plain .docx, and attach that.", FIELD)


def _holds_another() -> WrongKind:
    return WrongKind(
        "This Word document holds another file inside it.", "Save it as PDF, or attach the other file by itself.", FIELD
    )


def _check_sizes(entries: list[ZipInfo]) -> None:
    """What the entries say of their own sizes. Whether it is true shows when they are unpacked."""
    for entry in entries:
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise _damaged()
        if entry.file_size > _MEBIBYTE and entry.file_size > MOST_RATIO * entry.compress_size:
            raise _unpacks_to_too_much()
    if sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise _unpacks_to_too_much()


def _unpacks_to_too_much() -> TooLarge:
    return TooLarge(
        "This Word document unpacks to more than is taken.",
        "Make its pictures smaller, or save it as PDF, and attach that.",
        FIELD,
    )


def _start_of(octets: bytes, entry: ZipInfo) -> int:
    """Where an entry's content begins, by the heading that stands before it, which must agree with the directory."""
    if entry.header_offset < 0 or entry.header_offset + _LOCAL.size > len(octets):
        raise _damaged()
    mark, _, flags, method, _, _, _, _, _, name_length, extra = _LOCAL.unpack_from(octets, entry.header_offset)
    begins = entry.header_offset + _LOCAL.size
    name = entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437", "replace")
    if mark != ZIP or flags & _ENCRYPTED or method != entry.compress_type or octets[begins : begins + name_length] != name:
        raise _damaged()
    return begins + int(name_length) + int(extra)


def unpack_entry(octets: bytes, entry: ZipInfo, start: int) -> Iterator[bytes]:
    """Unpack an entry in steps, never more than it said. Raises WrongKind unless that is its size, and its check sum right."""
    packed = memoryview(octets)[start : start + entry.compress_size]
    size, check = 0, 0
    for step in _inflated(packed) if entry.compress_type == ZIP_DEFLATED else _in_steps(packed):
        size += len(step)
        if size > entry.file_size:
            raise _damaged()
        check = zlib.crc32(step, check)
        yield bytes(step)
    if size != entry.file_size or check != entry.CRC or len(packed) != entry.compress_size:
        raise _damaged()


def _in_steps(packed: memoryview) -> Iterator[memoryview]:
    for position in range(0, len(packed), STEP):
        yield packed[position : position + STEP]


def _inflated(packed: memoryview) -> Iterator[bytes]:
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in _in_steps(packed):
            if inflating.eof:
                raise _damaged()
            step = inflating.decompress(piece, STEP)
            while step:
                yield step
                step = inflating.decompress(inflating.unconsumed_tail, STEP)
    except zlib.error:
        raise _damaged() from None
    if not inflating.eof or inflating.unused_data:
        raise _damaged()


def inspect_entry(entry: ZipInfo, steps: Iterator[bytes]) -> bytes:
    """The beginning of an entry, in small letters and without its zeros: UTF-16 then reads like ASCII.

    Raises WrongKind for an entry that holds what has no place in a document.
    """
    most = MOST_DIRECTORY if entry.filename in (_TYPES, _RELATIONS) else _START
    start, kept = b"", b""
    for step in steps:
        start += step[: most - len(start)]
        read = kept + step.replace(b"\x00", b"").upper()
        if b"<!DOCTYPE" in read or b"<!ENTITY" in read:
            raise WrongKind("This Word document draws on something outside itself.", _AGAIN, FIELD)
        kept = read[-16:]
    if start.startswith(_INSIDE):
        raise _holds_another()
    text = start.replace(b"\x00", b"").lower()
    for mark in _BYTE_ORDER_MARKS:
        text = text.removeprefix(mark)
    if text.startswith(b"<"):
        _check_encoding(text)
    elif entry.filename.casefold().endswith((".xml", ".rels")):
        raise _damaged()
    if entry.filename == _TYPES:
        _check_types(entry, text)
    return text


def _check_encoding(text: bytes) -> None:
    declaration, closed, _ = text[:_START].partition(b"?>")
    if not text.startswith(b"<?xml"):
        return
    encoding = _ENCODING.search(declaration)
    if not closed or (encoding.group(1) not in _ENCODINGS if encoding else b"encoding" in declaration):
        raise _damaged()


def _check_types(entry: ZipInfo, text: bytes) -> None:
    """The zip's own list of what its parts are. An escape in it could hide a word, and a real one has none."""
    if any(word in text for word in _MACROS):
        raise _macros()
    if b"wordprocessingml" not in text:
        raise _no_word()
    is_plain = _MAIN in text and b"&" not in text
    if entry.file_size > MOST_DIRECTORY or not is_plain or b".template.main" in text:
        raise _damaged()
