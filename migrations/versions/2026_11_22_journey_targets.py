"""A journey's own roll-up rule and target."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_journey_targets"
down_revision = "2026_11_22_asked_on_tablets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("journey", sa.Column("rule", sa.String(16), nullable=False, server_default="pooled"))
    op.add_column("journey", sa.Column("target", sa.JSON()))


def downgrade() -> None:
    op.drop_column("journey", "target")
    op.drop_column("journey", "rule")
