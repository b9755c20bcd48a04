"""How many events of a webhook were given up, and when the log last said that it fails."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_webhooks_given_up"
down_revision = "2026_11_25_open_ways"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook", sa.Column("given_up", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("webhook", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("webhook", "told_at")
    op.drop_column("webhook", "given_up")
