"""Lines as a sheet brings them in."""

from datetime import date
from uuid import UUID, uuid5

from drp.register.write import EntryToInsert
from workflows.model.ladder import ItemType
from workflows.model.register_entry import CodedReason, RegisterEntry


def from_a_sheet(reference: str, number: str, reason: str = "", team: str = "north") -> EntryToInsert:
    """A line of last year that a sheet knew."""
    line = RegisterEntry(
        ItemType.FORMAL,
        date(2025, 6, 2),
        "stage_2",
        (CodedReason(reason, ""),) if reason else (),
        team,
        "care",
        "looked_after",
        False,
        "resolved",
        "better",
        date(2025, 6, 30),
    )
    return EntryToInsert(uuid5(UUID(int=1), reference), reference, line, sheet="a" * 64, number=number)
