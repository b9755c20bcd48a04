"""The language of a touchpoint, for customers whose own its question is not in."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_touchpoint_language"
down_revision = "2026_11_25_target_history"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("touchpoint", sa.Column("language", sa.String(35), nullable=True))


def downgrade() -> None:
    op.drop_column("touchpoint", "language")
