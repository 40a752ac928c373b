"""What came into the register, or left it, since the rollup was counted: the rollup is then as quick beside a decision."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    def word(name: str, length: int) -> sa.Column:
        return sa.Column(name, sqlmodel.sql.sqltypes.AutoString(length=length), nullable=False)

    def flag(name: str) -> sa.Column:
        return sa.Column(name, sa.Boolean(), nullable=False)

    op.create_table(
        "moved",
        word("authority", 64), sa.Column("id", sa.Uuid(), nullable=False), sa.Column("items", sa.Integer(), nullable=False),
        word("quarter", 8), word("kind", 16), flag("is_first"), flag("is_first_of_theme"), word("month", 7), word("stage", 64),
        word("reason", 64), word("theme", 64), word("team", 64), word("service", 64), word("status", 32), word("item_type", 32),
        word("outcome", 32), word("impact", 16),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_moved"),
    )  # fmt: skip
    # Cells are now also kept of one thing alone: every quarter is counted anew.
    _mark("cell")
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE moved ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE moved FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY one_authority ON moved "
        "USING (authority = current_setting('drp.authority', true)) "
        "WITH CHECK (authority = current_setting('drp.authority', true))"
    )
    op.execute(
        """
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON moved TO drp_app;
          END IF;
        END $$
        """
    )


def downgrade() -> None:
    # What the cells do not have yet goes: its quarters are counted anew.
    _mark("moved")
    op.drop_table("moved")


def _mark(table: str) -> None:
    """Mark every quarter of a table to be counted anew."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    forced = (table, "touched") if is_postgresql else ()
    for one in forced:  # or their owner would see, and mark, no row of any authority
        op.execute(f"ALTER TABLE {one} NO FORCE ROW LEVEL SECURITY")
    identity = "gen_random_uuid()" if is_postgresql else "lower(hex(randomblob(16)))"
    op.execute(
        f"INSERT INTO touched (authority, id, quarter) "
        f"SELECT authority, {identity}, quarter FROM (SELECT DISTINCT authority, quarter FROM {table}) AS listed"
    )
    for one in forced:
        op.execute(f"ALTER TABLE {one} FORCE ROW LEVEL SECURITY")
