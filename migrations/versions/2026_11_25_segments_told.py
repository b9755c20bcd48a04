"""Which segment keys /metrics tells."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_segments_told"
down_revision = "2026_11_25_segments_sent"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("segment_key", sa.Column("metrics", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("segment_key", "metrics")
