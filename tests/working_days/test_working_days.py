"""Working days and promises: every start day against a brute-force count, and every clock change."""

from bisect import bisect_right
from dataclasses import FrozenInstanceError, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import holidays
import pytest
import tzdata

import workflows.calendar
from workflows.calendar.working_days import (
    LONDON,
    TZDATA,
    Calendar,
    Length,
    LengthUnit,
    acts_at,
    at_local,
    local_date,
    local_midnight_after,
    promise_from_date,
    promise_from_instant,
    promise_on,
    read_calendar,
    warns_at,
    working_days_between,
)

TEXT = (Path(workflows.calendar.__path__[0]) / "england_and_wales.csv").read_text(encoding="utf-8")
CALENDAR = read_calendar(TEXT)
DAY = timedelta(days=1)
EVERY_START = [date(1995, 1, 1) + timedelta(days=n) for n in range((date(2041, 1, 1) - date(1995, 1, 1)).days)]
LENGTHS = (1, 3, 4, 5, 10, 20)


def working(number):
    return Length(number, LengthUnit.WORKING_DAYS)


def days(number):
    return Length(number, LengthUnit.CALENDAR_DAYS)


def hours(number):
    return Length(number, LengthUnit.HOURS)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.fixture(scope="module")
def worked():
    """Every day worked from 1995 to 2041 by the oracle alone, in order."""
    off = holidays.country_holidays("GB", subdiv="ENG", years=range(1995, 2042))
    span = (date(1995, 1, 1) + timedelta(days=n) for n in range((date(2042, 1, 1) - date(1995, 1, 1)).days))
    return [day for day in span if day.weekday() < 5 and day not in off]


def disagreements(calendar, worked, number):
    """The start days from which the calendar's count differs from walking the oracle's list."""
    found = []
    for start in EVERY_START:
        at = bisect_right(worked, start)
        made = promise_from_date(working(number), start, calendar)
        if made.counted != tuple(worked[at : at + number]) or made.due != worked[at + number - 1]:
            found.append(start)
    return found


# --- counting ---------------------------------------------------------------------------------------------------


def test_there_is_a_start_for_every_day_of_forty_six_years():
    assert (EVERY_START[0], EVERY_START[-1], len(EVERY_START)) == (date(1995, 1, 1), date(2040, 12, 31), 16802)


@pytest.mark.parametrize("number", LENGTHS)
def test_every_start_day_agrees_with_the_oracle(worked, number):
    assert disagreements(CALENDAR, worked, number) == []


def test_a_calendar_without_one_good_friday_is_caught(worked):
    planted = read_calendar(TEXT.replace("2026-04-03,Good Friday,announced\n", ""))
    assert disagreements(planted, worked, 1) == [date(2026, 4, 2)]
    assert len(disagreements(planted, worked, 3)) == 3


def test_a_calendar_without_the_state_funeral_is_caught(worked):
    funeral = date(2022, 9, 19)
    planted = replace(CALENDAR, holidays={day: name for day, name in CALENDAR.holidays.items() if day != funeral})
    assert funeral - DAY in disagreements(planted, worked, 1)


def test_each_day_between_is_either_counted_or_skipped_for_a_reason():
    for start in EVERY_START[::7]:
        made = promise_from_date(working(10), start, CALENDAR)
        passed = [start + timedelta(days=n) for n in range(1, (made.due - start).days + 1)]
        assert sorted([*made.counted, *dict(made.skipped)]) == passed
        assert all(CALENDAR.why_not(day) == reason for day, reason in made.skipped)
        assert working_days_between(start, made.due, CALENDAR) == 10


def test_counting_n_days_is_taking_the_next_working_day_n_times():
    for start in EVERY_START[::11]:
        day = start
        for number in range(1, 8):
            day = CALENDAR.working_day_after(day)
            assert promise_from_date(working(number), start, CALENDAR).due == day


def test_the_day_that_a_promise_counts_from_never_counts():
    wednesday, saturday = date(2026, 4, 15), date(2026, 4, 18)
    assert promise_from_date(working(1), wednesday, CALENDAR).due == date(2026, 4, 16)
    assert promise_from_date(working(1), saturday, CALENDAR).due == date(2026, 4, 20)


def test_a_working_day_on_or_before_is_the_day_itself_where_it_is_worked():
    assert CALENDAR.working_day_on_or_before(date(2026, 4, 7)) == date(2026, 4, 7)
    assert CALENDAR.working_day_on_or_before(date(2026, 4, 6)) == date(2026, 4, 2)


def test_calendar_days_stand_where_they_end():
    made = promise_from_date(days(10), date(2026, 3, 27), CALENDAR)
    assert made.due == date(2026, 4, 6)
    assert CALENDAR.why_not(made.due) == "Easter Monday"
    assert (made.counted, made.skipped) == ((), ())


def test_working_days_between_counts_the_last_and_not_the_first():
    assert working_days_between(date(2026, 4, 1), date(2026, 4, 8), CALENDAR) == 3
    assert working_days_between(date(2026, 4, 8), date(2026, 4, 8), CALENDAR) == 0
    assert working_days_between(date(2026, 4, 8), date(2026, 4, 1), CALENDAR) == 0


def test_a_date_named_by_a_person_is_the_end_of_that_day():
    made = promise_on(date(2026, 4, 4), date(2026, 4, 1), CALENDAR)
    assert (made.length, made.due, made.closes_at) == (None, date(2026, 4, 4), utc(2026, 4, 4, 23))
    assert promise_on(date(2026, 4, 1), date(2026, 4, 1), CALENDAR).closes_at == utc(2026, 4, 1, 23)
    with pytest.raises(ValueError, match="before"):
        promise_on(date(2026, 3, 31), date(2026, 4, 1), CALENDAR)


def test_a_ladder_of_1_3_4_5_5_1_1_from_1_april_2026_takes_twenty_working_days():
    day, dues = date(2026, 4, 1), []
    for number in (1, 3, 4, 5, 5, 1, 1):
        made = promise_from_date(working(number), day, CALENDAR)
        day = made.due
        dues.append(day)
    april = [date(2026, 4, day) for day in (2, 9, 15, 22, 29, 30)]
    assert dues == [*april, date(2026, 5, 1)]
    assert acts_at(made, CALENDAR) == utc(2026, 5, 5, 8)  # 09:00 BST on the Tuesday after the early May holiday
    assert promise_from_date(working(20), date(2026, 4, 1), CALENDAR).due == day


# --- the calendar -----------------------------------------------------------------------------------------------


def test_the_weekend_is_the_reason_before_any_other():
    closed = CALENDAR.closed_also_on({date(2026, 12, 26): "Offices closed", date(2026, 12, 25): "Offices closed"}, "x")
    assert closed.why_not(date(2026, 12, 26)) == "Saturday"
    assert closed.why_not(date(2026, 12, 27)) == "Sunday"
    assert closed.why_not(date(2026, 12, 25)) == "Christmas Day"


def test_an_authority_may_be_closed_on_days_of_its_own():
    shut = {date(2026, 12, 29): "Offices closed", date(2046, 12, 27): "Offices closed"}
    closed = CALENDAR.closed_also_on(shut, "derby-2")
    assert closed.version == "2026-11+derby-2"
    assert closed.closures == shut
    assert closed.why_not(date(2026, 12, 29)) == "Offices closed"
    assert closed.why_not(date(2046, 12, 27)) == "Offices closed"
    made = promise_from_date(working(1), date(2026, 12, 24), closed)
    assert made.due == date(2026, 12, 30)
    assert made.calendar == "2026-11+derby-2"
    assert CALENDAR.is_working_day(date(2026, 12, 29))
    again = closed.closed_also_on({date(2026, 12, 30): "Moving office"}, "team")
    assert again.version == "2026-11+derby-2+team"
    assert not again.is_working_day(date(2026, 12, 29))
    assert not again.is_working_day(date(2026, 12, 30))


def test_closures_need_a_version_and_reasons():
    with pytest.raises(ValueError, match="version"):
        CALENDAR.closed_also_on({}, "")
    with pytest.raises(ValueError, match="no reason"):
        CALENDAR.closed_also_on({date(2026, 12, 29): " "}, "x")
    with pytest.raises(ValueError, match="local date"):
        CALENDAR.closed_also_on({utc(2026, 12, 29): "Offices closed"}, "x")


def test_the_day_before_the_calendar_begins_is_refused():
    assert CALENDAR.why_not(date(1995, 1, 1)) == "Sunday"
    with pytest.raises(ValueError, match="begins in 1995"):
        CALENDAR.why_not(date(1994, 12, 31))
    with pytest.raises(ValueError, match="begins in 1995"):
        promise_from_date(working(1), date(1994, 12, 30), CALENDAR)


def test_a_calendar_sits_in_a_frozen_value_and_cannot_be_changed_from_outside():
    @dataclass(frozen=True)
    class Rules:
        calendar: Calendar

    assert hash(Rules(CALENDAR)) == hash(Rules(CALENDAR))
    given = {date(2026, 4, 3): "Good Friday"}
    calendar = Calendar("1", given, date(2026, 4, 3))
    given.clear()
    assert calendar.why_not(date(2026, 4, 3)) == "Good Friday"
    with pytest.raises(FrozenInstanceError):
        calendar.version = "2"
    with pytest.raises(ValueError, match="at least one"):
        Calendar("1", {}, date(2026, 4, 3))


def test_a_date_is_expected_only_where_its_count_passes_what_is_announced():
    assert not promise_from_date(working(1), date(2028, 12, 21), CALENDAR).expected
    assert promise_from_date(working(2), date(2028, 12, 21), CALENDAR).expected  # the 27th, the day after
    announced_to_the_day = replace(CALENDAR, announced_to=date(2026, 4, 2))
    assert not promise_from_date(working(1), date(2026, 4, 1), announced_to_the_day).expected
    # These rest on no bank holiday, announced or not.
    assert not promise_from_date(days(30), date(2028, 12, 22), CALENDAR).expected
    assert not promise_from_instant(hours(720), utc(2028, 12, 22), CALENDAR).expected
    assert not promise_on(date(2030, 1, 1), date(2028, 12, 22), CALENDAR).expected


# --- instants ---------------------------------------------------------------------------------------------------


def test_the_zone_is_the_packages_own():
    assert (TZDATA, LONDON.key) == (tzdata.IANA_VERSION, "Europe/London")


def test_a_promise_says_which_calendar_and_zone_data_it_was_made_from():
    made = promise_from_date(working(1), date(2026, 4, 1), CALENDAR)
    assert (made.calendar, made.tzdata, made.announced_to) == ("2026-11", tzdata.IANA_VERSION, date(2028, 12, 26))


def clock_changes(year):
    """By the law, not by any zone file: 01:00 UTC on the last Sundays of March and October (in 1995, the 22nd)."""

    def last_sunday(month):
        return next(date(year, month, day) for day in range(31, 24, -1) if date(year, month, day).weekday() == 6)

    spring, autumn = last_sunday(3), date(1995, 10, 22) if year == 1995 else last_sunday(10)
    return [(datetime.combine(spring, time(1), UTC), 1), (datetime.combine(autumn, time(1), UTC), -1)]


CHANGES = [change for year in range(1995, 2041) for change in clock_changes(year)]


def wall(instant):
    return instant.astimezone(LONDON).replace(tzinfo=None)


@pytest.mark.parametrize(("change", "forward"), CHANGES, ids=lambda value: str(value)[:10])
def test_hours_across_a_clock_change_are_elapsed_hours(change, forward):
    for before in (1, 10, 39, 63, 71):
        since = change - timedelta(hours=before)
        made = promise_from_instant(hours(72), since, CALENDAR)
        assert made.closes_at - made.since == timedelta(hours=72)
        assert wall(made.closes_at) - wall(since) == timedelta(hours=72 + forward)
        assert made.due == local_date(made.closes_at - timedelta(microseconds=1))


@pytest.mark.parametrize(("change", "forward"), CHANGES, ids=lambda value: str(value)[:10])
def test_days_across_a_clock_change_close_at_local_midnight(change, forward):
    for back in range(-1, 6):
        start = change.date() - timedelta(days=back)
        for number in (1, 2, 3, 4, 5):
            for length in (working(number), days(number)):
                made = promise_from_date(length, start, CALENDAR)
                assert wall(made.closes_at) == datetime.combine(made.due + DAY, time(0))
                assert local_date(made.closes_at - timedelta(microseconds=1)) == made.due
                assert wall(acts_at(made, CALENDAR)).time() == time(9)
                assert wall(warns_at(made, CALENDAR)).time() == time(16)
                assert warns_at(made, CALENDAR) < made.closes_at < acts_at(made, CALENDAR)
    sunday = change.date()
    assert local_midnight_after(sunday) - local_midnight_after(sunday - DAY) == timedelta(hours=24 - forward)


def test_derbys_72_hours_are_raised_at_ten_and_due_at_eleven():
    made = promise_from_instant(hours(72), utc(2026, 3, 27, 10), CALENDAR)
    assert made.closes_at == utc(2026, 3, 30, 10)
    assert wall(made.closes_at) == datetime(2026, 3, 30, 11)  # noqa: DTZ001
    assert (made.counts_from, made.due) == (date(2026, 3, 27), date(2026, 3, 30))
    assert (made.counted, made.skipped) == ((), ())


def test_hours_that_close_at_local_midnight_are_due_the_day_before():
    assert promise_from_instant(hours(24), utc(2026, 6, 1, 23), CALENDAR).due == date(2026, 6, 2)
    assert promise_from_instant(hours(25), utc(2026, 6, 1, 23), CALENDAR).due == date(2026, 6, 3)
    assert promise_from_instant(hours(24), utc(2026, 1, 5), CALENDAR).due == date(2026, 1, 5)


def test_days_count_from_the_local_date_and_not_the_date_in_utc():
    late = utc(2026, 6, 1, 23, 30)  # 00:30 on the 2nd in London
    assert promise_from_instant(working(1), late, CALENDAR) == promise_from_date(working(1), date(2026, 6, 2), CALENDAR)
    elsewhere = datetime(2026, 6, 2, 8, 30, tzinfo=timezone(timedelta(hours=9)))
    assert promise_from_instant(working(1), elsewhere, CALENDAR) == promise_from_instant(working(1), late, CALENDAR)


def test_every_instant_is_utc_and_a_bare_one_is_refused():
    for length in (working(2), days(2), hours(2)):
        made = promise_from_instant(length, datetime(2026, 6, 2, 12, tzinfo=LONDON), CALENDAR)
        instants = [made.closes_at, acts_at(made, CALENDAR), warns_at(made, CALENDAR), made.since or made.closes_at]
        assert all(instant.tzinfo is UTC for instant in instants)
        with pytest.raises(ValueError, match="no time zone"):
            promise_from_instant(length, datetime(2026, 6, 2, 12), CALENDAR)  # noqa: DTZ001
    with pytest.raises(ValueError, match="no time zone"):
        local_date(datetime(2026, 6, 2))  # noqa: DTZ001
    with pytest.raises(ValueError, match="no zone"):
        at_local(date(2026, 6, 2), time(9, tzinfo=UTC))


def test_an_instant_is_refused_where_a_date_is_wanted():
    instant = utc(2026, 4, 3)
    for ask in (
        lambda: CALENDAR.why_not(instant),
        lambda: promise_from_date(days(1), instant, CALENDAR),
        lambda: promise_on(instant, date(2026, 4, 1), CALENDAR),
    ):
        with pytest.raises(ValueError, match="local date"):
            ask()


def test_hours_cannot_count_from_a_date():
    with pytest.raises(ValueError, match="72 hours"):
        promise_from_date(hours(72), date(2026, 4, 1), CALENDAR)


def test_a_clock_time_that_comes_twice_is_the_first_and_one_that_never_comes_is_an_hour_on():
    assert at_local(date(2026, 10, 25), time(1, 30)) == utc(2026, 10, 25, 0, 30)
    assert wall(at_local(date(2026, 3, 29), time(1, 30))) == datetime(2026, 3, 29, 2, 30)  # noqa: DTZ001


# --- acting and warning -----------------------------------------------------------------------------------------


def test_the_service_acts_at_nine_on_the_next_working_day():
    thursday = promise_from_date(working(1), date(2026, 4, 1), CALENDAR)
    assert acts_at(thursday, CALENDAR) == utc(2026, 4, 7, 8)  # past Good Friday and Easter Monday
    assert acts_at(thursday, CALENDAR, time(10, 30)) == utc(2026, 4, 7, 9, 30)
    assert acts_at(promise_from_date(days(3), date(2026, 4, 1), CALENDAR), CALENDAR) == utc(2026, 4, 7, 8)
    assert acts_at(promise_on(date(2026, 1, 5), date(2026, 1, 5), CALENDAR), CALENDAR) == utc(2026, 1, 6, 9)


def test_the_service_acts_on_hours_as_they_close():
    saturday = promise_from_instant(hours(24), utc(2026, 4, 3, 3), CALENDAR)
    assert acts_at(saturday, CALENDAR) == saturday.closes_at == utc(2026, 4, 4, 3)


@pytest.mark.parametrize(
    ("made", "warning"),
    [
        (promise_from_date(working(1), date(2026, 4, 1), CALENDAR), utc(2026, 4, 2, 15)),  # on the due date
        (promise_from_date(days(4), date(2026, 4, 1), CALENDAR), utc(2026, 4, 2, 15)),  # due on Easter Sunday
        (promise_on(date(2026, 1, 10), date(2026, 1, 5), CALENDAR), utc(2026, 1, 9, 16)),  # due on a Saturday
        (promise_from_instant(hours(72), utc(2026, 3, 27, 10), CALENDAR), utc(2026, 3, 27, 16)),  # closes on Monday at 11:00
        (promise_from_instant(hours(24), utc(2026, 4, 13, 15), CALENDAR), utc(2026, 4, 13, 15)),  # closes at 16:00 exactly
        (promise_from_instant(hours(24), utc(2026, 4, 13, 15, 1), CALENDAR), utc(2026, 4, 14, 15)),  # and a minute later
        (promise_from_instant(hours(24), utc(2026, 4, 13, 23), CALENDAR), utc(2026, 4, 14, 15)),  # closes at midnight
        (
            promise_from_instant(hours(24), utc(2026, 4, 6, 9), CALENDAR),
            utc(2026, 4, 2, 15),
        ),  # closes on the Tuesday after Easter
    ],
)
def test_the_warning_is_at_four_before_it_closes(made, warning):
    assert warns_at(made, CALENDAR) == warning


def test_the_warning_may_be_at_another_time():
    made = promise_from_date(working(1), date(2026, 4, 1), CALENDAR)
    assert warns_at(made, CALENDAR, time(12)) == utc(2026, 4, 2, 11)
