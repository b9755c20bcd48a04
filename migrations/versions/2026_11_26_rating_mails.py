"""Mails that ask a customer for a rating, on their way."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_rating_mails"
down_revision = "2026_11_25_segments_of_webhooks"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "rating_mail",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("touchpoint_id", sa.Integer(), nullable=False),
        sa.Column("respondent", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
    )
    op.create_index("ix_rating_mail_due", "rating_mail", ["due_at"])
    op.create_index("ix_rating_mail_respondent", "rating_mail", ["respondent"])


def downgrade() -> None:
    op.drop_table("rating_mail")
