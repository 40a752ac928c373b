"""Promises in words, to the letter."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import workflows.calendar
from workflows.calendar.promise_in_words import explain_promise
from workflows.calendar.working_days import (
    Length,
    LengthUnit,
    long_date,
    promise_from_date,
    promise_from_instant,
    promise_on,
    read_calendar,
)

TEXT = (Path(workflows.calendar.__path__[0]) / "england_and_wales.csv").read_text(encoding="utf-8")
CALENDAR = read_calendar(TEXT)


def working(number):
    return Length(number, LengthUnit.WORKING_DAYS)


def days(number):
    return Length(number, LengthUnit.CALENDAR_DAYS)


def hours(number):
    return Length(number, LengthUnit.HOURS)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_lengths_in_words():
    lengths = [working(1), working(3), days(1), days(10), hours(1), hours(72)]
    assert [str(length) for length in lengths] == [
        "1 working day", "3 working days", "1 calendar day", "10 calendar days", "1 hour", "72 hours",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "unit"), [(-1, LengthUnit.WORKING_DAYS), (0, LengthUnit.CALENDAR_DAYS), (0, LengthUnit.HOURS)]
)
def test_a_length_is_at_least_one(number, unit):
    with pytest.raises(ValueError, match="at least 1"):
        Length(number, unit)


def test_the_same_working_day_ends_on_that_day_or_on_the_next_that_is_worked():
    same_day = Length(0, LengthUnit.WORKING_DAYS)
    assert str(same_day) == "the same working day"
    on_a_wednesday = promise_from_date(same_day, date(2026, 4, 1), CALENDAR)
    assert on_a_wednesday.due == date(2026, 4, 1)
    assert explain_promise(on_a_wednesday) == "the same working day from Wednesday 1 April 2026: Wed 1 April"
    assert promise_from_date(same_day, date(2026, 4, 3), CALENDAR).due == date(2026, 4, 7)


def test_a_long_date():
    assert long_date(date(2026, 4, 1)) == "Wednesday 1 April 2026"
    assert long_date(date(2026, 8, 31)) == "Monday 31 August 2026"


@pytest.mark.parametrize(
    ("length", "start", "words"),
    [
        (
            working(3),
            date(2026, 4, 1),
            "3 working days from Wednesday 1 April 2026: Thu 2, Tue 7, Wed 8 April; "
            "not counted: Fri 3 Good Friday, Sat 4, Sun 5, Mon 6 Easter Monday",
        ),
        (working(1), date(2026, 6, 1), "1 working day from Monday 1 June 2026: Tue 2 June"),
        (
            working(3),
            date(2026, 3, 27),
            "3 working days from Friday 27 March 2026: Mon 30, Tue 31 March, Wed 1 April; not counted: Sat 28, Sun 29 March",
        ),
        (
            working(5),
            date(2026, 3, 27),
            "5 working days from Friday 27 March 2026: Mon 30, Tue 31 March, Wed 1, Thu 2, Tue 7 April; "
            "not counted: Sat 28, Sun 29 March, Fri 3 Good Friday, Sat 4, Sun 5, Mon 6 April Easter Monday",
        ),
        (
            working(4),
            date(2026, 12, 29),
            "4 working days from Tuesday 29 December 2026: Wed 30, Thu 31 December 2026, Mon 4, Tue 5 January 2027; "
            "not counted: Fri 1 New Year's Day, Sat 2, Sun 3 January 2027",
        ),
        (
            working(20),
            date(2026, 4, 1),
            "20 working days from Wednesday 1 April 2026 to Friday 1 May 2026: Thu 2, Tue 7 to Fri 10, "
            "Mon 13 to Fri 17, Mon 20 to Fri 24, Mon 27 April to Fri 1 May; "
            "not counted: Fri 3 Good Friday, Mon 6 April Easter Monday and 8 weekend days",
        ),
        (
            working(12),
            date(2026, 6, 1),
            "12 working days from Monday 1 June 2026 to Wednesday 17 June 2026: Tue 2 to Fri 5, Mon 8 to Fri 12, "
            "Mon 15 to Wed 17 June; not counted: 4 weekend days",
        ),
        (
            working(1),
            date(2028, 12, 26),
            "1 working day from Tuesday 26 December 2028: Wed 27 December. This date is expected, not certain: "
            "bank holidays after 26 December 2028 are not yet announced.",
        ),
        (
            days(10),
            date(2026, 3, 27),
            "10 days from Friday 27 March 2026, weekends and bank holidays counted: Monday 6 April 2026",
        ),
        (
            days(1),
            date(2026, 3, 27),
            "1 day from Friday 27 March 2026, weekends and bank holidays counted: Saturday 28 March 2026",
        ),
    ],
)
def test_a_promise_of_days_explains_itself(length, start, words):
    assert explain_promise(promise_from_date(length, start, CALENDAR)) == words


@pytest.mark.parametrize(
    ("length", "since", "words"),
    [
        (
            hours(72),
            utc(2026, 3, 27, 10),
            "72 hours from 10:00 on Friday 27 March 2026: 11:00 on Monday 30 March 2026",
        ),
        (
            hours(24),
            utc(2026, 6, 1, 23),
            "24 hours from 00:00 on Tuesday 2 June 2026: midnight at the end of Tuesday 2 June 2026",
        ),
        (
            hours(1),
            utc(2026, 10, 25, 0, 30),
            "1 hour from 01:30 BST on Sunday 25 October 2026: 01:30 GMT on Sunday 25 October 2026",
        ),
    ],
)
def test_a_promise_of_hours_explains_itself(length, since, words):
    assert explain_promise(promise_from_instant(length, since, CALENDAR)) == words


def test_a_named_date_and_a_closure_explain_themselves():
    assert explain_promise(promise_on(date(2026, 5, 1), date(2026, 4, 1), CALENDAR)) == "the date named: Friday 1 May 2026"
    closed = CALENDAR.closed_also_on({date(2026, 6, 2): "Offices closed"}, "x")
    made = promise_from_date(working(1), date(2026, 6, 1), closed)
    assert explain_promise(made) == "1 working day from Monday 1 June 2026: Wed 3 June; not counted: Tue 2 Offices closed"


def test_every_working_day_promise_of_forty_six_years_can_be_explained():
    for start in (date(1995, 1, 1) + timedelta(days=n) for n in range(0, 16802, 13)):
        for number in (1, 10, 11, 40):
            made = promise_from_date(working(number), start, CALENDAR)
            words = explain_promise(made)
            assert words.startswith(f"{working(number)} from {long_date(start)}")
            named = f" {long_date(made.due).split(' ')[2]}"
            assert named in words.split("; not counted")[0].split(": ", 1)[1]
