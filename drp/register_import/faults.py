"""What is wrong with a sheet: said by file, sheet, row and column as the spreadsheet shows them, every row of it."""

from dataclasses import dataclass, field
from typing import NoReturn

MOST_KEPT = 200
"""Faults that are said in full; of more only the number."""


@dataclass(frozen=True)
class SheetFault:
    """One thing wrong in one place of a sheet. `row` as the spreadsheet numbers it (0: the file as a whole)."""

    file: str
    sheet: str
    row: int
    column: str
    wrong: str
    instead: str

    def __str__(self) -> str:
        place = (self.file, f"sheet {self.sheet}" if self.sheet else "", f"row {self.row}" if self.row else "", self.column)
        return f"{', '.join(part for part in place if part)}: {self.wrong}; {self.instead}."


@dataclass
class SheetFaults:
    """The faults of one file as they are found: the first in full, then only their number, whatever the file is."""

    file: str
    sheet: str = ""
    said: list[SheetFault] = field(default_factory=list)
    count: int = 0

    def add(self, row: int, column: str, wrong: str, instead: str) -> None:
        """Note one fault. `column` as a person finds it: its heading and letter."""
        self.count += 1
        if len(self.said) < MOST_KEPT:
            self.said.append(SheetFault(self.file, self.sheet, row, column, wrong, instead))

    def refuse(self, row: int, wrong: str, instead: str) -> NoReturn:
        """Note a fault beyond which nothing can be read. Raises Unusable."""
        self.add(row, "", wrong, instead)
        raise Unusable(self)

    def stop(self) -> None:
        """Raise Unusable if anything was found."""
        if self.count:
            raise Unusable(self)


class Unusable(Exception):
    """A sheet was refused, and nothing of it was brought in. Its text names the first 200 faults and how many more there are."""

    def __init__(self, faults: SheetFaults) -> None:
        self.faults = faults
        more = faults.count - len(faults.said)
        super().__init__("\n".join([*map(str, faults.said), *([f"and {more:,} more."] if more else [])]))


def column_letter(column: int) -> str:
    """A column's letters as spreadsheets show them: 0 is A, 26 is AA."""
    before, last = divmod(column, 26)
    return (column_letter(before - 1) if before else "") + chr(ord("A") + last)
