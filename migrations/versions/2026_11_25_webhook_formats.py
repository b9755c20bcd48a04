"""Webhooks in the form of a chat, in a language, with what they may include."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_webhook_formats"
down_revision = "2026_11_25_asked_lately"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook", sa.Column("format", sa.String(16), nullable=False, server_default="standard"))
    op.add_column("webhook", sa.Column("language", sa.String(2), nullable=False, server_default="en"))
    op.add_column("webhook", sa.Column("include", sa.String(40), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("include", "language", "format"):
        op.drop_column("webhook", name)
