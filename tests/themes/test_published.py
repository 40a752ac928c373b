"""The tables that four authorities printed come out of their registers, to the last printed digit. What does not add up in print
is listed here as an exception, and what is counted says why it differs."""

from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from api.assembly import shipped_procedures
from drp.casework.service import Casework
from drp.register_import.import_file import GivenSheet, import_sheet
from drp.register_import.mapping import SheetMapping
from drp.register_import.population import bring_population
from drp.reports import percentages, theme_tables
from drp.reports.aggregate import Dimension
from drp.reports.display_labels import read_labels
from drp.reports.period_comparison import PeriodComparison, compare_periods
from drp.reports.status_rates import StatusRate, rates_of_period
from drp.reports.theme_tables import TableQuestion, ThemeTable
from workflows.calendar.reporting_periods import months_in
from workflows.calendar.working_days import local_date

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
REGISTERS = files("api").joinpath("demo", "registers")


class Review:
    """One authority with its procedures as shipped and its registers brought in; asks for tables."""

    def __init__(self, casework: Casework, authority: str, *registers: str) -> None:
        self.casework, self.key = casework, authority
        with casework.store.write(authority) as connection:
            casework.procedures.seed(connection, shipped_procedures(authority), NOW)
            for name in registers:
                rules = casework.procedures.current(connection, authority)
                import_sheet(casework, connection, rules, self._sheet(name), NOW, False)

    def children(self, name: str) -> None:
        with self.casework.store.write(self.key) as connection:
            words = self.casework.procedures.current(connection, self.key)[0].authority
            bring_population(connection, words, self._sheet(name), local_date(NOW))

    @staticmethod
    def _sheet(name: str) -> GivenSheet:
        return GivenSheet(name, REGISTERS.joinpath(name).read_bytes(), SheetMapping())

    def table(self, by: Dimension, across: Dimension | None = None, year: str = "", **more: bool) -> ThemeTable:
        return self.ask(
            lambda connection, its: theme_tables.read_table(connection, its, self.question(by, across, year, **more)), **more
        )

    def compared(self, now: str, before: str) -> PeriodComparison:
        return self.ask(lambda connection, its: compare_periods(connection, its, TableQuestion(Dimension.STAGE), now, before))

    def rates(self, year: str) -> tuple[StatusRate, ...]:
        return self.ask(lambda connection, its: rates_of_period(connection, its, self.question(Dimension.STAGE, None, year)))

    @staticmethod
    def question(by: Dimension, across: Dimension | None, year: str, **more: bool) -> TableQuestion:
        first, last = months_in(year) if year else ("", "")
        return TableQuestion(by, across, first, last, (), **more)

    def ask(self, what: Callable, **more: bool):  # type: ignore[no-untyped-def, type-arg]
        with self.casework.store.read(self.key) as connection:
            words = self.casework.procedures.current(connection, self.key)[0].authority
            its = read_labels(connection, self.casework.procedures, words, more.get("together", False))
            return what(connection, its)


def printed(made: ThemeTable) -> dict[str, list[str]]:
    """A table as a report prints it: each number with its share, the total last."""
    columns = [*made.columns, None]
    rows = {row.label: [f"{made.cell(row, one)} {made.share(row, one)}" for one in columns] for row in made.rows}
    return rows | {"Total": [f"{made.total(one)} 100.00%" for one in columns]}


def test_durham_2016(casework: Casework) -> None:
    durham = Review(casework, "durham", "durham_2016.csv")
    assert printed(durham.table(Dimension.STAGE, Dimension.QUARTER, "2016", together=True)) == {
        "Informal challenge": ["9 39.13%", "10 28.57%", "13 50.00%", "14 50.00%", "46 41.07%"],
        "Level 2": ["8 34.78%", "14 40.00%", "7 26.92%", "8 28.57%", "37 33.04%"],
        "Level 3": ["5 21.74%", "10 28.57%", "5 19.23%", "4 14.29%", "24 21.43%"],
        "Level 4": ["1 4.35%", "1 2.86%", "1 3.85%", "2 7.14%", "5 4.46%"],
        "Stages 5–8": ["0 0.00%", "0 0.00%", "0 0.00%", "0 0.00%", "0 0.00%"],
        "Total": ["23 100.00%", "35 100.00%", "26 100.00%", "28 100.00%", "112 100.00%"],
    }


def test_durham_2016_of_1109_children_and_beside_the_year_before(casework: Casework) -> None:
    durham = Review(casework, "durham", "durham_2016.csv")
    durham.children("durham_2016_children.csv")
    (rate,) = durham.rates("2016")
    assert (rate.status, rate.items, rate.children, rate.per_100) == ("looked_after", 112, 1109, "10.1")
    beside = durham.compared("2016", "2015")
    assert beside.in_words() == "112 in 2016/17, 164 in 2015/16: 112 − 164 = −52; −52 of 164 is −31.7%."
    assert "do not compare" in beside.broken
    years = durham.table(Dimension.YEAR)
    assert [(row.label, years.cell(row)) for row in years.rows] == [("2015/16", 164), ("2016/17", 112)]
    assert [key for key, _ in years.breaks] == ["2016"]


DOES_NOT_ADD_UP = {("Level 5", "child protection plan"): (1, 0)}
"""Printed and counted: the report prints 1 looked after and 1 with a plan in a row whose total is 1."""


def test_durham_2022(casework: Casework) -> None:
    durham = Review(casework, "durham", "durham_2022.csv")
    made = durham.table(Dimension.STAGE, Dimension.STATUS, "2022")
    report = {
        "Level 2": (120, 100, 7, 13),
        "Level 3": (68, 49, 6, 13),
        "Level 4": (33, 29, 2, 2),
        "Level 5": (1, 1, 1, 0),
    }
    statuses = ["looked after", "child protection plan", "no status recorded"]
    assert [column.label for column in made.columns] == [*statuses, "not recorded"]
    differs = {}
    for row in made.rows:
        if row.label not in report:
            continue
        total, *numbers = report[row.label]
        assert made.cell(row) == total
        assert sum(made.cell(row, column) for column in made.columns) == total, "a report from cases adds up"
        for column, number in zip(made.columns, numbers, strict=False):
            if made.cell(row, column) != number:
                differs[row.label, column.label] = (number, made.cell(row, column))
    assert differs == DOES_NOT_ADD_UP
    informal = next(row for row in made.rows if row.label == "Informal challenge")
    assert (made.cell(informal), made.items - made.cell(informal)) == (151, 222)
    kinds = durham.table(Dimension.ITEM_TYPE, Dimension.YEAR)
    formal = next(row for row in kinds.rows if row.label == "formal challenge")
    assert [(column.label, kinds.cell(formal, column)) for column in kinds.columns] == [
        ("2019/20", 106), ("2020/21", 100), ("2021/22", 136), ("2022/23", 222),
    ]  # fmt: skip


def test_senior_scrutiny_stands_apart_from_challenges_that_await_a_reply(casework: Casework) -> None:
    durham = Review(casework, "durham", "durham_2022.csv")
    made = durham.table(Dimension.STAGE, None, "2022")
    assert {row.label: made.cell(row) for row in made.rows}["Level 5"] == 1

    def reviewed(connection, its):  # type: ignore[no-untyped-def]
        only = ((Dimension.ITEM_TYPE, "senior_scrutiny"),)
        return theme_tables.read_table(connection, its, TableQuestion(Dimension.STAGE, None, "2022-04", "2023-03", only))

    apart = durham.ask(reviewed)
    assert {row.label: apart.cell(row) for row in apart.rows if apart.cell(row)} == {"Level 5": 14}


def test_durham_2016_and_2022_stand_side_by_side(casework: Casework) -> None:
    durham = Review(casework, "durham", "durham_2016.csv", "durham_2022.csv")
    made = durham.table(Dimension.STAGE, Dimension.YEAR, "", together=True)
    year = {column.label: column for column in made.columns}
    stages = ("Informal challenge", "Level 2", "Level 3", "Level 4", "Stages 5–8")
    rows = {row.label: row for row in made.rows}
    assert [made.cell(rows[name], year["2016/17"]) for name in stages] == [46, 37, 24, 5, 0]
    assert [made.cell(rows[name], year["2022/23"]) for name in stages] == [151, 120, 68, 33, 1]
    assert rows["Level 2"].kept == ("level_2", "stage_2")
    assert [column.label for column in made.columns] == [
        "2015/16", "2016/17", "2017/18", "2018/19", "2019/20", "2020/21", "2021/22", "2022/23",
    ]  # fmt: skip
    assert [key for key, _ in made.breaks] == ["2016"]
    assert any(note == "506 of 991 have no highest stage reached recorded." for note in made.notes)


def test_derby_2017(casework: Casework) -> None:
    derby = Review(casework, "derby", "derby.csv")
    made = derby.table(Dimension.REASON, None, "2017", with_practice=True)
    assert {row.label: made.cell(row) for row in made.rows} == {
        "Drift or delay": 10,
        "Excellent practice": 14,
        "Non-completion of significant tasks": 18,
        "Persistent poor practice": 14,
        "Statutory requirements not met": 37,
    }
    assert made.items == 93
    quarters = derby.table(Dimension.QUARTER, None, "2017", with_practice=True)
    halves = [quarters.cell(row) for row in quarters.rows]
    assert (sum(halves[:2]), sum(halves[2:])) == (42, 51)
    second = derby.table(Dimension.REASON, Dimension.STAGE, "2017")
    column = next(one for one in second.columns if one.key == "formal_2")
    assert {row.label: second.cell(row, column) for row in second.rows if second.cell(row, column)} == {
        "Drift or delay": 2, "Non-completion of significant tasks": 2,
    }  # fmt: skip
    years = derby.table(Dimension.YEAR, None, "", with_practice=True)
    assert [years.cell(row) for row in years.rows] == [53, 107, 84, 93]
    apart = derby.table(Dimension.REASON, None, "2017")
    assert apart.items == 93 - 14


def test_north_yorkshire_2014(casework: Casework) -> None:
    made = Review(casework, "north_yorkshire", "north_yorkshire.csv").table(Dimension.REASON, None, "2014", with_practice=True)
    assert {row.label: made.cell(row) for row in made.rows} == {
        "Decisions of review not acted on": 35,
        "Other": 23,
        "Pre-meeting report not available": 15,
        "Assessment and progress records not up to date": 14,
        "Life-story work not progressed": 13,
        "Exceptional practice": 10,
    }
    assert made.items == 110


def test_thurrock_2017_accounts_for_what_its_list_leaves_out(casework: Casework) -> None:
    made = Review(casework, "thurrock", "thurrock.csv").table(Dimension.REASON, None, "2017")
    numbers = {row.label: made.cell(row) for row in made.rows}
    assert numbers == {
        "Pathway plan not completed": 11,
        "Permanency plan not robust": 2,
        "Report not prepared for the review": 24,
        "Education plan": 3,
        "Health assessment": 3,
        "SGO application needed (drift)": 1,
        "Specific assessment not completed": 2,
        "Placement not meeting need": 3,
        "not recorded": 18,
    }
    assert (made.items, sum(numbers.values()) - numbers["not recorded"]) == (67, 49)
    assert "18 of 67 have no reason recorded." in made.notes


def test_planted_a_share_that_is_cut_and_not_rounded_is_noticed(casework: Casework, monkeypatch: pytest.MonkeyPatch) -> None:
    from decimal import ROUND_DOWN, Decimal

    monkeypatch.setattr(
        percentages, "round_as_reports", lambda number, places: number.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
    )
    with pytest.raises(AssertionError):
        test_durham_2016(casework)


def test_planted_stages_that_are_not_mapped_are_noticed(casework: Casework, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows.model.reporting import Reporting

    monkeypatch.setattr(Reporting, "stage", lambda self, key: key)
    with pytest.raises((AssertionError, KeyError)):
        test_durham_2016_and_2022_stand_side_by_side(casework)
