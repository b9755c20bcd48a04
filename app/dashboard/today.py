"""Today: what needs somebody, what changed for real, what unhappy customers said last, how much is new."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter
from markupsafe import Markup
from sqlmodel import Session
from starlette.responses import Response

from app.actions import actions
from app.answers import inbox
from app.answers.schemas import AnswerFilter
from app.dashboard import alert_words, attention, bursts, fresh, levels, periods, rushes, waiting
from app.dashboard.alert_words import ICONS, Alert
from app.dashboard.first_run import STARTERS, columns
from app.dashboard.localized import Localized
from app.dashboard.request_context import PageRoute, RequestContext, Signed
from app.models import Action
from app.models import now as clock
from app.monitoring import alerts, changes, lease
from app.scores import serve
from app.state import Db
from app.touchpoints import registry
from app.touchpoints.registry import Known, known

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_TOUCHPOINTS, _ALERTS, _VOICES, _CHANGES, _ACTIONS = 10_000, 50, 3, 8, 5
_CHANGED = timedelta(days=30)


@dataclass(slots=True)
class Seen:
    """What was read for the page; what the key may not read is empty."""

    everything: list[Known]
    alerts: list[Alert] = field(default_factory=list)
    alarms: list[attention.Alarm] = field(default_factory=list)
    tablets: list[dict[str, Any]] = field(default_factory=list)
    floods: list[bursts.Burst] = field(default_factory=list)
    crowds: list[rushes.Rush] = field(default_factory=list)
    due: list[Known] = field(default_factory=list)
    voices: list[dict[str, Any]] = field(default_factory=list)
    changes: list[dict[str, Any]] = field(default_factory=list)
    running: list[Action] = field(default_factory=list)
    recent: fresh.Fresh = field(default_factory=fresh.Fresh)
    checked: dict[str, Any] = field(default_factory=dict)

    @property
    def calm(self) -> bool:
        """Whether nothing of all this needs anybody."""
        return not (self.alerts or self.alarms or self.tablets or self.floods or self.crowds or self.due)


@router.get("/")
async def today(db: Db, visit: RequestContext = Signed) -> Response:
    visit.need("scores:read")
    now, owner = int(serve.clock()), visit.request.query_params.get("owner")
    seen = await db.read(lambda session: _read(session, visit, owner, now))
    if not seen.everything:
        return visit.page("empty.html", columns=columns(), starters=STARTERS)
    names = {one.row.key: one for one in seen.everything}
    return visit.page(
        "today.html",
        seen=seen,
        names=names,
        owner=owner,
        owners=sorted({one.row.owner for one in seen.everything if one.row.owner}),
        day=datetime.fromtimestamp(now, seen.everything[0].zone).date(),
        headline=headline(seen, visit, names),
        title=alert_words.titles(names, visit.words),
        place=partial(alert_words.place, names=names, t=visit.words),
        zone=partial(alert_words.zone, names=names),
        icons=ICONS,
    )


def _read(session: Session, visit: RequestContext, owner: str | None, now: int) -> Seen:
    everything = [known(row) for row in registry.find(session, limit=_TOUCHPOINTS)]
    mine = sorted((one for one in everything if owner in (None, one.row.owner)), key=lambda one: one.id)
    seen, keys = Seen(everything), {one.row.key for one in mine}
    seen.recent = fresh.read(session, mine, now)
    if visit.may("alerts:read"):
        _watched(session, seen, keys)
    if visit.may("devices:read"):
        seen.tablets = attention.silent_tablets(session, keys, now)
    if visit.may("feedback:read"):
        _heard(session, seen, mine, now)
    if visit.may("actions:read"):
        seen.running = [
            row for row in actions.page(session, clock(), None, _ACTIONS, state="running") if keys & {*row.touchpoints}
        ]
    seen.alarms = attention.alarms(session, mine, now)
    seen.due = [one for one in mine if one.row.review_due and one.row.review_due <= _day(one, now)]
    _once(seen)
    return seen


def _watched(session: Session, seen: Seen, keys: set[str]) -> None:
    """What the monitoring found: what nobody has taken, drops first, and what changed lately."""
    found = alerts.page(session, None, _ALERTS, state="open", kind=None)
    open_ones = [row for row in found if alert_words.concerns(row, keys) and row["kind"] not in waiting.QUIET]
    seen.alerts = sorted(open_ones, key=lambda row: tuple(ICONS).index(row["kind"]))
    lately = changes.page(session, clock() - _CHANGED, None, _ALERTS)
    seen.changes = [row for row in lately if alert_words.concerns(row, keys)][:_CHANGES]
    seen.checked = lease.public(lease.read(session), clock())


def _heard(session: Session, seen: Seen, mine: Sequence[Known], now: int) -> None:
    """What unhappy customers wrote, and answers that came in such numbers that somebody should look."""
    query, keys = AnswerFilter(handling="new", has_comment=True), {one.row.key for one in mine}
    found = inbox.page(session, query, "unhappy", 0, _VOICES if len(keys) == len(seen.everything) else 200)
    seen.voices = [row for row in found if row["touchpoint"] in keys][:_VOICES]
    seen.floods = bursts.bursts(session, mine, now)
    standings = levels.standing(session, mine, periods.USUAL, now, ranked=False)
    seen.crowds = rushes.rushes(session, standings, now)


def _day(touchpoint: Known, now: int) -> Any:
    return datetime.fromtimestamp(now, touchpoint.zone).date()


def _once(seen: Seen) -> None:
    """One line for each trouble: the monitoring tells of it as well, and a flood is decided about where it lies."""
    told = {(row["kind"], row["touchpoint"]) for row in seen.alerts}
    seen.alarms = [one for one in seen.alarms if ("silence", one.known.row.key) not in told]
    seen.due = [one for one in seen.due if ("review_due", one.row.key) not in told]
    seen.tablets = [one for one in seen.tablets if not {("device_silent", key) for key in one["touchpoints"]} & told]
    flooded = {burst.known.row.key for burst in seen.floods}
    seen.alerts = [row for row in seen.alerts if row["kind"] != "flood" or row["touchpoint"] not in flooded]


def headline(seen: Seen, visit: RequestContext, names: Mapping[str, Known]) -> Markup:
    """A drop that nobody has taken; else how much needs somebody; else that nothing does."""
    t = visit.words
    drops = [row for row in seen.alerts if row["kind"] == "drop"]
    if drops:
        return t("today.fallen", n=len(drops), names=t.join([_link(row, names, t) for row in drops[:3]]))
    things = len(seen.alerts) + len(seen.alarms) + len(seen.tablets) + len(seen.floods) + len(seen.crowds)
    things += bool(seen.due) + bool(visit.waiting.comments or visit.waiting.replies)
    if things:
        return t("today.needs", n=things)
    return t("today.calm" if visit.may_all(("alerts:read", "feedback:read")) else "today.quiet")


def _link(row: Alert, names: Mapping[str, Known], t: Localized) -> Markup:
    return Markup('<a href="/alerts/{}">{}</a>').format(row["id"], alert_words.place(row, names, t))
