"""An authority's files with a test's own words in every free text of the ladder language, found by walking its schema."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, PlainValidator, TypeAdapter, ValidationError

from workflows.ladder_language.file_schema import WrittenAuthority, WrittenBetweenReviews, WrittenLadder, WrittenNotice
from workflows.ladder_language.strict_yaml import read_tree
from workflows.ladder_language.written_phrases import LONGEST_LABEL, LONGEST_TEXT, Label, Text
from workflows.model.authority import DEFAULT_LABELS

KINDS: Mapping[str, type[BaseModel]] = {
    "ladder": WrittenLadder,
    "notice": WrittenNotice,
    "between_reviews": WrittenBetweenReviews,
    "authority": WrittenAuthority,
}
Words = Callable[[str, int, int], str]
"""What is written in a text's place: from the text that stood there, its number, and the most characters that fit."""

ADDED: Mapping[str, Mapping[str, Any]] = {
    "authority": {
        "at_immediate_risk": [{"who": "Duty", "telephone": "01632 960123"}],
        "closure_days": [{"day": date(2026, 12, 29), "why": "Closed"}],
    },
    "ladder": {"must_raise": [{"at": "Whenever a plan drifts"}], "text": {"about": "About"}, "labels": {"process": "process"}},
    "notice": {"must_raise": [{"at": "Whenever work is good"}], "labels": {"process": "process"}},
    "between_reviews": {"must_raise": [{"at": "Whenever it is decided"}], "labels": {"process": "process"}},
}
"""Parts of a file that hold free texts and that not every file has."""

CONTACT = {"by": ["email"], "form": "A form", "followed_by": "A talk", "meeting": {"called": "meeting", "if": "It is wanted"}}


def _is_free(metadata: tuple[Any, ...] | list[Any]) -> int:
    """The most characters of a free text; 0: it is none."""
    for free, most in ((Label, LONGEST_LABEL), (Text, LONGEST_TEXT)):
        if any(one is get_args(free)[1] for one in metadata):
            return most
    return 0


class Filling:
    """Writes words into every free text of an authority's files, and remembers of which models and fields they were."""

    def __init__(self, words: Words) -> None:
        self._words, self.number = words, 0
        self.filled: set[tuple[str, str]] = set()

    def files(self, texts: Mapping[str, str]) -> dict[str, str]:
        """The files, each of them written anew."""
        return {name: self._file(name, text) for name, text in texts.items()}

    def _file(self, name: str, text: str) -> str:
        tree = read_tree(text, name)
        assert not tree.faults, tree.faults
        kind = next(kind for kind in KINDS if kind in tree.value)
        value = {**ADDED[kind], **tree.value}
        if kind == "authority":
            value["labels"] = {key: DEFAULT_LABELS[key] for key in DEFAULT_LABELS} | value.get("labels", {})
        if kind == "ladder":
            asking = [stage for stage in value["stages"].values() if "to" in stage]
            asking[0].setdefault("contact", CONTACT)
        return written(self._model(KINDS[kind], value)) + "\n"

    def _next(self, stood: str, most: int) -> str:
        self.number += 1
        return self._words(stood, self.number, most)

    def _model(self, model: type[BaseModel], node: dict[str, Any]) -> dict[str, Any]:
        made = dict(node)
        for name, field in model.model_fields.items():
            key = field.alias or name
            if most := _is_free(field.metadata):
                self.filled.add((model.__name__, name))
                made[key] = self._next(str(node.get(key, "")), most)
            elif key in node:
                made[key] = self._value(model.__name__, name, field.annotation, field.metadata, node[key])
        return made

    def _value(self, model: str, name: str, kind: Any, metadata: Any, node: Any) -> Any:
        while get_origin(kind) is Annotated or _maybe(kind):
            kind, *more = _maybe(kind) or get_args(kind)
            metadata = [*metadata, *more]
        if most := _is_free(metadata):
            self.filled.add((model, name))
            return self._next(str(node), most)
        if any(isinstance(one, PlainValidator) for one in metadata):
            return self._phrase(model, name, Annotated[kind, *metadata], node)
        if isinstance(node, list):
            return [self._value(model, name, get_args(kind)[0], [], value) for value in node]
        if isinstance(node, dict) and (within := _models(kind)) and get_origin(kind) is not dict:
            return self._model(within[0], node)
        if isinstance(node, dict):
            return {key: self._value(model, name, get_args(kind)[1], [], value) for key, value in node.items()}
        free = [one for one in get_args(kind) if get_origin(one) is Annotated and _is_free(get_args(one))]
        return self._value(model, name, free[0], [], node) if free and isinstance(node, str) else node

    def _phrase(self, model: str, name: str, kind: Any, node: Any) -> Any:
        """A phrase of the language: whatever takes more words at its end is free text too."""
        if isinstance(node, dict):
            for key, value in node.items():
                if isinstance(value, str) and key == "none":
                    self.filled.add((model, f"{name} without one"))
                    return {key: self._next(value, LONGEST_LABEL)}
        if isinstance(node, list):
            return [self._phrase(model, name, kind, value) for value in node]
        if isinstance(node, str) and _takes(kind, f"{node} {{<"):
            self.filled.add((model, name))
            return self._next(node, LONGEST_LABEL)
        return node


def _takes(kind: Any, phrase: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(phrase)
    except ValidationError:
        return False
    return True


def _maybe(kind: Any) -> list[Any]:
    """What a value is where it may also be missing; empty: it may not."""
    args = get_args(kind)
    return [one for one in args if one is not type(None)] if len(args) == 2 and type(None) in args else []


def _models(kind: Any) -> list[type[BaseModel]]:
    """Every model in an annotation."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [found for one in get_args(kind) for found in _models(one)]


def free_texts(models: Iterator[type[BaseModel]] | None = None) -> set[tuple[str, str]]:
    """Every model and field of the ladder language that holds a free text."""
    found: set[tuple[str, str]] = set()
    waiting, seen = list(models or KINDS.values()), set[type[BaseModel]]()
    while waiting:
        model = waiting.pop()
        seen.add(model)
        for name, field in model.model_fields.items():
            if _is_free(field.metadata) or _has_free(field.annotation):
                found.add((model.__name__, name))
            waiting += [one for one in _models(field.annotation) if one not in seen]
    return found


def _has_free(kind: Any) -> bool:
    if get_origin(kind) is Annotated and _is_free(get_args(kind)[1:]):
        return True
    return any(_has_free(one) for one in get_args(kind))


def written(node: Any) -> str:
    """A value as the strict reader reads it: every text in quotes."""
    if isinstance(node, dict):
        return "{" + ", ".join(f"{_key(key)}: {written(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(written(value) for value in node) + "]"
    if isinstance(node, str):
        shown = json.dumps(node, ensure_ascii=False)
        return "".join(mark if mark.isprintable() else f"\\u{ord(mark):04x}" for mark in shown)
    if isinstance(node, bool):
        return "true" if node else "false"
    return str(node)


def _key(key: str) -> str:
    return key if key.replace("_", "").isalnum() else json.dumps(key)


# What is written.

MARKS = "{0.__class__} {{7*7}} {x!r} %s %(a)d $x #quot; \"'`<b>&amp;@ 👩🏽 שלום;"
"""What templates, formats, mark-up, spreadsheets and drawings could take for their own."""


def calmly(stood: str, number: int, most: int) -> str:
    """Plain words, and the number by which the text is found again."""
    return f"{stood[: most - 12]} calm{number}z".strip()


def with_marks(stood: str, number: int, most: int) -> str:
    """The same text with every mark that somebody could take for something else."""
    return f"{stood[: most - len(MARKS) - 12]} {MARKS} n{number}z".strip()


def without_a_space(stood: str, number: int, most: int) -> str:
    """The same text as long as may be, the most of it in one word."""
    begins = stood[:20].replace("{", "(")
    return f"{begins} {'W' * (most - len(begins) - 12)} n{number}z".strip()


def hostile(stood: str, number: int, most: int) -> str:
    """What `drp check` passes, and somebody could take for something else: marks, or one long word."""
    return (with_marks if number % 3 else without_a_space)(stood, number, most)


UNCARRIED = "a\nb\u2028c\u2029d =?utf-8?q?e?= \ue000\ufffe"
"""What a new label may not hold, and one in force may."""


def uncarried(stood: str, number: int, most: int) -> str:
    """The same text with everything that a new file is refused for."""
    return f"{stood[: most - len(UNCARRIED) - 12]} {UNCARRIED} n{number}z".strip()
