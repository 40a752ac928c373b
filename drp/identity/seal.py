"""The seal on every row that lets somebody in: whoever can write the database and has not the key cannot make one.

A session, token, link, visit to a provider or account carries a keyed hash (HMAC-SHA-256) over its kind and every column of
it that says something, checked at every use. The key stands outside the database (`drp keys make seal`). A row that has ended
has no seal: taking its end away does not bring it back.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert
from sqlmodel import col

from drp.database.account_tables import AccountRow, SessionRow, SignInRow, TokenRow
from drp.database.scope import core_table, select_of, update_of
from drp.timeline.chain import ChainKey, canonical_text

SealedRow = type[SessionRow] | type[TokenRow] | type[SignInRow] | type[AccountRow]


@dataclass(frozen=True)
class Seal:
    """The keys that seal, the newest last: it seals, and those before it still prove."""

    keys: tuple[ChainKey, ...]

    def of(self, kind: SealedRow, values: Mapping[Any, Any]) -> str:
        """The seal of a row of a table with these values: the key's name and the hash."""
        return _sealed(self.keys[-1], kind, values)

    def holds(self, kind: SealedRow, row: Mapping[Any, Any]) -> bool:
        """Was a stored row sealed with a key of ours as it stands?"""
        key = next((one for one in self.keys if row["seal"].partition(":")[0] == one.id), None)
        return key is not None and hmac.compare_digest(_sealed(key, kind, row), row["seal"])

    def word_of(self, said: str) -> str:
        """A word that only the service can say for a text: the key's name and a hash."""
        return _word(self.keys[-1], said)

    def confirms(self, said: str, word: str) -> bool:
        """Did we say this word for a text, with a key of ours?"""
        key = next((one for one in self.keys if word.partition(":")[0] == one.id), None)
        return key is not None and hmac.compare_digest(_word(key, said).encode(), word.encode())

    def insert(self, connection: Connection, kind: SealedRow, values: Mapping[Any, Any]) -> None:
        """Keep a new row under its seal."""
        connection.execute(insert(kind).values(**values, seal=self.of(kind, values)))

    def change(self, connection: Connection, kind: SealedRow, authority: str, *where: Any, **changes: Any) -> int:
        """Change sealed rows and seal them anew; those that are not sealed stay as they are. Returns how many changed.

        A row that changed meanwhile (ended, used) has another seal or none, and is left.
        """
        changed = 0
        for row in connection.execute(select_of(kind, authority).where(*where)).mappings().all():
            if self.holds(kind, row):
                key = (column == row[column.name] for column in core_table(kind).primary_key)
                update = update_of(kind, authority).where(*key, col(kind.seal) == row["seal"])
                changed += connection.execute(update.values(**changes, seal=self.of(kind, {**row, **changes}))).rowcount
        return changed


def _sealed(key: ChainKey, kind: SealedRow, values: Mapping[Any, Any]) -> str:
    # What is empty says nothing: a column that a later release adds does not break what was sealed before.
    said = {
        column.name: _text(values[column.name])
        for column in core_table(kind).c
        if column.name != "seal" and values.get(column.name) not in (None, "")
    }
    octets = canonical_text({"kind": kind.__tablename__, **{f"row.{name}": text for name, text in said.items()}}).encode()
    return f"{key.id}:{hmac.new(key.secret, octets, hashlib.sha256).hexdigest()}"


def _word(key: ChainKey, said: str) -> str:
    return f"{key.id}:{hmac.new(key.secret, f'word {said}'.encode(), hashlib.sha256).hexdigest()}"


def _text(value: Any) -> str:
    """A value as both engines give it back."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, UUID | str) else repr(value)
