"""YAML read strictly: a tree of plain values, the line of each, and every fault found on the way."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, takewhile
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

LARGEST_FILE = 256 * 1024
"""Bytes; a larger file is refused unread."""

DEEPEST = 12
"""Levels of nesting; no ladder needs more, and a file that does is not a ladder."""

Path = tuple[str | int, ...]
"""Where a value stands in the file: keys and list positions from the top."""

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DOUBTFUL = re.compile(
    r"0[0-9_]+|0[oxb][0-9a-fA-F_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9]*)?"
    r"|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|y|Y|n|N|True|TRUE|False|FALSE"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9:.+\- Zz]+"
)


@dataclass(frozen=True, order=True)
class FileFault:
    """One thing wrong in one file, said so that the person who wrote the line can mend it."""

    file: str
    line: int
    wrong: str
    instead: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.wrong}; {self.instead}"


class _Unreadable(Exception):
    """The text cannot be read on from here."""


@dataclass
class FileTree:
    """What a file says: plain values, the line on which each path stands, and the faults of form."""

    file: str
    value: Any
    lines: dict[Path, int]
    faults: list[FileFault]
    refused_if_new: list[FileFault] = field(default_factory=list)
    """What a new file is refused for, and one in force is only warned of: what is stored stays in force."""

    def line_of(self, path: Path) -> int:
        """The line of the nearest enclosing value that the file does have (a missing key points at its parent)."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def at(self, path: Path) -> Any:
        """What stands at a path, or None."""
        here = self.value
        for part in path:
            here = here.get(part) if isinstance(here, dict) else None
        return here

    def fault(self, path: Path, wrong: str, instead: str) -> None:
        """Note a fault at the line of `path`."""
        self.faults.append(FileFault(self.file, self.line_of(path), wrong, instead))

    def refuse_new(self, path: Path, wrong: str, instead: str) -> None:
        """Note what is a fault in a new file, and to be weighed in one that is in force."""
        self.refused_if_new.append(FileFault(self.file, self.line_of(path), wrong, instead))


def read_tree(text: str, file: str) -> FileTree:
    """Read one YAML 1.2 document. Never raises: what is wrong stands in `faults`, and what could be read in `value`."""
    tree = FileTree(file, None, {(): 1}, [])
    if len(text.encode(errors="surrogatepass")) > LARGEST_FILE:
        tree.fault((), "the file is larger than 256 KiB and was not read", "split it: one ladder a file")
        return tree
    if text.startswith("\ufeff"):
        tree.fault((), "the file begins with a byte-order mark", "save it as UTF-8 without one")
        text = text[1:]
    try:
        events = YAML(typ="safe", pure=True).parse(text)
        _document(events, tree)
    except MarkedYAMLError as error:
        unclosed = "unexpected end of stream" in str(error.problem)
        mark = (error.context_mark if unclosed else error.problem_mark) or error.context_mark
        reason = " ".join(str(part) for part in (error.context, error.problem) if part)
        line = mark.line + 1 if mark else 1
        tree.faults.append(FileFault(file, line, f"this is not YAML: {reason}", "check indentation, quotes, colons"))
    except YAMLError as error:
        # ruamel raises its ReaderError (control characters) with a position and no mark.
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        reason = str(error).splitlines()[0]
        tree.faults.append(FileFault(file, line, f"this is not YAML text: {reason}", "remove the character named"))
    except (ValueError, OverflowError):
        # ruamel turns an escape such as \UFFFFFFFF into a character without asking whether there is one.
        tree.fault((), "this is not YAML text: an escape names no character", "write the character itself")
    except _Unreadable:
        tree.value = None  # what was read so far would only seem to lack the rest
    return tree


def _document(events: Iterator[Event], tree: FileTree) -> None:
    """Read the one document; more than one, or a tag directive before it, is refused."""
    has_begun = False
    for event in events:
        if isinstance(event, DocumentStartEvent):
            if has_begun:
                _give_up(tree, event, "a second document begins here", "one document a file: remove the ---")
            has_begun = True
            if event.tags:
                _give_up(tree, event, "a tag directive stands here", "remove it: a ladder is plain text and numbers")
        elif isinstance(event, MappingStartEvent | SequenceStartEvent | ScalarEvent | AliasEvent):
            tree.value = _node(event, events, tree, ())
    if tree.value is None:
        tree.fault((), "the file is empty", "write the ladder, or remove the file")


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _note(tree: FileTree, event: Event, wrong: str, instead: str) -> None:
    tree.faults.append(FileFault(tree.file, _line(event), wrong, instead))


def _give_up(tree: FileTree, event: Event, wrong: str, instead: str) -> NoReturn:
    _note(tree, event, wrong, instead)
    raise _Unreadable


def _node(event: Event, events: Iterator[Event], tree: FileTree, path: Path) -> Any:
    tree.lines.setdefault(path, _line(event))
    if len(path) > DEEPEST:
        _give_up(tree, event, f"nested more than {DEEPEST} levels deep", "a ladder needs fewer levels")
    if isinstance(event, AliasEvent):
        _note(tree, event, f"*{event.anchor} is an alias", "write the value out again")
        return None
    _note_anchor(tree, event)
    if _explicit_tag(event):
        _note(tree, event, "a tag (!…) stands here", "remove it: write a plain value")
        _consume(event, events)
        return None
    if isinstance(event, MappingStartEvent):
        return _mapping(events, tree, path)
    if isinstance(event, SequenceStartEvent):
        return _sequence(events, tree, path)
    assert isinstance(event, ScalarEvent)
    return _scalar(event, tree, path)


def _note_anchor(tree: FileTree, event: Event) -> None:
    if anchor := getattr(event, "anchor", None):
        _note(tree, event, f"&{anchor} is an anchor", "remove it")


def _explicit_tag(event: Event) -> bool:
    tag = getattr(event, "tag", None)
    return tag is not None and str(tag) != "" and not (isinstance(event, ScalarEvent) and any(event.implicit))


def _consume(event: Event, events: Iterator[Event]) -> None:
    """Pass over the rest of a node that is not read."""
    depth = 0
    for part in chain([event], events):
        depth += isinstance(part, MappingStartEvent | SequenceStartEvent)
        depth -= isinstance(part, MappingEndEvent | SequenceEndEvent)
        if depth == 0:
            return


def _mapping(events: Iterator[Event], tree: FileTree, path: Path) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for event in takewhile(lambda event: not isinstance(event, MappingEndEvent), events):
        key = _key(event, tree)
        here = (*path, key)
        if key in values:
            first = tree.line_of(here)
            _note(tree, event, f"`{key}` stands here a second time (first on line {first})", "keep one of them")
        else:
            tree.lines[here] = _line(event)
        value = _node(next(events), events, tree, here)
        values.setdefault(key, value)
    return values


def _key(event: Event, tree: FileTree) -> str:
    if not isinstance(event, ScalarEvent) or _explicit_tag(event):
        _give_up(tree, event, "a key here is not plain text", "write a word followed by a colon")
    _note_anchor(tree, event)
    return str(event.value)


def _sequence(events: Iterator[Event], tree: FileTree, path: Path) -> list[Any]:
    items = takewhile(lambda event: not isinstance(event, SequenceEndEvent), events)
    return [_node(event, events, tree, (*path, n)) for n, event in enumerate(items)]


def _scalar(event: ScalarEvent, tree: FileTree, path: Path) -> Any:
    text = str(event.value)
    if any("\ud800" <= mark <= "\udfff" for mark in text):
        tree.fault(path, "half of a pair of characters stands here", "write the character itself")
        return None
    if event.style is not None:
        return text
    if text in ("", "~", "null", "Null", "NULL"):
        tree.fault(path, "nothing stands here", "write a value, or leave the key out")
        return None
    if text in ("true", "false"):
        return text == "true"
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            tree.fault(path, f"{text} is not a date", "write year-month-day, such as 2026-04-01")
            return None
    if _DOUBTFUL.fullmatch(text):
        tree.fault(path, f"`{text}` can be read in more than one way", f'write "{text}" in quotes if text is meant')
        return text
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) < 12 else text
    if _NUMBER.fullmatch(text):
        return float(text)
    return text
