"""Answers that were set aside as a flood: each row of hours is one group, which one press lets count or leaves out."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pydantic
from fastapi import APIRouter
from markupsafe import Markup
from sqlalchemy import bindparam, text
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from app.answers.many import replace_flag
from app.answers.schemas import ManyFlagsIn
from app.dashboard.localized import Localized
from app.dashboard.request_context import PageRoute, Posted, Posting
from app.errors import Code, Problem
from app.scores.buckets import to_time
from app.state import Db
from app.touchpoints.registry import Known

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_DAYS = 14
_APART_S = 6 * 3600  # hours without a flood that part two groups
_MOST = 6

_WHERE = text(
    "SELECT DISTINCT touchpoint_id FROM rollup WHERE touchpoint_id IN :ids AND grain = 'day' AND bucket >= :since "
    "AND slice = 'flag:burst' AND n > 0"
).bindparams(bindparam("ids", expanding=True))
_HOURS = text(
    "SELECT bucket, CAST(SUM(CASE WHEN slice = 'counted' THEN 0 ELSE n END) AS bigint), "
    "CAST(SUM(CASE WHEN slice = 'counted' THEN n ELSE 0 END) AS bigint) FROM rollup WHERE touchpoint_id = :id "
    "AND grain = 'hour' AND bucket >= :since AND slice IN ('flag:burst', 'counted') "
    "AND source IN ('web', 'page', 'kiosk') GROUP BY bucket ORDER BY bucket"
)


@dataclass(slots=True)
class Burst:
    """So many answers of these hours were set aside, and so many others count; times in seconds, the end exclusive."""

    known: Known
    since: int
    until: int
    aside: int
    kept: int

    def says(self, t: Localized) -> Markup:
        """When it was, and what else these hours brought."""
        return t("burst.says", since=_moment(self.since, self, t), until=_moment(self.until, self, t), kept=self.kept)


def _moment(second: int, burst: Burst, t: Localized) -> str:
    local = datetime.fromtimestamp(second, burst.known.zone)
    return f"{t.short_day(local.date())}, {local:%H:%M}"


def bursts(session: Session, touchpoints: Sequence[Known], now: int) -> list[Burst]:
    """What was set aside within two weeks and nobody has decided about, the latest first; at most a handful."""
    by_id = {known.id: known for known in touchpoints}
    since = now - _DAYS * 86_400
    if not by_id:
        return []
    where = session.connection().execute(_WHERE, {"ids": list(by_id), "since": since - 86_400}).scalars()
    found: dict[int, list[Burst]] = defaultdict(list)
    for number in where.all():
        for hour, aside, kept in session.connection().execute(_HOURS, {"id": number, "since": since}):
            _join(found[number], Burst(by_id[number], hour, hour + 3600, aside, kept))
    everything = [burst for each in found.values() for burst in each]
    return sorted(everything, key=lambda burst: -burst.until)[:_MOST]


def _join(before: list[Burst], hour: Burst) -> None:
    """Add an hour to the group it belongs to; one without a flood belongs to none, unless it lies within."""
    if not hour.aside:
        return
    if before and hour.since - before[-1].until <= _APART_S:
        before[-1].until, before[-1].aside = hour.until, before[-1].aside + hour.aside
        before[-1].kept += hour.kept
    else:
        before.append(hour)


@router.post("/touchpoints/{key}/bursts")
async def decide(key: str, db: Db, posting: Posting = Posted) -> Response:
    """Let a group count, or say that it was a flood: then it is `misuse`, and asks nobody any more."""
    posting.visit.need("feedback:write")
    try:
        since, until = (to_time(int(posting.get(name))) for name in ("since", "until"))
        flags = ["misuse"] if posting.get("as") == "misuse" else []
        said = ManyFlagsIn(touchpoint=key, flag="burst", since=since, until=until, flags=flags)
    except (ValueError, OverflowError, OSError, pydantic.ValidationError):
        raise Problem(Code.INVALID_REQUEST, "This period is not known.") from None
    await replace_flag(db, said)
    return RedirectResponse("/", 303)
