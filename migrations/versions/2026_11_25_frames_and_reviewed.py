"""Which sites may show a touchpoint's page in a frame, and what its public rating is a rating of; none at first."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_frames_and_reviewed"
down_revision = "2026_11_25_webhooks_given_up"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("touchpoint", sa.Column("frame_origins", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("touchpoint", sa.Column("reviewed", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("touchpoint", "reviewed")
    op.drop_column("touchpoint", "frame_origins")
