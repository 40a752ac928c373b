"""Keys that make a repeat harmless: the answer to the first is kept, and given again. A restore may have lost what one did."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from drp.database.challenge_tables import IdempotencyRow
from drp.database.rows_together import NewRows, write_together
from drp.database.statements import FIND_ANSWER
from drp.identity.principal import Principal

Answer = dict[str, Any]


class KeyReused(Exception):
    """An idempotency key came again with another body."""


KEYS_ARE_ASKED_FOR = timedelta(days=7)
"""How long after a restore a key that the database does not know may be one that it has lost."""


class RestoredSince(Exception):
    """A key is not known, and the database was brought back from a backup: it may have acted in what was lost.

    `to` and `at` bound what was lost (aware UTC). `line`: the header by which whoever was told this sends it all the same.
    """

    def __init__(self, to: datetime, at: datetime) -> None:
        self.to, self.at = to, at
        self.line = f"Made-After-Restore: {restore_name(at)}"
        super().__init__(self.line)


def restore_name(at: datetime) -> str:
    """What a restore is called: its moment, to the second."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True)
class RetryKey:
    """What makes a repeat harmless: the caller's key, and a hash of the body it came with."""

    key: str = ""
    body_hash: str = ""
    older_hash: str = ""
    """The hash that an earlier release would have kept for the same body; empty: the same."""
    made_after: str | None = None
    """The restore that whoever made the key says they know of; empty: none. None: a form of ours, which none outlives."""


NO_KEY = RetryKey()


def find_answer(connection: Connection, signed: Principal, retry: RetryKey, now: datetime) -> Answer | None:
    """Find the answer that this person was given for the same key, if any.

    Raises KeyReused where the body was another, RestoredSince where a restore may have lost what the key did.
    """
    if not retry.key:
        return None
    asked = {"authority": signed.authority, "person": UUID(signed.person), "key": retry.key}
    row = connection.execute(FIND_ANSWER, asked).first()
    if row is None or row.body_hash is None:
        if row is not None and row.restored_at is not None and retry.made_after is not None:
            is_told = retry.made_after == restore_name(row.restored_at)
            if not is_told and now < row.restored_at + KEYS_ARE_ASKED_FOR:
                raise RestoredSince(row.restored_to, row.restored_at)
        return None
    if row.body_hash not in (retry.body_hash, retry.older_hash or retry.body_hash):
        raise KeyReused
    return dict(row.answer)


def keep_answer(
    connection: Connection,
    signed: Principal,
    retry: RetryKey,
    answer: Answer,
    challenge: UUID,
    entry: int,
    status: int,
    now: datetime,
) -> Answer:
    """Keep an answer about an item under the person and the key, for a repeat, and give it. Without a key nothing is kept."""
    if retry.key:
        row = {
            "authority": signed.authority, "person": UUID(signed.person), "key": retry.key, "body_hash": retry.body_hash,
            "challenge": challenge, "entry": entry, "status": status, "answer": answer, "at": now,
        }  # fmt: skip
        write_together(connection, _ANSWERS, {"idempotency": [row]})
    return answer


_ANSWERS = (NewRows(IdempotencyRow),)
