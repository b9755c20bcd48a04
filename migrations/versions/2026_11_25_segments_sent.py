"""Which segments browsers may say, the context of a tablet, and what segment keys are called."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_segments_sent"
down_revision = "2026_11_25_touchpoint_of_a_key"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("touchpoint", sa.Column("open_segments", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("device", sa.Column("context", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("device", sa.Column("former_contexts", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "segment_key",
        sa.Column("key", sa.String(60), primary_key=True),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("shown", sa.Boolean(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("segment_key")
    for name in ("former_contexts", "context"):
        op.drop_column("device", name)
    op.drop_column("touchpoint", "open_segments")
