"""Who read what: a store of its own, then a file, then (on a full disk) memory. If none takes it, the read is refused."""

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Select, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from drp.data_protection.access_log_file import ReadingsFile, is_disk_full
from drp.data_protection.access_log_table import (
    ADD_READING,
    LOGGED,
    bring_log_to_shape,
    count_readers,
    log_columns,
    readings_of_item,
    references_of_row,
    row_of_reading,
    thin_once,
)
from drp.database.engine import Store, has_full_disk
from drp.database.unavailable import DiskFull, Unavailable

log = logging.getLogger("drp.access_log")

AN_OPERATOR = "an operator at the command line"
"""Who read, where a command of the machine did: its own accounts say who that was."""

OF_THE_LOG = "access log"
"""What is written down where somebody read this log itself; followed, where they looked a person up, by whom."""

LISTED = ("list", "search", "team", "board", "hand over", "supervision", "inbox", "outbox", "register")
"""Kinds of reading in which an item stood among others: it was seen, and not opened."""

MOST_HELD = 200_000
"""Items of readings that are held in memory while no disk takes them; beyond it reading is refused."""

THINNED_AT_ONCE, MOST_THINNINGS = 2_000, 250
"""Readings that one transaction takes out, and transactions of one day: nobody waits long, and 500,000 a day keep up."""


@dataclass(frozen=True)
class LoggedReading:
    """What one person was shown at once: one item, several in a list, or none that was named. `at` is aware UTC."""

    id: int
    at: datetime
    person: str
    what: str
    references: tuple[str, ...]

    @property
    def reference(self) -> str:
        """The item, where it was one; else empty."""
        return self.references[0] if len(self.references) == 1 else ""


@dataclass(frozen=True)
class ReaderTotals:
    """How much one person read in some time: how many different items they opened, and were shown at all; how often."""

    person: str
    opened: int
    shown: int
    readings: int
    last: datetime


class AccessLog:
    """Where reads of identifiable data are logged. A referral's export logs too, and is never refused for it.

    `give_room`: gives up a piece of the room that is kept on the file's disk; gives whether there was any.
    """

    def __init__(self, url: str, fallback: Path, give_room: Callable[[], bool] = lambda: False) -> None:
        self._url, self._file, self._give_room = url, ReadingsFile(fallback), give_room
        self._lock, self._holding = Lock(), Lock()
        self._store: Store | None = None
        self._has_functions = False
        self._held: list[dict[str, Any]] = []
        self._held_items = 0
        self._spares_room = False
        """Are readings added to the file, which takes a hundredth of the room, until there is room for the store again?"""

    def record(self, authority: str, at: datetime, person: str, what: str, *references: str) -> None:
        """Log what somebody was shown at once, as one reading. Raises Unavailable only if nothing takes it."""
        if not references:
            return
        row = row_of_reading(authority, at, person, what, references)
        # What fell back is brought into the store by `settle`, of this process or another: from then on the store is written.
        self._spares_room = self._spares_room and self._file.has_readings
        try:
            if self._spares_room:
                raise DiskFull
            self._write([row])
        except (SQLAlchemyError, Unavailable, OSError) as fault:
            self._spares_room = isinstance(fault, DiskFull) or has_full_disk(fault)
            self._keep_aside([row])
        else:
            self._write_held()

    def open_store(self) -> Store:
        """The log's own database: opened, and its table made or brought to this release's shape, at the first use.

        Raises SQLAlchemyError or OSError where it cannot be opened.
        """
        with self._lock:
            if self._store is None:
                store = Store(self._url)
                try:
                    with store.engine.begin() as connection:
                        self._has_functions = bring_log_to_shape(connection)
                except BaseException:
                    store.close()
                    raise
                self._store = store
            return self._store

    def bring_over(self, file: Path) -> int:
        """Bring an earlier log, a SQLite file, into this one, once. Returns how many readings came.

        That it came is in the log itself, in the same transaction: a start that died after it does not bring it twice. Raises
        SQLAlchemyError, OSError.
        """
        with file.open("rb") as opened:
            name = hashlib.file_digest(opened, "sha256").hexdigest()
        old = Store(f"sqlite:///{file}")
        try:
            with old.engine.begin() as before:
                there = log_columns(before)
                columns = [column for column in LOGGED.c if column.name != "id" and column.name in there]
                rows = before.execute(select(*columns).order_by(LOGGED.c.id))
                pages = iter(lambda: [{**row._mapping, "at": _aware(row.at)} for row in rows.fetchmany(1000)], [])
                return self._bring(name, datetime.fromtimestamp(file.stat().st_mtime, UTC), pages)
        finally:
            old.close()

    def _bring(self, name: str, at: datetime, pages: Iterable[Sequence[dict[str, Any]]]) -> int:
        """Bring readings of that name into the store, once. Gives how many came. Raises SQLAlchemyError, OSError."""
        mark, came = f"brought over {name[:48]}", 0
        with self.open_store().write("") as connection:
            is_mark = (LOGGED.c.authority == "", LOGGED.c.what == mark)
            if connection.execute(select(LOGGED.c.id).where(*is_mark).limit(1)).first():
                return 0
            for page in pages:
                connection.execute(ADD_READING, page)
                came += len(page)
            connection.execute(ADD_READING, row_of_reading("", at, "", mark, ()))
        return came

    def settle(self, now: datetime) -> int:
        """Bring into the store what it could not take before: what is held, then what stands in the file.

        Gives how many came. Raises Unavailable where that cannot be yet; nothing is lost, and nothing comes twice.
        """
        came = self._write_held()
        try:
            with self._file.set_aside() as aside:
                if aside is None:
                    return came
                if aside.cut:
                    log.error("%s lines of the access log's file were cut short when a disk filled, and say nothing", aside.cut)
                came += self._bring(aside.name, now, [aside.rows] if aside.rows else [])
        except (SQLAlchemyError, OSError) as error:
            raise Unavailable("the access log cannot be written") from error
        return came

    def _write(self, rows: Sequence[dict[str, Any]]) -> None:
        with self.open_store().engine.begin() as connection:
            connection.execute(ADD_READING, rows)

    def _keep_aside(self, rows: Sequence[dict[str, Any]]) -> None:
        """Add readings to the file, with the room that was kept for it; hold them where the disk has none. Raises Unavailable."""
        try:
            try:
                self._file.add(rows)
            except OSError as fault:
                if not is_disk_full(fault):
                    raise
                self._give_room()  # it may have been another's reading that gave it up, a moment ago
                self._file.add(rows)
        except OSError as fault:
            if not is_disk_full(fault):
                raise Unavailable("the access log cannot be written") from fault
            self._hold(rows)

    def _hold(self, rows: Sequence[dict[str, Any]]) -> None:
        items = sum(len(row["shown"] or "1") for row in rows)
        with self._holding:
            if self._held_items + items > MOST_HELD:
                raise Unavailable("the access log cannot be written, and holds as many readings as it may")
            self._held += rows
            self._held_items += items

    def _write_held(self) -> int:
        """Write what is held, if anything is. Gives how many readings are held no longer."""
        if not self._held:
            return 0
        with self._holding:
            rows = self._held
            try:
                self._write(rows)
            except (SQLAlchemyError, Unavailable, OSError):
                try:
                    self._file.add(rows)
                except OSError:
                    return 0
            self._held, self._held_items = [], 0
            return len(rows)

    @property
    def held_readings(self) -> int:
        """How many readings stand in this process's memory alone, because no disk took them."""
        return len(self._held)

    @property
    def has_fallen_back(self) -> bool:
        """Are there readings that the store could not take?"""
        return self._file.has_readings or bool(self._held)

    @property
    def holds_readings(self) -> bool:
        """Does the log, or the file it falls back on, hold any reading? A log that is not there is not made, and holds none."""
        if self.has_fallen_back:
            return True
        url = make_url(self._url)
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            return False
        try:
            with self.open_store().look() as connection:
                return connection.execute(select(LOGGED.c.id).limit(1)).first() is not None
        except (SQLAlchemyError, Unavailable, OSError):
            return False

    def fallen_back(self, authority: str) -> list[LoggedReading]:
        """The readings that the store could not take, oldest first, each with the number 0. Raises Unavailable."""
        try:
            rows = [*self._file.read(), *self._held]
        except OSError as error:
            raise Unavailable("the access log's file cannot be read") from error
        return [
            LoggedReading(0, row["at"], row["person"], row["what"], references_of_row(row))
            for row in rows
            if row["authority"] == authority
        ]

    def of(self, authority: str, reference: str) -> list[dict[str, object]]:
        """Who read one item, alone or among others, oldest first."""
        query = self._of_item(select(LOGGED).where(*match_readings(authority, None, None)), reference).order_by(LOGGED.c.id)
        return [dict(row) for row in self._rows(authority, query)]

    def readings(
        self,
        authority: str,
        *,
        reference: str = "",
        people: Collection[str] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        before: int = 0,
        most: int = 50,
    ) -> list[LoggedReading]:
        """Who read what, newest first: of one item, of some people, from `since` and before `until`; `before`: past a page."""
        query = select(LOGGED).where(*match_readings(authority, since, until)).order_by(LOGGED.c.id.desc()).limit(most)
        if reference:
            query = self._of_item(query, reference)
        if people is not None:
            query = query.where(LOGGED.c.person.in_(sorted(people)))
        if before:
            query = query.where(LOGGED.c.id < before)
        return [
            LoggedReading(row["id"], _aware(row["at"]), row["person"], row["what"], references_of_row(row))
            for row in self._rows(authority, query)
        ]

    def readers(self, authority: str, since: datetime, until: datetime, most: int = 20) -> list[ReaderTotals]:
        """Who read most in some time, first whoever opened most different items: what is unusual stands at the top."""
        conditions = (*match_readings(authority, since, until), LOGGED.c.what.not_like(f"{OF_THE_LOG}%"))
        query = count_readers(conditions, LISTED, most, is_sqlite=self._opened().is_sqlite)
        return [
            ReaderTotals(row["person"], row["opened"], row["shown"], row["n"], _aware(row["last"]))
            for row in self._rows(authority, query)
        ]

    def thin(self, authority: str, before: datetime, now: datetime) -> int:
        """Take out an authority's readings from before an instant, in short transactions, at most so many in one run.

        Gives how many went. Both instants are aware UTC. Raises Unavailable.
        """
        total = 0
        for _ in range(MOST_THINNINGS):
            with self._opened().write(authority) as connection:
                gone = thin_once(connection, authority, before, now, THINNED_AT_ONCE, self._has_functions)
            total += gone
            if gone < THINNED_AT_ONCE:
                break
        return total

    def _of_item(self, query: Select[Any], reference: str) -> Select[Any]:
        is_sqlite = self._opened().is_sqlite
        return readings_of_item(query, reference, is_sqlite=is_sqlite, by_function=self._has_functions)

    def _opened(self) -> Store:
        """The log's store. Raises Unavailable."""
        try:
            return self.open_store()
        except (SQLAlchemyError, OSError) as error:
            raise Unavailable("the access log cannot be read") from error

    def _rows(self, authority: str, query: Any) -> list[Any]:
        """Read, without keeping whoever writes waiting. Raises Unavailable."""
        try:
            with self._opened().read(authority) as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SET LOCAL jit = off"))  # compiling takes longer than counting: 0.5 s of 0.9
                return list(connection.execute(query).mappings())
        except (SQLAlchemyError, OSError) as error:
            raise Unavailable("the access log cannot be read") from error

    def close(self) -> None:
        """Let its connections go. What is held and still cannot be written is said in the process's own output, line by line."""
        self._write_held()
        for row in self._held:
            log.error("a reading that no disk took: %s", json.dumps(row, default=str))
        if self._store is not None:
            self._store.close()


def match_readings(authority: str, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """The conditions for readings of one authority, from `since` and before `until` (None: without that bound)."""
    bounds = [LOGGED.c.authority == authority]
    if since is not None:
        bounds.append(LOGGED.c.at >= since)
    if until is not None:
        bounds.append(LOGGED.c.at < until)
    return bounds


def _aware(at: datetime) -> datetime:
    """SQLite keeps no zone; what was written was UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
