"""The mails of a round as the messages that they are: one mail for each manner of being told, with the same headers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.channels import Attachment, OutgoingMail
from notifications.message_manners import MessageManner
from notifications.wording import WordedMessage
from tests.cast.marsh import CLIMBS, Marsh

TO, COPY, DELEGATE, ALARMED = MessageManner


@dataclass(frozen=True)
class Message:
    """One message of one round, as its mails together are."""

    message_id: str
    """That of whoever is addressed."""
    mails: Mapping[MessageManner, OutgoingMail]

    @property
    def first(self) -> OutgoingMail:
        return next(iter(self.mails.values()))

    @property
    def to(self) -> tuple[str, ...]:
        return self.first.to

    @property
    def copy(self) -> tuple[str, ...]:
        return self.first.copy

    @property
    def letter(self) -> WordedMessage:
        """What the first of them read: the addressed, where any is still to be told."""
        return self.first.letter

    @property
    def attachment(self) -> Attachment | None:
        return self.first.attachment

    @property
    def envelope(self) -> tuple[str, ...]:
        return tuple(address for mail in self.mails.values() for address in mail.envelope)

    def read_by(self, address: str) -> WordedMessage:
        """What somebody read."""
        (letter,) = [mail.letter for mail in self.mails.values() if address in mail.envelope]
        return letter


def identity_of(message_id: str) -> tuple[str, MessageManner]:
    """The identity of a message, and the manner that a mail of it tells, from the mail's Message-ID."""
    name, _, domain = message_id.strip("<>").partition("@")
    head, _, tail = name.rpartition("-")
    if tail in (COPY, DELEGATE, ALARMED):
        return f"<{head}@{domain}>", MessageManner(tail)
    return f"<{name}@{domain}>", TO


def messages_of(posts: Iterable[OutgoingMail]) -> list[Message]:
    """The messages that mails are, in the order in which they left. Each attempt at one is one.

    Fails where mails of one message name others in their headers, carry another file, or where somebody gets two of them.
    """
    found: dict[tuple[str, datetime], dict[MessageManner, OutgoingMail]] = {}
    for post in posts:
        identity, manner = identity_of(post.message_id)
        mails = found.setdefault((identity, post.at), {})
        assert manner not in mails, f"{post.message_id} left twice in one round"
        mails[manner] = post
    messages = [Message(identity, mails) for (identity, _), mails in found.items()]
    for one in messages:
        assert {(mail.to, mail.copy, mail.attachment) for mail in one.mails.values()} == {(one.to, one.copy, one.attachment)}
        assert len(set(one.envelope)) == len(one.envelope), "somebody gets it twice"
        assert set(one.envelope) <= {*one.to, *one.copy}
        assert all(mail.envelope for mail in one.mails.values()), "a mail to nobody"
    return messages


def asked(posts: Iterable[OutgoingMail]) -> list[Message]:
    """The messages that ask for a reply, whoever of those they are for is still to be told."""
    return [one for one in messages_of(posts) if re.search(r"\breply is asked of (you|others)\b", one.letter.subject)]


# What becomes of a window whose messages did not arrive.


def unreached(marsh: Marsh, reference: str) -> set[str]:
    """The roles of which it is said that a message to them came back or does not leave, in the present window."""
    main = marsh.stored(reference).challenge.main_window()
    assert main is not None
    return {one.party.role for one in main.asked if one.unreached}


def closed_as(marsh: Marsh, reference: str) -> list[str]:
    """How the windows closed in which a reply was asked, the oldest first; empty for one that is open."""
    windows = sorted(marsh.stored(reference).challenge.windows, key=lambda window: window.key)
    return [window.closed_as.value for window in windows if window.key.kind.value in ("reply", "meeting")]


def entered_how(marsh: Marsh, reference: str) -> list[str]:
    """How each stage was entered, the first first."""
    return [visit.how.value for visit in marsh.stored(reference).challenge.visits]


def passed(marsh: Marsh, *references: str) -> list[str]:
    """Their first date passes and no further mail leaves: was it "no reply" of which each climbed, or "not reached"?

    Fails where one climbs before its day, or where what is told of it is not the one thing alone.
    """
    marsh.swept_daily(CLIMBS - timedelta(seconds=1))
    assert [closed_as(marsh, reference) for reference in references] == [[""] for _ in references], "not before its day"
    marsh.swept_daily(CLIMBS, CLIMBS - timedelta(seconds=1))
    return [_passed(marsh, reference) for reference in references]


def _passed(marsh: Marsh, reference: str) -> str:
    subjects = {row["subject"] for row in marsh.notifications(reference)}
    of = {
        "no reply": ("no_reply", {"will_climb", "climbed"}),
        "not reached": ("not_reached", {"will_climb_unreached", "ask_not_reached"}),
    }
    closed, running = closed_as(marsh, reference)
    how, told = of.pop(closed)
    ((_, never),) = of.values()
    assert running == ""
    assert entered_how(marsh, reference) == ["raised", how]
    assert told <= subjects
    assert not never & subjects
    return closed
