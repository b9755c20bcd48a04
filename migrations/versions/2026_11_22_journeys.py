"""Journeys and their stages."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_journeys"
down_revision = "2026_11_22_presses"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "journey",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
    )
    op.create_table(
        "stage",
        sa.Column("journey_id", sa.Integer(), sa.ForeignKey("journey.id"), primary_key=True, autoincrement=False),
        sa.Column("position", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("phase", sa.String(16)),
        sa.Column("touchpoints", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("stage")
    op.drop_table("journey")
