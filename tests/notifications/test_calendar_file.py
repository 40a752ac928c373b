"""A meeting arranged, moved or called off comes as a calendar file: the newest takes the earlier one's place, names nobody."""

import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from icalendar.parser import Contentline
from icalendar.prop import vText

from notifications import calendar_file, outbox
from notifications.channels import Attachment, Folder, OutgoingMail, SendOutcome, build_mail
from notifications.outbox import Sender, deliver_messages
from notifications.record_outcome import WAITS
from tests.cast.clock import when
from tests.cast.councils import MARSH, addresses, procedures
from tests.cast.marsh import KEY, RAISED, Box, Marsh
from tests.notifications.messages import messages_of
from tests.notifications.peers import SENDER, Mailbox, real_server
from workflows.decision.decision_builder import NotificationKind
from workflows.model import events as e
from workflows.model.challenge import Phase

FIRST, SECOND = when("Tue 21 April 2026, 14:00"), when("Wed 22 April 2026, 10:30")
"""Both in summer time."""
ROOM = "Room 4, with K's aunt; mind the step"
ATTENDING = addresses("chris", "cora", "irene")
PLAIN = {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION"}


# A reader of calendar files, written from RFC 5545 and from nothing in the service.


def properties(text: str) -> list[tuple[str, str]]:
    """Names and values, line by line, with text values as they are meant. Fails where a line is not as the RFC has it."""
    assert text.endswith("\r\n")
    assert not re.search(r"[^\r]\n|\r[^\n]", text), "a line that ends with something else than CR LF"
    lines = text.split("\r\n")[:-1]
    assert not [line for line in lines if len(line.encode()) > 75], "a line of more than 75 octets"
    found: list[tuple[str, str]] = []
    for line in re.sub("\r\n[ \t]", "", text).split("\r\n")[:-1]:
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line), "a control character"
        match = re.fullmatch(r"([A-Z-]+):(.*)", line)
        assert match, f"not a property: {line!r}"
        name, value = match.groups()
        if name in ("SUMMARY", "DESCRIPTION", "LOCATION", "COMMENT"):
            assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,nN])*", value), f"not a text: {value!r}"
            value = re.sub(r"\\(.)", lambda one: "\n" if one[1] in "nN" else one[1], value)
        found.append((name, value))
    return found


def event_of(text: str, method: str = "PUBLISH") -> dict[str, str]:
    """The one event of a calendar file."""
    found = properties(text)
    frame = [("BEGIN", "VCALENDAR"), ("VERSION", "2.0"), ("PRODID", "-//drp//resolution process//EN"), ("METHOD", method)]
    assert found[:5] == [*frame, ("BEGIN", "VEVENT")]
    assert found[-2:] == [("END", "VEVENT"), ("END", "VCALENDAR")]
    inner = found[5:-2]
    assert len(dict(inner)) == len(inner), "a property twice"
    assert not {"BEGIN", "END", "LOCATION", "ATTENDEE"} & set(dict(inner))
    return dict(inner)


def instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def file_of(post: OutgoingMail, method: str = "PUBLISH") -> str:
    """The calendar file as it arrives: from the finished bytes."""
    message = message_from_bytes(build_mail(post, SENDER), policy=policy.SMTP)
    return arrived(message, method)


def arrived(message: EmailMessage, method: str = "PUBLISH") -> str:
    (part,) = (part for part in message.walk() if part.get_content_type() == "text/calendar")
    assert part.get_param("method") == method
    assert part.get_filename() == "meeting.ics"
    assert message.get_content_type() == "multipart/mixed"
    return bytes(part.get_payload(decode=True)).decode()


# Marsh Council's third stage is a meeting.


def at_the_meeting_stage(marsh: Marsh, now: datetime = RAISED) -> str:
    reference = marsh.raised(now)
    marsh.act("irene", reference, e.Escalated("It is for the chief executive.", to_stage="stage_3"), now)
    marsh.deliver(now, Box())
    return reference


def arranged(marsh: Marsh, reference: str, meets: datetime, now: datetime) -> None:
    marsh.act("bob", reference, e.MeetingArranged(meets, ROOM), now)


def sent(marsh: Marsh, now: datetime) -> list[OutgoingMail]:
    """The mails of a round that speak of a meeting."""
    box = Box()
    marsh.deliver(now, box)
    return [post for post in box.posts if post.letter.subject.startswith(("A meeting is", "A meeting has"))]


def arranged_and_moved(marsh: Marsh) -> tuple[str, dict[str, str], dict[str, str]]:
    reference = at_the_meeting_stage(marsh)
    events = []
    for hours, meets in ((1, FIRST), (2, SECOND)):
        now = RAISED + timedelta(hours=hours)
        arranged(marsh, reference, meets, now)
        (post,) = sent(marsh, now)
        assert sorted(post.to) == sorted(ATTENDING)
        events.append(event_of(file_of(post)))
    return reference, events[0], events[1]


def test_a_meeting_arranged_is_in_the_diary_for_an_hour(marsh: Marsh) -> None:
    reference, first, _ = arranged_and_moved(marsh)
    assert set(first) == PLAIN
    assert (instant(first["DTSTART"]), instant(first["DTEND"])) == (FIRST, FIRST + timedelta(hours=1))
    assert first["SUMMARY"] == f"Meeting: {reference}"
    assert first["DESCRIPTION"] == f"https://drp.marsh.example/challenges/{reference}"
    assert instant(first["DTSTAMP"]) == RAISED + timedelta(hours=1)
    assert first["DTSTART"] == "20260421T130000Z", "in UTC, whatever the clocks say here"


def test_a_meeting_moved_takes_the_place_of_the_earlier_one(marsh: Marsh) -> None:
    _, first, moved = arranged_and_moved(marsh)
    assert moved["UID"] == first["UID"]
    assert int(moved["SEQUENCE"]) > int(first["SEQUENCE"]) >= 0
    assert instant(moved["DTSTAMP"]) > instant(first["DTSTAMP"])
    assert instant(moved["DTSTART"]) == SECOND


def test_nobodys_words_and_nobody_are_in_it(marsh: Marsh) -> None:
    reference = at_the_meeting_stage(marsh)
    arranged(marsh, reference, FIRST, RAISED)
    (post,) = sent(marsh, RAISED)
    text = re.sub("\r\n ", "", file_of(post))
    for never in ("Room", "aunt", "step", "C-1", "KT", "2014", "Irene", "Chris", "North", *ATTENDING):
        assert never not in text


def test_only_a_meeting_arranged_or_moved_carries_a_file(marsh: Marsh) -> None:
    reference = at_the_meeting_stage(marsh)
    box = Box()
    arranged(marsh, reference, FIRST, RAISED)
    marsh.act("chris", reference, e.ClarificationAsked("Which room?"), RAISED)
    marsh.act("irene", reference, e.ClarificationGiven("The large one."), RAISED)
    marsh.raised(child="C-2", by="ivor")
    marsh.deliver(RAISED, box)
    carrying = {post.letter.subject.partition(":")[0] for post in box.posts if post.attachment}
    assert carrying == {"A meeting is arranged"}
    assert len(messages_of(box.posts)) == 4


def test_a_first_message_that_is_late_does_not_put_the_earlier_time_back(marsh: Marsh) -> None:
    reference = at_the_meeting_stage(marsh)
    night = when("Wed 1 April 2026, 22:00")
    arranged(marsh, reference, FIRST, night)
    arranged(marsh, reference, SECOND, night + timedelta(minutes=5))
    files = [event_of(file_of(post)) for post in sent(marsh, when("Thu 2 April 2026, 08:00"))]
    assert [instant(one["DTSTART"]) for one in files] == [SECOND, SECOND]
    assert sorted({int(one["SEQUENCE"]) for one in files})[0] < max(int(one["SEQUENCE"]) for one in files)


def test_tried_again_it_is_the_same_file(marsh: Marsh) -> None:
    reference = at_the_meeting_stage(marsh)
    arranged(marsh, reference, FIRST, RAISED)
    box = Box(answer=lambda post: SendOutcome(again="451 later"))
    marsh.deliver(RAISED, box)
    marsh.deliver(RAISED + WAITS[0], box)
    assert box.posts[0].attachment == box.posts[1].attachment
    assert box.posts[0].message_id == box.posts[1].message_id


@pytest.mark.parametrize("event", [e.Escalated("On.", to_stage="stage_4"), e.Withdrawn("Not needed.")], ids=["on", "ended"])
def test_where_there_is_no_such_meeting_any_more_there_is_no_file(marsh: Marsh, event: e.Event) -> None:
    reference = at_the_meeting_stage(marsh)
    night = when("Wed 1 April 2026, 22:00")
    arranged(marsh, reference, FIRST, night)
    marsh.act("irene", reference, event, night + timedelta(minutes=5))
    (post,) = sent(marsh, when("Thu 2 April 2026, 08:00"))
    assert post.attachment is None


def test_a_meeting_of_another_stay_is_another_meeting(marsh: Marsh) -> None:
    reference, _, moved = arranged_and_moved(marsh)
    later = RAISED + timedelta(hours=3)
    marsh.act("irene", reference, e.Withdrawn("Too soon."), later)
    marsh.act("irene", reference, e.Reopened("stage_3", "Not too soon."), later)
    arranged(marsh, reference, SECOND + timedelta(days=5), later)
    (post,) = sent(marsh, later)
    assert event_of(file_of(post))["UID"] != moved["UID"]


def test_two_items_have_two_meetings(marsh: Marsh) -> None:
    for reference in (at_the_meeting_stage(marsh), at_the_meeting_stage(marsh)):
        arranged(marsh, reference, FIRST, RAISED)
    posts = sent(marsh, RAISED)
    assert len({event_of(file_of(post))["UID"] for post in posts}) == 2


# Called off, or no more because the item went on or ended: it goes out of every diary that it is in.

OFF = e.MeetingCalledOff("She is ill.")
ON, ENDED = e.Escalated("On.", to_stage="stage_4"), e.Withdrawn("Not needed.")
NEXT_DAY = when("Thu 2 April 2026, 10:00")
NO_MORE = "A meeting does not take place"


def cancelled(marsh: Marsh, now: datetime) -> list[OutgoingMail]:
    """The mails of a round that say that a meeting does not take place."""
    box = Box()
    marsh.deliver(now, box)
    return [post for post in box.posts if post.letter.subject.startswith(NO_MORE)]


@pytest.mark.parametrize(
    ("who", "event"),
    [("bob", OFF), ("irene", OFF), ("irene", ON), ("irene", ENDED)],
    ids=["off", "off by the IRO", "on", "ended"],
)
def test_a_meeting_that_is_no_more_goes_out_of_the_diary_of_everybody_who_was_sent_it(
    marsh: Marsh, who: str, event: e.Event
) -> None:
    reference, first, moved = arranged_and_moved(marsh)
    marsh.act(who, reference, event, NEXT_DAY)
    (post,) = cancelled(marsh, NEXT_DAY)
    assert sorted(post.envelope) == sorted(post.to) == sorted(ATTENDING)
    gone = event_of(file_of(post, "CANCEL"), "CANCEL")
    assert set(gone) == {*PLAIN, "STATUS"}
    assert gone["STATUS"] == "CANCELLED"
    assert gone["UID"] == moved["UID"] == first["UID"]
    assert int(gone["SEQUENCE"]) > int(moved["SEQUENCE"])
    assert instant(gone["DTSTAMP"]) > instant(moved["DTSTAMP"])
    assert (instant(gone["DTSTART"]), instant(gone["DTEND"])) == (SECOND, SECOND + timedelta(hours=1))
    assert (gone["SUMMARY"], gone["DESCRIPTION"]) == (moved["SUMMARY"], moved["DESCRIPTION"])
    assert "ill" not in file_of(post, "CANCEL")


def test_who_has_lost_the_post_since_is_told_and_who_has_come_to_it_is_not(marsh: Marsh) -> None:
    reference, _, _ = arranged_and_moved(marsh)
    marsh.post_ends("cora", "director", "2026-04-01")
    marsh.post_begins("quinn", "director", "2026-04-02")
    marsh.act("bob", reference, OFF, NEXT_DAY)
    (post,) = cancelled(marsh, NEXT_DAY)
    assert sorted(post.envelope) == sorted(ATTENDING)


def test_who_loses_the_post_before_it_is_sent_is_told(marsh: Marsh) -> None:
    reference, _, _ = arranged_and_moved(marsh)
    marsh.act("bob", reference, OFF, when("Wed 1 April 2026, 22:00"))
    marsh.post_ends("cora", "director", "2026-04-01")
    (post,) = cancelled(marsh, NEXT_DAY)
    assert sorted(post.envelope) == sorted(ATTENDING)


def test_who_has_left_is_not_told(marsh: Marsh) -> None:
    reference, _, _ = arranged_and_moved(marsh)
    marsh.leaves("cora", "2026-04-01")
    marsh.act("bob", reference, OFF, NEXT_DAY)
    (post,) = cancelled(marsh, NEXT_DAY)
    assert sorted(post.envelope) == sorted(post.to) == sorted(addresses("chris", "irene"))
    assert [mail for about, key, mail, _ in marsh.mails(reference) if (about, key) == ("meeting_off", "cora")] == ["skipped"]


def test_whoever_was_sent_it_in_cover_has_it_taken_out_again(marsh: Marsh) -> None:
    marsh.cover("cora", "otto", "2026-03-01", "2026-04-01")
    reference = at_the_meeting_stage(marsh)
    arranged(marsh, reference, FIRST, RAISED)
    sent(marsh, RAISED)
    marsh.act("bob", reference, OFF, NEXT_DAY)
    (post,) = cancelled(marsh, NEXT_DAY)
    assert sorted(post.envelope) == sorted(addresses("chris", "otto", "irene")), "and not whoever is back and never had it"


def test_where_another_was_booked_at_the_same_stage_since_nothing_is_taken_out(marsh: Marsh) -> None:
    reference, _, moved = arranged_and_moved(marsh)
    night = when("Wed 1 April 2026, 22:00")
    marsh.act("bob", reference, OFF, night)
    arranged(marsh, reference, FIRST, night + timedelta(minutes=5))
    box = Box()
    marsh.deliver(NEXT_DAY, box)
    posts = {post.letter.subject.partition(":")[0]: post for post in box.posts}
    assert posts[NO_MORE].attachment is None
    again = event_of(file_of(posts["A meeting is arranged"]))
    assert again["UID"] == moved["UID"]
    assert int(again["SEQUENCE"]) > int(moved["SEQUENCE"])
    assert instant(again["DTSTART"]) == FIRST


def test_booked_again_and_called_off_again_each_takes_the_place_of_the_one_before(marsh: Marsh) -> None:
    reference, _, moved = arranged_and_moved(marsh)
    seen = [moved]
    for hours, meets in ((1, FIRST), (3, SECOND)):
        now = NEXT_DAY + timedelta(hours=hours)
        marsh.act("bob", reference, OFF, now)
        (post,) = cancelled(marsh, now)
        seen.append(event_of(file_of(post, "CANCEL"), "CANCEL"))
        arranged(marsh, reference, meets, now + timedelta(hours=1))
        (post,) = sent(marsh, now + timedelta(hours=1))
        seen.append(event_of(file_of(post)))
    assert len({one["UID"] for one in seen}) == 1
    revisions = [int(one["SEQUENCE"]) for one in seen]
    assert revisions == sorted(set(revisions))


def test_a_meeting_whose_time_has_been_is_left_in_the_diary(marsh: Marsh) -> None:
    reference, _, _ = arranged_and_moved(marsh)
    later = SECOND + timedelta(hours=1)
    marsh.act("irene", reference, ENDED, later)
    assert cancelled(marsh, later) == []


def test_where_no_meeting_was_booked_nothing_is_taken_out(marsh: Marsh) -> None:
    reference = at_the_meeting_stage(marsh)
    marsh.act("irene", reference, ENDED, RAISED)
    assert cancelled(marsh, RAISED) == []


def test_both_channels_carry_what_takes_it_out(marsh: Marsh, tmp_path: Path) -> None:
    one, other = at_the_meeting_stage(marsh), at_the_meeting_stage(marsh)
    for reference in (one, other):
        arranged(marsh, reference, FIRST, RAISED)
    sent(marsh, RAISED)
    marsh.act("irene", one, ON, NEXT_DAY)
    box = Mailbox()
    with real_server(box) as channel:
        marsh.deliver(NEXT_DAY, channel)
    marsh.act("irene", other, ON, NEXT_DAY)
    marsh.deliver(NEXT_DAY, Folder(tmp_path / "mail", SENDER))
    for reference, datas in (
        (one, [got.data for got in box.got]),
        (other, [file.read_bytes() for file in (tmp_path / "mail").iterdir()]),
    ):
        messages = [message_from_bytes(data, policy=policy.SMTP) for data in datas]
        (message,) = [message for message in messages if message["Subject"].startswith(NO_MORE)]
        assert event_of(arrived(message, "CANCEL"), "CANCEL")["SUMMARY"] == f"Meeting: {reference}"


# Who calls it: the service itself, or nobody.


@pytest.mark.parametrize(
    ("address", "named"),
    [
        (SENDER, f"mailto:{SENDER}"),
        ("o'brien&co+drp@marsh.example", "mailto:o%27brien%26co+drp@marsh.example"),
        ("", None),
        ("not an address", None),
        ("a@marsh.example\r\nATTENDEE:mailto:spy@evil.example", None),
    ],
)
def test_the_service_calls_it_or_nobody(marsh: Marsh, address: str, named: str | None) -> None:
    reference = at_the_meeting_stage(marsh)
    arranged(marsh, reference, FIRST, RAISED)
    box = Box()
    deliver_messages(
        marsh.casework, KEY, lambda: RAISED, Sender(box, "https://drp.marsh.example", "marsh.example", address=address)
    )
    event = event_of(file_of(box.posts[0]))
    assert event.get("ORGANIZER") == named
    assert set(event) - {"ORGANIZER"} == PLAIN


# Both channels carry it.


def test_a_server_gets_it_as_it_was_written(marsh: Marsh) -> None:
    reference = at_the_meeting_stage(marsh)
    arranged(marsh, reference, FIRST, RAISED)
    box = Mailbox()
    with real_server(box) as channel:
        marsh.deliver(RAISED, channel)
    (got,) = box.got
    message = message_from_bytes(got.data, policy=policy.SMTP)
    assert sorted(got.envelope) == sorted(ATTENDING)
    assert instant(event_of(arrived(message))["DTSTART"]) == FIRST
    body = message.get_body(("plain",))
    assert body is not None
    assert reference in body.get_content()


def test_the_folder_gets_it_as_it_was_written(marsh: Marsh, tmp_path: Path) -> None:
    reference = at_the_meeting_stage(marsh)
    arranged(marsh, reference, FIRST, RAISED)
    marsh.deliver(RAISED, Folder(tmp_path, SENDER))
    (file,) = tmp_path.glob("*.eml")
    message = message_from_bytes(file.read_bytes(), policy=policy.SMTP)
    assert event_of(arrived(message))["SUMMARY"] == f"Meeting: {reference}"


# Whatever an authority calls its meetings.

LETTERS = [
    "a",
    "é",
    "日",
    "\U0001f600",
    ",",
    ";",
    "\\",
    ":",
    '"',
    "\n",
    "\r\n",
    "\r",
    "\x00",
    "\x0b",
    "\x85",
    "\u2028",
    " ",
    "\t",
    "\u202e",
]
NAMES = [
    "Resolution Meeting", "meeting; of the heads, of service", "a\\b", "a\\nb", "x\r\nATTENDEE:mailto:spy@evil.example",
    "x\nEND:VEVENT\nBEGIN:VALARM", "é" * 90, "\U0001f600" * 60, "x" * 75, "x" * 74, "", ":", "日本" * 40,
]  # fmt: skip


def names() -> list[str]:
    chance = random.Random(20261122)
    return NAMES + ["".join(chance.choice(LETTERS) for _ in range(chance.randint(0, 120))) for _ in range(80)]


def plainly(name: str) -> str:
    """What a reader sees of a name: its lines, without what cannot be seen."""
    return "\n".join("".join(letter for letter in line if letter.isprintable()) for line in name.splitlines())


def file_called(name: str) -> Attachment:
    """The file of a meeting that the ladder calls so."""
    ladder = next(one for one in procedures(MARSH).ladders if one.key == "process")
    stage = ladder.stage("stage_3")
    assert stage.contact.meeting is not None
    called = replace(stage, contact=replace(stage.contact, meeting=replace(stage.contact.meeting, called=name)))
    rules: Any = SimpleNamespace(ladder=SimpleNamespace(has=lambda key: True, stage=lambda key: called))
    challenge = SimpleNamespace(meeting_at=FIRST, is_open=True, sequence=3)
    row: Any = {
        "authority": KEY,
        "subject": NotificationKind.MEETING.value,
        "stage": "stage_3",
        "sequence": 3,
        "version": 5,
        "at": RAISED,
    }
    loaded: Any = SimpleNamespace(id="1", reference="7K3F-QX9M", challenge=challenge)
    made = calendar_file.meeting_file(row, loaded, rules, "https://drp.marsh.example/challenges/7K3F-QX9M", "marsh.example", "")
    assert made is not None
    return made


def unlike(name: str) -> list[str]:
    """What is not as the RFC has it, or not as the name is."""
    made = file_called(name)
    try:
        event = event_of(made.text)
    except AssertionError as fault:
        return [str(fault).partition("\n")[0]]
    found = [] if set(event) == PLAIN else [f"{sorted(event)}"]
    # The first letter is a capital: the ladder speaks of "meeting" in the middle of its sentences.
    meant = plainly(f"{name[:1].upper()}{name[1:]}: 7K3F-QX9M")
    return found if event["SUMMARY"] == meant else [*found, f"{event['SUMMARY']!r} is not {meant!r}"]


def test_whatever_the_authority_calls_it_the_file_can_be_read() -> None:
    assert [fault for name in names() for fault in unlike(name)] == []


LETTER = outbox.word_message(
    NotificationKind.MEETING,
    procedures(MARSH).authority,
    "7K3F-QX9M",
    stage="",
    team="",
    due=None,
    expected=False,
    copied=(),
    link="https://x.example",
)


def test_whatever_the_authority_calls_it_the_file_arrives_as_it_was_written() -> None:
    for name in names():
        post = OutgoingMail(
            "<1@marsh.example>", ("a@marsh.example",), (), ("a@marsh.example",), LETTER, RAISED, file_called(name)
        )
        data = build_mail(post, SENDER)
        assert data.isascii()
        assert arrived(message_from_bytes(data, policy=policy.SMTP)) == file_called(name).text


# The planted bugs: each is caught by the same checks.


def test_planted_words_that_are_not_escaped_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vText, "to_ical", lambda said: said.encode())
    assert unlike("Durham, and others; again")
    with pytest.raises(AssertionError, match="unescaped new line"):  # the library itself lets no line into another
        unlike("x\r\nATTENDEE:mailto:spy@evil.example")


def test_planted_words_with_what_cannot_be_seen_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_file, "keep_visible", lambda said: said)
    assert unlike("a\x00b")


def test_planted_lines_that_are_not_folded_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Contentline, "to_ical", lambda line: line.encode())
    assert unlike("é" * 90) == ["a line of more than 75 octets"]


def test_planted_folding_by_letters_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Contentline, "to_ical", lambda line: "\r\n ".join(re.findall(".{1,70}", line)).encode())
    assert unlike("é" * 90) == ["a line of more than 75 octets"]


def changed(monkeypatch: pytest.MonkeyPatch, found: str, instead: Any) -> None:
    real = outbox.meeting_file

    def other(row: Any, *given: Any) -> Attachment | None:
        file = real(row, *given)
        return file and replace(file, text=re.sub(found, instead if isinstance(instead, str) else instead(row), file.text))

    monkeypatch.setattr(outbox, "meeting_file", other)


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("UID:", lambda row: f"UID:{row['version']}-"),
        (r"SEQUENCE:\d+", "SEQUENCE:0"),
        (r"DTSTAMP:\w+", "DTSTAMP:20260401T090000Z"),
        (r"DTSTART:\w+", "DTSTART:20260421T130000Z"),
    ],
    ids=["another identity", "the same revision", "the same stamp", "the time it was"],
)
def test_planted_a_move_that_does_not_take_the_earlier_ones_place_is_caught(
    marsh: Marsh, monkeypatch: pytest.MonkeyPatch, found: str, instead: Any
) -> None:
    changed(monkeypatch, found, instead)
    with pytest.raises(AssertionError):
        test_a_meeting_moved_takes_the_place_of_the_earlier_one(marsh)


def test_planted_local_time_called_utc_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    from workflows.calendar.working_days import LONDON

    changed(monkeypatch, r"DTSTART:\w+", f"DTSTART:{FIRST.astimezone(LONDON):%Y%m%dT%H%M%SZ}")
    with pytest.raises(AssertionError):
        test_a_meeting_arranged_is_in_the_diary_for_an_hour(marsh)


def test_planted_the_place_in_somebodys_words_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    changed(monkeypatch, "END:VEVENT", "LOCATION:Room 4\r\nEND:VEVENT")
    with pytest.raises(AssertionError):
        test_nobodys_words_and_nobody_are_in_it(marsh)


def test_planted_a_file_of_a_meeting_that_is_no_more_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    real = outbox.meeting_file

    def whatever(row: Any, loaded: Any, *given: Any) -> Attachment | None:
        challenge = replace(loaded.challenge, sequence=row["sequence"], meeting_at=FIRST, phase=Phase.ASKING)
        return real(row, replace(loaded, challenge=challenge), *given)

    monkeypatch.setattr(outbox, "meeting_file", whatever)
    with pytest.raises(AssertionError):
        test_where_there_is_no_such_meeting_any_more_there_is_no_file(marsh, e.Escalated("On.", to_stage="stage_4"))


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        ("UID:", lambda row: f"UID:{row['version']}-"),
        (r"SEQUENCE:\d+", "SEQUENCE:0"),
        ("METHOD:CANCEL", "METHOD:PUBLISH"),
        ("STATUS:CANCELLED\r\n", ""),
    ],
    ids=["another identity", "an earlier revision", "published again", "not called cancelled"],
)
def test_planted_a_meeting_called_off_that_stays_in_the_diary_is_caught(
    marsh: Marsh, monkeypatch: pytest.MonkeyPatch, found: str, instead: Any
) -> None:
    changed(monkeypatch, found, instead)
    with pytest.raises(AssertionError):
        test_a_meeting_that_is_no_more_goes_out_of_the_diary_of_everybody_who_was_sent_it(marsh, "bob", OFF)
