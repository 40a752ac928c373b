"""What was sent to whom: every person's copy of every message of some items, with what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col

from drp.database.challenge_tables import ChallengeRow
from drp.database.directory_tables import PersonRow
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.scope import in_authority, select_of
from drp.database.statements import MESSAGES


@dataclass(frozen=True)
class SentMessage:
    """One person's copy of one message. Moments are aware UTC."""

    item: UUID
    reference: str
    at: datetime
    subject: str
    stage: str
    due: date | None
    person: str
    name: str
    address: str
    """As the directory has it now: the one that was written to is not kept."""
    role: str
    raiser_role: str
    how: str
    as_to: bool
    mail: str
    mailed_at: datetime | None
    read_at: datetime | None
    opened_at: datetime | None
    """When the person first opened the item itself."""
    error: str
    ladder_hash: str
    authority_hash: str


def items_raised_before(connection: Connection, authority: str, until: datetime | None = None) -> tuple[UUID, ...]:
    """Every item of an authority that was raised before `until`, in the order of raising."""
    query = select_of(ChallengeRow, authority, ChallengeRow.id)
    if until is not None:
        query = query.where(col(ChallengeRow.raised_at) < until)
    return tuple(connection.execute(query.order_by(col(ChallengeRow.raised_at), col(ChallengeRow.id))).scalars())


def sent_messages(
    connection: Connection, authority: str, items: Sequence[UUID], since: datetime | None = None, until: datetime | None = None
) -> list[SentMessage]:
    """The messages of some items, item by item as they are given, each item's oldest first: from `since`, before `until`."""
    query = (
        MESSAGES.add_columns(col(PersonRow.name), col(PersonRow.email), col(ChallengeRow.raiser_role))
        .outerjoin(PersonRow, in_authority(PersonRow, authority) & (col(PersonRow.id) == col(DeliveryRow.person)))
        .where(col(DeliveryRow.challenge).in_(items))
    )
    if since is not None:
        query = query.where(col(NotificationRow.at) >= since)
    if until is not None:
        query = query.where(col(NotificationRow.at) < until)
    order = {id_: n for n, id_ in enumerate(items)}
    rows = sorted(
        connection.execute(query, {"authority": authority}).mappings(),
        key=lambda row: (
            order[row["challenge"]],
            row["at"],
            row["version"],
            row["n"],
            not row["as_to"],
            row["role"],
            str(row["person"]),
        ),
    )
    return [
        SentMessage(
            row["challenge"], row["reference"], row["at"], row["subject"], row["stage"], row["due"], str(row["person"]),
            row["name"] or "", row["email"] or "", row["role"], row["raiser_role"], row["how"], row["as_to"], row["mail"],
            row["mailed_at"], row["read_at"], row["opened_at"], row["error"] or row["trouble"], row["ladder_hash"],
            row["authority_hash"],
        )
        for row in rows
    ]  # fmt: skip
