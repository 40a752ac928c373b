"""The bank holidays in the file, by the rules and by name, against the `holidays` package as oracle."""

from datetime import date
from pathlib import Path

import holidays
import pytest

import workflows.calendar
from workflows.calendar.holiday_rules import bank_holidays_by_rule
from workflows.calendar.working_days import read_calendar

FILE = Path(workflows.calendar.__path__[0]) / "england_and_wales.csv"
TEXT = FILE.read_text(encoding="utf-8")
CALENDAR = read_calendar(TEXT)
YEARS = range(1995, 2041)

ORDINARY_DAYS_MOVED = ("1995-05-01", "2002-05-27", "2012-05-28", "2020-05-04", "2022-05-30")
ODD_DAYS = {
    "1995-05-08": "Early May bank holiday (VE Day)",
    "1999-12-31": "Millennium bank holiday",
    "2002-06-03": "Golden Jubilee bank holiday",
    "2002-06-04": "Spring bank holiday",
    "2011-04-29": "Royal wedding bank holiday",
    "2012-06-04": "Spring bank holiday",
    "2012-06-05": "Diamond Jubilee bank holiday",
    "2020-05-08": "Early May bank holiday (VE Day)",
    "2022-06-02": "Spring bank holiday",
    "2022-06-03": "Platinum Jubilee bank holiday",
    "2022-09-19": "Bank holiday for the State Funeral of Queen Elizabeth II",
    "2023-05-08": "Bank holiday for the coronation of King Charles III",
}
ODD_YEARS = {date.fromisoformat(day).year for day in ODD_DAYS}


def oracle(years):
    """The days given off: the package also lists the nominal days at weekends, which nobody is given."""
    return {day for day in holidays.country_holidays("GB", subdiv="ENG", years=years) if day.weekday() < 5}


def test_the_file_has_exactly_the_days_of_the_oracle():
    assert set(CALENDAR.holidays) == oracle(YEARS)


def test_the_file_is_the_rule_and_the_odd_days_and_nothing_else():
    expected = {day: name for year in YEARS for day, name in bank_holidays_by_rule(year).items()}
    for day in ORDINARY_DAYS_MOVED:
        del expected[date.fromisoformat(day)]
    expected |= {date.fromisoformat(day): name for day, name in ODD_DAYS.items()}
    assert CALENDAR.holidays == expected


@pytest.mark.parametrize("year", [year for year in range(1978, 2101) if year not in ODD_YEARS | {1981}])
def test_the_rule_is_the_oracle_in_every_year_without_an_odd_day(year):
    # 1981 had a royal wedding, before the file begins.
    assert set(bank_holidays_by_rule(year)) == oracle([year])


@pytest.mark.parametrize("year", sorted(ODD_YEARS))
def test_the_rule_alone_is_wrong_in_a_year_with_an_odd_day(year):
    assert set(bank_holidays_by_rule(year)) != oracle([year])


@pytest.mark.parametrize(("day", "name"), ODD_DAYS.items())
def test_an_odd_day_is_known_by_name(day, name):
    assert CALENDAR.why_not(date.fromisoformat(day)) == name


@pytest.mark.parametrize("day", ORDINARY_DAYS_MOVED)
def test_the_day_that_was_moved_was_worked(day):
    assert CALENDAR.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2010-12-27", "Christmas Day (substitute day)"),  # Christmas on a Saturday
        ("2010-12-28", "Boxing Day (substitute day)"),
        ("2011-12-26", "Boxing Day"),  # Christmas on a Sunday
        ("2011-12-27", "Christmas Day (substitute day)"),
        ("2026-12-25", "Christmas Day"),  # Christmas on a Friday
        ("2026-12-28", "Boxing Day (substitute day)"),
        ("2028-01-03", "New Year's Day (substitute day)"),  # New Year's Day on a Saturday
        ("2023-01-02", "New Year's Day (substitute day)"),  # and on a Sunday
    ],
)
def test_a_holiday_at_a_weekend_gives_its_substitute(day, name):
    assert CALENDAR.why_not(date.fromisoformat(day)) == name


def test_no_holiday_is_at_a_weekend_and_each_ordinary_year_has_eight():
    assert all(day.weekday() < 5 for day in CALENDAR.holidays)
    assert all(len(bank_holidays_by_rule(year)) == 8 for year in range(1978, 2200))


def test_the_rules_are_refused_for_years_before_they_held():
    with pytest.raises(ValueError, match="1977"):
        bank_holidays_by_rule(1977)


def test_after_the_file_the_rules_carry_on():
    for year in range(2041, 2100):
        for day, name in bank_holidays_by_rule(year).items():
            assert CALENDAR.why_not(day) == name


def test_the_header_says_the_version_and_how_far_the_days_are_announced():
    assert (CALENDAR.version, CALENDAR.announced_to) == ("2026-11", date(2028, 12, 26))
    rows = [line.split(",") for line in TEXT.splitlines() if line[0].isdigit()]
    assert {status for day, _, status in rows if day <= "2028-12-26"} == {"announced"}
    assert {status for day, _, status in rows if day > "2028-12-26"} == {"by rule"}


HEAD = "# version: 1\n# announced to: 2026-12-28\ndate,name,status\n"
GOOD = HEAD + "2026-04-03,Good Friday,announced\n2027-03-26,Good Friday,by rule\n"


def test_a_small_calendar_can_be_read():
    assert read_calendar(GOOD).holidays == {date(2026, 4, 3): "Good Friday", date(2027, 3, 26): "Good Friday"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no version"),
        (GOOD.replace("# version: 1\n", ""), "no version"),
        (GOOD.replace("# version: 1", "# version:  "), "no version"),
        (GOOD.replace("# announced to: 2026-12-28\n", ""), "announced to"),
        (GOOD.replace("to: 2026-12-28", "to: Christmas"), "announced to"),
        (GOOD.replace("date,name,status\n", ""), "^line 3: expected the columns"),
        (GOOD.replace("date,name", "day,name"), "^line 3: expected the columns"),
        ("\ufeff" + GOOD, "no version"),
        (HEAD, "no days"),
        (GOOD + "\n", "^line 6: expected date,name,status"),
        (GOOD + "# a late remark\n", "^line 6: expected date,name,status"),
        (GOOD.replace("Good Friday,announced", "Good Friday"), "^line 4: expected date,name,status"),
        (GOOD.replace("Good Friday,announced", "Good, Friday,announced"), "^line 4: expected date,name,status"),
        (GOOD.replace("2026-04-03", "20260403"), "^line 4: not a date as YYYY-MM-DD"),
        (GOOD.replace("2026-04-03", "3 April 2026"), "^line 4: "),
        (GOOD.replace("2026-04-03", "2026-02-30"), "^line 4: "),
        (GOOD.replace("2026-04-03", "2026-04-04"), "^line 4: 2026-04-04 is a Saturday"),
        (GOOD.replace(",Good Friday,announced", ",,announced"), "^line 4: not a plain name"),
        (GOOD.replace(",Good Friday,announced", ", Good Friday,announced"), "^line 4: not a plain name"),
        (GOOD.replace(",announced", ",by rule"), "^line 4: 2026-04-03 should be 'announced'"),
        (GOOD.replace(",by rule", ",announced"), "^line 5: 2027-03-26 should be 'by rule'"),
        (GOOD.replace(",by rule", ",perhaps"), "^line 5: 2027-03-26 should be 'by rule'"),
        (GOOD + "2027-03-26,Good Friday,by rule\n", "^line 6: .* in order"),
        (GOOD + "2027-01-01,New Year's Day,by rule\n", "^line 6: .* in order"),
        (GOOD + "2029-01-01,New Year's Day,by rule\n", "^line 6: there is no day for 2028"),
    ],
)
def test_a_bad_calendar_is_refused_with_its_line(text, fault):
    with pytest.raises(ValueError, match=fault):
        read_calendar(text)


def test_every_fault_is_named_at_once():
    with pytest.raises(ValueError, match=r"(?s)line 4: .*\nline 5: "):
        read_calendar(GOOD.replace("2026", "26").replace("# announced to: 26", "# announced to: 2026").replace("by", ""))
