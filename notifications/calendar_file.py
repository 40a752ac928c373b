"""A meeting as a calendar file (RFC 5545): when it is, and where to read of it. Nothing of the child, nobody's own words."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote

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
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//drp//resolution process//EN",
        f"METHOD:{METHOD}",
        "BEGIN:VEVENT",
        f"UID:{sha256(stay.encode()).hexdigest()[:32]}@{domain}",
        f"SEQUENCE:{row['version']}",
        f"DTSTAMP:{_utc(row['at'])}",
        f"DTSTART:{_utc(challenge.meeting_at)}",
        f"DTEND:{_utc(challenge.meeting_at + LASTS)}",
        f"SUMMARY:{escape_text(f'{called[:1].upper()}{called[1:]}: {loaded.reference}')}",
        f"DESCRIPTION:{escape_text(link)}",
        *([f"ORGANIZER:mailto:{quote(organizer, safe='@+')}"] if is_address(organizer) else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return Attachment("meeting.ics", METHOD, "".join(f"{fold_line(line)}\r\n" for line in lines))


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def escape_text(said: str) -> str:
    """Write a text as a value (RFC 5545, 3.3.11): nothing in it ends the line or the value."""
    for mark in ("\\", ";", ","):
        said = said.replace(mark, f"\\{mark}")
    return "\\n".join("".join(letter for letter in line if letter.isprintable()) for line in said.splitlines())


def fold_line(line: str) -> str:
    """Break a line so that none is longer than 75 octets (RFC 5545, 3.1); no letter is cut in two."""
    folded, octets = "", 0
    for letter in line:
        width = len(letter.encode())
        if octets + width > 75:
            folded, octets = f"{folded}\r\n ", 1
        folded, octets = folded + letter, octets + width
    return folded
