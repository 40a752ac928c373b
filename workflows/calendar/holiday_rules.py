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
        **_new_year(year),
        easter - timedelta(days=2): "Good Friday",
        easter + timedelta(days=1): "Easter Monday",
        _first_monday(year, 5): "Early May bank holiday",
        _last_monday(year, 5): "Spring bank holiday",
        _last_monday(year, 8): "Summer bank holiday",
        **_christmas(year),
    }
    return dict(sorted(days.items()))


def _new_year(year: int) -> dict[date, str]:
    """New Year's Day, or the Monday after it when it falls at a weekend."""
    nominal = date(year, 1, 1)
    if nominal.weekday() < 5:
        return {nominal: "New Year's Day"}
    return {nominal + timedelta(days=7 - nominal.weekday()): "New Year's Day (substitute day)"}


def _christmas(year: int) -> dict[date, str]:
    """Christmas Day and Boxing Day, each on its own day where that is a weekday.

    A Sunday Christmas leaves Boxing Day on the Monday, so its own substitute is the Tuesday.
    """
    christmas, boxing = date(year, 12, 25), date(year, 12, 26)
    match christmas.weekday():
        case 4:
            return {christmas: "Christmas Day", date(year, 12, 28): "Boxing Day (substitute day)"}
        case 5:
            return {
                date(year, 12, 27): "Christmas Day (substitute day)",
                date(year, 12, 28): "Boxing Day (substitute day)",
            }
        case 6:
            return {boxing: "Boxing Day", date(year, 12, 27): "Christmas Day (substitute day)"}
        case _:
            return {christmas: "Christmas Day", boxing: "Boxing Day"}


def _first_monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)


def _last_monday(year: int, month: int) -> date:
    """For a month of 31 days, which May and August are."""
    last = date(year, month, 31)
    return last - timedelta(days=last.weekday())


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
