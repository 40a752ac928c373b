"""The short phrases of the ladder language, read into values. Every refusal says what to write instead."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

from workflows.calendar.working_days import Length, LengthUnit
from workflows.model.ladder import (
    EVERYONE_ABOVE,
    RAISER,
    Choice,
    CountedFrom,
    ItemType,
    Judges,
    LadderCondition,
    Need,
    NoReply,
    RaiseWithin,
    Recipients,
    StageCopy,
    Status,
    Term,
    Within,
)

_Read = TypeVar("_Read")
_Named = TypeVar("_Named", bound=str)
_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LENGTH = re.compile(r"([0-9]{1,4}) (working day|calendar day|day|week|hour)s?")
_SAME_DAY = ("the same working day", "same working day")
_WITHIN_OF = re.compile(r"(.+?) of (?:the )?(.+)")

LENGTHS = "`3 working days`, `10 calendar days`, `10 days` or `72 hours`"
SET_BY = ("set by the raiser", "set by the IRO")
TERMS = {
    **dict.fromkeys(("in plo", "plo", "in pre-proceedings", "pre-proceedings"), Term("plo")),
    **dict.fromkeys(
        ("in proceedings", "proceedings", "in court", "care proceedings", "court proceedings", "in court proceedings"),
        Term("proceedings"),
    ),
    **dict.fromkeys(("iro chooses", "raiser chooses", "sender chooses"), Term("chosen")),
    "looked after": Term("status", Status.LOOKED_AFTER.value),
    **dict.fromkeys(("child protection", "child protection plan"), Term("status", Status.CHILD_PROTECTION.value)),
    "child in need": Term("status", Status.CHILD_IN_NEED.value),
    "care leaver": Term("status", Status.CARE_LEAVER.value),
    "looked after by another council": Term("status", Status.OTHER_COUNCIL.value),
    **dict.fromkeys(("no status recorded", "none recorded"), Term("status", Status.NONE_RECORDED.value)),
}
"""What a condition may ask for in words of the language's own; beside them it names facts, priorities, reasons and roles."""

LONGEST_SHOWN = 60
"""Characters of a value that a refusal repeats."""


class Miswritten(ValueError):
    """A phrase that cannot be read: what is wrong with it, what to write instead, and where in a list it stands."""

    def __init__(self, wrong: str, instead: str) -> None:
        self.wrong, self.instead = wrong, instead
        self.within: tuple[int, ...] = ()
        super().__init__(f"{wrong}: {instead}")


def show_value(raw: Any) -> str:
    """A value as its file would write it, on one line and cut short."""
    text = " ".join(_as_written(raw).split())
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _as_written(raw: Any) -> str:
    if isinstance(raw, dict):
        return "{" + ", ".join(f"{name}: {_as_written(value)}" for name, value in raw.items()) + "}"
    if isinstance(raw, list):
        return "[" + ", ".join(_as_written(item) for item in raw) + "]"
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, date):
        return raw.isoformat()
    return "nothing" if raw is None else str(raw)


def _each(raw: Any, read: Callable[[Any], _Read]) -> tuple[_Read, ...]:
    """One thing or a list of things, never an empty list."""
    if not isinstance(raw, list):
        return (read(raw),)
    if not raw:
        raise Miswritten("the list is empty", "name at least one, or leave the key out")
    values: list[_Read] = []
    for n, item in enumerate(raw):
        try:
            values.append(read(item))
        except Miswritten as fault:
            fault.within = (n, *fault.within)
            raise
    return tuple(values)


def _once_each(raw: Any, read: Callable[[Any], _Named]) -> tuple[_Named, ...]:
    names = _each(raw, read)
    if len(set(names)) < len(names):
        raise Miswritten(f"one stands twice in {show_value(', '.join(names))}", "name each once")
    return names


def parse_key(raw: Any) -> str:
    """A key: small letters, digits and underscores."""
    if not isinstance(raw, str) or not _KEY.fullmatch(raw):
        raise Miswritten(f"`{show_value(raw)}` is not a key", "write small letters, digits and underscores, such as team_manager")
    return raw


def parse_keys(raw: Any) -> tuple[str, ...]:
    """One key or a list of keys."""
    return _once_each(raw, parse_key)


def parse_length(raw: Any) -> Length:
    """A length of time; plain "days" of unstated kind count as calendar days, and must be listed as assumed."""
    return _length(raw)[0]


def _length(raw: Any) -> tuple[Length, bool]:
    if raw in _SAME_DAY:
        return Length(0, LengthUnit.WORKING_DAYS), True
    match = _LENGTH.fullmatch(raw) if isinstance(raw, str) else None
    if not match:
        raise Miswritten(f"`{show_value(raw)}` is not a length of time", f"write {LENGTHS}")
    number, unit = int(match[1]), match[2]
    if not 1 <= number <= 400:
        raise Miswritten(f"`{show_value(raw)}` is out of bounds", "write a number from 1 to 400")
    if unit == "week":
        return Length(7 * number, LengthUnit.CALENDAR_DAYS), True
    units = {"working day": LengthUnit.WORKING_DAYS, "hour": LengthUnit.HOURS}
    return Length(number, units.get(unit, LengthUnit.CALENDAR_DAYS)), unit != "day"


def parse_within(raw: Any) -> Within:
    """How long a window runs: a length, one per priority, `set by the raiser`, or `{none: the reason}`."""
    if raw in SET_BY:
        return Within(set_by_raiser=True)
    if raw == "as agreed":
        return Within(as_agreed=True)
    if isinstance(raw, str):
        length, is_stated = _length(raw)
        return Within(length=length, unit_stated=is_stated)
    if isinstance(raw, dict) and set(raw) == {"none"} and isinstance(raw["none"], str) and raw["none"].strip():
        return Within(none_because=raw["none"])
    if isinstance(raw, dict) and len(raw) == 1 and next(iter(raw)) in SET_BY:
        limit = next(iter(raw.values()))
        if not isinstance(limit, str) or not limit.startswith("at most "):
            raise Miswritten(
                f"`{show_value(limit)}` does not bound a date", "write `{set by the raiser: at most 20 working days}`"
            )
        bound, is_stated = _length(limit.removeprefix("at most "))
        return Within(set_by_raiser=True, at_most=bound, unit_stated=is_stated)
    if isinstance(raw, dict) and raw and "none" not in raw:
        parsed = {parse_key(priority): _length(value) for priority, value in raw.items()}
        return Within(
            by_priority=tuple((priority, length) for priority, (length, _) in parsed.items()),
            unit_stated=all(is_stated for _, is_stated in parsed.values()),
        )
    raise Miswritten(
        f"`{show_value(raw)}` is not a window",
        f"write {LENGTHS}; `set by the raiser`; "
        "`{high: 2 working days, low: 5 working days}`; or `{none: the reason for having none}`",
    )


def parse_recipients(raw: Any) -> Recipients:
    """`a role`, or all of / any of / one of several, or chosen by somebody from a permitted set."""
    if isinstance(raw, str):
        return Recipients(Choice.ALL, (parse_key(raw),))
    if isinstance(raw, dict) and len(raw) == 1 and next(iter(raw)) in ("all of", "any of", "one of"):
        choice, roles = next(iter(raw.items()))
        return Recipients(Choice(choice), parse_keys(roles))
    if isinstance(raw, dict) and set(raw) == {"chosen by", "from"}:
        chooser = RAISER if raw["chosen by"] == "the raiser" else parse_key(raw["chosen by"])
        return Recipients(Choice.CHOSEN, parse_keys(raw["from"]), chosen_by=chooser)
    raise Miswritten(
        f"`{show_value(raw)}` does not name recipients",
        "write `team_manager`, `{all of: [a, b]}`, `{any of: [a, b]}`, `{one of: [a, b]}` or `{chosen by: raiser, from: [a, b]}`",
    )


def parse_copies(raw: Any) -> tuple[StageCopy, ...]:
    """A list of roles, `everyone above`, or `{role: if …}`."""
    return _each(raw, _copy)


def _copy(raw: Any) -> StageCopy:
    if isinstance(raw, str):
        return StageCopy(EVERYONE_ABOVE if raw == EVERYONE_ABOVE else parse_key(raw))
    if isinstance(raw, dict) and len(raw) == 1:
        role, when = next(iter(raw.items()))
        return StageCopy(EVERYONE_ABOVE if role == EVERYONE_ABOVE else parse_key(role), parse_condition(when))
    raise Miswritten(
        f"`{show_value(raw)}` does not name a copy",
        "write `social_worker`, `everyone above` or `{legal_advisor: if in PLO or proceedings}`",
    )


def parse_condition(raw: Any) -> LadderCondition:
    """`if a or b`, `if a and b`, `if not a`, `unless a or b`; the facts asked for are named in words."""
    if not isinstance(raw, str):
        raise Miswritten(f"`{show_value(raw)}` is not a condition", "write a phrase such as `if in PLO or proceedings`")
    text = " ".join(raw.split())
    word, _, phrase = text.partition(" ")
    if word not in ("if", "unless") or not phrase:
        raise Miswritten(f"`{show_value(text)}` is not a condition", "begin with `if` or `unless`")
    alternatives = tuple(tuple(_term(part) for part in either.split(" and ")) for either in phrase.split(" or "))
    if word == "unless":
        if any(len(terms) > 1 for terms in alternatives):
            raise Miswritten(f"`{show_value(text)}` joins `unless` with `and`", "write it as `if not … or not …`")
        alternatives = (tuple(replace(term, negated=not term.negated) for (term,) in alternatives),)
    return LadderCondition(text, alternatives)


def parse_condition_under_if(raw: Any) -> LadderCondition:
    """A condition where the key is `if` already, so that the phrase need not begin with it."""
    if isinstance(raw, str) and raw.split(maxsplit=1)[:1] not in (["if"], ["unless"]):
        raw = f"if {raw}"
    return parse_condition(raw)


def _term(raw: str) -> Term:
    negated = raw.startswith("not ")
    words = raw.removeprefix("not ").lower()
    for opening in ("the child is ", "the child has ", "the ", "in care ", "placed in ", "an ", "a "):
        words = words.removeprefix(opening)
    if words in TERMS:
        return replace(TERMS[words], negated=negated)
    asked = re.fullmatch(r"(priority|reason|theme|item|raised by)(?: is)? ([a-z0-9_ ]+)", words)
    if asked:
        return Term(asked[1].replace(" ", "_"), asked[2].strip().replace(" ", "_"), negated)
    fact = words.replace(" ", "_").replace("-", "_")
    if not _KEY.fullmatch(fact):
        raise Miswritten(
            f"`{show_value(raw)}` is not a fact",
            "write `in PLO`, `in proceedings`, a status such as `looked after`, "
            "`priority is high`, `reason is …`, `raised by …`, `the IRO chooses`, or a fact that the authority file lists",
        )
    return Term("fact", fact, negated)


def parse_judges(raw: Any) -> Judges:
    """`raiser`, a role, or all of / any of several."""
    if isinstance(raw, str):
        return Judges(Need.ALL, (parse_key(raw),))
    if isinstance(raw, dict) and len(raw) == 1 and next(iter(raw)) in (Need.ALL.value, Need.ANY.value):
        need, roles = next(iter(raw.items()))
        return Judges(Need(need), parse_keys(roles))
    if isinstance(raw, list):
        return Judges(Need.ALL, parse_keys(raw))
    raise Miswritten(
        f"`{show_value(raw)}` does not name judges",
        "write `raiser`, a role, `{all of: [raiser, head_of_quality]}` or `{any of: [raiser, head_of_quality]}`",
    )


def parse_no_reply(raw: Any) -> tuple[NoReply, str | None]:
    """`escalate`, `prompt`, `nothing`, or `{escalate: stage}` where there is more than one way on."""
    if isinstance(raw, str) and raw in [policy.value for policy in NoReply]:
        return NoReply(raw), None
    if isinstance(raw, dict) and set(raw) == {"escalate"}:
        return NoReply.ESCALATE, parse_key(raw["escalate"])
    raise Miswritten(
        f"`{show_value(raw)}` is not a rule for no reply", "write `escalate`, `prompt`, `nothing` or `{escalate: stage_3}`"
    )


def parse_onward(raw: Any) -> tuple[str, ...]:
    """Where an item climbs to: `next`, a stage, or `{one of: [a, b]}`. An empty tuple means the stage above."""
    if raw == "next":
        return ()
    if isinstance(raw, str):
        return (parse_key(raw),)
    if isinstance(raw, dict) and set(raw) == {"one of"}:
        return parse_keys(raw["one of"])
    raise Miswritten(f"`{show_value(raw)}` is not a way on", "write `next`, a stage, or `{one of: [stage_3, stage_4]}`")


def parse_counted_from(raw: Any) -> CountedFrom | str:
    """What starts a window: sending, receipt, acknowledgement, not stated, or an event such as `the review`."""
    if isinstance(raw, str) and raw in [member.value for member in CountedFrom]:
        return CountedFrom(raw)
    event = raw.removeprefix("the ") if isinstance(raw, str) and raw.startswith("the ") else ""
    if not re.fullmatch(r"[a-z][a-z0-9 -]{0,60}", event):
        known = ", ".join(f"`{member.value}`" for member in CountedFrom)
        raise Miswritten(f"`{show_value(raw)}` does not start a window", f"write {known}, or an event such as `the review`")
    return event


def parse_raise_within(raw: Any) -> tuple[RaiseWithin, ...]:
    """`3 working days of the review`, or several such."""
    return _each(raw, _raise_within)


def _raise_within(raw: Any) -> RaiseWithin:
    match = _WITHIN_OF.fullmatch(raw) if isinstance(raw, str) else None
    if not match:
        raise Miswritten(f"`{show_value(raw)}` is not a raiser's deadline", "write it as `3 working days of the review`")
    return RaiseWithin(parse_length(match[1]), match[2])


def parse_item_type(raw: Any) -> ItemType:
    """One item type."""
    known = [item.value for item in ItemType]
    if raw not in known:
        raise Miswritten(f"`{show_value(raw)}` is not an item type", f"write one of {', '.join(known)}")
    return ItemType(raw)


def parse_starts_at(raw: Any) -> dict[ItemType, str]:
    """Where items of a type start: `{about_service: level_4}`."""
    if not isinstance(raw, dict):
        raise Miswritten(f"`{show_value(raw)}` does not say where", "write `starts_at: {about_service: level_4}`")
    return {parse_item_type(item): parse_key(stage) for item, stage in raw.items()}


def parse_raised_by(raw: Any) -> tuple[tuple[str, tuple[ItemType, ...]], ...]:
    """Who raises: roles, each perhaps with the only item types that it raises, `{service_manager: about_service}`."""

    def read(one: Any) -> tuple[str, tuple[ItemType, ...]]:
        if not isinstance(one, dict):
            return parse_key(one), ()
        if len(one) != 1:
            raise Miswritten("one role belongs here", "write each role with its items on a line of its own")
        ((role, items),) = one.items()
        return parse_key(role), parse_item_types(items)

    found = _each(raw, read)
    if len({role for role, _ in found}) < len(found):
        raise Miswritten("a role stands twice", "name each once, with all the items that it raises")
    return found


def parse_item_types(raw: Any) -> tuple[ItemType, ...]:
    """One or several item types."""
    return _once_each(raw, parse_item_type)
