"""Numbers, keys, addresses and names in one spelling beside the one in which they were first written."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

from drp.database.folding import FOLDED

revision = "0019"
down_revision = "0018"

INDEXED = {"person": ("key_folded", "email_folded"), "child": ("number_folded",), "register": ("number_folded",)}
LENGTHS = {"email_folded": 200, "name_folded": 200, "key_folded": 64, "number_folded": 32}
AT_ONCE = 5_000


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table, columns in FOLDED.items():
        for name in columns:
            # A folded text may be longer than what it is made from: one mark becomes several.
            text = sqlmodel.sql.sqltypes.AutoString(length=4 * LENGTHS[name])
            op.add_column(table, sa.Column(name, text, nullable=False, server_default=""))
        if is_postgresql:  # or their owner would see no row of any authority
            op.execute(f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY')
        _fold(table)
        if is_postgresql:
            op.execute(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY')
        for name in INDEXED.get(table, ()):
            op.create_index(f"ix_{table}_{name}", table, ["authority", name])


def _fold(table: str) -> None:
    """Fold what is there: each value once, wherever it stands."""
    for name, (of, folding) in FOLDED[table].items():
        rows = sa.table(table, sa.column(name), sa.column(of))
        values = op.get_bind().execute(sa.select(rows.c[of]).distinct()).scalars().all()
        changed = [{"was": value, "now": folding(value)} for value in values if value]
        change = sa.update(rows).where(rows.c[of] == sa.bindparam("was")).values({name: sa.bindparam("now")})
        for at in range(0, len(changed), AT_ONCE):
            op.get_bind().execute(change, changed[at : at + AT_ONCE])


def downgrade() -> None:
    for table, columns in reversed(FOLDED.items()):
        for name in INDEXED.get(table, ()):
            op.drop_index(f"ix_{table}_{name}", table)
        for name in columns:
            op.drop_column(table, name)
