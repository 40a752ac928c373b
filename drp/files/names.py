"""A document's name as it was given, made harmless; and as a header says it. A name never becomes part of a path."""

import re
import unicodedata
from urllib.parse import quote

from workflows.model.events import MediaType

ENDINGS: dict[MediaType, tuple[str, ...]] = {
    "application/pdf": (".pdf",),
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
}
"""How the name of each kind ends; the first is given to a name that ends otherwise."""

LONGEST = 120
_LOOKED_AT = 1000
_NOT_IN_A_NAME = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of Unicode: control and format characters (among them bidi marks), halves, private, unknown, line ends."""
_NOT_IN_FILE_NAMES = re.compile(r'[<>:"|?*]')
_ENDING = re.compile(r"\.(?=[0-9]{0,4}[a-z])[0-9a-z]{1,5}\Z", re.IGNORECASE)


def safe_name(claimed: str, kind: MediaType) -> str:
    """The name as it may be kept and shown: no folder, nothing invisible, at most 120 characters, the ending of its kind."""
    name = re.split(r"[/\\]", claimed[-_LOOKED_AT:])[-1]
    name = "".join(mark for mark in name if unicodedata.category(mark) not in _NOT_IN_A_NAME)
    name = _NOT_IN_FILE_NAMES.sub(" ", unicodedata.normalize("NFC", name))
    name = " ".join(name.split()).strip(". ")
    endings = ENDINGS[kind]
    if not name.lower().endswith(endings):
        name = _ENDING.sub("", name).rstrip(". ")
    stem, ending = name, endings[0]
    for known in endings:
        if name.lower().endswith(known):
            stem, ending = name[: -len(known)], name[-len(known) :]
    return (stem.rstrip(". ")[: LONGEST - len(ending)].rstrip(". ") or "document") + ending


def content_disposition(name: str, kind: MediaType) -> str:
    """The value of Content-Disposition: always a download; the name itself only percent-encoded (RFC 6266, RFC 8187)."""
    plain = f"document{ENDINGS[kind][0]}"
    encoded = quote(safe_name(name, kind), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
