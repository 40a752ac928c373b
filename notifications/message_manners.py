"""In what manner somebody is told: addressed, copied, as a delegate, or alarmed; and the words of a message for each."""

from collections.abc import Mapping
from enum import StrEnum

from notifications.message_words import WORDS, MessageWords
from workflows.decision.decision_builder import NotificationKind
from workflows.decision.recipients import ReachedHow


class MessageManner(StrEnum):
    """In what manner somebody is told."""

    TO = "to"
    COPY = "copy"
    DELEGATE = "delegate"
    ALARMED = "alarmed"
    """Nobody is there who should be told, so the IRO manager hears of it: nothing is asked of them but to find somebody."""


def manner_of(as_to: bool, how: str) -> MessageManner:
    """In what manner a person's copy is told: `how` is by what right they were reached (a `ReachedHow`)."""
    if how == ReachedHow.MANAGER:
        return MessageManner.ALARMED
    if not as_to:
        return MessageManner.COPY
    return MessageManner.DELEGATE if how == ReachedHow.DELEGATE else MessageManner.TO


COPIES: dict[NotificationKind, MessageWords] = {
    NotificationKind.COPIED: WORDS[NotificationKind.COPIED],
    NotificationKind.LET_READ: WORDS[NotificationKind.LET_READ],
    NotificationKind.REVIEW_DAY: WORDS[NotificationKind.REVIEW_DAY],
    NotificationKind.STILL_WAITING: MessageWords(
        "A decision of yours is past its date",
        "A decision on what comes next is past its date.",
        "The manager of the {iro_service} is told too.",
        "Decide, or say who does. {by_when}",
    ),
    NotificationKind.DELIVERY_FAILED: WORDS[NotificationKind.DELIVERY_FAILED],
    NotificationKind.POST_EMPTY: MessageWords(
        "Nobody is there for a post that is asked",
        "A reply is asked of a post that nobody holds, or whose holder is away with nobody there to cover.",
        "The manager of the {iro_service} was told; the window runs on.",
        "Tell them if you know who can answer.",
    ),
}
"""Copies in words of their own: those that do ask something of whoever gets them."""

ANSWERED_BESIDE = frozenset(
    {
        NotificationKind.ASKED,
        NotificationKind.REDIRECTED,
        NotificationKind.EXTENDED,
        NotificationKind.EXTENSION_TAKEN_BACK,
        NotificationKind.REMINDER,
        NotificationKind.CLARIFIED,
        NotificationKind.POST_TAKEN_OVER,
    }
)
"""What a delegate may answer beside whoever is asked; all else is theirs to see, and not to decide."""


def message_words_for(
    kind: NotificationKind, manner: MessageManner, own: Mapping[NotificationKind, MessageWords] | None = None
) -> MessageWords:
    """The words of a message for whoever is told in a manner. `own`: what a kind of item words in its own way."""
    words = (own or {}).get(kind, WORDS[kind])
    if manner is MessageManner.TO:
        return words
    if manner is MessageManner.COPY and kind in COPIES:
        return COPIES[kind]
    subject, happened = words.told if words.told[0] else (words.subject, words.happened)
    if manner is MessageManner.COPY:
        return MessageWords(f"Copied to you: {_within(subject)}", happened, "Nothing is asked of you.")
    if manner is MessageManner.ALARMED:
        return MessageWords(
            f"Nobody is there: {_within(subject)}",
            happened,
            "Nobody who should be told of it is there: the post is empty, or its holder is away with nobody there to cover.",
            "Nothing else is asked of you: name a holder or cover in the directory, or reach somebody another way.",
        )
    beside = "You may answer beside them. {by_when}" if kind in ANSWERED_BESIDE else "What is theirs to decide stays theirs."
    return MessageWords(
        f"As a delegate: {_within(subject)}",
        happened,
        "You are told as a delegate; whoever you stand beside is told too.",
        beside,
    )


def _within(subject: str) -> str:
    """A subject line within another: its first letter small, unless a label begins it."""
    return subject if subject.startswith("{") else subject[:1].lower() + subject[1:]
