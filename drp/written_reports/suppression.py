"""Small numbers: which cells of a published table are left out, so that none under five can be worked out from what is left.

A table crosses a team, a service or something about a child with something else, and has the totals of its rows, of its columns
and of all. Totals of the whole authority always stand (four of the five annual reports print them). Every cell from 1 to 4 is
left out, and then as many others as it takes: of every cell that is left out, the numbers that remain possible, given all that is
printed, must span at least five, or as many as the authority's own totals leave at all. What remains possible is exact: the
unknown cells of such a table are the edges of a network that conserves what flows through it, so the furthest that one cell can
move is a maximum flow (Gusfield 1988).

A table is published once for a reporting year and never counted again: no later edition, and no other table with the same
cells, tells the difference (docs/decisions/0013-small-numbers.md).
"""

from collections import deque
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

SMALL = 5
"""Cells under it are not published, unless they are nought."""
SPAN = 5
"""How far apart the numbers that remain possible must lie."""

TOTAL = ""
"""Stands for a row or a column in the place of a total."""

Cell = tuple[str, str]


@dataclass(frozen=True)
class CrossedTable:
    """Counts by two things, with their totals. `always`: the cells that stand whatever they are: the authority's own totals."""

    rows: Sequence[str]
    columns: Sequence[str]
    counts: Mapping[Cell, int]
    """Of every row and column, totals among them (`TOTAL`); what is not there is nought."""
    always: Set[Cell] = frozenset()

    def count(self, cell: Cell) -> int:
        """How many are in a cell."""
        return self.counts.get(cell, 0)

    def cells(self) -> list[Cell]:
        """Every cell, totals among them."""
        return [(row, column) for row in (*self.rows, TOTAL) for column in (*self.columns, TOTAL)]


def find_hidden(table: CrossedTable) -> frozenset[Cell]:
    """The cells that are not printed: the small ones, and beside each the fewest that keep it from being worked out."""
    may = frozenset(cell for cell in table.cells() if cell not in table.always)
    small = {cell for cell in may if 0 < table.count(cell) < SMALL}
    needed = {cell: span_of(table, may, cell) for cell in may}
    hidden = set(small)

    def exposed(cells: Set[Cell]) -> list[Cell]:
        return sorted(cell for cell in cells if span_of(table, cells, cell) < needed[cell])

    while alone := exposed(hidden):
        beside = [around - hidden for around in _around(table, alone[0]) if around <= may and around - hidden]
        wide = {cells: span_of(table, hidden | cells, alone[0]) for cells in beside}
        best = min(beside, key=lambda cells: (-wide[cells], len(cells), sum(map(table.count, cells)), sorted(cells)), default=may)
        hidden |= best
    for cell in sorted(hidden - small, key=lambda cell: (-table.count(cell), cell)):
        if not exposed(hidden - {cell}):  # what was hidden since protects as much without it
            hidden.remove(cell)
    return frozenset(hidden)


def _around(table: CrossedTable, cell: Cell) -> list[frozenset[Cell]]:
    """The other three corners of every rectangle that has a cell as its corner: what is moved there, moves back by them."""
    row, column = cell
    return [
        frozenset({(row, other), (another, column), (another, other)})
        for another in (*table.rows, TOTAL)
        for other in (*table.columns, TOTAL)
        if another != row and other != column
    ]


def span_of(table: CrossedTable, hidden: Set[Cell], cell: Cell) -> int:
    """How far apart the numbers lie that remain possible for a cell; no more than `SPAN`, which is enough."""
    low, high = possible_numbers(table, hidden, cell)
    return SPAN if high is None else min(high - low, SPAN)


def possible_numbers(table: CrossedTable, hidden: Set[Cell], cell: Cell) -> tuple[int, int | None]:
    """The least and the most that a cell can be, given every cell that is printed; None: there is no most."""
    if cell not in hidden:
        return table.count(cell), table.count(cell)
    at = table.count(cell)
    most = _furthest(table, hidden, cell, more=True)
    return at - (_furthest(table, hidden, cell, more=False) or 0), None if most is None else at + most


def _edge(cell: Cell) -> tuple[str, str]:
    """A cell as an edge: what a row has goes on to its columns, and from there to the total, and round again."""
    row, column = cell
    start, end = f"row {row}", f"column {column}"
    return (end, start) if (row == TOTAL) != (column == TOTAL) else (start, end)


def _furthest(table: CrossedTable, hidden: Set[Cell], cell: Cell, more: bool) -> int | None:
    """By how much a cell can grow (or shrink, down to nought) while every other hidden cell stays at nought or above.

    None: without an end. Every cell can grow without an end, and shrink by what it holds.
    """
    limit = None if more else table.count(cell)
    start, end = _edge(cell)
    source, sink = (end, start) if more else (start, end)
    room: dict[str, dict[str, float]] = {}
    endless = float(sum(table.counts.values()) + SPAN + 1)
    for one in hidden:
        if one == cell:
            continue
        a, b = _edge(one)
        room.setdefault(a, {})[b] = endless
        room.setdefault(b, {})[a] = float(table.count(one))
    moved = 0.0
    while limit is None or moved < limit:
        path = _path(room, source, sink)
        if not path:
            break
        step = min(room[a][b] for a, b in path)
        if limit is not None:
            step = min(step, limit - moved)
        for a, b in path:
            room[a][b] -= step
            room.setdefault(b, {}).setdefault(a, 0.0)
            room[b][a] += step
        moved += step
        if moved >= endless:
            return None
    return int(moved)


def _path(room: Mapping[str, Mapping[str, float]], source: str, sink: str) -> list[tuple[str, str]]:
    came: dict[str, str] = {source: source}
    waiting = deque([source])
    while waiting and sink not in came:
        at = waiting.popleft()
        for to, left in room.get(at, {}).items():
            if left > 0 and to not in came:
                came[to] = at
                waiting.append(to)
    if sink not in came:
        return []
    path, at = [], sink
    while at != source:
        path.append((came[at], at))
        at = came[at]
    return path[::-1]
