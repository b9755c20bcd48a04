"""Journeys: their stages in order, the weakest link, and what differs for real."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from sqlmodel import Session
from starlette.responses import Response

from app.dashboard import periods
from app.dashboard.localized import Localized
from app.dashboard.request_context import PageRoute, RequestContext, Signed
from app.journeys import journeys, score
from app.journeys.schemas import JourneyScoreQuery
from app.scores.formulas import Estimate
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.registry import Known, known

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_MOST = 20
Score = Mapping[str, Any]


@router.get("/journeys")
async def listed(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("journeys:read")
    visit.need("scores:read")
    period = periods.of(visit.request.query_params.get("period"))
    query = JourneyScoreQuery(days=period.days)

    def work(session: Session) -> tuple[list[dict[str, Any]], dict[str, Known]]:
        rows = journeys.page(session, "", _MOST)
        found = [row | {"score": score.read(session, row["key"], query)} for row in rows]
        return found, {row.key: known(row) for row in registry.find(session, limit=10_000, archived=None)}

    found, touchpoints = await db.read(work)
    names = {key: visit.words.own(one.row.name) for key, one in touchpoints.items()}
    days = {row["key"]: _began(row, touchpoints) for row in found}
    notes = {row["key"]: differing(row["score"], names, visit.words) for row in found}
    shown: dict[str, Any] = {"rows": found, "names": names, "notes": notes, "days": days}
    return visit.page("journeys.html", **shown, period=period, estimate=estimate)


def _began(row: Mapping[str, Any], touchpoints: Mapping[str, Known]) -> date | None:
    """The day on which its level changed, where its first touchpoint is; None when it did not."""
    change = row["score"]["change"]
    keys = (key for stage in row["stages"] for key in stage["touchpoints"] if key in touchpoints)
    zone = next((touchpoints[key].zone for key in keys), UTC)
    return change["since"].astimezone(zone).date() if change else None


def differing(score: Score, names: Mapping[str, str], t: Localized) -> dict[int, list[Markup]]:
    """What differs for real within each stage, in words: its touchpoints, and the sources of one of them."""
    found: dict[int, list[Markup]] = defaultdict(list)
    pairs = score["consistency"]
    for stage in score["stages"]:
        number = stage["position"]
        here = [pair for pair in pairs["touchpoints"] if pair["stage"] == number]
        found[number] += _behind(here, t, lambda key: names.get(key, key))
        for link in stage["touchpoints"]:
            key = link["touchpoint"]
            sources = [pair for pair in pairs["sources"] if pair["touchpoint"] == key]
            said = _behind(sources, t, lambda name: t.named("source", name))
            found[number] += [t("journey.by_source", touchpoint=names.get(key, key), said=one) for one in said]
    return found


def _behind(pairs: Iterable[Score], t: Localized, name: Callable[[str], str]) -> list[Markup]:
    """A sentence on the one that is lower than most others; nothing without a pair that differs."""
    above: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        low, high = ("first", "second") if pair["difference"]["value"] < 0 else ("second", "first")
        above[pair[low]].append(pair[high])
    if not above:
        return []
    lowest, others = max(above.items(), key=lambda item: len(item[1]))
    return [t("journey.behind", low=name(lowest), others=t.join([name(one) for one in others]))]


def estimate(figures: dict[str, float]) -> Estimate:
    """{value, low, high} of the API as what the marks are drawn from."""
    return Estimate(figures["value"], figures["low"], figures["high"])
