"""From a timeline's entry back to the event that it recorded: facts and words make the same frozen value again."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
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
    made: dict[str, Any] = {}
    for field in fields(event):  # type: ignore[arg-type]
        if field.name == "type":
            continue
        if field.name == "actions":
            days = enumerate(facts.get("actions", ()))
            made["actions"] = tuple(Action(words.get(f"actions.{n}", ERASED), date.fromisoformat(day)) for n, day in days)
        elif field.name == "said":
            made["said"] = tuple(
                ReferralStatement(key, words.get(f"said.{key}", ""), applies) for key, applies in facts.get("said", {}).items()
            )
        elif hints[field.name] is Words:
            made[field.name] = ERASED if erased and (every or not _may_be_empty(field)) else words.get(field.name, "")
        elif field.name in facts:
            made[field.name] = _value(hints[field.name], facts[field.name])
    return event(**made)


def _may_be_empty(field: Any) -> bool:
    return bool(field.default == "")


def _value(hint: Any, raw: Any) -> Any:
    """One fact as its field has it."""
    if raw is None:
        return None
    origin = get_origin(hint)
    if origin is UnionType:
        return _value(next(one for one in get_args(hint) if one is not NoneType), raw)
    if origin is tuple:
        inner = get_args(hint)
        if len(inner) == 2 and inner[1] is not Ellipsis:
            return tuple(_value(one, value) for one, value in zip(inner, raw, strict=True))
        return tuple(_value(inner[0], value) for value in raw)
    if origin is Literal:
        return raw
    if hint is datetime or hint is date:
        return hint.fromisoformat(raw)
    if hint is Chosen:
        return Chosen(raw["role"], raw["person"])
    return hint(raw)
