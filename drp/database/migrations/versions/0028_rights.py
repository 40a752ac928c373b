"""Whether a document was ever attached, found by an index of its own."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0028"
down_revision = "0025"

RESTORED = ("restored_at", "restored_to")
DOCUMENTS = sa.text("kind = 'document_attached'")


def upgrade() -> None:
    instant = sqlmodel.sql.sqltypes.UTCDateTime
    for name in RESTORED:
        op.add_column("authority", sa.Column(name, instant(), nullable=True))
    op.create_index("ix_entry_document", "entry", ["authority"], sqlite_where=DOCUMENTS, postgresql_where=DOCUMENTS)


def downgrade() -> None:
    op.drop_index("ix_entry_document", "entry")
    for name in reversed(RESTORED):
        op.drop_column("authority", name)
