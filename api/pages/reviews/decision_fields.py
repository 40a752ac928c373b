"""What a review decided, as a form asks it: rows to type, or lines from a sheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar

from api.pages.frame.day_line import DayLine, read_day
from api.pages.frame.form_fields import (
    FormField,
    Given,
    Option,
    SelectMenu,
    TextArea,
    TextLine,
    TickBox,
    WrongAnswer,
    single_value,
)
from drp.reviews.following import EnteredDecision
from drp.reviews.review_register import LONGEST_LINE, LONGEST_NUMBER, LONGEST_OWNER, DecisionLine
from workflows.decision.sensible_days import NOT_SENSIBLE, is_sensible
from workflows.model.authority import Authority


@dataclass(frozen=True, kw_only=True)
class DecisionRows(FormField):
    """Decisions, each with who carries it out, by when, and whether it is to be followed. An empty row is none."""

    kind: ClassVar[str] = "rows"
    more: ClassVar[str] = "Add another decision"
    most: ClassVar[int] = 40
    first_part: ClassVar[str] = "-0-words"
    least: int = 4
    today: date
    owners: Sequence[Option] = ()
    first_number: int = 1
    follows: bool = True

    def count(self, given: Given) -> int:
        """How many rows are shown."""
        asked = single_value(given, f"{self.name}-rows")
        rows = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else 0
        return min(max(self.least, rows) + (2 if single_value(given, "more") == self.name else 0), self.most)

    def read(self, given: Given) -> tuple[EnteredDecision, ...]:
        found = []
        for n in range(self.count(given)):
            at = f"{self.name}-{n}"
            words = single_value(given, f"{at}-words")
            due = DayLine(name=f"{at}-by", label="", today=self.today).read(given)
            role, _, person = SelectMenu(name=f"{at}-who", label="", options=self.owners).read(given).partition("|")
            owner, follow = single_value(given, f"{at}-owner"), bool(single_value(given, f"{at}-follow"))
            if not words and (due or role or owner or follow):
                raise WrongAnswer("Say in a line what was decided.", f"{at}-words")
            if follow and due is None:
                raise WrongAnswer("To follow it, say by when it is to be done.", f"{at}-by")
            if words:
                line = DecisionLine(words, single_value(given, f"{at}-number") or str(self.first_number + n), role, owner, due)
                _check_lengths(line, at)
                found.append(EnteredDecision(line, person, follow))
        return tuple(found)

    def rows(self, given: Given, fault: WrongAnswer | None) -> list[list[tuple[str, dict[str, Any]]]]:
        """Each row's inputs, by the kind of each and its parameters."""
        made = []
        for n in range(self.count(given)):
            at, count = f"{self.name}-{n}", f"Decision {self.first_number + n}"
            inputs: list[FormField] = [
                TextLine(name=f"{at}-words", label=f"{count}: what was decided"),
                *([SelectMenu(name=f"{at}-who", label=f"{count}: who", options=self.owners)] if self.owners else []),
                TextLine(name=f"{at}-owner", label=f"{count}: or in words, who"),
                DayLine(name=f"{at}-by", label=f"{count}: by when", width="10", today=self.today),
                *([TickBox(name=f"{at}-follow", label=f"Follow decision {self.first_number + n}")] if self.follows else []),
            ]
            made.append([(one.kind, one.params(given, _own(fault, one.name))) for one in inputs])
        return made


def _own(fault: WrongAnswer | None, name: str) -> WrongAnswer | None:
    return fault if fault and fault.part == name else None


def _check_lengths(line: DecisionLine, at: str) -> None:
    parts = ((line.words, LONGEST_LINE, "words"), (line.number, LONGEST_NUMBER, "number"), (line.owner, LONGEST_OWNER, "owner"))
    for text, most, part in parts:
        if len(text) > most:
            raise WrongAnswer(f"Shorten it to {most} characters: the case system keeps the whole.", f"{at}-{part}")


@dataclass(frozen=True, kw_only=True)
class PastedDecisions(TextArea):
    """Rows copied from a sheet: number, what was decided, who, by when, with tabs between; or a line of words each."""

    today: date
    words: Authority = field(repr=False)

    def read(self, given: Given) -> tuple[EnteredDecision, ...]:
        return tuple(self._decisions(single_value(given, self.name)))

    def _decisions(self, text: str) -> Iterator[EnteredDecision]:
        for n, raw in enumerate([line for line in text.split("\n") if line.strip()], 1):
            cells = [" ".join(cell.split()) for cell in raw.split("\t")]
            number, said = _numbered(cells[0]) if len(cells) == 1 else ("", "")
            if len(cells) > 1:
                number, said = (cells[0], cells[1]) if _is_number(cells[0]) else ("", cells[0])
                cells = cells[1:] if _is_number(cells[0]) else cells
            if not said:
                raise WrongAnswer(f"Row {n} says nothing of what was decided: its columns are number, decision, who, by when.")
            line = DecisionLine(said, number)
            line = self._with_owner(line, cells[1] if len(cells) > 1 else "")
            due = cells[2] if len(cells) > 2 else ""
            try:
                line = replace(line, due=read_day(due, self.today) if due else None)
            except ValueError:
                raise WrongAnswer(f"Row {n}: “{due[:40]}” is no day. Write it such as 27/3/2026.") from None
            if line.due and not is_sensible(line.due):
                raise WrongAnswer(f"Row {n}: {' '.join(NOT_SENSIBLE)}")
            try:
                _check_lengths(line, self.name)
            except WrongAnswer as wrong:
                raise WrongAnswer(f"Row {n}: {wrong.said}") from None
            yield EnteredDecision(line)

    def _with_owner(self, line: DecisionLine, who: str) -> DecisionLine:
        role = next((role.key for role in self.words.roles if role.title.casefold() == who.casefold()), "")
        return replace(line, owner_role=role) if role else replace(line, owner=who)


def _is_number(text: str) -> bool:
    return 0 < len(text.rstrip(".)")) <= 4 and text.rstrip(".)").isascii() and text.rstrip(".)").isalnum() and text[:1].isdigit()


def _numbered(text: str) -> tuple[str, str]:
    """A line's number and words: "3. Health assessment"."""
    first, _, rest = text.partition(" ")
    return (first.rstrip(".)"), rest.strip()) if rest and first[-1:] in ".)" and _is_number(first) else ("", text)
