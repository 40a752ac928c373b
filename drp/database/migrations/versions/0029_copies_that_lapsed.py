"""Copies of messages that lapsed say so: they stood as waiting for ever."""

from alembic import op

revision = "0029"
down_revision = "0028"

WHY = "it had no point any more before the mail left"
OF_LAPSED = (
    "SELECT 1 FROM notification WHERE notification.authority = delivery.authority AND notification.challenge = delivery.challenge "
    "AND notification.version = delivery.version AND notification.n = delivery.n AND notification.state = 'lapsed'"
)
TABLES = ("notification", "delivery")


def upgrade() -> None:
    _put_right(f"UPDATE delivery SET mail = 'lapsed', error = '{WHY}' WHERE mail = 'waiting' AND EXISTS ({OF_LAPSED})")


def downgrade() -> None:
    _put_right("UPDATE delivery SET mail = 'waiting', error = '' WHERE mail = 'lapsed'")


def _put_right(statement: str) -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in TABLES if is_postgresql else ():  # or their owner would see, and put right, no row of any authority
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    for table in TABLES if is_postgresql else ():
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
