"""Who is told by mail, and the mails."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_mail"
down_revision = "2026_11_25_trace_of_a_delivery"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("touchpoints", sa.Text(), nullable=False),
        sa.Column("tags", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(200), nullable=True),
        sa.Column("alerts", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(8), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("comments", sa.Boolean(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        *(sa.Column(f"{name}_at", TIME, nullable=True) for name in ("confirmed", "unsubscribed", "bounced")),
        sa.Column("bounce", sa.String(200), nullable=True),
        sa.Column("digest_at", TIME, nullable=True),
        sa.Column("digest_until", TIME, nullable=True),
    )
    due = sa.text("digest_at IS NOT NULL")
    op.create_index("ix_subscriber_digest", "subscriber", ["digest_at"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "letter",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("subscriber_id", sa.Integer(), sa.ForeignKey("subscriber.id"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("about", sa.String(80), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("sent_at", TIME, nullable=True),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
        sa.UniqueConstraint("subscriber_id", "kind", "about", name="uq_letter_about"),
    )
    op.create_index("ix_letter_subscriber", "letter", ["subscriber_id", "id"])
    waits = sa.text("due_at IS NOT NULL")
    op.create_index("ix_letter_due", "letter", ["due_at"], sqlite_where=waits, postgresql_where=waits)


def downgrade() -> None:
    op.drop_table("letter")
    op.drop_table("subscriber")
