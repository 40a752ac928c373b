"""The child, by case number or initials: as somebody between two visits can type it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from api.pages.frame.browser_request import PageContext
from api.pages.frame.form_fields import Given, TextLine, WrongAnswer, single_value
from drp.staffing.caseloads import list_reviewed_children
from workflows.calendar.working_days import local_date


@dataclass(frozen=True)
class OwnChild:
    """A child whom this person reviews, or covers for."""

    number: str
    initials: str

    @property
    def shown(self) -> str:
        """As it is offered: initials and case number."""
        return f"{self.initials} ({self.number})"


@dataclass(frozen=True, kw_only=True)
class ChildField(TextLine):
    """Asks for a child by case number or initials; one's own children are offered as one types."""

    children: Sequence[OwnChild] = ()

    def read(self, given: Given) -> str:
        """The case number."""
        text = single_value(given, self.name)
        if not text:
            if self.need:
                raise WrongAnswer(self.need)
            return ""
        if text.endswith(")") and "(" in text:
            return text.rsplit("(", 1)[1].removesuffix(")").strip()
        if any(child.number.casefold() == text.casefold() for child in self.children):
            return next(child.number for child in self.children if child.number.casefold() == text.casefold())
        plain = text.replace(".", "").replace(" ", "").casefold()
        alike = [child for child in self.children if child.initials.casefold() == plain]
        if len(alike) > 1:
            raise WrongAnswer(f"Several have these initials: {', '.join(child.shown for child in alike)}. Write the case number.")
        return alike[0].number if alike else text

    def params(self, given: Given, fault: WrongAnswer | None) -> dict[str, Any]:
        return super().params(given, fault) | {"attributes": {"list": f"{self.name}-known"}, "autocomplete": "off"}


def child_field(
    connection: Connection, visit: PageContext, need: str = "Write the child's case number or initials."
) -> ChildField:
    """The question, with this person's own children to offer."""
    return ChildField(
        name="child",
        label=f"The {visit.label('child')}: case number or initials",
        hint="As the case system has it. Never a name.",
        need=need,
        width="20",
        spellcheck=False,
        children=own_children(connection, visit),
    )


def own_children(connection: Connection, visit: PageContext) -> list[OwnChild]:
    """Children for whom this person, or somebody whom they cover, holds an IRO's role today."""
    found = list_reviewed_children(connection, visit.words, UUID(visit.signed.person), local_date(visit.now))
    return [OwnChild(number, initials) for number, initials in found.items()]
