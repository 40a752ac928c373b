"""A process that is told to end finishes what it has in hand, and is gone; one that cannot listen begins nothing."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col

from drp.casework.outage_hold import read_last_look
from drp.database.engine import Store
from drp.database.message_tables import DeliveryRow
from tests.cast.marsh import KEY
from tests.faults.world import founded, settings
from tests.notifications.peers import HANG, Scripted, but, polite

GONE_WITHIN = 10.0


def a_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def served(store: Store, var: Path, port: int, **more: str) -> Iterator[subprocess.Popen[str]]:
    """`drp serve`, as it is started by whoever runs it."""
    settings(store.url, var)  # writes the keys
    env = {name: value for name, value in os.environ.items() if not name.startswith("DRP_")}
    env |= {"DRP_DATABASE_URL": store.url, "DRP_VAR": str(var), "DRP_TICK_SECONDS": "1", "DRP_MAIL_FROM": "r@marsh.example"}
    command = [sys.executable, "-m", "api.cli.main", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command, env=env | more, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=Path(__file__).parents[2]
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=20)


def ended(process: subprocess.Popen[str]) -> float:
    """Tell it to end; gives how long it took."""
    before = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    return time.monotonic() - before


def with_mail_in_hand(store: Store, tmp_path: Path, peer: Scripted) -> float:
    """A service that has a mail in hand is told to end; gives how long it took."""
    marsh, _ = founded(store)
    for _ in range(6):
        marsh.raised()
    with peer.serving() as relay:
        smtp = {"DRP_MAIL": "smtp", "DRP_SMTP_PORT": str(relay), "DRP_SMTP_TIMEOUT_SECONDS": "60"}
        with served(store, tmp_path / "var", a_free_port(), **smtp) as process:
            until = time.monotonic() + 60
            while "END" not in peer.steps and time.monotonic() < until:
                assert process.poll() is None, process.communicate()[0]
                peer.came.wait(0.1)
            assert "END" in peer.steps, "no mail was in hand: nothing was tested"
            return ended(process)


def test_the_mail_in_hand_is_finished_and_no_other_begun(store: Store, tmp_path: Path) -> None:
    peer = Scripted(polite, slow={"END": 1.0})
    took = with_mail_in_hand(store, tmp_path, peer)
    assert took < GONE_WITHIN
    with store.read(KEY) as connection:
        accepted = connection.execute(select(col(DeliveryRow.sent_as)).where(col(DeliveryRow.mail) == "accepted")).scalars().all()
    assert {one for one in accepted if one}, "what the relay took is written down"
    assert len(peer.got) <= 6, "of twelve mails those of the three messages in hand alone"
    sys.stdout.write(f"told to end with mail in hand: gone after {took:.1f} s\n")


def test_a_relay_that_hangs_does_not_keep_it(store: Store, tmp_path: Path) -> None:
    took = with_mail_in_hand(store, tmp_path, Scripted(but(END=HANG)))
    assert took < GONE_WITHIN
    sys.stdout.write(f"told to end while the relay hangs: gone after {took:.1f} s\n")


def test_one_that_cannot_have_its_port_begins_nothing(store: Store, tmp_path: Path) -> None:
    founded(store)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
        with served(store, tmp_path / "var", port) as process:
            said = process.communicate(timeout=60)[0]
            assert process.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be had" in said
    assert "--port" in said
    with store.read(KEY) as connection:
        assert read_last_look(connection, KEY).at is None, "it did not beat"


def test_planted_a_start_that_beats_before_it_listens_is_caught(store: Store, tmp_path: Path) -> None:
    """The server's own order: first the heartbeat, then the port."""
    from api.app import create_app
    from tests.faults.served import serve_in_its_own_order

    founded(store)
    app = create_app(settings(store.url, tmp_path / "var", heartbeat=True, tick_seconds=1))
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SystemExit):
        serve_in_its_own_order(app, int(taken.getsockname()[1]))
    assert app.state.service.pulse.stopping.is_set(), "it had begun to beat, and had to be ended"
