"""Somebody at Dunmoor who brings sheets, and what then stands in the register."""

from typing import Any

import pytest
from sqlalchemy import select

from drp.database.register_tables import RegisterRow
from drp.register_import.faults import Unusable
from drp.register_import.import_file import GivenSheet, ImportResult, import_sheet
from drp.register_import.mapping import SheetMapping, read_mapping
from tests.cast.world import World

HEAD = "reference,raised_on,ended_on,item_type,stage,reason,status,team,outcome,impact,child,iro\n"
GOOD = (
    f"{HEAD}"
    "R-1,2019-05-01,2019-06-03,formal,stage_2,permanence_plan_delayed;report_not_available,looked_after,north,resolved,better,T-1,irene\n"
    "R-2,31/12/2020,,formal,Stage 3,Report not available for a meeting,Child Protection Plan,North Team,,,OLD-7,Ivor\n"
    "R-3,2021-02-03,2021-02-03,excellent_practice,,,,,,,,\n"
)


class Office:
    """Brings sheets into one council's register."""

    def __init__(self, world: World) -> None:
        self.world, self.key = world, world.council.key

    def sheet(self, data: bytes | str, name: str = "past.csv", mapping: str = "") -> GivenSheet:
        octets = data.encode() if isinstance(data, str) else data
        return GivenSheet(name, octets, read_mapping(mapping, "past.yaml") if mapping else SheetMapping(), mapping)

    def brings(self, data: bytes | str, name: str = "past.csv", mapping: str = "", takes_over: bool = False) -> ImportResult:
        casework = self.world.service.casework
        with self.world.store.write(self.key) as connection:
            rules = casework.procedures.current(connection, self.key)
            return import_sheet(casework, connection, rules, self.sheet(data, name, mapping), self.world.now, takes_over)

    def refused(self, data: bytes | str, name: str = "past.csv", mapping: str = "", takes_over: bool = False) -> str:
        """What is said of a sheet that must not come in; nothing of it is kept."""
        before = self.lines()
        with pytest.raises(Unusable) as refused:
            self.brings(data, name, mapping, takes_over)
        assert self.lines() == before, "a sheet that was refused left something behind"
        return str(refused.value)

    def lines(self) -> list[dict[str, Any]]:
        """Every row of the register, in the order of references."""
        table = RegisterRow.__table__  # type: ignore[attr-defined]
        return self.world.dicts(select(table).where(table.c.authority == self.key).order_by(table.c.reference, table.c.n))

    def line(self, reference: str) -> dict[str, Any]:
        return next(one for one in self.lines() if one["reference"] == reference)
