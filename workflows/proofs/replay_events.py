"""From a timeline's entry back to the event that it recorded: facts and words make the same frozen value again."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from itertools import repeat
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from workflows.model import events as e
from workflows.model.events import Action, Chosen, Event, ReferralStatement, Words

_ALL: tuple[type[Event], ...] = (e.Raised, *e.EXTERNAL_TYPES, *e.INTERNAL_TYPES, *e.WITH_FILE_TYPES)

BY_TYPE: Mapping[str, type[Event]] = {kind.type: kind for kind in _ALL}
"""Every event by the name under which a timeline keeps it."""

ERASED = "(erased)"
"""What stands for words that were lawfully erased: no decision ever turned on what they said."""


def event_of(
    kind: str, facts: Mapping[str, Any], words: Mapping[str, str], had_words: bool = True, every: bool = False
) -> Event | None:
    """The event of an entry; None for an entry that records what followed from one.

    `had_words` with no `words` at all: they were erased, and a mark stands where each must not be blank, or (`every`)
    wherever there may have been any. A referral is told with the facts and words of its statement beside its own.
    """
    if kind not in BY_TYPE:
        return None
    event = BY_TYPE[kind]
    hints = get_type_hints(event, include_extras=True)
    erased = had_words and not words
    values: dict[str, Any] = {}
    for field in fields(event):  # type: ignore[arg-type]
        if field.name == "type":
            continue
        if field.name == "actions":
            days = enumerate(facts.get("actions", ()))
            values["actions"] = tuple(Action(words.get(f"actions.{n}", ERASED), date.fromisoformat(day)) for n, day in days)
        elif field.name == "said":
            values["said"] = tuple(
                ReferralStatement(key, words.get(f"said.{key}", ""), applies) for key, applies in facts.get("said", {}).items()
            )
        elif hints[field.name] is Words:
            values[field.name] = ERASED if erased and (every or field.default != "") else words.get(field.name, "")
        elif field.name in facts:
            values[field.name] = _value(hints[field.name], facts[field.name])
    return event(**values)


def _value(hint: Any, raw: Any) -> Any:
    """One fact as its field has it."""
    if raw is None:
        return None
    origin = get_origin(hint)
    if origin is UnionType:
        return _value(next(kind for kind in get_args(hint) if kind is not NoneType), raw)
    if origin is tuple:
        first, *others = get_args(hint)
        kinds = repeat(first, len(raw)) if others == [Ellipsis] else (first, *others)
        return tuple(_value(kind, value) for kind, value in zip(kinds, raw, strict=True))
    if origin is Literal:
        return raw
    if hint is datetime or hint is date:
        return hint.fromisoformat(raw)
    if hint is Chosen:
        return Chosen(raw["role"], raw["person"])
    return hint(raw)
