"""How often sign-ins are begun is counted where every replica sees it; a link says whether a known browser asked for it."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("authority", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("source", sqlmodel.sql.sqltypes.AutoString(length=64), nullable=False),
        sa.Column("began_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "source", "began_at", name="pk_attempt"),
    )
    op.add_column("sign_in", sa.Column("from_known", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE attempt ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE attempt FORCE ROW LEVEL SECURITY")
        op.execute(
            "CREATE POLICY one_authority ON attempt USING (authority = current_setting('drp.authority', true)) "
            "WITH CHECK (authority = current_setting('drp.authority', true))"
        )
        op.execute(
            """
            DO $$ BEGIN
              IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
                GRANT SELECT, INSERT, UPDATE, DELETE ON attempt TO drp_app;
              END IF;
            END $$
            """
        )


def downgrade() -> None:
    op.drop_column("sign_in", "from_known")
    op.drop_table("attempt")
