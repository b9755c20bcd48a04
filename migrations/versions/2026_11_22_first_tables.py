"""The first tables: touchpoints, feedback, its rollup, keys."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_first_tables"
down_revision = None
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "touchpoint",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False, unique=True),
        sa.Column("kind", sa.String(64)),
        sa.Column("phase", sa.String(16), nullable=False),
        sa.Column("contact", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("scale", sa.String(16), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("question", sa.JSON(), nullable=False),
        sa.Column("comment_prompt", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("owner", sa.String(200)),
        sa.Column("importance", sa.SmallInteger(), nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("target", sa.JSON()),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("review_interval_days", sa.Integer()),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("archived_at", TIME),
    )
    op.create_table(
        "feedback",
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("rating", sa.SmallInteger()),
        sa.Column("comment", sa.Text()),
        sa.Column("reasons", sa.String(400), nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("flags", sa.String(80), nullable=False),
        sa.Column("locale", sa.String(35)),
        sa.Column("respondent", sa.String(200)),
        sa.Column("context", sa.JSON()),
        sa.Column("occurred_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("claimed_at", TIME),
        sa.Column("device_id", sa.Integer()),
    )
    op.create_index("ix_feedback_touchpoint_occurred", "feedback", ["touchpoint_id", "occurred_at"])
    op.create_index("ix_feedback_occurred", "feedback", ["occurred_at"])
    known = sa.text("respondent IS NOT NULL")
    op.create_index(
        "ix_feedback_respondent",
        "feedback",
        ["touchpoint_id", "respondent"],
        sqlite_where=known,
        postgresql_where=known,
    )
    op.create_table(
        "erasure",
        sa.Column("touchpoint_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("erased_at", TIME, nullable=False),
    )
    counts = ["n", "comments", *(f"n{rating}" for rating in range(11))]
    op.create_table(
        "rollup",
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False),
        sa.Column("grain", sa.String(8), primary_key=True),
        sa.Column("bucket", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("source", sa.String(8), primary_key=True),
        sa.Column("slice", sa.String(80), primary_key=True),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in counts),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "revision",
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoint.id"), primary_key=True, autoincrement=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("prefix", sa.String(16), nullable=False, unique=True),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("scopes", sa.String(400), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.Column("last_used_on", sa.Date()),
    )
    op.create_table(
        "secret",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(200), nullable=False),
    )


def downgrade() -> None:
    for table in ("secret", "api_key", "revision", "rollup", "erasure", "feedback", "touchpoint"):
        op.drop_table(table)
