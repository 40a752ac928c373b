"""Whether a document was ever attached, found by an index of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0025"

DOCUMENTS = sa.text("kind = 'document_attached'")


def upgrade() -> None:
    op.create_index("ix_entry_document", "entry", ["authority"], sqlite_where=DOCUMENTS, postgresql_where=DOCUMENTS)


def downgrade() -> None:
    op.drop_index("ix_entry_document", "entry")
