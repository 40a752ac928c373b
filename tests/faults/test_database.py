"""A database that is full, locked, or whose line is cut: said with 503, nothing lost, and it recovers by itself."""

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlmodel import col
from starlette.testclient import TestClient

from api.app import create_app
from drp.database.challenge_tables import ChallengeRow
from drp.database.engine import Store
from drp.database.message_tables import NotificationRow
from drp.items.service_condition import note_condition
from notifications.channels import SendOutcome
from notifications.outbox import WAITS
from tests.cast.marsh import KEY, RAISED, Box
from tests.cast.stores import Postgresql, beside_the_service
from tests.faults import filled
from tests.faults.checker import faults, lost
from tests.faults.filled import on_a_full_disk
from tests.faults.world import founded, note_body, raise_body, settings

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.faults.served"])


def as_it_should(happened: dict[str, Any]) -> None:
    assert "error" not in happened, happened
    assert happened["acknowledged"] > 0
    assert happened["statuses"] == [201, 503]
    assert happened["reads"] == [200] * 5
    assert happened["again"] == [201] * 5
    assert happened["same"]
    assert happened["amiss"] == []


def test_with_files_that_may_not_grow(sqlite_template: Path, tmp_path: Path) -> None:
    answers = _FORKS.Queue()
    # The access log and its file may not grow either beyond that, and are far smaller.
    most = sqlite_template.stat().st_size + 120_000
    child = _FORKS.Process(target=filled.in_a_child, args=(str(sqlite_template), str(tmp_path), most, answers), daemon=True)
    child.start()
    happened = answers.get(timeout=120)
    child.join(20)
    as_it_should(happened)
    sys.stdout.write(f"files that may not grow: {happened}\n")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[bool]:
    """A disk of its own, if this machine lets us mount one."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "drp_test", str(folder)], capture_output=True, check=False
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True)


@pytest.mark.parametrize("spare", [200, 350, 500])
def test_with_a_disk_that_is_full(sqlite_template: Path, tmp_path: Path, spare: int) -> None:
    """Where no disk can be mounted, the limit on files above has tested the same."""
    size = sqlite_template.stat().st_size // 1024 + spare + 100
    with small_disk(tmp_path / "disk", f"{size}k") as mounted:
        if not mounted:
            return
        folder = tmp_path / "disk"

        def room() -> None:
            subprocess.run(["mount", "-o", "remount,size=64m", str(folder)], check=True, capture_output=True)

        happened = on_a_full_disk(sqlite_template, folder / "drp.sqlite", tmp_path / "var", lambda: None, room)
    as_it_should(happened)
    sys.stdout.write(f"a disk of {size} KiB: {happened}\n")


def test_planted_an_answer_before_the_commit_is_caught(
    sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from drp.casework.service import Casework

    monkeypatch.setattr(filled, "lost", lost)
    real = Casework.raise_item

    def believes(self: Casework, *given: Any, **more: Any) -> Any:
        try:
            kept = real(self, *given, **more)
            Casework.last = kept  # type: ignore[attr-defined]
        except Exception:  # the planted fault: whatever went wrong, it is believed to be kept
            return Casework.last  # type: ignore[attr-defined]
        return kept

    monkeypatch.setattr(Casework, "raise_item", believes)
    monkeypatch.setattr(Casework, "last", {}, raising=False)
    with small_disk(tmp_path / "disk", "900k") as mounted:
        if not mounted:
            return
        with pytest.raises((AssertionError, IndexError)):
            as_it_should(
                on_a_full_disk(sqlite_template, tmp_path / "disk" / "drp.sqlite", tmp_path / "var", lambda: None, lambda: None)
            )


@contextmanager
def client_of(store: Store, tokens: dict[str, str], var: Path) -> Iterator[Any]:
    with TestClient(create_app(settings(store.url, var), lambda: RAISED), raise_server_exceptions=False) as client:

        def ask(method: str, path: str, who: str = "irene", body: Any = None, key: str = "") -> Any:
            headers = {"Authorization": f"Bearer {tokens[who]}"} | ({"Idempotency-Key": key} if key else {})
            return client.request(method, f"/api/v1{path}", json=body, headers=headers)

        yield ask


def test_a_held_write_lock_is_said_in_bounded_time_and_reading_goes_on(store: Store, tmp_path: Path) -> None:
    _, tokens = founded(store)
    with client_of(store, tokens, tmp_path / "var") as ask:
        known = ask("POST", "/challenges", body=raise_body("k0"), key="k0").json()["reference"]
        other = Store(store.url)
        held, over, took = Event(), Event(), list[tuple[int, float]]()

        def hold() -> None:
            with other.write(KEY) as connection:
                connection.execute(update(ChallengeRow).where(col(ChallengeRow.authority) == KEY).values(priority=""))
                held.set()
                over.wait(60)

        holding = Thread(target=hold)
        holding.start()
        assert held.wait(20)

        def write() -> None:
            before = time.monotonic()
            status = ask("POST", f"/challenges/{known}/events", body=note_body("k1"), key="k1").status_code
            took.append((status, time.monotonic() - before))

        writing = Thread(target=write)
        writing.start()
        reads = [ask("GET", path).status_code for path in (f"/challenges/{known}", "/challenges", "/inbox")]
        assert reads == [200, 200, 200]
        assert writing.is_alive(), "it waits a while for the lock"
        writing.join(60)
        ((status, seconds),) = took
        over.set()
        holding.join(20)
        other.close()
        assert status == 503
        assert seconds < 30
        assert ask("POST", f"/challenges/{known}/events", body=note_body("k1"), key="k1").status_code == 200
    assert faults(store) == []


def test_a_line_to_postgresql_that_is_cut_is_made_anew(postgresql: Postgresql, tmp_path: Path) -> None:
    """Every line to our own database is cut, again and again, while three people act."""
    from tests.cast.stores import APP

    store = Store(postgresql.url(APP))
    over, cuts = Event(), 0
    acknowledged: list[dict[str, Any]] = []
    doubtful: list[dict[str, Any]] = []
    statuses: set[int] = set()
    try:
        _, tokens = founded(store)
        with client_of(store, tokens, tmp_path / "var") as ask:

            def act(n: int) -> None:
                for turn in range(1000):
                    if over.is_set():
                        return
                    key = f"k{n}-{turn}"
                    body = raise_body(key)
                    answer = ask("POST", "/challenges", body=body, key=key)
                    statuses.add(answer.status_code)
                    made = {"key": key, "body": body}
                    if answer.status_code == 201:
                        acknowledged.append(made | {"answer": answer.json()})
                    else:
                        doubtful.append(made)

            threads = [Thread(target=act, args=(n,)) for n in range(3)]
            for thread in threads:
                thread.start()
            until = time.monotonic() + 60
            while (cuts < 20 or len(acknowledged) < 40) and time.monotonic() < until:
                with postgresql.connect_as_admin() as connection:
                    query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND usename = %s"
                    row = connection.execute(query, (postgresql.name, APP)).fetchone()
                cuts += row[0] if row else 0
                over.wait(0.2)
            over.set()
            for thread in threads:
                thread.join(60)
            assert statuses <= {201, 503}, statuses
            assert lost(store, acknowledged) == []
            for made in doubtful:
                assert ask("POST", "/challenges", body=made["body"], key=made["key"]).status_code == 201
            for made in acknowledged[-5:]:
                assert ask("POST", "/challenges", body=made["body"], key=made["key"]).json() == made["answer"]
        assert lost(store, acknowledged) == []
        assert faults(store) == []
        said = f"{cuts} lines cut, {len(acknowledged)} acknowledged, 0 lost, {len(doubtful)} answered 503 and settled by retry\n"
        sys.stdout.write(said)
        assert cuts >= 20
        assert doubtful
    finally:
        store.close()
        postgresql.empty()


def test_planted_a_pool_that_keeps_dead_lines_is_caught(postgresql: Postgresql) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.exc import OperationalError

    from tests.cast.stores import APP

    def after_a_cut(engine: Any) -> None:
        with engine.connect() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with postgresql.connect_as_admin() as admin:
            admin.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    store, naive = Store(postgresql.url(APP)), create_engine(postgresql.url(APP))
    try:
        after_a_cut(store.engine)
        with pytest.raises(OperationalError):
            after_a_cut(naive)
    finally:
        store.close()
        naive.dispose()


# What could not be delivered is seen by those who can do something about it.


def test_the_iro_manager_sees_a_failure_in_the_outbox_and_the_inbox(store: Store, tmp_path: Path) -> None:
    marsh, tokens = founded(store)
    with client_of(store, tokens, tmp_path / "var") as ask:
        reference = ask("POST", "/challenges", body=raise_body("k0")).json()["reference"]
        assert ask("GET", "/outbox", "mona").json()["waiting"] == 1

        def answer(post: Any) -> SendOutcome:
            tess = "tess@marsh.example"
            if tess in post.envelope:
                return SendOutcome(frozenset(), {tess: "550 no such mailbox"}, "451 later")
            return SendOutcome(frozenset(post.envelope))

        marsh.deliver(RAISED, Box(answer=answer))
        marsh.deliver(RAISED + WAITS[0], Box())
        outbox = ask("GET", "/outbox", "mona").json()
        assert [(one["reference"], one["about"], one["mail"]) for one in outbox["failed"]] == [(reference, "asked", "refused")]
        inbox = ask("GET", "/inbox", "mona").json()["messages"]
        assert [one["about"] for one in inbox if one["reference"] == reference] == ["delivery_failed"]
        assert "550" not in str(inbox)
        assert ask("GET", "/outbox", "tess").status_code == 403
        # The inbox of record has it all the same.
        assert [one["about"] for one in ask("GET", "/inbox", "tess").json()["messages"]] == ["asked"]
        assert ask("POST", "/outbox/release", "mona").json() == {"released": 1}
        box = Box()
        marsh.deliver(RAISED + timedelta(hours=1), box)
        assert "tess@marsh.example" in box.reached()
        assert ask("GET", "/outbox", "mona").json()["failed"] == []


def test_what_waits_for_more_than_an_hour_turns_health_red(store: Store, tmp_path: Path) -> None:
    _, tokens = founded(store)
    with client_of(store, tokens, tmp_path / "var") as ask:
        ask("POST", "/challenges", body=raise_body("k0"))
        with beside_the_service(store, KEY) as connection:
            connection.execute(
                update(NotificationRow)
                .where(col(NotificationRow.authority) == KEY)
                .values(at=RAISED - timedelta(hours=2), next_at=RAISED - timedelta(hours=2))
            )
        with store.write(KEY) as connection:
            note_condition(connection, KEY, RAISED, are_documents_missing=False)
        answer = ask("GET", "/health", "mona")
        assert answer.status_code == 503
        assert "Messages have waited for more than an hour." in answer.json()["reasons"]


def test_a_relay_that_hangs_keeps_no_window_from_its_date(store: Store, tmp_path: Path) -> None:
    """The tick and the outbox are two jobs: while one waits for a mail server, the other goes on."""
    from api.assembly import assemble_service
    from api.jobs import alarm_clock, heartbeat
    from drp.casework.outage_hold import read_last_look

    founded(store)
    service = assemble_service(settings(store.url, tmp_path / "var", tick_seconds=1))
    hanging, over = Event(), Event()

    def hangs(service: Any) -> None:
        hanging.set()
        over.wait(30)

    patch = pytest.MonkeyPatch()
    patch.setattr(heartbeat, "deliver_rest", hangs)
    beating = alarm_clock.start_heartbeat(service)
    try:
        assert hanging.wait(20)

        def looked() -> Any:
            with store.read(KEY) as connection:
                return read_last_look(connection, KEY).at

        until, first = time.monotonic() + 20, None
        while time.monotonic() < until:
            now = looked()
            first = first or now
            if now is not None and now != first:
                break
            over.wait(0.05)
        assert now != first, "no tick came while the outbox waited"
    finally:
        over.set()
        beating.stop()
        patch.undo()
        service.close()
