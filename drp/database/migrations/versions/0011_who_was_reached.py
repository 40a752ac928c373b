"""Who opened what they were told of; who paused sending, and why; covers made in the service.

The directory is looked at anew: covers are followed further than one step since.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0011"
down_revision = "0010"


MOMENTS = ("brake_since", "brake_until")


def upgrade() -> None:
    with op.batch_alter_table("delivery") as batch:
        batch.add_column(sa.Column("also", sqlmodel.sql.sqltypes.AutoString(), nullable=True))
        batch.add_column(sa.Column("sent_as", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False, server_default=""))
        batch.add_column(sa.Column("opened_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    unopened = sa.text("opened_at IS NULL")
    op.create_index(
        "ix_delivery_unopened",
        "delivery",
        ["authority", "person", "challenge"],
        sqlite_where=unopened,
        postgresql_where=unopened,
    )
    with op.batch_alter_table("authority") as batch:
        batch.add_column(sa.Column("brake_by", sa.Uuid(), nullable=True))
        batch.add_column(
            sa.Column("brake_why", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=False, server_default="")
        )
        for name in MOMENTS:
            batch.add_column(sa.Column(name, sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    with op.batch_alter_table("cover") as batch:
        batch.add_column(sa.Column("made_here", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE authority SET directory_day = NULL")


def downgrade() -> None:
    with op.batch_alter_table("cover") as batch:
        batch.drop_column("made_here")
    with op.batch_alter_table("authority") as batch:
        for name in (*MOMENTS, "brake_why", "brake_by"):
            batch.drop_column(name)
    op.drop_index("ix_delivery_unopened", "delivery")
    with op.batch_alter_table("delivery") as batch:
        batch.drop_column("opened_at")
        batch.drop_column("sent_as")
        batch.drop_column("also")
