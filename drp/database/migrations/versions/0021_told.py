"""Whom was told: a digest over each item's messages, which the entries of its timeline commit to from here on."""

from itertools import groupby
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

from drp.database.challenge_tables import ChallengeRow
from drp.database.message_tables import DeliveryRow, NotificationRow
from drp.database.scope import core_table
from drp.timeline.telling import NOBODY_YET, continue_told

revision = "0021"
down_revision = "0020"

TABLES = ("challenge", "entry")
READ = ("challenge", "notification", "delivery")


def upgrade() -> None:
    for table in TABLES:
        text = sqlmodel.sql.sqltypes.AutoString(length=64)
        op.add_column(table, sa.Column("told", text, nullable=False, server_default=""))
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in READ if is_postgresql else ():  # or their owner would see no row of any authority
        op.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
    _commit_to_what_is_found()
    for table in READ if is_postgresql else ():
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')


def _commit_to_what_is_found() -> None:
    """The first entry after this commits to every message that was found."""
    here = op.get_bind()
    message, copy, challenge = (core_table(row) for row in (NotificationRow, DeliveryRow, ChallengeRow))
    key = ("authority", "challenge", "version", "n")
    rows = here.execute(
        sa.select(
            message, *(copy.c[name] for name in ("person", "as_to", "role", "how", "party", "also")),
        )
        .outerjoin(copy, sa.and_(*(message.c[name] == copy.c[name] for name in key)))
        .order_by(*(message.c[name] for name in key))
    ).mappings().all()  # fmt: skip
    change = sa.update(challenge).values(told=sa.bindparam("b_told"))
    change = change.where(challenge.c.authority == sa.bindparam("b_authority"), challenge.c.id == sa.bindparam("b_id"))
    found: list[dict[str, Any]] = []
    for (authority, id_), of_item in groupby(rows, key=lambda row: (row["authority"], row["challenge"])):
        told = NOBODY_YET
        for _, of_message in groupby(of_item, key=lambda row: (row["version"], row["n"])):
            copies = list(of_message)
            told = continue_told(told, copies[0], [one for one in copies if one["person"] is not None])
        found.append({"b_authority": authority, "b_id": id_, "b_told": told})
    if found:
        here.execute(change, found)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_column(table, "told")
