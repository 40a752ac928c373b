"""Tables by reason and by theme are read off indexes of their own, and what they count twice is found apart."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BEFORE = {
    "ix_register_reason_stage": ("theme", "reason", "stage", "item_type", "is_first_of_theme", "is_first"),
    "ix_register_reason_outcome": ("theme", "reason", "outcome", "impact", "is_first_of_theme", "is_first"),
    "ix_register_reason_team": ("theme", "reason", "service", "team", "is_first_of_theme", "is_first"),
    "ix_register_reason_month": ("theme", "reason", "month", "status", "is_first_of_theme", "is_first"),
}
OF_REASONS = {
    "ix_register_reason_stage": ("reason", "stage", "item_type"),
    "ix_register_reason_outcome": ("theme", "reason", "outcome", "impact"),
    "ix_register_reason_team": ("reason", "service", "team"),
    "ix_register_reason_month": ("reason", "month", "status"),
}
OF_THEMES = {
    "ix_register_theme_stage": ("theme", "stage", "item_type"),
    "ix_register_theme_outcome": ("theme", "outcome", "impact"),
    "ix_register_theme_team": ("theme", "service", "team"),
    "ix_register_theme_month": ("theme", "month", "status"),
}
FURTHER = {
    "ix_register_further": (
        "month", "is_first_of_theme", "item_type", "stage", "outcome", "impact", "status", "service", "team",
    ),
}  # fmt: skip
HELD = "kind = 'challenge'"


def _create(indexes: dict[str, tuple[str, ...]], sqlite: str = "", postgresql: str = "") -> None:
    for name, columns in indexes.items():
        where = {"sqlite_where": sa.text(HELD + sqlite), "postgresql_where": sa.text(HELD + postgresql)}
        op.create_index(name, "register", ["authority", *columns], **where)


def upgrade() -> None:
    for name in BEFORE:
        op.drop_index(name, "register")
    _create(OF_REASONS)
    _create(OF_THEMES, " AND is_first_of_theme IS 1", " AND is_first_of_theme IS true")
    _create(FURTHER, " AND is_first IS 0", " AND is_first IS false")


def downgrade() -> None:
    for name in (*OF_REASONS, *OF_THEMES, *FURTHER):
        op.drop_index(name, "register")
    _create(BEFORE)
