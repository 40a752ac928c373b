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

METHOD = "PUBLISH"
"""Told, not asked: REQUEST would have diaries answer by mail to a box that nobody reads, in words of their own."""


def meeting_file(
    row: RowMapping, loaded: StoredChallenge, rules: Rules, link: str, domain: str, organizer: str
) -> Attachment | None:
    """The calendar file of the message that a meeting is arranged or moved; None where there is no such meeting any more.

    Its time is that of now, so a late message never puts an earlier time back. One identity for a stay at a stage, and
    the version of the challenge as the revision: what comes later takes the place of what came before.
    """
    challenge = loaded.challenge
    gone = challenge.meeting_at is None or not challenge.is_open or row["sequence"] != challenge.sequence
    if gone or NotificationKind(row["subject"]) not in OF_MEETINGS:
        return None
    assert challenge.meeting_at is not None
    stage = rules.ladder.stage(row["stage"]) if rules.ladder.has(row["stage"]) else None
    called = ((stage and stage.contact.meeting) or Meeting()).called
    stay = f"{row['authority']}/{loaded.id}/{row['sequence']}/meeting"
    event = Event()
    for name, value in (
        ("uid", f"{sha256(stay.encode()).hexdigest()[:32]}@{domain}"),
        ("sequence", row["version"]),
        ("dtstamp", row["at"].astimezone(UTC)),
        ("dtstart", challenge.meeting_at.astimezone(UTC)),
        ("dtend", challenge.meeting_at.astimezone(UTC) + LASTS),
        ("summary", keep_visible(f"{called[:1].upper()}{called[1:]}: {loaded.reference}")),
        ("description", link),
        *([("organizer", f"mailto:{quote(organizer, safe='@+')}")] if is_address(organizer) else []),
    ):
        event.add(name, value)
    calendar = Calendar(version="2.0", prodid="-//drp//resolution process//EN", method=METHOD)
    calendar.add_component(event)
    return Attachment("meeting.ics", METHOD, calendar.to_ical(sorted=False).decode())


def keep_visible(said: str) -> str:
    """Keep a text's lines and the letters that can be seen: RFC 5545 has no place for a control character."""
    return "\n".join("".join(letter for letter in line if letter.isprintable()) for line in said.splitlines())
