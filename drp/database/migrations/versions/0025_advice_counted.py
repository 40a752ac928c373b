"""Entries of legal advice found by an index of their own: counted by source without reading every timeline."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0023"

ADVICE = sa.text("kind = 'legal_advice_taken'")


def upgrade() -> None:
    op.create_index("ix_entry_advice", "entry", ["authority"], sqlite_where=ADVICE, postgresql_where=ADVICE)


def downgrade() -> None:
    op.drop_index("ix_entry_advice", "entry")
