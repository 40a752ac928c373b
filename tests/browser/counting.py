"""Clicks and page loads of each journey, counted as they are made and printed at the end of the run."""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_CLICKS = 10
"""What a named journey may cost."""

NAMED = (
    "log a talk",
    "raise",
    "judge and climb",
    "answer as a manager",
    "answer as a partner agency",
    "hand over a caseload",
    "confirm an assumption",
    "send a notice of excellent practice",
)
"""The journeys whose cost is promised (issue text)."""

ABOUT = (
    "A click: a link or button pressed, a box or one of several ticked, a choice in a menu, by mouse or by key. Going on to the",
    "next field (Tab) and writing are none. Each begins at My tasks; signing in is counted by itself. Desk and phone: 1200 and",
    "390 px wide, at the first authority that has the journey; the others at a desk. The indented lines are several acts in one.",
)


@dataclass
class Count:
    """What one journey cost."""

    clicks: int = 0
    loads: int = 0

    def __str__(self) -> str:
        return f"{self.clicks}/{self.loads}"


SIGNING_IN = "signing in (before each of these)"

Counted = tuple[str, str, int, int]
"""A journey, the column that it stands in, its clicks and loads."""

PROPERTY = "journey"


def check(name: str, count: Count) -> None:
    """Fail if a named journey costs more than was promised."""
    assert name not in NAMED or count.clicks <= MOST_CLICKS, f"{name}: {count.clicks} clicks"


def table(counted: Iterable[Counted]) -> list[str]:
    """The lines to print: journeys down, authorities and ways of looking across."""
    cells: dict[str, dict[str, Count]] = {}
    for name, column, clicks, loads in counted:
        cells.setdefault(name, {})[column] = Count(clicks, loads)
    if not cells:
        return []
    columns = sorted({column for row in cells.values() for column in row}, key=_order)
    first = [name for name in (*NAMED, SIGNING_IN) if name in cells]
    names = first + sorted(set(cells) - set(first))
    width = max(len(name) for name in names) + 2
    wide = [max(len(column), 5) + 2 for column in columns]
    head = "".ljust(width) + "".join(column.rjust(w) for column, w in zip(columns, wide, strict=True))
    lines = [head]
    for name in names:
        mark = "" if name in first else " "
        row = [str(cells[name].get(column, "–")).rjust(w) for column, w in zip(columns, wide, strict=True)]
        lines.append((mark + name).ljust(width) + "".join(row))
    return lines


def _order(column: str) -> tuple[int, str]:
    from api.demo.scene import CAST

    known = [short(part.key) for part in CAST]
    return (known.index(column), "") if column in known else (len(known), column)


def short(part: str) -> str:
    """An authority, as the table's head has it."""
    words = part.split("_")
    return "N. Yorks" if words[0] == "north" else " ".join([words[0].capitalize(), *words[1:]])
