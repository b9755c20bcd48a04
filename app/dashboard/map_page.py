"""The map: every touchpoint on a line, in groups. Many are folded, searched and paged."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from sqlmodel import Session
from starlette.responses import Response

from app.dashboard import groups, levels, map_file, periods, sentences
from app.dashboard.charts import Curve, spark
from app.dashboard.groups import Change
from app.dashboard.levels import Level
from app.dashboard.localized import Localized
from app.dashboard.request_context import PageRoute, RequestContext, Signed
from app.folding import words
from app.journeys import journeys
from app.scores import changes, counts, serve
from app.scores.changes import OfJourney
from app.scores.formulas import Estimate
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.catalogue import PHASES
from app.touchpoints.registry import Known, known

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FILTERS = ("phase", "channel", "tag", "owner")
SORTS = ("lowest", "changed", "answers", "name", "target", "owner")
VIEWS = ("map", "list")
WHOLE = 120  # as many lines are shown unfolded
PAGE = 60
_MOST = 10_000
_JOURNEYS = 50
_WEEKS = 12  # of the small trend in a card
_SAMPLE = Estimate(60, 35, 85)  # drawn in the key


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of the map asks for."""

    period: periods.Period
    view: str
    by: str
    sort: str
    q: str
    open: str | None
    start: int
    filters: Mapping[str, str]


def asked(given: Mapping[str, str]) -> Asked:
    """Whatever is not known is as if it were not there: a shared link may be of another version."""
    by, sort, start = given.get("by", ""), given.get("sort", ""), given.get("start", "")
    return Asked(
        periods.of(given.get("period")),
        given["view"] if given.get("view") in VIEWS else "map",
        by if by in groups.WAYS else "phase",
        sort if sort in SORTS else "lowest",
        given.get("q", "").strip()[:200],
        given.get("open"),
        int(start) if start.isdecimal() and len(start) < 6 else 0,
        {name: value for name in FILTERS if (value := given.get(name))},
    )


@dataclass(slots=True)
class Seen:
    """What was read for the page."""

    everything: list[Known]
    standings: list[Level]
    changes: Mapping[int, Change]
    stages: dict[str, list[str]]
    trends: Mapping[int, Curve | None]
    journeys: Mapping[str, OfJourney]


@router.get("/map")
async def page(db: Db, visit: RequestContext = Signed) -> Response:
    """The map as a page, or as a file with `format=csv`."""
    visit.need("scores:read")
    said, t, now = asked(visit.request.query_params), visit.words, int(serve.clock())
    seen = await db.read(lambda session: _read(session, said, t, now))
    ordered = in_order(seen.standings, said.sort, seen.changes, t)
    if visit.request.query_params.get("format") == "csv":
        return map_file.answer(ordered, seen.changes, t)
    many = len(ordered) > WHOLE
    return visit.page(
        "map.html",
        asked=said,
        period=said.period,
        ways=groups.WAYS,
        sorts=SORTS,
        options=options(seen.everything),
        split=any(one.row.segments for one in seen.everything),
        window=seen.standings[0].window if seen.standings else None,
        sentence=sentence(ordered, seen, visit, many),
        along={one.known.id: along(one, seen.journeys, t) for one in ordered},
        found=_shown(said, ordered, seen, t) if said.view == "map" else [],
        cuts=sure_cuts(ordered) if said.sort == "lowest" else set(),
        many=many,
        worst=next((level for level in ordered if level.place), None),
        changes=seen.changes,
        trends=seen.trends,
        ordered=ordered,
        total=len(ordered),
        page_size=PAGE,
        sample=_SAMPLE,
    )


def _read(session: Session, said: Asked, t: Localized, now: int) -> Seen:
    everything = [known(row) for row in registry.find(session, limit=_MOST)]
    chosen = [one for one in everything if matches(one, said.filters) and _named(one, said.q)]
    chosen.sort(key=lambda one: one.id)
    standings = levels.standing(session, chosen, said.period, now, ranked=len(chosen) <= WHOLE)
    stages = _stages(session, t) if said.by == "stage" else {}
    moved = changes.of(session, [one.known.id for one in standings])
    cards = standings if said.view == "map" and len(standings) <= WHOLE else []
    return Seen(everything, standings, moved, stages, _trends(session, cards, now), changes.of_journeys(session))


def _trends(session: Session, cards: Sequence[Level], now: int) -> dict[int, Curve | None]:
    by_id = {one.known.id: one.known.scale for one in cards}
    weeks = counts.weekly(session, list(by_id), now, _WEEKS)
    return {number: spark([levels.index(by_id[number], one) for one in found]) for number, found in weeks.items()}


def _stages(session: Session, t: Localized) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in journeys.page(session, "", _JOURNEYS):
        for stage in row["stages"]:
            for key in stage["touchpoints"]:
                found[key].append(f"{t.own(row['name'])}: {t.own(stage['name'])}")
    return found


def matches(touchpoint: Known, filters: Mapping[str, str]) -> bool:
    """Whether a touchpoint passes all filters."""
    row = touchpoint.row
    here: dict[str, list[Any]] = {"phase": [row.phase], "channel": [row.channel], "tag": row.tags, "owner": [row.owner]}
    return all(value in here[name] for name, value in filters.items())


def _named(touchpoint: Known, q: str) -> bool:
    """Whether the words of `q` begin words of its name, key, owner or tags."""
    if not q:
        return True
    row = touchpoint.row
    said = words(" ".join([row.key, *row.name.values(), row.owner or "", *row.tags]))
    return all(any(word.startswith(one) for word in said) for one in words(q))


def options(everything: Sequence[Known]) -> dict[str, list[str]]:
    """What each filter can be set to, where there is a choice."""
    rows = [touchpoint.row for touchpoint in everything]
    found: dict[str, list[str]] = {
        "phase": [phase for phase in PHASES if any(row.phase == phase for row in rows)],
        "channel": sorted({row.channel for row in rows}),
        "tag": sorted({tag for row in rows for tag in row.tags}),
        "owner": sorted({row.owner for row in rows if row.owner}),
    }
    return {name: values for name, values in found.items() if len(values) > 1 or (name in ("tag", "owner") and values)}


def in_order(standings: Sequence[Level], sort: str, found: Mapping[int, Change], t: Localized) -> list[Level]:
    """As wished; those that changed by when they did."""
    lowest = levels.worst_first(standings)
    if sort == "changed":
        return sorted(lowest, key=lambda one: (one.known.id not in found, -_since(found.get(one.known.id))))
    if sort == "answers":
        return sorted(lowest, key=lambda one: -one.n)
    if sort == "target":
        return sorted(lowest, key=lambda one: (not one.missed, one.target is None))
    if sort == "owner":
        return sorted(lowest, key=lambda one: (not one.known.row.owner, (one.known.row.owner or "").casefold()))
    return sorted(lowest, key=lambda one: t.own(one.known.row.name).casefold()) if sort == "name" else lowest


def sure_cuts(lowest_first: Sequence[Level]) -> set[int]:
    """The ids of those below which chance cannot have set the order; of levels with places, the lowest first."""
    placed = [one for one in lowest_first if one.place]
    last, found = 0, set()
    for position, one in enumerate(placed[:-1], 1):
        last = max(last, one.place.last if one.place else 0)
        if last <= position:
            found.add(one.known.id)
    return found


def _since(change: Change | None) -> float:
    return float(change["since"].timestamp()) if change else 0.0


def _shown(said: Asked, ordered: Sequence[Level], seen: Seen, t: Localized) -> list[groups.Group]:
    if said.by == "phase" and len(ordered) <= WHOLE:
        return groups.columns(ordered, t, seen.changes)
    return groups.of(ordered, said.by, t, seen.stages, seen.changes)


def along(level: Level, found: Mapping[str, OfJourney], t: Localized) -> list[str]:
    """What the journeys are called whose level moved with this touchpoint among others."""
    return [t.own(one.called) or key for key, one in found.items() if level.known.row.key in one.touchpoints]


def sentence(ordered: Sequence[Level], seen: Seen, visit: RequestContext, many: bool) -> Markup:
    """What fell, journeys first, else what is lowest; then the targets."""
    t = visit.words
    fallen = [*_fallen_journeys(ordered, seen, visit), *_fallen(ordered, seen, visit)]
    targets = sentences.targets(ordered, t)
    if not fallen and not many:
        return sentences.overview(ordered, t, _link(visit, next((one for one in ordered if one.place), None)))
    names = t.join(fallen[:3])
    fell = t("map.fell", n=len(fallen), names=names) if 0 < len(fallen) <= 3 else t("map.many", n=len(fallen))
    return Markup(" ").join(part for part in (fell, targets) if part)


def _fallen(ordered: Sequence[Level], seen: Seen, visit: RequestContext) -> list[Markup]:
    found = ((one, seen.changes.get(one.known.id)) for one in ordered)
    return [_link(visit, one) for one, change in found if change and change["direction"] == "down"]


def _fallen_journeys(ordered: Sequence[Level], seen: Seen, visit: RequestContext) -> list[Markup]:
    """Those with a touchpoint on this map."""
    t, keys = visit.words, {one.known.row.key for one in ordered}
    return [
        Markup('<a href="{}#j-{}">{}</a>').format(
            visit.link("/journeys"), key, t("alert.of_journey", name=t.own(one.called) or key)
        )
        for key, one in seen.journeys.items()
        if one.change["direction"] == "down" and not keys.isdisjoint(one.touchpoints)
    ]


def _link(visit: RequestContext, one: Level | None) -> Markup:
    if one is None:
        return Markup()
    address = visit.link(f"/touchpoints/{one.known.row.key}")
    return Markup('<a href="{}">{}</a>').format(address, visit.words.own(one.known.row.name))
