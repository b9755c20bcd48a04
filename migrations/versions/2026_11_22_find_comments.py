"""Newest comments, and newest flagged answers, are found at once among millions of bare ratings."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_find_comments"
down_revision = "2026_11_22_journey_targets"
branch_labels = None
depends_on = None

RARE = {"commented": "comment IS NOT NULL", "flagged": "flags <> ''"}
COLUMNS = {"": ["touchpoint_id", "occurred_at"], "_anywhere": ["occurred_at"]}


def upgrade() -> None:
    for rare, condition in RARE.items():
        for where, columns in COLUMNS.items():
            only = sa.text(condition)
            name = f"ix_feedback_{rare}{where}"
            op.create_index(name, "feedback", columns, sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    for rare in RARE:
        for where in COLUMNS:
            op.drop_index(f"ix_feedback_{rare}{where}", "feedback")
