"""Reviews of touchpoints, and actions taken at them."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_25_reviews_and_actions"
down_revision = "2026_11_25_handling"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("touchpoint", sa.Column("reviewed_at", sa.DateTime(timezone=True)))
    op.create_table(
        "review",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_by", AutoString(length=200), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("level", sa.JSON()),
    )
    op.create_index("ix_review_touchpoint", "review", ["touchpoint_id", "id"])
    op.create_table(
        "action",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("title", AutoString(length=200), nullable=False),
        sa.Column("touchpoints", sa.JSON(), nullable=False),
        sa.Column("compare_with", sa.JSON(), nullable=False),
        sa.Column("owner", AutoString(length=200)),
        sa.Column("note", sa.Text()),
        sa.Column("metric", AutoString(length=16)),
        sa.Column("alert", AutoString(length=64)),
        sa.Column("planned_for", sa.Date()),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("dropped_at", sa.DateTime(timezone=True)),
        sa.Column("created_by", AutoString(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("action")
    op.drop_index("ix_review_touchpoint", "review")
    op.drop_table("review")
    op.drop_column("touchpoint", "reviewed_at")
