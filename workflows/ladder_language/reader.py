"""Text to values: reads authority, ladder and notice files strictly and reports every fault at once."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.json_schema import models_json_schema

from workflows.ladder_language.build_ladder import authority_of, between_reviews_of, content_hash, ladder_of, notice_of
from workflows.ladder_language.carried_text import Uncarried
from workflows.ladder_language.file_schema import EXAMPLES, WrittenAuthority, WrittenBetweenReviews, WrittenLadder, WrittenNotice
from workflows.ladder_language.phrase_parser import Miswritten, show_value
from workflows.ladder_language.semantic_checks import UNREAD, faults_in_authority, faults_in_ladder
from workflows.ladder_language.strict_yaml import FileFault, FileTree, Path, read_tree
from workflows.ladder_language.written_phrases import AS_NEW
from workflows.model.authority import Authority
from workflows.model.ladder import Ladder


class Unreadable(Exception):
    """Files were refused. `faults` holds every one, in file and line order."""

    def __init__(self, faults: Iterable[FileFault]) -> None:
        self.faults = tuple(sorted(set(faults)))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass(frozen=True)
class AuthorityProcedures:
    """One authority's file with every version of every ladder it uses."""

    authority: Authority
    ladders: tuple[Ladder, ...]
    texts: Mapping[str, str]
    """The text that each hash stands for: what is stored with the version."""
    to_weigh: tuple[FileFault, ...] = ()
    """What files in force say that new ones are refused for."""


def read_procedures(
    files: Mapping[str, str], whole: bool = True, is_in_force: Callable[[str], bool] = lambda content: False
) -> AuthorityProcedures:
    """Read one authority's files (name to text). Raises Unreadable with every fault of every file.

    `whole` False reads a stored version, which is one ladder with its authority file and not all of its neighbours.
    `is_in_force`: is the file of such a content hash in force already? Then it is not refused for what a later release asks.
    """
    faults: list[FileFault] = []
    authorities: list[tuple[Authority, FileTree]] = []
    ladders: list[tuple[Ladder, FileTree]] = []
    unread = False
    for name, text in files.items():
        tree = read_tree(text, name)
        kind = _kind_of(tree)
        written = _validated(kind, tree) if kind else None
        unread = unread or written is None
        if isinstance(written, WrittenAuthority):
            authorities.append((authority_of(written, text), tree))
        elif isinstance(written, WrittenLadder):
            ladders.append((ladder_of(written, text, tree), tree))
        elif isinstance(written, WrittenNotice):
            ladders.append((notice_of(written, text), tree))
        elif isinstance(written, WrittenBetweenReviews):
            ladders.append((between_reviews_of(written, text, tree), tree))
        faults += tree.faults
    if len(authorities) != 1:
        wrong = "no authority file among these" if not authorities else "more than one authority file"
        if not faults or not any("authority:" in text and "roles:" in text for text in files.values()) or authorities:
            first = next(iter(files), "(no file)")
            faults.append(FileFault(first, 1, wrong, "give one file that begins `authority:` with the ladders beside it"))
        raise Unreadable(faults)
    authority, authority_tree = authorities[0]
    every, is_whole = tuple(ladder for ladder, _ in ladders), whole and not unread
    faults_in_authority(authority, every, authority_tree, every_file_read=is_whole)
    for ladder, tree in ladders:
        faults_in_ladder(ladder, authority, tree, every if is_whole else ())
    # A line already at fault in its form says enough: what it seems to mean is not judged as well.
    malformed = {(fault.file, fault.line) for fault in faults}
    sense = [fault for _, tree in [*authorities, *ladders] for fault in tree.faults]
    faults += [fault for fault in sense if (fault.file, fault.line) not in malformed]
    to_weigh: list[FileFault] = []
    files_read: list[tuple[Authority | Ladder, FileTree]] = [*authorities, *ladders]
    for read, tree in files_read:
        (to_weigh if not whole or is_in_force(read.hash) else faults).extend(tree.refused_if_new)
    if faults:
        raise Unreadable(faults)
    return AuthorityProcedures(authority, every, {content_hash(text): text for text in files.values()}, tuple(to_weigh))


def _kind_of(tree: FileTree) -> type[BaseModel] | None:
    if tree.value is None:
        return None
    wrong = "this is neither a ladder, a notice, what is followed between reviews, nor an authority"
    if isinstance(tree.value, dict):
        kind = next((kind for key, kind in _KINDS.items() if key in tree.value), None)
        if kind:
            return kind
    else:
        wrong = "the file does not hold keys and values"
    tree.fault((), wrong, "begin with `ladder:`, `notice:`, `between_reviews:` or `authority:`")
    return None


_KINDS: dict[str, type[BaseModel]] = {
    "ladder": WrittenLadder,
    "notice": WrittenNotice,
    "between_reviews": WrittenBetweenReviews,
    "stages": WrittenLadder,
    "to": WrittenNotice,
    "authority": WrittenAuthority,
}
"""What kind of file it is, by the first of these keys that it has."""


def _validated(kind: type[BaseModel], tree: FileTree) -> BaseModel | None:
    """Validate; where parts are faulty, note each and look again without them, so that later faults still show."""
    value, noted = tree.value, set[Path]()
    illegible = {fault.line for fault in tree.faults}
    for _ in range(4):
        try:
            written = kind.model_validate(value)
            _note_uncarried(kind, value, tree)
            return written
        except ValidationError as error:
            wanting = {}
            for problem in error.errors(include_url=False):
                path = _path(problem["loc"])
                if path not in noted and (problem["type"] == "missing" or tree.line_of(path) not in illegible):
                    _note(kind, tree, problem, path)
                noted.add(path)
                wanting[path] = problem["type"] != "extra_forbidden"
            value = _mended(value, wanting)
            if value is None:
                return None
    return None


def _note_uncarried(kind: type[BaseModel], value: Any, tree: FileTree) -> None:
    """Note every text that not every page, drawing, mail and document can carry."""
    try:
        kind.model_validate(value, context=AS_NEW)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            fault = problem.get("ctx", {}).get("error")
            if isinstance(fault, Uncarried):
                tree.refuse_new((*_path(problem["loc"]), *fault.within), fault.wrong, fault.instead)


STAND_INS: dict[str, Any] = {
    **dict.fromkeys(("ladder", "notice", "between_reviews", "authority", "by"), UNREAD),
    **dict.fromkeys(("version", "process", "source", "label", "title", "name", "who", "telephone", "why", "at"), "unread"),
    **dict.fromkeys(("in_force", "day"), date(2000, 1, 1)),
    **dict.fromkeys(("limit", "within", "judge_within"), "1 working day"),
    "items": ["informal"],
    "raised_by": ["iro"],
    "for": "authority",
}
"""What is read in place of a required value at fault, only so that the rest of the file can be judged too."""


def _mended(value: Any, wanting: Mapping[Path, bool]) -> Any:
    """The value with each faulty place cut out, or filled if the place is one that a file must have."""
    cut: set[Path] = set()
    fill: dict[Path, dict[str, Any]] = {}
    for path, wanted in wanting.items():
        if wanted and path and path[-1] in STAND_INS:
            fill.setdefault(path[:-1], {})[str(path[-1])] = STAND_INS[str(path[-1])]
        else:
            cut.add(path if _holds(value, path) else path[:-1])
    if () in cut:
        return None

    def copy(node: Any, at: Path) -> Any:
        if isinstance(node, dict):
            kept = {key: copy(inner, (*at, key)) for key, inner in node.items() if (*at, key) not in cut}
            return kept | fill.get(at, {})
        if isinstance(node, list):
            return [copy(inner, (*at, n)) for n, inner in enumerate(node) if (*at, n) not in cut]
        return node

    return copy(value, ())


def _holds(value: Any, path: Path) -> bool:
    for part in path:
        if isinstance(value, dict) and part in value:
            value = value[str(part)]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            value = value[part]
        else:
            return False
    return True


def _path(loc: tuple[int | str, ...]) -> Path:
    return tuple(part for part in loc if part not in ("[key]",) and not str(part).startswith(("function-", "Written")))


_MESSAGES = {
    "missing": ("`{last}` is missing{under}", "add {sample}"),
    "extra_forbidden": ("`{shown}` is not a key here", "{known}"),
    **dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), ("`{last}` is not a date", "{day}")),
    "literal_error": ("`{input}` is not known here", "write {expected}"),
    "string_pattern_mismatch": ("`{input}` is not a time of day", 'write it as "09:00", in quotes'),
    "bool_type": ("`{last}` is true or false", "write `{last}: true`, or leave it out"),
    "value_error": ("{error}", "{page}"),
    "too_short": ("`{last}` is empty", "add {several}"),
    "string_type": ("`{last}` has the wrong form", "here stands text"),
    "list_type": ("`{last}` has the wrong form", "here stands a list"),
    **dict.fromkeys(
        ("dict_type", "model_type", "model_attributes_type"), ("`{last}` has the wrong form", "here stands keys and values")
    ),
}
"""By pydantic's type of fault: what is wrong, and what to write instead."""


def _note(kind: type[BaseModel], tree: FileTree, problem: Any, path: Path) -> None:
    context = problem.get("ctx", {})
    error = context.get("error")
    if isinstance(error, Miswritten):
        tree.fault((*path, *error.within), error.wrong, error.instead)
        return
    last = str(path[-1]) if path else ""
    sample = EXAMPLES.get(last)
    words = {
        "last": last,
        "shown": show_value(last),
        "input": show_value(problem["input"]),
        "expected": context.get("expected"),
        "message": problem["msg"],
        "error": error,
        "page": sample or "see the language's page",
        "under": f" from {path[-2]}" if len(path) > 1 else "",
        "sample": sample or f"`{last}: …`",
        "day": sample or "write year-month-day, such as 2026-04-01",
        "several": sample or "at least one",
        "known": _nearest_key(last, _keys_at(kind, path[:-1])),
    }
    wrong, instead = _MESSAGES.get(problem["type"], ("`{last}` has the wrong form", "here stands {message}"))
    tree.fault(path, wrong.format_map(words), instead.format_map(words))


def _nearest_key(wrong: str, known: list[str]) -> str:
    near = difflib.get_close_matches(wrong, known, 1)
    return f"write `{near[0]}`" if near else f"the keys here are {', '.join(known)}"


def _keys_at(kind: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand at a place, followed through the models' own annotations."""
    here: Any = kind
    for part in path:
        model = _model_in(here)
        if _is_collection(here):  # a mapping or list of models: this part is its key or position
            here = model
            continue
        fields = model.model_fields if model else {}
        here = next((field.annotation for name, field in fields.items() if (field.alias or name) == part), None)
    model = _model_in(here)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _is_collection(annotation: Any) -> bool:
    return get_origin(annotation) in (dict, list, tuple)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _model_in(arg))), None)


def ladder_file_schema() -> dict[str, Any]:
    """The JSON Schema for editors, generated from the models that read the files."""
    models = [(model, "validation") for model in (WrittenLadder, WrittenNotice, WrittenBetweenReviews, WrittenAuthority)]
    _, definitions = models_json_schema(models, title="A file of an authority's procedure")  # type: ignore[arg-type]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **definitions,
        "oneOf": [{"$ref": f"#/$defs/{model.__name__}"} for model, _ in models],
    }
