"""On PostgreSQL the access log keeps a list that was shown as one row, and is thinned by a function that spares the last year."""

from alembic import op

revision = "0027"
down_revision = "0026"

SHOWINGS = (
    "ALTER TABLE access_log.access ADD COLUMN shown JSONB",
    "CREATE INDEX ix_access_shown ON access_log.access USING gin (shown jsonb_path_ops)",
    # Row level security keeps whoever it binds from an index whose operator could tell of other rows: the owner looks.
    """
    CREATE FUNCTION access_log.showings_of(item TEXT) RETURNS SETOF BIGINT
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = access_log, pg_temp AS $$
      SELECT id FROM access_log.access
      WHERE shown @> jsonb_build_array(item) AND authority = current_setting('drp.authority', true)
    $$
    """,
    """
    CREATE FUNCTION access_log.thin(older_than TIMESTAMP WITH TIME ZONE, most INTEGER) RETURNS INTEGER
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = access_log, pg_temp AS $$
    DECLARE
      whose TEXT := coalesce(current_setting('drp.authority', true), '');
      gone INTEGER;
    BEGIN
      IF whose = '' OR older_than IS NULL OR older_than > clock_timestamp() - INTERVAL '1 year' THEN
        RAISE EXCEPTION 'readings younger than a year, or of no authority, are not taken out of the access log'
          USING ERRCODE = 'insufficient_privilege';
      END IF;
      IF EXISTS (SELECT FROM public.hold WHERE authority = whose AND lifted IS NULL) THEN
        RETURN 0;
      END IF;
      WITH oldest AS (
        SELECT id FROM access_log.access WHERE authority = whose AND at < older_than ORDER BY at LIMIT most
      ), taken AS (
        DELETE FROM access_log.access USING oldest WHERE access.id = oldest.id RETURNING 1
      )
      SELECT count(*) INTO gone FROM taken;
      IF gone > 0 THEN
        INSERT INTO access_log.access (authority, at, person, what, reference) VALUES (
          whose, clock_timestamp(), 'the service',
          'access log thinned: ' || gone || ' before ' || to_char(older_than AT TIME ZONE 'Europe/London', 'YYYY-MM-DD'), ''
        );
      END IF;
      RETURN gone;
    END $$
    """,
    "REVOKE ALL ON FUNCTION access_log.showings_of(TEXT) FROM PUBLIC",
    "REVOKE ALL ON FUNCTION access_log.thin(TIMESTAMP WITH TIME ZONE, INTEGER) FROM PUBLIC",
    """
    DO $$ BEGIN
      IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
        GRANT EXECUTE ON FUNCTION access_log.showings_of(TEXT) TO drp_app;
        GRANT EXECUTE ON FUNCTION access_log.thin(TIMESTAMP WITH TIME ZONE, INTEGER) TO drp_app;
      END IF;
    END $$
    """,
)
APART = (
    "DROP FUNCTION access_log.thin(TIMESTAMP WITH TIME ZONE, INTEGER)",
    "DROP FUNCTION access_log.showings_of(TEXT)",
    # An earlier release knows a row for each item only: none of them is lost to it.
    """
    INSERT INTO access_log.access (authority, at, person, what, reference)
    SELECT authority, at, person, what, left(item, 16) FROM access_log.access, jsonb_array_elements_text(shown) AS item
    WHERE shown IS NOT NULL ORDER BY id
    """,
    "DELETE FROM access_log.access WHERE shown IS NOT NULL",
    "ALTER TABLE access_log.access DROP COLUMN shown",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":  # on SQLite the log is a file of its own, brought to shape when it is opened
        for statement in SHOWINGS:
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in APART:
            op.execute(statement)
