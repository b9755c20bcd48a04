"""Finds the deliveries that are about a touchpoint and no answer: who was told of an alert."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_alert_deliveries"
down_revision = "2026_11_25_segments_told"
branch_labels = None
depends_on = None


def upgrade() -> None:
    only = sa.text("feedback_id IS NULL")
    op.create_index("ix_delivery_alert", "delivery", ["touchpoint_id", "id"], sqlite_where=only, postgresql_where=only)


def downgrade() -> None:
    op.drop_index("ix_delivery_alert", "delivery")
