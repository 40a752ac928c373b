"""A promise in a sentence that shows its counting: local dates and London times, never a second clock."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from operator import add

from workflows.calendar.working_days import LONDON, MONTHS, WEEKDAYS, LengthUnit, Promise, long_date, so_many

_ONE_DAY = timedelta(days=1)
_LISTED_SINGLY = 10  # above this many working days, the sentence speaks of runs and weekends


def explain_promise(promise: Promise) -> str:
    """The promise in a sentence that shows its counting, in local dates and London times."""
    if promise.is_without_date:
        return "no date is set here"
    if promise.length is None:
        return f"the date named: {long_date(promise.due)}"
    number = promise.length.number
    if promise.since is not None:
        return f"{promise.length} from {_clock(promise.since)}: {_clock(promise.closes_at, closing=True)}"
    start = long_date(promise.counts_from)
    if promise.length.unit is LengthUnit.CALENDAR_DAYS:
        return f"{so_many(number, 'days')} from {start}, weekends and bank holidays counted: {long_date(promise.due)}"
    if _is_long(promise):
        start += f" to {long_date(promise.due)}"
    text = f"{promise.length} from {start}: {_counted(promise)}"
    if promise.skipped:
        text += f"; not counted: {_skipped(promise)}"
    if promise.expected:
        announced = long_date(promise.announced_to).split(" ", 1)[1]
        text += f". This date is expected, not certain: bank holidays after {announced} are not yet announced."
    return text


def _counted(promise: Promise) -> str:
    """Each day counted, or from a long count its unbroken runs: "Tue 7 to Fri 10"."""
    days = promise.counted
    inside = {day for day in days if {day - _ONE_DAY, day + _ONE_DAY} <= set(days)} if _is_long(promise) else set()
    ends = [day for day in days if day not in inside]
    first, *others = _dated([(day, "") for day in ends], promise)
    joined = (" to " if day - _ONE_DAY in inside else ", " for day in ends[1:])
    return first + "".join(map(add, joined, others))


def _skipped(promise: Promise) -> str:
    """Each day not counted and its reason; from a long count, the weekends only by their number."""
    named = [(day, "" if day.weekday() > 4 else reason) for day, reason in promise.skipped]
    listed = [(day, name) for day, name in named if name] if _is_long(promise) else named
    # In one month throughout, the days counted have just named it.
    months = {(day.year, day.month) for day in (*promise.counted, *dict(named))}
    texts = _dated(listed, promise, months=len(months) > 1)
    weekends = len(named) - len(listed)
    parts = [", ".join(texts), so_many(weekends, "weekend days") if weekends else ""]
    return " and ".join(part for part in parts if part)


def _dated(days: Sequence[tuple[date, str]], promise: Promise, months: bool = True) -> list[str]:
    """Short dates with their names; the month is said once, at the last of a run within it, and a new year with it."""
    years = promise.due.year != promise.counts_from.year
    texts: list[str] = []
    for at, (day, name) in enumerate(days):
        text = f"{WEEKDAYS[day.weekday()][:3]} {day.day}"
        following = days[at + 1][0] if at + 1 < len(days) else None
        if months and (following is None or (following.year, following.month) != (day.year, day.month)):
            text += f" {MONTHS[day.month - 1]}" + (f" {day.year}" if years else "")
        texts.append(f"{text} {name}" if name else text)
    return texts


def _clock(instant: datetime, *, closing: bool = False) -> str:
    """A London clock time and date; the hour that comes twice in autumn is told apart by BST or GMT."""
    local = instant.astimezone(LONDON)
    if closing and local.time() == time(0):
        return f"midnight at the end of {long_date(local.date() - _ONE_DAY)}"
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return f"{local:%H:%M}{f' {local.tzname()}' if twice else ''} on {long_date(local.date())}"


def _is_long(promise: Promise) -> bool:
    return len(promise.counted) > _LISTED_SINGLY
