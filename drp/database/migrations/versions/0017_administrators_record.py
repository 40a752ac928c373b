"""The administrators' record is a chain: each entry bound to the one before, with a commitment to what it found."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0017"
down_revision = "0016"

TEXTS = {"found": 64, "key_id": 16, "previous": 64, "hash": 64}


def upgrade() -> None:
    # Not as a batch: SQLite would make the table anew and lose what keeps its rows from being altered.
    op.add_column("administered", sa.Column("number", sa.Integer(), nullable=True))
    for name, length in TEXTS.items():
        text = sqlmodel.sql.sqltypes.AutoString(length=length)
        op.add_column("administered", sa.Column(name, text, nullable=False, server_default=""))
    op.create_index("ix_administered_number", "administered", ["authority", "number"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_administered_number", "administered")
    for name in (*reversed(TEXTS), "number"):
        op.drop_column("administered", name)
