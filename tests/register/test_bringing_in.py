"""An earlier register comes in whole or not at all; each bad row is named as its reader would find it."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import ProgrammingError

from drp.database.challenge_tables import ChallengeRow, WindowRow
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.register_tables import SheetRow
from drp.register_import import import_file, register_rows
from drp.register_import.import_file import NoSuchSheet, take_sheet_back
from drp.register_import.mapping import BadMapping
from tests.register.books import book, sheet
from tests.register.bringing import GOOD, HEAD, Office

one_engine = pytest.mark.parametrize("store", ["sqlite"], indirect=True)


def test_a_sheet_whose_columns_are_named_as_the_fields_comes_in_as_lines(office: Office) -> None:
    done = office.brings(GOOD)
    assert done.lines == 3
    assert dict(done.counted)["by year of raising"] == {"2019": 1, "2020": 1, "2021": 1}
    first, second = (one for one in office.lines() if one["reference"] == "R-1")
    assert (first["reason"], second["reason"]) == ("permanence_plan_delayed", "report_not_available")
    assert (first["is_first"], second["is_first"], second["is_first_of_theme"]) == (True, False, False)
    assert (first["quarter"], first["month"], first["days_to_end"]) == ("2019-Q1", "2019-05", 33)
    assert (first["child"], first["number"]) == (office.world.child("T-1"), "T-1")
    assert (first["raiser"], first["service"], first["sheet"]) == (office.world.id("irene"), "care", done.hash)
    other = office.line("R-2")
    assert other["raised_on"] == date(2020, 12, 31)
    assert (other["stage"], other["status"], other["team"]) == ("stage_3", "child_protection", "north")
    assert (other["outcome"], other["child"], other["number"]) == ("open", None, "OLD-7")
    assert office.line("R-3")["kind"] == "practice"
    assert office.line("R-3")["outcome"] == "", "not recorded"


def starts_nothing(office: Office) -> None:
    office.brings(GOOD)
    for table in (ChallengeRow, WindowRow, NotificationRow, DeliveryRow):
        assert office.world.rows(select(func.count()).select_from(table))[0][0] == 0


def test_history_starts_no_clock_and_tells_nobody(office: Office) -> None:
    starts_nothing(office)


def test_planted_rows_that_run_by_themselves(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    real = import_file.import_sheet
    monkeypatch.setattr("tests.register.bringing.import_sheet", lambda *given: real(*given[:-1], True))
    monkeypatch.setattr(
        "tests.register.test_bringing_in.GOOD", f"{HEAD}R-1,2026-03-02,,formal,stage_2,report_not_available,,,,,T-1,\n"
    )
    with pytest.raises(AssertionError):
        starts_nothing(office)


def comes_in_once(office: Office) -> None:
    first = office.brings(GOOD)
    again = office.brings(GOOD)
    assert again.earlier == office.world.now
    assert again.hash == first.hash
    assert len(office.lines()) == 4


def test_the_same_file_twice_comes_in_once_and_says_so(office: Office) -> None:
    comes_in_once(office)
    assert office.world.rows(select(func.count()).select_from(SheetRow))[0][0] == 1


def test_planted_a_file_known_by_its_moment(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = iter(range(100))
    monkeypatch.setattr(import_file.GivenSheet, "hash", property(lambda self: f"{next(counter):064}"))
    with pytest.raises(Exception, match=r"in the register already|UNIQUE"):
        comes_in_once(office)


def test_the_same_file_under_another_mapping_is_another_file_and_its_references_are_known(office: Office) -> None:
    office.brings(GOOD)
    said = office.refused(GOOD, mapping="columns: {reference: reference, raised_on: raised_on}\nalways: {item_type: formal}\n")
    assert "past.csv, row 2, column “reference” (A): “R-1” is in the register already; leave the row out" in said


BAD = {
    "reference is empty": ",2020-01-01,,formal,,,,,,,,",
    "“r-1” stands in row 2 too": "r-1,2020-01-01,,formal,,,,,,,,",
    "the day of raising is empty": "X,,,formal,,,,,,,,",
    "“31/06/2020” is a day that does not exist": "X,31/06/2020,,formal,,,,,,,,",
    "“2020-02-30” is a day that does not exist": "X,2020-02-30,,formal,,,,,,,,",
    "2 April 2026 is still to come": "X,2026-04-02,,formal,,,,,,,,",
    "31 December 1989 is before 1990": "X,1989-12-31,,formal,,,,,,,,",
    "“1/2/19” is no day; write it as 2026-04-01 or 01/04/2026, with the year in four": "X,1/2/19,,formal,,,,,,,,",
    "“43586” is a number and not a day": "X,43586,,formal,,,,,,,,",
    "it ended on 2019-12-31, before it was raised on 2020-01-01": "X,2020-01-01,2019-12-31,formal,,,,,,,,",
    "it is not said what kind of item it is": "X,2020-01-01,,,,,,,,,,",
    "“fromal” is no item type that is known": "X,2020-01-01,,fromal,,,,,,,,",
    "column “stage” (E): “stage_9” is no stage": "X,2020-01-01,,formal,stage_9,,,,,,,",
    "“weather” is no reason": "X,2020-01-01,,formal,,weather,,,,,,",
    "a reason stands twice": "X,2020-01-01,,formal,,report_not_available;Report not available for a meeting,,,,,,",
    "“teenager” is no status": "X,2020-01-01,,formal,,,teenager,,,,,",
    "“west” is no team": "X,2020-01-01,,formal,,,,west,,,,",
    "“recorded_in_error” is no outcome": "X,2020-01-01,2020-02-01,formal,,,,,recorded_in_error,,,",
    "it is open and has ended": "X,2020-01-01,2020-02-01,formal,,,,,open,,,",
    "“splendid” is no impact": "X,2020-01-01,2020-02-01,formal,,,,,,splendid,,",
    "the cell has 33 characters; write at most 32": f"X,2020-01-01,,formal,,,,,,,{'9' * 33},",
    "the directory knows nobody called “Zoltan”": "X,2020-01-01,,formal,,,,,,,,Zoltan",
    "holds a line break or a control character": 'X,2020-01-01,,formal,,,,,,,"T\n1",',
}


@one_engine
@pytest.mark.parametrize("said", BAD)
def test_a_bad_row_is_named_with_its_column_and_what_to_do(office: Office, said: str) -> None:
    found = office.refused(f"{HEAD}R-1,2020-01-01,,formal,,,,,,,,\n{BAD[said]}\n")
    assert said in found
    assert "past.csv, row 3" in found
    assert found.count("\n") == 0, "one fault, said once"


def nothing_of_a_bad_sheet(office: Office) -> None:
    said = office.refused(f"{GOOD}R-4,31/06/2020,,formal,,,,,,,,\nR-5,2020-01-01,,formal,nowhere,,,,,,,\n")
    assert "row 5" in said
    assert "row 6" in said
    assert office.lines() == []


def test_one_bad_row_keeps_the_whole_sheet_out_and_every_bad_row_is_named(office: Office) -> None:
    nothing_of_a_bad_sheet(office)


def test_planted_good_rows_that_come_in_without_the_bad(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drp.register_import.faults.SheetFaults.stop", lambda self: None)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        nothing_of_a_bad_sheet(office)


@one_engine
def test_two_hundred_faults_are_said_and_the_others_counted(office: Office) -> None:
    said = office.refused(HEAD + "".join(f"R-{n},2020-13-01,,formal,,,,,,,,\n" for n in range(300)))
    assert said.count("\n") == 200
    assert said.endswith("and 100 more.")


def stays_text(office: Office) -> None:
    office.brings(f'{HEAD}=1+1,2020-01-01,,formal,,,,,,,"=cmd()",\n@SUM(A1),2020-01-01,,formal,,,,,,,-2,\n')
    assert [(one["reference"], one["number"]) for one in office.lines()] == [("=1+1", "=cmd()"), ("@SUM(A1)", "-2")]


def test_text_like_a_formula_is_kept_as_the_text_it_is(office: Office) -> None:
    stays_text(office)
    from api.exports.csv_text import csv_lines

    made = csv_lines([[one["reference"], one["number"]] for one in office.lines()])
    assert made == b"'=1+1,'=cmd()\r\n'@SUM(A1),'-2\r\n", "and it comes out inert"


MAPPING = """
sheet: Disputes
header: 3
columns:
  reference: Ref
  raised_on: Date raised
  stage: Level
  reason: Why
  iro: Reviewing officer
values:
  stage: {"Level two": stage_2}
  reason: {Late report: report_not_available}
  iro: {Somebody who left: ""}
always: {item_type: formal}
"""


def test_a_workbook_of_the_authoritys_own_is_read_by_its_mapping(office: Office) -> None:
    rows: list[list[Any]] = [
        ["Our disputes since 2019"], [],
        ["Ref", "Date raised", "Level", "Why", "Reviewing officer", "Days"],
        [(17, 0), (43586, 1), "level TWO", "late report; Final plan not ratified", "somebody who left", (3, 0)],
        ["18", "3/4/2019", "stage 3", "", "IRENE", ""],
    ]  # fmt: skip
    data = book({"Notes": sheet([["hello"]]), "Disputes": sheet(rows, merged=["A1:F1"])})
    done = office.brings(data, "past.xlsx", MAPPING)
    assert done.left == ("Days",)
    first, other = office.line("17"), office.line("18")
    assert (first["raised_on"], other["raised_on"]) == (date(2019, 5, 1), date(2019, 4, 3))
    assert (first["stage"], other["stage"]) == ("stage_2", "stage_3")
    assert (first["raiser"], other["raiser"]) == (None, office.world.id("irene"))
    assert [one["reason"] for one in office.lines()] == ["report_not_available", "final_plan_not_ratified", ""]
    assert first["outcome"] == "", "a sheet that tells no ends leaves nothing open"


@one_engine
def test_a_mapping_that_leads_to_nothing_known_is_refused_by_its_line(office: Office) -> None:
    bad = MAPPING.replace("stage_2", "stage_22").replace("item_type: formal", "item_type: formel")
    with pytest.raises(BadMapping) as refused:
        office.brings(
            book({"Disputes": sheet([[], [], ["Ref", "Date raised", "Level", "Why", "Reviewing officer"]])}), "p.xlsx", bad
        )
    assert "past.yaml:11: “stage_22” is no stage" in str(refused.value)
    assert "past.yaml:14: “formel” is no item type" in str(refused.value)


def test_a_sheet_brought_in_by_mistake_is_taken_back(office: Office, request: pytest.FixtureRequest) -> None:
    done = office.brings(GOOD)
    office.brings(f"{HEAD}Other,2020-01-01,,formal,,,,,,,,\n", "other.csv")
    from drp.database.engine import Store
    from tests.cast.stores import OWNER

    world = office.world
    hands = world.store if world.store.is_sqlite else Store(request.getfixturevalue("postgresql").url(OWNER))
    with hands.write(office.key) as connection, pytest.raises(NoSuchSheet, match="No file came in as"):
        take_sheet_back(connection, office.key, "past.xls")
    if hands is not world.store:
        with pytest.raises(ProgrammingError, match="permission denied"), world.store.write(office.key) as connection:
            take_sheet_back(connection, office.key, done.hash)
    with hands.write(office.key) as connection:
        row = take_sheet_back(connection, office.key, done.hash[:12])
    assert (row.name, row.lines) == ("past.csv", 3)
    assert [one["reference"] for one in office.lines()] == ["Other"]
    if hands is not world.store:
        hands.close()
    assert office.brings(GOOD).earlier is None, "it may come in again"


def test_each_authority_has_its_own_references(two: Any) -> None:
    office = Office(two)
    office.brings(GOOD)
    office.key = "elsewhere"
    assert office.brings(GOOD).lines == 3


@one_engine
def test_more_rows_than_a_register_has_are_refused(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(register_rows, "MOST_ROWS", 2)
    assert "row 4: the sheet has more than 2 rows" in office.refused(GOOD)
    assert "no rows below its headings" in office.refused(HEAD)
