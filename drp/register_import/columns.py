"""Where each field stands in a sheet: its headings read, what lacks, stands twice or is unknown said at once."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drp.database.gathering import gather_by_key
from drp.register_import.faults import SheetFaults, column_letter
from drp.register_import.mapping import SheetMapping
from drp.register_import.table import Cell, Cells, SheetTable
from drp.register_import.vocabulary import plain_words


@dataclass(frozen=True)
class SheetColumns:
    """Field to column, and what people call it; `left` are headings that no field takes."""

    at: Mapping[str, int]
    headings: Mapping[str, str]
    left: tuple[str, ...]

    def cell(self, cells: Cells, field: str) -> Cell | None:
        """A row's cell for a field, if the sheet has one."""
        column = self.at.get(field)
        return None if column is None else cells.get(column)

    def shown(self, field: str) -> str:
        """The column as a person finds it."""
        column = self.at.get(field)
        return f"column “{self.headings[field]}” ({column_letter(column)})" if column is not None else f"field {field}"


def read_columns(
    table: SheetTable, mapping: SheetMapping, fields: tuple[str, ...], needed: tuple[str, ...], faults: SheetFaults
) -> SheetColumns:
    """Read the headings: by the mapping, or, without one, named as the fields. Raises Unusable with all that is wrong."""
    headings = _headings(table.rows, mapping.header)
    if not headings:
        faults.refuse(
            mapping.header, "there are no headings", "say `header:` in the mapping, the number of the row that has them"
        )
    places = gather_by_key((plain_words(heading), column) for column, heading in headings.items())
    wanted = mapping.columns or {field: field for field in fields if field in places}
    at: dict[str, int] = {}
    for field, heading in wanted.items():
        found = places.get(plain_words(heading), [])
        if len(found) == 1:
            at[field] = found[0]
        elif found:
            both = " and ".join(column_letter(column) for column in found)
            faults.add(mapping.header, "", f"the heading “{heading}” stands in {both}", "give each column its own heading")
        else:
            near = difflib.get_close_matches(heading, list(headings.values()), 1)
            listed = ", ".join(f"“{known}”" for known in list(headings.values())[:20])
            instead = f"“{near[0]}” is near" if near else f"the headings are {listed}"
            faults.add(mapping.header, "", f"there is no column “{heading}”", instead)
    left = tuple(heading for column, heading in headings.items() if column not in at.values())
    if not mapping.columns:
        for heading in left:
            if plain_words(heading) not in fields:
                near = difflib.get_close_matches(heading, fields, 1)
                instead = f"write `{near[0]}`, or " if near else f"the fields are {', '.join(fields)}; "
                faults.add(
                    mapping.header, "", f"“{heading}” is no field", f"{instead}say in a mapping file which column is which"
                )
        for field in needed:
            if field not in at and field not in places:
                faults.add(mapping.header, "", f"no column is called `{field}`", "name it so, or bring a mapping file")
    faults.stop()
    return SheetColumns(at, {field: headings[column] for field, column in at.items()}, left)


def _headings(rows: Iterator[tuple[int, Cells]], header: int) -> dict[int, str]:
    row, cells = next((pair for pair in rows if pair[0] >= header), (0, {}))
    return {n: cell.strip() for n, cell in cells.items() if isinstance(cell, str)} if row == header else {}
