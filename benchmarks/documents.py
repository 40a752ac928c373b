"""What papers cost: every theme table counted live, and a referral's bundle beside its floor. `python -m benchmarks.documents`.

Needs a PostgreSQL at 127.0.0.1:5432, where a database is made and removed.
"""

import json
import statistics
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import event, make_url

from api.exports.referral import paper
from api.exports.referral.bundle import find_referral, gather_bundle, make_bundle
from api.exports.referral.contents import Contents
from api.presenters.item_reader import read_seen_item
from api.request_context import RequestContext
from benchmarks.measuring import Goal, Table, in_turn
from benchmarks.scratch import ADMIN
from benchmarks.sizeable import filled_register
from benchmarks.theme_tables import ITEMS, TABLE_AT_MOST_MS, TRIES, count_pairs
from drp.database.engine import Store
from drp.database.migrate import migrate_database
from drp.identity import tokens
from tests.cast.councils import DUNMOOR
from tests.cast.stores import APP, Postgresql
from tests.cast.world import World
from tests.referral.matter import matter, refer

ROUNDS = 60
EVERYTHING = tuple(range(1, 30))
"""Every entry goes with the referral in its own words."""
SLOWEST, MEDIAN, MOST = "the slowest theme table", "the median theme table", "ten milliseconds"
WHOLE, FLOOR = "the service's bundle, its PDF drawn before", "its rows, JSON, page and ZIP, raw"


def theme_tables() -> Iterator[Table]:
    """Every table by two things, on each engine."""
    took: dict[str, list[float]] = {}
    with filled_register(ITEMS) as register:
        for _, each in count_pairs(register.stores):
            for engine, (seconds, _) in each.items():
                took.setdefault(engine, []).append(seconds * 1000)
    for engine, found in took.items():
        yield Table(
            f"Theme tables counted live, {engine}",
            f"{len(found)} tables, each by two things, of {ITEMS:,} items ({register.rows:,} rows): the question as the service "
            f"asks it, its answer as a value. Nothing is counted beforehand. The best of {TRIES} tries of each table.",
            {SLOWEST: max(found), MEDIAN: statistics.median(found), MOST: TABLE_AT_MOST_MS},
            MOST,
            (Goal(SLOWEST, 1, MOST, GROUPED_LIVE),),
        )


def unpacked(packed: bytes) -> dict[str, bytes]:
    """The files of a bundle by their names."""
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class Referral:
    """A referral with all its entries and a document, and what its bundle is made of."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.world = World(store, folder, DUNMOOR)
        self.reference = matter(self.world)
        refer(self.world, self.reference, EVERYTHING)
        service, now, key = self.world.service, self.world.now, self.world.council.key
        with store.read(key) as connection:
            words = service.casework.procedures.current(connection, key)[0].authority
            signed = tokens.principal_of(connection, words, self.world.id("irene"), now)
        self.asked = RequestContext(service, now, signed)
        self.statements: list[tuple[str, Any]] = []
        event.listen(service.store.reader, "before_cursor_execute", self._noted)
        self.files = unpacked(self.bundle())
        event.remove(service.store.reader, "before_cursor_execute", self._noted)
        self.contents = Contents.model_validate_json(self.files["referral.json"])
        self.raw = service.store.reader.raw_connection()

    def _noted(self, connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, is_many: bool) -> None:
        if (statement, parameters) not in self.statements:  # the floor reads no row twice
            self.statements.append((statement, parameters))

    def bundle(self) -> bytes:
        """The bundle as the route gives it to whoever may have it."""
        asked = self.asked
        with asked.service.store.snapshot(asked.authority) as connection:
            seen = read_seen_item(connection, asked, self.reference)
            made = find_referral(connection, asked.authority, seen)
            found = gather_bundle(connection, asked, seen, made.event, made, "referral")
            return make_bundle(connection, asked.service, asked.authority, found)

    def floor(self) -> bytes:
        """The same rows as JSON, the same page, the same files in a ZIP; nothing is decided, proven or signed."""
        cursor = self.raw.cursor()
        rows: list[Any] = []
        for statement, parameters in self.statements:
            cursor.execute(statement, parameters)
            rows += cursor.fetchall() if cursor.description else []
        self.raw.rollback()
        json.dumps(rows, default=str)
        page = paper.referral_html(self.contents)
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
            for name, octets in (self.files | {"referral.html": page}).items():
                archive.writestr(name, octets)
        return packed.getvalue()

    def close(self) -> None:
        """Let every connection go."""
        self.raw.close()
        self.world.close()


@contextmanager
def store_on(engine: str, folder: Path) -> Iterator[Store]:
    """An empty store, until the block ends."""
    if engine == "SQLite":
        store = Store(f"sqlite:///{folder / 'drp.sqlite'}")
        migrate_database(store)
        yield store
        store.close()
        return
    server = Postgresql(make_url(ADMIN))
    server.prepare()
    store = Store(server.url(APP))
    try:
        yield store
    finally:
        store.close()
        server.clear()


def bundle_table(engine: str) -> Table:
    """The bundle, with a PDF that was drawn once: `paper.referral_pdf`, where the bundle asks for it, gives that one."""
    with tempfile.TemporaryDirectory() as name, store_on(engine, Path(name)) as store:
        referral = Referral(store, Path(name))
        try:
            drawn = paper.referral_pdf(referral.contents)
            with mock.patch.object(paper, "referral_pdf", return_value=drawn):
                assert unpacked(referral.bundle()) == unpacked(referral.floor()) == referral.files
                took = in_turn({WHOLE: referral.bundle, FLOOR: referral.floor}, ROUNDS)
        finally:
            referral.close()
    size = sum(len(octets) for octets in referral.files.values())
    return Table(
        f"A referral's bundle without drawing its PDF, {engine}",
        f"The service: read and judge the item, gather what the referral says, prove it, render the page, sign the list, pack "
        f"{len(referral.files)} files of {size:,} bytes. The floor: its {len(referral.statements)} statements by the driver, "
        "each once, their rows by json.dumps, the same page from the same values, a ZIP of the same files.",
        took,
        FLOOR,
        (Goal(WHOLE, 2, FLOOR, GATHERED),),
    )


def tables() -> Iterator[Table]:
    """All of it."""
    yield from theme_tables()
    for engine in ("SQLite", "PostgreSQL"):
        yield bundle_table(engine)


GROUPED_LIVE = (
    "the scan of the one index that covers the register takes a fifth of it, and grouping by two columns the rest, in the "
    "database's own code (a sorting tree on SQLite, a hash on PostgreSQL); it is as long as the machine's core is slow, and a "
    "table of counts kept beside would have to be proved against the register"
)
GATHERED = (
    "a bundle holds what its reader may be told, in words: who held which post when, each stay with its windows, what was "
    "withheld and why, and a proof of each entry; by profile a third is to gather that, a sixth the proof, a seventh SQL"
)


if __name__ == "__main__":
    for table in tables():
        print(table.markdown(), flush=True)
