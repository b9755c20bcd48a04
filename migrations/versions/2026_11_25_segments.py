"""Declared segments of a touchpoint, their values, and counts by value."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_segments"
down_revision = "2026_11_25_mail"
branch_labels = None
depends_on = None

COUNTS = ("n", "comments", *(f"n{rating}" for rating in range(11)))


def upgrade() -> None:
    op.add_column("touchpoint", sa.Column("segments", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "split",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), nullable=False),
        sa.Column("key", sa.String(60), nullable=False),
        sa.Column("upto", sa.Uuid(), nullable=True),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("touchpoint_id", "key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), nullable=False),
        sa.Column("split_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("touchpoint_id", "split_id", "value"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_segment_split", "segment", ["split_id", "value"])
    op.create_table(
        "segment_rollup",
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), nullable=False),
        sa.Column("segment_id", sa.Integer(), nullable=False),
        sa.Column("grain", sa.String(8), nullable=False),
        sa.Column("bucket", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("slice", sa.String(80), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in COUNTS),
        sa.PrimaryKeyConstraint("touchpoint_id", "segment_id", "grain", "bucket", "source", "slice"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("segment_rollup", "segment", "split"):
        op.drop_table(table)
    op.drop_column("touchpoint", "segments")
