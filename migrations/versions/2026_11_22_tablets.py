"""Tablets, and the way from a tablet to its answers."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_tablets"
down_revision = "2026_11_22_journeys"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("touchpoints", sa.JSON(), nullable=False),
        sa.Column("former", sa.JSON(), nullable=False),
        sa.Column("key_prefix", sa.String(16)),
        sa.Column("key_hash", sa.String(64), unique=True),
        sa.Column("pairing_hash", sa.String(64), unique=True),
        sa.Column("pairing_expires_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("paired_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.Column("last_seen_at", TIME),
        sa.Column("queue_depth", sa.Integer()),
        sa.Column("oldest_at", TIME),
        sa.Column("version", sa.String(40)),
        sa.Column("persisted", sa.Boolean()),
    )
    from_tablets = sa.text("device_id IS NOT NULL")
    op.create_index(
        "ix_feedback_device",
        "feedback",
        ["device_id", "occurred_at"],
        sqlite_where=from_tablets,
        postgresql_where=from_tablets,
    )


def downgrade() -> None:
    op.drop_index("ix_feedback_device", "feedback")
    op.drop_table("device")
