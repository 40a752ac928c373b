"""The register and what is counted from it; when an item ended and what changed for the child, on the item itself."""

import json

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"

TABLES = ("register", "stay", "sheet", "population", "cell", "touched", "saved_view")
_ENDS = ("resolved", "ended_unresolved", "overtaken", "withdrawn", "recorded_in_error", "judged")
"""The entries with which an item can end: `judged` may settle it. A notice has no end of its own."""


def upgrade() -> None:
    text, instant = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime

    def word(name: str, length: int) -> sa.Column:
        return sa.Column(name, text(length=length), nullable=False)

    def number(name: str, nullable: bool = False) -> sa.Column:
        return sa.Column(name, sa.Integer(), nullable=nullable)

    op.create_table(
        "register",
        word("authority", 64), sa.Column("id", sa.Uuid(), nullable=False), number("n"), word("reference", 64), word("sheet", 64),
        word("kind", 16), sa.Column("is_first", sa.Boolean(), nullable=False),
        sa.Column("is_first_of_theme", sa.Boolean(), nullable=False), sa.Column("raised_on", sa.Date(), nullable=False),
        word("month", 7), word("quarter", 8), word("item_type", 32), word("stage", 64), word("reason", 64), word("theme", 64),
        word("team", 64), word("service", 64), word("status", 32), sa.Column("is_dual", sa.Boolean(), nullable=False),
        word("outcome", 32), word("impact", 16), sa.Column("ended_on", sa.Date(), nullable=True), number("days_to_end", True),
        sa.Column("child", sa.Uuid(), nullable=True), word("number", 32), sa.Column("raiser", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("authority", "id", "n", name="pk_register"),
    )
    challenges, items, apart = "kind = 'challenge'", "kind = 'challenge' AND is_first IS ", "kind <> 'challenge'"
    for name, columns in {
        "ix_register_month_stage": ("month", "stage", "outcome"),
        "ix_register_month_impact": ("month", "impact", "stage"),
        "ix_register_month_type": ("month", "item_type", "status"),
        "ix_register_small": ("outcome", "status", "impact", "item_type"),
        "ix_register_team_stage": ("service", "team", "stage", "item_type"),
        "ix_register_team_status": ("service", "team", "status", "stage"),
        "ix_register_team_outcome": ("service", "team", "outcome", "impact"),
        "ix_register_team_month": ("service", "team", "month"),
    }.items():
        op.create_index(
            name, "register", ["authority", *columns],
            sqlite_where=sa.text(items + "1"), postgresql_where=sa.text(items + "true"),
        )
    for name, columns in {
        "ix_register_reason_stage": ("theme", "reason", "stage", "item_type", "is_first_of_theme", "is_first"),
        "ix_register_reason_outcome": ("theme", "reason", "outcome", "impact", "is_first_of_theme", "is_first"),
        "ix_register_reason_team": ("theme", "reason", "service", "team", "is_first_of_theme", "is_first"),
        "ix_register_reason_month": ("theme", "reason", "month", "status", "is_first_of_theme", "is_first"),
    }.items():
        op.create_index(
            name, "register", ["authority", *columns],
            sqlite_where=sa.text(challenges), postgresql_where=sa.text(challenges),
        )
    op.create_index(
        "ix_register_apart", "register", ["authority", "kind", "month"],
        sqlite_where=sa.text(apart), postgresql_where=sa.text(apart),
    )
    for name, columns in {
        "ix_register_raised": ("raised_on", "id"),
        "ix_register_repeats": ("child", "reason"),
        "ix_register_reference": ("reference",),
    }.items():
        op.create_index(name, "register", ["authority", *columns])
    op.create_table(
        "stay",
        word("authority", 64), sa.Column("id", sa.Uuid(), nullable=False), number("sequence"), word("kind", 16),
        word("stage", 64), word("cause", 16), word("month", 7), word("reply", 16), number("days_to_acknowledge", True),
        number("days_to_answer", True),
        sa.PrimaryKeyConstraint("authority", "id", "sequence", name="pk_stay"),
    )
    op.create_index("ix_stay_cause", "stay", ["authority", "kind", "stage", "cause", "month"])
    op.create_index(
        "ix_stay_reply",
        "stay",
        ["authority", "kind", "stage", "reply", "days_to_answer", "days_to_acknowledge", "month"],
    )
    op.create_table(
        "sheet",
        word("authority", 64), word("hash", 64), word("name", 200), sa.Column("at", instant(), nullable=False),
        number("lines"), number("taken_over"),
        sa.PrimaryKeyConstraint("authority", "hash", name="pk_sheet"),
    )
    op.create_table(
        "population",
        word("authority", 64), word("quarter", 8), word("status", 32), number("number"),
        sa.PrimaryKeyConstraint("authority", "quarter", "status", name="pk_population"),
    )
    op.create_table(
        "cell",
        word("authority", 64), word("a", 16), word("b", 16), word("quarter", 8), word("kind", 16), word("value_a", 130),
        word("value_b", 130), number("items"),
        sa.PrimaryKeyConstraint("authority", "a", "b", "quarter", "kind", "value_a", "value_b", name="pk_cell"),
    )
    op.create_table(
        "touched",
        word("authority", 64), sa.Column("id", sa.Uuid(), nullable=False), word("quarter", 8),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_touched"),
    )
    op.create_table(
        "saved_view",
        word("authority", 64), sa.Column("person", sa.Uuid(), nullable=False), word("name", 200), word("query", 600),
        sa.Column("at", instant(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "person", "name", name="pk_saved_view"),
    )
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    _ended_and_found(is_postgresql)
    if not is_postgresql:
        return
    for table in TABLES:
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY one_authority ON "{table}" '
            "USING (authority = current_setting('drp.authority', true)) "
            "WITH CHECK (authority = current_setting('drp.authority', true))"
        )
    # Lines, cells and marks are made anew from the items; what was brought in from a sheet, its owner takes back.
    op.execute(
        """
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON register, stay, cell, touched, saved_view, population TO drp_app;
            GRANT SELECT, INSERT ON sheet TO drp_app;
          END IF;
        END $$
        """
    )


def _ended_and_found(is_postgresql: bool) -> None:
    """What an item's own timeline says of its end and its impact, into the item."""
    connection = op.get_bind()
    forced = ("challenge", "entry") if is_postgresql else ()
    for table in forced:  # or their owner would see, and put right, no row of any authority
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    challenge = sa.table(
        "challenge", sa.column("authority", sa.String()), sa.column("id", sa.Uuid()), sa.column("is_open", sa.Boolean()),
        sa.column("rest", sa.JSON()),
    )
    entry = sa.table(
        "entry", sa.column("authority", sa.String()), sa.column("challenge", sa.Uuid()), sa.column("number", sa.Integer()),
        sa.column("kind", sa.String()), sa.column("at", sqlmodel.sql.sqltypes.UTCDateTime()), sa.column("facts", sa.Text()),
    )
    told = connection.execute(
        sa.select(entry.c.authority, entry.c.challenge, entry.c.kind, entry.c.at, entry.c.facts)
        .where(entry.c.kind.in_((*_ENDS, "impact_recorded", "reopened")))
        .order_by(entry.c.authority, entry.c.challenge, entry.c.number)
    ).all()
    ended: dict[tuple[str, object], str | None] = {}
    found: dict[tuple[str, object], str] = {}
    for row in told:
        key = (row.authority, row.challenge)
        if row.kind == "impact_recorded":
            found[key] = json.loads(row.facts)["found"]
        elif row.kind == "reopened":
            found.pop(key, None)
            ended[key] = None
        elif row.kind != "recorded_in_error" or not ended.get(key):
            ended[key] = row.at.isoformat()
    for row in connection.execute(sa.select(challenge)).all():
        key = (row.authority, row.id)
        rest = row.rest | {"ended_at": None if row.is_open else ended.get(key), "impact": found.get(key, "")}
        connection.execute(
            challenge.update().where(challenge.c.authority == row.authority, challenge.c.id == row.id).values(rest=rest)
        )
    for table in forced:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
