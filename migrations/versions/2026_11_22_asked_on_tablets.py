"""How often each tablet asked, by its own count: a report that comes twice is counted once."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_asked_on_tablets"
down_revision = "2026_11_22_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "asked",
        sa.Column("touchpoint_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("device_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["touchpoint_id"], ["touchpoint.id"]),
        sa.PrimaryKeyConstraint("touchpoint_id", "device_id", "id"),
    )


def downgrade() -> None:
    op.drop_table("asked")
