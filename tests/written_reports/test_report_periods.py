"""The periods that reports are of: counted from April, and due on the first working day after them."""

from datetime import date

import pytest

from tests.cast.rules import CALENDAR
from workflows.calendar.report_periods import ReportEvery, ReportPeriod, day_due, period_holding


@pytest.mark.parametrize(
    ("month", "every", "first", "last", "said"),
    [
        ("2026-11", ReportEvery.MONTH, "2026-11", "2026-11", "November 2026"),
        ("2026-11", ReportEvery.TWO_MONTHS, "2026-10", "2026-11", "October and November 2026"),
        ("2027-01", ReportEvery.TWO_MONTHS, "2026-12", "2027-01", "December 2026 and January 2027"),
        ("2027-02", ReportEvery.QUARTER, "2027-01", "2027-03", "Q4 2026/27 (January to March 2027)"),
        ("2026-09", ReportEvery.HALF_YEAR, "2026-04", "2026-09", "April to September 2026"),
        ("2027-03", ReportEvery.HALF_YEAR, "2026-10", "2027-03", "October 2026 to March 2027"),
        ("2027-03", ReportEvery.YEAR, "2026-04", "2027-03", "2026/27"),
    ],
)
def test_a_period_is_counted_from_april(month, every, first, last, said):
    period = period_holding(month, every)
    assert period == ReportPeriod(first, last)
    assert period.in_words() == said
    assert period.before().after() == period
    assert period.before().months == every.months


def test_the_same_months_of_the_year_before():
    assert ReportPeriod("2027-01", "2027-03").year_before() == ReportPeriod("2026-01", "2026-03")


@pytest.mark.parametrize(
    ("period", "months", "due"),
    [
        (ReportPeriod("2026-04", "2026-06"), 0, date(2026, 7, 1)),
        (ReportPeriod("2026-04", "2026-07"), 0, date(2026, 8, 3)),  # 1 August is a Saturday
        (ReportPeriod("2026-10", "2026-12"), 0, date(2027, 1, 4)),  # New Year's Day, and a weekend
        (ReportPeriod("2026-04", "2026-09"), 2, date(2026, 12, 1)),  # Derby: December, and June
        (ReportPeriod("2026-10", "2027-03"), 2, date(2027, 6, 1)),
    ],
)
def test_it_is_due_on_the_first_working_day_after_it(period, months, due):
    assert day_due(period, months, CALENDAR) == due
