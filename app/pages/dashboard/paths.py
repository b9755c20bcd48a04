"""Journeys: their stages in order, the weakest link, and what differs for real."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from app.loop import journey_score, journeys
from app.loop.journey_schemas import JourneyScoreQuery
from app.models import now
from app.pages.dashboard import periods
from app.pages.dashboard.visit import PageRoute, Signed, Visit
from app.scores.formulas import Estimate
from app.state import Db
from app.touchpoints import registry

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_MOST = 20


@router.get("/journeys")
async def listed(db: Db, visit: Visit = Signed) -> Response:
    visit.need("journeys:read")
    visit.need("scores:read")
    period = periods.of(visit.request.query_params.get("period"))
    since = None if period.days is None else now() - timedelta(days=period.days)
    query = JourneyScoreQuery(since=since)

    def work(session: Session) -> tuple[list[dict[str, Any]], dict[str, str]]:
        rows = journeys.page(session, "", _MOST)
        found = [row | {"score": journey_score.read(session, row["key"], query)} for row in rows]
        touchpoints = registry.find(session, limit=10_000, archived=None)
        return found, {row.key: visit.words.own(row.name) for row in touchpoints}

    found, names = await db.read(work)
    return visit.page("journeys.html", rows=found, names=names, period=period, estimate=estimate)


def estimate(figures: dict[str, float]) -> Estimate:
    """{value, low, high} of the API as what the marks are drawn from."""
    return Estimate(**figures)
