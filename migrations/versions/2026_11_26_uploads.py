"""Files that somebody imports on the dashboard, until they are imported."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_26_uploads"
down_revision = "2026_11_26_alerts_of_journeys"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("makes_touchpoints", sa.Boolean(), nullable=False),
        sa.Column("runner", sa.String(40), nullable=True),
        sa.Column("seen_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in ("position", "rows", "stored")),
        sa.Column("report", sa.JSON(), nullable=False),
        sqlite_autoincrement=True,
    )
    running = sa.text("state = 'running'")
    op.create_index("ix_upload_running", "upload", ["seen_at"], sqlite_where=running, postgresql_where=running)
    op.create_table(
        "upload_piece",
        sa.Column("upload_id", sa.Integer(), sa.ForeignKey("upload.id"), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("upload_piece")
    op.drop_table("upload")
