"""Nothing of a child and no word that anybody wrote is in what leaves by mail, in its file names, or in a log line."""

import logging
import re
from dataclasses import fields, replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from drp.casework.service import Casework
from notifications.channels import Folder, SendOutcome
from tests.cast.councils import COLUMNS, NIGHT_AND_DAY, Council, directory_files
from tests.cast.marsh import CLIMBS, KEY, RAISED, Box, Marsh
from workflows.model import events as e
from workflows.model.ladder import ItemType
from workflows.model.refusals import Refused

NUMBER, INITIALS, BORN = "ZQN-77812", "ZQXI", date(2011, 11, 13)
WORD = "ZQWORD"
CANARIES = re.compile(rf"{NUMBER}|{INITIALS}|{WORD}|2011-11-13|13/11/2011|13 November 2011|20111113|ZQNAME|ZQREF", re.IGNORECASE)
CHILDREN = f"{COLUMNS}{NUMBER},{INITIALS},{BORN},looked_after,yes,no,,north,sam,irene,,,0\n"
FILES = directory_files(NIGHT_AND_DAY)
CAST = FILES | {"children.csv": CHILDREN, "people.csv": re.sub(r"(?m)^(\w+),([A-Z]\w+),", r"\1,ZQNAME \2,", FILES["people.csv"])}
DAY = date(2026, 4, 2)
SOON = date(2026, 4, 20)

_made = 0


def word() -> str:
    global _made
    _made += 1
    return f"{WORD}{_made}\nBcc: {WORD}@x.example"


FIT: dict[str, Any] = {
    "to": (), "of": "team_manager", "stage": "stage_1", "role": "director", "until": SOON, "on": DAY, "hearing": SOON,
    "look_again_on": None, "respond_by": None, "resolve_by": None, "grounds": ("case_not_reviewed",), "action": 1, "entry": 1,
    "position": "agrees", "verdict": "needs_more", "about": "the issue", "told": True, "state": "offered", "found": "better",
    "outcome": "advice", "how": "as due", "clock": "fresh", "conflict_checked": True, "version": "1", "climb": False,
    "sure": True, "reference": "ZQREF1", "cafcass_reference": "ZQREF2", "fact": "managers_oversight", "holds": True,
    "priority": "high", "update_by": SOON, "updates_every_weeks": 2, "early_review_by": SOON, "look_at_file_by": SOON,
    "look_every_weeks": 1, "what": "look_at_file", "alone": True, "review_by": SOON, "under": "regulation 33",
    "help_found": "a lawyer", "found_on": DAY, "tells": (), "review_on": DAY,
    "adjourned_to": SOON,
    "tells_nothing": True, "agrees": True, "offer": 1,
}  # fmt: skip


def full(kind: type[e.Event], now: Any, person: str) -> e.Event:
    """An event of that kind with a canary in each of its text fields. `person`: whoever it names."""
    values: dict[str, Any] = {}
    for each in fields(kind):  # type: ignore[arg-type]
        if each.name == "type" or not each.init:
            continue
        if each.type is e.Words:
            values[each.name] = word()
        elif each.name == "person":
            values["person"] = person
        elif each.name == "at":
            values["at"] = now + timedelta(days=1)
        elif kind is e.Redirected and each.name == "to":
            values["to"] = e.Chosen("director")
        elif kind is e.OutcomeRecorded and each.name == "outcome":
            values["outcome"] = word()
        elif each.name == "said":
            values["said"] = (e.ReferralStatement("effect", word()), e.ReferralStatement("child", word()))
        elif kind is e.ReferralTold and each.name == "told":
            values["told"] = ("director",)
        elif each.name == "actions":
            values["actions"] = (e.Action(word(), SOON),)
        elif each.name in FIT:
            values[each.name] = FIT[each.name]
    return kind(**values)


def raised(now: Any, item_type: ItemType = ItemType.FORMAL, to: tuple[e.Chosen, ...] = ()) -> e.Raised:
    return e.Raised(
        item_type, ("other", "drift"), word(), effect_on_child=word(), outcome_sought=word(), other_reason=word(),
        review_decision=word(), to=to,
    )  # fmt: skip


EVERYBODY = ("irene", "mona", "tess", "otto", "cora", "chris", "nina", "bob", "sam")


def told_stories(casework: Casework, channel: Any, council: Council = NIGHT_AND_DAY) -> tuple[Marsh, set[str], set[str]]:
    """Every event that fits, by whoever may bring it, while items climb; gives the kinds brought and subjects told."""
    marsh = Marsh.founded(casework, council, CAST)
    nina = str(marsh.id("nina"))
    brought: set[str] = set()
    now = RAISED

    def attempt(who: str, reference: str, kind: type[e.Event]) -> None:
        nonlocal now
        now += timedelta(seconds=20)
        try:
            marsh.act(who, reference, full(kind, now, nina), now)
        except (Refused, Exception) as refused:
            if not isinstance(refused, Refused) and type(refused).__module__ not in (
                "drp.casework.access",
                "drp.casework.service",
            ):
                raise
            return
        brought.add(kind.__name__)

    ends = (e.Resolved, e.EndedUnresolved, e.Overtaken, e.Withdrawn, e.RecordedInError)
    going = [kind for kind in e.EXTERNAL_TYPES if kind not in (*ends, e.LadderMoved)]
    for item_type in (ItemType.FORMAL, ItemType.URGENT, ItemType.PARTNER_AGENCY):
        to = (e.Chosen("named_nurse", nina),) if item_type is ItemType.PARTNER_AGENCY else ()
        reference = marsh.raised(now, NUMBER, event=raised(now, item_type, to))
        for kind in going:
            for who in EVERYBODY:
                attempt(who, reference, kind)
                if kind.__name__ in brought:
                    break  # each kind once is enough
            marsh.deliver(now, channel)
        for kind in ends:
            attempt("irene", reference, kind)
            attempt("irene", reference, e.Reopened)
    notice = e.Raised(ItemType.EXCELLENT_PRACTICE, ("drift",), word(), effect_on_child=word())
    noticed = marsh.raised(now, NUMBER, event=notice)
    for who, kind in (("tess", e.Thanked), ("irene", e.QuoteOffered), ("sam", e.QuoteAnswered), ("irene", e.QuoteTakenBack)):
        attempt(who, noticed, kind)
    assert {"Thanked", "QuoteOffered", "QuoteAnswered", "QuoteTakenBack"} <= brought
    meeting = marsh.raised(now, NUMBER, event=raised(now))
    marsh.act("irene", meeting, e.Escalated(word(), to_stage="stage_3"), now + timedelta(minutes=1))
    for minutes in (2, 3):
        arranged = e.MeetingArranged(now + timedelta(days=minutes), word())
        marsh.act("bob", meeting, arranged, now + timedelta(minutes=minutes))
    marsh.deliver(now + timedelta(minutes=4), channel)
    marsh.act("bob", meeting, e.MeetingCalledOff(word()), now + timedelta(minutes=5))
    marsh.deliver(now + timedelta(minutes=5), channel)
    silent = marsh.raised(RAISED + timedelta(days=40), NUMBER, event=raised(now))
    marsh.swept_daily(RAISED + timedelta(days=80), RAISED + timedelta(days=40))
    casework.note_change(KEY, marsh.notifications(silent)[0]["challenge"], [e.IroChanged()], RAISED + timedelta(days=80))
    marsh.deliver(RAISED + timedelta(days=80), channel)
    return marsh, brought, {row["subject"] for row in marsh.notifications()}


def calendar_files(folder: Path) -> list[Any]:
    """The calendar files that go with a folder of mail."""
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in folder.iterdir()]
    return [part for mail in mails for part in mail.walk() if part.get_content_type() == "text/calendar"]


def found_in(folder: Path) -> list[str]:
    """Every canary in the names, bytes, headers, bodies and calendar files of a folder of mail."""
    found: list[str] = []
    for file in folder.iterdir():
        data = file.read_bytes()
        message = message_from_bytes(data, policy=policy.default)
        # A calendar file's lines are folded: what is cut in two is put together again before it is looked at.
        leaves = [part for part in message.walk() if not part.is_multipart()]
        parts = [part.get_content().replace("\r\n", "\n").replace("\n ", "") for part in leaves]
        headers = [f"{name}: {value}" for part in message.walk() for name, value in part.items()]
        assert [part.get_content_type() for part in leaves][:2] == ["text/plain", "text/html"]
        assert {part.get_content_type() for part in leaves[2:]} <= {"text/calendar"}
        for piece in (data.decode("ascii"), file.name, *parts, *headers):
            found += CANARIES.findall(piece)
    return found


def test_no_canary_is_in_any_mail_file_name_or_log_line(
    casework: Casework, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, "transitions")  # which knows states only, and says a great deal
    _, brought, subjects = told_stories(casework, Folder(tmp_path / "mail", "resolution@marsh.example"))
    assert len(brought) >= 25, sorted(brought)
    assert len(subjects) >= 20, sorted(subjects)
    assert len(list((tmp_path / "mail").iterdir())) >= 25
    assert sorted(part.get_param("method") for part in calendar_files(tmp_path / "mail")) == ["CANCEL", "PUBLISH", "PUBLISH"]
    assert list((tmp_path / "mail").glob("*-digest-*.eml"))
    assert found_in(tmp_path / "mail") == []
    assert CANARIES.findall(caplog.text) == []


def test_no_canary_is_in_a_log_line_when_mail_fails(casework: Casework, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    marsh = Marsh.founded(casework, NIGHT_AND_DAY, CAST)
    marsh.raised(RAISED, NUMBER, event=raised(RAISED))

    def breaks(post: Any) -> SendOutcome:
        raise RuntimeError("the channel broke")

    marsh.deliver(RAISED, Box(answer=breaks))
    marsh.deliver(CLIMBS, Box(answer=lambda post: SendOutcome(refused=dict.fromkeys(post.envelope, "550 no"))))
    assert "the channel broke" in caplog.text
    assert CANARIES.findall(caplog.text) == []
    errors = [row["error"] for row in marsh.notifications()] + [error for *_, error in marsh.mails()]
    assert not [error for error in errors if CANARIES.search(error)]


def test_a_database_error_brings_no_words_into_its_text(casework: Casework) -> None:
    """What a log shows of a failed statement is its SQL, never what was to be written."""
    marsh = Marsh.founded(casework, NIGHT_AND_DAY, CAST)
    said: list[str] = []
    for statement in ("INSERT INTO no_such_table (a) VALUES (:a)", "INSERT INTO words (authority, text) VALUES (:a, :a)"):
        try:
            with marsh.store.engine.begin() as connection:
                connection.execute(text(statement), {"a": word()})
        except Exception as error:
            said.append(str(error))
    assert len(said) == 2
    assert CANARIES.findall(said[0]) == []
    # PostgreSQL itself quotes the row that breaks a rule (DETAIL): such errors are conflicts here, and are not logged.
    if marsh.store.is_sqlite:
        assert CANARIES.findall(said[1]) == []


@pytest.mark.parametrize("part", ["team", "stage", "link"])
def test_planted_a_message_with_something_of_the_child_in_it_is_caught(
    casework: Casework, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    from notifications import outbox

    real = outbox.word_message
    monkeypatch.setattr(
        outbox, "word_message", lambda *given, **more: real(*given, **(more | {part: f"{more[part]} ({INITIALS})"}))
    )
    marsh = Marsh.founded(casework, NIGHT_AND_DAY, CAST)
    marsh.raised(RAISED, NUMBER, event=raised(RAISED))
    marsh.deliver(RAISED, Folder(tmp_path / "mail", "resolution@marsh.example"))
    assert INITIALS in found_in(tmp_path / "mail")


def test_planted_a_calendar_file_with_somebodys_words_in_it_is_caught(
    casework: Casework, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notifications import outbox

    real = outbox.meeting_file

    def tells(*given: Any) -> Any:
        file = real(*given)
        # Where it is, in the words of whoever arranged it, cut in two as a long line is.
        return file and replace(
            file, text=file.text.replace("END:VEVENT", f"LOCATION:Room {WORD[:3]}\r\n {WORD[3:]}\r\nEND:VEVENT")
        )

    monkeypatch.setattr(outbox, "meeting_file", tells)
    told_stories(casework, Folder(tmp_path / "mail", "resolution@marsh.example"))
    assert WORD in found_in(tmp_path / "mail")


def test_planted_a_digest_with_something_of_the_child_in_it_is_caught(
    casework: Casework, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notifications import outbox

    real = outbox.DigestLine
    monkeypatch.setattr(outbox, "DigestLine", lambda reference, about, *more: real(reference, f"{about} ({INITIALS})", *more))
    told_stories(casework, Folder(tmp_path / "mail", "resolution@marsh.example"))
    assert INITIALS in found_in(tmp_path / "mail")
