"""Takes a checkpoint of an authority: every timeline that grew since the last one is looked at, and must go on from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, insert, select, update
from sqlmodel import col

from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow, EntryRow
from drp.database.record_tables import CheckpointRow, StandingRow
from drp.database.scope import core_table, select_of
from drp.proof.checkpoint import NONE_BEFORE, Checkpoint, CheckpointedLength, in_order, sign_checkpoint
from drp.timeline.chain import GENESIS, running_digest


class Unsigned(Exception):
    """No checkpoint is signed over what stands in the database. The message says why."""


class TimelineBroken(Unsigned):
    """A timeline does not go on from the last checkpoint. None is signed over it: two histories would both be vouched for."""

    def __init__(self, authority: str, found: Mapping[UUID, str]) -> None:
        self.authority, self.found = authority, dict(found)
        first = next(f"challenge {challenge}: {said}" for challenge, said in self.found.items())
        many = f"{len(found)} timelines do" if len(found) > 1 else "1 timeline does"
        super().__init__(f"{authority}: {many} not go on from the last checkpoint; {first}")


@dataclass(frozen=True)
class TakenCheckpoint:
    """A checkpoint, and the lines under its root."""

    checkpoint: Checkpoint
    standings: tuple[CheckpointedLength, ...]


def last_checkpoint(connection: Connection, authority: str) -> Checkpoint | None:
    """The newest checkpoint that the database knows."""
    table = core_table(CheckpointRow)
    newest = select(table).where(table.c.authority == authority).order_by(table.c.number.desc()).limit(1)
    row = connection.execute(newest).mappings().first()
    return Checkpoint(**row) if row else None


def take_checkpoint(
    connection: Connection, authority: str, now: datetime, key: Ed25519PrivateKey, follows: Checkpoint | None = None
) -> TakenCheckpoint | None:
    """Sign how every timeline stands; None where nothing was written since the last one. In a writing transaction.

    Where the database was put back, `follows` is the newest checkpoint that had left it: the new one follows that, with the next
    number, and is signed even if nothing was written since. So no number is ever given to two histories, and whoever holds
    both sees what was lost between them.

    Raises Broken; IntegrityError where another replica took the same one at the same moment.
    """
    before = last_checkpoint(connection, authority)
    known = _known(connection, authority)
    rows = {
        row.id: row
        for row in connection.execute(
            select_of(ChallengeRow, authority, ChallengeRow.id, ChallengeRow.entries, ChallengeRow.head)
        )
    }
    grown = {
        id_ for id_, row in rows.items() if id_ not in known or (row.entries, row.head) != (known[id_].count, known[id_].head)
    }
    broken = dict.fromkeys(known.keys() - rows.keys(), "it is gone")
    standings = dict(known)
    for id_ in sorted(grown, key=lambda one: one.bytes):
        said = _grown(connection, authority, id_, known.get(id_), rows[id_].entries, rows[id_].head)
        if isinstance(said, str):
            broken[id_] = said
        else:
            standings[id_] = said
    if broken:
        raise TimelineBroken(authority, broken)
    if before is not None and not grown and follows is None:
        return None
    ordered = in_order(standings.values())
    after = follows or before
    number, previous = (after.number + 1, after.mark) if after else (1, NONE_BEFORE)
    checkpoint = sign_checkpoint(authority, number, now, previous, ordered, key)
    connection.execute(
        insert(CheckpointRow).values(**{name: getattr(checkpoint, name) for name in Checkpoint.__dataclass_fields__})
    )
    _keep(connection, authority, [standings[id_] for id_ in grown])
    return TakenCheckpoint(checkpoint, ordered)


def note_checked(connection: Connection, authority: str, now: datetime, fault: str) -> None:
    """Keep when the timelines were last looked at, or what did not go on: health says it until it is put right."""
    values = {"witness_fault": fault[:300]} if fault else {"witness_fault": "", "witnessed_at": now}
    connection.execute(update(AuthorityRow).where(col(AuthorityRow.key) == authority).values(**values))


def _known(connection: Connection, authority: str) -> dict[UUID, CheckpointedLength]:
    table = core_table(StandingRow)
    named = select(table.c.challenge, table.c.count, table.c.head, table.c.digest).where(table.c.authority == authority)
    rows = connection.execute(named)
    return {row["challenge"]: CheckpointedLength(**row) for row in rows.mappings()}


def standing_at_last(connection: Connection, authority: str) -> tuple[CheckpointedLength, ...]:
    """The lines of the newest checkpoint that the database knows."""
    return in_order(_known(connection, authority).values())


def _keep(connection: Connection, authority: str, standings: list[CheckpointedLength]) -> None:
    table = core_table(StandingRow)
    for one in standings:
        connection.execute(delete(table).where(table.c.authority == authority, table.c.challenge == one.challenge))
    listed: list[dict[str, Any]] = [
        {"authority": authority, "challenge": one.challenge, "count": one.count, "head": one.head, "digest": one.digest}
        for one in standings
    ]
    if listed:
        connection.execute(insert(StandingRow), listed)


def _grown(
    connection: Connection, authority: str, challenge: UUID, known: CheckpointedLength | None, count: int, head: str
) -> CheckpointedLength | str:
    """How a timeline stands now, or why it does not go on from where it stood."""
    since, standing = (known.count, known) if known else (0, CheckpointedLength(challenge, 0, GENESIS, GENESIS))
    if count < since:
        return f"it had {since} entries and has {count}"
    table = core_table(EntryRow)
    found = connection.execute(
        select(table)
        .where(table.c.authority == authority, table.c.challenge == challenge)
        .where(table.c.number >= since, table.c.number <= count)
        .order_by(table.c.number)
    )
    new: list[dict[str, Any]] = [dict(row) for row in found.mappings()]
    if since:
        if not new or new[0]["number"] != since or new[0]["hash"] != standing.head:
            return f"entry {since} is not the one that it was"
        new = new[1:]
    hashes = [standing.head, *(row["hash"] for row in new)]
    if [row["number"] for row in new] != list(range(since + 1, count + 1)) or hashes[-1] != head:
        return f"its entries after {since} are not those that it counts"
    if any(row["previous"] != before for row, before in zip(new, hashes, strict=False)):
        return f"an entry after {since} does not follow the one before"
    return CheckpointedLength(challenge, count, head, running_digest(authority, challenge, standing.digest, new))
