"""A meeting as a calendar file (RFC 5545): when it is, and where to read of it. Nothing of the child, nobody's own words."""

from datetime import UTC, timedelta
from hashlib import sha256
from urllib.parse import quote

from icalendar import Calendar, Event
from sqlalchemy import RowMapping

from drp.casework.load import StoredChallenge
from notifications.channels import Attachment, is_address
from workflows.decision.decision_builder import NotificationKind
from workflows.model.authority import Rules
from workflows.model.ladder import Meeting

OF_MEETINGS = frozenset({NotificationKind.MEETING, NotificationKind.MEETING_MOVED})
"""Messages that a calendar file goes with."""

LASTS = timedelta(hours=1)
"""Nobody is asked how long a meeting will be."""

PUBLISH = "PUBLISH"
"""Told, not asked: REQUEST would have diaries answer by mail to a box that nobody reads, in words of their own."""

CANCEL = "CANCEL"
"""The entry goes out of the diary again."""


def meeting_file(
    row: RowMapping, loaded: StoredChallenge, rules: Rules, link: str, domain: str, organizer: str
) -> Attachment | None:
    """The calendar file of the message that a meeting is arranged, moved or no more; None where none goes with it.

    Its time is that of now, so a late message never puts an earlier time back. One identity for a stay at a stage, and
    the version of the challenge as the revision: what comes later takes the place of what came before.
    """
    challenge, subject = loaded.challenge, NotificationKind(row["subject"])
    starts = challenge.meeting_at
    gone = starts is None or not challenge.is_open or row["sequence"] != challenge.sequence
    if subject is NotificationKind.MEETING_OFF:
        # Where another was booked at the same stay since, its own message has put that in the diary.
        method = CANCEL if gone else ""
        starts = next((visit.meeting_at for visit in challenge.visits if visit.sequence == row["sequence"]), None)
    else:
        method = PUBLISH if subject in OF_MEETINGS and not gone else ""
    if not method:
        return None
    stage = rules.ladder.stage(row["stage"]) if rules.ladder.has(row["stage"]) else None
    called = ((stage and stage.contact.meeting) or Meeting()).called
    stay = f"{row['authority']}/{loaded.id}/{row['sequence']}/meeting"
    event = Event()
    for name, value in (
        ("uid", f"{sha256(stay.encode()).hexdigest()[:32]}@{domain}"),
        ("sequence", row["version"]),
        ("dtstamp", row["at"].astimezone(UTC)),
        *([("dtstart", starts.astimezone(UTC)), ("dtend", starts.astimezone(UTC) + LASTS)] if starts else []),
        ("summary", keep_visible(f"{called[:1].upper()}{called[1:]}: {loaded.reference}")),
        ("description", link),
        *([("status", "CANCELLED")] if method == CANCEL else []),
        *([("organizer", f"mailto:{quote(organizer, safe='@+')}")] if is_address(organizer) else []),
    ):
        event.add(name, value)
    calendar = Calendar(version="2.0", prodid="-//drp//resolution process//EN", method=method)
    calendar.add_component(event)
    return Attachment("meeting.ics", method, calendar.to_ical(sorted=False).decode())


def keep_visible(said: str) -> str:
    """Keep a text's lines and the letters that can be seen: RFC 5545 has no place for a control character."""
    return "\n".join("".join(letter for letter in line if letter.isprintable()) for line in said.splitlines())
