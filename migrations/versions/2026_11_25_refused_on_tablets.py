"""How many of a tablet's answers were refused, as it last reported."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_refused_on_tablets"
down_revision = "2026_11_25_keys_made_by"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("device", sa.Column("refused", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("device", "refused")
