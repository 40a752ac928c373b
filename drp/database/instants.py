"""Instants as SQLite keeps them: text without a zone, which is UTC."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy.engine import Dialect
from sqlmodel.sql.sqltypes import UTCDateTime


@lru_cache(maxsize=8192)
def instant_of(text: str | None) -> datetime | None:
    """An instant from its text in an SQLite file: many rows share one, and it is read once."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


class Instant(UTCDateTime):
    """SQLModel's aware instants; on SQLite read straight from the text, where each cell went through five functions."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """What makes an instant of what the driver gives."""
        return instant_of if dialect.name == "sqlite" else super().result_processor(dialect, coltype)
