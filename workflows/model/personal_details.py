"""Does a text hold what would name or find somebody: an e-mail address, a postcode, a telephone number? Asked, never refused."""

import re

_KINDS = (
    ("an e-mail address", re.compile(r"[^\s@<>]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}")),
    ("a postcode", re.compile(r"\b[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}\b", re.IGNORECASE)),
    ("a telephone number", re.compile(r"(?<![\w.-])(?:\+44 ?|0)(?:[0-9][ -]?){9,10}(?![\w-])")),
)


def personal_details(text: str) -> tuple[str, ...]:
    """What kinds of personal detail a text seems to hold, in words: "a postcode". It may be wrong both ways."""
    return tuple(kind for kind, pattern in _KINDS if pattern.search(text))
