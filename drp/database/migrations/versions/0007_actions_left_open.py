"""Actions of which nobody said whether they were done are found without a walk through every window."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    left = sa.text("kind = 'action' AND closed_as = 'not recorded'")
    op.create_index("ix_window_left_open", "window", ["authority"], sqlite_where=left, postgresql_where=left)


def downgrade() -> None:
    op.drop_index("ix_window_left_open", "window")
