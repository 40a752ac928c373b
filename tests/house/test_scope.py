"""Every statement over an authority's rows says whose they are in one place: `drp/database/scope.py`."""

import ast
from collections.abc import Iterator

from tests.house.test_house import modules, name_of

SCOPE = "drp.database.scope"


def filters_by_hand(text: str) -> Iterator[int]:
    """The lines on which a row's authority is compared with something."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq):
            of = node.left.args[0] if isinstance(node.left, ast.Call) and node.left.args else node.left
            if isinstance(of, ast.Attribute) and of.attr == "authority" and "Row" in ast.unparse(of.value):
                yield node.lineno


def test_no_module_compares_a_rows_authority_by_itself() -> None:
    found = [
        f"{path}:{line}"
        for path in modules("drp")
        if name_of(path) != SCOPE
        for line in filters_by_hand(path.read_text(encoding="utf-8"))
    ]
    assert not found, "begin with select_of, update_of or delete_of, or join with in_authority"


def test_planted_filter_by_hand_is_seen() -> None:
    assert list(filters_by_hand("select(x).where(col(PersonRow.authority) == key)")) == [1]
