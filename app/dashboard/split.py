"""A touchpoint's answers by a segment key, a row for each value: which differ for real, and which may not."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from app.dashboard.charts import FEW
from app.dashboard.localized import Localized
from app.dashboard.periods import Period
from app.models import SegmentKey
from app.scores import counts as rollup
from app.scores import segmented, serve
from app.scores.formulas import Estimate
from app.scores.schemas import ScoreQuery
from app.scores.segment_values import NONE, OTHER
from app.touchpoints.registry import Known

CLOCK = ("weekday", "hour")
MOST = 40  # rows


class Row(NamedTuple):
    """One value: its name, its index, the answers behind it, and how it compares: lower, higher, same or few."""

    value: str
    name: str
    level: Estimate
    n: int
    said: str
    by: float


class Split(NamedTuple):
    """What the page shows: the chosen key's name, the keys to choose from with theirs, the rows, and how many more."""

    key: str
    name: str
    keys: Sequence[tuple[str, str]]
    rows: Sequence[Row]
    more: int
    compared: int
    p_values: Mapping[tuple[str, ...], float]  # of each difference taken alone, by the values it is between
    counting: Mapping[str, Any] | None


def read(session: Session, known: Known, period: Period, wanted: str | None, t: Localized) -> Split | None:
    """The split by `wanted` or by the first key; None where the touchpoint declares none."""
    declared = known.row.segments
    rows = session.exec(select(SegmentKey).where(col(SegmentKey.key).in_(declared))).all() if declared else ()
    named = {row.key: row for row in rows}
    keys = [key for key in declared if key not in named or named[key].shown]
    if not keys:
        return None
    key = wanted if wanted in (*keys, *CLOCK) else keys[0]
    query = ScoreQuery(days=period.days, group_by=key)
    first = rollup.first_hours(session, [known.id]).get(known.id)
    window = serve.bounds(query, known.zone, first).whole_days()
    over = serve.spans_of(query, window)
    asked = segmented.asked(session, known, query, window, over)
    found, p_values = asked.compared(window, over, "index")
    said = named.get(key)
    lines = [_row(group, said, key, t) for group in found["groups"] if group["metrics"]["index"]]
    lines.sort(key=lambda row: (row.said == "few", row.level.value))
    titles = [(one, title(one, named.get(one), t)) for one in (*keys, *CLOCK)]
    more, compared = max(0, len(lines) - MOST), found["compared"]["corrected_for"]
    alone: dict[tuple[str, ...], float] = {(value,): p for value, p in p_values.items()}
    if len(alone) == 2:
        alone = {tuple(p_values): min(p_values.values())}  # each beside the other: one difference
    return Split(key, dict(titles)[key], titles, lines[:MOST], more, compared, alone, asked.counting)


def beside(split: Split, found: Collection[tuple[str, ...]]) -> Split:
    """The same with only those differences said that are `found` beside all else that the page says."""
    differing = {value for values in found for value in values}
    rows = [
        row._replace(said="same") if row.said in ("lower", "higher") and row.value not in differing else row
        for row in split.rows
    ]
    return split._replace(rows=rows)


def title(key: str, row: SegmentKey | None, t: Localized) -> str:
    if row and row.name:
        return t.own(row.name)
    return t.named("split", key)


def _row(group: Mapping[str, Any], row: SegmentKey | None, key: str, t: Localized) -> Row:
    value = group["segment"].partition(":")[2]
    index, n = group["metrics"]["index"], group["metrics"]["index"]["n"]
    difference = group["difference"]["value"] if group["difference"] else 0.0
    said = {"too_few": "few", "no_evidence": "same"}.get(group["verdict"], "lower" if difference < 0 else "higher")
    if said == "same" and n < FEW:
        said = "few"
    names = {one["value"]: one["name"] for one in row.values} if row else {}
    level = Estimate(index["value"], index["low"], index["high"])
    return Row(value, named(key, value, names, t), level, n, said, difference)


def named(key: str, value: str, names: Mapping[str, Mapping[str, str]], t: Localized) -> str:
    """What people call a value."""
    if key == "weekday":
        return t.begun(t.weekday(int(value) - 1, "wide"))
    if key == "hour":
        return f"{value}:00"
    if value in (NONE, OTHER):
        return str(t(f"split.{value}"))
    if key == "locale" and not names.get(value):
        return t.tag_name(value)
    return t.own(names[value]) if names.get(value) else value


def spoken(session: Session, segments: Sequence[str], t: Localized) -> dict[str, tuple[str, str]]:
    """What people call the keys and the values of segments such as `store:nord`."""
    pairs = {one: one.partition(":")[::2] for one in segments}
    rows = session.exec(select(SegmentKey).where(col(SegmentKey.key).in_([key for key, _ in pairs.values()])))
    said = {row.key: row for row in rows}
    found = {}
    for one, (key, value) in pairs.items():
        names = {each["value"]: each["name"] for each in said[key].values} if key in said else {}
        found[one] = t.begun(title(key, said.get(key), t)), named(key, value, names, t)
    return found
