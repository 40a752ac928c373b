"""What a picture says beside itself is taken out: where it was taken, when, by which device, a preview of what was cut away.

Nothing is decoded, so nothing of the picture changes, and how it is to be turned is kept. (Pillow would decode it and pack it
anew: at a hundred million pixels 300 MB for each picture, and another picture in the end.)
"""

import struct

from drp.files.pictures import PNG

_EXIF = b"Exif\x00\x00"
_ORIENTATION = 0x0112
_KEPT_SEGMENTS = {*range(0xC0, 0xE0), 0xE0, 0xE2, 0xEE}
"""Markers of what draws the picture; JFIF, the colour profile (APP2) and Adobe's word on colours (APP14)."""
_PROFILE = b"ICC_PROFILE\x00"
_KEPT_CHUNKS = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs", b"bKGD", b"hIST", b"cICP",
}  # fmt: skip


def plain_jpeg(octets: bytes) -> bytes:
    """A whole JPEG without its details: its first picture alone, turned as it says. `octets` has passed `check_jpeg`."""
    position, kept, turned = 2, [octets[:2]], 1
    while True:
        while octets[position + 1] == 0xFF:
            position += 1
        marker = octets[position + 1]
        length = int.from_bytes(octets[position + 2 : position + 4], "big")
        segment = octets[position : position + 2 + length]
        if marker == 0xE1 and segment[4:10] == _EXIF:
            turned = _orientation(segment[10:])
        if marker in _KEPT_SEGMENTS and (marker != 0xE2 or segment[4:].startswith(_PROFILE)):
            kept.append(segment)
        position += 2 + length
        if marker == 0xDA:
            following = _end_of_scan(octets, position)
            kept.append(octets[position:following])
            position = following
            if octets[position + 1] == 0xD9:
                break
    if turned != 1:
        kept.insert(1, _turned(turned))
    return b"".join(kept) + b"\xff\xd9"


def _end_of_scan(octets: bytes, position: int) -> int:
    """Where the next marker begins that is none within a scan."""
    while True:
        position = octets.index(b"\xff", position)
        if octets[position + 1] not in (0x00, 0xFF, *range(0xD0, 0xD8)):
            return position
        position += 1 if octets[position + 1] == 0xFF else 2


def _orientation(tiff: bytes) -> int:
    """How the picture is to be turned (1 to 8), by Exif's own first list; 1 where that says nothing that can be read."""
    order = {b"II*\x00": "<", b"MM\x00*": ">"}.get(tiff[:4])
    try:
        if order is None:
            return 1
        (at,) = struct.unpack_from(f"{order}L", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, at)
        for n in range(count):
            tag, kind, many, value = struct.unpack_from(f"{order}HHLH", tiff, at + 2 + 12 * n)
            if (tag, kind, many) == (_ORIENTATION, 3, 1):
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1


def _turned(orientation: int) -> bytes:
    """An Exif segment that says nothing but how the picture is to be turned."""
    tiff = b"MM\x00*" + struct.pack(">LHHHLHHL", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + struct.pack(">H", 2 + len(_EXIF) + len(tiff)) + _EXIF + tiff


def plain_png(octets: bytes) -> bytes:
    """A whole PNG without its details. `octets` has passed `check_png`."""
    position, kept = len(PNG), [PNG]
    while position < len(octets):
        length, name = struct.unpack_from(">L4s", octets, position)
        if name in _KEPT_CHUNKS:
            kept.append(octets[position : position + 12 + length])
        position += 12 + length
    return b"".join(kept)
