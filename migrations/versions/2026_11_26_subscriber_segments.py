"""Subscribers who want to hear of some segments only."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_subscriber_segments"
down_revision = "2026_11_26_rating_mails"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("segments", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("subscriber", "segments")
