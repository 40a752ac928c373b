"""Of a notice of excellent practice: how often whoever it names was thanked, and whether reports may quote words of it."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("challenge", sa.Column("thanked", sa.Integer(), nullable=False, server_default="0"))
    text = sqlmodel.sql.sqltypes.AutoString(length=16)
    op.add_column("challenge", sa.Column("quote", text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("challenge", "quote")
    op.drop_column("challenge", "thanked")
