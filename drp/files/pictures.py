"""Pictures walked through from their first byte to their last, never decoded: PNG and JPEG."""

import re
import struct
import zlib

from drp.files.refusals import FIELD, TooLarge, WrongKind, not_whole

MOST_PIXELS = 100_000_000
MOST_PIECES = 10_000
"""Chunks or segments of one picture; a real one has a few hundred."""

PNG = b"\x89PNG\r\n\x1a\n"
_NEEDED = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
"""Bit depths that go with each colour type of PNG."""

JPEG = b"\xff\xd8\xff"
_SOI, _EOI, _SOS, _TEM = 0xD8, 0xD9, 0xDA, 0x01
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Within a scan: a marker that neither stands for the byte FF nor restarts. No quantifier, so no time to lose."""
_FILL, _ZEROS = re.compile(rb"\xff+"), re.compile(rb"\x00+")


def _damaged(kind: str) -> WrongKind:
    return not_whole(f"{kind} picture", "Open it, save it again as a picture, and attach that.")


def check_dimensions(width: int, height: int, kind: str) -> None:
    """Raise Unfit for a picture of no width or height (in pixels), or of more than MOST_PIXELS."""
    if not width or not height:
        raise _damaged(kind)
    if width * height > MOST_PIXELS:
        raise TooLarge("This picture has more than 100 million pixels.", "Save it smaller, and attach that.", FIELD)


def check_png(octets: bytes) -> None:
    """Raise Unfit unless these are a PNG's chunks, each with its right check sum, from the signature to IEND and no further."""
    position, has_image, damaged = len(PNG), False, _damaged("PNG")
    for n in range(MOST_PIECES):
        if position + 12 > len(octets):
            raise damaged
        length, name = struct.unpack_from(">L4s", octets, position)
        end = position + 12 + length
        if (
            end > len(octets)
            or not name.isalpha()
            or (name[:1].isupper() and name not in _NEEDED)
            or zlib.crc32(memoryview(octets)[position + 4 : end - 4]) != int.from_bytes(octets[end - 4 : end], "big")
            or (n == 0) != (name == b"IHDR")
        ):
            raise damaged
        if name == b"IHDR":
            if length != 13:
                raise damaged
            width, height, depth, colour = struct.unpack_from(">LLBB", octets, position + 8)
            if depth not in _DEPTHS.get(colour, ()):
                raise damaged
            check_dimensions(width, height, "PNG")
        has_image = has_image or name == b"IDAT"
        position = end
        if name == b"IEND":
            if length or not has_image or end != len(octets):
                raise damaged
            return
    raise damaged


def check_jpeg(octets: bytes) -> None:
    """Raise Unfit unless these are JPEG images from the first byte to the last.

    A telephone may put more than one into a file (a preview, a map of brightness), with nothing but zeros between.
    """
    position, pieces = 0, 0
    while position < len(octets):
        if octets[position : position + 3] != JPEG:
            raise _damaged("JPEG")
        position, walked = _image(octets, position + 2)
        pieces += walked
        if pieces > MOST_PIECES:
            raise _damaged("JPEG")
        zeros = _ZEROS.match(octets, position)
        position = zeros.end() if zeros else position


def _image(octets: bytes, position: int) -> tuple[int, int]:
    """One image after its first marker: where it ends, and how many segments it has."""
    damaged, has_frame, has_scan = _damaged("JPEG"), False, False
    for walked in range(MOST_PIECES):
        filled = _FILL.match(octets, position)
        if filled is None or filled.end() == len(octets):
            raise damaged
        position = filled.end() - 1
        marker = octets[position + 1]
        if marker == _EOI:
            if not has_frame or not has_scan:
                raise damaged
            return position + 2, walked
        # What follows has a length of its own: a marker that has none does not belong here.
        if marker in (0x00, _SOI, _TEM) or 0xD0 <= marker <= 0xD7 or position + 4 > len(octets):
            raise damaged
        length = int.from_bytes(octets[position + 2 : position + 4], "big")
        end = position + 2 + length
        if length < 2 or end > len(octets):
            raise damaged
        if marker in _FRAMES:
            if length < 8:
                raise damaged
            height, width = struct.unpack_from(">HH", octets, position + 5)
            check_dimensions(width, height, "JPEG")
            has_frame = True
        position = end
        if marker == _SOS:
            if not has_frame:
                raise damaged
            has_scan = True
            following = _NEXT_MARKER.search(octets, position)
            if following is None:
                raise damaged
            position = following.start()
    raise damaged
