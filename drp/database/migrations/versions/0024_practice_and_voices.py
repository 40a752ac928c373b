"""Thanks and quotes of a notice of excellent practice; and what people say of the process once a year, without item or name."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0024"
down_revision = "0023"


def _text(length: int) -> sa.types.TypeEngine[str]:
    return sqlmodel.sql.sqltypes.AutoString(length=length)


def upgrade() -> None:
    op.add_column("challenge", sa.Column("thanked", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("challenge", sa.Column("quote", _text(16), nullable=False, server_default=""))
    op.create_table(
        "voice",
        sa.Column("authority", _text(64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("side", _text(16), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("words", _text(300), nullable=False),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_voice"),
        sqlite_with_rowid=False,  # or its rows would stand in the order in which they came
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE voice ENABLE ROW LEVEL SECURITY")
        op.execute("ALTER TABLE voice FORCE ROW LEVEL SECURITY")
        op.execute(
            "CREATE POLICY one_authority ON voice USING (authority = current_setting('drp.authority', true)) "
            "WITH CHECK (authority = current_setting('drp.authority', true))"
        )
        op.execute(
            """
            DO $$ BEGIN
              IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
                GRANT SELECT, INSERT, UPDATE, DELETE ON voice TO drp_app;
              END IF;
            END $$
            """
        )


def downgrade() -> None:
    op.drop_table("voice")
    op.drop_column("challenge", "quote")
    op.drop_column("challenge", "thanked")
