"""The views name a touchpoint that has no English name, and SQLite's write an answer's id as the API does."""

from alembic import op

revision = "2026_11_26_names_in_views"
down_revision = "2026_11_26_segment_pending"
branch_labels = None
depends_on = None

FLAGS = ("spam", "misuse", "burst", "test", "duplicate", "unconfirmed")
COUNTS = ", ".join(f"c.n{rating}" for rating in range(11))
# SQLite knows no time zones. Thirteen hours after a local midnight UTC has the same date, but in these.
EAST = ("Pacific/Kiritimati", "Pacific/Chatham", "NZ-CHAT", "Pacific/Tongatapu", "Pacific/Apia", "Etc/GMT-14")
WEST = ("Pacific/Pago_Pago", "Pacific/Niue", "Pacific/Midway", "Pacific/Samoa", "US/Samoa", "Etc/GMT+11", "Etc/GMT+12")
DASHED = " || '-' || ".join(
    f"substr(f.id, {start}, {size})" for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
)
ENGLISH = {True: "json_extract(t.name, '$.en')", False: "(t.name ->> 'en')"}
FIRST = {True: "json_each(t.name)", False: "json_each_text(t.name)"}


def upgrade() -> None:
    lite = op.get_bind().dialect.name == "sqlite"
    first = f"(SELECT value FROM {FIRST[lite]} ORDER BY key LIMIT 1)"  # noqa: S608 - our own names
    _views(f"coalesce({ENGLISH[lite]}, {first}, t.key)", DASHED if lite else "f.id")


def downgrade() -> None:
    _views(ENGLISH[op.get_bind().dialect.name == "sqlite"], "f.id")


def _views(name: str, number: str) -> None:
    """Make them anew; PostgreSQL replaces them, so that who may read them still may."""
    make = "CREATE OR REPLACE VIEW"
    if op.get_bind().dialect.name == "sqlite":
        make = "CREATE VIEW"
        for view in ("v_segment_daily", "v_daily", "v_answers"):
            op.execute(f"DROP VIEW {view}")
    day, what = _day(), f"t.key AS touchpoint, {name} AS name, t.scale"
    counted = "c.grain = 'day' AND c.slice = 'counted' AND c.n > 0"
    flags = ", ".join(f"(' ' || f.flags || ' ' LIKE '% {flag} %') AS {flag}" for flag in FLAGS)
    op.execute(
        f"{make} v_answers AS SELECT {what}, {number} AS id, f.rating, f.comment, f.reasons, f.source, f.locale, "  # noqa: S608
        f"(f.flags = '') AS counts, {flags}, f.occurred_at, f.received_at "
        "FROM feedback AS f JOIN touchpoint AS t ON t.id = f.touchpoint_id"
    )
    op.execute(
        f"{make} v_daily AS SELECT {what}, {day} AS day, c.source, c.n AS answers, c.comments, {COUNTS} "  # noqa: S608
        f"FROM rollup AS c JOIN touchpoint AS t ON t.id = c.touchpoint_id WHERE {counted}"
    )
    op.execute(
        f"{make} v_segment_daily AS SELECT {what}, split.key AS segment, segment.value, {day} AS day, c.source, "  # noqa: S608
        f"c.n AS answers, c.comments, {COUNTS} FROM split "
        "JOIN touchpoint AS t ON t.id = split.touchpoint_id JOIN segment ON segment.split_id = split.id "
        "JOIN segment_rollup AS c ON c.touchpoint_id = segment.touchpoint_id AND c.segment_id = segment.id "
        f"WHERE {counted}"
    )


def _day() -> str:
    if op.get_bind().dialect.name != "sqlite":
        return "CAST(timezone(t.timezone, to_timestamp(c.bucket)) AS date)"
    hours = f"CASE WHEN t.timezone IN ({_named(EAST)}) THEN 14 WHEN t.timezone IN ({_named(WEST)}) THEN 12 ELSE 13 END"
    return f"date(c.bucket + 3600 * ({hours}), 'unixepoch')"


def _named(zones: tuple[str, ...]) -> str:
    return ", ".join(f"'{zone}'" for zone in zones)
