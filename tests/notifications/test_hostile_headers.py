"""No address and no subject line can add a header or a recipient: refused, or exactly what was meant."""

from dataclasses import replace
from email import message_from_bytes, policy
from email.policy import compat32

import pytest

from notifications import channels
from notifications.channels import Attachment, OutgoingMail, UnsafeMessage, build_mail, is_address
from notifications.wording import WordedMessage
from tests.cast.marsh import RAISED

SENDER = "resolution@marsh.example"
PLAIN = "a.archer@marsh.example"

BREAKS = ["\r\n", "\n", "\r", "\u2028", "\u2029", "\x00", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\t\r\n ", "\r\n\t"]
ENCODED = [
    "=?UTF-8?Q?=0D=0A?=", "=?utf-8?q?=0a?=", "=?UTF-8?B?DQo=?=", "=?iso-8859-1?Q?=0D=0ABcc=3A?=", "=?us-ascii?Q?=0D=0A=0D=0A?=",
    "=?UTF-8?Q?=E2=80=A8?=", "=?unknown-8bit?Q?=0D=0A?=", "=?UTF-8*en?Q?=0D=0A?=",
]  # fmt: skip
MARKS = ["\u202e", "\u202d", "\u2066", "\u2067", "\u200e", "\u200f", "\u2069", "\u202a"]
ADDED = ["Bcc: spy@evil.example", "To: spy@evil.example", "Subject: other", "X-Other: 1", "", "\r\nbody", "MIME-Version: 2.0"]
LATIN = ["", "é", "ü ", "日本", "\U0001f600"]

SUBJECTS = [
    *(f"Asked{brk}{added}: 7K3F" for brk in BREAKS for added in ADDED),
    *(f"Asked {letter}{word}{added}: 7K3F" for word in ENCODED for added in ADDED[:3] for letter in LATIN),
    *(f"Asked {mark}Bcc: spy@evil.example" for mark in MARKS),
    "x" * 181, "x" * 5000, "é" * 400, " " * 200, "=?", "a" * 170 + "=?UTF-8?Q?=0A?=",
]  # fmt: skip

ADDRESSES = [
    *(f"{PLAIN}{brk}{added}" for brk in BREAKS for added in ADDED),
    *(f"a{brk}@marsh.example" for brk in BREAKS),
    *(f"a@marsh{brk}.example" for brk in BREAKS),
    *(f"{word}@marsh.example" for word in ENCODED),
    *(f"a@{word}.example" for word in ENCODED),
    *(f"{mark}{PLAIN}" for mark in MARKS),
    *(f"a{mark}@marsh.example" for mark in MARKS),
    "a@b,c@d", "a@b.example,c@d.example", "a@b.example;c@d.example", "a@b.example c@d.example", "a@b.example, spy@evil.example",
    '"a b"@marsh.example', '"a@b"@marsh.example', '"\\\r\nBcc: x"@marsh.example', '"a\\"b"@marsh.example', '""@marsh.example',
    "Archer <a.archer@marsh.example>", "<a.archer@marsh.example>", "a.archer@marsh.example>", "<spy@evil.example>a@marsh.example",
    "(comment)a@marsh.example", "a(comment)@marsh.example", "a@marsh.example(comment)", "group:a@marsh.example;",
    "a@", "@marsh.example", "a", "", " ", "a@@marsh.example", "a@b@marsh.example", "a%b@c@marsh.example", "a@marsh",
    "a@-marsh.example", "a@marsh..example", "a@.marsh.example", "a@marsh.example.", "a@[127.0.0.1]", "a@127.0.0.1",
    "a@mar sh.example", "a b@marsh.example", "\ta@marsh.example", "a@marsh.example ", "ａ@marsh.example", "a@marsh.exаmple",
    "é@marsh.example", "a@mårsh.example", "a@marsh.example\x7f", f"{'a' * 65}@marsh.example", f"a@{'b' * 64}.example",
    "a@marsh.example?subject=x", "mailto:a@marsh.example", "a@marsh.example/b", "a,b@marsh.example", "a:b@marsh.example",
    "a;b@marsh.example", "a\\b@marsh.example", "a[b]@marsh.example", "a>b@marsh.example", "RCPT TO:<spy@evil.example>",
]  # fmt: skip

GOOD = [
    PLAIN, "o'brien@marsh.example", "first.last+tag@sub.marsh.example", "x_y-z@a-b.example", "a!#$%&*/?=^`{|}~@marsh.example",
    "A.ARCHER@MARSH.EXAMPLE", "n.nurse@nhs.health.example",
]  # fmt: skip


DIARY = Attachment("meeting.ics", "PUBLISH", "BEGIN:VCALENDAR\r\nSUMMARY:Meeting\r\nEND:VCALENDAR\r\n")


def letter_(subject: str = "A reply is asked of you: 7K3F-QX9M") -> WordedMessage:
    return WordedMessage(subject, "Text.\n", "<p>Text.</p>\n")


def post(
    to: tuple[str, ...] = (PLAIN,),
    copy: tuple[str, ...] = (),
    envelope: tuple[str, ...] | None = None,
    subject: str | None = None,
    file: Attachment | None = None,
) -> OutgoingMail:
    known = (*to, *copy) if envelope is None else envelope
    return OutgoingMail("<0123@marsh.example>", to, copy, known, letter_() if subject is None else letter_(subject), RAISED, file)


def headers_of(data: bytes) -> list[tuple[str, str]]:
    """As a server sees them: by line, whatever any library thinks."""
    head, _, _ = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    found: list[tuple[str, str]] = []
    for line in head.decode("ascii", "strict").split("\n"):
        if line[0] in " \t":
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        else:
            name, _, value = line.partition(":")
            found.append((name, value.strip()))
    return found


MEANT = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]


def exactly_as_meant(meant: OutgoingMail, data: bytes) -> None:
    found = headers_of(data)
    assert sorted(name for name, _ in found) == sorted([*MEANT, *(["Cc"] if meant.copy else [])])
    values = dict(found)
    assert values["From"] == SENDER
    assert [address.strip() for address in values["To"].split(",")] == list(meant.to)
    if meant.copy:
        assert [address.strip() for address in values["Cc"].split(",")] == list(meant.copy)
    for known in (policy.SMTP, policy.default, compat32):
        again = message_from_bytes(data, policy=known)
        assert again["Bcc"] is None
        assert len(again.keys()) == len(found)
        assert "spy@evil.example" not in str(again["To"]) + str(again["Cc"])
    parts_exactly_as_meant(meant, data)


OF_PARTS = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version"}


def parts_exactly_as_meant(meant: OutgoingMail, data: bytes) -> None:
    """Two bodies and at most the one file, under its own name, and no part says more than what it is."""
    again = message_from_bytes(data, policy=policy.default)
    parts = [part for part in again.walk() if part is not again]
    leaves = [part for part in parts if not part.is_multipart()]
    file = meant.attachment
    assert [part.get_content_type() for part in leaves] == ["text/plain", "text/html", *(["text/calendar"] if file else [])]
    assert not {name for part in parts for name in part.keys()} - OF_PARTS  # noqa: SIM118 -- a message is no dict
    if file:
        assert leaves[2].get_filename() == file.name == "meeting.ics"
        assert leaves[2].get_param("method") == file.method
        assert file.method in ("PUBLISH", "CANCEL")
        assert bytes(leaves[2].get_payload(decode=True)) == file.text.encode()
        assert [part.get_filename() for part in leaves[:2]] == [None, None]


def refused_or_as_meant(meant: OutgoingMail) -> str:
    try:
        data = build_mail(meant, SENDER)
    except UnsafeMessage:
        return "refused"
    exactly_as_meant(meant, data)
    return "as meant"


def test_there_are_enough_of_them() -> None:
    assert len(set(SUBJECTS)) + len(set(ADDRESSES)) >= 300


@pytest.mark.parametrize("file", [None, DIARY], ids=["no file", "a file"])
def test_no_hostile_subject_adds_anything(file: Attachment | None) -> None:
    outcomes = {subject: refused_or_as_meant(post(subject=subject, file=file)) for subject in SUBJECTS}
    breaking = [subject for subject, what in outcomes.items() if what != "refused" and any(brk in subject for brk in BREAKS[:6])]
    assert breaking == []
    assert [subject for subject, what in outcomes.items() if what != "refused" and "=?" in subject] == []
    assert [subject for subject, what in outcomes.items() if what != "refused" and any(m in subject for m in MARKS)] == []


@pytest.mark.parametrize("file", [None, DIARY], ids=["no file", "a file"])
def test_no_hostile_address_is_taken_as_one(file: Attachment | None) -> None:
    assert [address for address in ADDRESSES if is_address(address)] == []
    for address in ADDRESSES:
        for meant in (
            post(to=(address,), file=file),
            post(copy=(address,), file=file),
            post(to=(PLAIN, address), file=file),
            post(to=(PLAIN,), envelope=(address,), file=file),
        ):
            refused_or_as_meant(meant)


def test_a_hostile_sender_is_refused_or_harmless() -> None:
    for address in ADDRESSES:
        try:
            data = build_mail(post(), address)
        except UnsafeMessage:
            continue
        assert dict(headers_of(data))["From"] == address


@pytest.mark.parametrize("address", GOOD)
def test_plain_addresses_are_written_to(address: str) -> None:
    assert is_address(address)
    for file in (None, DIARY):
        meant = post(to=(address,), copy=(PLAIN,) if address != PLAIN else (), file=file)
        exactly_as_meant(meant, build_mail(meant, SENDER))


def test_many_people_fold_over_lines_and_stay_who_they_are() -> None:
    to = tuple(f"someone.with.a.long.name.{n}@a-rather-long-domain-name-of-a-council.example" for n in range(60))
    copy = tuple(f"other.{n}@marsh.example" for n in range(60))
    for file in (None, DIARY):
        meant = post(to=to, copy=copy, file=file)
        data = build_mail(meant, SENDER)
        exactly_as_meant(meant, data)
        assert max(len(line) for line in data.splitlines()) < 998


def test_nobody_gets_it_who_is_neither_addressed_nor_copied() -> None:
    with pytest.raises(UnsafeMessage):
        build_mail(post(to=(PLAIN,), envelope=(PLAIN, "spy@evil.example")), SENDER)


def test_nobody_who_had_it_already_is_in_the_envelope_again() -> None:
    meant = post(to=(PLAIN, "b@marsh.example"), envelope=("b@marsh.example",))
    exactly_as_meant(meant, build_mail(meant, SENDER))


def test_a_hostile_message_id_is_refused_or_harmless() -> None:
    for brk in BREAKS:
        meant = OutgoingMail(f"<1{brk}Bcc: spy@evil.example@x.example>", (PLAIN,), (), (PLAIN,), letter_(), RAISED)
        try:
            data = build_mail(meant, SENDER)
        except (UnsafeMessage, ValueError):
            continue
        assert "Bcc" not in dict(headers_of(data))


# The file that goes with a message.

FILES = [
    *(replace(DIARY, name=f"meeting.ics{brk}{added}") for brk in BREAKS for added in ADDED),
    *(replace(DIARY, method=f"PUBLISH{brk}{added}") for brk in BREAKS for added in ADDED),
    *(replace(DIARY, name=f"{word}{added}.ics") for word in ENCODED for added in ADDED),
    *(replace(DIARY, method=f"{word}{added}") for word in ENCODED for added in ADDED),
    *(replace(DIARY, name=f"{mark}meeting.ics") for mark in MARKS),
    *(
        replace(DIARY, name=name)
        for name in (
            "", ".ics", "meeting", "meeting.exe", "meeting.ics.exe", "../meeting.ics", "/etc/passwd.ics", "a b.ics",
            "Meeting.ics", 'a";x="b.ics', "a;b.ics", "é.ics", "m" * 300 + ".ics", "meeting.ics ", "meeting.ics\x7f",
        )
    ),
    *(
        replace(DIARY, method=how)
        for how in ("", "REQUEST", "REPLY", "CANCELLED", "cancel", "publish", 'PUBLISH"; x="', "PUBLISH; charset=utf-7")
    ),
]  # fmt: skip

TEXTS = [
    "BEGIN:VCALENDAR\r\n\r\n--===============1==\r\nContent-Type: text/html\r\n\r\n<b>\r\nEND:VCALENDAR\r\n",
    "Bcc: spy@evil.example\r\n\r\nTo: spy@evil.example\r\n", "\r\n.\r\nMAIL FROM:<spy@evil.example>\r\n",
    "From spy@evil.example\r\n",
    "=?UTF-8?Q?=0D=0ABcc=3A?=\r\n", "é" * 80 + "\r\n", "x" * 2000 + "\r\n", "a\x00b\r\n", "=0D=0ABcc: x\r\n", "é\u2028x\r\n",
]  # fmt: skip


def test_no_hostile_file_goes_with_a_message() -> None:
    assert len(set(FILES)) >= 250
    assert [file for file in FILES if refused_or_as_meant(post(file=file)) != "refused"] == []


@pytest.mark.parametrize("method", ["PUBLISH", "CANCEL"])
@pytest.mark.parametrize("text", TEXTS)
def test_whatever_a_file_says_it_stays_in_the_file(text: str, method: str) -> None:
    assert refused_or_as_meant(post(file=replace(DIARY, text=text, method=method))) == "as meant"


# The planted bugs: without each guard this same check objects.


class Anything:
    """A guard that lets everything pass."""

    def fullmatch(self, text: str) -> bool:
        return True

    def __contains__(self, text: str) -> bool:
        return True


HIDDEN = replace(DIARY, name="=?UTF-8?Q?=0D=0A?=Bcc: spy@evil.example.ics")
"""The same library writes this file's name as a header of its part."""


def test_planted_without_the_check_of_names_the_finished_bytes_are_still_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "FILE_NAME", Anything())
    monkeypatch.setattr(channels, "METHODS", Anything())
    with pytest.raises(UnsafeMessage, match="a part that was not meant"):
        build_mail(post(file=HIDDEN), SENDER)
    with pytest.raises(AssertionError):
        test_no_hostile_file_goes_with_a_message()


def test_planted_without_either_guard_a_part_gets_another_header(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "FILE_NAME", Anything())
    monkeypatch.setattr(channels, "check_parts", lambda again, file: None)
    with pytest.raises(AssertionError):
        refused_or_as_meant(post(file=HIDDEN))


def test_planted_a_second_file_or_another_text_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = channels.EmailMessage.add_attachment

    def twice(self, *given, **more):  # type: ignore[no-untyped-def]
        real(self, *given, **more)
        real(self, *given, **more)

    def other(self, text, **more):  # type: ignore[no-untyped-def]
        real(self, f"{text}X-MORE:1\r\n", **more)

    for planted in (twice, other):
        monkeypatch.setattr(channels.EmailMessage, "add_attachment", planted)
        with pytest.raises(UnsafeMessage):
            build_mail(post(file=DIARY), SENDER)


def test_planted_without_its_guards_a_subject_adds_a_header(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11.7's e-mail library adds a Bcc by itself (CVE-2024-6923)."""
    subject = "é =?UTF-8?Q?=0D=0A?=Bcc: spy@evil.example"
    with pytest.raises(UnsafeMessage):
        build_mail(post(subject=subject), SENDER)
    monkeypatch.setattr(channels, "HEADERS", {*channels.HEADERS, "Bcc"})
    with pytest.raises(UnsafeMessage):
        build_mail(post(subject=subject), SENDER)
    naive = _naively(post(subject=subject))
    with pytest.raises(AssertionError):
        exactly_as_meant(post(subject=subject), naive)


def _naively(meant: OutgoingMail) -> bytes:
    from email.message import EmailMessage
    from email.utils import format_datetime

    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"], message["Subject"] = SENDER, ", ".join(meant.to), meant.letter.subject
    message["Date"], message["Message-ID"], message["Auto-Submitted"] = (
        format_datetime(meant.at),
        meant.message_id,
        "auto-generated",
    )
    message.set_content(meant.letter.text)
    return message.as_bytes()


def test_planted_without_the_check_of_addresses_two_are_written_to() -> None:
    meant = post(to=("a@b.example, spy@evil.example",))
    with pytest.raises(AssertionError):
        exactly_as_meant(meant, _naively(meant))
