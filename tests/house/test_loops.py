"""The lists of tests/loops.py name what is there, and the parts of `make deep` are all of it, each test once."""

import ast
from pathlib import Path

import pytest

from tests import loops

ROOT = Path(__file__).resolve().parents[2]


def is_there(name: str) -> bool:
    """Is a package, a module, or a test of a module in the repository?"""
    module, _, function = name.partition("::")
    path = ROOT / module
    if not function or not path.is_file():
        return path.is_dir() or (path.is_file() and not function)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return any(isinstance(node, ast.FunctionDef) and node.name == function for node in tree.body)


def test_what_the_lists_name_is_there():
    lists = (loops.LONG, loops.AT_SIZE, loops.ON_SQLITE, loops.ON_BOTH, loops.TWINS, loops.WALKED_TOO)
    assert [name for names in lists for name in names if not is_there(name)] == []


def test_an_exception_is_one():
    """Nothing is said to be asked on both engines that would be anyway, nor called a twin that is none."""
    assert [name for name in loops.ON_BOTH if not loops.is_named(name, loops.ON_SQLITE)] == []
    named = [name for name in loops.TWINS if "::" in name]
    assert [name for name in named if not loops.is_twin(name)] == []


class Item:
    def __init__(self, nodeid: str) -> None:
        self.nodeid = nodeid


def test_the_parts_are_all_of_it_each_test_once_and_modules_whole():
    sizes = (1, 30, 2, 2, 41, 5, 1, 1, 9, 120, 3, 3, 8, 1, 17)
    items = [Item(f"tests/m{m:02}.py::test_{n}") for m, size in enumerate(sizes) for n in range(size)]
    for of in (1, 3, 10):
        parts = [loops.part_of(items, f"{n + 1}/{of}") for n in range(of)]
        assert sorted(item.nodeid for part in parts for item in part) == sorted(item.nodeid for item in items)
        modules = [{item.nodeid.partition("::")[0] for item in part} for part in parts]
        assert sum(len(part) for part in modules) == len(sizes)


@pytest.mark.parametrize("part", ["", "3", "0/10", "11/10", "a/b", "3/", "1/10/2", "-1/10"])
def test_a_part_that_there_is_not_is_refused(part):
    with pytest.raises(pytest.UsageError):
        loops.part_of([], part)
