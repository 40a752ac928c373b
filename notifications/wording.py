"""A message put into words, as plain text and HTML: its sentences, reference, stage, team, date and link; no child."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from notifications.message_manners import MessageManner, message_words_for
from notifications.message_words import NO_LONGER_ASKED, MessageWords
from notifications.review_words import FOLLOWED
from workflows.calendar.working_days import long_date
from workflows.decision.decision_builder import NotificationKind
from workflows.ladder_language.carried_text import ENCODED_WORD, on_one_line
from workflows.model.authority import Authority
from workflows.model.ladder import ItemType


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
    is_over: bool = False
    """Is what it asks no longer open? Then it says so, and nothing stale."""


MANY = "{n} things for you"
"""A digest's subject line: it names no item."""

LONGEST_SUBJECT = 180
"""Characters of a subject line."""


def subject_line(text: str, ending: str = "") -> str:
    """A subject line that every mail may have, whatever label stands in it: no message waits because of a label.

    On one line, without what begins an encoded word, and cut so that `ending` is never lost.
    """
    line = on_one_line(text).replace(ENCODED_WORD, "= ?")
    most = LONGEST_SUBJECT - len(ending)
    return (line if len(line) <= most else f"{line[: most - 1]}…") + ending


TEMPLATES = Environment(
    loader=PackageLoader("notifications", "templates"),
    autoescape=select_autoescape(enabled_extensions=("html",), default_for_string=True, default=False),
    undefined=StrictUndefined,
    finalize=lambda value: on_one_line(value) if isinstance(value, str) else value,
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
    manner: MessageManner = MessageManner.TO,
    followed: ItemType | None = None,
    is_over: bool = False,
) -> WordedMessage:
    """Put a message into the authority's words. `due` is the promised Europe/London date; `copied` are role titles.

    `followed`: the kind of what is followed between reviews, if it is about that. `is_over`: what it asks is no longer open.
    """
    said = sentences_about(followed, subject, manner, authority, due, expected, is_over)
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
        subject_line(said["subject"], f": {reference}"),
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


def sentences_about(
    followed: ItemType | None,
    subject: NotificationKind,
    manner: MessageManner,
    authority: Authority,
    due: date | None,
    expected: bool,
    is_over: bool = False,
) -> dict[str, str]:
    """A message's subject line and sentences, for whoever is told in a manner: the same in mail and in the inbox.

    `is_over`: what it asks is no longer open.
    """
    if is_over:
        return message_sentences(NO_LONGER_ASKED, authority, None, False)
    own = FOLLOWED.get(followed, {}) if followed else {}
    return message_sentences(message_words_for(subject, manner, own), authority, due, expected)


def message_sentences(words: MessageWords, authority: Authority, due: date | None, expected: bool) -> dict[str, str]:
    """A message's words with the authority's own labels and its date in them."""
    labels = {key: authority.label(key) for key in ("iro", "iro_service", "challenge", "cafcass", "excellent_practice")}
    scrutiny = authority.label("senior_scrutiny")
    labels["senior_scrutiny"] = f"{scrutiny[:1].upper()}{scrutiny[1:]}"
    labels["by_when"] = f"By the end of {_day(due, expected)}." if due else ""
    return {name: getattr(words, name).format_map(labels).strip() for name in ("subject", "happened", "means", "do")}


def _day(due: date | None, expected: bool) -> str:
    return f"{long_date(due)}{' (expected)' if expected else ''}" if due else ""
