"""No message waits because of a label: what `drp check` passes leaves, and what files in force hold leaves too."""

from dataclasses import replace
from datetime import date
from email import message_from_bytes, policy
from itertools import product
from pathlib import Path
from uuid import UUID

import pytest

from drp.casework.service import Casework
from drp.proof.checkpoint import Checkpoint
from drp.written_reports.copies import UntoldCopy
from notifications import wording
from notifications.channels import Folder, OutgoingMail, UnsafeMessage, build_mail
from notifications.cover_letters import cover_letter
from notifications.message_manners import MessageManner
from notifications.report_letters import report_letter
from notifications.sign_in_links import sign_in_letter
from notifications.signed_heads import tree_head_letter
from notifications.wording import DigestLine, WordedMessage, digest_letter, word_message
from tests.cast.councils import NIGHT_AND_DAY, procedures
from tests.cast.free_texts import Filling, Words, hostile, uncarried, with_marks
from tests.cast.marsh import RAISED
from tests.notifications.test_canaries import told_stories
from workflows.decision.decision_builder import NotificationKind
from workflows.model.authority import Authority
from workflows.model.ladder import BETWEEN_REVIEWS, Ladder

REFERENCE, LINK = "7K3F-QX9M", "https://drp.example"
DUE = date(2026, 4, 8)


def council_of(words: Words):  # type: ignore[no-untyped-def]
    """Marsh Council with these words in every free text of its files, which are in force."""
    return replace(NIGHT_AND_DAY, rewritten=lambda files: Filling(words).files(files), in_force=True)


def message(authority: Authority, ladder: Ladder, kind: NotificationKind, manner: MessageManner, followed=None) -> WordedMessage:  # type: ignore[no-untyped-def]
    titles = tuple(role.title for role in authority.roles)
    return word_message(
        kind, authority, REFERENCE, stage=ladder.stages[0].label, team="North Team", due=DUE, expected=False, copied=titles,
        link=f"{LINK}/challenges/{REFERENCE}", manner=manner, followed=followed,
    )  # fmt: skip


def every_letter(authority: Authority, ladder: Ladder) -> list[WordedMessage]:
    """One of every kind that the service sends."""
    followed = (None, *sorted(BETWEEN_REVIEWS))
    letters = [message(authority, ladder, *how) for how in product(NotificationKind, MessageManner, followed)]
    assert all(letter.subject.endswith(f": {REFERENCE}") for letter in letters)
    about = [letter.subject for letter in letters[:3]]
    copy = UntoldCopy(UUID(int=1), UUID(int=2), "a@b.example", f"{ladder.title}, {authority.name}", "March 2026", False)
    return [
        *letters,
        digest_letter(authority, [DigestLine(REFERENCE, each, DUE, False, LINK) for each in about]),
        report_letter(authority, LINK, copy),
        report_letter(authority, LINK, replace(copy, is_draft=True)),
        cover_letter(authority, LINK, authority.roles[0].title, authority.roles[1].title, "1 April 2026", ""),
        sign_in_letter(authority, f"{LINK}/sign-in/link/x"),
        tree_head_letter(authority, Checkpoint(authority.key, 1, RAISED, 3, "0" * 64, "0" * 64)),
    ]


def leaves_as_meant(letter: WordedMessage) -> None:
    """Fail unless it is built, and its subject and its words arrive as they were worded."""
    post = OutgoingMail("<1@marsh.example>", ("a@marsh.example",), (), ("a@marsh.example",), letter, RAISED)
    arrived = message_from_bytes(build_mail(post, "resolution@marsh.example"), policy=policy.default)
    assert arrived["Subject"].split() == letter.subject.split()
    text = arrived.get_body(("plain",))
    assert text is not None
    assert text.get_content().split() == letter.text.split()


def everything_leaves(words: Words) -> None:
    read = procedures(council_of(words))
    letters = every_letter(read.authority, read.ladders[0])
    assert len(letters) >= 600
    for letter in letters:
        leaves_as_meant(letter)


@pytest.mark.parametrize("words", [hostile, uncarried])
def test_every_kind_of_mail_leaves_whatever_label_stands_in_it(words: Words) -> None:
    everything_leaves(words)


def test_a_label_stands_in_mail_as_it_is_written() -> None:
    read = procedures(council_of(with_marks))
    said = message(read.authority, read.ladders[0], NotificationKind.ABOUT_CAFCASS, MessageManner.TO)
    assert read.authority.label("cafcass") in said.subject
    for label in (read.authority.label("cafcass"), read.ladders[0].stages[0].label, read.authority.name):
        assert label in said.text


def test_a_label_in_force_is_cleaned_as_it_enters_a_header() -> None:
    authority = replace(
        procedures(NIGHT_AND_DAY).authority,
        labels=(("cafcass", "Caf\ncass\u2028of =?utf-8?q?Leeds?="), ("iro_service", "a" * 300)),
    )
    said = message(authority, procedures(NIGHT_AND_DAY).ladders[0], NotificationKind.TELL_OF_REFERRAL, MessageManner.TO)
    assert said.subject == f"A referral to Caf cass of = ?utf-8?q?Leeds?= has been made: {REFERENCE}"
    leaves_as_meant(said)


def test_a_subject_too_long_is_cut_and_keeps_its_reference() -> None:
    assert len(wording.subject_line("x" * 500, f": {REFERENCE}")) == wording.LONGEST_SUBJECT
    assert wording.subject_line("x" * 500, f": {REFERENCE}").endswith(f"…: {REFERENCE}")


@pytest.mark.parametrize("words", [hostile, uncarried])
def test_whole_lives_are_told_as_with_plain_labels(casework: Casework, tmp_path: Path, words: Words) -> None:
    """Every mail leaves that leaves with plain words, a referral's among them."""
    folder = Folder(tmp_path / "mail", "resolution@marsh.example")
    marsh, brought, subjects = told_stories(casework, folder, council_of(words))
    assert {"tell_of_referral", "meeting", "meeting_off", "asked"} <= subjects
    assert len(brought) >= 25
    assert not [row for row in marsh.notifications() if row["error"] or row["state"] == "failed"]


def test_planted_a_label_that_enters_a_header_as_it_is_stored_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wording, "subject_line", lambda text, ending="": text + ending)
    with pytest.raises((UnsafeMessage, AssertionError)):
        everything_leaves(uncarried)
