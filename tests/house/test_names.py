"""One name for one thing: no public class or function of the four floors has a name that another has too."""

import ast
from collections import defaultdict
from pathlib import Path

from tests.house.test_house import FLOORS, modules, name_of, tree_of

STANDS_TWICE: dict[str, str] = {}
"""Names that may stand twice, each with the reason."""


def defined(path: Path) -> list[str]:
    """The public classes and functions of a file, not those inside others."""
    return [
        node.name
        for node in tree_of(path).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    ]


def test_no_public_name_stands_for_two_things():
    places = defaultdict(list)
    for path in modules(*FLOORS):
        for name in defined(path):
            places[name].append(name_of(path))
    twice = {name: where for name, where in places.items() if len(where) > 1 and name not in STANDS_TWICE}
    assert not twice, "give one of them another name"


def test_each_exception_is_still_one():
    names = [name for path in modules(*FLOORS) for name in defined(path)]
    assert all(names.count(name) > 1 for name in STANDS_TWICE)
