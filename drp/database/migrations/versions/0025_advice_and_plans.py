"""Legal advice found by an index of its own; of a review, when the care plan was ratified, the first pathway plan made."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

ADVICE = sa.text("kind = 'legal_advice_taken'")
PLANS = ("care_plan_ratified_on", "pathway_plan_due_on", "pathway_plan_made_on")


def upgrade() -> None:
    op.create_index("ix_entry_advice", "entry", ["authority"], sqlite_where=ADVICE, postgresql_where=ADVICE)
    for name in PLANS:
        op.add_column("review", sa.Column(name, sa.Date(), nullable=True))


def downgrade() -> None:
    for name in reversed(PLANS):
        op.drop_column("review", name)
    op.drop_index("ix_entry_advice", "entry")
