"""What moves a score, apart from what is only stored: open pages are told of the one and not of the other."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_moves"
down_revision = "2026_11_22_journey_targets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("revision", sa.Column("moved", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("revision", "moved")
