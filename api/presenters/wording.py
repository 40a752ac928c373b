"""A moment, a day, a sentence: as people read them, on pages and in files alike."""

from datetime import date, datetime

from workflows.calendar.working_days import LONDON, MONTHS, WEEKDAYS, long_date


def short_date(day: date | None) -> str:
    """A date in a list: Wed 8 Apr 2026."""
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]} {day.year}" if day else ""


def moment_in_words(at: datetime | str | None) -> str:
    """An instant as London's clock shows it: Wednesday 8 April 2026, 14:30."""
    if not at:
        return ""
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    local = instant.astimezone(LONDON)
    return f"{long_date(local.date())}, {local:%H:%M}"


def capitalised(text: str) -> str:
    """With a capital to begin."""
    return text[:1].upper() + text[1:]


def in_megabytes(size: int) -> str:
    """A size as people say it."""
    return f"{size / (1024 * 1024):g} MB" if size >= 1024 * 1024 else f"{size // 1024} KB"
