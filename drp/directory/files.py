"""The directory's CSV files, text to values: every row that cannot be read is named, all faults at once. Pure."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NoReturn

from drp.directory.cells import CellRow, show_cell
from drp.directory.values import DirectoryChild, DirectoryUnit, Person, StandIn
from workflows.ladder_language.strict_yaml import FileFault
from workflows.model.ladder import Status

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "people.csv": ("key", "name", "email", "agency", "left_on"),
    "units.csv": ("kind", "key", "name", "within"),
    "posts.csv": ("person", "role", "of", "since", "until"),
    "covers.csv": ("of", "by", "since", "until", "kind"),
    "children.csv": (
        "number", "initials", "born", "statuses", "in_plo", "in_proceedings", "facts", "team",
        "social_worker", "iro", "last_review", "next_review", "conferences",
    ),
}  # fmt: skip
"""The files of a directory, with the first row that each must have."""

UNIT_KINDS = ("service", "team", "agency")
MOST_ROWS = 200_000
MOST_CONFERENCES = 1_000


class Unloadable(Exception):
    """Files were refused and nothing was loaded. `faults` holds every one, in file and line order."""

    def __init__(self, faults: Iterable[FileFault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class PostLine:
    """One row of posts.csv. `of`: the team, service or agency; both days count."""

    person: str
    role: str
    of: str
    since: date
    until: date | None


@dataclass(frozen=True)
class ChildLine:
    """One row of children.csv. `social_worker` and `iro` are keys of people, or empty where nobody is allocated."""

    child: DirectoryChild
    social_worker: str
    iro: str


@dataclass(frozen=True)
class DirectoryFiles:
    """What some files say, as far as they can be read, by the line on which each row begins; None for a file not given.

    `spoiled` names, by file and key, rows that are faulty already, so that what refers to them is not blamed too. `unread`:
    files of which some rows could not be taken apart at all; what they lack proves nothing.
    """

    people: Mapping[int, Person] | None
    units: Mapping[int, DirectoryUnit] | None
    posts: Mapping[int, PostLine] | None
    covers: Mapping[int, StandIn] | None
    children: Mapping[int, ChildLine] | None
    faults: tuple[FileFault, ...]
    spoiled: frozenset[tuple[str, str]]
    unread: frozenset[str]


def read_files(files: Mapping[str, bytes | str]) -> DirectoryFiles:
    """Read files by name: any of people.csv, units.csv, posts.csv, covers.csv, children.csv.

    Bytes must be UTF-8, a byte order mark is tolerated. Raises nothing: every fault of every file stands in `faults`.
    """
    faults: list[FileFault] = []
    spoiled: set[tuple[str, str]] = set()
    unread: set[str] = set()
    rows: dict[str, Any] = dict.fromkeys(COLUMNS)
    for name, data in files.items():
        if name in COLUMNS:
            rows[name] = _Sheet(name, faults, spoiled, unread).values(data, _READERS[name])
        else:
            faults.append(FileFault(name, 1, f"`{name}` is no file of a directory", f"name it one of {', '.join(COLUMNS)}"))
    if not files:
        faults.append(FileFault("(no file)", 1, "no file is given", f"give one or more of {', '.join(COLUMNS)}"))
    return DirectoryFiles(
        rows["people.csv"], rows["units.csv"], rows["posts.csv"], rows["covers.csv"], rows["children.csv"],
        tuple(faults), frozenset(spoiled), frozenset(unread),
    )  # fmt: skip


class _CannotBeRead(Exception):
    """A file has no rows that can be taken apart, or too many of them. What is wrong with it is noted."""


class _Sheet:
    """One file as it is taken apart."""

    def __init__(self, name: str, faults: list[FileFault], spoiled: set[tuple[str, str]], unread: set[str]) -> None:
        self.name, self.faults, self.spoiled, self.unread = name, faults, spoiled, unread

    def fault(self, line: int, wrong: str, instead: str) -> None:
        self.faults.append(FileFault(self.name, line, wrong, instead))

    def _give_up(self, line: int, wrong: str, instead: str) -> NoReturn:
        self.fault(line, wrong, instead)
        raise _CannotBeRead

    def values(self, data: bytes | str, read_row: Callable[[CellRow], Any]) -> dict[int, Any]:
        """Each row as a value, by its line; a row with any fault is left out, its faults are kept."""
        found = {}
        try:
            for row in self._rows(data):
                value = read_row(row)
                if row.is_good:
                    found[row.line] = value
                else:
                    self.spoiled.add((self.name, row.name))
        except _CannotBeRead:
            self.unread.add(self.name)
        return found

    def _rows(self, data: bytes | str) -> Iterator[CellRow]:
        """The rows below the first. Raises _CannotBeRead where the first is not as it must be."""
        lines = self._lines(self._text(data))
        columns = self._columns(next(lines, (1, []))[1])
        count = 0
        for line, cells in lines:
            count += 1
            if count > MOST_ROWS:
                self._give_up(
                    line, f"the file has more than {MOST_ROWS:,} rows", "split the authority, or ask for a higher limit"
                )
            if len(cells) == len(columns):
                yield CellRow(line, dict(zip(columns, cells, strict=True)), self.fault)
            else:
                self.fault(
                    line,
                    f"this row has {len(cells)} cells and the first row has {len(columns)}",
                    'put text that holds a comma in double quotes ("…"), and keep empty cells',
                )
                self.unread.add(self.name)
        if not count and self.name != "covers.csv":
            # The whole truth from a day on: an export that came out empty would end everything.
            self.fault(1, "the file has no rows, which would end all that stands", "leave it out, or export it again")

    def _text(self, data: bytes | str) -> str:
        if isinstance(data, str):
            return data.removeprefix("\ufeff")
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            self._give_up(1, "the file is in UTF-16", "save it as CSV UTF-8")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._give_up(
                data.count(b"\n", 0, error.start) + 1,
                f"the file is not in UTF-8 (byte {error.object[error.start]:#04x})",
                "save it as CSV UTF-8 (in Excel: Save as, CSV UTF-8)",
            )

    def _lines(self, text: str) -> Iterator[tuple[int, list[str]]]:
        """Rows with the line on which each begins; rows of nothing but empty cells are passed over."""
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                self.fault(
                    line,
                    f"the row cannot be taken apart ({error}); nothing below it was read",
                    'look for a double quote that is not closed; write one inside a cell as ""',
                )
                self.unread.add(self.name)
                return
            if any(cell.strip() for cell in cells):
                yield line, cells

    def _columns(self, first: list[str]) -> list[str]:
        wanted = COLUMNS[self.name]
        columns = [cell.strip() for cell in first]
        if len(columns) == 1 and any(mark in columns[0] for mark in ";\t"):
            self._give_up(1, "the cells are not separated by commas", "save it as comma-separated CSV")
        wrong = {
            "is missing": [column for column in wanted if column not in columns],
            "is not known": [column or "(empty)" for column in columns if column not in wanted],
            "stands twice": [column for column in columns if column in wanted and columns.count(column) > 1],
        }
        for what, named in wrong.items():
            for column in dict.fromkeys(named):
                self.fault(1, f"column `{show_cell(column)}` {what}", f"write the first row as {','.join(wanted)}")
        if any(wrong.values()):
            raise _CannotBeRead
        return columns


def _person(row: CellRow) -> Person:
    key, name = row.key("key"), row.text("name", 200)
    left_on = row.day_or_none("left_on")
    email = row.email("email", needed=left_on is None)
    return Person(key, name, email, row.key("agency", needed=False), left_on)


def _unit(row: CellRow) -> DirectoryUnit:
    kind, key, name = row.one_of("kind", UNIT_KINDS), row.key("key"), row.text("name", 200)
    within = row.key("within", needed=False)
    if kind == "team" and not within:
        row.fault("within", f"team `{show_cell(key)}` is within no service", "write the key of its service")
    if kind in ("service", "agency") and within:
        row.fault("within", f"only a team is within a service, and `{show_cell(key)}` is a {kind}", "leave `within` empty")
    return DirectoryUnit(kind, key, name, within)


def _post(row: CellRow) -> PostLine:
    return PostLine(row.key("person"), row.key("role"), row.key("of", needed=False), *row.span())


def _cover(row: CellRow) -> StandIn:
    of, by = row.key("of"), row.key("by")
    is_delegate = row.one_of("kind", ("cover", "delegate")) == "delegate"
    if of and of == by:
        row.fault("by", f"`{show_cell(of)}` cannot stand in for themself", "name somebody else under `by`")
    return StandIn(of, by, *row.span(), is_delegate)


def _child(row: CellRow) -> ChildLine:
    number, initials = row.key("number", most=32), row.text("initials", 8)
    if initials and not all((mark.isalpha() and not mark.islower()) or mark in ".-" for mark in initials):
        row.fault(
            "initials", f"`{show_cell(initials)}` are not initials", "write capital letters, such as KT; no name belongs here"
        )
    last_review, next_review = row.day_or_none("last_review"), row.day_or_none("next_review")
    if last_review and next_review and next_review < last_review:
        row.fault("next_review", f"the next review ({next_review}) is before the last ({last_review})", "check which is which")
    child = DirectoryChild(
        number,
        initials,
        row.day("born"),
        _statuses(row),
        row.one_of("in_plo", ("yes", "no")) == "yes",
        row.one_of("in_proceedings", ("yes", "no")) == "yes",
        row.several("facts"),
        row.key("team"),
        last_review,
        next_review,
        row.number("conferences", MOST_CONFERENCES),
    )
    return ChildLine(child, row.key("social_worker", needed=False), row.key("iro", needed=False))


def _statuses(row: CellRow) -> tuple[str, ...]:
    """An empty cell says that no status is recorded, which is itself something that a ladder may ask for."""
    found = row.several("statuses") or (Status.NONE_RECORDED.value,)
    known = [status.value for status in Status]
    for status in found:
        if status not in known:
            row.fault("statuses", f"`{show_cell(status)}` is no status", f"write {', '.join(known)}, with ; between several")
    if len(found) > 1 and Status.NONE_RECORDED.value in found:
        row.fault("statuses", "no status recorded stands beside another status", "leave `none_recorded` out")
    return found


_READERS: Mapping[str, Callable[[CellRow], Any]] = {
    "people.csv": _person, "units.csv": _unit, "posts.csv": _post, "covers.csv": _cover, "children.csv": _child,
}  # fmt: skip
"""What reads a row of each file."""
