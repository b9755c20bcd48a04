"""Who looks and what the last look came to; several troubles of one kind at a touchpoint; room for all events."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_25_monitoring_by_itself"
down_revision = "2026_11_25_alerts"
branch_labels = None
depends_on = None

_OPEN = sa.text("closed_at IS NULL")


def _index(*columns: str) -> None:
    op.drop_index("ix_alert_open", "alert")
    op.create_index("ix_alert_open", "alert", columns, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)


def upgrade() -> None:
    op.create_table(
        "monitoring",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("holder", AutoString(length=36)),
        sa.Column("held_until", sa.DateTime(timezone=True)),
        sa.Column("looked_at", sa.DateTime(timezone=True)),
        sa.Column("summary", sa.JSON(), nullable=False),
    )
    op.add_column("alert", sa.Column("about", AutoString(length=32), nullable=False, server_default=""))
    _index("touchpoint_id", "kind", "about")
    with op.batch_alter_table("webhook") as webhook:
        webhook.alter_column("events", existing_type=AutoString(length=200), type_=sa.Text(), existing_nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("webhook") as webhook:
        webhook.alter_column("events", existing_type=sa.Text(), type_=AutoString(length=200), existing_nullable=False)
    # Only the newest of several open ones of a kind stays open.
    op.execute(
        "UPDATE alert SET closed_at = opened_at WHERE closed_at IS NULL AND id NOT IN "
        "(SELECT MAX(id) FROM alert WHERE closed_at IS NULL GROUP BY touchpoint_id, kind)"
    )
    _index("touchpoint_id", "kind")
    with op.batch_alter_table("alert") as alert:
        alert.drop_column("about")
    op.drop_table("monitoring")
