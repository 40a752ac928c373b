"""Whom was told: a digest over each item's messages, which the entries of its timeline commit to from here on."""

from itertools import groupby
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op

from drp.timeline.telling import NOBODY_YET, continue_told

revision = "0021"
down_revision = "0020"

TABLES = ("challenge", "entry")
READ = ("challenge", "notification", "delivery")

# As these tables stand at this revision: what a later one adds to them is not there yet.
KEY = ("authority", "challenge", "version", "n")
_KEY = (sa.column("authority", sa.String), sa.column("challenge", sa.Uuid), sa.column("version", sa.Integer))
NOTIFICATION = sa.table(
    "notification", *_KEY, sa.column("n", sa.Integer), sa.column("subject", sa.String), sa.column("stage", sa.String),
    sa.column("sequence", sa.Integer), sa.column("window", sa.String), sa.column("due", sa.Date),
    sa.column("at", sqlmodel.sql.sqltypes.UTCDateTime()),
)  # fmt: skip
DELIVERY = sa.table(
    "delivery", *(sa.column(one.name, one.type) for one in _KEY), sa.column("n", sa.Integer), sa.column("person", sa.Uuid),
    sa.column("as_to", sa.Boolean), sa.column("role", sa.String), sa.column("how", sa.String), sa.column("party", sa.String),
    sa.column("also", sa.String),
)  # fmt: skip
CHALLENGE = sa.table("challenge", sa.column("authority", sa.String), sa.column("id", sa.Uuid), sa.column("told", sa.String))


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
    theirs = [one for one in DELIVERY.c if one.name not in KEY]
    rows = here.execute(
        sa.select(NOTIFICATION, *theirs)
        .outerjoin(DELIVERY, sa.and_(*(NOTIFICATION.c[name] == DELIVERY.c[name] for name in KEY)))
        .order_by(*(NOTIFICATION.c[name] for name in KEY))
    ).mappings()
    change = sa.update(CHALLENGE).values(told=sa.bindparam("b_told"))
    change = change.where(CHALLENGE.c.authority == sa.bindparam("b_authority"), CHALLENGE.c.id == sa.bindparam("b_id"))
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
