"""`repeat_days` is what `review_interval_days` was: within them, a respondent's further answers are duplicates.

From here on `review_interval_days` means that the touchpoint is to be reviewed again, and nobody has said that of any.
Code from before this revision finds no interval meanwhile: it flags no repeated answer, and an interval that is set
through it becomes one between reviews. Both end with the last old process; `PATCH /v1/touchpoints/{key}` mends them.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_repeat_days"
down_revision = "2026_11_25_words"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("touchpoint", sa.Column("repeat_days", sa.Integer()))
    op.execute("UPDATE touchpoint SET repeat_days = review_interval_days, review_interval_days = NULL")


def downgrade() -> None:
    op.execute("UPDATE touchpoint SET review_interval_days = repeat_days")
    op.drop_column("touchpoint", "repeat_days")
