"""The child, by case number or initials: as somebody between two visits can type it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, or_, select
from sqlmodel import col

from api.pages.frame.browser_request import PageContext
from api.pages.frame.form_fields import Given, TextLine, WrongAnswer, single_value
from drp.database.directory_tables import ChildRow, CoverRow, PostRow
from workflows.calendar.working_days import local_date
from workflows.model.authority import Capacity, HeldFor


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
    roles = visit.words.roles_acting_as(Capacity.IRO)
    day = local_date(visit.now)
    person = UUID(visit.signed.person)
    covered = select(col(CoverRow.of)).where(
        col(CoverRow.authority) == visit.authority,
        col(CoverRow.by) == person,
        col(CoverRow.is_delegate).is_(False),
        col(CoverRow.since) <= day,
        or_(col(CoverRow.until).is_(None), col(CoverRow.until) >= day),
    )
    keys = connection.execute(
        select(col(PostRow.key)).where(
            col(PostRow.authority) == visit.authority,
            col(PostRow.role).in_(roles),
            col(PostRow.held_for) == HeldFor.CHILD.value,
            or_(col(PostRow.person) == person, col(PostRow.person).in_(covered)),
            col(PostRow.since) <= day,
            or_(col(PostRow.until).is_(None), col(PostRow.until) >= day),
        )
    ).scalars()
    rows = connection.execute(
        select(col(ChildRow.number), col(ChildRow.initials))
        .where(col(ChildRow.authority) == visit.authority, col(ChildRow.id).in_([UUID(key) for key in keys]))
        .order_by(col(ChildRow.initials), col(ChildRow.number))
    )
    return [OwnChild(row.number, row.initials) for row in rows]
