"""Which column of an authority's own sheet is which field: a small YAML file, read as strictly as a ladder."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workflows.ladder_language.strict_yaml import FileFault, FileTree, read_tree

FIELDS = (
    "reference", "raised_on", "ended_on", "item_type", "stage", "reason", "status", "team", "service", "outcome", "impact",
    "child", "iro", "due", "to",
)  # fmt: skip
"""What a row of the register may say."""

POPULATION_FIELDS = ("quarter", "status", "number")

REVIEW_FIELDS = ("child", "held_on", "words", "number", "who", "due", "state")
"""What a row of what reviews decided may say."""

DAYS = frozenset({"raised_on", "ended_on", "due", "held_on"})
TRANSLATED = frozenset({"item_type", "stage", "reason", "status", "team", "service", "outcome", "impact", "iro", "to"})
"""Fields whose values are known ones, and may be said in the sheet's own words."""

DATES = ("day/month/year", "month/day/year", "iso", "serial")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
ENCODINGS = ("utf-8", "windows-1252")
_KEYS = ("sheet", "header", "columns", "dates", "values", "always", "encoding", "delimiter", "separator")


@dataclass(frozen=True)
class SheetMapping:
    """How to read one sheet. Without a file for it: the first row names the fields, and nothing is translated.

    `columns`: field to heading. `values`: field to the sheet's own words and what each means (empty: not recorded).
    `always`: what every row has. `separator` stands between several reasons in one cell.
    """

    file: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    sheet: str = ""
    header: int = 1
    dates: str = DATES[0]
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    always: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ENCODINGS[0]
    delimiter: str = ""
    separator: str = ";"
    lines: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    """The line on which each value translated, or always so, stands."""


class BadMapping(Exception):
    """A mapping file was refused. `faults` holds everything wrong with it."""

    def __init__(self, faults: Iterable[FileFault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


def read_mapping(text: str, file: str, fields: tuple[str, ...] = FIELDS, needed: tuple[str, ...] = FIELDS[:2]) -> SheetMapping:
    """Read a mapping file. Raises BadMapping with every fault and its line. `needed`: fields that must have a column."""
    tree = read_tree(text, file)
    if not isinstance(tree.value, dict):
        if not tree.faults:
            tree.fault((), "the file does not hold keys and values", "begin with `columns:`")
        raise BadMapping(tree.faults)
    value = tree.value
    for key in value.keys() - set(_KEYS):
        tree.fault((key,), f"`{key}` is not a key here", _near(key, _KEYS))
    columns = _texts(tree, ("columns",), fields)
    always = _texts(tree, ("always",), tuple(name for name in fields if name in TRANSLATED))
    values = {name: _texts(tree, ("values", name)) for name in _named(tree, ("values",), fields)}
    for name in values.keys() - TRANSLATED:
        tree.fault(("values", name), f"`{name}` has no fixed values", "remove it")
    for name in set(needed) - columns.keys() if "columns" in value else ():
        tree.fault(("columns",), f"no column is named for `{name}`", f"add `{name}: the heading of its column`")
    if "columns" not in value:
        tree.fault((), "`columns` is missing", "add `columns:` with a line for each field, such as `reference: Ref`")
    for name in columns.keys() & always.keys():
        tree.fault(("always", name), f"`{name}` has a column and a constant", "keep one of them")
    twice = {heading: name for name, heading in columns.items()}
    for name, heading in columns.items():
        if twice[heading] != name:
            tree.fault(("columns", name), f"the column `{heading}` is named for two fields", "name each column once")
    header = value.get("header", 1)
    if not isinstance(header, int) or isinstance(header, bool) or not 1 <= header <= 1_000:
        tree.fault(("header",), "`header` is not the number of a row", "write a number from 1 to 1,000")
    mapping = SheetMapping(
        file, columns, _text(tree, ("sheet",)), header if isinstance(header, int) else 1,
        _one_of(tree, "dates", DATES), values, always, _one_of(tree, "encoding", ENCODINGS),
        DELIMITERS.get(_one_of(tree, "delimiter", ("", *DELIMITERS)), ""), _separator(tree),
        {tuple(str(part) for part in path): line for path, line in tree.lines.items()},
    )  # fmt: skip
    if tree.faults:
        raise BadMapping(tree.faults)
    return mapping


def _separator(tree: FileTree) -> str:
    separator = _text(tree, ("separator",)) if "separator" in tree.value else ";"
    if not separator.strip("\n") or len(separator) > 3:
        tree.fault(("separator",), "`separator` is not what stands between two reasons", 'write up to three characters, as ";"')
    return separator


def _one_of(tree: FileTree, key: str, options: tuple[str, ...]) -> str:
    option = tree.value.get(key, options[0])
    if option not in options:
        tree.fault((key,), f"`{key}` is `{option}`", f"write one of {', '.join(filter(None, options))}")
        return options[0]
    return str(option)


def _named(tree: FileTree, path: tuple[str, ...], known: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """The keys and values at a place; those that are not known there are faults."""
    if tree.at(path) is None and path[-1] not in (tree.at(path[:-1]) or {}):
        return {}
    found = tree.at(path)
    if not isinstance(found, dict):
        tree.fault(path, f"`{path[-1]}` holds no keys and values", "write each on a line of its own, as `key: value`")
        return {}
    for name in found:
        if known and name not in known:
            tree.fault((*path, name), f"`{name}` is not a field here", _near(name, known))
    return {name: value for name, value in found.items() if not known or name in known}


def _texts(tree: FileTree, path: tuple[str, ...], known: tuple[str, ...] = ()) -> dict[str, str]:
    return {name: _text(tree, (*path, name)) for name in _named(tree, path, known)}


def _text(tree: FileTree, path: tuple[str, ...]) -> str:
    found = tree.at(path)
    if found is None:
        return ""
    if isinstance(found, bool | float | dict | list) or not isinstance(found, str | int):
        tree.fault(path, f"`{path[-1]}` is not plain text", 'write a word, or "words in quotes"')
        return ""
    return str(found)


def _near(name: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"write `{near[0]}`" if near else f"the keys here are {', '.join(known)}"
