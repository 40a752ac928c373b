"""Reports: due, drafted and released, with their files, examples, copies and requests."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0023"
down_revision = "0022"

TABLES = ("report_due", "written_report", "report_file", "report_example", "report_copy", "report_request")
MAY = {"written_report": "SELECT, INSERT, UPDATE", "report_file": "SELECT, INSERT", "report_request": "SELECT, INSERT"}
"""Nobody takes these out, and the files and requests nobody changes: what was released stays as it was."""


def _text(length: int) -> sa.types.TypeEngine[str]:
    return sqlmodel.sql.sqltypes.AutoString(length=length)


def _of_report(name: str, *columns: sa.Column[object], key: str) -> None:
    op.create_table(
        name,
        sa.Column("authority", _text(64), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["authority", "report"],
            ["written_report.authority", "written_report.id"],
            name=f"fk_{name}_authority_report_written_report",
        ),
        sa.PrimaryKeyConstraint("authority", "report", key, name=f"pk_{name}"),
    )


def upgrade() -> None:
    instant = sqlmodel.sql.sqltypes.UTCDateTime()
    op.create_table(
        "report_due",
        sa.Column("authority", _text(64), nullable=False),
        sa.Column("kind", _text(32), nullable=False),
        sa.Column("every", _text(16), nullable=False),
        sa.Column("first", _text(7), nullable=False),
        sa.Column("last", _text(7), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "kind", "every", name="pk_report_due"),
    )
    op.create_table(
        "written_report",
        sa.Column("authority", _text(64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", _text(32), nullable=False),
        sa.Column("unit", _text(64), nullable=False),
        sa.Column("first", _text(7), nullable=False),
        sa.Column("last", _text(7), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("contents", sa.JSON(), nullable=False),
        sa.Column("edits", sa.JSON(), nullable=False),
        sa.Column("released_at", instant, nullable=True),
        sa.Column("released_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_written_report"),
        sa.UniqueConstraint("authority", "kind", "unit", "first", "last", "edition", name="uq_written_report_of_period"),
    )
    op.create_index("ix_written_report_made", "written_report", ["authority", "made_at"])
    _of_report(
        "report_file",
        sa.Column("format", _text(8), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        key="format",
    )
    _of_report(
        "report_example",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("item", sa.Uuid(), nullable=False),
        sa.Column("chosen_by", sa.Uuid(), nullable=False),
        sa.Column("reference", _text(16), nullable=False),
        sa.Column("words", _text(10_000), nullable=False),
        sa.Column("state", _text(16), nullable=False),
        sa.Column("why", _text(10_000), nullable=False),
        sa.Column("said_by", sa.Uuid(), nullable=True),
        sa.Column("said_at", instant, nullable=True),
        key="n",
    )
    op.create_index("ix_report_example_item", "report_example", ["authority", "item"])
    _of_report(
        "report_copy",
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("told_at", instant, nullable=True),
        sa.Column("read_at", instant, nullable=True),
        key="person",
    )
    op.create_index("ix_report_copy_person", "report_copy", ["authority", "person", "at"])
    _of_report(
        "report_request",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("words", _text(10_000), nullable=False),
        key="n",
    )
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            may = MAY.get(table, "SELECT, INSERT, UPDATE, DELETE")
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
                    GRANT {may} ON {table} TO drp_app;
                  END IF;
                END $$
                """
            )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
