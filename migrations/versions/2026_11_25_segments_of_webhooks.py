"""Webhooks that want to hear of some segments only."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_segments_of_webhooks"
down_revision = "2026_11_25_alert_deliveries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook", sa.Column("segments", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("webhook", "segments")
