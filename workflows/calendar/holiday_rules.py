"""The bank holidays of England and Wales by the ordinary rules alone, for years that nobody has announced yet."""

from datetime import date, timedelta

_FIRST_YEAR = 1978  # the first year with an early May bank holiday; before it these rules are wrong


def bank_holidays_by_rule(year: int) -> dict[date, str]:
    """The days given off in `year` and their names, in order: local dates, weekdays only, no one-off days.

    The Banking and Financial Dealings Act 1971 (Schedule 1) gives Easter Monday, the last Mondays of May and August,
    and Boxing Day; Good Friday and Christmas Day are by common law; New Year's Day, the first Monday of May and the
    substitutes for a weekend are proclaimed each year, always the same way.
    """
    if year < _FIRST_YEAR:
        raise ValueError(f"the ordinary bank holidays are known from {_FIRST_YEAR}, not for {year}")
    easter = _easter_sunday(year)
    days = {
        **_given_off({date(year, 1, 1): "New Year's Day"}),
        easter - timedelta(days=2): "Good Friday",
        easter + timedelta(days=1): "Easter Monday",
        _monday_by(date(year, 5, 7)): "Early May bank holiday",
        _monday_by(date(year, 5, 31)): "Spring bank holiday",
        _monday_by(date(year, 8, 31)): "Summer bank holiday",
        **_given_off({date(year, 12, 25): "Christmas Day", date(year, 12, 26): "Boxing Day"}),
    }
    return dict(sorted(days.items()))


def _given_off(days: dict[date, str]) -> dict[date, str]:
    """Each day where that is a weekday; else its substitute: the next weekday that is not given off already.

    A Sunday Christmas leaves Boxing Day on the Monday, so its own substitute is the Tuesday.
    """
    given = {day: name for day, name in days.items() if day.weekday() < 5}
    for day, name in days.items():
        if day.weekday() > 4:
            later = (day + timedelta(days=n) for n in range(1, 8))
            given[next(day for day in later if day.weekday() < 5 and day not in given)] = f"{name} (substitute day)"
    return given


def _monday_by(day: date) -> date:
    """The last Monday up to a day: by the 7th it is the first of the month, by the 31st the last."""
    return day - timedelta(days=day.weekday())


def _easter_sunday(year: int) -> date:
    """Easter by the anonymous Gregorian computus (Meeus, Jones and Butcher)."""
    golden = year % 19
    century, in_century = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    moon = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon + 15) % 30
    leaps, leap_rest = divmod(in_century, 4)
    weekday = (32 + 2 * century_rest + 2 * leaps - epact - leap_rest) % 7
    correction = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)
