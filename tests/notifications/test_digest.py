"""Many messages of one round for one person alone are one mail; each is checked, marked, tried and failed for itself."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from drp.casework.service import Casework
from drp.database.message_tables import NotificationRow
from drp.messages.sending_pause import SendingPause, release_messages, store_pause
from notifications import digest, outbox
from notifications.channels import OutgoingMail, SendOutcome, UnsafeMessage
from notifications.outbox import LEASE
from notifications.record_outcome import ALARM_AFTER, WAITS
from tests.cast.clock import when
from tests.cast.councils import NIGHT_AND_DAY, addresses
from tests.cast.marsh import KEY, RAISED, Box, Marsh
from tests.cast.stores import beside_the_service
from tests.notifications.messages import messages_of, passed, unreached
from tests.notifications.peers import Mailbox, real_server
from workflows.model import events as e
from workflows.model.ladder import ItemType

(IRENE,) = addresses("irene")
ASKING = RAISED + timedelta(minutes=10)
"""When the team manager asks back on each item: the question goes to the IRO alone."""


def items(marsh: Marsh, count: int, item_type: ItemType = ItemType.FORMAL) -> list[str]:
    """Items whose first messages have gone."""
    event = e.Raised(item_type, ("drift",), "The plan drifts.")
    references = [marsh.raised(event=event) for _ in range(count)]
    marsh.deliver(RAISED, Box())
    return references


def asked_back(marsh: Marsh, references: Sequence[str], now: datetime = ASKING) -> None:
    for reference in references:
        marsh.act("tess", reference, e.ClarificationAsked("Which review?"), now)


def questions(marsh: Marsh, count: int, now: datetime = ASKING) -> list[str]:
    """So many messages for the IRO alone, waiting."""
    references = items(marsh, count)
    asked_back(marsh, references, now)
    return references


def taken(post: OutgoingMail) -> SendOutcome:
    return SendOutcome(accepted=frozenset(post.envelope))


def round_at(marsh: Marsh, now: datetime, answer: Callable[[OutgoingMail], SendOutcome] = taken) -> list[OutgoingMail]:
    box = Box(answer=answer)
    marsh.deliver(now, box)
    return box.posts


def puts_off(post: OutgoingMail) -> SendOutcome:
    return SendOutcome(again="451 later")


def refuses(post: OutgoingMail) -> SendOutcome:
    return SendOutcome(refused=dict.fromkeys(post.envelope, "550 no such mailbox"))


def listed(post: OutgoingMail, about: str = "") -> list[str]:
    """The items that a digest names, line by line; or of lines about one thing only."""
    return re.findall(rf"^(\w{{4}}-\w{{4}}): {about}", post.letter.text, re.MULTILINE)


def became(marsh: Marsh, references: Sequence[str], subject: str = "question") -> set[tuple[str, str]]:
    """What became of each item's message, and of its one copy."""
    found: set[tuple[str, str]] = set()
    for reference in references:
        (state,) = marsh.state_of(subject, reference)
        (mail,) = [mail for about, _, mail, _ in marsh.mails(reference) if about == subject]
        found.add((state, mail))
    return found


class Died(BaseException):
    """Where a kill -9 would have ended it."""


# Which messages, and what the mail says.


def test_many_for_one_person_leave_as_one(marsh: Marsh) -> None:
    references = questions(marsh, 5)
    (post,) = round_at(marsh, ASKING)
    assert (post.to, post.copy, post.envelope) == ((IRENE,), (), (IRENE,))
    assert post.letter.subject == "5 things for you"
    assert sorted(listed(post)) == sorted(references)
    for body in (post.letter.text, post.letter.html):
        for reference in references:
            assert f"https://drp.marsh.example/challenges/{reference}" in body
        assert body.count("A question before a reply") == 5
        assert body.count("Wednesday 8 April 2026") == 5
        assert "Marsh Council" in body
    assert became(marsh, references) == {("sent", "accepted")}


def test_a_few_go_one_by_one(marsh: Marsh) -> None:
    references = questions(marsh, digest.MOST_SINGLY)
    posts = round_at(marsh, ASKING)
    assert sorted(post.letter.subject for post in posts) == sorted(f"A question before a reply: {one}" for one in references)


def test_nothing_of_a_digest_is_sent_twice(marsh: Marsh) -> None:
    questions(marsh, 5)
    round_at(marsh, ASKING)
    for minutes in (0, 1, 11, 600):
        assert round_at(marsh, ASKING + timedelta(minutes=minutes)) == []


def test_what_is_urgent_goes_alone_beside_a_digest(marsh: Marsh) -> None:
    urgent = items(marsh, 5, ItemType.URGENT)
    asked_back(marsh, urgent)
    calm = questions(marsh, 4)
    posts = round_at(marsh, ASKING)
    assert sorted(len(listed(post)) for post in posts) == [0, 0, 0, 0, 0, 4]
    assert sorted(next(post for post in posts if listed(post)).letter.text.split("\n\n")[1].count(one) for one in calm) == [2] * 4
    alone = {post.letter.subject.rpartition(" ")[2] for post in posts if not listed(post)}
    assert alone == set(urgent)


def test_messages_to_several_people_go_as_they_are(marsh: Marsh) -> None:
    for _ in range(5):
        marsh.raised()
    messages = messages_of(round_at(marsh, RAISED))
    assert len(messages) == 5
    assert {(len(one.to), len(one.copy), len(one.envelope), len(one.mails)) for one in messages} == {(2, 2, 4, 2)}


def test_each_person_has_a_digest_of_their_own(marsh: Marsh) -> None:
    questions(marsh, 4)
    theirs = [marsh.raised(child="C-2", by="ivor") for _ in range(4)]
    marsh.deliver(RAISED, Box())
    for reference in theirs:
        marsh.act("tom", reference, e.ClarificationAsked("Which review?"), ASKING)
    posts = {post.to[0]: post for post in round_at(marsh, ASKING)}
    assert set(posts) == set(addresses("irene", "ivor"))
    assert sorted(listed(posts[addresses("ivor")[0]])) == sorted(theirs)


def test_several_subjects_of_one_item_are_several_lines_the_earliest_date_first(marsh: Marsh) -> None:
    first, second = questions(marsh, 2)
    marsh.act("tess", first, e.NotForMe("It is the south team's."), ASKING)
    marsh.act("irene", second, e.WindowExtended(date(2026, 4, 20), "They are away.", sure=True), ASKING)
    marsh.deliver(ASKING, Box(answer=puts_off))
    asked_back(marsh, [first, second], ASKING + timedelta(seconds=1))
    marsh.act("tess", second, e.NotForMe("Nor is this."), ASKING + timedelta(seconds=1))
    marsh.act("tess", first, e.ClarificationAsked("And which plan?"), ASKING + timedelta(seconds=1))
    post = next(post for post in round_at(marsh, ASKING + timedelta(seconds=1)) if listed(post))
    assert listed(post) == [first, first, second, second]
    assert "It may belong to somebody else" in post.letter.text


def test_a_digest_goes_over_a_real_server(marsh: Marsh) -> None:
    references = questions(marsh, 5)
    box = Mailbox()
    with real_server(box) as channel:
        assert marsh.deliver(ASKING, channel).sent == 5
    (got,) = box.got
    message = message_from_bytes(got.data, policy=policy.default)
    assert got.envelope == [IRENE]
    assert (message["To"], message["Cc"], message["Subject"]) == (IRENE, None, "5 things for you")
    body = message.get_body(("plain",))
    assert body is not None
    assert all(reference in body.get_content() for reference in references)


# Each message in it is checked for itself.


def test_who_left_gets_no_digest(marsh: Marsh) -> None:
    references = questions(marsh, 5)
    marsh.leaves("irene", "2026-03-31")
    assert round_at(marsh, ASKING) == []
    assert became(marsh, references) == {("lapsed", "skipped")}


def test_what_no_longer_concerns_somebody_is_no_line_of_theirs(marsh: Marsh) -> None:
    """The director was head of quality as well, until yesterday: what is asked of the director is still theirs."""
    yesterday = date(2026, 3, 31)
    marsh.post_ends("quinn", "head_of_quality", yesterday)
    marsh.post_begins("cora", "head_of_quality")
    references = items(marsh, 9)
    for n, reference in enumerate(references):
        role = "director" if n < 4 else "head_of_quality"
        marsh.act("irene", reference, e.Redirected("team_manager", e.Chosen(role), "Theirs."), ASKING)
    marsh.post_ends("cora", "head_of_quality", yesterday)
    (post,) = round_at(marsh, ASKING)
    assert post.to == tuple(addresses("cora"))
    assert sorted(listed(post)) == sorted(references[:4])
    assert became(marsh, references[:4], "redirected") == {("sent", "accepted")}
    assert became(marsh, references[4:], "redirected") == {("lapsed", "skipped")}


def test_a_line_that_has_no_point_any_more_lapses_and_the_others_leave(marsh: Marsh) -> None:
    references = items(marsh, 5)
    warned = when("Wed 8 April 2026, 16:00")
    marsh.swept_daily(warned)
    marsh.deliver(warned - timedelta(seconds=1), Box())
    for who in ("tess", "otto"):
        marsh.act(who, references[0], e.Responded("agrees", "We will."), warned)
    (post,) = [post for post in round_at(marsh, warned) if post.to == (IRENE,)]
    assert sorted(listed(post, "No reply yet")) == sorted(references[1:])
    assert sorted(listed(post, "There is a reply for you to judge")) == references[:1]
    assert sorted(marsh.state_of("will_climb")) == ["lapsed", "sent", "sent", "sent", "sent"]


def test_with_a_few_left_they_go_one_by_one(marsh: Marsh) -> None:
    references = questions(marsh, 4)
    marsh.act("irene", references[0], e.RecordedInError("The wrong child."), ASKING)
    posts = round_at(marsh, ASKING)
    assert sorted(post.letter.subject.rpartition(" ")[2] for post in posts) == sorted(references[1:])


def test_of_what_is_sealed_there_is_no_line(marsh: Marsh) -> None:
    references = questions(marsh, 5)
    marsh.act("irene", references[0], e.RecordedInError("The wrong child."), ASKING)
    (post,) = round_at(marsh, ASKING)
    assert sorted(listed(post)) == sorted(references[1:])
    assert references[0] not in post.letter.text + post.letter.html


def test_it_keeps_the_authoritys_hours_and_uses_up_no_attempt(marsh: Marsh) -> None:
    references = items(marsh, 5)
    night, morning = when("Wed 1 April 2026, 22:00"), when("Thu 2 April 2026, 08:00")
    asked_back(marsh, references, night)
    assert round_at(marsh, night) == []
    assert {row["attempts"] for row in marsh.notifications() if row["subject"] == "question"} == {0}
    assert round_at(marsh, morning - timedelta(seconds=1)) == []
    (post,) = round_at(marsh, morning)
    assert len(listed(post)) == 5


def test_a_pause_holds_the_lines_above_its_stage_and_lets_the_others_go(marsh: Marsh) -> None:
    references = questions(marsh, 5)
    with marsh.store.write(KEY) as connection:
        store_pause(connection, KEY, SendingPause("stage_1"))
    higher = marsh.raised()
    marsh.deliver(RAISED, Box())
    marsh.act("irene", higher, e.Escalated("Not answered well."), ASKING)
    marsh.act("cora", higher, e.ClarificationAsked("Which review?"), ASKING)
    posts = [post for post in round_at(marsh, ASKING) if IRENE in post.to]
    assert [sorted(listed(post)) for post in posts] == [sorted(references)]
    assert sorted(marsh.state_of("question")) == ["braked", *["sent"] * 5]


def test_what_is_released_by_hand_may_leave_as_a_digest(marsh: Marsh) -> None:
    questions(marsh, 5)
    with marsh.store.write(KEY) as connection:
        store_pause(connection, KEY, SendingPause("all"))
    assert round_at(marsh, ASKING) == []
    later = ASKING + timedelta(hours=1)
    with marsh.store.write(KEY) as connection:
        assert release_messages(connection, KEY, later) == 5
    (post,) = round_at(marsh, later)
    assert len(listed(post)) == 5


# At least once, under one identity.


def test_tried_again_it_is_the_same_message_and_what_is_new_goes_apart(marsh: Marsh) -> None:
    references = questions(marsh, 5)
    (first,) = round_at(marsh, ASKING, puts_off)
    assert became(marsh, references) == {("waiting", "waiting")}
    later = ASKING + WAITS[0]
    more = [marsh.raised(later) for _ in range(4)]
    marsh.deliver(later - timedelta(seconds=1), Box())
    asked_back(marsh, more, later)
    posts = [post for post in round_at(marsh, later) if post.to == (IRENE,)]
    tried, new = sorted(posts, key=lambda post: len(listed(post)), reverse=True)
    assert (tried.message_id, tried.letter) == (first.message_id, first.letter)
    assert sorted(listed(tried)) == sorted(references)
    assert sorted(listed(new)) == sorted(more)
    assert new.message_id != tried.message_id
    assert became(marsh, references) == {("sent", "accepted")}


def test_with_another_line_it_is_another_message(marsh: Marsh) -> None:
    references = questions(marsh, 6)
    (first,) = round_at(marsh, ASKING, puts_off)
    marsh.act("irene", references[0], e.RecordedInError("The wrong child."), ASKING)
    (second,) = round_at(marsh, ASKING + WAITS[0])
    assert sorted(listed(second)) == sorted(references[1:])
    assert second.message_id != first.message_id


def test_a_sender_that_died_is_followed_up_under_the_same_identity(marsh: Marsh) -> None:
    references = questions(marsh, 5)
    box = Box()

    def dies(post: OutgoingMail) -> SendOutcome:
        box.posts.append(post)
        raise Died

    with pytest.raises(Died):
        round_at(marsh, ASKING, dies)
    assert round_at(marsh, ASKING + LEASE - timedelta(seconds=1)) == []
    (post,) = round_at(marsh, ASKING + LEASE)
    assert post.message_id == box.posts[0].message_id
    assert sorted(listed(post)) == sorted(references)
    assert became(marsh, references) == {("sent", "accepted")}


def test_killed_after_the_first_message_was_settled_nobody_is_sent_a_second_copy(
    marsh: Marsh, monkeypatch: pytest.MonkeyPatch
) -> None:
    references = questions(marsh, 5)
    real, settled = outbox.record_attempt, list[Any]()

    def dies(*given: Any) -> str:
        if settled:
            raise Died
        settled.append(given)
        return real(*given)

    monkeypatch.setattr(outbox, "record_attempt", dies)
    with pytest.raises(Died):
        round_at(marsh, ASKING)
    monkeypatch.undo()
    assert round_at(marsh, ASKING + LEASE) == []
    assert became(marsh, references) == {("sent", "accepted")}


def test_the_waits_grow_for_all_of_it_and_then_each_has_failed(casework: Casework) -> None:
    marsh = Marsh.founded(casework, NIGHT_AND_DAY)
    references = questions(marsh, 5)
    now, seen = ASKING, list[str]()
    while "waiting" in marsh.state_of("question") and len(seen) < 100:
        posts = [post for post in round_at(marsh, now, puts_off) if "A question" in post.letter.text]
        seen += [post.message_id for post in posts]
        now = max(row["next_at"] for row in marsh.notifications() if row["subject"] == "question")
    assert len(seen) == len(WAITS) + 1
    assert len(set(seen)) == 1
    assert became(marsh, references) == {("failed", "refused")}


def test_after_six_attempts_every_item_in_it_is_known_not_to_leave_and_none_climbs_for_want_of_a_reply(
    casework: Casework,
) -> None:
    """Of an item, the IRO is asked for nothing here: it is the asked whose silence must not be believed."""
    marsh = Marsh.founded(casework, NIGHT_AND_DAY)
    references = redirected(marsh, 5)
    now = ASKING
    for wait in WAITS[:ALARM_AFTER]:
        assert [unreached(marsh, reference) for reference in references] == [set()] * 5
        round_at(marsh, now, puts_off)
        now += wait
    assert [unreached(marsh, reference) for reference in references] == [{"director"}] * 5
    assert marsh.state_of("redirected") == ["waiting"] * 5
    assert passed(marsh, *references) == ["not reached"] * 5


def redirected(marsh: Marsh, count: int) -> list[str]:
    """So many items of which one person alone is asked anew."""
    references = items(marsh, count)
    for reference in references:
        marsh.act("irene", reference, e.Redirected("team_manager", e.Chosen("director"), "Hers."), ASKING)
    return references


def test_refused_for_good_it_is_a_failure_of_each_item(marsh: Marsh) -> None:
    references = redirected(marsh, 5)
    untouched = marsh.raised()
    marsh.deliver(RAISED, Box())
    (post,) = round_at(marsh, ASKING, refuses)
    assert sorted(listed(post)) == sorted(references)
    assert became(marsh, references, "redirected") == {("failed", "refused")}
    for reference in references:
        assert ("delivery_failed", "mona") in [(subject, key) for subject, key, _, _ in marsh.mails(reference)]
        assert unreached(marsh, reference) == {"director"}
    assert unreached(marsh, untouched) == set()
    assert "delivery_failed" not in {subject for subject, *_ in marsh.mails(untouched)}
    assert passed(marsh, *references, untouched) == ["not reached"] * 5 + ["no reply"]


def test_what_must_not_be_sent_is_a_failure_of_each_item(marsh: Marsh) -> None:
    references = redirected(marsh, 5)

    def unsafe(post: OutgoingMail) -> SendOutcome:
        raise UnsafeMessage("it would carry more than was meant")

    round_at(marsh, ASKING, unsafe)
    assert became(marsh, references, "redirected") == {("failed", "refused")}


def test_an_address_that_cannot_be_written_to_is_a_failure_of_each_item(marsh: Marsh) -> None:
    references = redirected(marsh, 5)
    marsh.changes("cora", email="nobody")
    assert round_at(marsh, ASKING) == []
    assert became(marsh, references, "redirected") == {("failed", "refused")}
    assert passed(marsh, *references) == ["not reached"] * 5


def test_a_fault_in_one_line_does_not_keep_the_others_back(marsh: Marsh, caplog: pytest.LogCaptureFixture) -> None:
    references = questions(marsh, 5)
    bad = next(row["challenge"] for row in marsh.notifications(references[0]))
    here = (col(NotificationRow.challenge) == bad, col(NotificationRow.subject) == "question")
    with beside_the_service(marsh.store, KEY) as connection:
        connection.execute(update(NotificationRow).where(*here).values(subject="not a subject"))
    (post,) = round_at(marsh, ASKING)
    assert sorted(listed(post)) == sorted(references[1:])
    assert "message not sent" in caplog.text
    assert [row["state"] for row in marsh.notifications(references[0])] == ["sent", "waiting"]
    assert marsh.state_of("question") == ["sent"] * 4


def test_a_digest_that_cannot_be_written_is_tried_again_and_keeps_nothing_else_back(
    marsh: Marsh, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    references = questions(marsh, 5)
    other = marsh.raised(child="C-2", by="ivor")

    def breaks(*given: Any) -> Any:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(digest, "join_messages", breaks)
    messages = messages_of(round_at(marsh, ASKING))
    assert [one.letter.subject.rpartition(" ")[2] for one in messages] == [other]
    monkeypatch.undo()
    now = max(row["next_at"] for row in marsh.notifications(references[0]))
    (post,) = round_at(marsh, now)
    assert sorted(listed(post)) == sorted(references)


def test_of_two_rounds_at_once_each_message_leaves_in_one(marsh: Marsh) -> None:
    """Another replica's round begins while this one's mail is on its way."""
    references = questions(marsh, 5)
    inner = Box()

    def meanwhile(post: OutgoingMail) -> SendOutcome:
        marsh.deliver(ASKING, inner)
        return taken(post)

    (post,) = round_at(marsh, ASKING, meanwhile)
    assert sorted(listed(post)) == sorted(references)
    assert inner.posts == []


# The planted bugs.


def test_planted_urgent_messages_in_a_digest_are_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    real = digest.batches_of
    monkeypatch.setattr(digest, "batches_of", lambda listed: real([replace(one, urgent=False) for one in listed]))
    with pytest.raises(AssertionError):
        test_what_is_urgent_goes_alone_beside_a_digest(marsh)


def test_planted_messages_to_several_people_in_a_digest_are_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "batches_of", lambda listed: [[one.key for one in listed]])
    monkeypatch.setattr(digest, "mails_of_batch", lambda attempts: [list(attempts)])
    with pytest.raises((AssertionError, ValueError)):
        test_messages_to_several_people_go_as_they_are(marsh)


def test_planted_what_is_new_in_what_is_tried_again_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    real = digest.batches_of
    monkeypatch.setattr(digest, "batches_of", lambda listed: real([replace(one, attempts=0) for one in listed]))
    with pytest.raises((AssertionError, ValueError)):
        test_tried_again_it_is_the_same_message_and_what_is_new_goes_apart(marsh)


def test_planted_an_identity_from_the_clock_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "identify_messages", lambda authority, keys: str(len(seen.append(1) or seen)))  # type: ignore[func-returns-value]
    seen: list[int] = []
    with pytest.raises(AssertionError):
        test_a_sender_that_died_is_followed_up_under_the_same_identity(marsh)


def test_planted_an_identity_from_the_person_alone_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader's mail program would throw the second one away, with lines that were never read."""
    monkeypatch.setattr(digest, "identify_messages", lambda authority, keys: "always")
    with pytest.raises(AssertionError):
        test_with_another_line_it_is_another_message(marsh)


def test_planted_a_digest_that_is_not_marked_as_a_whole_is_sent_twice(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    patch = pytest.MonkeyPatch()
    patch.setattr(outbox, "note_accepted", lambda *given: None)
    try:
        with pytest.raises(AssertionError):
            test_killed_after_the_first_message_was_settled_nobody_is_sent_a_second_copy(marsh, monkeypatch)
    finally:
        patch.undo()


def test_planted_a_failure_of_the_first_item_only_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    real = outbox.record_attempt
    first: list[Any] = []

    def only_the_first(casework: Any, authority: str, attempt: Any, outcome: SendOutcome, now: datetime) -> str:
        if outcome.refused:
            first.append(attempt)
        if len(first) > 1:
            outcome = SendOutcome(accepted=frozenset(outcome.refused))
        return real(casework, authority, attempt, outcome, now)

    monkeypatch.setattr(outbox, "record_attempt", only_the_first)
    with pytest.raises(AssertionError):
        test_refused_for_good_it_is_a_failure_of_each_item(marsh)


def test_planted_lines_of_what_lapsed_are_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "has_lapsed", lambda row, loaded: False)
    with pytest.raises(AssertionError):
        test_of_what_is_sealed_there_is_no_line(marsh)
