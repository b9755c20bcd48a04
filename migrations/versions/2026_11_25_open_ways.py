"""By which ways a touchpoint takes answers; all, for those that are there."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_open_ways"
down_revision = "2026_11_25_secret_of_a_browser"
branch_labels = None
depends_on = None

ALL = '["widget", "page", "link", "tablet", "key"]'


def upgrade() -> None:
    op.add_column("touchpoint", sa.Column("open", sa.JSON(), nullable=False, server_default=ALL))


def downgrade() -> None:
    op.drop_column("touchpoint", "open")
