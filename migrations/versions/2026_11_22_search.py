"""Full-text search over comments: FTS5 kept by triggers on SQLite, a GIN index on PostgreSQL.

A later migration that rebuilds `feedback` on SQLite (batch mode) has to create the triggers again.
"""

import sqlite3

from alembic import op

revision = "2026_11_22_search"
down_revision = "2026_11_22_tablets"
branch_labels = None
depends_on = None

# The rowids of `feedback` may change with VACUUM, those of a table with an INTEGER PRIMARY KEY stay. The index holds
# no second copy of the text (content=''), so that taking a comment out needs its old words; `place` lets a search
# within one touchpoint be an intersection within the index. One trigger for both halves of a change: SQLite does not
# say in which order it fires two.
ADD = """
INSERT INTO feedback_search_row (touchpoint_id, id) SELECT new.touchpoint_id, new.id WHERE new.comment IS NOT NULL;
INSERT INTO feedback_search (rowid, place, comment) SELECT n, 't' || touchpoint_id, new.comment
FROM feedback_search_row WHERE touchpoint_id = new.touchpoint_id AND id = new.id;
"""
TAKE = """
INSERT INTO feedback_search (feedback_search, rowid, place, comment)
SELECT 'delete', n, 't' || touchpoint_id, old.comment
FROM feedback_search_row WHERE touchpoint_id = old.touchpoint_id AND id = old.id;
DELETE FROM feedback_search_row WHERE touchpoint_id = old.touchpoint_id AND id = old.id;
"""
SQLITE = (
    "CREATE TABLE feedback_search_row (n INTEGER PRIMARY KEY, touchpoint_id INTEGER NOT NULL, id CHAR(32) NOT NULL, "
    "UNIQUE (touchpoint_id, id))",
    "CREATE VIRTUAL TABLE feedback_search USING fts5("
    "place, comment, content='', tokenize='unicode61 remove_diacritics 2')",
    f"CREATE TRIGGER feedback_search_insert AFTER INSERT ON feedback WHEN new.comment IS NOT NULL BEGIN {ADD} END",
    f"CREATE TRIGGER feedback_search_delete AFTER DELETE ON feedback WHEN old.comment IS NOT NULL BEGIN {TAKE} END",
    "CREATE TRIGGER feedback_search_update AFTER UPDATE OF comment ON feedback "
    f"WHEN old.comment IS NOT new.comment BEGIN {TAKE} {ADD} END",
    "INSERT INTO feedback_search_row (touchpoint_id, id) SELECT touchpoint_id, id FROM feedback "
    "WHERE comment IS NOT NULL",
    "INSERT INTO feedback_search (rowid, place, comment) SELECT n, 't' || f.touchpoint_id, comment "
    "FROM feedback_search_row AS r JOIN feedback AS f ON f.touchpoint_id = r.touchpoint_id AND f.id = r.id",
)
# Before 3.42 an erased word stays in the index until its parts are merged; see ingest/store.py.
SECURE = "INSERT INTO feedback_search (feedback_search, rank) VALUES ('secure-delete', 1)"

# Accents are taken off as FTS5 does it, and punctuation is blank, or PostgreSQL would keep addresses in one piece.
POSTGRES = (
    r"CREATE FUNCTION feedback_search_vector(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE "
    r"AS $$ SELECT to_tsvector('simple', regexp_replace("
    r"regexp_replace(normalize(words, NFD), '[\u0300-\u036f]+', '', 'g'), "
    r"'[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f]+', ' ', 'g')) $$",
    "CREATE INDEX ix_search_feedback_comment ON feedback USING gin (feedback_search_vector(comment)) "
    "WHERE comment IS NOT NULL",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.get_bind().exec_driver_sql(statement)
        if sqlite3.sqlite_version_info >= (3, 42):
            op.get_bind().exec_driver_sql(SECURE)
    else:
        for statement in POSTGRES:
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("insert", "delete", "update"):
            op.execute(f"DROP TRIGGER feedback_search_{trigger}")
        op.execute("DROP TABLE feedback_search")
        op.execute("DROP TABLE feedback_search_row")
    else:
        op.execute("DROP INDEX ix_search_feedback_comment")
        op.execute("DROP FUNCTION feedback_search_vector")
