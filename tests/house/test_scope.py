"""Every statement over an authority's rows says whose they are in one place: `drp/database/scope.py`."""

import ast
from collections.abc import Iterator

from tests.house.test_house import modules

SCOPE = "drp/database/scope.py"


OF_THE_ACCESS_LOG = "LOGGED.c.authority"
"""The access log is a database of its own, with one table and no row class."""


def filters_by_hand(text: str) -> Iterator[int]:
    """The lines on which the authority of a row, or of a table's column, is compared with anything but another's of a join."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
            left, right = (_plain(side) for side in (node.left, node.comparators[0]))
            is_column = left.endswith((".c.authority", "Row.authority")) and left != OF_THE_ACCESS_LOG
            if is_column and not right.endswith((".c.authority", "Row.authority")):
                yield node.lineno


def _plain(side: ast.expr) -> str:
    """What is compared, without the `col(...)` around it."""
    return ast.unparse(side.args[0] if isinstance(side, ast.Call) and len(side.args) == 1 else side)


def test_no_module_compares_a_rows_authority_by_itself() -> None:
    found = [
        f"{path}:{line}"
        for path in modules("drp")
        if not path.as_posix().endswith(SCOPE)
        for line in filters_by_hand(path.read_text(encoding="utf-8"))
    ]
    assert not found, "begin with select_of, update_of or delete_of, or join with in_authority"


def test_planted_filter_by_hand_is_seen() -> None:
    for planted in ("col(PersonRow.authority) == key", "stay.c.authority == labels.words.key", "PersonRow.authority == key"):
        assert list(filters_by_hand(f"select(x).where({planted})")) == [1], planted
    assert not list(filters_by_hand("and_(stay.c.authority == line.c.authority, PersonRow.authority == col(PostRow.authority))"))
