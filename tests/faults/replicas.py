"""Replicas as processes that can be frozen, and people who press on them from a process of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from tests.cast.direct import free_port
from tests.faults.world import settings

MAIN = Path(__file__).parents[2]


@dataclass
class Replica:
    """One replica: its process, and the port on which it listens."""

    process: subprocess.Popen[bytes]
    port: int

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def measured(self) -> dict[str, int]:
        """Its memory (KiB), open files and threads, as Linux has them."""
        here = Path(f"/proc/{self.process.pid}")
        said = dict(line.split(":", 1) for line in (here / "status").read_text(encoding="ascii").splitlines())
        files = sum(1 for _ in (here / "fd").iterdir())
        return {"memory": int(said["VmRSS"].split()[0]), "files": files, "threads": int(said["Threads"])}


@contextmanager
def replica(url: str, var: Path, **more: str) -> Iterator[Replica]:
    """Serve until the block ends; settings and faults from `more`."""
    known, port = settings(url, var), free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("DRP_", "FAULTS_"))}
    env |= {"DRP_DATABASE_URL": known.database_url, "DRP_VAR": str(var), "DRP_MAIL_FROM": "r@marsh.example"} | more
    process = subprocess.Popen([sys.executable, "-m", "tests.faults.served", str(port)], cwd=MAIN, env=env)
    made = Replica(process, port)
    try:
        wait_for(port, process)
        yield made
    finally:
        made.thaw()
        process.kill()
        process.wait(20)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, "the service did not start"
            time.sleep(0.05)  # nothing tells of a port that is not there yet
    raise AssertionError("the service did not start")


@dataclass(frozen=True)
class Press:
    """One request of many: when it was sent (monotonic), how long its answer took, where it went, its status."""

    at: float
    took: float
    path: str
    status: int


class Pressing:
    """Many people at once, until their time is over. `result` waits for it."""

    def __init__(
        self, port: int, requests: list[Any], connections: int, seconds: float, think: float = 0.0, patience: float = 30.0
    ) -> None:
        order = {"port": port, "connections": connections, "seconds": seconds, "requests": requests}
        order |= {"think": think, "patience": patience}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.pressing"], cwd=MAIN, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._said = b""

        def run() -> None:
            self._said = self._process.communicate(json.dumps(order).encode())[0]

        self._thread = Thread(target=run, daemon=True)
        self._thread.start()

    @property
    def goes_on(self) -> bool:
        return self._thread.is_alive()

    def result(self) -> list[Press]:
        self._thread.join()
        return [Press(*one) for one in json.loads(self._said)]


def part_of(pressed: list[Press], path: str = "") -> list[float]:
    """How long the answers took of requests to a path, in order of length."""
    return sorted(one.took for one in pressed if not path or one.path.startswith(path))


def quantile(sorted_seconds: list[float], share: float) -> float:
    return sorted_seconds[min(len(sorted_seconds) - 1, int(share * len(sorted_seconds)))]
