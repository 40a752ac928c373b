"""In what words: each subject says what happened, what it means and what to do. Reference, stage, team, date, link; no child."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from workflows.calendar.working_days import long_date
from workflows.decision.decision_builder import NotificationKind
from workflows.model.authority import Authority


@dataclass(frozen=True)
class MessageWords:
    """A message's subject line (a constant; the reference is added) and its three sentences."""

    subject: str
    happened: str
    means: str = ""
    do: str = ""


@dataclass(frozen=True)
class WordedMessage:
    """A message put into words, as plain text and as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class DigestLine:
    """A message as one line of a digest: the item, what the message is about, its date, where to open it."""

    reference: str
    about: str
    due: date | None
    expected: bool
    link: str


MANY = "{n} things for you"
"""A digest's subject line: it names no item."""

WORDS: dict[NotificationKind, MessageWords] = {
    NotificationKind.ASKED: MessageWords(
        "A reply is asked of you",
        "The {iro} asks for your reply to a {challenge}.",
        "Those copied are told for information; the reply is asked of those this message is addressed to.",
        "{by_when}",
    ),
    NotificationKind.OBSERVED: MessageWords(
        "For your information", "A {challenge} has reached this stage.", "Nothing is asked of you."
    ),
    NotificationKind.TO_SEND: MessageWords(
        "Sent in your name",
        "A {challenge} has reached the stage that goes out in your name.",
        "Those asked have been told.",
        "You can take it higher from its page.",
    ),
    NotificationKind.TO_ENDORSE: MessageWords(
        "Waiting for you to endorse",
        "A {challenge} waits for your endorsement before it is sent on.",
        "Until then nobody outside has been told.",
        "Endorse it, or say why not. {by_when}",
    ),
    NotificationKind.REMINDER: MessageWords(
        "A reminder: no reply yet",
        "A reply to a {challenge} was asked of you and there is no reply yet.",
        "The date has not passed.",
        "{by_when}",
    ),
    NotificationKind.WILL_CLIMB: MessageWords(
        "No reply yet: it goes up on the next working day",
        "There is no reply yet, and the date passes at the end of today's working day or soon after.",
        "On the next working morning it goes to the next stage by itself.",
        "If you want to consider first, hold it.",
    ),
    NotificationKind.CLIMBED: MessageWords(
        "It has gone to the next stage",
        "The date passed with no reply, and it is now with the next stage.",
        "If a late reply comes you can recall it.",
        "Nothing is needed from you now.",
    ),
    NotificationKind.WHAT_NEXT: MessageWords(
        "For you to consider",
        "It is yours to consider what comes next.",
        "It stays where it is until you decide.",
        "Take it higher, wait longer, refer to {cafcass}, or end it. {by_when}",
    ),
    NotificationKind.WHAT_NEXT_AGAIN: MessageWords(
        "Still for you to consider",
        "It is still yours to consider what comes next.",
        "Tomorrow the manager of the {iro_service} is told too.",
        "{by_when}",
    ),
    NotificationKind.STILL_WAITING: MessageWords(
        "A decision is past its date",
        "A decision on what comes next is past its date.",
        "The child is still waiting.",
        "Speak with the {iro}, or arrange cover.",
    ),
    NotificationKind.PASSED: MessageWords(
        "The date has passed",
        "The date for a reply has passed with no reply.",
        "The procedure asks nothing further by itself at this stage.",
        "You can wait, or take it higher.",
    ),
    NotificationKind.ANSWERED: MessageWords("Answered", "There is a reply.", "", "Read it on its page."),
    NotificationKind.TO_JUDGE: MessageWords(
        "There is a reply for you to judge",
        "There is a reply.",
        "An answer is not yet accepted.",
        "Say whether it is enough or needs more. {by_when}",
    ),
    NotificationKind.PART_ANSWERED: MessageWords(
        "One reply of several",
        "One of those asked has replied.",
        "The window runs on for what is still asked.",
        "Read it on its page.",
    ),
    NotificationKind.LATE_ANSWER: MessageWords(
        "A late reply",
        "A reply came after its date.",
        "It is kept with the stage at which it was asked.",
        "If it went up by itself you can recall it.",
    ),
    NotificationKind.NOT_FOR_ME: MessageWords(
        "It may belong to somebody else",
        "One of those asked says that it should go to somebody else.",
        "The window runs on.",
        "Redirect it, or answer them.",
    ),
    NotificationKind.REDIRECTED: MessageWords(
        "A reply is asked of you", "A {challenge} has been redirected to you.", "The date is the one first promised.", "{by_when}"
    ),
    NotificationKind.QUESTION: MessageWords(
        "A question before a reply", "One of those asked has a question.", "The window runs on.", "Answer it on its page."
    ),
    NotificationKind.CLARIFIED: MessageWords(
        "Your question is answered",
        "The {iro} has answered a question.",
        "The date stays as it was.",
        "Give your reply on its page.",
    ),
    NotificationKind.TO_ARRANGE: MessageWords(
        "A meeting to arrange",
        "At this stage the answer is a meeting, which is yours to arrange.",
        "The date for its outcome does not move.",
        "Book it, and record when it is. {by_when}",
    ),
    NotificationKind.MEETING: MessageWords(
        "A meeting is arranged", "A meeting is arranged.", "", "The time and the place are on its page."
    ),
    NotificationKind.MEETING_MOVED: MessageWords(
        "A meeting has moved",
        "A meeting has moved to another time.",
        "The due date has not moved.",
        "The new time and the place are on its page.",
    ),
    NotificationKind.OUTCOME_WANTED: MessageWords(
        "Record what the meeting agreed",
        "The meeting has been held.",
        "Its outcome is what meets the date.",
        "Record the outcome. {by_when}",
    ),
    NotificationKind.EXTENDED: MessageWords("There is another date", "The {iro} has given another date.", "", "{by_when}"),
    NotificationKind.AGREED: MessageWords(
        "Agreed: now to be put right",
        "The {iro} accepts the answer; what was agreed is now to be done.",
        "It stays open until it is done.",
        "{by_when}",
    ),
    NotificationKind.COPIED: MessageWords(
        "Copied to you for information", "You have been copied into a {challenge}.", "Nothing is asked of you."
    ),
    NotificationKind.RECALLED: MessageWords(
        "Taken back",
        "It went up by itself, and the {iro} has taken it back to the stage before.",
        "Nothing is asked of you for now.",
    ),
    NotificationKind.ABOUT_CAFCASS: MessageWords(
        "For you to consider: a referral to {cafcass}",
        "The ladder has reached its top, and whether to refer to {cafcass} is yours to decide.",
        "Nobody else can make, delay or prevent a referral, and none is made by itself.",
        "Refer, or record why not. {by_when}",
    ),
    NotificationKind.TELL_OF_REFERRAL: MessageWords(
        "A referral to {cafcass} has been made",
        "The child's {iro} has referred to {cafcass}.",
        "The ladder runs on.",
        "It is your task to tell those who took part.",
    ),
    NotificationKind.ENDED: MessageWords(
        "It has ended", "It has ended, and nothing more is asked of you.", "Actions agreed are still followed."
    ),
    NotificationKind.REOPENED: MessageWords(
        "Opened again", "It has been opened again.", "", "Its page shows the stage and the date."
    ),
    NotificationKind.ACTION_DUE: MessageWords(
        "An agreed action is due", "An agreed action is due.", "", "Check whether it was done. {by_when}"
    ),
    NotificationKind.FOLLOW_UP_DUE: MessageWords(
        "Time to look again", "You asked to look again at what changed for the child.", "", "Record what you found."
    ),
    NotificationKind.WHOLE_PROCESS: MessageWords(
        "The whole process has passed its limit",
        "The whole process has passed the limit that the procedure sets.",
        "This moves nothing by itself.",
        "Consider going higher, or a referral.",
    ),
    NotificationKind.DELIVERY_FAILED: MessageWords(
        "A message could not be delivered",
        "A message to somebody asked came back.",
        "That is not counted as no reply: the window runs on, and it will not go up by itself.",
        "Reach them another way, or have the directory corrected.",
    ),
    NotificationKind.POST_TAKEN_OVER: MessageWords(
        "A reply is now yours to give",
        "You hold a post of which a reply was asked before you came.",
        "The date stays as it was.",
        "{by_when}",
    ),
    NotificationKind.POST_EMPTY: MessageWords(
        "Nobody holds a post that is asked",
        "A reply is asked of a post that nobody holds.",
        "Its cover, or you, were told instead; the window runs on.",
        "Name a holder or cover in the directory.",
    ),
    NotificationKind.IRO_CHANGED: MessageWords(
        "It is now with you",
        "You are the {iro}, or cover, for the child that this concerns.",
        "Every date stays as it was.",
        "Look at what is open.",
    ),
    NotificationKind.FACTS_CHANGED: MessageWords(
        "The directory has changed",
        "What the directory says of the child has changed.",
        "The ladder has not changed.",
        "Look whether it still fits.",
    ),
    NotificationKind.HELD: MessageWords(
        "Windows are held for you to release",
        "The service was away, and dates passed meanwhile.",
        "Nobody is passed over: nothing moves until you decide.",
        "Release them as due, or with the lost time given back.",
    ),
    NotificationKind.NOTICE: MessageWords(
        "A notice of {excellent_practice}",
        "You are named in a notice of {excellent_practice}.",
        "It asks for no reply.",
        "Read what was said.",
    ),
    NotificationKind.SCRUTINY: MessageWords(
        "{senior_scrutiny} on the record",
        "{senior_scrutiny} of a child's arrangement has been put on the record, and you are named in it.",
        "It is not a {challenge}, and no reply is asked.",
        "Read what was looked at and what was found.",
    ),
    NotificationKind.LADDER_MOVED: MessageWords(
        "Moved to another version of the procedure",
        "It now stands under another version of the procedure.",
        "Every date promised stays as it was.",
    ),
}

TEMPLATES = Environment(
    loader=PackageLoader("notifications", "templates"),
    autoescape=select_autoescape(enabled_extensions=("html",), default_for_string=True, default=False),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
"""The templates of letters: a name that one asks for and is not given is a fault, and not a blank."""


def word_message(
    subject: NotificationKind,
    authority: Authority,
    reference: str,
    *,
    stage: str,
    team: str,
    due: date | None,
    expected: bool,
    copied: tuple[str, ...],
    link: str,
) -> WordedMessage:
    """Put a message into the authority's words. `due` is the promised Europe/London date; `copied` are role titles."""
    said = message_sentences(WORDS[subject], authority, due, expected)
    values = {
        **said,
        "reference": reference,
        "stage": stage,
        "team": team,
        "due": _day(due, expected),
        "copied": ", ".join(copied),
        "link": link,
        "service": authority.label("iro_service"),
        "authority": authority.name,
    }
    return WordedMessage(
        f"{said['subject']}: {reference}",
        TEMPLATES.get_template("message.txt").render(values),
        TEMPLATES.get_template("message.html").render(values),
    )


def digest_letter(authority: Authority, lines: Sequence[DigestLine]) -> WordedMessage:
    """Several messages for one person as one letter, a line each, the earliest date first and what has none last."""
    ordered = sorted(lines, key=lambda line: (line.due is None, line.due or date.max))
    values = {
        "subject": MANY.format(n=len(ordered)),
        "lines": [
            {"reference": line.reference, "about": line.about, "due": _day(line.due, line.expected), "link": line.link}
            for line in ordered
        ],
        "service": authority.label("iro_service"),
        "authority": authority.name,
    }
    return WordedMessage(
        str(values["subject"]),
        TEMPLATES.get_template("digest.txt").render(values),
        TEMPLATES.get_template("digest.html").render(values),
    )


def message_sentences(words: MessageWords, authority: Authority, due: date | None, expected: bool) -> dict[str, str]:
    """A message's subject line and sentences in the authority's words: the same in mail and in the inbox."""
    labels = {key: authority.label(key) for key in ("iro", "iro_service", "challenge", "cafcass", "excellent_practice")}
    scrutiny = authority.label("senior_scrutiny")
    labels["senior_scrutiny"] = f"{scrutiny[:1].upper()}{scrutiny[1:]}"
    labels["by_when"] = f"By the end of {_day(due, expected)}." if due else ""
    return {name: getattr(words, name).format_map(labels).strip() for name in ("subject", "happened", "means", "do")}


def _day(due: date | None, expected: bool) -> str:
    return f"{long_date(due)}{' (expected)' if expected else ''}" if due else ""
