"""The values of a segment key side by side: stores, plans or languages, at one touchpoint or over all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from sqlmodel import Session, select
from starlette.responses import Response

from app.dashboard import periods, rank_words, split
from app.dashboard.charts import Curve
from app.dashboard.localized import Localized
from app.dashboard.request_context import PageRoute, RequestContext, Signed
from app.dashboard.table_file import figures, table
from app.folding import words
from app.ingest.channels import SOURCES
from app.models import SegmentKey
from app.scores import segment_compare, serve
from app.scores.formulas import Estimate
from app.scores.schemas import ScoresQuery
from app.scores.score import Window
from app.scores.segment_compare import Comparison, Row
from app.scores.segment_filter import UNDECLARED
from app.scores.segment_folding import folded
from app.scores.segment_values import NONE, OTHER
from app.state import Reads
from app.touchpoints import registry
from app.touchpoints.registry import Known, known

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PAGE = 60
_SPAN = 50  # points that each small trend is high
_NAMED = 3
_PARTS = 10  # touchpoints of a value; a value that is looked for and found alone shows them all
_COLUMNS = (
    *("segment", "name", "answers", "index", "low", "high", "place_first", "place_last"),
    *("difference", "difference_low", "difference_high", "verdict"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the page asks for, as far as it is there."""

    period: periods.Period
    keys: Mapping[str, SegmentKey]
    key: str
    touchpoints: Sequence[Known]
    touchpoint: Known | None
    source: str | None
    q: str
    start: int

    @property
    def chosen(self) -> Sequence[Known]:
        return [self.touchpoint] if self.touchpoint else self.touchpoints

    @property
    def query(self) -> ScoresQuery:
        return ScoresQuery.model_validate({"days": self.period.days, "source": self.source})


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the page: its name, what is said of it, its small trend, level and answers at its lowest touchpoints,
    and how many more of these there are."""

    row: Row
    name: str
    said: str
    place: str
    by: float
    trend: Curve | None
    parts: Sequence[tuple[Known, Estimate | None, int]]
    more: int


@router.get("/segments")
async def page(reads: Reads, visit: RequestContext = Signed) -> Response:
    """The comparison as a page, or as a file with `format=csv`."""
    visit.need("scores:read")
    given, t = visit.request.query_params, visit.words
    everything = await reads.read(lambda session: _declared(session))
    if not everything[0]:
        return visit.page("segments.html", asked=None, period=periods.of(given.get("period")))
    said = asked(given, *everything)
    await folded(visit.request.app.state.db)
    found = await reads.read(lambda session: segment_compare.read(session, said.chosen, said.key, said.query))
    if given.get("format") == "csv":
        return _file(said, found, t)
    shown = [row for row in found.rows if not said.q or _named(said, row, t)]
    part = shown[said.start : said.start + PAGE]
    trends = await reads.read(lambda session: segment_compare.trends(session, said.chosen, said.key, said.query))
    return visit.page(
        "segments.html",
        asked=said,
        period=said.period,
        window=_window(said),
        titles={key: split.title(key, row, t) for key, row in said.keys.items()},
        sources=SOURCES,
        found=found,
        sentence=sentence(said, found, t),
        lines=lines(said, part, found, trends, t),
        more=max(0, len(shown) - said.start - PAGE),
        page_size=PAGE,
    )


def _declared(session: Session) -> tuple[dict[str, SegmentKey], list[Known]]:
    """The keys that touchpoints in use declare and the dashboard offers, and these touchpoints."""
    fleet = [known(row) for row in registry.find(session, limit=10_000)]
    named = {row.key: row for row in session.exec(select(SegmentKey))}
    keys = sorted({key for one in fleet for key in one.row.segments}, key=lambda key: (key in UNDECLARED, key))
    offered = {key: named.get(key) or SegmentKey(key=key, metrics=False) for key in keys}
    offered = {key: row for key, row in offered.items() if row.shown}
    return offered, [one for one in fleet if offered.keys() & {*one.row.segments}]


def asked(given: Mapping[str, str], keys: Mapping[str, SegmentKey], fleet: Sequence[Known]) -> Asked:
    """Whatever is not known is as if it were not there: a shared link may be of another version."""
    by, start, source = given.get("by", ""), given.get("start", ""), given.get("source")
    key = by if by in keys else next(iter(keys))
    there = [one for one in fleet if key in one.row.segments]
    return Asked(
        periods.of(given.get("period")),
        keys,
        key,
        there,
        next((one for one in there if one.key == given.get("touchpoint")), None),
        source if source in SOURCES else None,
        given.get("q", "").strip()[:200],
        int(start) if start.isdecimal() and len(start) < 6 else 0,
    )


def _window(said: Asked) -> Window | None:
    zone = said.chosen[0].zone
    return said.period.window(int(serve.clock()), zone) if said.period.days else None


def _name(said: Asked, value: str, t: Localized) -> str:
    names = {one["value"]: one["name"] for one in said.keys[said.key].values}
    return split.named(said.key, value, names, t)


def _named(said: Asked, row: Row, t: Localized) -> bool:
    """Whether the words that are looked for begin words of the value or its name."""
    here = words(f"{row.value} {_name(said, row.value, t)}")
    return all(any(word.startswith(one) for word in here) for one in words(said.q))


def lines(
    said: Asked,
    rows: Sequence[Row],
    found: Comparison,
    trends: Mapping[str, Sequence[Estimate | None]],
    t: Localized,
) -> list[Line]:
    """The rows of a page of the list."""
    levels = sorted(row.index.value for row in found.rows if row.index)
    middle = levels[len(levels) // 2] if levels else 50.0
    low = min(max(middle - _SPAN / 2, 0), 100 - _SPAN)
    shown = _PARTS if len(rows) > 1 else len(said.touchpoints)
    return [
        Line(
            row,
            _name(said, row.value, t),
            _said(row),
            rank_words.place(row.place, found.among, t),
            row.beside.difference.value if row.beside.difference else 0.0,
            Curve(trends[row.value], low, low + _SPAN, 100, 32) if row.value in trends else None,
            _parts(row)[:shown],
            max(0, len(row.parts) - shown),
        )
        for row in rows
    ]


def _parts(row: Row) -> list[tuple[Known, Estimate | None, int]]:
    """Level and answers at each touchpoint, the lowest first."""
    parts = [(known, segment_compare.pooled([(known, counts)]), counts[0]) for known, counts in row.parts]
    return sorted(parts, key=lambda part: part[1].value if part[1] else 101.0)


def _said(row: Row) -> str:
    """How it lies beside the usual one: lower, higher, same or few; nothing of what is no value."""
    if row.value in (NONE, OTHER):
        return ""
    if row.beside.verdict != "differs":
        return "same" if row.beside.verdict == "no_evidence" else "few"
    assert row.beside.difference is not None
    return "lower" if row.beside.difference.value < 0 else "higher"


def sentence(said: Asked, found: Comparison, t: Localized) -> Markup:
    """Which differ from the usual one, in words; how many cannot be told apart."""
    if not found.corrected_for:
        return t("compare.few")
    names = {
        way: [Markup("<b>{}</b>").format(_name(said, row.value, t)) for row in found.rows if _said(row) == way]
        for way in ("lower", "higher")
    }
    parts = [
        t(f"compare.{way}", n=len(some), names=t.join(some))
        if len(some) <= _NAMED
        else t(f"compare.{way}_many", n=len(some))
        for way, some in names.items()
        if some
    ]
    rest = found.among - sum(map(len, names.values()))
    parts += [t("compare.rest" if parts else "compare.none", n=rest)] if rest else []
    return Markup(" ").join(parts)


def _file(said: Asked, found: Comparison, t: Localized) -> Response:
    """All rows as a table for spreadsheets, figures as the API says them."""
    return table(said.key, _COLUMNS, (_cells(said, row, t) for row in found.rows))


def _cells(said: Asked, row: Row, t: Localized) -> Sequence[Any]:
    place: Sequence[Any] = row.place or (None, None)
    named = f"{said.key}:{row.value}", _name(said, row.value, t), row.count
    return (*named, *figures(row.index), *place, *figures(row.beside.difference), row.beside.verdict)
