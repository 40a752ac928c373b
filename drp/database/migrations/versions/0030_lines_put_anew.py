"""The role may put the lines of the register anew, where a decision changes them: they were taken out and put in again."""

from alembic import op

revision = "0030"
down_revision = "0029"

CHANGES = {
    "register": (
        "reference sheet kind is_first is_first_of_theme raised_on month quarter item_type stage reason theme team service status "
        "is_dual outcome impact ended_on days_to_end number number_folded raiser"
    ),
    "stay": "kind stage cause month reply days_to_acknowledge days_to_answer",
}
"""Beside what migration 0028 let it change."""


def upgrade() -> None:
    _for_the_role("GRANT UPDATE ({columns}) ON public.{table} TO drp_app")


def downgrade() -> None:
    _for_the_role("REVOKE UPDATE ({columns}) ON public.{table} FROM drp_app")


def _for_the_role(statement: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    statements = [
        statement.format(columns=", ".join(names.split()), table=table) for table, names in CHANGES.items()
    ]
    op.execute(
        f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'drp_app') THEN
            {"; ".join(statements)};
          END IF;
        END $$
        """
    )
