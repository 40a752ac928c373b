"""Signed checkpoints of every timeline, and how each stood at the last one."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"

TABLES = ("checkpoint", "standing")


def upgrade() -> None:
    text, instant = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    op.create_table(
        "checkpoint",
        sa.Column("authority", text(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", instant(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("root", text(length=64), nullable=False),
        sa.Column("previous", text(length=64), nullable=False),
        sa.Column("signer", text(length=16), nullable=False),
        sa.Column("signature", text(length=100), nullable=False),
        sa.PrimaryKeyConstraint("authority", "number", name="pk_checkpoint"),
    )
    op.create_table(
        "standing",
        sa.Column("authority", text(length=64), nullable=False),
        sa.Column("challenge", sa.Uuid(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("head", text(length=64), nullable=False),
        sa.Column("digest", text(length=64), nullable=False),
        sa.PrimaryKeyConstraint("authority", "challenge", name="pk_standing"),
    )
    if op.get_bind().dialect.name != "postgresql":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER checkpoint_never_{act.lower()} BEFORE {act} ON checkpoint "
                "BEGIN SELECT RAISE(ABORT, 'a checkpoint stays as it was signed'); END"
            )
        return
    for table in TABLES:
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY one_authority ON "{table}" '
            "USING (authority = current_setting('drp.authority', true)) "
            "WITH CHECK (authority = current_setting('drp.authority', true))"
        )
    op.execute(
        """
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
            GRANT SELECT, INSERT ON checkpoint TO drp_app;
            GRANT SELECT, INSERT, UPDATE, DELETE ON standing TO drp_app;
          END IF;
        END $$
        """
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
