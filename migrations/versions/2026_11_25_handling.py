"""How customers are followed up. Its own table: what stores answers does not know of it."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_handling"
down_revision = "2026_11_25_repeat_days"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "handling",
        sa.Column("touchpoint_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("owner", sa.String(200), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("done_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["touchpoint_id", "id"], ["feedback.touchpoint_id", "feedback.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("touchpoint_id", "id"),
    )
    done = sa.text("done_at IS NOT NULL")
    op.create_index("ix_handling_done", "handling", ["done_at"], sqlite_where=done, postgresql_where=done)


def downgrade() -> None:
    op.drop_table("handling")
