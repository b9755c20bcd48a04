"""Whom we asked lately, as a keyed hash, and how long a touchpoint leaves the same person in peace."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_asked_lately"
down_revision = "2026_11_25_reviews_and_actions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asked_lately",
        sa.Column("hash", sa.String(32), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("again_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("hash", "touchpoint_id"),
    )
    op.create_index("ix_asked_lately_again", "asked_lately", ["again_at"])
    op.add_column("touchpoint", sa.Column("ask_every_days", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("touchpoint", "ask_every_days")
    op.drop_table("asked_lately")
