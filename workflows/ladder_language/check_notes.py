"""How checks of a file note what they find: a list of what may be wrong, and names that must exist."""

import difflib
from collections.abc import Iterable, Sequence

from workflows.ladder_language.strict_yaml import FileTree, Path
from workflows.model.ladder import Ladder

Check = tuple[object, Path, str, str]
"""What is wrong if it is true or not empty, where that stands, how it is said, and what to write instead."""


def note_checks(checks: Iterable[Check], tree: FileTree, at: Path = ()) -> None:
    """Note what is wrong of a list, below a place."""
    for is_wrong, place, wrong, instead in checks:
        if is_wrong:
            tree.fault((*at, *place), wrong, instead)


def note_unknown(name: str, known: Iterable[str], at: Path, wrong: str, tree: FileTree, otherwise: str = "") -> None:
    """Note a name that is not among those known, with the nearest of them; `otherwise`: what else may be done."""
    options = list(known)
    if name not in options:
        tree.fault(at, wrong, name_one_of(name, options, otherwise))


def note_targets(stages: Iterable[str], at: Path, ladder: Ladder, tree: FileTree) -> None:
    """Note each stage that the ladder does not have."""
    for key in stages:
        note_unknown(key, (stage.key for stage in ladder.stages), at, f"there is no stage `{key}`", tree)


def name_one_of(wrong: str, options: Sequence[str], otherwise: str) -> str:
    """What to write instead of a name that is not known: the nearest, or one of those that are."""
    if near := difflib.get_close_matches(wrong, options, 1):
        return f"did you mean `{near[0]}`"
    listed = [f"write one of {', '.join(options[:12])}"] if options else []
    return ", or ".join([*listed, *([otherwise] if otherwise else [])]) or "name one that exists"
