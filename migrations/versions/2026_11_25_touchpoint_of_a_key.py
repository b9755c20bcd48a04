"""The touchpoint that a key's answers belong to, where its client has no word for one."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_touchpoint_of_a_key"
down_revision = "2026_11_25_touchpoint_language"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("touchpoint", sa.String(64)))


def downgrade() -> None:
    op.drop_column("api_key", "touchpoint")
