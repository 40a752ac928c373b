"""What is wrong with a sheet: said by file, sheet, row and column as the spreadsheet shows them, every row of it."""

from dataclasses import dataclass, field

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
        place = [f"sheet {self.sheet}" if self.sheet else "", f"row {self.row}" if self.row else "", self.column]
        where = ", ".join([self.file, *(part for part in place if part)])
        return f"{where}: {self.wrong}; {self.instead}."


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

    def stop(self) -> None:
        """Raise Unusable if anything was found."""
        if self.count:
            raise Unusable(self)


class Unusable(Exception):
    """A sheet was refused, and nothing of it was brought in. Its text names the first 200 faults and how many more there are."""

    def __init__(self, faults: SheetFaults) -> None:
        self.faults = faults
        rest = faults.count - len(faults.said)
        lines = [str(one) for one in faults.said] + ([f"and {rest:,} more."] if rest else [])
        super().__init__("\n".join(lines))


def column_letter(column: int) -> str:
    """A column's letters as spreadsheets show them: 0 is A, 26 is AA."""
    found = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found
