"""Which characters the texts of a file may hold: what pages, drawings, mail and documents all carry, and what they cannot.

Refused, because it has no honest use in the words of a procedure: what nobody sees (controls, marks that turn the writing
round), what breaks a line without showing it (U+2028, U+2029), what no font or XML file knows (private use, unassigned), a
line break in a label, and `=?` in a label, with which an encoded word of a mail header begins. All else is carried
everywhere: braces, `%`, `$`, `#`, quotes, `<`, `&`, backticks, `@`, emoji, letters of any script.
"""

from collections.abc import Iterator
from typing import Any
from unicodedata import category

from workflows.ladder_language.phrase_parser import Miswritten

UNSEEN = frozenset({"Cc", "Cf", "Cs"})
"""Kinds of character that nobody sees: controls, marks that turn the writing round, halves of a pair."""

UNCARRIED = frozenset({"Zl", "Zp", "Co", "Cn"})
"""Kinds that some page, mail or document cannot carry: separators of lines, private use, what is no character."""

ENCODED_WORD = "=?"
"""With this an encoded word of a mail header begins (RFC 2047)."""


class Uncarried(Miswritten):
    """A text that not every page, mail and document can carry: refused in a new file, weighed in one that is in force."""


def check_seen(text: str) -> None:
    """Raises Miswritten if a text holds a character that nobody sees. Line breaks are seen."""
    for mark in text:
        if mark != "\n" and category(mark) in UNSEEN:
            raise Miswritten(f"the text holds a character that does not show (U+{ord(mark):04X})", "remove it")


def check_carried(text: str, is_line: bool) -> None:
    """Raises Uncarried if a text holds what some page, drawing, mail or document cannot carry. `is_line`: it is a label."""
    for mark in text:
        if category(mark) in UNCARRIED:
            raise Uncarried(
                f"the text holds U+{ord(mark):04X}, which mail and documents cannot carry", "write a space, or a word"
            )
        if is_line and category(mark) in UNSEEN and mark != "\n":
            raise Uncarried(f"the text holds a character that does not show (U+{ord(mark):04X})", "remove it")
    if is_line and "\n" in text:
        raise Uncarried("a line breaks in this text, and the subject line of a mail cannot", "write it on one line")
    if is_line and ENCODED_WORD in text:
        raise Uncarried(
            f"`{ENCODED_WORD}` stands in this text, which a mail header takes for code", "write `= ?`, or leave it out"
        )


def on_one_line(text: str) -> str:
    """A text on one line, a space in place of whatever breaks lines or does not show: files in force may hold such labels."""
    return " ".join("".join(" " if category(mark) in UNSEEN | UNCARRIED else mark for mark in text).split())


def texts_within(raw: Any) -> Iterator[str]:
    """Every text of a value of the file, keys too."""
    if isinstance(raw, str):
        yield raw.strip()
    elif isinstance(raw, dict):
        for key, value in raw.items():
            yield from texts_within(key)
            yield from texts_within(value)
    elif isinstance(raw, list):
        for value in raw:
            yield from texts_within(value)
