"""What lets somebody in is sealed under a key outside the database; sign-in may be suspended.

Sessions and sign-ins under way end with the upgrade. Tokens and accounts wait for `drp keys seal`, which an operator runs once.
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0016"
down_revision = "0015"

ENDED = ("session", "sign_in")
SEALED = (*ENDED, "token", "account")


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in ENDED:
        if is_postgresql:  # or their owner would see no row of any authority
            op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"DELETE FROM {table}")
        if is_postgresql:
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for table in SEALED:
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("seal", sqlmodel.sql.sqltypes.AutoString(length=90), nullable=False, server_default=""))
    with op.batch_alter_table("token") as batch:
        batch.add_column(sa.Column("confirm_by", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    with op.batch_alter_table("account") as batch:
        batch.add_column(sa.Column("bound_by", sqlmodel.sql.sqltypes.AutoString(length=24), nullable=False, server_default=""))
        batch.add_column(sa.Column("bound_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("suspended_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))


def downgrade() -> None:
    # One by one: SQLite would make a table anew for several, and others refer to `person`.
    for table, name in (
        ("person", "suspended_at"), ("account", "bound_at"), ("account", "bound_by"), ("token", "confirm_by"),
        *((table, "seal") for table in SEALED),
    ):  # fmt: skip
        op.drop_column(table, name)
