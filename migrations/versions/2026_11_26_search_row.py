"""A new comment enters SQLite's full-text index by the number its row has just got, which was looked up by its key."""

from alembic import op

revision = "2026_11_26_search_row"
down_revision = "2026_11_26_uploads"
branch_labels = None
depends_on = None

_TRIGGER = """
CREATE TRIGGER feedback_search_insert AFTER INSERT ON feedback WHEN new.comment IS NOT NULL BEGIN
INSERT INTO feedback_search_row (touchpoint_id, id) VALUES (new.touchpoint_id, new.id);
INSERT INTO feedback_search (rowid, place, comment) {added};
END
"""
_COLUMNS = "'t' || new.touchpoint_id, coalesce(new.words, new.comment)"
_NOW = f"VALUES (last_insert_rowid(), {_COLUMNS})"  # within a trigger it is that of the trigger's own insert
_FORMERLY = f"SELECT n, {_COLUMNS} FROM feedback_search_row WHERE touchpoint_id = new.touchpoint_id AND id = new.id"  # noqa: S608


def upgrade() -> None:
    _retrigger(_NOW)


def downgrade() -> None:
    _retrigger(_FORMERLY)


def _retrigger(added: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER feedback_search_insert")
        op.get_bind().exec_driver_sql(_TRIGGER.format(added=added))
