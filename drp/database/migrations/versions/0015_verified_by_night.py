"""When every timeline of an authority was last held against its chain, its keys and its checkpoints, and what was found."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    with op.batch_alter_table("authority") as batch:
        batch.add_column(sa.Column("verify_day", sa.Date(), nullable=True))
        batch.add_column(sa.Column("verified_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
        batch.add_column(
            sa.Column("verify_fault", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False, server_default="")
        )


def downgrade() -> None:
    with op.batch_alter_table("authority") as batch:
        for name in ("verify_fault", "verified_at", "verify_day"):
            batch.drop_column(name)
