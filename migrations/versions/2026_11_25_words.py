"""Comments are found by folded words, which the program writes beside them; by parts of long words too.

Comments that are there already get theirs from the running service, some hundreds at a time (`answers/indexing.py`).
A version that knows nothing of `words` may write beside it: without them SQLite indexes the comment as it is, and a
changed comment loses those of the old one.
"""

from alembic import op

revision = "2026_11_25_words"
down_revision = "2026_11_25_frames_and_reviewed"
branch_labels = None
depends_on = None

_ADD = """
INSERT INTO feedback_search_row (touchpoint_id, id) SELECT new.touchpoint_id, new.id WHERE new.comment IS NOT NULL;
INSERT INTO feedback_search (rowid, place, comment) SELECT n, 't' || touchpoint_id, {new}
FROM feedback_search_row WHERE touchpoint_id = new.touchpoint_id AND id = new.id;
"""
_TAKE = """
INSERT INTO feedback_search (feedback_search, rowid, place, comment)
SELECT 'delete', n, 't' || touchpoint_id, {old}
FROM feedback_search_row WHERE touchpoint_id = old.touchpoint_id AND id = old.id;
DELETE FROM feedback_search_row WHERE touchpoint_id = old.touchpoint_id AND id = old.id;
"""
_NEW, _OLD = "coalesce(new.words, new.comment)", "coalesce(old.words, old.comment)"
_STALE = "new.comment IS NOT old.comment AND new.words IS old.words"
# What a trigger writes fires it no second time, so that the index holds the comment until the words are there.
_FORGET = """
UPDATE feedback SET words = NULL
WHERE touchpoint_id = new.touchpoint_id AND id = new.id AND words IS NOT NULL AND {stale};
"""
_UPDATED = (
    _TAKE.format(old=_OLD)
    + _ADD.format(new=f"CASE WHEN {_STALE} THEN new.comment ELSE {_NEW} END")
    + _FORGET.format(stale=_STALE)
)
_TRIGGERS = (
    "CREATE TRIGGER feedback_search_insert AFTER INSERT ON feedback WHEN new.comment IS NOT NULL "
    f"BEGIN {_ADD.format(new=_NEW)} END",
    "CREATE TRIGGER feedback_search_delete AFTER DELETE ON feedback WHEN old.comment IS NOT NULL "
    f"BEGIN {_TAKE.format(old=_OLD)} END",
    "CREATE TRIGGER feedback_search_update AFTER UPDATE OF comment, words ON feedback "
    f"WHEN old.comment IS NOT new.comment OR old.words IS NOT new.words BEGIN {_UPDATED} END",
)
_FORMER_TRIGGERS = (
    "CREATE TRIGGER feedback_search_insert AFTER INSERT ON feedback WHEN new.comment IS NOT NULL "
    f"BEGIN {_ADD.format(new='new.comment')} END",
    "CREATE TRIGGER feedback_search_delete AFTER DELETE ON feedback WHEN old.comment IS NOT NULL "
    f"BEGIN {_TAKE.format(old='old.comment')} END",
    "CREATE TRIGGER feedback_search_update AFTER UPDATE OF comment ON feedback WHEN old.comment IS NOT new.comment "
    f"BEGIN {_TAKE.format(old='old.comment')} {_ADD.format(new='new.comment')} END",
)

_POSTGRES = (
    "CREATE INDEX ix_search_feedback_words ON feedback "
    "USING gin (array_to_tsvector(string_to_array(words, ' '))) WHERE words IS NOT NULL",
    "DROP INDEX ix_search_feedback_comment",  # keeping both would cost every comment; its function stays for old code
    "CREATE FUNCTION feedback_words_stale() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF NEW.comment IS DISTINCT FROM OLD.comment AND NEW.words IS NOT DISTINCT FROM OLD.words THEN "
    "NEW.words := NULL; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER feedback_words_stale BEFORE UPDATE OF comment ON feedback "
    "FOR EACH ROW EXECUTE FUNCTION feedback_words_stale()",
)
_FORMER_POSTGRES = (
    "DROP TRIGGER feedback_words_stale ON feedback",
    "DROP FUNCTION feedback_words_stale",
    "DROP INDEX ix_search_feedback_words",
    "CREATE INDEX ix_search_feedback_comment ON feedback USING gin (feedback_search_vector(comment)) "
    "WHERE comment IS NOT NULL",
)


def upgrade() -> None:
    _run("ALTER TABLE feedback ADD COLUMN words TEXT")
    _run("CREATE INDEX ix_feedback_wordless ON feedback (touchpoint_id) WHERE comment IS NOT NULL AND words IS NULL")
    if _is_sqlite():
        _retrigger(_TRIGGERS)
    else:
        _run(*_POSTGRES)


def downgrade() -> None:
    if _is_sqlite():
        _run("UPDATE feedback SET words = NULL WHERE words IS NOT NULL")  # the index holds the comments again
        _retrigger(_FORMER_TRIGGERS)
    else:
        _run(*_FORMER_POSTGRES)
    _run("DROP INDEX ix_feedback_wordless", "ALTER TABLE feedback DROP COLUMN words")


def _retrigger(statements: tuple[str, ...]) -> None:
    _run(*(f"DROP TRIGGER feedback_search_{trigger}" for trigger in ("insert", "delete", "update")), *statements)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _run(*statements: str) -> None:
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)
