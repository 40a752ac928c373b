"""Mail under a slow or absent relay: nothing twice, nobody's link behind a queue, and what could not leave goes when it can."""

import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from threading import Event, Semaphore, Thread
from typing import Any

import pytest

from drp.database.engine import Store
from drp.messages import delivery_store
from notifications import outbox, outbox_round, smtp
from notifications.channels import OutgoingMail, SendOutcome
from notifications.outbox import deliver_messages
from notifications.outbox_round import deliver_fairly
from notifications.record_outcome import WAITS
from notifications.returns import ReturnAddress
from tests.cast.marsh import CLIMBS, KEY, RAISED, Box, Marsh, sender
from tests.faults.world import founded
from tests.notifications.peers import HANG, SENDER, Scripted, but, polite
from workflows.model import events as e
from workflows.model.ladder import ItemType

MAILS_OF_ONE = 2
"""Of each item's message one mail for those asked, and one for those copied."""


@dataclass
class Moving:
    """A clock that moves when somebody says so."""

    now: datetime = RAISED

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Slow:
    """A relay that takes a while over each mail; `meanwhile` is what another replica does then."""

    clock: Moving
    takes: timedelta
    meanwhile: Callable[[], object] = lambda: None
    got: list[str] = field(default_factory=list)

    def send(self, post: OutgoingMail) -> SendOutcome:
        self.got += [f"{post.message_id} {address}" for address in post.envelope]
        self.clock.now += self.takes
        self.meanwhile()
        return SendOutcome(accepted=frozenset(post.envelope))


def twice(*relays: Any) -> list[str]:
    return [one for one, times in Counter(one for relay in relays for one in relay.got).items() if times > 1]


# Claims are made and renewed at the moment itself.


def run_beside_another(store: Store, clock_of: Callable[[Moving], Callable[[], datetime]], returns: bool = False) -> list[str]:
    """One replica sends through a relay of six minutes a mail; after each of its mails another looks what is due."""
    marsh, _ = founded(store)
    for _ in range(4):
        marsh.raised()
    clock = Moving()
    quick = Slow(clock, timedelta())
    slow = Slow(clock, timedelta(minutes=6), lambda: deliver_messages(marsh.casework, KEY, clock, sender(quick)))
    mine = sender(slow)
    if returns:
        mine = replace(mine, returns=ReturnAddress("back@marsh.example", b"s" * 32))
    deliver_messages(marsh.casework, KEY, clock_of(clock), mine)
    assert len({*slow.got, *quick.got}) >= 4 * MAILS_OF_ONE, "all of it left"
    return [one for one in twice(slow, quick) if "digest" not in one]


def test_a_slow_relay_and_two_replicas_send_nothing_twice(store: Store) -> None:
    assert run_beside_another(store, lambda clock: clock) == []


def test_a_claim_that_has_run_out_is_not_sent_on(store: Store) -> None:
    """With a mail for each person one message takes longer than a claim lasts: it is renewed before each mail."""
    assert run_beside_another(store, lambda clock: clock, returns=True) == []


def test_planted_a_round_that_freezes_its_moment_sends_twice(store: Store) -> None:
    assert run_beside_another(store, lambda clock: lambda: RAISED) != []


def test_planted_a_claim_that_is_not_renewed_sends_twice(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "RENEW_AFTER", timedelta(days=1))
    assert run_beside_another(store, lambda clock: clock, returns=True) != []


# Lanes, shares and conversations.


@dataclass
class Busy:
    """A relay that keeps every mail until it is let go, and says how many it has in hand."""

    in_hand: Semaphore = field(default_factory=lambda: Semaphore(0))
    let_go: Event = field(default_factory=Event)
    got: list[OutgoingMail] = field(default_factory=list)

    def send(self, post: OutgoingMail) -> SendOutcome:
        self.got.append(post)
        self.in_hand.release()
        assert self.let_go.wait(30)
        return SendOutcome(accepted=frozenset(post.envelope))


def a_round(marsh: Marsh, channel: Any, is_urgent: bool = False, conversations: int = 1, **more: Any) -> Any:
    given: dict[str, Any] = {"stopwatch": time.monotonic, "stops": lambda: False} | more
    return deliver_fairly(
        marsh.casework, {KEY: sender(channel)}, lambda: RAISED, is_urgent, conversations, given["stopwatch"], given["stops"]
    )


def test_an_urgent_item_does_not_wait_behind_the_queue(store: Store) -> None:
    marsh, _ = founded(store)
    for _ in range(5):
        marsh.raised()
    queue = Busy()
    sending = Thread(target=a_round, args=(marsh, queue))
    sending.start()
    assert queue.in_hand.acquire(timeout=20)
    marsh.raised(event=e.Raised(ItemType.URGENT, ("drift",), "It cannot wait."))
    box = Box()
    done = a_round(marsh, box, is_urgent=True)
    assert done[KEY].sent >= 1
    assert not queue.let_go.is_set(), "while the queue stands"
    queue.let_go.set()
    sending.join(30)
    assert not {post.message_id for post in box.posts} & {post.message_id for post in queue.got}


def test_several_conversations_send_at_once(store: Store) -> None:
    marsh, _ = founded(store)
    for _ in range(6):
        marsh.raised()
    relay = Busy()
    sending = Thread(target=a_round, args=(marsh, relay), kwargs={"conversations": 3})
    sending.start()
    assert all(relay.in_hand.acquire(timeout=20) for _ in range(3))
    assert len(relay.got) == 3
    relay.let_go.set()
    sending.join(30)
    assert Counter(marsh.state_of("asked")) == {"sent": 6}


def test_each_authority_has_its_turn(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's thousand messages do not stand before another's one."""
    marsh, _ = founded(store)
    order: list[str] = []
    waiting = {"large": [["l"]] * 50, "small": [["s"]] * 2}
    monkeypatch.setattr(outbox_round, "list_batches", lambda turn, most, urgent: waiting[turn.authority])
    monkeypatch.setattr(outbox_round, "deliver_batch", lambda turn, keys: order.append(turn.authority))
    senders = {"large": sender(Box()), "small": sender(Box())}
    deliver_fairly(marsh.casework, senders, lambda: RAISED, False, 1, time.monotonic, lambda: False)
    assert order[:5] == ["large", "small", "large", "small", "large"]
    assert len(order) == 52


def test_a_round_ends_after_a_while_and_when_the_process_is_to_end(store: Store) -> None:
    marsh, _ = founded(store)
    for _ in range(4):
        marsh.raised()
    seconds = iter(range(0, 10_000, 25))
    done = a_round(marsh, Box(), stopwatch=lambda: float(next(seconds)))
    assert 0 < done[KEY].sent < 4
    box = Box()
    a_round(marsh, box, stops=lambda: bool(box.posts))
    assert len(box.posts) == MAILS_OF_ONE, "the one in hand is finished, and no other begun"


def test_several_mails_leave_in_one_conversation(store: Store) -> None:
    marsh, _ = founded(store)
    for _ in range(5):
        marsh.raised()
    peer = Scripted(polite)
    with peer.running(5) as channel:
        marsh.deliver(RAISED, channel)
    assert (len(peer.got), peer.steps.count("CONNECT")) == (5 * MAILS_OF_ONE, 1)


def test_a_conversation_that_the_relay_has_ended_is_begun_anew(store: Store) -> None:
    marsh, _ = founded(store)
    first, second = marsh.raised(), ""
    peer = Scripted(polite)
    with peer.serving() as port:
        channel = smtp.Smtp(smtp.Relay("127.0.0.1", port, timeout_seconds=2), SENDER)
        marsh.deliver(RAISED, channel)
    later = Scripted(polite)
    second = marsh.raised()
    with socket.create_server(("127.0.0.1", port)) as taken:
        taken.close()
    with later.serving(port) as _:
        marsh.deliver(RAISED, channel)
        channel.cut()
    assert marsh.state_of("asked", first) == marsh.state_of("asked", second) == ["sent"]
    assert len(later.got) == MAILS_OF_ONE


# A relay that is not there, or never stops talking.


def nobody_listens() -> smtp.Smtp:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return smtp.Smtp(smtp.Relay("127.0.0.1", port, timeout_seconds=0.4), SENDER)


def test_where_nobody_listens_a_round_asks_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that hangs at its greeting costs one wait, and not one for each message."""
    marsh, _ = founded(store)
    for _ in range(6):
        marsh.raised()
    peer = Scripted(but(CONNECT=HANG))
    with peer.running(0.4) as channel:
        marsh.deliver(RAISED, channel)
    assert peer.steps.count("CONNECT") == 1
    assert marsh.state_of("asked") == ["waiting"] * 6


def test_attempts_go_on_for_five_days_and_what_failed_goes_when_the_relay_is_back(store: Store) -> None:
    marsh, _ = founded(store)
    reference, now = marsh.raised(), RAISED
    gone = nobody_listens()
    assert sum(WAITS, timedelta()) > timedelta(days=5)
    for wait in WAITS:
        marsh.deliver(now, gone)
        assert marsh.state_of("asked", reference) == ["waiting"]
        now += wait
    marsh.deliver(now, gone)
    assert marsh.state_of("asked", reference) == ["failed"]
    peer = Scripted(polite)
    with peer.running(5) as channel:
        marsh.deliver(now + timedelta(minutes=1), channel)
    assert marsh.state_of("asked", reference) == ["sent"]
    assert {mail for subject, _, mail, _ in marsh.mails(reference) if subject == "asked"} == {"accepted"}


def test_what_waits_for_hours_goes_as_soon_as_the_relay_is_back(store: Store) -> None:
    marsh, _ = founded(store)
    reference, now = marsh.raised(), RAISED
    gone = nobody_listens()
    for wait in WAITS[:5]:
        marsh.deliver(now, gone)
        now += wait
    marsh.deliver(now, gone)  # the next attempt would be in four hours
    soon = now + timedelta(minutes=1)
    marsh.deliver(soon, gone)
    assert marsh.state_of("asked", reference) == ["waiting"], "still nobody there"
    peer = Scripted(polite)
    with peer.running(5) as channel:
        marsh.deliver(soon, channel)
    assert marsh.state_of("asked", reference) == ["sent"]


def test_what_is_past_by_then_is_not_asked_for(store: Store) -> None:
    """The relay is back after the date: nobody reads that a reply is asked, and by when, of what has closed."""
    marsh, _ = founded(store)
    reference = marsh.raised()
    marsh.deliver(RAISED, nobody_listens())
    marsh.swept_daily(CLIMBS)
    peer = Scripted(polite)
    with peer.running(5) as channel:
        marsh.deliver(CLIMBS, channel)
    subjects = [str(message_from_bytes(one.data)["Subject"]) for one in peer.got]
    assert f"What was asked is no longer open: {reference}" in subjects
    bodies = [one.data for one in peer.got if b"no longer open" in one.data]
    assert bodies
    assert all(b"By the end of" not in body and b".ics" not in body for body in bodies)


def test_planted_a_relay_that_is_back_and_not_asked_leaves_it_waiting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_store, "waits_for_relay", lambda connection, authority, now: False)
    with pytest.raises(AssertionError):
        test_what_waits_for_hours_goes_as_soon_as_the_relay_is_back(store)


@pytest.mark.parametrize("line", ["220-" + "x" * 500, "220-" + "x" * 9000, "220-"])
def test_a_relay_that_greets_without_end_is_cut_off_at_a_bounded_number_of_bytes(line: str) -> None:
    sent = [0]
    server = socket.create_server(("127.0.0.1", 0))

    def greets() -> None:
        connection, _ = server.accept()
        with connection:
            try:
                while sent[0] < 50_000_000:
                    sent[0] += connection.send(f"{line}\r\n".encode() * 10)
            except OSError:
                pass

    thread = Thread(target=greets, daemon=True)
    thread.start()
    channel = smtp.Smtp(smtp.Relay("127.0.0.1", server.getsockname()[1], timeout_seconds=10), SENDER)
    before = time.monotonic()
    assert not channel.reaches()
    took = time.monotonic() - before
    thread.join(20)
    server.close()
    assert not thread.is_alive()
    assert sent[0] < 20_000_000, "what the system's own buffers take, and no more"
    assert took < 10
    sys.stdout.write(f"a greeting without end: cut off after {took:.2f} s\n")
