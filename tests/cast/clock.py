"""Time as people write it, in London, and the calendar as shipped."""

from datetime import UTC, date, datetime
from pathlib import Path

import workflows
from workflows.calendar.working_days import LONDON, read_calendar

CALENDAR = read_calendar((Path(workflows.__path__[0]) / "calendar" / "england_and_wales.csv").read_text(encoding="utf-8"))


def when(text: str) -> datetime:
    """An instant as people write it: "Wed 1 April 2026, 10:00". The weekday must be true."""
    local = datetime.strptime(text, "%a %d %B %Y, %H:%M").replace(tzinfo=LONDON)
    assert f"{local:%a}" == text[:3], f"{text} is a {local:%A}"
    return local.astimezone(UTC)


def shown(instant: datetime) -> str:
    """The same, the other way round."""
    local = instant.astimezone(LONDON)
    return f"{written(local)}, {local:%H:%M}"


def on(text: str) -> date:
    """The date of "Thu 2 April 2026"."""
    return when(f"{text}, 00:00").astimezone(LONDON).date()


def written(day: date) -> str:
    """A date as stories write it."""
    return f"{day:%a} {day.day} {day:%B %Y}"


def day(text: str) -> str:
    """A date as stories write it, as the record has it."""
    return on(text).isoformat()
