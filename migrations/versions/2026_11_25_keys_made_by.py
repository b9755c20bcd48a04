"""Who made a key, and which sessions have been ended."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_keys_made_by"
down_revision = "2026_11_23_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_key", sa.Column("made_by", sa.Integer(), nullable=True))
    op.create_index("ix_api_key_made_by", "api_key", ["made_by"])
    op.create_table(
        "ended_session",
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("nonce"),
    )


def downgrade() -> None:
    op.drop_table("ended_session")
    op.drop_index("ix_api_key_made_by", "api_key")
    op.drop_column("api_key", "made_by")
