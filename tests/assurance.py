"""docs/assurance.md from tests/assurance.toml: what is tried against the service, and which test tries it.

`python -m tests.assurance` writes the page; tests/house/test_assurance.py holds that it is written and that every test is there.
"""

import ast
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "assurance.md"

BEGINS = """# What is tried against the service

Each row is an attack or a fault, the tests that try it, and, as *planted*, the tests that put the very fault into the service and
see it noticed: a test that cannot fail proves nothing. What is not tried, or smaller than it might be, is said.
`make test` runs them small and `make deep` at size; a row's figures are in the tests themselves.

This page is written by `python -m tests.assurance` from `tests/assurance.toml`; a test that is named and not there fails the
build.
"""


@dataclass(frozen=True)
class Trial:
    """One attack or fault."""

    name: str
    what: str
    tests: tuple[str, ...]
    planted: tuple[str, ...]
    less: str

    @property
    def named(self) -> tuple[str, ...]:
        return self.tests + self.planted


def trials() -> dict[str, list[Trial]]:
    """Every trial, under the title that it stands under."""
    read = tomllib.loads((ROOT / "tests" / "assurance.toml").read_text(encoding="utf-8"))
    return {part.pop("title"): [_trial(name, said) for name, said in part.items()] for part in read.values()}


def _trial(name: str, said: dict[str, object]) -> Trial:
    given = {"tests": (), "planted": (), "less": "", **said}
    return Trial(name, **{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})  # type: ignore


def missing(named: str, root: Path = ROOT / "tests") -> bool:
    """Is there no such module, or no such test in it?"""
    module, _, test = named.partition("::")
    if not (root / module).is_file():
        return True
    tree = ast.parse((root / module).read_text(encoding="utf-8"))
    tests = {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}
    return test not in tests if test else not any(name.startswith("test_") for name in tests)


def page() -> str:
    """The page, from first line to last."""
    return "\n".join([BEGINS, *(line for title, some in trials().items() for line in _part(title, some))]) + "\n"


def _part(title: str, some: list[Trial]) -> Iterator[str]:
    yield f"## {title}\n"
    for trial in some:
        yield f"### {trial.name}. {trial.what}\n"
        yield from (f"- `{one}`" for one in trial.tests)
        yield from (f"- planted: `{one}`" for one in trial.planted)
        yield f"\nNot here: {trial.less}\n" if trial.less else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
