"""Retention and holds; when the witness last looked and what was sent to the auditor; who was asked after being copied."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = ("kept_child", "hold", "erasure")


def upgrade() -> None:
    text, instant = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    with op.batch_alter_table("authority") as batch:
        batch.add_column(sa.Column("witnessed_at", instant(), nullable=True))
        batch.add_column(sa.Column("witness_fault", text(length=300), nullable=False, server_default=""))
        batch.add_column(sa.Column("head_day", sa.Date(), nullable=True))
    op.create_table(
        "kept_child",
        sa.Column("authority", text(length=64), nullable=False),
        sa.Column("child", sa.Uuid(), nullable=False),
        sa.Column("died", sa.Date(), nullable=True),
        sa.Column("last_contact", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("authority", "child", name="pk_kept_child"),
    )
    op.create_table(
        "hold",
        sa.Column("authority", text(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child", sa.Uuid(), nullable=True),
        sa.Column("why", text(length=300), nullable=False),
        sa.Column("by", text(length=120), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("lifted", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_hold"),
    )
    op.create_table(
        "erasure",
        sa.Column("authority", text(length=64), nullable=False),
        sa.Column("challenge", sa.Uuid(), nullable=False),
        sa.Column("at", instant(), nullable=False),
        sa.Column("by", text(length=120), nullable=False),
        sa.Column("why", text(length=300), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "challenge", name="pk_erasure"),
    )
    _asked_after_being_copied()
    if op.get_bind().dialect.name != "postgresql":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER erasure_never_{act.lower()} BEFORE {act} ON erasure "
                "BEGIN SELECT RAISE(ABORT, 'that something was erased stays on the record'); END"
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
    # The service itself erases nothing and lifts no hold: that is the owner's, by hand.
    op.execute(
        """
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
            GRANT SELECT ON kept_child, hold, erasure TO drp_app;
          END IF;
        END $$
        """
    )


def _asked_after_being_copied() -> None:
    """Who was copied first and addressed later counted as copied only, and did not find it among their work."""
    forced = ("involved", "delivery") if op.get_bind().dialect.name == "postgresql" else ()
    for table in forced:  # or their owner would see, and put right, no row of any authority
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    same = " AND ".join(f"delivery.{name} = involved.{name}" for name in ("authority", "challenge", "person", "role"))
    op.execute(
        "UPDATE involved SET as_to = true WHERE as_to = false AND EXISTS "
        f"(SELECT 1 FROM delivery WHERE {same} AND delivery.as_to = true)"
    )
    for table in forced:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    with op.batch_alter_table("authority") as batch:
        for name in ("head_day", "witness_fault", "witnessed_at"):
            batch.drop_column(name)
