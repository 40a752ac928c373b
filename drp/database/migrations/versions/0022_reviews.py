"""Reviews and what they decided; the register's rows found by kind first, so that what is not counted costs nothing."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0022"
down_revision = "0021"

TABLES = ("review", "review_decision")
BY_DAY = (
    "raised_on", "id", "kind", "is_first", "is_first_of_theme", "is_dual", "month", "quarter", "item_type", "stage", "reason",
    "theme", "team", "service", "status", "outcome", "impact",
)  # fmt: skip
BY_KIND = ("kind", *(name for name in BY_DAY if name != "kind"))


def _text(length: int) -> sa.types.TypeEngine[str]:
    return sqlmodel.sql.sqltypes.AutoString(length=length)


def upgrade() -> None:
    instant = sqlmodel.sql.sqltypes.UTCDateTime()
    op.create_table(
        "review",
        sa.Column("authority", _text(64), nullable=False),
        sa.Column("child", sa.Uuid(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("decisions_agreed_on", sa.Date(), nullable=True),
        sa.Column("record_out_on", sa.Date(), nullable=True),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.ForeignKeyConstraint(["authority", "child"], ["child.authority", "child.id"], name="fk_review_authority_child_child"),
        sa.PrimaryKeyConstraint("authority", "child", "held_on", name="pk_review"),
    )
    op.create_table(
        "review_decision",
        sa.Column("authority", _text(64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("child", sa.Uuid(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("number", _text(16), nullable=False),
        sa.Column("words", _text(300), nullable=False),
        sa.Column("owner_role", _text(64), nullable=False),
        sa.Column("owner", _text(200), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("state", _text(16), nullable=False),
        sa.Column("state_on", sa.Date(), nullable=True),
        sa.Column("looked_on", sa.Date(), nullable=True),
        sa.Column("item", sa.Uuid(), nullable=True),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["authority", "child", "held_on"],
            ["review.authority", "review.child", "review.held_on"],
            name="fk_review_decision_authority_child_held_on_review",
        ),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_review_decision"),
    )
    op.create_index("ix_review_decision_child", "review_decision", ["authority", "child", "held_on"])
    op.create_index("ix_review_decision_item", "review_decision", ["authority", "item"])
    op.drop_index("ix_register_by_day", "register")
    op.create_index("ix_register_by_kind", "register", ["authority", *BY_KIND])
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
            op.execute(
                f"CREATE POLICY one_authority ON {table} USING (authority = current_setting('drp.authority', true)) "
                "WITH CHECK (authority = current_setting('drp.authority', true))"
            )
            op.execute(
                f"""
                DO $$ BEGIN
                  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
                    GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO drp_app;
                  END IF;
                END $$
                """
            )


def downgrade() -> None:
    op.drop_index("ix_register_by_kind", "register")
    op.create_index("ix_register_by_day", "register", ["authority", *BY_DAY])
    for table in reversed(TABLES):
        op.drop_table(table)
