"""Why an authority's own files were left out at a start: the last good ones stay in force."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    with op.batch_alter_table("authority") as batch:
        batch.add_column(
            sa.Column("files_left_out", sqlmodel.sql.sqltypes.AutoString(length=400), nullable=False, server_default="")
        )


def downgrade() -> None:
    with op.batch_alter_table("authority") as batch:
        batch.drop_column("files_left_out")
