"""When a rating link was last pressed: two presses that contradict each other are held, whatever process took them."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_presses"
down_revision = "2026_11_22_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feedback", sa.Column("pressed_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    op.drop_column("feedback", "pressed_at")
