"""Views for reading by other programs: docs/reading-by-sql.md says what is in them.

A later migration that changes the type of a column they read has to drop them first and make them again on PostgreSQL,
and give the roles that read them their rights again.
"""

from alembic import op

revision = "2026_11_25_views"
down_revision = "2026_11_25_segments"
branch_labels = None
depends_on = None

FLAGS = ("spam", "misuse", "burst", "test", "duplicate", "unconfirmed")
COUNTS = ", ".join(f"c.n{rating}" for rating in range(11))
# SQLite knows no time zones. Thirteen hours after a local midnight UTC has the same date, but in these.
EAST = ("Pacific/Kiritimati", "Pacific/Chatham", "NZ-CHAT", "Pacific/Tongatapu", "Pacific/Apia", "Etc/GMT-14")
WEST = ("Pacific/Pago_Pago", "Pacific/Niue", "Pacific/Midway", "Pacific/Samoa", "US/Samoa", "Etc/GMT+11", "Etc/GMT+12")


def named(zones: tuple[str, ...]) -> str:
    return ", ".join(f"'{zone}'" for zone in zones)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        name, counts = "json_extract(t.name, '$.en')", "(f.flags = '')"
        hours = (
            f"CASE WHEN t.timezone IN ({named(EAST)}) THEN 14 WHEN t.timezone IN ({named(WEST)}) THEN 12 ELSE 13 END"
        )
        day = f"date(c.bucket + 3600 * ({hours}), 'unixepoch')"
    else:
        name, counts = "(t.name ->> 'en')", "(f.flags = '')"
        day = "CAST(timezone(t.timezone, to_timestamp(c.bucket)) AS date)"
    flags = ", ".join(f"(' ' || f.flags || ' ' LIKE '% {flag} %') AS {flag}" for flag in FLAGS)
    op.execute(
        f"CREATE VIEW v_answers AS SELECT t.key AS touchpoint, {name} AS name, t.scale, f.id, f.rating, f.comment, "  # noqa: S608
        f"f.reasons, f.source, f.locale, {counts} AS counts, {flags}, f.occurred_at, f.received_at "
        "FROM feedback AS f JOIN touchpoint AS t ON t.id = f.touchpoint_id"
    )
    op.execute(
        f"CREATE VIEW v_daily AS SELECT t.key AS touchpoint, {name} AS name, t.scale, {day} AS day, c.source, "  # noqa: S608
        f"c.n AS answers, c.comments, {COUNTS} FROM rollup AS c JOIN touchpoint AS t ON t.id = c.touchpoint_id "
        "WHERE c.grain = 'day' AND c.slice = 'counted' AND c.n > 0"
    )
    op.execute(
        f"CREATE VIEW v_segment_daily AS SELECT t.key AS touchpoint, {name} AS name, t.scale, split.key AS segment, "  # noqa: S608
        f"segment.value, {day} AS day, c.source, c.n AS answers, c.comments, {COUNTS} FROM split "
        "JOIN touchpoint AS t ON t.id = split.touchpoint_id JOIN segment ON segment.split_id = split.id "
        "JOIN segment_rollup AS c ON c.touchpoint_id = segment.touchpoint_id AND c.segment_id = segment.id "
        "WHERE c.grain = 'day' AND c.slice = 'counted' AND c.n > 0"
    )


def downgrade() -> None:
    for view in ("v_segment_daily", "v_daily", "v_answers"):
        op.execute(f"DROP VIEW {view}")
