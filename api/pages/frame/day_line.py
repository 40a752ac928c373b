"""A day in one line, as people write it: 27/3/2026, 27.3.26, 27 March 2026, 27 Mar, 2026-03-27."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from api.pages.frame.form_fields import Given, TextLine, WrongAnswer, single_value
from workflows.calendar.working_days import long_date
from workflows.decision.sensible_days import NOT_SENSIBLE, is_sensible

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NUMBERS = re.compile(r"(\d{1,2})[ /.\-](\d{1,2})(?:[ /.\-](\d{4}|\d{2}))?")
_NAMED = re.compile(r"(?:[a-z]{3,9},? )?(\d{1,2})(?:st|nd|rd|th)? ([a-z]{3,9})\.?,?(?: (\d{4}|\d{2}))?")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
HALF_A_YEAR = timedelta(days=183)


def read_day(text: str, today: date) -> date:
    """The day that a text names, in the order day, month, year. Without a year: the nearest such day to today.

    Raises ValueError for what is no day.
    """
    plain = " ".join(text.lower().split())
    if found := _ISO.fullmatch(plain):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _NUMBERS.fullmatch(plain):
        return _with_year(int(found[1]), int(found[2]), found[3], today)
    if (found := _NAMED.fullmatch(plain)) and found[2][:3] in _MONTHS:
        return _with_year(int(found[1]), _MONTHS.index(found[2][:3]) + 1, found[3], today)
    raise ValueError(text)


def _with_year(day: int, month: int, year: str | None, today: date) -> date:
    if year:
        return date(2000 + int(year) if len(year) == 2 else int(year), month, day)
    near = []
    for one in (today.year - 1, today.year, today.year + 1):
        try:
            near.append(date(one, month, day))
        except ValueError:  # 29 February, in another year
            continue
    if not near:
        raise ValueError(f"{day}.{month}.")
    return min(near, key=lambda one: abs(one - today))


@dataclass(frozen=True, kw_only=True)
class DayLine(TextLine):
    """A day, in one input. `today` (Europe/London) decides of which year a day without one is."""

    today: date

    def read(self, given: Given) -> date | None:
        text = single_value(given, self.name)
        if not text:
            return None
        try:
            day = read_day(text, self.today)
        except ValueError:
            raise WrongAnswer("That is no day: write it such as 27/3/2026 or 27 March 2026.", self.name) from None
        if not is_sensible(day):
            raise WrongAnswer(" ".join(NOT_SENSIBLE), self.name)
        return day

    def show(self, value: Any) -> dict[str, tuple[str, ...]]:
        return {self.name: (long_date(value),)} if value else {}
