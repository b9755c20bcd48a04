"""Deliveries remember the trace of the request that they come from."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_trace_of_a_delivery"
down_revision = "2026_11_25_own_scales"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("trace", sa.String(55), nullable=True))


def downgrade() -> None:
    op.drop_column("delivery", "trace")
