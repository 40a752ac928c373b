"""Every message says what happened, what it means and what to do, in the authority's own words, and nothing of a child."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from jinja2 import StrictUndefined, UndefinedError

from notifications import wording
from notifications.message_manners import MessageManner, message_words_for
from notifications.message_words import WORDS, MessageWords
from notifications.wording import (
    MANY,
    DigestLine,
    WordedMessage,
    digest_letter,
    message_sentences,
    word_message,
)
from tests.cast.councils import MARSH, procedures
from workflows.decision.decision_builder import NotificationKind

AUTHORITY = procedures(MARSH).authority
DUE = date(2026, 4, 8)
NOTHING_TO_DO = {
    NotificationKind.OBSERVED,
    NotificationKind.COPIED,
    NotificationKind.RECALLED,
    NotificationKind.ENDED,
    NotificationKind.LADDER_MOVED,
}
"""Where nothing is asked, and the second sentence says so."""
MEANS_NOTHING_MORE = {
    NotificationKind.OBSERVED,
    NotificationKind.COPIED,
    NotificationKind.ANSWERED,
    NotificationKind.MEETING,
    NotificationKind.EXTENDED,
    NotificationKind.REOPENED,
    NotificationKind.ACTION_DUE,
    NotificationKind.FOLLOW_UP_DUE,
}
ASKS_BY_A_DATE = {subject for subject, words in WORDS.items() if "{by_when}" in words.do}


def written(subject: NotificationKind, due: date | None = DUE, expected: bool = False, **more: object) -> WordedMessage:
    values = {
        "stage": "Stage 1",
        "team": "North Team",
        "copied": ("Social Worker",),
        "link": "https://drp.example/challenges/7K3F-QX9M",
    }
    return word_message(subject, AUTHORITY, "7K3F-QX9M", due=due, expected=expected, **(values | more))  # type: ignore[arg-type]


class Seen(HTMLParser):
    """What a reader sees, and which tags and links there are."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self.tags, self.links = "", [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):  # type: ignore[no-untyped-def]
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_subject_has_words_and_no_words_are_left_over() -> None:
    assert set(WORDS) == set(NotificationKind)


@pytest.mark.parametrize("subject", NotificationKind)
def test_it_says_what_happened_what_it_means_and_what_to_do(subject: NotificationKind) -> None:
    words = WORDS[subject]
    assert words.subject
    assert words.happened.endswith(".")
    assert words.means or subject in MEANS_NOTHING_MORE
    assert words.do or subject in NOTHING_TO_DO
    said = f"{words.happened} {words.means} {words.do}"
    if subject in NOTHING_TO_DO:
        assert re.search(r"[Nn]othing (more )?is asked of you|promised stays", said)


@pytest.mark.parametrize("subject", NotificationKind)
def test_both_renderings_hold_reference_stage_team_date_and_link(subject: NotificationKind) -> None:
    made = written(subject)
    seen = Seen(made.html)
    assert made.subject == f"{message_sentences(WORDS[subject], AUTHORITY, DUE, False)['subject']}: 7K3F-QX9M"
    for body in (made.text, seen.text):
        for part in ("7K3F-QX9M", "Stage 1", "North Team", "Wednesday 8 April 2026", "Social Worker", "Marsh Council"):
            assert part in body
    assert "https://drp.example/challenges/7K3F-QX9M" in made.text
    assert seen.links == ["https://drp.example/challenges/7K3F-QX9M"]
    assert not {"script", "img", "iframe", "form", "link", "object"} & set(seen.tags)
    for body in (made.subject, made.text, seen.text):
        assert "{" not in body
        assert "None" not in body


@pytest.mark.parametrize("subject", NotificationKind)
def test_plain_text_and_html_say_the_same(subject: NotificationKind) -> None:
    made = written(subject)
    said = message_sentences(WORDS[subject], AUTHORITY, DUE, False)
    for part in (said["happened"], said["means"], said["do"]):
        assert part in made.text
        assert part in Seen(made.html).text


@pytest.mark.parametrize("subject", NotificationKind)
def test_without_a_date_a_stage_or_a_team_no_label_stands_empty(subject: NotificationKind) -> None:
    made = written(subject, due=None, stage="", team="", copied=())
    for body in (made.text, Seen(made.html).text):
        assert not re.search(r"(Stage|Team|Date|Copied for information):?\s*$", body, re.MULTILINE)
    assert "By the end of" not in made.text


@pytest.mark.parametrize("subject", sorted(ASKS_BY_A_DATE))
def test_an_expected_date_says_so(subject: NotificationKind) -> None:
    assert "By the end of Wednesday 8 April 2026 (expected)." in written(subject, expected=True).text


def test_the_authoritys_labels_are_used() -> None:
    assert "formal resolution" in written(NotificationKind.ASKED).text
    assert "CAFCASS" in written(NotificationKind.ABOUT_CAFCASS).subject
    labelled = replace(AUTHORITY, labels=(("iro", "Reviewing Officer"), ("iro_service", "Reviewing Service")))
    made = word_message(
        NotificationKind.ASKED, labelled, "7K3F-QX9M", stage="", team="", due=None, expected=False, copied=(), link="x"
    )
    assert "The Reviewing Officer asks" in made.text
    assert "Reviewing Service" in made.text


def test_senior_scrutiny_is_told_as_what_it_is_and_not_as_praise() -> None:
    made = written(NotificationKind.SCRUTINY, due=None, stage="Level 5")
    assert made.subject == "Senior scrutiny on the record: 7K3F-QX9M"
    assert "no reply is asked" in made.text
    assert "excellent practice" not in made.text
    labelled = replace(AUTHORITY, labels=(("senior_scrutiny", "placement panel"),))
    said = message_sentences(WORDS[NotificationKind.SCRUTINY], labelled, None, expected=False)
    assert said["subject"] == "Placement panel on the record"


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "{% raw %}",
    "{reference}",
    "&amp;<b>",
    "' onx='",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_html_escapes_and_nothing_is_read_as_a_template(text: str) -> None:
    authority = replace(AUTHORITY, name=text, labels=(("challenge", text), ("iro", text), ("iro_service", text)))
    for subject in NotificationKind:
        made = word_message(
            subject, authority, "R", stage=text, team=text, due=DUE, expected=False, copied=(text,), link="https://x.example"
        )
        seen = Seen(made.html)
        assert set(seen.tags) <= {"html", "head", "meta", "title", "body", "p", "strong", "table", "tr", "td", "a", "br"}
        assert text in seen.text, "as it was typed"
        assert text in made.text


def test_a_name_that_is_not_given_is_a_fault_and_not_a_blank() -> None:
    assert wording.TEMPLATES.undefined is StrictUndefined
    for name in ("message.txt", "message.html", "digest.txt", "digest.html"):
        with pytest.raises(UndefinedError):
            wording.TEMPLATES.get_template(name).render()


ASKS_OF_ME = re.compile(r"asked of you|yours to|for you to|your (reply|endorsement|task)|in your name", re.IGNORECASE)
"""What only somebody who is addressed may read."""

COPIES_THAT_OWE = {NotificationKind.STILL_WAITING}
"""Copies to whoever owes the decision that is past its date."""


TO_NOBODY_ELSE = (
    NotificationKind.COPIED,
    NotificationKind.DELIVERY_FAILED,
    NotificationKind.LET_READ,
    NotificationKind.REVIEW_DAY,
)
"""Written to those who are copied before all."""


@pytest.mark.parametrize("manner", MessageManner)
@pytest.mark.parametrize("subject", NotificationKind)
def test_every_message_has_words_of_its_own_for_each_manner_of_being_told(
    subject: NotificationKind, manner: MessageManner
) -> None:
    words = message_words_for(subject, manner)
    made = written(subject, manner=manner)
    assert words.happened in message_words_for(subject, manner).happened
    assert made.subject.startswith(message_sentences(words, AUTHORITY, DUE, False)["subject"])
    if manner is MessageManner.TO or (manner is MessageManner.COPY and subject in COPIES_THAT_OWE):
        return
    assert words != WORDS[subject] or subject in TO_NOBODY_ELSE
    said = f"{words.subject} {words.happened} {words.means} {words.do}".replace("othing is asked of you", "")
    said = said.replace("othing else is asked of you", "").replace("eply is asked of others", "")
    assert not ASKS_OF_ME.search(said), said
    if manner is MessageManner.DELEGATE:
        assert "delegate" in said
    if manner is MessageManner.ALARMED:
        assert "Nobody who should be told of it is there" in said


def test_planted_words_of_the_addressed_for_everybody_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def as_addressed(subject: NotificationKind, manner: MessageManner) -> MessageWords:
        return WORDS[subject]

    monkeypatch.setitem(globals(), "message_words_for", as_addressed)
    with pytest.raises(AssertionError):
        test_every_message_has_words_of_its_own_for_each_manner_of_being_told(NotificationKind.ASKED, MessageManner.COPY)


def test_words_are_courteous() -> None:
    every = [message_words_for(subject, manner) for subject in NotificationKind for manner in MessageManner]
    for words in (*every, MessageWords(MANY, digest_letter(AUTHORITY, LINES).text)):
        said = " ".join((words.subject, words.happened, words.means, words.do)).lower()
        assert not re.search(r"silence|breach|unsatisf|complain|fail(ed|ure) to|overdue|must ", said)


# The digest: a line for each message.

LINES = [
    DigestLine("AAAA-AAAA", "For you to consider", None, False, "https://drp.example/challenges/AAAA-AAAA"),
    DigestLine(
        "BBBB-BBBB", "There is a reply for you to judge", date(2026, 4, 9), True, "https://drp.example/challenges/BBBB-BBBB"
    ),
    DigestLine("CCCC-CCCC", "A reminder: no reply yet", DUE, False, "https://drp.example/challenges/CCCC-CCCC"),
    DigestLine("AAAA-AAAA", "Answered", None, False, "https://drp.example/challenges/AAAA-AAAA"),
]


def test_a_digest_has_a_line_for_each_message_the_earliest_date_first() -> None:
    made = digest_letter(AUTHORITY, LINES)
    lines = [line for line in made.text.splitlines() if "https://" in line]
    assert made.subject == "4 things for you"
    assert lines == [
        "CCCC-CCCC: A reminder: no reply yet. Date: Wednesday 8 April 2026. https://drp.example/challenges/CCCC-CCCC",
        "BBBB-BBBB: There is a reply for you to judge. Date: Thursday 9 April 2026 (expected). "
        "https://drp.example/challenges/BBBB-BBBB",
        "AAAA-AAAA: For you to consider. https://drp.example/challenges/AAAA-AAAA",
        "AAAA-AAAA: Answered. https://drp.example/challenges/AAAA-AAAA",
    ]


def test_a_digest_says_the_same_in_plain_text_and_html() -> None:
    made = digest_letter(AUTHORITY, LINES)
    seen = Seen(made.html)
    assert seen.links == [line.rpartition(" ")[2] for line in made.text.splitlines() if "https://" in line]
    assert not {"script", "img", "iframe", "form", "link", "object"} & set(seen.tags)
    for line in LINES:
        for body in (made.text, seen.text):
            assert f"{line.reference}: {line.about}." in body
    for part in ("4 things for you.", "You will be asked to sign in.", "Marsh Council", "names no child on purpose"):
        assert part in made.text
        assert part in seen.text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_digests_html_escapes(text: str) -> None:
    authority = replace(AUTHORITY, name=text, labels=(("iro_service", text),))
    made = digest_letter(authority, [DigestLine("R", text, DUE, False, "https://x.example")] * 4)
    seen = Seen(made.html)
    assert set(seen.tags) == {"html", "head", "meta", "title", "body", "p", "ul", "li", "a", "br"}
    assert seen.text.count(text) == 6, "as it was typed"
    assert made.text.count(text) == 6
