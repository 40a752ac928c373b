"""Browser sessions, sign-ins under way, drafts, what was administered, words for a child, and what is open by its raiser."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = ("session", "sign_in", "draft", "administered")


def upgrade() -> None:
    text, instant = sqlmodel.sql.sqltypes.AutoString, sqlmodel.sql.sqltypes.UTCDateTime
    with op.batch_alter_table("authority") as table:
        table.add_column(sa.Column("label_pack", text(length=32), nullable=False, server_default=""))
    op.create_index(
        "ix_challenge_open", "challenge", ["authority", "raiser"],
        sqlite_where=sa.text("is_open IS 1"), postgresql_where=sa.text("is_open IS true"),
    )
    running = sa.text("closed_at IS NULL")
    op.create_index("ix_window_running", "window", ["authority", "kind"], sqlite_where=running, postgresql_where=running)
    held = sa.text("held_since IS NOT NULL")
    op.create_index("ix_window_held", "window", ["authority"], sqlite_where=held, postgresql_where=held)
    op.drop_index("ix_notification_waiting", "notification")
    op.create_index("ix_notification_state", "notification", ["authority", "state", "next_at"])
    _tell_when()
    op.create_table(
        "session",
        sa.Column("authority", text(length=64), nullable=False),
        sa.Column("hash", text(length=64), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("how", text(length=16), nullable=False),
        sa.Column("began_at", instant(), nullable=False),
        sa.Column("seen_at", instant(), nullable=False),
        sa.Column("ended_at", instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["authority", "person"], ["person.authority", "person.id"], name="fk_session_authority_person_person"
        ),
        sa.PrimaryKeyConstraint("authority", "hash", name="pk_session"),
    )
    op.create_index("ix_session_person", "session", ["authority", "person"])
    op.create_table(
        "sign_in",
        sa.Column("authority", text(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("how", text(length=16), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=True),
        sa.Column("asked_at", instant(), nullable=False),
        sa.Column("hash", text(length=64), nullable=False),
        sa.Column("browser", text(length=64), nullable=False),
        sa.Column("verifier", text(length=128), nullable=False),
        sa.Column("nonce", text(length=64), nullable=False),
        sa.Column("then", text(length=300), nullable=False),
        sa.Column("used_at", instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["authority", "person"], ["person.authority", "person.id"], name="fk_sign_in_authority_person_person"
        ),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_hash", "sign_in", ["authority", "hash"])
    op.create_index("ix_sign_in_person", "sign_in", ["authority", "person", "asked_at"])
    op.create_table(
        "draft",
        sa.Column("authority", text(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("began_at", instant(), nullable=False),
        sa.Column("changed_at", instant(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["authority", "person"], ["person.authority", "person.id"], name="fk_draft_authority_person_person"
        ),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_draft"),
    )
    op.create_index("ix_draft_person", "draft", ["authority", "person"])
    op.create_table(
        "administered",
        sa.Column("authority", text(length=64), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", instant(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("what", text(length=40), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("authority", "id", name="pk_administered"),
    )
    op.create_index("ix_administered_at", "administered", ["authority", "at"])
    if op.get_bind().dialect.name != "postgresql":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER administered_never_{act.lower()} BEFORE {act} ON administered "
                "BEGIN SELECT RAISE(ABORT, 'what was changed stays on the record'); END"
            )
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
            op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
            op.execute(
                f'CREATE POLICY one_authority ON "{table}" '
                "USING (authority = current_setting('drp.authority', true)) "
                "WITH CHECK (authority = current_setting('drp.authority', true))"
            )
        # What lasts only while somebody works may also be taken out again.
        op.execute(
            """
            DO $$ BEGIN
              IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
                GRANT SELECT, INSERT, UPDATE, DELETE ON session, sign_in, draft TO drp_app;
                GRANT SELECT, INSERT ON administered TO drp_app;
              END IF;
            END $$
            """
        )


def _tell_when() -> None:
    """Each person's copy of a message says when it was told, so that an inbox is read without every other's."""
    op.add_column("delivery", sa.Column("told_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    names = ("authority", "challenge", "version", "n")
    same = " AND ".join(f"notification.{name} = delivery.{name}" for name in names)
    forced = ("delivery", "notification") if op.get_bind().dialect.name == "postgresql" else ()
    for table in forced:  # or their owner would see, and fill in, no row of any authority
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    op.execute(f"UPDATE delivery SET told_at = (SELECT at FROM notification WHERE {same})")
    for table in forced:
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    with op.batch_alter_table("delivery") as batch:
        batch.alter_column("told_at", nullable=False)
    op.drop_index("ix_delivery_person", "delivery")
    op.create_index("ix_delivery_told", "delivery", ["authority", "person", "told_at"])
    unread = sa.text("read_at IS NULL")
    op.create_index(
        "ix_delivery_unread", "delivery", ["authority", "person", "challenge"], sqlite_where=unread, postgresql_where=unread
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_index("ix_delivery_unread", "delivery")
    op.drop_index("ix_delivery_told", "delivery")
    with op.batch_alter_table("delivery") as table:
        table.drop_column("told_at")
    op.create_index("ix_delivery_person", "delivery", ["authority", "person"])
    op.drop_index("ix_notification_state", "notification")
    waiting = sa.text("state = 'waiting'")
    op.create_index(
        "ix_notification_waiting", "notification", ["authority", "next_at"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.drop_index("ix_window_held", "window")
    op.drop_index("ix_window_running", "window")
    op.drop_index("ix_challenge_open", "challenge")
    with op.batch_alter_table("authority") as table:
        table.drop_column("label_pack")
