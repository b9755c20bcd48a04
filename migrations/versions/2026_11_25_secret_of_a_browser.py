"""A hash of what a browser keeps to itself: who only knows the id of its answer cannot change that answer."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_secret_of_a_browser"
down_revision = "2026_11_25_refused_on_tablets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feedback", sa.Column("secret_hash", sa.String(32)))


def downgrade() -> None:
    op.drop_column("feedback", "secret_hash")
