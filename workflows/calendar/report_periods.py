"""Whole periods that a report is of: so many months of the reporting year (1 April – 31 March), told by their first and last."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from workflows.calendar.reporting_periods import (
    first_day,
    months_in,
    next_period,
    period_in_words,
    quarter_of_month,
)
from workflows.calendar.working_days import MONTHS, Calendar


class ReportEvery(StrEnum):
    """How often a report is made, as an authority's file says it."""

    MONTH = "month"
    TWO_MONTHS = "two months"
    QUARTER = "quarter"
    HALF_YEAR = "half year"
    YEAR = "year"

    @property
    def months(self) -> int:
        """Of how many months each is."""
        return {"month": 1, "two months": 2, "quarter": 3, "half year": 6, "year": 12}[self.value]


@dataclass(frozen=True, order=True)
class ReportPeriod:
    """Whole months, the first and the last included, as keys: 2026-04 and 2026-06."""

    first: str
    last: str

    @property
    def months(self) -> int:
        """How many months it has."""
        return _number(self.last) - _number(self.first) + 1

    @property
    def is_quarter(self) -> bool:
        """Is it one quarter of the reporting year?"""
        return (self.first, self.last) == months_in(quarter_of_month(self.first))

    @property
    def is_year(self) -> bool:
        """Is it one reporting year?"""
        return self.months == 12 and self.first.endswith("-04")

    def before(self) -> "ReportPeriod":
        """The period of the same length before it."""
        return self._moved(-self.months)

    def after(self) -> "ReportPeriod":
        """The period of the same length after it."""
        return self._moved(self.months)

    def year_before(self) -> "ReportPeriod":
        """The same months of the year before."""
        return self._moved(-12)

    def _moved(self, months: int) -> "ReportPeriod":
        return ReportPeriod(_month(_number(self.first) + months), _month(_number(self.last) + months))

    def in_words(self) -> str:
        """As people say it: 2026/27; Q1 2026/27 (April to June 2026); April to September 2026; April 2026."""
        if self.is_year:
            return period_in_words(self.first[:4])
        months = _months_in_words(self.first, self.last)
        return f"{period_in_words(quarter_of_month(self.first))} ({months})" if self.is_quarter else months

    def in_short(self) -> str:
        """As the head of a column has it: Q1 2026/27, without its months."""
        return period_in_words(quarter_of_month(self.first)) if self.is_quarter else self.in_words()


def _months_in_words(first: str, last: str) -> str:
    if first == last:
        return period_in_words(first)
    joined = "and" if next_period(first) == last else "to"
    named = MONTHS[int(first[5:]) - 1] if first[:4] == last[:4] else period_in_words(first)
    return f"{named} {joined} {period_in_words(last)}"


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _month(number: int) -> str:
    return f"{number // 12}-{number % 12 + 1:02}"


def period_holding(month: str, every: ReportEvery) -> ReportPeriod:
    """The period in which a month lies, counted from April on."""
    since_april = (_number(month) - 3) % 12
    first = _number(month) - since_april % every.months
    return ReportPeriod(_month(first), _month(first + every.months - 1))


def day_due(period: ReportPeriod, months_after: int, calendar: Calendar) -> date:
    """The first working day after a period and so many months more."""
    first = first_day(_month(_number(period.last) + 1 + months_after))
    return calendar.working_day_after(first - timedelta(days=1))
