"""What leaves, built and checked: one message, its true To and Cc; and by which channel: `notifications.smtp`, or a folder."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol

from notifications.wording import LONGEST_SUBJECT, WordedMessage

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}\.)+[A-Za-z]{2,24}")
_SAFE_HEADER = re.compile(r"[^\x00-\x1f\x7f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]*")
_PART_HEADERS = {"Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version"}

HEADERS = {"From", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted"}
"""The headers that a message may have."""

FILE_NAME = re.compile(r"[a-z]{1,20}\.ics")
"""What a calendar file may be called."""

METHODS = {"PUBLISH", "CANCEL"}
"""What a calendar file may ask of a diary."""


class UnsafeMessage(Exception):
    """A message that would carry something other than was meant; it is not sent."""


@dataclass(frozen=True)
class SendOutcome:
    """What became of one attempt, by address: accepted, refused for good (with why), or to be tried again (with why)."""

    accepted: frozenset[str] = frozenset()
    refused: Mapping[str, str] = None  # type: ignore[assignment]
    again: str = ""
    is_down: bool = False
    """Was there nobody to give it to, so that no other mail would leave either?"""
    is_mail: bool = True
    """Did it leave as mail? Where an authority sends none, what was accepted stands in the inbox alone."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "refused", dict(self.refused or {}))


def merge_outcomes(outcomes: Iterable[SendOutcome]) -> SendOutcome:
    """What became of several mails, as one attempt."""
    whole = SendOutcome()
    for one in outcomes:
        accepted, refused = whole.accepted | one.accepted, {**whole.refused, **one.refused}
        whole = SendOutcome(accepted, refused, whole.again or one.again, one.is_down, one.is_mail)
    return whole


@dataclass(frozen=True)
class Attachment:
    """A calendar file that goes with a message: its name, what a diary is to do with it, its text."""

    name: str
    method: str
    text: str


@dataclass(frozen=True)
class OutgoingMail:
    """One message ready to go. `envelope` is whom this attempt still has to reach; the headers name everybody."""

    message_id: str
    to: tuple[str, ...]
    copy: tuple[str, ...]
    envelope: tuple[str, ...]
    letter: WordedMessage
    at: datetime
    attachment: Attachment | None = None
    return_path: str = ""
    """The envelope sender, where returned mail is taken to whom it was sent; empty: the service's own address."""


class Channel(Protocol):
    """A way for messages to leave."""

    def send(self, post: OutgoingMail) -> SendOutcome:
        """Try once. Never raises for what a mail server does; raises UnsafeMessage for what we must not send."""


def is_address(text: str) -> bool:
    """A plain address and nothing else: no quoting, no second @, no header in it, nothing that a library would decode."""
    return bool(_ADDRESS.fullmatch(text)) and "=?" not in text and ".." not in text


def build_mail(post: OutgoingMail, sender: str) -> bytes:
    """The message as bytes, checked: parsed again, its headers and addresses must be exactly those meant.

    This Python's e-mail library can be made to add a header by an encoded newline (CVE-2024-6923), so subjects are
    constants with our reference and the finished bytes are compared.
    """
    for address in (*post.to, *post.copy, *post.envelope, sender, post.return_path or sender):
        if not is_address(address):
            raise UnsafeMessage(f"`{address!r}` is not an address")
    if (
        not _SAFE_HEADER.fullmatch(post.letter.subject)
        or "=?" in post.letter.subject
        or len(post.letter.subject) > LONGEST_SUBJECT
    ):
        raise UnsafeMessage("the subject line is not one of ours")
    if not set(post.envelope) <= {*post.to, *post.copy}:
        raise UnsafeMessage("somebody would get it who is neither addressed nor copied")
    if post.attachment and not (FILE_NAME.fullmatch(post.attachment.name) and post.attachment.method in METHODS):
        raise UnsafeMessage("the file is not one of ours")
    try:
        return _built(post, sender)
    except ValueError as error:
        # The library refuses some line breaks by itself, also those that it decoded.
        raise UnsafeMessage("the message's headers cannot be written") from error


def _built(post: OutgoingMail, sender: str) -> bytes:
    # Seven bits: a relay need not take eight, and a calendar file must arrive as it was written.
    message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    message["From"] = sender
    if post.to:
        message["To"] = ", ".join(post.to)
    if post.copy:
        message["Cc"] = ", ".join(post.copy)
    message["Subject"] = post.letter.subject
    message["Date"] = format_datetime(post.at)
    message["Message-ID"] = post.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(post.letter.text)
    message.add_alternative(post.letter.html, subtype="html")
    if file := post.attachment:
        message.add_attachment(file.text, subtype="calendar", filename=file.name, params={"method": file.method})
    data = message.as_bytes()
    again = message_from_bytes(data, policy=policy.SMTP)
    if set(again.keys()) != {name for name in HEADERS if name in message} or len(again.keys()) != len(message.keys()):
        raise UnsafeMessage("the message would carry a header that was not meant")
    for name, meant in (("To", post.to), ("Cc", post.copy)):
        found = tuple(address.addr_spec for address in again[name].addresses) if again[name] else ()
        if found != meant:
            raise UnsafeMessage(f"the message's {name} is not whom we meant")
    check_parts(again, post.attachment)
    return data


def check_parts(again: EmailMessage, file: Attachment | None) -> None:
    """The finished message has the two bodies and the file that were meant, and nothing else. Raises UnsafeMessage."""
    parts = [part for part in again.walk() if part is not again]
    leaves = [part for part in parts if not part.is_multipart()]
    meant = ["text/plain", "text/html", *(["text/calendar"] if file else [])]
    if [part.get_content_type() for part in leaves] != meant or any(set(part.keys()) - _PART_HEADERS for part in parts):
        raise UnsafeMessage("the message would carry a part that was not meant")
    if file:
        found = leaves[-1]
        said = (found.get_filename(), found.get_param("method"), found.get_content().splitlines())
        if said != (file.name, file.method, file.text.splitlines()):
            raise UnsafeMessage("the message's file is not the one that was meant")


class Folder:
    """Writes each message as a file, whole or not at all: the demonstration's mail."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder, self._sender = folder, sender

    def send(self, post: OutgoingMail) -> SendOutcome:
        """Write it; the name is the message's identity, so a repeat writes the same file."""
        data = build_mail(post, self._sender)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^A-Za-z0-9.-]", "", post.message_id.split("@")[0])
            part = self._folder / f".{name}.part"
            part.write_bytes(data)
            earlier = next(self._folder.glob(f"*-{name}.eml"), None)
            part.rename(earlier or self._folder / f"{post.at:%Y%m%dT%H%M%S}-{name}.eml")
        except OSError as error:
            return SendOutcome(again=f"the folder cannot be written: {error.strerror}")
        return SendOutcome(accepted=frozenset(post.envelope))
