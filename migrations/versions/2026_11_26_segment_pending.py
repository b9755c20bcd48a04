"""Changes of counts by segment wait in a row for each commit, and are added up a moment later."""

from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_segment_pending"
down_revision = "2026_11_26_search_row"
branch_labels = None
depends_on = None

_SPLIT = sa.table(
    "split",
    *(sa.column(name, sa.Integer()) for name in ("touchpoint_id", "counted", "most")),
    sa.column("key", sa.String()),
    sa.column("upto", sa.Uuid()),
    sa.column("closed", sa.Boolean()),
)


def upgrade() -> None:
    op.create_table(
        "segment_pending",
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("touchpoint_id", "revision"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """What waits would be lost with its table: those keys are counted anew, in the background."""
    connection = op.get_bind()
    waiting = _SPLIT.c.touchpoint_id.in_(sa.select(sa.table("segment_pending", sa.column("touchpoint_id"))))
    named = sa.select(_SPLIT.c.touchpoint_id, _SPLIT.c.key, _SPLIT.c.most).where(waiting)
    rows = connection.execute(named).all()
    connection.execute(sa.delete(_SPLIT).where(waiting))
    for row in rows:
        connection.execute(sa.insert(_SPLIT).values(**row._mapping, upto=UUID(int=0), counted=0, closed=False))
    op.drop_table("segment_pending")
