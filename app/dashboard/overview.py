"""The front page: the journey map, who hurts most, the list and what customers said last."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from sqlmodel import Session
from starlette.responses import Response

from app.answers import listing
from app.answers.schemas import AnswerQuery
from app.dashboard import attention, bursts, charts, levels, periods, rushes, sentences
from app.dashboard.levels import Level
from app.dashboard.request_context import PageRoute, RequestContext, Signed
from app.scores import serve
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.catalogue import CATALOGUE, CONTACTS, PHASES
from app.touchpoints.registry import Known, known

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FILTERS = ("phase", "channel", "tag", "owner")
STARTERS = {"online_shop", "order_process", "delivery", "customer_service", "invoice"}
_MOST = 500


@dataclass(slots=True)
class Seen:
    """What was read for the page."""

    everything: list[Known]
    standings: list[Level]
    comments: list[dict[str, Any]]
    alarms: list[attention.Alarm]
    tablets: list[dict[str, Any]]
    bursts: list[bursts.Burst]
    rushes: list[rushes.Rush]


@router.get("/")
async def overview(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("scores:read")
    period = periods.of(visit.request.query_params.get("period"))
    filters = {name: value for name in FILTERS if (value := visit.request.query_params.get(name))}
    now = int(serve.clock())
    seen = await db.read(lambda session: _read(session, visit, period, filters, now))
    if not seen.everything:
        return visit.page("empty.html", columns=columns(), starters=STARTERS)
    ordered = levels.worst_first(seen.standings)
    worst = next((s for s in ordered if s.place), None)
    return visit.page(
        "overview.html",
        period=period,
        filters=filters,
        options=options(seen.everything),
        sentence=sentences.overview(seen.standings, visit.words, _link(visit, worst)),
        window=seen.standings[0].window if seen.standings else None,
        phases=phases(seen.standings),
        ordered=ordered,
        worst=worst if sum(1 for s in ordered if s.place) > 1 else None,
        ranked=sum(1 for s in ordered if s.place),
        comments=seen.comments,
        alarms=seen.alarms,
        tablets=seen.tablets,
        bursts=seen.bursts,
        rushes=seen.rushes,
        names={touchpoint.row.key: touchpoint for touchpoint in seen.everything},
        now=serve.clock(),
        charts=charts,
        sentences=sentences,
    )


def _read(session: Session, visit: RequestContext, period: periods.Period, filters: dict[str, str], now: int) -> Seen:
    everything = [known(row) for row in registry.find(session, limit=_MOST)]
    chosen = [touchpoint for touchpoint in everything if matches(touchpoint, filters)]
    chosen.sort(key=lambda touchpoint: touchpoint.id)
    standings = levels.read(session, chosen, period, now)
    comments = []
    if visit.may("feedback:read"):
        query = AnswerQuery(has_comment=True, flagged=False, limit=5)
        comments = listing.page(session, query)["items"]
    keys = {touchpoint.row.key for touchpoint in chosen}
    tablets = attention.silent_tablets(session, keys, now) if visit.may("devices:read") else []
    floods = bursts.bursts(session, chosen, now) if visit.may("feedback:read") else []
    crowds = rushes.rushes(session, standings, now) if visit.may("feedback:read") else []
    return Seen(everything, standings, comments, attention.alarms(session, standings, now), tablets, floods, crowds)


def matches(touchpoint: Known, filters: dict[str, str]) -> bool:
    """Whether a touchpoint passes all filters."""
    row = touchpoint.row
    here: dict[str, list[Any]] = {"phase": [row.phase], "channel": [row.channel], "tag": row.tags, "owner": [row.owner]}
    return all(value in here[name] for name, value in filters.items())


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


def phases(standings: Sequence[Level]) -> list[dict[str, Any]]:
    """The map: for each phase its pooled index and its rows of direct and indirect contact."""
    found = []
    for phase in PHASES:
        members = [s for s in standings if s.known.row.phase == phase]
        rows = [(contact, [s for s in members if s.known.row.contact == contact]) for contact in CONTACTS]
        found.append({"phase": phase, "members": members, "pooled": levels.pooled(members), "rows": rows})
    return found


def columns() -> list[dict[str, Any]]:
    """The kinds of the catalogue by phase, then by contact."""
    found = []
    for phase, kinds in groupby(CATALOGUE.values(), key=lambda kind: kind.phase):
        members = list(kinds)
        rows = [(contact, [kind for kind in members if kind.contact == contact]) for contact in CONTACTS]
        found.append({"phase": phase, "rows": [row for row in rows if row[1]]})
    return found


def _link(visit: RequestContext, worst: Level | None) -> Markup:
    if worst is None:
        return Markup()
    address = visit.link(f"/touchpoints/{worst.known.row.key}")
    return Markup('<a href="{}">{}</a>').format(address, visit.words.own(worst.known.row.name))
