"""Months, quarters and years of the reporting year (1 April – 31 March), as keys: 2016-04, 2016-Q1, 2016. Keys sort by time."""

import re
from collections.abc import Iterable
from datetime import date

from workflows.calendar.working_days import MONTHS

_PERIOD = re.compile("(19|2[0-9])[0-9]{2}(-Q[1-4]|-0[1-9]|-1[0-2])?")


def month_of(day: date) -> str:
    """A day's month, as lines are counted by: 2026-04."""
    return f"{day:%Y-%m}"


def quarter_of(day: date) -> str:
    """The quarter that a day (Europe/London) lies in: 2026-Q1 is April to June 2026."""
    return quarter_of_month(month_of(day))


def quarter_of_month(month: str) -> str:
    """The quarter of the reporting year that a month lies in: 2026-04 is in 2026-Q1, 2026-03 in 2025-Q4."""
    year, number = int(month[:4]), int(month[5:7])
    return f"{year if number >= 4 else year - 1}-Q{(number - 4) % 12 // 3 + 1}"


def quarter_before(quarter: str) -> str:
    """The quarter before one."""
    year, number = int(quarter[:4]), int(quarter[6])
    return f"{year}-Q{number - 1}" if number > 1 else f"{year - 1}-Q4"


def next_period(key: str) -> str:
    """The year, quarter or month after one."""
    year = int(key[:4])
    if "-Q" in key:
        return f"{year + 1}-Q1" if key[6:] == "4" else f"{year}-Q{int(key[6:]) + 1}"
    if "-" in key:
        month = int(key[5:])
        return f"{year + month // 12}-{month % 12 + 1:02}"
    return str(year + 1)


def periods_between(kept: Iterable[str]) -> list[str]:
    """Every period from the first to the last of some of one length; nothing for fewer than two."""
    known = sorted(kept)
    if len(known) < 2:
        return []
    periods = known[:1]
    while periods[-1] < known[-1]:
        periods.append(next_period(periods[-1]))
    return periods


def months_of(quarter: str) -> tuple[str, str]:
    """The first and the last month of a quarter of the reporting year."""
    year, first = int(quarter[:4]), 3 * int(quarter[6]) + 1
    if first > 12:  # the fourth quarter lies in the next calendar year
        year, first = year + 1, 1
    return f"{year}-{first:02}", f"{year}-{first + 2:02}"


def months_in(period: str) -> tuple[str, str]:
    """The first and last month of a year (2016), a quarter (2016-Q1) or a month (2016-04). Raises ValueError."""
    if not _PERIOD.fullmatch(period):
        raise ValueError(f"{period!r} is no period: write a year (2016), a quarter (2016-Q1) or a month (2016-04).")
    if len(period) == 4:
        return f"{period}-04", f"{int(period) + 1}-03"
    return months_of(period) if "-Q" in period else (period, period)


def first_day(month: str) -> date:
    """The first day of a month: 1 April 2026 of 2026-04."""
    return date(int(month[:4]), int(month[5:]), 1)


def period_in_words(key: str) -> str:
    """A period as people say it: 2016/17, Q1 2016/17, April 2016."""
    if "-Q" in key:
        return f"{key[5:]} {year_in_words(key[:4])}"
    if "-" in key:
        return f"{MONTHS[int(key[5:7]) - 1]} {key[:4]}"
    return year_in_words(key)


def year_in_words(year: str) -> str:
    """A reporting year by its first calendar year: 2016 is 2016/17."""
    return f"{year}/{(int(year) + 1) % 100:02}"
