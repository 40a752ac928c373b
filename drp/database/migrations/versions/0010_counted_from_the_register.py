"""Themes are counted from the register alone: cells counted beforehand go, and every index but one by the day of raising."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"

BY_DAY = (
    "authority", "raised_on", "id", "kind", "is_first", "is_first_of_theme", "is_dual", "month", "quarter", "item_type", "stage",
    "reason", "theme", "team", "service", "status", "outcome", "impact",
)  # fmt: skip
OF_ITEMS = {
    "ix_register_month_stage": ("month", "stage", "outcome"),
    "ix_register_month_impact": ("month", "impact", "stage"),
    "ix_register_month_type": ("month", "item_type", "status"),
    "ix_register_small": ("outcome", "status", "impact", "item_type"),
    "ix_register_team_stage": ("service", "team", "stage", "item_type"),
    "ix_register_team_status": ("service", "team", "status", "stage"),
    "ix_register_team_outcome": ("service", "team", "outcome", "impact"),
    "ix_register_team_month": ("service", "team", "month"),
}
OF_THEMES = {
    "ix_register_theme_stage": ("theme", "stage", "item_type"),
    "ix_register_theme_outcome": ("theme", "outcome", "impact"),
    "ix_register_theme_team": ("theme", "service", "team"),
    "ix_register_theme_month": ("theme", "month", "status"),
}
OF_REASONS = {
    "ix_register_reason_stage": ("reason", "stage", "item_type"),
    "ix_register_reason_outcome": ("theme", "reason", "outcome", "impact"),
    "ix_register_reason_team": ("reason", "service", "team"),
    "ix_register_reason_month": ("reason", "month", "status"),
}
FURTHER = {
    "ix_register_further": (
        "month", "is_first_of_theme", "item_type", "stage", "outcome", "impact", "status", "service", "team",
    ),
}  # fmt: skip
APART = {"ix_register_apart": ("kind", "month")}
OTHERS = {
    "ix_register_raised": ("raised_on", "id"),
    "ix_register_repeats": ("child", "reason"),
    "ix_register_reference": ("reference",),
}
TABLES = ("cell", "touched", "moved")


def upgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
    for indexes in (OF_ITEMS, OF_THEMES, OF_REASONS, FURTHER, APART, OTHERS):
        for name in indexes:
            op.drop_index(name, "register")
    op.create_index("ix_register_by_day", "register", list(BY_DAY))


def downgrade() -> None:
    op.drop_index("ix_register_by_day", "register")
    challenges = "kind = 'challenge'"
    _create_indexes(OF_ITEMS, f"{challenges} AND is_first IS 1", f"{challenges} AND is_first IS true")
    _create_indexes(OF_THEMES, f"{challenges} AND is_first_of_theme IS 1", f"{challenges} AND is_first_of_theme IS true")
    _create_indexes(OF_REASONS, challenges, challenges)
    _create_indexes(FURTHER, f"{challenges} AND is_first IS 0", f"{challenges} AND is_first IS false")
    _create_indexes(APART, "kind <> 'challenge'", "kind <> 'challenge'")
    for name, columns in OTHERS.items():
        op.create_index(name, "register", ["authority", *columns])
    _create_tables()
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        _protect_tables()
    # The cells are empty: every quarter is marked, so that the release before counts it from its lines, and then anew.
    forced = ("register", "touched") if is_postgresql else ()
    for table in forced:  # or their owner would see, and mark, no row of any authority
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    identity = "gen_random_uuid()" if is_postgresql else "lower(hex(randomblob(16)))"
    op.execute(
        f"INSERT INTO touched (authority, id, quarter) "
        f"SELECT authority, {identity}, quarter FROM (SELECT DISTINCT authority, quarter FROM register) AS listed"
    )
    for table in forced:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def _create_indexes(indexes: dict[str, tuple[str, ...]], sqlite: str, postgresql: str) -> None:
    for name, columns in indexes.items():
        where = {"sqlite_where": sa.text(sqlite), "postgresql_where": sa.text(postgresql)}
        op.create_index(name, "register", ["authority", *columns], **where)


def _create_tables() -> None:
    def word(name: str, length: int) -> sa.Column:
        return sa.Column(name, sqlmodel.sql.sqltypes.AutoString(length=length), nullable=False)

    def number(name: str) -> sa.Column:
        return sa.Column(name, sa.Integer(), nullable=False)

    def flag(name: str) -> sa.Column:
        return sa.Column(name, sa.Boolean(), nullable=False)

    def identity() -> sa.Column:
        return sa.Column("id", sa.Uuid(), nullable=False)

    op.create_table(
        "cell",
        word("authority", 64), word("a", 16), word("b", 16), word("quarter", 8), word("kind", 16), word("value_a", 130),
        word("value_b", 130), number("items"),
        sa.PrimaryKeyConstraint("authority", "a", "b", "quarter", "kind", "value_a", "value_b", name="pk_cell"),
    )  # fmt: skip
    op.create_table(
        "touched",
        word("authority", 64), identity(), word("quarter", 8),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_touched"),
    )  # fmt: skip
    op.create_table(
        "moved",
        word("authority", 64), identity(), number("items"), word("quarter", 8), word("kind", 16), flag("is_first"),
        flag("is_first_of_theme"), word("month", 7), word("stage", 64), word("reason", 64), word("theme", 64), word("team", 64),
        word("service", 64), word("status", 32), word("item_type", 32), word("outcome", 32), word("impact", 16),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_moved"),
    )  # fmt: skip


def _protect_tables() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY one_authority ON {table} "
            "USING (authority = current_setting('drp.authority', true)) "
            "WITH CHECK (authority = current_setting('drp.authority', true))"
        )
    op.execute(
        """
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON cell, touched, moved TO drp_app;
          END IF;
        END $$
        """
    )
