"""Working days and promises: the local Europe/London date when something is due, the UTC instant when it closes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import tzdata  # type: ignore[import-untyped]

from workflows.calendar.holiday_rules import bank_holidays_by_rule


def _london() -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", "Europe", "London").open("rb") as resource:
        return ZoneInfo.from_file(resource, key="Europe/London")


# From the pinned package, so that a server's own zone files cannot move a promise.
LONDON: ZoneInfo = _london()
TZDATA: str = tzdata.IANA_VERSION

NEVER = date(9998, 12, 31)
"""The due date of what has none."""

_ONE_DAY = timedelta(days=1)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip

_by_rule = lru_cache(maxsize=128)(bank_holidays_by_rule)


class LengthUnit(StrEnum):
    """What a length is counted in."""

    WORKING_DAYS = "working days"
    CALENDAR_DAYS = "calendar days"
    HOURS = "hours"


@dataclass(frozen=True)
class Length:
    """How long a window is: at least one of its unit, or no working day at all for "the same working day"."""

    number: int
    unit: LengthUnit

    def __post_init__(self) -> None:
        if self.number < 1 and not self.is_same_day:
            raise ValueError(f"a length is at least 1, not {self.number} {self.unit}")

    @property
    def is_same_day(self) -> bool:
        """Does it end on the working day that it counts from (or the next, if that day is not worked)?"""
        return self.number == 0 and self.unit is LengthUnit.WORKING_DAYS

    def __str__(self) -> str:
        return "the same working day" if self.is_same_day else so_many(self.number, self.unit)


@dataclass(frozen=True, eq=False)
class Calendar:
    """One version of the days not worked: weekends, bank holidays, an authority's closures. Days are local dates.

    Years after the last in `holidays` follow the ordinary rules, so that a promise never fails for want of a date;
    years before the first are refused.
    """

    version: str
    holidays: Mapping[date, str] = field(repr=False)
    announced_to: date
    closures: Mapping[date, str] = field(default_factory=dict, repr=False)
    _off: dict[date, str] = field(init=False, repr=False)
    _first: date = field(init=False, repr=False)
    _last: date = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.holidays:
            raise ValueError("a calendar needs at least one bank holiday")
        # A bank holiday within a closure keeps its own name.
        object.__setattr__(self, "_off", {**self.closures, **self.holidays})
        object.__setattr__(self, "_first", date(min(self.holidays).year, 1, 1))
        object.__setattr__(self, "_last", date(max(self.holidays).year, 12, 31))

    def why_not(self, day: date) -> str | None:
        """Why `day` is not worked: "Saturday", "Sunday", a bank holiday's name or a closure's reason; None if it is."""
        _refuse_an_instant(day)
        if day < self._first:
            raise ValueError(f"the calendar {self.version} begins in {self._first.year}: {day} is before it")
        weekday = day.weekday()
        if weekday > 4:
            return WEEKDAYS[weekday]
        if day > self._last and (name := _by_rule(day.year).get(day)):
            return name
        return self._off.get(day)

    def is_working_day(self, day: date) -> bool:
        return self.why_not(day) is None

    def working_day_after(self, day: date) -> date:
        """The first working day strictly after `day`."""
        day += _ONE_DAY
        while not self.is_working_day(day):
            day += _ONE_DAY
        return day

    def working_day_on_or_before(self, day: date) -> date:
        while not self.is_working_day(day):
            day -= _ONE_DAY
        return day

    def closed_also_on(self, closures: Mapping[date, str], version_suffix: str) -> "Calendar":
        """This calendar with an authority's own closure days, under a version that says so: "2026-11+suffix"."""
        if not version_suffix:
            raise ValueError("a calendar with closures needs a version of its own")
        for day, reason in closures.items():
            _refuse_an_instant(day)
            if not reason.strip():
                raise ValueError(f"the closure on {day} gives no reason")
        return replace(self, version=f"{self.version}+{version_suffix}", closures={**self.closures, **closures})


def read_calendar(text: str) -> Calendar:
    """The calendar in a file's text: `# key: value` lines, the column names, then one `date,name,status` row a day.

    Strict: every fault is named with its line in one ValueError. Rows are in order, on weekdays, with no year left
    out, and `announced` exactly up to the header's `announced to`.
    """
    lines = text.splitlines()
    head = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    keys = {key.strip(): value.strip() for key, _, value in (line[1:].partition(":") for line in lines[:head])}
    if not (version := keys.get("version")):
        raise ValueError("the calendar's header has no version")
    try:
        announced_to = _iso_date(keys.get("announced to", ""))
    except ValueError as fault:
        raise ValueError(f"the calendar's header has no date announced to: {fault}") from None
    if lines[head : head + 1] != ["date,name,status"]:
        raise ValueError(f"line {head + 1}: expected the columns date,name,status")
    holidays: dict[date, str] = {}
    faults: list[str] = []
    for number, line in enumerate(lines[head + 1 :], start=head + 2):
        try:
            day, name = _row(line, announced_to)
            previous = next(reversed(holidays), day - _ONE_DAY)
            if day <= previous:
                raise ValueError(f"{day} comes after {previous}: rows are in order, one a day")
            if day.year > previous.year + 1:
                raise ValueError(f"there is no day for {previous.year + 1}")
            holidays[day] = name
        except ValueError as fault:
            faults.append(f"line {number}: {fault}")
    if not (holidays or faults):
        faults.append("the calendar has no days")
    if faults:
        raise ValueError("\n".join(faults))
    return Calendar(version=version, holidays=holidays, announced_to=announced_to)


def _row(line: str, announced_to: date) -> tuple[date, str]:
    cells = line.split(",")
    if len(cells) != 3:
        raise ValueError(f"expected date,name,status and found {line!r}")
    day, name, status = _iso_date(cells[0]), cells[1], cells[2]
    if not name or name != name.strip():
        raise ValueError(f"not a plain name: {name!r}")
    if day.weekday() > 4:
        raise ValueError(f"{day} is a {WEEKDAYS[day.weekday()]}: give the substitute day only")
    if status != (expected := "announced" if day <= announced_to else "by rule"):
        raise ValueError(f"{day} should be {expected!r}, not {status!r}")
    return day, name


def _iso_date(text: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text:  # fromisoformat also takes 20260401 and week dates
        raise ValueError(f"not a date as YYYY-MM-DD: {text!r}")
    return day


@dataclass(frozen=True)
class Promise:
    """A date given to people, with all that is needed to explain it later without the calendar it was made from.

    `counts_from` and `due` are local Europe/London dates; `closes_at` and `since` are aware UTC instants, and
    `closes_at` is exclusive. `counted` and `skipped` are for working days only. `expected` says that the date may
    yet prove wrong: it rests on bank holidays after `announced_to`. `since` is the start of a length in hours.
    """

    length: Length | None  # None: a date named by a person
    counts_from: date
    due: date
    closes_at: datetime
    counted: tuple[date, ...]
    skipped: tuple[tuple[date, str], ...]
    expected: bool
    announced_to: date
    calendar: str
    tzdata: str
    since: datetime | None = None

    @property
    def is_without_date(self) -> bool:
        """Is it a question that no day makes late?"""
        return self.due == NEVER


def promise_from_instant(length: Length, since: datetime, calendar: Calendar) -> Promise:
    """What `length` from the aware instant `since` promises: days count from its local date, hours from itself."""
    since = _utc(since)
    if length.unit is not LengthUnit.HOURS:
        return promise_from_date(length, local_date(since), calendar)
    closes_at = since + timedelta(hours=length.number)
    # The end is exclusive: closing at local midnight, the last moment was in the day before.
    due = local_date(closes_at - timedelta.resolution)
    return _promised(length, local_date(since), due, closes_at, calendar, since=since)


@lru_cache(maxsize=2048)  # what is promised on one day for one length is the same for everybody
def promise_from_date(length: Length, counts_from: date, calendar: Calendar) -> Promise:
    """The end of the Nth working (or calendar) day after the local date `counts_from`, which itself never counts.

    A length in calendar days that ends on a day not worked stands there.
    """
    _refuse_an_instant(counts_from)
    if length.unit is LengthUnit.HOURS:
        raise ValueError(f"{length} count from an instant, not from a date")
    if length.unit is LengthUnit.CALENDAR_DAYS:
        due = counts_from + timedelta(days=length.number)
        return _promised(length, counts_from, due, local_midnight_after(due), calendar)
    if length.is_same_day:
        due = counts_from if calendar.is_working_day(counts_from) else calendar.working_day_after(counts_from)
        return _promised(length, counts_from, due, local_midnight_after(due), calendar, (due,))
    counted: list[date] = []
    skipped: list[tuple[date, str]] = []
    day = counts_from
    while len(counted) < length.number:
        day += _ONE_DAY
        if reason := calendar.why_not(day):
            skipped.append((day, reason))
        else:
            counted.append(day)
    return _promised(length, counts_from, day, local_midnight_after(day), calendar, tuple(counted), tuple(skipped))


def promise_on(due: date, counts_from: date, calendar: Calendar) -> Promise:
    """The end of a local date that a person named, be it worked or not."""
    _refuse_an_instant(due)
    _refuse_an_instant(counts_from)
    if due < counts_from:
        raise ValueError(f"the date named, {due}, is before {counts_from}, when the promise was made")
    return _promised(None, counts_from, due, local_midnight_after(due), calendar)


def without_date(counts_from: date, calendar: Calendar) -> Promise:
    """A question that is asked with no date of its own: it stays open, and no day makes it late."""
    return _promised(None, counts_from, NEVER, datetime(NEVER.year + 1, 1, 1, tzinfo=UTC), calendar)


def _promised(
    length: Length | None,
    counts_from: date,
    due: date,
    closes_at: datetime,
    calendar: Calendar,
    counted: tuple[date, ...] = (),
    skipped: tuple[tuple[date, str], ...] = (),
    since: datetime | None = None,
) -> Promise:
    # Only a count of working days rests on the calendar; the other dates stand whatever is announced.
    expected = bool(counted) and due > calendar.announced_to
    return Promise(length, counts_from, due, closes_at, counted, skipped, expected,
                   calendar.announced_to, calendar.version, TZDATA, since)  # fmt: skip


def acts_at(promise: Promise, calendar: Calendar, at: time = time(9)) -> datetime:
    """When the service acts on a passed date, in UTC: `at` London time on the next working day after it is due.

    Hours have no such grace: the service acts as they close. (architecture.md rules 3 and 4.)
    """
    if _in_hours(promise):
        return promise.closes_at
    return at_local(calendar.working_day_after(promise.due), at)


def warns_at(promise: Promise, calendar: Calendar, at: time = time(16)) -> datetime:
    """When the IRO is told that a date is about to pass, in UTC: `at` London time on the due date (architecture.md rule 4).

    Where that is not worked, the last working day before it; where hours close by then, the working day before. For
    a short length this may be earlier than its start.
    """
    day = calendar.working_day_on_or_before(promise.due)
    warning = at_local(day, at)
    if warning < promise.closes_at:
        return warning
    return at_local(calendar.working_day_on_or_before(day - _ONE_DAY), at)


def local_date(instant: datetime) -> date:
    """The date in Europe/London at an aware instant."""
    return _utc(instant).astimezone(LONDON).date()


def local_midnight_after(day: date) -> datetime:
    """The UTC instant at which the local date `day` is over."""
    return at_local(day + _ONE_DAY, time(0))


@lru_cache(maxsize=8192)
def at_local(day: date, at: time) -> datetime:
    """The UTC instant of a London clock time on a local date; of a time that comes twice, the first."""
    if at.tzinfo is not None:
        raise ValueError("a time of day is London's own and carries no zone")
    return datetime.combine(day, at, LONDON).astimezone(UTC)


def working_days_between(first: date, last: date, calendar: Calendar) -> int:
    """How many working days come after `first`, up to and including `last`; none if `last` is not after it."""
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    return sum(map(calendar.is_working_day, days))


def long_date(day: date) -> str:
    """Such as "Wednesday 1 April 2026", whatever the server's locale."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def _in_hours(promise: Promise) -> bool:
    return promise.length is not None and promise.length.unit is LengthUnit.HOURS


def so_many(number: int, things: str) -> str:
    """A number of things, one of them in the singular."""
    if number != 1:
        return f"{number} {things}"
    return f"1 {things.removesuffix('ies')}y" if things.endswith("ies") else f"1 {things.removesuffix('s')}"


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone: an instant must say which")
    return instant.astimezone(UTC)


def _refuse_an_instant(day: date) -> None:
    # A datetime is a date to the type checker, yet is never found among the holidays.
    if isinstance(day, datetime):
        raise ValueError(f"{day} is an instant: a local date is wanted")
