"""What is decided to be told leaves at least once, tries again with growing waits, or fails where somebody sees it."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from drp.casework.service import Casework
from drp.messages import delivery_store
from drp.messages.sending_pause import SendingPause, read_pause, release_messages, store_pause
from notifications.channels import OutgoingMail, SendOutcome, UnsafeMessage
from notifications.message_manners import MessageManner
from notifications.outbox import LEASE
from notifications.record_outcome import ALARM_AFTER, WAITS
from tests.cast.clock import when
from tests.cast.councils import NIGHT_AND_DAY, addresses
from tests.cast.marsh import CLIMBS, KEY, RAISED, Box, Marsh
from tests.cast.stores import beside_the_service
from tests.notifications.messages import Message, asked, closed_as, entered_how, messages_of, passed, unreached
from workflows.model import events as e
from workflows.model.ladder import ItemType

STAGE_1_TO = addresses("tess", "otto")
STAGE_1_COPY = addresses("quinn", "sam")


def refusing(*whom: str, why: str = "550 no such mailbox"):  # type: ignore[no-untyped-def]
    def answer(post: OutgoingMail) -> SendOutcome:
        refused = {address: why for address in post.envelope if address in whom}
        return SendOutcome(frozenset(set(post.envelope) - set(refused)), refused)

    return answer


def test_one_message_with_its_true_to_and_cc(marsh: Marsh) -> None:
    marsh.raised()
    box = Box()
    marsh.deliver(RAISED, box)
    (message,) = messages_of(box.posts)
    assert sorted(message.to) == sorted(STAGE_1_TO)
    assert sorted(message.copy) == sorted(STAGE_1_COPY)
    assert sorted(message.envelope) == sorted([*STAGE_1_TO, *STAGE_1_COPY])
    assert marsh.state_of("asked") == ["sent"]
    assert {mail for _, _, mail, _ in marsh.mails()} == {"accepted"}


def test_the_addressed_read_that_they_are_asked_and_the_copied_that_others_are(marsh: Marsh) -> None:
    reference = marsh.raised()
    box = Box()
    marsh.deliver(RAISED, box)
    to, copy = box.posts
    assert sorted(to.envelope) == sorted(STAGE_1_TO)
    assert sorted(copy.envelope) == sorted(STAGE_1_COPY)
    assert to.letter.subject == f"A reply is asked of you: {reference}"
    assert copy.letter.subject == f"Copied to you: a reply is asked of others: {reference}"
    assert "asks for your reply" in to.letter.text
    assert "your reply" not in copy.letter.text
    assert (to.to, to.copy) == (copy.to, copy.copy), "nobody is told behind another's back"
    assert copy.message_id == to.message_id.replace("@", "-copy@")


def test_the_iro_manager_told_only_because_nobody_else_is_there_is_alarmed_and_asked_nothing(marsh: Marsh) -> None:
    marsh.post_ends("tess", "team_manager", "2026-03-31")
    marsh.raised()
    box = Box()
    marsh.deliver(RAISED, box)
    (message,) = asked(box.posts)
    otto, mona = addresses("otto", "mona")
    assert sorted(message.to) == sorted([otto, mona])
    assert "asks for your reply" in message.read_by(otto).text
    alarmed = message.read_by(mona)
    assert "Nobody who should be told of it is there" in alarmed.text
    assert "your reply" not in alarmed.text
    assert "is asked of you" not in alarmed.subject


def test_a_delegate_reads_that_they_are_one_and_stands_in_the_same_headers(marsh: Marsh) -> None:
    marsh.cover("otto", "tom", delegate=True)
    marsh.raised()
    box = Box()
    marsh.deliver(RAISED, box)
    (message,) = asked(box.posts)
    (tom,) = addresses("tom")
    assert list(message.mails) == ["to", "copy", "delegate"]
    assert sorted(message.to) == sorted([*STAGE_1_TO, tom])
    assert message.mails[MessageManner.DELEGATE].envelope == (tom,)
    assert "As a delegate" in message.read_by(tom).subject
    assert "You are told as a delegate" in message.read_by(tom).text
    assert "delegate" not in message.read_by(STAGE_1_TO[0]).text


def test_one_mail_that_is_put_off_is_tried_again_alone_under_its_own_identity(marsh: Marsh) -> None:
    marsh.raised()

    def to_alone(post: OutgoingMail) -> SendOutcome:
        return SendOutcome(again="451 later") if STAGE_1_COPY[0] in post.envelope else SendOutcome(frozenset(post.envelope))

    box = Box(answer=to_alone)
    marsh.deliver(RAISED, box)
    assert marsh.state_of("asked") == ["waiting"]
    again = Box()
    marsh.deliver(RAISED + WAITS[0], again)
    (post,) = again.posts
    assert sorted(post.envelope) == sorted(STAGE_1_COPY)
    assert post.message_id == box.posts[1].message_id
    assert marsh.state_of("asked") == ["sent"]


def test_nothing_is_sent_twice(marsh: Marsh) -> None:
    marsh.raised()
    box = Box()
    marsh.deliver(RAISED, box)
    for minutes in (0, 1, 11, 600):
        assert not marsh.deliver(RAISED + timedelta(minutes=minutes), box).anything
    assert len(box.posts) == 2
    assert len(messages_of(box.posts)) == 1


def test_what_is_rolled_back_is_never_told(marsh: Marsh) -> None:
    from workflows.model.refusals import Refused

    with pytest.raises(Refused):
        marsh.raised(event=e.Raised(ItemType.FORMAL, ("no_such_reason",), "Words."))
    box = Box()
    marsh.deliver(RAISED, box)
    assert box.posts == []


def attempts(box: Box) -> list[Message]:
    """Every attempt at the first message: the same Message-ID each time."""
    messages = messages_of(box.posts)
    return [message for message in messages if message.message_id == messages[0].message_id]


def test_the_waits_grow_and_then_it_has_failed_in_sight_of_the_iro_manager(casework: Casework) -> None:
    marsh = Marsh.founded(casework, NIGHT_AND_DAY)
    reference = marsh.raised()
    box = Box(answer=lambda post: SendOutcome(again="451 try later"))
    now, tries = RAISED, []
    while marsh.state_of("asked", reference) == ["waiting"] and len(tries) < 100:
        marsh.deliver(now - timedelta(seconds=1), box)
        assert len(attempts(box)) == len(tries), "not a second early"
        marsh.deliver(now, box)
        tries.append(now)
        # Long before it is given up, the IRO side hears that it does not leave: a relay that is down is not "no reply".
        assert unreached(marsh, reference) == ({"team_manager", "service_manager"} if len(tries) >= ALARM_AFTER else set())
        now = marsh.notifications(reference)[0]["next_at"]
    assert [after - before for before, after in pairwise(tries)] == list(WAITS)
    assert list(WAITS) == sorted(WAITS)
    assert len(attempts(box)) == len(tries)
    assert marsh.state_of("asked", reference) == ["failed"]
    told = [(key, mail) for subject, key, mail, _ in marsh.mails(reference) if subject == "delivery_failed"]
    assert sorted(told) == [("irene", "waiting")] * 2 + [("mona", "waiting")] * 2, "said once for each of two asked, to two"
    assert now < CLIMBS
    assert passed(marsh, reference) == ["not reached"]


def test_after_a_failure_it_climbs_as_not_reached_and_never_for_want_of_a_reply(marsh: Marsh) -> None:
    reference = marsh.raised()
    marsh.deliver(RAISED, Box(answer=refusing(STAGE_1_TO[0])))
    assert unreached(marsh, reference) == {"team_manager"}
    assert passed(marsh, reference) == ["not reached"]
    told = [key for subject, key, *_ in marsh.mails(reference) if subject == "ask_not_reached"]
    assert sorted(told) == ["irene", "mona"]


def test_after_two_stages_in_a_row_that_were_not_reached_it_waits_for_the_iro(marsh: Marsh) -> None:
    reference = marsh.raised()
    everybody = Box(answer=lambda post: SendOutcome(refused=dict.fromkeys(post.envelope, "550 no")))
    marsh.deliver(RAISED, everybody)
    assert passed(marsh, reference) == ["not reached"]
    marsh.deliver(CLIMBS, everybody)
    second = marsh.stored(reference).challenge.main_window()
    assert second is not None
    marsh.swept_daily(second.acts_at, CLIMBS)
    assert closed_as(marsh, reference) == ["not reached", "not reached"]
    assert entered_how(marsh, reference) == ["raised", "not_reached"]
    assert [key for subject, key, *_ in marsh.mails(reference) if subject == "what_next"] == ["irene"]


def test_what_is_sent_again_in_good_time_was_reached_after_all(marsh: Marsh) -> None:
    reference = marsh.raised()
    marsh.deliver(RAISED, Box(answer=refusing(STAGE_1_TO[0])))
    later = RAISED + timedelta(hours=2)
    with marsh.store.write(KEY) as connection:
        release_messages(connection, KEY, later)
    marsh.deliver(later, Box())
    assert passed(marsh, reference) == ["no reply"]


def test_without_a_failure_it_climbs(marsh: Marsh) -> None:
    reference = marsh.raised()
    marsh.deliver(RAISED, Box())
    assert passed(marsh, reference) == ["no reply"]


def test_a_refusal_of_one_never_stops_the_others(marsh: Marsh) -> None:
    reference = marsh.raised()
    box = Box(answer=refusing(STAGE_1_TO[1]))
    marsh.deliver(RAISED, box)
    became = {key: mail for subject, key, mail, _ in marsh.mails(reference) if subject == "asked"}
    assert became == {"tess": "accepted", "otto": "refused", "quinn": "accepted", "sam": "accepted"}
    assert marsh.state_of("asked") == ["failed"]
    (message,) = asked(box.posts)
    assert sorted(message.envelope) == sorted([*STAGE_1_TO, *STAGE_1_COPY])  # and nobody is sent another
    box.answer = Box().answer
    marsh.deliver(RAISED + timedelta(hours=1), box)
    assert len(asked(box.posts)) == 1


def test_a_refusal_stays_in_sight_although_the_others_came_later(marsh: Marsh) -> None:
    """One is refused for good, one only put off: when the second gets it, the first is still a failure."""
    reference = marsh.raised()
    refused, later = STAGE_1_TO

    def first(post: OutgoingMail) -> SendOutcome:
        return SendOutcome(frozenset(set(post.envelope) - {refused, later}), {refused: "550 no"}, "451 greylisted")

    marsh.deliver(RAISED, Box(answer=first))
    assert marsh.state_of("asked") == ["waiting"]
    box = Box()
    marsh.deliver(RAISED + timedelta(minutes=1), box)
    (second,) = asked(box.posts)
    assert second.envelope == (later,)
    assert marsh.state_of("asked") == ["failed"]
    assert [key for subject, key, mail, _ in marsh.mails(reference) if (subject, mail) == ("asked", "refused")] == ["tess"]


def test_a_refused_copy_is_a_failure_in_sight_and_no_reply_is_still_no_reply(marsh: Marsh) -> None:
    reference = marsh.raised()
    marsh.deliver(RAISED, Box(answer=refusing(STAGE_1_COPY[0])))
    assert marsh.state_of("asked") == ["failed"]
    assert unreached(marsh, reference) == set()
    assert passed(marsh, reference) == ["no reply"]


def test_release_sends_again_to_those_only_whom_it_did_not_reach(marsh: Marsh) -> None:
    marsh.raised()
    marsh.deliver(RAISED, Box(answer=refusing(STAGE_1_TO[1])))
    later = RAISED + timedelta(hours=2)
    with marsh.store.write(KEY) as connection:
        assert release_messages(connection, KEY, later) == 1
    box = Box()
    marsh.deliver(later, box)
    (again,) = asked(box.posts)
    assert again.envelope == (STAGE_1_TO[1],)
    assert marsh.state_of("asked") == ["sent"]


def test_two_people_with_one_address_get_one_copy_and_are_both_accounted_for(marsh: Marsh) -> None:
    marsh.changes("otto", email="tess@marsh.example")
    reference = marsh.raised()
    box = Box()
    marsh.deliver(RAISED, box)
    assert [*box.reached()].count("tess@marsh.example") == 1
    assert {mail for _, _, mail, _ in marsh.mails(reference)} == {"accepted"}


@pytest.mark.parametrize("address", ["", "nobody", "a@b,c@d", "tess@marsh.example\r\nBcc: x@y.example"])
def test_an_address_that_cannot_be_written_to_is_a_failure_in_sight(marsh: Marsh, address: str) -> None:
    reference = marsh.raised()
    marsh.changes("tess", email=address)
    box = Box()
    marsh.deliver(RAISED, box)
    assert sorted(box.reached()) == sorted([STAGE_1_TO[1], *STAGE_1_COPY])
    assert marsh.state_of("asked") == ["failed"]
    assert ("delivery_failed", "mona") in [(subject, key) for subject, key, _, _ in marsh.mails(reference)]
    assert passed(marsh, reference) == ["not reached"]


def test_an_address_outside_the_domains_allowed_gets_nothing_and_is_a_failure_in_sight(marsh: Marsh) -> None:
    reference = marsh.raised()
    marsh.changes("tess", email="tess@evilmarsh.example")
    box = Box()
    marsh.deliver(RAISED, box, domains=("marsh.example",))
    assert "tess@evilmarsh.example" not in box.reached()
    assert marsh.state_of("asked") == ["failed"]
    assert passed(marsh, reference) == ["not reached"]


def test_what_must_not_be_sent_is_a_failure_in_sight(marsh: Marsh) -> None:
    reference = marsh.raised()

    def unsafe(post: OutgoingMail) -> SendOutcome:
        raise UnsafeMessage("it would carry more than was meant")

    marsh.deliver(RAISED, Box(answer=unsafe))
    assert marsh.state_of("asked") == ["failed"]
    assert {mail for subject, _, mail, _ in marsh.mails(reference) if subject == "asked"} == {"refused"}
    assert ("delivery_failed", "mona") in [(subject, key) for subject, key, _, _ in marsh.mails(reference)]


def test_a_fault_in_one_message_does_not_keep_the_others_back(marsh: Marsh, caplog: pytest.LogCaptureFixture) -> None:
    from sqlalchemy import update
    from sqlmodel import col

    from drp.database.message_tables import NotificationRow

    first, second = marsh.raised(), marsh.raised(child="C-2", by="ivor")
    with beside_the_service(marsh.store, KEY) as connection:
        bad = marsh.notifications(first)[0]["challenge"]
        connection.execute(update(NotificationRow).where(col(NotificationRow.challenge) == bad).values(subject="not a subject"))
    box = Box()
    now = RAISED
    marsh.deliver(now, box)
    assert marsh.state_of("asked", second) == ["sent"]
    assert "message not sent" in caplog.text
    for _ in WAITS:
        now += WAITS[-1]
        marsh.deliver(now, box)
    assert {row["state"] for row in marsh.notifications(first)} == {"failed"}


def test_a_channel_that_breaks_is_tried_again(marsh: Marsh) -> None:
    reference = marsh.raised()

    def broken(post: OutgoingMail) -> SendOutcome:
        raise KeyError("a fault of ours")

    marsh.deliver(RAISED, Box(answer=broken))
    assert marsh.state_of("asked", reference) == ["waiting"]
    marsh.deliver(RAISED + WAITS[0], Box())
    assert marsh.state_of("asked", reference) == ["sent"]


def test_a_sender_that_died_is_followed_up_when_its_lease_ends(marsh: Marsh) -> None:
    class Died(BaseException):
        pass

    def dies(post: OutgoingMail) -> SendOutcome:
        raise Died

    marsh.raised()
    with pytest.raises(Died):
        marsh.deliver(RAISED, Box(answer=dies))
    box = Box()
    marsh.deliver(RAISED + LEASE - timedelta(seconds=1), box)
    assert box.posts == []
    marsh.deliver(RAISED + LEASE, box)
    assert len(messages_of(box.posts)) == 1


# One person for several who are asked.


def otto_for_both(marsh: Marsh, how: str) -> str:
    """The service manager is asked, and is asked for the team manager too, or sees beside her."""
    if how == "both posts":
        marsh.post_ends("tess", "team_manager", "2026-03-01")
        marsh.post_begins("otto", "team_manager", held_for="team", key="north")
    else:
        marsh.cover("tess", "otto", delegate=how == "delegate")
    return marsh.raised()


@pytest.mark.parametrize("how", ["cover", "both posts", "delegate"])
def test_who_is_asked_for_two_is_reached_for_both_and_reads_that_they_are_asked(marsh: Marsh, how: str) -> None:
    reference = otto_for_both(marsh, how)
    box = Box()
    marsh.deliver(RAISED, box)
    (message,) = asked(box.posts)
    assert list(message.mails) == ["to", "copy"]
    assert message.read_by(STAGE_1_TO[1]).subject == f"A reply is asked of you: {reference}"
    assert passed(marsh, reference) == ["no reply"]


@pytest.mark.parametrize("how", ["cover", "both posts"])
def test_what_does_not_arrive_at_one_who_is_asked_for_two_is_said_of_both(marsh: Marsh, how: str) -> None:
    reference = otto_for_both(marsh, how)
    marsh.deliver(RAISED, Box(answer=refusing(STAGE_1_TO[1])))
    assert unreached(marsh, reference) == {"team_manager", "service_manager"}
    assert passed(marsh, reference) == ["not reached"]


@pytest.mark.parametrize("role", ["team_manager", "service_manager"])
def test_said_not_to_have_arrived_at_one_who_is_asked_for_two_it_is_not_reached(marsh: Marsh, role: str) -> None:
    reference = otto_for_both(marsh, "cover")
    marsh.deliver(RAISED, Box())
    marsh.act("irene", reference, e.DidNotArrive(role), RAISED + timedelta(hours=1))
    assert passed(marsh, reference) == ["not reached"]


def test_a_delegate_who_got_it_does_not_stand_for_whoever_did_not(marsh: Marsh) -> None:
    reference = otto_for_both(marsh, "delegate")
    marsh.deliver(RAISED, Box(answer=refusing(STAGE_1_TO[0])))
    assert unreached(marsh, reference) == {"team_manager"}
    assert passed(marsh, reference) == ["not reached"]


def test_who_gives_one_of_two_posts_up_is_still_told_for_the_other(marsh: Marsh) -> None:
    marsh.post_begins("otto", "team_manager", held_for="team", key="north")
    marsh.post_ends("tess", "team_manager", "2026-03-01")
    marsh.raised(when("Wed 1 April 2026, 22:00"))
    marsh.post_ends("otto", "team_manager", "2026-04-01")
    box = Box()
    marsh.deliver(when("Thu 2 April 2026, 08:00"), box)
    assert STAGE_1_TO[1] in box.reached()


def test_of_two_with_one_address_the_mail_speaks_to_whoever_is_asked(marsh: Marsh) -> None:
    for shared, delegate in (("tess@marsh.example", "tom"), ("otto@marsh.example", "cora")):
        marsh.changes(delegate, email=shared)
        marsh.cover(shared.partition("@")[0], delegate, delegate=True)
    reference = marsh.raised()
    box = Box()
    marsh.deliver(RAISED, box)
    (message,) = asked(box.posts)
    assert list(message.mails) == ["to", "copy"]
    assert {message.read_by(address).subject for address in STAGE_1_TO} == {f"A reply is asked of you: {reference}"}


def test_planted_one_copy_that_is_for_the_first_party_alone_is_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    from drp.casework import save

    monkeypatch.setattr(save, "ANSWERING", frozenset())
    with pytest.raises(AssertionError):
        test_who_is_asked_for_two_is_reached_for_both_and_reads_that_they_are_asked(marsh, "both posts")


# Hours.


@pytest.mark.parametrize(
    ("now", "leaves"),
    [
        ("Fri 27 March 2026, 17:59", "Fri 27 March 2026, 17:59"),  # a Friday in winter time
        ("Fri 27 March 2026, 18:00", "Mon 30 March 2026, 08:00"),  # the clocks go forward on the 29th
        ("Sat 28 March 2026, 12:00", "Mon 30 March 2026, 08:00"),
        ("Mon 30 March 2026, 07:59", "Mon 30 March 2026, 08:00"),
        ("Thu 2 April 2026, 20:00", "Tue 7 April 2026, 08:00"),  # over Easter
        ("Fri 23 October 2026, 17:59", "Fri 23 October 2026, 17:59"),
        ("Fri 23 October 2026, 18:00", "Mon 26 October 2026, 08:00"),  # the clocks go back on the 25th
        ("Mon 26 October 2026, 07:59", "Mon 26 October 2026, 08:00"),
        ("Thu 24 December 2026, 18:00", "Tue 29 December 2026, 08:00"),  # Christmas, Boxing Day's substitute
    ],
)
def test_it_keeps_the_authoritys_hours_on_both_sides_of_a_change_of_clocks(marsh: Marsh, now: str, leaves: str) -> None:
    raised, opens = when(now), when(leaves)
    marsh.raised(raised)
    box = Box()
    marsh.deliver(raised, box)
    assert len(messages_of(box.posts)) == (1 if raised == opens else 0)
    marsh.deliver(opens - timedelta(seconds=1), box)
    assert len(messages_of(box.posts)) == (1 if raised == opens else 0)
    marsh.deliver(opens, box)
    assert len(messages_of(box.posts)) == 1


def test_the_hours_are_local_and_not_utc(marsh: Marsh) -> None:
    assert when("Fri 27 March 2026, 08:00") == datetime(2026, 3, 27, 8, tzinfo=UTC)
    assert when("Mon 30 March 2026, 08:00") == datetime(2026, 3, 30, 7, tzinfo=UTC)


def test_waiting_for_the_morning_uses_up_no_attempt(marsh: Marsh) -> None:
    night = when("Wed 1 April 2026, 22:00")
    marsh.raised(night)
    marsh.deliver(night, Box())
    assert [row["attempts"] for row in marsh.notifications()] == [0]


def test_what_is_urgent_leaves_at_night(marsh: Marsh) -> None:
    night = when("Fri 3 April 2026, 23:30")
    marsh.raised(night, event=e.Raised(ItemType.URGENT, ("drift",), "It cannot wait."))
    box = Box()
    marsh.deliver(night, box)
    assert len(messages_of(box.posts)) == 1


# Sending that is paused.


def pause(marsh: Marsh, where: str, until: datetime | None = None) -> None:
    with marsh.store.write(KEY) as connection:
        store_pause(connection, KEY, SendingPause(where, why="We look at it first.", until=until) if where else None)


def test_a_pause_holds_everything_until_it_is_let_go(marsh: Marsh) -> None:
    pause(marsh, "all")
    reference = marsh.raised()
    box = Box()
    assert marsh.deliver(RAISED, box).braked == 1
    assert not marsh.deliver(RAISED + timedelta(days=1), box).anything
    assert box.posts == []
    assert marsh.state_of("asked", reference) == ["braked"]
    pause(marsh, "")
    assert not marsh.deliver(RAISED + timedelta(days=1), box).anything, "only by hand"
    later = RAISED + timedelta(days=1)
    with marsh.store.write(KEY) as connection:
        assert release_messages(connection, KEY, later) == 1
    marsh.deliver(later, box)
    assert len(messages_of(box.posts)) == 1


def test_a_pause_above_a_stage_lets_that_stage_go(marsh: Marsh) -> None:
    pause(marsh, "stage_1")
    low = marsh.raised()
    box = Box()
    marsh.deliver(RAISED, box)
    assert marsh.state_of("asked", low) == ["sent"]
    marsh.act("irene", low, e.Escalated("Not answered well."), RAISED + timedelta(hours=1))
    marsh.deliver(RAISED + timedelta(hours=1), box)
    assert marsh.state_of("asked", low) == ["sent", "braked"]
    assert addresses("cora")[0] not in box.reached()


def test_what_is_urgent_leaves_although_sending_is_paused(marsh: Marsh) -> None:
    pause(marsh, "all")
    calm = marsh.raised()
    urgent = marsh.raised(event=e.Raised(ItemType.URGENT, ("drift",), "It cannot wait."))
    box = Box()
    marsh.deliver(RAISED, box)
    assert (marsh.state_of("asked", calm), marsh.state_of("asked", urgent)) == (["braked"], ["sent"])
    (message,) = messages_of(box.posts)
    assert urgent in message.letter.subject


def test_of_a_referral_the_iro_hears_although_sending_is_paused(marsh: Marsh) -> None:
    reference = marsh.raised()
    marsh.deliver(RAISED, Box())
    pause(marsh, "all")
    marsh.act("irene", reference, e.Escalated("It is for the top.", to_stage="stage_4"), RAISED)
    box = Box()
    marsh.deliver(RAISED, box)
    assert marsh.state_of("about_cafcass", reference) == ["sent"]
    assert addresses("irene")[0] in box.reached()


def test_a_pause_lapses_by_itself_and_what_it_held_leaves_at_once(marsh: Marsh) -> None:
    lapses = RAISED + timedelta(days=1)
    pause(marsh, "all", lapses)
    reference = marsh.raised()
    box = Box()
    marsh.deliver(RAISED, box)
    marsh.deliver(lapses - timedelta(seconds=1), box)
    assert box.posts == []
    marsh.deliver(lapses, box)
    assert len(messages_of(box.posts)) == 1
    assert marsh.state_of("asked", reference) == ["sent"]
    with marsh.store.read(KEY) as connection:
        assert read_pause(connection, KEY) is None


def test_nobody_is_blamed_whose_mail_a_pause_held(marsh: Marsh) -> None:
    pause(marsh, "all")
    reference = marsh.raised()
    marsh.deliver(RAISED, Box())
    assert passed(marsh, reference) == ["not reached"]


# What has no point any more.


def test_a_reminder_whose_window_closed_lapses(marsh: Marsh) -> None:
    reference = marsh.raised()
    marsh.deliver(RAISED, Box())
    reminds = when("Tue 7 April 2026, 09:00")
    marsh.swept_daily(reminds)
    assert marsh.state_of("reminder", reference) == ["waiting"]
    for who in ("tess", "otto"):
        marsh.act(who, reference, e.Responded("agrees", "We will."), reminds + timedelta(minutes=5))
    box = Box()
    marsh.deliver(reminds + timedelta(minutes=6), box)
    assert marsh.state_of("reminder", reference) == ["lapsed"]
    said = {(mail, why) for subject, _, mail, why in marsh.mails(reference) if subject == "reminder"}
    assert said == {("lapsed", "what it is about was answered, or its date was over, before the mail left")}
    assert not [post for post in box.posts if "reminder" in post.letter.subject]
    assert [post for post in box.posts if "reply for you to judge" in post.letter.subject]


def test_a_question_on_what_has_ended_lapses(marsh: Marsh) -> None:
    night = when("Wed 1 April 2026, 22:00")
    reference = marsh.raised(night)
    marsh.act("irene", reference, e.Withdrawn("Raised too soon."), night + timedelta(minutes=1))
    box = Box()
    marsh.deliver(when("Thu 2 April 2026, 08:00"), box)
    assert marsh.state_of("asked", reference) == ["lapsed"]
    assert not [post for post in box.posts if "A reply is asked" in post.letter.subject]
    said = {(mail, why) for subject, _, mail, why in marsh.mails(reference) if subject == "asked"}
    assert said == {("lapsed", "the item had ended before the mail left")}


def test_planted_copies_of_what_lapsed_that_stand_as_waiting_are_caught(marsh: Marsh, monkeypatch: pytest.MonkeyPatch) -> None:
    def of_the_message_alone(connection: Any, authority: str, key: Any, why: str) -> None:
        delivery_store.note_message(connection, authority, key, state="lapsed")

    monkeypatch.setattr(delivery_store, "lapse_message", of_the_message_alone)
    with pytest.raises(AssertionError):
        test_a_question_on_what_has_ended_lapses(marsh)


def test_of_what_is_sealed_nothing_leaves(marsh: Marsh) -> None:
    night = when("Wed 1 April 2026, 22:00")
    reference = marsh.raised(night)
    marsh.act("irene", reference, e.RecordedInError("The wrong child."), night + timedelta(minutes=1))
    box = Box()
    marsh.deliver(when("Thu 2 April 2026, 08:00"), box)
    assert box.posts == []
    assert {row["state"] for row in marsh.notifications(reference)} == {"lapsed"}


# Who is no longer to be told.


def test_who_left_between_commit_and_sending_gets_nothing(marsh: Marsh) -> None:
    marsh.raised(when("Wed 1 April 2026, 22:00"))
    marsh.leaves("tess", "2026-04-01")
    box = Box()
    marsh.deliver(when("Thu 2 April 2026, 08:00"), box)
    assert sorted(box.reached()) == sorted([STAGE_1_TO[1], *STAGE_1_COPY])
    assert STAGE_1_TO[0] not in box.posts[0].to


def test_who_leaves_today_is_still_here_today(marsh: Marsh) -> None:
    marsh.raised()
    marsh.leaves("tess", "2026-04-01")
    box = Box()
    marsh.deliver(RAISED, box)
    assert STAGE_1_TO[0] in box.reached()


def test_who_moved_post_gets_nothing(marsh: Marsh) -> None:
    marsh.raised(when("Wed 1 April 2026, 22:00"))
    marsh.post_ends("otto", "service_manager", "2026-04-01")
    box = Box()
    marsh.deliver(when("Thu 2 April 2026, 08:00"), box)
    assert STAGE_1_TO[1] not in box.reached()
    assert [mail for subject, key, mail, _ in marsh.mails() if (subject, key) == ("asked", "otto")] == ["skipped"]


def test_a_changed_address_is_written_to_and_the_old_one_is_not(marsh: Marsh) -> None:
    marsh.raised(when("Wed 1 April 2026, 22:00"))
    marsh.changes("tess", email="tess.north@marsh.example")
    box = Box()
    marsh.deliver(when("Thu 2 April 2026, 08:00"), box)
    assert "tess.north@marsh.example" in box.reached()
    assert STAGE_1_TO[0] not in box.reached()


def test_where_everybody_left_the_message_lapses_and_is_not_called_sent(marsh: Marsh) -> None:
    reference = marsh.raised(when("Wed 1 April 2026, 22:00"))
    for key in ("tess", "otto", "quinn", "sam"):
        marsh.leaves(key, "2026-04-01")
    box = Box()
    assert marsh.deliver(when("Thu 2 April 2026, 08:00"), box).lapsed == 1
    assert box.posts == []
    assert marsh.state_of("asked", reference) == ["lapsed"]


# Somebody chosen by name, in an agency.


def partner(marsh: Marsh, now: datetime) -> str:
    nina = str(marsh.id("nina"))
    event = e.Raised(ItemType.PARTNER_AGENCY, ("drift",), "Words.", to=(e.Chosen("named_nurse", nina),))
    return marsh.raised(now, event=event)


def test_somebody_chosen_by_name_is_written_to(marsh: Marsh) -> None:
    partner(marsh, RAISED)
    box = Box()
    marsh.deliver(RAISED, box)
    assert box.posts[0].to == tuple(addresses("nina"))


def test_the_cover_of_somebody_chosen_by_name_is_written_to(marsh: Marsh) -> None:
    marsh.post_begins("nora", "named_nurse", held_for="agency", key="health")
    marsh.cover("nina", "nora", date(2026, 3, 1), date(2026, 5, 1))
    reference = partner(marsh, RAISED)
    box = Box()
    marsh.deliver(RAISED, box)
    assert box.posts[0].to == tuple(addresses("nora"))
    assert {mail for subject, _, mail, _ in marsh.mails(reference) if subject == "asked"} == {"accepted"}


def test_somebody_chosen_by_name_who_no_longer_holds_the_role_gets_nothing(marsh: Marsh) -> None:
    partner(marsh, when("Wed 1 April 2026, 22:00"))
    marsh.post_ends("nina", "named_nurse", "2026-04-01")
    box = Box()
    marsh.deliver(when("Thu 2 April 2026, 08:00"), box)
    assert addresses("nina")[0] not in box.reached()
