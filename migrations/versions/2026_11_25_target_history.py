"""Each target that was set, until when it held, and whether it was met. What is set now is the first of them."""

from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "2026_11_25_target_history"
down_revision = "2026_11_25_views"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    records = op.create_table(
        "target_record",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), nullable=False),
        sa.Column("metric", AutoString(length=16), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("by", sa.Date()),
        sa.Column("set_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("status", AutoString(length=16), nullable=False),
        sa.Column("decided_at", TIME),
        sa.Column("judged_until", TIME),
    )
    op.create_index("ix_target_record_touchpoint", "target_record", ["touchpoint_id", "id"])
    touchpoint = sa.table("touchpoint", sa.column("id"), sa.column("target", sa.JSON))
    known = op.get_bind().execute(sa.select(touchpoint.c.id, touchpoint.c.target)).all()
    rows = [_row(number, target) for number, target in known if target]
    if rows:
        op.bulk_insert(records, rows)


def _row(number: int, target: dict[str, object]) -> dict[str, object]:
    by = target.get("by")
    said = {"metric": target["metric"], "value": target["value"], "by": date.fromisoformat(str(by)) if by else None}
    return {"touchpoint_id": number, **said, "set_at": datetime.now(UTC), "status": "undecided"}


def downgrade() -> None:
    op.drop_table("target_record")
