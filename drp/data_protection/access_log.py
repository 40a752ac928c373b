"""Who read what: a store of its own, with a file to fall back on. If neither can be written, the read is refused."""

import hashlib
import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    case,
    distinct,
    func,
    insert,
    select,
)
from sqlalchemy.exc import SQLAlchemyError

from drp.database.engine import Store, Unavailable

_metadata = MetaData()
_reads = Table(
    "access",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("authority", String(64), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("person", String(36), nullable=False),
    Column("what", String(80), nullable=False),
    Column("reference", String(16), nullable=False, index=True),
    Index("ix_access_person", "authority", "person", "id"),
    Index("ix_access_at", "authority", "at"),
    Index("ix_access_newest", "authority", "id"),
)

_ADD = insert(_reads).inline()
"""Adds readings. Nothing of it is asked back: on PostgreSQL whoever adds one of no authority may not read it."""

AN_OPERATOR = "an operator at the command line"
"""Who read, where a command of the machine did: its own accounts say who that was."""

OF_THE_LOG = "access log"
"""What is written down where somebody read this log itself; followed, where they looked a person up, by whom."""

LISTED = ("list", "search", "team", "board", "hand over", "supervision", "inbox", "outbox", "register")
"""Kinds of reading in which an item stood among others: it was seen, and not opened."""


@dataclass(frozen=True)
class LoggedReading:
    """One item, seen by one person once. `at` is aware UTC."""

    id: int
    at: datetime
    person: str
    what: str
    reference: str


@dataclass(frozen=True)
class ReaderTotals:
    """How much one person read in some time: how many different items they opened, and were shown at all; how often."""

    person: str
    opened: int
    shown: int
    readings: int
    last: datetime


class AccessLog:
    """Where reads of identifiable data are logged. A referral's export logs too, and is never refused for it."""

    def __init__(self, url: str, fallback: Path) -> None:
        self._url, self._fallback = url, fallback
        self._lock = Lock()
        self._store: Store | None = None

    def record(self, authority: str, at: datetime, person: str, what: str, *references: str) -> None:
        """Log the reading of some items, all at once. Raises Unavailable only if neither the store nor the file takes it."""
        line = {"authority": authority, "at": at, "person": person, "what": what}
        if not references:
            return
        try:
            with self.open_store().engine.begin() as connection:
                connection.execute(_ADD, [line | {"reference": reference} for reference in references])
        except (SQLAlchemyError, Unavailable, OSError):
            self._fall_back([line | {"at": at.isoformat(), "reference": reference} for reference in references])

    def open_store(self) -> Store:
        """The log's own database: opened, and its table made where it is missing, at the first use.

        Raises SQLAlchemyError or OSError where it cannot be opened.
        """
        with self._lock:
            if self._store is None:
                store = Store(self._url)
                with store.engine.begin() as connection:
                    _metadata.create_all(connection)
                    for index in _reads.indexes:  # a log of an earlier release has its table, and not all of these
                        index.create(connection, checkfirst=True)
                self._store = store
            return self._store

    def bring_over(self, file: Path) -> int:
        """Bring an earlier log, a SQLite file, into this one, once. Returns how many readings came.

        That it came is in the log itself, in the same transaction: a start that died after it does not bring it twice. Raises
        SQLAlchemyError, OSError.
        """
        with file.open("rb") as opened:
            mark = f"brought over {hashlib.file_digest(opened, 'sha256').hexdigest()[:48]}"
        old, came = Store(f"sqlite:///{file}"), 0
        try:
            with old.engine.begin() as before, self.open_store().write("") as after:
                if after.execute(select(_reads.c.id).where(_reads.c.authority == "", _reads.c.what == mark).limit(1)).first():
                    return 0
                rows = before.execute(select(*(column for column in _reads.c if column.name != "id")).order_by(_reads.c.id))
                while page := [{**row._mapping, "at": _aware(row.at)} for row in rows.fetchmany(1000)]:
                    after.execute(_ADD, page)
                    came += len(page)
                now = datetime.fromtimestamp(file.stat().st_mtime, UTC)
                after.execute(_ADD, {"authority": "", "at": now, "person": "", "what": mark, "reference": ""})
        finally:
            old.close()
        return came

    def _fall_back(self, lines: Sequence[dict[str, object]]) -> None:
        try:
            self._fallback.parent.mkdir(parents=True, exist_ok=True)
            with self._fallback.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        except OSError as error:
            raise Unavailable("the access log cannot be written") from error

    @property
    def has_fallen_back(self) -> bool:
        """Does the file hold readings that the store could not take?"""
        return self._fallback.is_file() and self._fallback.stat().st_size > 0

    def fallen_back(self, authority: str) -> list[LoggedReading]:
        """The readings that only the file holds, oldest first, each with the number 0. Raises Unavailable.

        A line that was cut short when the disk filled says nothing that could be trusted, and is passed over.
        """
        if not self.has_fallen_back:
            return []
        found = []
        try:
            for line in self._fallback.read_text(encoding="utf-8").splitlines():
                with suppress(ValueError, KeyError, TypeError):
                    said = json.loads(line)
                    if said["authority"] == authority:
                        found.append(
                            LoggedReading(
                                0, _aware(datetime.fromisoformat(said["at"])), said["person"], said["what"], said["reference"]
                            )
                        )
        except OSError as error:
            raise Unavailable("the access log's file cannot be read") from error
        return found

    def of(self, authority: str, reference: str) -> list[dict[str, object]]:
        """Who read one item, oldest first."""
        query = select(_reads).where(_reads.c.authority == authority, _reads.c.reference == reference).order_by(_reads.c.id)
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
        query = select(_reads).where(*match_readings(authority, since, until)).order_by(_reads.c.id.desc()).limit(most)
        if reference:
            query = query.where(_reads.c.reference == reference)
        if people is not None:
            query = query.where(_reads.c.person.in_(sorted(people)))
        if before:
            query = query.where(_reads.c.id < before)
        return [
            LoggedReading(row["id"], _aware(row["at"]), row["person"], row["what"], row["reference"])
            for row in self._rows(authority, query)
        ]

    def readers(self, authority: str, since: datetime, until: datetime, most: int = 20) -> list[ReaderTotals]:
        """Who read most in some time, first whoever opened most different items: what is unusual stands at the top."""
        opened = func.count(distinct(case((_reads.c.what.not_in(LISTED), _reads.c.reference))))
        shown, readings = func.count(distinct(_reads.c.reference)), func.count()
        counted = (opened.label("opened"), shown.label("shown"), readings.label("n"), func.max(_reads.c.at).label("last"))
        query = (
            select(_reads.c.person, *counted)
            .where(*match_readings(authority, since, until), _reads.c.what.not_like(f"{OF_THE_LOG}%"))
            .group_by(_reads.c.person)
            .order_by(opened.desc(), shown.desc(), _reads.c.person)
            .limit(most)
        )
        return [
            ReaderTotals(row["person"], row["opened"], row["shown"], row["n"], _aware(row["last"]))
            for row in self._rows(authority, query)
        ]

    def _rows(self, authority: str, query: Any) -> list[Any]:
        """Read, without keeping whoever writes waiting. Raises Unavailable."""
        try:
            with self.open_store().read(authority) as connection:
                return list(connection.execute(query).mappings())
        except (SQLAlchemyError, OSError) as error:
            raise Unavailable("the access log cannot be read") from error

    def close(self) -> None:
        """Let its connections go."""
        if self._store is not None:
            self._store.close()


def match_readings(authority: str, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    """The conditions for readings of one authority, from `since` and before `until` (None: without that bound)."""
    bounds = [_reads.c.authority == authority]
    if since is not None:
        bounds.append(_reads.c.at >= since)
    if until is not None:
        bounds.append(_reads.c.at < until)
    return bounds


def _aware(at: datetime) -> datetime:
    """SQLite keeps no zone; what was written was UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
