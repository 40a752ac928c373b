"""Who read what: a store of its own, with a file to fall back on. If neither can be written, the read is refused."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import Column, DateTime, Engine, Integer, MetaData, String, Table, insert, select
from sqlalchemy.exc import SQLAlchemyError

from drp.store import Store, Unavailable

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
)


class AccessLog:
    """Where reads of identifiable data are logged. A referral's export logs too, and is never refused for it."""

    def __init__(self, url: str, fallback: Path) -> None:
        self._url, self._fallback = url, fallback
        self._lock = Lock()
        self._engine: Engine | None = None

    def record(self, authority: str, at: datetime, person: str, what: str, *references: str) -> None:
        """Log the reading of some items, all at once. Raises Unavailable only if neither the store nor the file takes it."""
        line = {"authority": authority, "at": at, "person": person, "what": what}
        if not references:
            return
        try:
            with self._open().begin() as connection:
                connection.execute(insert(_reads), [line | {"reference": reference} for reference in references])
        except (SQLAlchemyError, Unavailable, OSError):
            self._fall_back([line | {"at": at.isoformat(), "reference": reference} for reference in references])

    def _open(self) -> Engine:
        with self._lock:
            if self._engine is None:
                engine = Store(self._url).engine
                with engine.begin() as connection:
                    _metadata.create_all(connection)
                self._engine = engine
            return self._engine

    def _fall_back(self, lines: Sequence[dict[str, object]]) -> None:
        try:
            self._fallback.parent.mkdir(parents=True, exist_ok=True)
            with self._fallback.open("a", encoding="utf-8") as file:
                file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        except OSError as error:
            raise Unavailable("the access log cannot be written") from error

    def of(self, authority: str, reference: str) -> list[dict[str, object]]:
        """Who read one item, oldest first."""
        query = select(_reads).where(_reads.c.authority == authority, _reads.c.reference == reference).order_by(_reads.c.id)
        with self._open().begin() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def close(self) -> None:
        """Let its connections go."""
        if self._engine is not None:
            self._engine.dispose()
