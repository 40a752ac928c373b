"""Which days somebody may name at all: those of a childhood that this service can be about. One rule for every door.

The first is 1 January 1990: whoever is looked after or a care leaver (until 25) was born later, the Children Act 1989 came
into force in October 1991, and a program's day nought (1 January 1970) or year 1 is a slip and no day. The last is 31 December
2099: a child born today is 25 long before. Beyond lie years that neither calendars nor databases all reckon with.
"""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime

from workflows.model.events import Event
from workflows.model.refusals import Unfit

FIRST_DAY = date(1990, 1, 1)
LAST_DAY = date(2099, 12, 31)

NOT_SENSIBLE = "That day lies outside every childhood that this service is about.", "Write a day of the years 1990 to 2099."
"""What is said of such a day, and what to do."""


def is_sensible(day: date) -> bool:
    """May somebody name this day? Of an instant: its day as it is written, in whatever zone."""
    return FIRST_DAY <= (day.date() if isinstance(day, datetime) else day) <= LAST_DAY


def is_sensible_year(year: int) -> bool:
    """May somebody ask for this year?"""
    return FIRST_DAY.year <= year <= LAST_DAY.year


def check_days(event: Event) -> None:
    """Raise Unfit for the first day of an event that is none of the service's. For what is brought: what is stored stays."""
    for day, field in _days_of(event, ""):
        if not is_sensible(day):
            raise Unfit(*NOT_SENSIBLE, field)


def _days_of(value: object, field: str) -> Iterator[tuple[date, str]]:
    if isinstance(value, date):
        yield value, field
    elif isinstance(value, tuple):
        for n, inner in enumerate(value):
            match inner:
                case (str(name), date() as day):  # what counts from a day, and the day
                    yield day, f"{field}.{name[:60]}"
                case _:
                    yield from _days_of(inner, f"{field}.{n}")
    elif is_dataclass(value):
        for each in fields(value):
            yield from _days_of(getattr(value, each.name), f"{field}.{each.name}" if field else each.name)
