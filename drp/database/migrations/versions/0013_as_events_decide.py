"""Rows of earlier releases are put right where they are not what the events decide: reminders, and the moment of the last act.

A reminder that ended with its window was kept as ended, and is lapsed. A sweep kept its own moment where a reminder had told;
it is the moment for which it was set. The last act is the newest of what the record holds. How many is said.
"""

import logging

from alembic import op

log = logging.getLogger("drp.migrations")

revision = "0013"
down_revision = "0012"

QUIET = "kind IN ('reminder', 'warning')"
OF_IT = "e.authority = {0}.authority AND e.challenge = {0}.{1}"

LAPSED = f"""UPDATE "window" SET closed_as = 'lapsed' WHERE {QUIET} AND closed_as = 'ended'"""
AT_ITS_MOMENT = f"""
    UPDATE "window" SET closed_at = acts_at
    WHERE {QUIET} AND closed_as = 'told' AND closed_at > acts_at
      AND NOT EXISTS (SELECT 1 FROM entry AS e WHERE {OF_IT.format('"window"', "challenge")} AND e.at = "window".closed_at)
"""
NEWEST = f"""
    (SELECT max(moment) FROM (
      SELECT e.at AS moment FROM entry AS e WHERE {OF_IT.format("challenge", "id")}
      UNION ALL SELECT e.closed_at FROM "window" AS e WHERE {OF_IT.format("challenge", "id")}
    ) AS known)
"""
LAST_ACT = f"UPDATE challenge SET last_at = {NEWEST} WHERE last_at > {NEWEST}"
TABLES = ('"window"', "challenge", "entry")


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in TABLES if is_postgresql else ():  # or their owner would see, and put right, no row of any authority
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    for said, statement in (
        ("reminders that ended with their window are lapsed", LAPSED),
        ("reminders closed at the moment for which they were set", AT_ITS_MOMENT),
        ("items whose last act is the newest of their record", LAST_ACT),
    ):
        if done := op.get_bind().exec_driver_sql(statement).rowcount:
            log.warning("put right: %d %s", done, said)
    for table in TABLES if is_postgresql else ():
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")


def downgrade() -> None:
    """What was put right stays so: the release before reads it as it is."""
