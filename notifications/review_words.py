"""The words of messages about what is followed between two reviews: there a reply says how it stands, and nothing climbs."""

from notifications.message_words import MessageWords
from workflows.decision.decision_builder import NotificationKind
from workflows.model.ladder import ItemType

_DECISION = {
    NotificationKind.ASKED: MessageWords(
        "A review decision is yours to carry out",
        "The {iro} follows a decision of a child's review that is yours to carry out.",
        "Its date is the one that was set for it.",
        "Say on its page when it is done, or what stands in the way. {by_when}",
        told=("A review decision is followed", "The {iro} follows a decision of a child's review."),
    ),
    NotificationKind.REMINDER: MessageWords(
        "A reminder: a review decision is not done yet",
        "A review decision is yours to carry out, and nobody has said that it is done.",
        "The date has not passed.",
        "Say on its page how it stands. {by_when}",
        told=("A reminder: a review decision is not done yet", "Nobody has said yet that a review decision is done."),
    ),
    NotificationKind.TO_JUDGE: MessageWords(
        "For you to see: is the review decision done?",
        "Whoever carries a review decision out has said how it stands.",
        "It is done once you have seen that it is.",
        "Say whether you see it done, give another date, or make it a {challenge}. {by_when}",
        told=("It was said how a review decision stands", "Whoever carries a review decision out has said how it stands."),
    ),
    NotificationKind.WHAT_NEXT: MessageWords(
        "A review decision is past its date",
        "The date of a review decision has passed, and nobody has said that it is done.",
        "It stays open until you decide.",
        "Give another date, make it a {challenge}, or end it. {by_when}",
        told=("A review decision is past its date", "The date of a review decision has passed; its {iro} considers."),
    ),
    NotificationKind.POST_TAKEN_OVER: MessageWords(
        "A review decision is now yours to carry out",
        "You hold a post that was to carry out a review decision before you came.",
        "The date stays as it was.",
        "Say on its page how it stands. {by_when}",
        told=("A review decision is now another's", "A post that is to carry out a review decision has passed to somebody else."),
    ),
}

_TRACKED = {
    NotificationKind.ASKED: MessageWords(
        "An update is asked of you",
        "The {iro} asks for an update on a child whose case is tracked.",
        "What is said is read by the {iro}; nothing is judged.",
        "Give it on its page. {by_when}",
        told=("An update is asked of others", "The {iro} asks for an update on a child whose case is tracked."),
    ),
    NotificationKind.REMINDER: MessageWords(
        "A reminder: no update yet",
        "An update on a child whose case is tracked was asked of you.",
        "The date has not passed.",
        "{by_when}",
        told=("A reminder: no update yet", "An update on a child whose case is tracked was asked, and has not come yet."),
    ),
    NotificationKind.ANSWERED: MessageWords(
        "An update was given",
        "There is an update on a child whose case you track.",
        "The next is asked for by itself, where you wanted it at intervals.",
        "Read it on its page.",
        told=("An update was given", "There is an update on a child whose case is tracked."),
    ),
    NotificationKind.COPIED: MessageWords(
        "For your information: a case is tracked",
        "The case of a child is tracked, and the procedure tells you of it.",
        "Nothing is asked of you.",
        told=("A case is tracked", "Somebody is told that the case of a child is tracked."),
    ),
    NotificationKind.ENDED: MessageWords(
        "A case is tracked no longer", "The tracking of a child's case has ended.", "Nothing more is asked of you."
    ),
    NotificationKind.POST_TAKEN_OVER: MessageWords(
        "An update is now yours to give",
        "You hold a post of which an update was asked before you came.",
        "The date stays as it was.",
        "{by_when}",
        told=("An update is now another's to give", "A post of which an update is asked has passed to somebody else."),
    ),
}

FOLLOWED: dict[ItemType, dict[NotificationKind, MessageWords]] = {
    ItemType.REVIEW_DECISION: _DECISION,
    ItemType.TRACKED_CASE: _TRACKED,
}
"""By the kind of item: the messages that it words in its own way; all others as for a challenge."""
