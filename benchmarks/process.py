"""What the processes take: to start, in memory, and `drp --help`. `python -m benchmarks.process`.

The service and the bare one (`benchmarks.bare`) each run as a process on a migrated database that holds a council; on PostgreSQL
the server's own processes are not counted. Nobody else should use the machine.
"""

import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import Goal, Table, in_turn
from benchmarks.web import CONNECTIONS, PAGE, Council, databases, environment, serving
from tests.cast.direct import free_port
from tests.faults.replicas import MAIN, Pressing, Replica

STARTS, HELPS = 5, 15
FIRST, FURTHER = 10.0, 60.0
"""Seconds of load: before memory is read, and before it is read again."""
LISTING = "list twenty open items"
SERVICE, BARE = "the service", "bare FastAPI and SQLModel"


@dataclass(frozen=True)
class Server:
    """How a server is started, what is asked of it first, and what it is pressed with."""

    command: tuple[str, ...]
    """The port goes after the module's name."""
    env: dict[str, str]
    asked: list[Any]
    pressed: list[list[Any]]

    def arguments(self, port: int) -> list[str]:
        """The module, the port, and what else it is told."""
        return [self.command[0], str(port), *self.command[1:]]


def servers(council: Council, url: str, twin: str, folder: Path) -> dict[str, Server]:
    """The service and the bare one: as many lists as items that are raised."""
    both = (asked for what, asked in council.requests().items() if what != PAGE)  # a page is no JSON of a bare service
    ours, theirs = zip(*both, strict=True)
    asked = council.requests()[LISTING]
    made = {}
    for name, command, env, asks, first in (
        (SERVICE, ("tests.faults.served",), environment(url, folder), ours, asked[0][0]),
        (BARE, ("benchmarks.bare", twin), {}, theirs, asked[1][0]),
    ):
        most = max(len(each) for each in asks)
        made[name] = Server(command, env, first, [one for each in asks for one in each * (most // len(each))])
    return made


def started(server: Server) -> float:
    """Milliseconds from the start of the process until its first answer."""
    port = free_port()
    began = time.perf_counter()
    with serving(server.arguments(port), port, server.env):
        _, path, token, _ = server.asked
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        assert answer.status == 200, answer.status
        answer.read()
        took = (time.perf_counter() - began) * 1000
        connection.close()
    return took


def start_table(engine: str, known: dict[str, Server]) -> Table:
    """Starts in turn; the first of each reads the code from the disk, and is not counted."""
    took: dict[str, list[float]] = {name: [] for name in known}
    for n in range(STARTS + 1):
        for name, server in known.items():
            ms = started(server)
            took[name] += [ms] if n else []
    return Table(
        f"To start, {engine}",
        "From the start of the process until it has answered its first request, a list of twenty open items: the interpreter, "
        "imports, the application, its first connection; its port is looked for every 50 ms. The service reads its keys, "
        "procedures and tables' revision besides.",
        {name: statistics.median(each) for name, each in took.items()},
        BARE,
        (Goal(SERVICE, 1.5, BARE, MODULES_LOADED),),
    )


def memory(replica: Replica) -> float:
    """What stays in memory, in MiB."""
    return replica.measured()["memory"] / 1024


def press(replica: Replica, server: Server, seconds: float) -> None:
    """So many seconds of load. A busy answer in a hundred is none that changes what stays in memory; any other fault is one."""
    pressed = Pressing(replica.port, server.pressed, CONNECTIONS, seconds).result()
    wrong = [one.status for one in pressed if one.status not in (200, 201)]
    assert set(wrong) <= {503}, wrong
    assert len(wrong) * 100 <= len(pressed), f"{len(wrong)} of {len(pressed)} were refused as busy"


def memory_tables(engine: str, known: dict[str, Server]) -> Iterator[Table]:
    """Each alone under the same load; and the service after more of it."""
    took, later = {}, 0.0
    for name, server in known.items():
        port = free_port()
        with serving(server.arguments(port), port, server.env) as replica:
            press(replica, server, FIRST)
            took[name] = memory(replica)
            if name == SERVICE:
                press(replica, server, FURTHER)
                later = memory(replica)
    load = f"{CONNECTIONS} connections, each with the next request when it has read the answer, half lists, half items raised"
    yield Table(
        f"In memory, {engine}", f"What stays in memory (VmRSS) after {FIRST:g} seconds of load: {load}. One process each.",
        took, BARE, (Goal(SERVICE, 1.5, BARE, MODULES_LOADED),), "MiB",
    )  # fmt: skip
    first, further = f"after {FIRST:g} seconds", f"after {FURTHER:g} seconds more"
    yield Table(
        f"The service in memory, {engine}", f"What stays in memory (VmRSS) under one load: {load}.",
        {first: took[SERVICE], further: later}, first, (Goal(further, 1.05, first, GROWS),), "MiB",
    )  # fmt: skip


def help_table() -> Table:
    """The command line, beside an interpreter that does nothing."""
    ways = {
        said: lambda command=command: subprocess.run(command, cwd=MAIN, stdout=subprocess.DEVNULL, check=True)
        for said, command in (
            ("drp --help", [str(Path(sys.executable).with_name("drp")), "--help"]),
            ("python -c pass", [sys.executable, "-c", "pass"]),
        )
    }
    return Table(
        "`drp --help`",
        "A process from its start to its end: the interpreter, and what it imports to say which commands there are.",
        in_turn(ways, HELPS, warm=2),
        "python -c pass",
        (Goal("drp --help", 12, "python -c pass"),),
    )


def tables() -> Iterator[Table]:
    """All of it."""
    yield help_table()
    for engine in ("SQLite", "PostgreSQL"):
        with ExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
            council, url, twin = held.enter_context(databases(engine, folder))
            known = servers(council, url, twin, folder)
            yield start_table(engine, known)
            yield from memory_tables(engine, known)


GROWS = (
    "with lists alone it stays level; while items are raised and the file grows tenfold, caches of a fixed size fill: instants, "
    "promises, the pages of each connection of SQLite"
)
MODULES_LOADED = (
    "it loads 1,527 modules where the bare one loads 637 (pages, documents, mail, signing in by a provider): that is eight "
    "tenths of its start, and 59 of the MiB between them before the first request"
)


if __name__ == "__main__":
    for table in tables():
        print(table.markdown(), flush=True)
