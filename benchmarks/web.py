"""Requests beside those of a bare service (`benchmarks.bare`): both serve as processes, and are pressed in turn.

`python -m benchmarks.web`. Eight connections, each sending the next request when it has read the answer, for two seconds on
one service and then on the other, five times; every request of the service is signed in, judged, logged and kept as ever.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from api.assembly import SYSTEM_CHANCE, assemble_service, system_clock
from api.keys import make_missing_keys
from api.pages.frame.browser_request import cookie_name
from benchmarks.council import KEY, found
from benchmarks.measuring import Goal, Table
from benchmarks.scratch import scratch_database
from drp.database.engine import Store
from drp.database.migrate import migrate_database
from drp.directory.lookup import person_by_key
from drp.identity import sessions, tokens
from drp.settings import Settings
from tests.cast.direct import free_port
from tests.faults.replicas import MAIN, Press, Pressing, Replica, quantile, wait_for
from workflows.model.events import Raised
from workflows.model.ladder import ItemType

CONNECTIONS, SECONDS, ROUNDS, LISTED = 8, 2.0, 5, 20
PAGE = "My tasks, a page beside the list as JSON"
PAGES_AT_ONCE = 4
"""Of one page: the half of the places that one address may have is five, and whoever waits longer than 0.5 s is sent away."""


class Council:
    """A council with a few items and a token, in a database that both services use a copy of."""

    def __init__(self, url: str, folder: Path) -> None:
        now = system_clock()
        settings = Settings(var=folder, database_url=url, heartbeat=False, mail="none")
        make_missing_keys(settings, SYSTEM_CHANCE)
        service = assemble_service(settings, lambda: now)
        found(service, now)
        with service.store.write(KEY) as connection:
            words = service.casework.procedures.current(connection, KEY)[0].authority
            person = UUID(str(person_by_key(connection, KEY, "iro0")))
            self.token = tokens.create_token(
                connection, SYSTEM_CHANCE, service.seal, KEY, person, "bench", now, timedelta(days=2)
            )
            session = sessions.begin_session(connection, SYSTEM_CHANCE, service.seal, KEY, person, "link", now)
            self.cookie = f"{cookie_name(settings)}={session}"
            signed = tokens.principal_of(connection, words, person, now)
        self.raiser = person
        self.reason = next(reason.key for theme in words.themes for reason in theme.reasons if not reason.needs_words)
        for n in range(LISTED):
            said = Raised(ItemType.FORMAL, (self.reason,), "The plan drifts.")
            service.casework.raise_item(signed, self.child(n), said, now - timedelta(hours=1), lambda _, done: {})
        with service.store.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
        service.close()

    def child(self, n: int) -> str:
        """A child of the IRO who asks."""
        return f"C-{n % 50 * 40:05}"

    def requests(self) -> dict[str, tuple[list[Any], list[Any]]]:
        """What is pressed on the service, and on the bare one."""
        body = {"item_type": "formal", "reasons": [self.reason], "concern": "The plan drifts."}
        raising = [["POST", "/api/v1/challenges", self.token, body | {"child": self.child(n)}] for n in range(50)]
        keeping = [["POST", "/items", "", body | {"child": self.child(n)}] for n in range(50)]
        listing = f"/items?authority={KEY}&raiser={self.raiser}"
        return {
            "list twenty open items": (
                [["GET", f"/api/v1/challenges?limit={LISTED}", self.token, None]], [["GET", listing, "", None]],
            ),
            PAGE: (
                [["GET", "/", self.cookie, None]], [["GET", f"/api/v1/challenges?limit={LISTED}", self.token, None]],
            ),
            "raise an item": (raising, keeping),
        }  # fmt: skip


def environment(url: str, folder: Path) -> dict[str, str]:
    """What the service's process is told."""
    return {"DRP_DATABASE_URL": url, "DRP_VAR": str(folder), "DRP_HEARTBEAT": "false", "DRP_MAIL": "none"}


@contextmanager
def serving(command: list[str], port: int, env: dict[str, str]) -> Iterator[Replica]:
    """A process that serves until the block ends."""
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=MAIN, env=os.environ | env)
    try:
        wait_for(port, process)
        yield Replica(process, port)
    finally:
        process.kill()
        process.wait(20)


@contextmanager
def databases(engine: str, folder: Path) -> Iterator[tuple[Council, str, str]]:
    """A council, the service's database, and a copy of it for the bare service."""
    if engine == "SQLite":
        here, twin = folder / "drp.sqlite", folder / "bare.sqlite"
        store = Store(f"sqlite:///{here}")
        migrate_database(store)
        store.close()
        council = Council(f"sqlite:///{here}", folder)
        shutil.copy(here, twin)
        yield council, f"sqlite:///{here}", f"sqlite:///{twin}"
        return
    with ExitStack() as held:
        here_url = held.enter_context(scratch_database())
        store = Store(here_url)
        migrate_database(store)
        store.close()
        council = Council(here_url, folder)
        yield council, here_url, held.enter_context(scratch_database(here_url))


def pressed_in_turn(
    port: int, bare: int, requests: tuple[list[Any], list[Any]], connections: int = CONNECTIONS
) -> tuple[list[Press], list[Press]]:
    """Some seconds on each, several times; the first time fills caches."""
    ours: list[Press] = []
    theirs: list[Press] = []
    for n in range(ROUNDS + 1):
        for where, asked, kept in ((port, requests[0], ours), (bare, requests[1], theirs)):
            pressed = Pressing(where, asked, connections, SECONDS).result()
            wrong = {press.status for press in pressed} - {200, 201}
            assert not wrong, wrong
            kept += pressed if n else []
    return ours, theirs


def tables() -> Iterator[Table]:
    """Each request on each engine: how long one takes at this load, and the longest of a hundred."""
    for engine in ("SQLite", "PostgreSQL"):
        with ExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
            council, url, twin = held.enter_context(databases(engine, folder))
            port, bare = free_port(), free_port()
            held.enter_context(serving(["tests.faults.served", str(port)], port, environment(url, folder)))
            held.enter_context(serving(["benchmarks.bare", str(bare), twin], bare, {}))
            for what, requests in council.requests().items():
                is_page = what == PAGE
                pressed = pressed_in_turn(port, port if is_page else bare, requests, PAGES_AT_ONCE if is_page else CONNECTIONS)
                yield table_of(engine, what, *pressed)


def table_of(engine: str, what: str, ours: list[Press], theirs: list[Press]) -> Table:
    """What a request costs: the seconds of the load over the answers in them; and the 99th of a hundred answers."""
    took = {}
    is_page = what == PAGE
    both = ("the page", "its list as JSON") if is_page else ("the service", "bare FastAPI and SQLModel")
    for name, pressed in zip(both, (ours, theirs), strict=True):
        took[f"{name}, each"] = ROUNDS * SECONDS * 1000 / len(pressed)
        took[f"{name}, the 99th of a hundred"] = 1000 * quantile(sorted(press.took for press in pressed), 0.99)
    most, why = (0.5, LIST_OF_JUDGED) if what.startswith("list") else (1.0, RAISING)
    return Table(
        f"Over HTTP, {engine}: {what}",
        f"{PAGES_AT_ONCE if is_page else CONNECTIONS} connections, each with the next request when it has read the answer. "
        "*Each*: time over answers, the "
        "throughput the other way round.",
        took,
        f"{both[1]}, each",
        (Goal(f"{both[0]}, each", 3, f"{both[1]}, each"),)
        if is_page
        else (
            Goal("the service, each", most, "bare FastAPI and SQLModel, each", why),
            Goal("the service, the 99th of a hundred", 1.0, "bare FastAPI and SQLModel, the 99th of a hundred", why),
        ),
    )


RAISING = (
    "one interpreter does all of it: who asks (three statements), the child with earlier items and people (four), the decision, "
    "whom to tell, some twenty rows of nine tables in place of one, and the answer with what is open; writing is the "
    "smaller part"
)
LIST_OF_JUDGED = (
    "each item is judged by the one rule of access on its windows, posts and covers, which a bare list does not ask: "
    "half of the time"
)


if __name__ == "__main__":
    for table in tables():
        print(table.markdown())
