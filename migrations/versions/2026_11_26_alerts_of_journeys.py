"""Alerts of journeys: one has either a touchpoint or a journey, and goes with the latter."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_alerts_of_journeys"
down_revision = "2026_11_26_subscriber_segments"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL AND journey_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("alert") as alert:
        alert.alter_column("touchpoint_id", existing_type=sa.Integer(), nullable=True)
        alert.add_column(sa.Column("journey_id", sa.Integer()))
        alert.create_foreign_key("fk_alert_journey", "journey", ["journey_id"], ["id"], ondelete="CASCADE")
        alert.create_check_constraint("ck_alert_place", "(touchpoint_id IS NULL) <> (journey_id IS NULL)")
    op.create_index(
        "ix_alert_journey", "alert", ["journey_id", "kind"], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN
    )


def downgrade() -> None:
    op.execute("DELETE FROM alert WHERE journey_id IS NOT NULL")
    op.drop_index("ix_alert_journey", "alert")
    with op.batch_alter_table("alert") as alert:
        alert.drop_constraint("ck_alert_place", type_="check")
        alert.drop_constraint("fk_alert_journey", type_="foreignkey")
        alert.drop_column("journey_id")
        alert.alter_column("touchpoint_id", existing_type=sa.Integer(), nullable=False)
