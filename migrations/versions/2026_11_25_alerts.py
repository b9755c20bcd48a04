"""Alerts: one per trouble, as long as it is open."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_25_alerts"
down_revision = "2026_11_25_webhook_formats"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", AutoString(length=16), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("closed_by", AutoString(length=200)),
        sa.Column("because", AutoString(length=16)),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("comments", sa.JSON(), nullable=False),
    )
    op.create_index("ix_alert_touchpoint", "alert", ["touchpoint_id", "kind"])
    op.create_index(
        "ix_alert_open",
        "alert",
        ["touchpoint_id", "kind"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_table("alert")
