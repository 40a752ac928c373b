"""Takes a checkpoint of an authority: every timeline that grew since the last one is looked at, and must go on from there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlmodel import col

from drp.data_protection.admin_audit_log import RECORD, read_record_length, record_entries
from drp.database.authority_tables import AuthorityRow
from drp.database.challenge_tables import ChallengeRow, EntryRow
from drp.database.record_tables import CheckpointRow, StandingRow
from drp.database.scope import delete_rows, select_of
from drp.proof.checkpoint import NONE_BEFORE, Checkpoint, CheckpointedLength, in_order, sign_checkpoint
from drp.timeline.chain import GENESIS, continue_digest, running_digest


class Unsigned(Exception):
    """No checkpoint is signed over what stands in the database. The message says why."""


class TimelineBroken(Unsigned):
    """A timeline does not go on from the last checkpoint. None is signed over it: two histories would both be vouched for."""

    def __init__(self, authority: str, found: Mapping[UUID, str]) -> None:
        self.authority, self.found = authority, dict(found)
        first = next(f"challenge {challenge}: {wrong}" for challenge, wrong in self.found.items())
        many = f"{len(found)} timelines do" if len(found) > 1 else "1 timeline does"
        super().__init__(f"{authority}: {many} not go on from the last checkpoint; {first}")


@dataclass(frozen=True)
class TakenCheckpoint:
    """A checkpoint, and the lines under its root."""

    checkpoint: Checkpoint
    standings: tuple[CheckpointedLength, ...]


_NEWEST = select_of(CheckpointRow, bindparam("authority")).order_by(col(CheckpointRow.number).desc()).limit(1)


def last_checkpoint(connection: Connection, authority: str) -> Checkpoint | None:
    """The newest checkpoint that the database knows."""
    row = connection.execute(_NEWEST, {"authority": authority}).mappings().first()
    return Checkpoint(**row) if row else None


def stored_checkpoints(connection: Connection, authority: str, numbers: Iterable[int]) -> dict[int, Checkpoint]:
    """The checkpoints of these numbers that the database knows."""
    rows = connection.execute(select_of(CheckpointRow, authority).where(col(CheckpointRow.number).in_(sorted(numbers))))
    return {row["number"]: Checkpoint(**row) for row in rows.mappings()}


def take_checkpoint(
    connection: Connection, authority: str, now: datetime, key: Ed25519PrivateKey, follows: Checkpoint | None = None
) -> TakenCheckpoint | None:
    """Sign how every timeline stands; None where nothing was written since the last one. In a writing transaction.

    Where the database was put back, `follows` is the newest checkpoint that had left it: the new one follows that, with the next
    number, and is signed even if nothing was written since. So no number is ever given to two histories, and whoever holds
    both sees what was lost between them.

    Raises TimelineBroken; IntegrityError where another replica took the same one at the same moment.
    """
    before = last_checkpoint(connection, authority)
    known = _known(connection, authority)
    heads = select_of(ChallengeRow, authority, ChallengeRow.id, ChallengeRow.entries, ChallengeRow.head)
    rows: dict[UUID, Any] = {row.id: (row.entries, row.head) for row in connection.execute(heads)}
    if (record := read_record_length(connection, authority)) is not None:
        rows[RECORD] = (record.count, record.head)
    grown = {id_ for id_, row in rows.items() if id_ not in known or row != (known[id_].count, known[id_].head)}
    broken = dict.fromkeys(known.keys() - rows.keys(), "it is gone")
    standings = dict(known)
    for id_ in sorted(grown, key=lambda grown_id: grown_id.bytes):
        standing = _grown(connection, authority, id_, known.get(id_), *rows[id_])
        if isinstance(standing, str):
            broken[id_] = standing
        else:
            standings[id_] = standing
    if broken:
        raise TimelineBroken(authority, broken)
    if before is not None and not grown and follows is None:
        return None
    ordered = in_order(standings.values())
    after = follows or before
    number, previous = (after.number + 1, after.mark) if after else (1, NONE_BEFORE)
    checkpoint = sign_checkpoint(authority, number, now, previous, ordered, key)
    connection.execute(insert(CheckpointRow).values(**vars(checkpoint)))
    _keep(connection, authority, [standings[id_] for id_ in grown])
    return TakenCheckpoint(checkpoint, ordered)


def read_head_day(connection: Connection, authority: str) -> date | None:
    """Read for which local day the auditors were last sent the signed head of a checkpoint; None: none was."""
    return connection.execute(select(col(AuthorityRow.head_day)).where(col(AuthorityRow.key) == authority)).scalar()


def move_head_day(connection: Connection, authority: str, was: date | None, becomes: date | None) -> bool:
    """Move the day for which a head was sent, if it is still `was`. Returns False if another replica has moved it.

    One conditional UPDATE: one row changed is the only yes.
    """
    moving = (
        update(AuthorityRow)
        .where(col(AuthorityRow.key) == authority, col(AuthorityRow.head_day).is_not_distinct_from(was))
        .values(head_day=becomes)
    )
    return connection.execute(moving).rowcount == 1


def _known(connection: Connection, authority: str) -> dict[UUID, CheckpointedLength]:
    lines = select_of(StandingRow, authority, StandingRow.challenge, StandingRow.count, StandingRow.head, StandingRow.digest)
    return {row.challenge: CheckpointedLength(*row) for row in connection.execute(lines)}


def standing_at_last(connection: Connection, authority: str) -> tuple[CheckpointedLength, ...]:
    """The lines of the newest checkpoint that the database knows."""
    return in_order(_known(connection, authority).values())


def _keep(connection: Connection, authority: str, standings: list[CheckpointedLength]) -> None:
    for standing in standings:
        delete_rows(connection, StandingRow, authority, col(StandingRow.challenge) == standing.challenge)
    if standings:
        connection.execute(insert(StandingRow), [{"authority": authority, **vars(standing)} for standing in standings])


def _grown(
    connection: Connection, authority: str, challenge: UUID, known: CheckpointedLength | None, count: int, head: str
) -> CheckpointedLength | str:
    """How a timeline stands now, or why it does not go on from where it stood."""
    since, standing = (known.count, known) if known else (0, CheckpointedLength(challenge, 0, GENESIS, GENESIS))
    if count < since:
        return f"it had {since} entries and has {count}"
    new = _entries(connection, authority, challenge, since, count)
    if since:
        if not new or new[0]["number"] != since or new[0]["hash"] != standing.head:
            return f"entry {since} is not the one that it was"
        del new[0]
    hashes = [standing.head, *(row["hash"] for row in new)]
    if [row["number"] for row in new] != list(range(since + 1, count + 1)) or hashes[-1] != head:
        return f"its entries after {since} are not those that it counts"
    if any(row["previous"] != before for row, before in zip(new, hashes, strict=False)):
        return f"an entry after {since} does not follow the one before"
    return CheckpointedLength(challenge, count, head, _continued(authority, challenge, standing.digest, new))


def _entries(connection: Connection, authority: str, challenge: UUID, since: int, count: int) -> list[Any]:
    """A timeline's entries from one number to another: a challenge's, or those of the administrators' record."""
    if challenge == RECORD:
        return list(record_entries(connection, authority, since, count))
    entries = (
        select_of(EntryRow, authority)
        .where(col(EntryRow.challenge) == challenge, col(EntryRow.number).between(since, count))
        .order_by(col(EntryRow.number))
    )
    return [dict(row) for row in connection.execute(entries).mappings()]


def _continued(authority: str, challenge: UUID, before: str, new: list[Any]) -> str:
    if challenge == RECORD:
        return continue_digest(before, (row["own"] for row in new))
    return running_digest(authority, challenge, before, new)
