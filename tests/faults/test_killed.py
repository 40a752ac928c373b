"""kill -9 of the whole service under load: nothing acknowledged is lost, nothing is half-done, nothing is done twice."""

import multiprocessing
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy.exc import ProgrammingError

from api.assembly import system_clock
from drp.casework.save import DecisionWriter
from drp.database.engine import Store
from notifications import outbox
from notifications.channels import Folder, OutgoingMail, SendOutcome
from tests.cast.direct import free_port
from tests.cast.marsh import CLIMBS, KEY, RAISED, Box, Marsh
from tests.faults import served
from tests.faults.checker import faults, lost
from tests.faults.world import Client, founded, note_body, raise_body, settings

SEED = int(os.environ.get("FAULTS_SEED", "20261122"))
ROUNDS = int(os.environ.get("FAULTS_KILLS", "10"))
MAIN = Path(__file__).parents[2]


_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.served"])


@contextmanager
def service(store: Store, var: Path, port: int, now: datetime, from_afresh: bool = False) -> Iterator[Any]:
    """The service as a process: `python -m`, or forked from one that has only imported it, which starts ten times as fast.

    It is this process, by its handle, that is ended.
    """
    known = settings(store.url, var)
    env = {
        "DRP_DATABASE_URL": known.database_url,
        "DRP_VAR": str(var),
        "DRP_HEARTBEAT": "false",
        "DRP_HOLD_AFTER_MINUTES": "600000",
        "DRP_MAIL_FROM": "r@marsh.example",
        "DRP_SWEEP_BATCH": "7",
        "FAULTS_AHEAD": str((now - system_clock()).total_seconds()),
    }
    process: Any
    if from_afresh:
        started = [sys.executable, "-m", "tests.faults.served", str(port)]
        process = subprocess.Popen(started, cwd=MAIN, env=os.environ | env)
    else:
        process = _FORKS.Process(target=served.serve, args=(port, env), daemon=True)
        process.start()
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.01)
        else:
            raise AssertionError("the service did not start")
        yield process
    finally:
        end(process)


def end(process: Any) -> None:
    """kill -9, and wait until it is gone."""
    process.kill()
    if isinstance(process, subprocess.Popen):
        process.wait(20)
    else:
        process.join(20)


def load_on(client: Client, chance: random.Random, round_: int, over: Event) -> list[Thread]:
    """Three who raise and act, one after the other, until told to stop or nobody answers."""
    seeds = [chance.random() for _ in range(3)]

    def work(n: int) -> None:
        mine = random.Random(seeds[n])
        references = [action["answer"]["reference"] for action in client.acknowledged()]
        for turn in range(1000):
            if over.is_set():
                return
            key = f"k{round_}-{n}-{turn}"
            if references and mine.random() < 0.6:
                path = f"/challenges/{mine.choice(references[-20:])}/events"
                status, _ = client.do(path, "irene", note_body(key), key)
            else:
                status, answer = client.do("/challenges", "irene", raise_body(key), key)
                if status == 201:
                    references.append(answer["reference"])
            if status == 0:
                return

    threads = [Thread(target=work, args=(n,), daemon=True) for n in range(3)]
    for thread in threads:
        thread.start()
    return threads


@pytest.mark.at_size
def test_nothing_acknowledged_is_lost_and_nothing_is_half_done(store: Store, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    _, tokens = founded(store)
    port, var = free_port(), tmp_path / "var"
    client = Client(port, tokens, tmp_path / "acknowledged.jsonl")
    settings(store.url, var)
    in_doubt: list[dict[str, Any]] = []
    retried = kept = 0
    for round_ in range(ROUNDS):
        # A day later each time: what closed meanwhile is swept while the load is on.
        now = RAISED + timedelta(days=round_)
        after = chance.uniform(0, 0.6)
        with service(store, var, port, now, from_afresh=round_ == 0) as process:
            before = [*client.acknowledged()[-6:], *in_doubt]
            for action in before:
                status, answer = client.ask("POST", action["path"], action["who"], action["body"], action["key"])
                if "answer" in action:
                    assert (status in (200, 201), answer) == (True, action["answer"]), (SEED, round_, action["key"])
                    retried += 1
                else:
                    assert status in (200, 201, 403, 409), (SEED, round_, status, answer)
                    kept += status in (200, 201)
            in_doubt = []
            client.doubtful = []
            over = Event()
            threads = load_on(client, chance, round_, over)
            over.wait(after)
            end(process)
            over.set()
            for thread in threads:
                thread.join(30)
            in_doubt = list(client.doubtful)
        assert lost(store, client.acknowledged()) == [], (SEED, round_)
        assert faults(store, var / "mail") == [], (SEED, round_)
    with service(store, var, port, RAISED + timedelta(days=ROUNDS)):
        until = time.monotonic() + 60
        while _waiting(store) and time.monotonic() < until:
            time.sleep(0.05)
        assert _waiting(store) == 0
    assert lost(store, client.acknowledged()) == []
    assert faults(store, var / "mail") == []
    count = len(client.acknowledged())
    sys.stdout.write(
        f"seed {SEED}, {'sqlite' if store.is_sqlite else 'postgresql'}: {ROUNDS} kills, {count} acknowledged, "
        f"0 lost, 0 half-done, 0 twice; {retried} retried with the same answer, {kept} in doubt settled by retry\n"
    )
    assert count > ROUNDS


def _waiting(store: Store) -> int:
    """Messages whose time has come and whose sender died: they wait for their lease, so none but those may be left."""
    from sqlalchemy import func, select
    from sqlmodel import col

    from drp.database.message_tables import NotificationRow

    with store.read(KEY) as connection:
        query = select(func.count()).where(
            col(NotificationRow.authority) == KEY,
            col(NotificationRow.state) == "waiting",
            col(NotificationRow.next_at) <= RAISED + timedelta(days=ROUNDS),
        )
        return int(connection.execute(query).scalar_one())


# The planted bugs: the same checks on a service that has them.


class Killed(BaseException):
    """Where a kill -9 would have ended it."""


def test_planted_notifications_in_a_transaction_of_their_own_are_caught(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    marsh, _ = founded(store)
    real = DecisionWriter.write_rows

    def separately(self: DecisionWriter, connection: Any, rows: Any) -> None:
        rows.notifications, rows.deliveries = [], []
        real(self, connection, rows)  # and the second transaction never comes

    monkeypatch.setattr(DecisionWriter, "write_rows", separately)
    marsh.raised()
    assert any("asked {}" in what for what in faults(store))


def test_planted_a_state_without_its_entries_is_caught(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    marsh, _ = founded(store)
    real = DecisionWriter.write_rows

    def forgets(self: DecisionWriter, connection: Any, rows: Any) -> None:
        rows.entries, rows.words = rows.entries[:-1], []
        real(self, connection, rows)

    monkeypatch.setattr(DecisionWriter, "write_rows", forgets)
    if store.is_sqlite:
        marsh.raised()
        assert any("entries where" in what for what in faults(store))
    else:
        with pytest.raises(ProgrammingError, match="an item is written with its entries"):
            marsh.raised()
        assert faults(store) == []


@pytest.mark.parametrize(("forgotten", "leaves"), [("climbed", True), ("ask_not_reached", False)])
def test_planted_a_climb_that_nobody_is_told_of_is_caught(
    store: Store, monkeypatch: pytest.MonkeyPatch, forgotten: str, leaves: bool
) -> None:
    marsh, _ = founded(store)
    marsh.raised()
    if leaves:
        marsh.deliver(RAISED, Box())
    real = DecisionWriter.write_rows

    def forgets(self: DecisionWriter, connection: Any, rows: Any) -> None:
        gone = {(n["version"], n["n"]) for n in rows.notifications if n["subject"] == forgotten}
        assert len(gone) == 1
        rows.notifications, rows.deliveries = (
            [one for one in kept if (one["version"], one["n"]) not in gone] for kept in (rows.notifications, rows.deliveries)
        )
        real(self, connection, rows)

    monkeypatch.setattr(DecisionWriter, "write_rows", forgets)
    marsh.sweep(CLIMBS)
    assert [what for what in faults(store) if "what was told of them do not agree" in what]


def test_planted_marking_sent_before_sending_is_caught(store: Store, tmp_path: Path) -> None:
    marsh, _ = founded(store)
    marsh.raised()

    class Marks:
        def send(self, post: OutgoingMail) -> SendOutcome:
            return SendOutcome(accepted=frozenset(post.envelope))  # and killed before the message went

    marsh.deliver(RAISED, Marks())
    assert any("never written" in what for what in faults(store, tmp_path / "mail"))


def test_planted_sending_before_the_commit_is_caught(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marsh, _ = founded(store)
    real = DecisionWriter.keep

    def sends(self: DecisionWriter, connection: Any, authority: str, kept: Any, now: datetime) -> None:
        real(self, connection, authority, kept, now)
        folder = Folder(tmp_path / "mail", "r@marsh.example")
        from notifications.wording import WordedMessage

        folder.send(
            OutgoingMail(
                "<early@marsh.example>", ("a@marsh.example",), (), ("a@marsh.example",), WordedMessage("a", "b", "c"), now
            )
        )
        raise Killed

    monkeypatch.setattr(DecisionWriter, "keep", sends)
    with pytest.raises(Killed):
        marsh.raised()
    assert any("never decided" in what for what in faults(store, tmp_path / "mail"))


def test_planted_acknowledging_before_the_commit_is_caught(store: Store) -> None:
    founded(store)
    said = {"key": "k0", "body": raise_body("k0"), "answer": {"reference": "AAAA-AAAA", "entry": 1}}
    assert len(lost(store, [said])) == 2


def test_planted_a_second_effect_of_one_key_is_caught(store: Store) -> None:
    from workflows.model import events as e
    from workflows.model.ladder import ItemType

    marsh, _ = founded(store)
    for _ in range(2):
        marsh.raised(event=e.Raised(ItemType.FORMAL, ("drift",), "Concern k1."))
    assert any(what.startswith("twice") for what in lost(store, []))


def test_killed_between_sending_and_marking_it_is_sent_once_more_and_is_one_file(store: Store, tmp_path: Path) -> None:
    marsh: Marsh
    marsh, _ = founded(store)
    marsh.raised()
    folder = Folder(tmp_path / "mail", "r@marsh.example")

    class Dies:
        def send(self, post: OutgoingMail) -> SendOutcome:
            folder.send(post)
            raise Killed

    with pytest.raises(Killed):
        marsh.deliver(RAISED, Dies())
    marsh.deliver(RAISED + outbox.LEASE, folder)
    assert faults(store, tmp_path / "mail") == []
    assert marsh.state_of("asked") == ["sent"]
