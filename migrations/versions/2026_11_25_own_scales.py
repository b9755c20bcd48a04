"""Scales that a company makes, and their copies on the touchpoints that use them."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_own_scales"
down_revision = "2026_11_25_monitoring_by_itself"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "ownscale",
        sa.Column("key", sa.String(16), nullable=False),
        *(
            sa.Column(name, sa.SmallInteger(), nullable=False)
            for name in ("low", "high", "top", "poor_from", "poor_to")
        ),
        *(sa.Column(name, sa.String(8), nullable=False) for name in ("share", "asks", "drawing")),
        sa.Column("reversed", sa.Boolean(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.add_column("touchpoint", sa.Column("own_scale", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("touchpoint", "own_scale")
    op.drop_table("ownscale")
