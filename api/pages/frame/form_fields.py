"""The fields of a form: what is asked, how an answer is read, and how what was typed is shown again."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, ClassVar

from workflows.calendar.working_days import LONDON
from workflows.decision.sensible_days import NOT_SENSIBLE, is_sensible
from workflows.model.events import Action
from workflows.model.refusals import Unfit

Given = Mapping[str, tuple[str, ...]]
"""What a form carried, by the name of each input."""

Option = tuple[str, str, str]
"""A value to choose, its label, and a hint (or empty)."""


class WrongAnswer(Exception):
    """An answer that cannot be read: what to do instead, and the input that it is about."""

    def __init__(self, said: str, part: str = "") -> None:
        super().__init__(said)
        self.said, self.part = said, part


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One question. `need`: what is said where it stays unanswered (empty: it may)."""

    kind: ClassVar[str]
    first_part: ClassVar[str] = ""
    name: str
    label: str
    hint: str = ""
    need: str = ""

    @property
    def first(self) -> str:
        """The input that an error's link goes to."""
        return f"{self.name}{self.first_part}"

    def read(self, given: Given) -> Any:
        """The answer as a value; something empty where there is none. Raises WrongAnswer."""
        return single_value(given, self.name)

    def show(self, value: Any) -> dict[str, tuple[str, ...]]:
        """A value as the inputs would carry it."""
        return {self.name: (str(value),)} if value else {}

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        """What the design system's macro is given."""
        return _labelled(self, fault) | {"value": single_value(given, self.name, raw=True)}


@dataclass(frozen=True, kw_only=True)
class TextLine(FormField):
    """A line of text."""

    kind: ClassVar[str] = "input"
    width: str = ""
    autocomplete: str = ""
    spellcheck: bool = True

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        made = super().params(given, fault) | {"spellcheck": self.spellcheck}
        if self.width:
            made["classes"] = f"govuk-input--width-{self.width}"
        if self.autocomplete:
            made["autocomplete"] = self.autocomplete
        return made


@dataclass(frozen=True, kw_only=True)
class TextArea(FormField):
    """Text of some lines, in a person's own words."""

    kind: ClassVar[str] = "textarea"
    rows: int = 4

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        return super().params(given, fault) | {"rows": str(self.rows)}


@dataclass(frozen=True, kw_only=True)
class RadioPick(FormField):
    """One of a few."""

    kind: ClassVar[str] = "radios"
    options: Sequence[Option]

    @property
    def first(self) -> str:
        return self.name if self.options else "form"

    def read(self, given: Given) -> str:
        chosen = single_value(given, self.name)
        if chosen and chosen not in {value for value, _, _ in self.options}:
            raise WrongAnswer("Choose one of those listed.")
        return chosen

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        chosen = single_value(given, self.name)
        return {"idPrefix": self.name, "name": self.name, "items": _items(self.options, {chosen})} | _grouped(self, fault)


@dataclass(frozen=True, kw_only=True)
class SelectMenu(RadioPick):
    """One of many."""

    kind: ClassVar[str] = "select"

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        options = [("", "Choose"), *((value, text) for value, text, _ in self.options)]
        return select_params(self.name, "", options, single_value(given, self.name)) | _labelled(self, fault)


@dataclass(frozen=True, kw_only=True)
class TickBoxes(FormField):
    """Any of several, perhaps under headings."""

    kind: ClassVar[str] = "checkboxes"
    options: Sequence[Option]

    def read(self, given: Given) -> tuple[str, ...]:
        known = {value for value, _, _ in self.options}
        return tuple(dict.fromkeys(value for value in given.get(self.name, ()) if value in known))

    def show(self, value: Iterable[str]) -> dict[str, tuple[str, ...]]:
        return {self.name: tuple(value)} if value else {}

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        chosen = set(given.get(self.name, ()))
        return {"idPrefix": self.name, "name": self.name, "items": _items(self.options, chosen)} | _grouped(self, fault)


@dataclass(frozen=True, kw_only=True)
class TickBox(FormField):
    """Yes if ticked."""

    kind: ClassVar[str] = "checkboxes"

    def read(self, given: Given) -> bool:
        return bool(single_value(given, self.name))

    def show(self, value: Any) -> dict[str, tuple[str, ...]]:
        return {self.name: ("yes",)} if value else {}

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        items = _items([("yes", self.label, self.hint)], {"yes"} if self.read(given) else set())
        return {"idPrefix": self.name, "name": self.name, "items": items, "classes": "govuk-checkboxes--small"} | _fault(fault)


@dataclass(frozen=True, kw_only=True)
class DayField(FormField):
    """A day, in three inputs."""

    kind: ClassVar[str] = "date-input"
    first_part: ClassVar[str] = "-day"

    def read(self, given: Given) -> date | None:
        parts = {part: single_value(given, f"{self.name}-{part}") for part in ("day", "month", "year")}
        if not any(parts.values()):
            return None
        for part, text in parts.items():
            if not (text.isascii() and text.isdigit() and len(text) <= 4):
                raise WrongAnswer(
                    f"Write the date in numbers, such as 27 3 2026: the {part} is missing or is none.", f"{self.name}-{part}"
                )
        year = int(parts["year"])
        try:
            day = date(2000 + year if year < 100 else year, int(parts["month"]), int(parts["day"]))
        except ValueError:
            raise WrongAnswer("There is no such day: correct the date.", f"{self.name}-day") from None
        if not is_sensible(day):
            raise WrongAnswer(" ".join(NOT_SENSIBLE), f"{self.name}-year")
        return day

    def show(self, value: date | None) -> dict[str, tuple[str, ...]]:
        if value is None:
            return {}
        return {f"{self.name}-{part}": (str(getattr(value, part)),) for part in ("day", "month", "year")}

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        items = [
            _part(f"{self.name}-{part}", part.capitalize(), width, given, fault, ("", self.name))
            for part, width in (("day", 2), ("month", 2), ("year", 4))
        ]
        return {"id": self.name, "items": items} | _grouped(self, fault)


_TIME = re.compile(r"(?P<hour>[0-9]{1,2})(?:[:.](?P<minute>[0-9]{2}))? *(?P<half>am|pm)?", re.IGNORECASE)


def read_time(text: str) -> time:
    """A time of day as people write it: 14:30, 9:30, 9.30, 9am, 2 pm, noon. Raises ValueError for what is none."""
    if text.strip().lower() in ("noon", "midday"):
        return time(12)
    found = _TIME.fullmatch(text.strip())
    if found is None or not (found["minute"] or found["half"]):
        raise ValueError(text)
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if half := (found["half"] or "").lower():
        if not 1 <= hour <= 12:
            raise ValueError(text)
        hour = hour % 12 + (12 if half == "pm" else 0)
    return time(hour, minute)


@dataclass(frozen=True, kw_only=True)
class MomentField(DayField):
    """A day and an hour, in London's time."""

    kind: ClassVar[str] = "moment"

    def read(self, given: Given) -> datetime | None:
        day = super().read(given)
        text = single_value(given, f"{self.name}-time")
        if day is None:
            return None
        try:
            at = read_time(text)
        except ValueError:
            raise WrongAnswer("Write the time as hours and minutes, such as 14:30, 9.30 or 2pm.", f"{self.name}-time") from None
        return datetime.combine(day, at.replace(tzinfo=None), LONDON)

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        hour = _part(f"{self.name}-time", {"text": "Time, such as 14:30"}, 5, given, fault)
        return super().params(given, fault) | {"time": hour}


@dataclass(frozen=True, kw_only=True)
class ActionsField(FormField):
    """What will be done, each with its day. More rows on request; an empty row is no action.

    `offered`: the day that a row begins with; a row that says nothing beside it is no action either.
    """

    kind: ClassVar[str] = "rows"
    more: ClassVar[str] = "Add another action"
    least: int = 2
    offered: date | None = None
    most: ClassVar[int] = 20
    first_part: ClassVar[str] = "-0-what"

    def count(self, given: Given) -> int:
        """How many rows are shown."""
        asked = single_value(given, f"{self.name}-rows")
        rows = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
        more = 2 if single_value(given, "more") == self.name else 0
        return min(max(self.least, rows) + more, self.most)

    def read(self, given: Given) -> tuple[Action, ...]:
        found = []
        for n in range(self.count(given)):
            what = single_value(given, f"{self.name}-{n}-what")
            by = DayField(name=f"{self.name}-{n}-by", label="").read(given)
            if what and by is None:
                raise WrongAnswer("Say by which day this will be done.", f"{self.name}-{n}-by-day")
            if by and not what and by != self.offered:
                raise WrongAnswer("Say what will be done by that day.", f"{self.name}-{n}-what")
            if what and by:
                found.append(Action(what, by))
        return tuple(found)

    def rows(self, given: Given, fault: WrongAnswer | None) -> list[list[tuple[str, dict[str, Any]]]]:
        """Each row's inputs, by the kind of each and its parameters: a line, and a day."""
        made = []
        for n in range(self.count(given)):
            what = TextLine(name=f"{self.name}-{n}-what", label=f"Action {n + 1}")
            by = DayField(name=f"{self.name}-{n}-by", label=f"Action {n + 1}: by when")
            begun = any(name.startswith(f"{self.name}-{n}-") for name in given)
            shown = given if begun else {**given, **by.show(self.offered)}
            mine = fault if fault and fault.part.startswith(f"{self.name}-{n}-") else None
            line = mine if mine and mine.part == what.name else None
            day = by.params(shown, mine if mine and line is None else None)
            made.append([(what.kind, what.params(given, line)), (by.kind, day)])
        return made


@dataclass(frozen=True, kw_only=True)
class FileField(FormField):
    """A document to attach."""

    kind: ClassVar[str] = "file-upload"

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        return _labelled(self, fault)


def select_params(name: str, label: str, options: Iterable[tuple[str, str]], chosen: str, classes: str = "") -> dict[str, Any]:
    """A menu of values and their labels, outside a form that is sent: what the design system's macro is given."""
    items = [{"value": value, "text": text, "selected": value == chosen} for value, text in options]
    return {"id": name, "name": name, "label": {"text": label, "classes": classes}, "items": items}


def single_value(given: Given, name: str, raw: bool = False) -> str:
    """What one input carried, without blanks around it."""
    text = given.get(name, ("",))[0]
    return text if raw else text.strip()


@dataclass
class Form:
    """Some questions with what was given to them, and what was wrong with it."""

    fields: Sequence[FormField]
    given: Given = field(default_factory=dict)
    faults: dict[str, WrongAnswer] = field(default_factory=dict)
    """By the name of the field; under the empty name what concerns the whole form."""

    @property
    def is_faulty(self) -> bool:
        """Was anything wrong?"""
        return bool(self.faults)

    @property
    def typed(self) -> dict[str, list[str]]:
        """What was typed, as it was typed, to be kept in a draft."""
        hidden = ("form_token", "once", "seen", "then", "details_checked")
        return {name: list(values) for name, values in self.given.items() if name not in hidden and any(values)}

    def read(self) -> dict[str, Any]:
        """Every answer by its field's name; those that are needed or cannot be read are noted as faults, all at once."""
        values: dict[str, Any] = {}
        for each in self.fields:
            try:
                value = each.read(self.given)
            except WrongAnswer as wrong:
                self.faults[each.name] = wrong
                continue
            if each.need and not value:
                self.faults[each.name] = WrongAnswer(each.need, each.first)
            else:
                values[each.name] = value
        return values

    def refuse(self, said: str, name: str = "") -> None:
        """Note what a rule said of an answer, or of the whole."""
        known = next((each.name for each in self.fields if each.name == name or name.startswith(f"{each.name}.")), "")
        self.faults[known] = WrongAnswer(said)

    @contextmanager
    def noting_refusal(self) -> Iterator[None]:
        """Note what the decision refuses beside what was typed, and go on after the block."""
        try:
            yield
        except Unfit as refusal:
            self.refuse(f"{refusal.said} {refusal.do}", refusal.field)

    def params(self, each: FormField) -> dict[str, Any]:
        """What the macro of one field is given."""
        return each.params(self.given, self.faults.get(each.name))

    def summary(self) -> list[dict[str, str]]:
        """What the error summary lists, each with a link to its input."""
        inputs = {each.name: each.first for each in self.fields} | {"": "form"}
        return [
            {"text": self.faults[name].said, "href": f"#{self.faults[name].part or first}"}
            for name, first in inputs.items()
            if name in self.faults
        ]


def _items(options: Sequence[Option], chosen: set[str]) -> list[dict[str, Any]]:
    return [{"value": value, "text": text, "checked": value in chosen} | _hint(hint) for value, text, hint in options]


def _part(
    name: str, label: Any, width: int, given: Given, fault: WrongAnswer | None, whole: tuple[str, ...] = ()
) -> dict[str, Any]:
    """One input of a day or a moment, marked where the fault is its own or of the `whole`."""
    wrong = " govuk-input--error" if fault is not None and fault.part in (name, *whole) else ""
    value = single_value(given, name)
    return {"id": name, "name": name, "label": label, "value": value, "classes": f"govuk-input--width-{width}{wrong}"}


def _labelled(each: FormField, fault: WrongAnswer | None) -> dict[str, Any]:
    label = {"text": each.label, "classes": "govuk-label--s"}
    return {"id": each.name, "name": each.name, "label": label} | _around(each, fault)


def _hint(text: str) -> dict[str, Any]:
    return {"hint": {"text": text}} if text else {}


def _fault(fault: WrongAnswer | None) -> dict[str, Any]:
    return {"errorMessage": {"text": fault.said}} if fault else {}


def _around(each: FormField, fault: WrongAnswer | None) -> dict[str, Any]:
    return _hint(each.hint) | _fault(fault)


def _grouped(each: FormField, fault: WrongAnswer | None) -> dict[str, Any]:
    legend = {"legend": {"text": each.label, "classes": "govuk-fieldset__legend--s"}}
    return {"fieldset": legend} | _around(each, fault)
