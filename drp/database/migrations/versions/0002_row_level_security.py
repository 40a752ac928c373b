"""On PostgreSQL: every row belongs to one authority, and a transaction sees only the one it named.

The application's role (`drp_app`, where it exists) owns nothing. One function may look across authorities, and gives
only their keys, so that a sweep can work one authority a transaction. On SQLite triggers keep the timeline append-only.
"""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES = (
    "account", "assumption", "authority", "challenge", "child", "cover", "delivery", "document", "entry", "idempotency",
    "involved", "link", "notification", "person", "post", "token", "unit", "window", "words",
)
"""The tables of 0001, by name: what later revisions add is theirs to protect."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER entry_never_{act.lower()} BEFORE {act} ON entry "
                "BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END"
            )
        return
    for table in TABLES:
        column = "key" if table == "authority" else "authority"
        op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
        if table != "authority":  # its owner reads it in the function below
            op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        op.execute(
            f'CREATE POLICY one_authority ON "{table}" '
            f"USING (\"{column}\" = current_setting('drp.authority', true)) "
            f"WITH CHECK (\"{column}\" = current_setting('drp.authority', true))"
        )
    op.execute(
        "CREATE FUNCTION drp_authorities() RETURNS SETOF varchar LANGUAGE sql STABLE SECURITY DEFINER "
        "SET search_path = public, pg_temp AS 'SELECT key FROM authority ORDER BY key'"
    )
    op.execute("REVOKE ALL ON FUNCTION drp_authorities() FROM PUBLIC")
    # The timeline is append-only: the application may add entries and never change or remove one.
    op.execute(
        """
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
            GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO drp_app;
            REVOKE UPDATE ON entry, document FROM drp_app;
            GRANT UPDATE (is_current) ON document TO drp_app;
            GRANT EXECUTE ON FUNCTION drp_authorities() TO drp_app;
          END IF;
        END $$
        """
    )


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER entry_never_{act}")
        return
    op.execute("DROP FUNCTION drp_authorities()")
    for table in TABLES:
        op.execute(f'DROP POLICY one_authority ON "{table}"')
        op.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        op.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
