"""Lines as a sheet brings them in."""

from datetime import date
from uuid import UUID, uuid5

from drp.register import Entered
from workflows.ladder import ItemType
from workflows.line import Coded, Line


def from_a_sheet(reference: str, number: str, reason: str = "", team: str = "north") -> Entered:
    """A line of last year that a sheet knew."""
    line = Line(
        ItemType.FORMAL, date(2025, 6, 2), "stage_2", (Coded(reason, ""),) if reason else (), team, "care", "looked_after", False,
        "resolved", "better", date(2025, 6, 30),
    )  # fmt: skip
    return Entered(uuid5(UUID(int=1), reference), reference, line, sheet="a" * 64, number=number)
