"""Small numbers cannot be worked out: the bounds against every table that fits, and editions against each other."""

from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drp.written_reports import suppression
from drp.written_reports.suppression import SPAN, TOTAL, CrossedTable, find_hidden, possible_numbers, span_of


def table(counts: list[list[int]], *, columns_stand: bool = True) -> CrossedTable:
    """A table with its totals. The totals of its columns, and of all, are the authority's own and always stand."""
    rows, columns = [f"r{n}" for n in range(len(counts))], [f"c{n}" for n in range(len(counts[0]))]
    cells = {(row, column): counts[r][c] for r, row in enumerate(rows) for c, column in enumerate(columns)}
    cells |= {(row, TOTAL): sum(counts[r]) for r, row in enumerate(rows)}
    cells |= {(TOTAL, column): sum(line[c] for line in counts) for c, column in enumerate(columns)}
    cells[TOTAL, TOTAL] = sum(map(sum, counts))
    return CrossedTable(rows, columns, cells, {(TOTAL, column) for column in (*columns, TOTAL)} if columns_stand else set())


def every_table_that_fits(of: CrossedTable, hidden: frozenset, most: int) -> list[dict]:
    """What an attacker can do: every way to fill the hidden cells inside, totals worked out, that agrees with what is printed."""
    inside = sorted(cell for cell in hidden if TOTAL not in cell)
    found = []
    for values in product(range(most + 1), repeat=len(inside)):
        filled = {cell: of.count(cell) for cell in of.cells()} | dict(zip(inside, values, strict=True))
        for row in of.rows:
            filled[row, TOTAL] = sum(filled[row, column] for column in of.columns)
        for column in of.columns:
            filled[TOTAL, column] = sum(filled[row, column] for row in of.rows)
        filled[TOTAL, TOTAL] = sum(filled[TOTAL, column] for column in of.columns)
        if all(filled[cell] == of.count(cell) for cell in of.cells() if cell not in hidden):
            found.append(filled)
    return found


def test_the_bounds_are_those_of_every_table_that_fits():
    rng = Random(7)
    for _ in range(60):
        made = table([[rng.choice((0, 0, 1, 2, 3, 6)) for _ in range(2)] for _ in range(2)])
        may = [cell for cell in made.cells() if cell not in made.always]
        hidden = frozenset(rng.sample(may, rng.randrange(1, len(may) + 1)))
        fits = every_table_that_fits(made, hidden, sum(made.counts[TOTAL, column] for column in made.columns))
        for cell in hidden:
            values = {one[cell] for one in fits}
            assert possible_numbers(made, hidden, cell) == (min(values), max(values)), (made.counts, hidden, cell)


@given(st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), min_size=1, max_size=4))
def test_no_small_number_is_printed_and_none_can_be_worked_out(counts):
    made = table(counts)
    hidden = find_hidden(made)
    for cell in made.cells():
        if cell in made.always:
            assert cell not in hidden
        elif 0 < made.count(cell) < 5:
            assert cell in hidden
    everything = frozenset(cell for cell in made.cells() if cell not in made.always)
    for cell in hidden:
        assert span_of(made, hidden, cell) == min(SPAN, span_of(made, everything, cell)), "as much as the totals leave at all"


def test_a_total_and_one_hidden_cell_never_stand_alone():
    made = table([[40, 12], [2, 9]])
    hidden = find_hidden(made)
    assert ("r1", "c0") in hidden
    assert len([cell for cell in hidden if cell[1] == "c0"]) > 1, "else 42 − 40 tells it"


def test_a_total_that_always_stands_and_is_small_itself_hides_no_more_than_its_own_column():
    """Three items at a stage, whatever is left out: nobody can be kept from knowing that no cell there holds more."""
    made = table([[40, 12, 3, 0], [20, 9, 0, 0]])
    assert find_hidden(made) == {("r0", "c2"), ("r1", "c2")} | {cell for cell in find_hidden(made) if cell[1] != "c2"}
    assert not any(column == "c3" for _, column in find_hidden(made)), "noughts tell nothing of anybody"
    assert ("r0", "c0") not in find_hidden(made) or ("r0", TOTAL) not in find_hidden(made)


def test_noughts_and_a_table_without_small_numbers_stand_as_they_are():
    assert find_hidden(table([[0, 7], [9, 0]])) == frozenset()


def test_hiding_the_small_number_alone_would_tell_it(monkeypatch: pytest.MonkeyPatch):
    """Planted: nothing is left out beside the small number itself."""
    monkeypatch.setattr(suppression, "span_of", lambda *_: SPAN)
    made = table([[40, 12], [2, 9]])
    hidden = suppression.find_hidden(made)
    assert possible_numbers(made, hidden, ("r1", "c0")) == (2, 2)
    with pytest.raises(AssertionError):
        test_a_total_and_one_hidden_cell_never_stand_alone()
