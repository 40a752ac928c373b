"""Items that a look passed over, because another had them in hand; and what the last look found of how the service is."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0026"
down_revision = "0025"

CONDITIONS = """
    CREATE FUNCTION drp_conditions() RETURNS TABLE (
      last_tick timestamptz, passed_over json, condition json, witnessed_at timestamptz, is_unwitnessed boolean,
      verified_at timestamptz, is_altered boolean, paused_since timestamptz, is_live boolean, has_files_left_out boolean
    ) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
      SELECT last_tick, passed_over, condition, witnessed_at, witness_fault <> '', verified_at, verify_fault <> '', brake_since,
        is_live, files_left_out <> ''
      FROM authority ORDER BY key
    $$
"""
"""How every authority's part of the service stands, and whose it is not: health asks once, however many there are."""


def upgrade() -> None:
    op.add_column("authority", sa.Column("passed_over", sa.JSON(), nullable=True))
    op.add_column("authority", sa.Column("condition", sa.JSON(), nullable=True))
    op.add_column("authority", sa.Column("condition_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(CONDITIONS)
        op.execute("REVOKE ALL ON FUNCTION drp_conditions() FROM PUBLIC")
        op.execute(
            """
            DO $$ BEGIN
              IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
                GRANT EXECUTE ON FUNCTION drp_conditions() TO drp_app;
              END IF;
            END $$
            """
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION drp_conditions()")
    for name in ("condition_at", "condition", "passed_over"):
        op.drop_column("authority", name)
