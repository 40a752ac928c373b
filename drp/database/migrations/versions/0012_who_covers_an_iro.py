"""Who gave a cover, whether regulation 46 was looked at, and when the covered were told; the standing order of cover."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"


MOMENTS = ("appointed_at", "told_at")


def upgrade() -> None:
    with op.batch_alter_table("cover") as batch:
        batch.add_column(sa.Column("given_by", sa.Uuid(), nullable=True))
        batch.add_column(sa.Column("by_standing_order", sa.Boolean(), nullable=False, server_default=sa.false()))
        for name in MOMENTS:
            batch.add_column(sa.Column(name, sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    with op.batch_alter_table("authority") as batch:
        batch.add_column(
            sa.Column("standing_order", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=False, server_default="")
        )


def downgrade() -> None:
    with op.batch_alter_table("authority") as batch:
        batch.drop_column("standing_order")
    with op.batch_alter_table("cover") as batch:
        for name in (*MOMENTS, "by_standing_order", "given_by"):
            batch.drop_column(name)
