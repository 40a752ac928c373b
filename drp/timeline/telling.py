"""What an entry commits to of whom was told: one digest over every message of an item so far, oldest first.

From edition 2 on the last entry of a decision carries the digest as it stands after the decision's own messages. A copy that is
taken out, added or turned to somebody else is then unlike every entry since. What becomes of a message (sent, read, returned) is
not in it.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping
from sqlmodel import col

from drp.database.gathering import gather_by_key
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.scope import select_of
from drp.timeline.chain import canonical_text

NOBODY_YET = ""
"""The digest before any message."""

Row = Mapping[str, Any] | RowMapping


def continue_told(before: str, message: Row, copies: Iterable[Row]) -> str:
    """The digest after one message more, with every person's copy of it."""
    people = sorted(
        [str(one["person"]), bool(one["as_to"]), one["role"], one["how"], one["party"], one["also"] or ""] for one in copies
    )
    said = {
        "before": before, "version": message["version"], "n": message["n"], "subject": message["subject"],
        "stage": message["stage"], "sequence": message["sequence"], "window": message["window"],
        "due": message["due"].isoformat() if message["due"] else "", "at": message["at"].isoformat(timespec="microseconds"),
        "people": people,
    }  # fmt: skip
    return hashlib.sha256(canonical_text(said).encode()).hexdigest()


def read_messages(connection: Connection, authority: str, challenge: UUID) -> list[tuple[RowMapping, list[RowMapping]]]:
    """Every message of an item in the order in which it was needed, with everybody's copy."""
    messages = select_of(NotificationRow, authority).where(col(NotificationRow.challenge) == challenge)
    copies = gather_by_key(
        ((row["version"], row["n"]), row)
        for row in connection.execute(select_of(DeliveryRow, authority).where(col(DeliveryRow.challenge) == challenge)).mappings()
    )
    ordered = messages.order_by(col(NotificationRow.version), col(NotificationRow.n))
    return [(row, list(copies.get((row["version"], row["n"]), ()))) for row in connection.execute(ordered).mappings()]


def told_otherwise_than_committed(
    messages: Sequence[tuple[Row, Sequence[Row]]], entries: Iterable[tuple[int, str]], stands: str
) -> str:
    """What is unlike what the entries commit to; empty where all of it is as they say.

    `entries`: number and `told` of each, oldest first; `stands`: the digest in the challenge's own row.
    """
    reached = NOBODY_YET
    places = {reached: 0}
    for place, (message, copies) in enumerate(messages, 1):
        reached = continue_told(reached, message, copies)
        places[reached] = place
    at = 0
    for number, told in entries:
        if told and places.get(told, -1) < at:
            return f"whom was told what is not what entry {number} commits to"
        at = places[told] if told else at
    return "" if reached == stands else "whom was told what is not what the challenge's own row commits to"
